"""Which family a model belongs to: those that judge their own kin judge them kindly.

Decides by names alone, the maker's before the size, the tuning and the file.
"""

from __future__ import annotations

import re
from itertools import pairwise

RULES = frozenset({"rubric", "rules", "winnow", ""})
_FAMILIES: dict[str, str] = {
    "qwen": "qwen", "qwq": "qwen", "llama": "llama", "mistral": "mistral", "mixtral": "mistral", "ministral": "mistral", "codestral": "mistral",
    "gemma": "gemini", "gemini": "gemini", "gpt": "gpt", "o1": "gpt", "o3": "gpt", "o4": "gpt", "davinci": "gpt", "claude": "claude", "phi": "phi",
    "deepseek": "deepseek", "smollm": "smollm", "granite": "granite", "olmo": "olmo", "falcon": "falcon", "yi": "yi", "glm": "glm", "kimi": "kimi",
    "command": "command", "embedded": "winnow-embedded",
}  # fmt: skip
_PART = re.compile(r"[a-z]+|\d+")


def family_of(model: str) -> str | None:
    """None for rules, which are no model; the whole name where no family is known.

    >>> family_of("unsloth/Qwen3-1.7B"), family_of("rubric"), family_of("gpt-5-mini"), family_of("my-model")
    ('qwen', None, 'gpt', 'my-model')
    """
    name = model.strip().casefold()
    if name in RULES:
        return None
    parts = _PART.findall(re.split(r"[/\\]", name.rstrip("/\\"))[-1])
    tokens = [*parts, *(a + b for a, b in pairwise(parts))]
    return next((_FAMILIES[token] for token in tokens if token in _FAMILIES), name)


__all__ = ["RULES", "family_of"]
