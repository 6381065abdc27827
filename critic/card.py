"""A health card from measured pairs and pools.

Decides how each figure is counted. The controls see the same letters as the critic: chance, the model
without the adapter, the shortest and the longest letter; and the adapter's log-probabilities read as mean,
as sum, as worst sentence, and as what the adapter adds (the implicit reward).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from random import Random

from critic.estimates import Estimate, Item, correlation, share
from critic.health import Health
from critic.measuring import MeasuredPair, MeasuredPool, Side
from critic.ranking import best_first
from critic.reward_ranking import grouped
from critic.rewards import Reward, Row, dpo, mean, reward

Method = Callable[[Side], float]
MARGIN = 0.05  # rubric scores that differ by less do not say which of two candidates is better


def methods(kind: Reward, beta: float) -> dict[str, Method]:
    """The critic and what it is compared with, all but chance."""
    return {
        "critic": lambda side: reward(kind, beta, worn=side.worn, bare=side.bare),
        "mean": lambda side: mean(side.worn),
        "sum": lambda side: sum(side.worn),
        "worst_sentence": worst_sentence,
        "implicit": lambda side: dpo(side.worn, side.bare, 1.0),
        "base": lambda side: mean(side.bare),
        "shortest": lambda side: -side.length,
        "longest": lambda side: side.length,
    }


def card(pairs: Sequence[MeasuredPair], pools: Sequence[MeasuredPool], *, kind: Reward, beta: float, k: int = 4, skipped: int = 0) -> Health:
    ways = methods(kind, beta)
    critic, within = ways["critic"], list(_within(pools))
    noise = _noise(pools, kind, beta)
    split = {"in_distribution": [p for p in pairs if not p.unseen], "unseen": [p for p in pairs if p.unseen], "on_policy": within}
    sides = sides_of(pairs, pools)
    return Health(
        k=k, accuracy={name: accuracy(rows, critic) for name, rows in split.items() if rows},
        by_method={name: accuracy(pairs, way) for name, way in ways.items()} if pairs else {},
        efficiency=_efficiencies(pools, ways), failures=_failures(pairs, critic), at_zero=at_zero(pairs),
        length_correlation=correlation([critic(s) for s in sides], [float(s.length) for s in sides]),
        reordering=_reordering(pools, kind, beta, noise or 0.0), noise=noise, change=_change(sides), skipped=skipped,
    )  # fmt: skip


def sides_of(pairs: Sequence[MeasuredPair], pools: Sequence[MeasuredPool]) -> list[Side]:
    """Every completion that was measured."""
    return [side for pair in pairs for side in (pair.chosen, pair.rejected)] + [side for pool in pools for side in pool.sides]


def accuracy(pairs: Sequence[MeasuredPair], way: Method) -> Estimate:
    return share(Item(pair.company, won(way(pair.chosen), way(pair.rejected))) for pair in pairs)


def efficiency(pools: Sequence[MeasuredPool], choose: Callable[[MeasuredPool], int]) -> Estimate:
    """How much of what choosing can win was won; pools without whole candidates or scores do not count."""
    return share(item for pool in pools if (item := gain(pool, choose)))


def worst_sentence(side: Side) -> float:
    """The mean log-probability of the least likely sentence."""
    edges = [0, *(b for b in side.breaks if 0 < b < side.length), side.length]
    return min(mean(side.worn[a:b]) for a, b in pairwise(edges) if b > a)


def picked(pool: MeasuredPool, way: Method) -> int:
    """The position that a method takes: the best of the candidates that were not cut off."""
    open_ = _open(pool)
    return open_[best_first([way(pool.sides[n]) for n in open_])[0]]


def _open(pool: MeasuredPool) -> list[int]:
    return [n for n, cut in enumerate(pool.cut) if not cut]


def gain(pool: MeasuredPool, choose: Callable[[MeasuredPool], int]) -> Item | None:
    scores = [score for score in pool.scores if score is not None]
    if not _open(pool) or len(scores) < len(pool.scores):
        return None
    middle = sum(scores) / len(scores)
    return Item(pool.company, scores[choose(pool)] - middle, max(scores[n] for n in _open(pool)) - middle)


def _efficiencies(pools: Sequence[MeasuredPool], ways: Mapping[str, Method]) -> dict[str, Estimate]:
    if not pools:
        return {}
    choices: dict[str, Callable[[MeasuredPool], int]] = {
        name: (lambda pool, way=way: picked(pool, way)) for name, way in ways.items()  # type: ignore[misc]
    }
    choices["random"] = lambda pool: Random(pool.seed).choice(_open(pool))  # noqa: S311  a draw of data and no secret
    return {name: efficiency(pools, choose) for name, choose in choices.items()}


def _within(pools: Sequence[MeasuredPool]) -> Iterator[MeasuredPair]:
    """Two candidates of one pool whose rubric scores differ clearly, better one first."""
    for pool in pools:
        ranked = [(score, side) for score, side in zip(pool.scores, pool.sides, strict=True) if score is not None]
        for n, (one, side) in enumerate(ranked):
            for other, second in ranked[n + 1 :]:
                if abs(one - other) >= MARGIN:
                    better, worse = (side, second) if one > other else (second, side)
                    yield MeasuredPair(pool.company, (), False, better, worse)


def _failures(pairs: Sequence[MeasuredPair], way: Method) -> dict[str, Estimate]:
    names = sorted({name for pair in pairs for name in pair.failures})
    return {name: accuracy([p for p in pairs if name in p.failures], way) for name in names}


def at_zero(pairs: Sequence[MeasuredPair]) -> float | None:
    if not pairs:
        return None
    right = sum(dpo(p.chosen.worn, p.chosen.bare, 1.0) > 0 for p in pairs) + sum(dpo(p.rejected.worn, p.rejected.bare, 1.0) <= 0 for p in pairs)
    return round(right / (2 * len(pairs)), 4)


def _noise(pools: Sequence[MeasuredPool], kind: Reward, beta: float) -> float | None:
    """The largest difference that another place in the batch made to a reward."""
    if not pools:
        return None
    return max(abs(a - b) for pool in pools for a, b in _twice(pool, kind, beta))


def _twice(pool: MeasuredPool, kind: Reward, beta: float) -> Iterator[tuple[float, float]]:
    def of(row: Row, side: Side) -> float:
        return reward(kind, beta, worn=row, bare=side.bare)

    yield from ((of(side.worn, side), of(row, side)) for side, row in zip(pool.sides, pool.again, strict=True))
    yield of(pool.sides[0].worn, pool.sides[0]), of(pool.twin, pool.sides[0])


def _reordering(pools: Sequence[MeasuredPool], kind: Reward, beta: float, noise: float) -> Estimate | None:
    """Whether the winner stays, ties within the noise counted as equal."""
    items = []
    for pool in pools:
        rows = [pair for n, pair in enumerate(list(_twice(pool, kind, beta))[:-1]) if not pool.cut[n]]
        if rows:
            first, second = (grouped([pair[side] for pair in rows], noise)[0] for side in (0, 1))
            items.append(Item(pool.company, float(bool(set(first) & set(second)))))
    return share(items) if items else None


def _change(sides: Sequence[Side]) -> float | None:
    changes = [abs(a - b) for side in sides for a, b in zip(side.worn, side.bare, strict=True)]
    return max(changes, default=None)


def won(one: float, other: float) -> float:
    return 1.0 if one > other else 0.5 if one == other else 0.0


__all__ = ["accuracy", "at_zero", "card", "efficiency", "gain", "methods", "picked", "sides_of", "won", "worst_sentence"]
