"""How much the members of a pool differ, because ranking near-duplicates buys nothing.

Decides by word trigrams: 1.0 for the same letter, 0.0 for letters that share no three words in a row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

_WORD = re.compile(r"\w+")


def similarity(pool: Sequence[str]) -> float | None:
    """The mean likeness of all pairs; None for a pool without a pair.

    >>> similarity(["a b c d", "a b c d"])
    1.0
    """
    if len(pool) < 2:
        return None
    sets = [_trigrams(text) for text in pool]
    pairs = [_overlap(a, b) for a, b in combinations(sets, 2)]
    return round(sum(pairs) / len(pairs), 4)


def _trigrams(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return frozenset(zip(words, words[1:], words[2:], strict=False)) or frozenset({tuple(words)})


def _overlap(a: frozenset[tuple[str, ...]], b: frozenset[tuple[str, ...]]) -> float:
    return len(a & b) / len(a | b)


__all__ = ["similarity"]
