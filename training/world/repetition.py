"""How much letters repeat one another: word sequences that several letters share.

Decides by words alone; greeting, signature and legal text are left out by whoever calls.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

_WORD = re.compile(r"[\w$%']+")


class Repetition(NamedTuple):
    """The share of letters that hold a sequence of another letter, and of sequences that stand in several letters."""

    letters: int
    sharing: float
    repeated: float


def repetition(texts: Iterable[str], length: int = 12) -> Repetition:
    """
    >>> repetition(["we place engineers", "we place people", "no"], length=2)
    Repetition(letters=3, sharing=0.6666666666666666, repeated=0.3333333333333333)
    """
    grams = [_grams(text, length) for text in texts]
    seen = Counter(gram for found in grams for gram in found)
    sharing = sum(any(seen[gram] > 1 for gram in found) for found in grams)
    return Repetition(
        len(grams), sharing / max(len(grams), 1), sum(n > 1 for n in seen.values()) / max(len(seen), 1)
    )


def _grams(text: str, length: int) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return {tuple(words[n : n + length]) for n in range(len(words) - length + 1)}


__all__ = ["Repetition", "repetition"]
