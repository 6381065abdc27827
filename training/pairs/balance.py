"""Which pairs are kept, so that the length of a side says nothing about which one was chosen.

Decides by the correlation of the difference in length with the label, each pair seen from both sides; then it is
the mean difference over its root mean square. A pair goes for one of its own kind from the reserve where one
helps, else for one of another kind, and for nothing only then, so that no kind of failure is balanced away first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from random import Random
from typing import NamedTuple

from training.pairs.pair import Pair

MOST = 0.05
_LOOKED_AT = 50
_Kind = tuple[str, str, str]


class Length(NamedTuple):
    """Of pairs: the correlation with the label, and the share whose chosen side is the longer one."""

    correlation: float
    longer: float


def length_of(pairs: Sequence[Pair]) -> Length:
    """Both 0 and a half where length predicts nothing."""
    differences = [pair.longer for pair in pairs]
    uneven = [d for d in differences if d]
    return Length(_correlation(sum(differences), sum(d * d for d in differences), len(differences)), sum(d > 0 for d in uneven) / len(uneven) if uneven else 0.5)


def _correlation(total: float, squares: float, count: int) -> float:
    """
    >>> _correlation(10, 100, 1), _correlation(0, 200, 2)
    (1.0, 0.0)
    """
    return total / sqrt(count * squares) if squares else 0.0


def kind(pair: Pair) -> _Kind:
    """What a pair may be exchanged for."""
    return (pair.source, pair.role if pair.role == "judge" else "letter", pair.failures[0] if pair.failures else "")


def balanced(pairs: Iterable[Pair], count: int, seed: int, most: float = MOST) -> list[Pair]:
    """At most `count` of the pairs with a correlation of at most `most`, in a mixed order."""
    dice = Random(f"{seed}/balance")
    found = sorted(pairs, key=lambda pair: pair.id)
    dice.shuffle(found)
    kept, reserve = found[:count], defaultdict(list)
    for pair in found[count:]:
        reserve[kind(pair)].append(pair)
    scale = _Scale(kept)
    while abs(scale.correlation) > most:
        scale.better(reserve)
    return [pair for pair in found if pair.id in scale.kept]


class _Scale:
    """The pairs that are kept and their sums."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.kept = {pair.id: pair for pair in pairs}
        self._total, self._squares = float(sum(p.longer for p in pairs)), float(sum(p.longer**2 for p in pairs))
        self._of_kind: dict[_Kind, int] = defaultdict(int)
        for pair in pairs:
            self._of_kind[kind(pair)] += 1
        self._least = {name: n // 2 for name, n in self._of_kind.items()}

    @property
    def correlation(self) -> float:
        return _correlation(self._total, self._squares, len(self.kept))

    def better(self, reserve: dict[_Kind, list[Pair]]) -> None:
        """One exchange, or one pair less."""
        sign = 1 if self._total > 0 else -1
        heavy = sorted((p for p in self.kept.values() if p.longer * sign > 0), key=lambda p: (-p.longer * sign, p.id))[:_LOOKED_AT]
        every = [pair for some in reserve.values() for pair in some]
        found = self._exchange(heavy, reserve) or self._exchange(heavy, dict.fromkeys(map(kind, heavy), every))
        if found is None:
            spare = [p for p in heavy if self._of_kind[kind(p)] > self._least.get(kind(p), 0)] or heavy
            self._drop(spare[0])
            return
        gone, come = found
        reserve[kind(come)].remove(come)
        self._drop(gone)
        self._take(come)

    def _exchange(self, heavy: Sequence[Pair], reserve: Mapping[_Kind, list[Pair]]) -> tuple[Pair, Pair] | None:
        """The exchange that brings the sum nearest to nothing; None where none makes it smaller."""
        found = [(abs(self._total - pair.longer + other.longer), pair, other) for pair in heavy for other in reserve.get(kind(pair), ())]
        left, pair, other = min(found, key=lambda one: (one[0], one[1].id, one[2].id), default=(0.0, None, None))
        return (pair, other) if pair and other and left < abs(self._total) else None

    def _drop(self, pair: Pair) -> None:
        del self.kept[pair.id]
        self._count(pair, -1)

    def _take(self, pair: Pair) -> None:
        self.kept[pair.id] = pair
        self._count(pair, 1)

    def _count(self, pair: Pair, by: int) -> None:
        self._total += by * pair.longer
        self._squares += by * pair.longer**2
        self._of_kind[kind(pair)] += by


__all__ = ["MOST", "Length", "balanced", "kind", "length_of"]
