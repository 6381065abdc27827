"""Which conditions are not worth their cost, as far as intervals say so.

Decides that a condition is dominated only by one that costs no more and is better, each by the interval of the
paired difference. A condition of which this is open against any other is 'not distinguishable'; 'efficient' is said only
where every other either is dominated by it, or is surely better and surely dearer, or surely worse and surely cheaper. A
difference that is the same for every company is taken as it stands, because a count of passes or tokens may well be
the same. The intervals are one by one: for a claim about many conditions at once give them a higher level.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations
from typing import Literal, NamedTuple

from experiments.stats.results import LEAST, Interval, Spread, Standing, Verdict
from rubric.errors import InputError

Relation = Literal["dominates", "dominated", "trade", "open"]
_TURNED: dict[Relation, Relation] = {"dominates": "dominated", "dominated": "dominates", "trade": "trade", "open": "open"}


class Point(NamedTuple):
    name: str
    cost: float
    quality: float


class Contrast(NamedTuple):
    """`one` minus `other`, on the same items."""

    one: str
    other: str
    cost: Spread
    quality: Spread


def front(points: Sequence[Point], contrasts: Iterable[Contrast]) -> list[Standing]:
    """Where each condition stands; a contrast for each two of them, either way round."""
    found: dict[tuple[str, str], Relation] = {}
    for contrast in contrasts:
        found[contrast.one, contrast.other] = relation(contrast)
        found[contrast.other, contrast.one] = _TURNED[found[contrast.one, contrast.other]]
    for pair in permutations([point.name for point in points], 2):
        if pair not in found:
            raise InputError(f"no contrast between {pair[0]!r} and {pair[1]!r} was given; a front needs one for each two conditions")
    return [_standing(point, {other.name: found[point.name, other.name] for other in points if other is not point}) for point in points]


def relation(contrast: Contrast) -> Relation:
    """What `one` is to `other`."""
    cost, quality = _bounds(contrast.cost), _bounds(contrast.quality)
    if cost is None or quality is None:
        return "open"
    if quality.low > 0:
        return "dominates" if cost.high <= 0 else "trade" if cost.low > 0 else "open"
    if quality.high < 0:
        return "dominated" if cost.low >= 0 else "trade" if cost.high < 0 else "open"
    return "open"


def _bounds(spread: Spread) -> Interval | None:
    if spread.constant and spread.value is not None and spread.clusters >= LEAST:
        return Interval(low=spread.value, high=spread.value)
    return spread.interval


def _standing(point: Point, relations: dict[str, Relation]) -> Standing:
    by, undecided = (tuple(name for name, one in relations.items() if one == kind) for kind in ("dominated", "open"))
    verdict: Verdict = "dominated" if by else "not distinguishable" if undecided else "efficient"
    return Standing(**point._asdict(), verdict=verdict, by=by, open_against=undecided)


__all__ = ["Contrast", "Point", "Relation", "front", "relation"]
