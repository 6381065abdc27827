"""The reward below which a candidate is rejected, from letters whose worth is known.

Decides for the threshold that tells good letters from bad ones best (the mean of both shares) among those
that reject no more than a given share of the good ones. Where no threshold is better than chance there is none.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

MOST_GOOD_REJECTED = 0.05


class Known(NamedTuple):
    reward: float
    good: bool


class Threshold(NamedTuple):
    """`value` null: none is worth having. The shares are those of the letters that it was fitted on."""

    value: float | None
    good_rejected: float
    bad_rejected: float
    good: int
    bad: int


def calibrate(letters: Sequence[Known], *, most: float = MOST_GOOD_REJECTED) -> Threshold:
    good = sorted(one.reward for one in letters if one.good)
    bad = sorted(one.reward for one in letters if not one.good)
    if not good or not bad:
        return Threshold(None, 0.0, 0.0, len(good), len(bad))
    best = max(
        (_at(value, good, bad) for value in _between(sorted({*good, *bad}))),
        key=lambda t: (t.bad_rejected - t.good_rejected if t.good_rejected <= most else -1.0, -(t.value or 0.0)),
        default=None,
    )
    if best is None or best.good_rejected > most or best.bad_rejected <= best.good_rejected:
        return Threshold(None, 0.0, 0.0, len(good), len(bad))
    return best


def _between(values: Sequence[float]) -> list[float]:
    """Half-way places, so that rounding does not move a letter across."""
    return [(a + b) / 2 for a, b in pairwise(values)]


def _at(value: float, good: Sequence[float], bad: Sequence[float]) -> Threshold:
    return Threshold(value, bisect_left(good, value) / len(good), bisect_left(bad, value) / len(bad), len(good), len(bad))


__all__ = ["MOST_GOOD_REJECTED", "Known", "Threshold", "calibrate"]
