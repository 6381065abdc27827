"""Every smaller k from one pool: what a ranker picks out of a random part of the candidates, in the mean.

Decides by counting and not by drawing: of all parts of size k, a group of equally ranked candidates gives the pick of
those that hold one of the group and none above it. Within a group each is picked as often as another. The mean
over all parts is without bias for a fresh pool of k, as long as the candidates were sampled independently.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, fsum

from critic.estimates import Item
from critic.reward_ranking import Groups, grouped
from experiments.stats.paired import finite
from rubric.errors import InputError


def pass_at_k(n: int, passed: int, k: int) -> float:
    """The chance that at least one of k out of n candidates is among those that passed.

    >>> pass_at_k(4, 1, 2)
    0.5
    """
    _refuse_size(n, k)
    if not 0 <= passed <= n:
        raise InputError(f"{passed} of {n} candidates cannot have passed")
    return (comb(n, k) - comb(n - passed, k)) / comb(n, k)


def expected_pick(values: Sequence[float], groups: Groups, k: int) -> float:
    """The mean value of what is picked; `groups` holds positions, best first, equals together (`grouped` makes them).

    >>> expected_pick([0.0, 1.0, 0.5, 0.5], ((1,), (2, 3), (0,)), 2)
    0.75
    """
    known = _known(values)
    _refuse_size(len(known), k)
    if sorted(n for group in groups for n in group) != list(range(len(known))):
        raise InputError(f"the groups have to hold each of {len(known)} candidates once, got {groups}")
    terms, below = [], len(known)
    for group in groups:
        parts, below = comb(below, k) - comb(below - len(group), k), below - len(group)
        terms.append(parts / comb(len(known), k) * (fsum(known[n] for n in group) / len(group) if group else 0.0))
    return fsum(terms)


def expected_max(values: Sequence[float], k: int) -> float:
    """The mean of the best of k: what a ranker that knows the values gets.

    >>> expected_max([0.0, 1.0], 1)
    0.5
    """
    return expected_pick(values, grouped(_known(values), 0.0), k)


def selection(cluster: str, values: Sequence[float], groups: Groups, k: int) -> Item:
    """What the pick is above chance, and what the best is: a pool's part in the selection efficiency (`ratio`).

    A pool whose candidates are all of one value gives 0 of 0 and has no weight. Several pools of one task are given
    one by one; they add up within their company."""
    if values and min(values) == max(values):
        return Item(cluster, 0.0, 0.0)
    chance = fsum(_known(values)) / len(values) if values else 0.0
    return Item(cluster, expected_pick(values, groups, k) - chance, max(0.0, expected_max(values, k) - chance))


def _known(values: Sequence[float]) -> list[float]:
    return [finite(value, f"candidate {n}") for n, value in enumerate(values)]


def _refuse_size(n: int, k: int) -> None:
    if not 1 <= k <= n:
        raise InputError(f"a pool of {n} gives no estimate for k={k}; choose k from 1 to {n}" if n else "the pool has no candidates")


__all__ = ["expected_max", "expected_pick", "pass_at_k", "selection"]
