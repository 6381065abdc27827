"""The fake: letters from a list instead of a model, for tests and tutorials.

Decides which letter a seed gets; the same prompt and seed always give the same one. `{Label}` in a
letter is replaced by what the brief says under that label, `{Label, 1}` by the first part of it, so that
a scripted letter can be true of its prospect. Each word is one token; log-probabilities are a hash, the
same for the same text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from zlib import crc32

from agent.backbones import Identity, Sampled, Sampling, Tokens
from agent.backbones.spec import ScriptedSpec
from critic.candidate import Completion, Cost
from critic.scorer import Scored
from prompts.pieces import Prompt
from rubric.errors import ModelError

END = 0
_END_OF_TURN = "<|im_end|>"
_SLOT = re.compile(r"\{([^{},\n]{1,40})(, 1)?\}")
_FACT = re.compile(r"^- ([^:\n]{1,40}): (.*?)(?: \([^()]*\))?$", re.M)
_WORD = re.compile(r"\s*\S+|\s+\Z")
REPLIES = (
    """Subject: Question about the open roles at {Company}

Hi {First name},

{Company} lists {Open roles, 1} open roles in {Location, 1}. Is hiring keeping pace with the plan?

If not, would a 15-minute call next week be useful?

Best regards,
Alex""",
    """Subject: Question on hiring at {Company}

Hi {First name},

I saw {Open roles, 1} open roles at {Company} in {Location, 1}, and wondered which of them is hardest to fill.

Would a 15-minute call be a fair way to compare notes?

Best regards,
Alex""",
    """Subject: Quick chat

Hi {First name},

I hope this finds you well. Our world-class experts will skyrocket your growth.

Best regards,
Alex""",
)


class ScriptedBackbone:
    def __init__(self, spec: ScriptedSpec) -> None:
        self._replies = _read(spec.replies) if spec.replies else REPLIES
        digest = hashlib.sha256("\0".join(self._replies).encode()).hexdigest()[:16]
        self._identity = Identity(kind="scripted", model=spec.replies or "built-in", hash=digest)

    @property
    def identity(self) -> Identity:
        return self._identity

    def count(self, prompt: Prompt) -> Tokens:
        lengths = [(len(_WORD.findall(m.text)), m.static) for m in prompt.messages]
        return Tokens(sum(n for n, _ in lengths), sum(n for n, static in lengths if static))

    def sample(self, prompt: Prompt, seeds: Sequence[int], sampling: Sampling) -> Sampled:
        completions = tuple(self._completion(prompt, seed, sampling) for seed in seeds)
        decoded = sum(len(c.token_ids) for c in completions)
        length = self.count(prompt).total
        return Sampled(completions, Cost(prompt_computed=length, decoded=decoded, passes=1, seconds={"sample": 0.0}))

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        salt = adapter or ""
        rows = tuple(_logprobs(ids, salt) for ids in completions)
        return Scored(rows, Cost(prompt_reused=self.count(prompt).total, scored=sum(map(len, rows)), passes=1))

    def tokenize(self, text: str, *, control: bool = False) -> tuple[int, ...]:
        whole = control and text.endswith(_END_OF_TURN)
        words = _WORD.findall(text.removesuffix(_END_OF_TURN) if whole else text)
        return (*map(_token, words), END) if whole else tuple(map(_token, words))

    def close(self) -> None:
        """Nothing is held."""

    def _completion(self, prompt: Prompt, seed: int, sampling: Sampling) -> Completion:
        text = self._replies[_draw(prompt.hash, seed if sampling.temperature else 0, len(self._replies))]
        facts = {m[1].lower(): m[2].strip() for m in _FACT.finditer(prompt.text)}
        words = _WORD.findall(_SLOT.sub(lambda slot: _filled(slot, facts), text))
        kept = words[: sampling.max_tokens]
        whole = len(kept) == len(words)
        ids = (*map(_token, kept), END) if whole else tuple(map(_token, kept))
        return Completion(
            text="".join(kept), token_ids=ids, logprobs=_logprobs(ids, ""), finish="stop" if whole else "length", seed=seed
        )


def _filled(slot: re.Match[str], facts: Mapping[str, str]) -> str:
    """What the brief says; a slot without a fact stays, and the rubric will find it."""
    value = facts.get(slot[1].lower())
    if value is None:
        return slot[0]
    return value.split(",")[0] if slot[2] else value


def _token(word: str) -> int:
    return 1 + crc32(word.encode("utf-8", "surrogatepass")) % 0x7FFFFFFF


def _draw(prompt: str, seed: int, choices: int) -> int:
    digest = hashlib.sha256(f"{prompt}|{seed}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % choices


def _logprobs(ids: Sequence[int], salt: str) -> tuple[float, ...]:
    """Numbers between -2 and 0 that depend on each id, its place and the adapter."""
    return tuple(-((token * 2654435761 + place * 40503 + len(salt) * 97) % 2001) / 1000 for place, token in enumerate(ids))


def _read(path: str) -> tuple[str, ...]:
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"the scripted letters {path!r} cannot be read: {error}; give a text file of letters parted by lines of '---'") from None
    letters = tuple(part.strip() for part in re.split(r"^---\s*$", text, flags=re.M) if part.strip())
    if not letters:
        raise ModelError(f"{path} holds no letter; write letters parted by lines of '---'")
    return letters


__all__ = ["ScriptedBackbone"]
