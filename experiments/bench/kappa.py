"""Cohen's kappa: agreement beyond what the two passes' own habits would give by chance.

Decides by the closed form: with weights, a disagreement counts by the square of its distance on the scale, so that 4 against 5
is less than 1 against 5. Where both always say the same one word, chance alone would agree too and there is no kappa;
that is said, and no number is made up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

Weights = Literal["none", "quadratic"]
CONSTANT = "both passes gave one and the same answer throughout, so that chance would agree as well: kappa is not defined"
EMPTY = "nothing was labelled in both passes"


class Agreement(BaseModel):
    """`kappa` is null where it is not defined; `note` then says why."""

    n: int
    agreed: float | None = None
    kappa: float | None = None
    weights: Weights = "none"
    note: str = ""


def kappa(first: Sequence[str | int], second: Sequence[str | int], scale: Sequence[str | int], weights: Weights = "none") -> Agreement:
    """Agreement of two rows of answers on one scale, in the order of the scale.

    >>> kappa(["a", "a", "b", "b"], ["a", "b", "b", "b"], ["a", "b"]).kappa
    0.5
    """
    if len(first) != len(second):
        raise ValueError("both rows hold an answer for each item")
    n = len(first)
    if not n:
        return Agreement(n=0, weights=weights, note=EMPTY)
    agreed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    place = {answer: number for number, answer in enumerate(scale)}
    cost = _costs(len(scale), weights)
    seen = sum(cost[place[a]][place[b]] for a, b in zip(first, second, strict=True)) / n
    ours, theirs = Counter(first), Counter(second)
    chance = sum(cost[place[a]][place[b]] * ours[a] * theirs[b] for a in ours for b in theirs) / n**2
    if not chance:
        return Agreement(n=n, agreed=agreed, weights=weights, note=CONSTANT)
    return Agreement(n=n, agreed=round(agreed, 4), kappa=round(1 - seen / chance, 4), weights=weights)


def _costs(size: int, weights: Weights) -> list[list[float]]:
    """What each disagreement costs, between 0 and 1."""
    span = max(size - 1, 1)
    return [[((a - b) / span) ** 2 if weights == "quadratic" else float(a != b) for b in range(size)] for a in range(size)]


__all__ = ["CONSTANT", "EMPTY", "Agreement", "Weights", "kappa"]
