"""A file of pairs from all sources, balanced in length.

Decides how many come from which source, and that a pair which cannot be made is counted under its reason and
another scene takes its place. The same plan gives the same file; pools are the only part that takes long,
and they are kept in a file of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import NamedTuple

from rubric.errors import ConfigError
from training.pairs.balance import MOST, balanced
from training.pairs.drafts import MARGIN, best_worst, excellence
from training.pairs.mutated import mutated
from training.pairs.on_policy import MARGIN as POOL_MARGIN
from training.pairs.on_policy import on_policy
from training.pairs.pair import Pair, Role, Source
from training.pairs.pools import WorldPool
from training.pairs.rendering import Renderer, Unfit
from training.pairs.report import Report, report
from training.pairs.scenes import SHARES, Scene, scenes
from training.pairs.verdicts import verdict_pair
from training.world.split import Split

SOURCES: dict[Source, float] = {"best_worst": 0.25, "mutator": 0.5, "excellence": 0.25}
RESERVE = 1.25
_FRUITLESS, _ROUNDS, _LEAST = 400, 5, 10
_VERDICTS = 500_000  # verdicts have prospects of their own


@dataclass(frozen=True)
class Plan:
    """`margin` is that between whole drafts, `pool_margin` that between members of one pool. Pairs of an `unseen` plan
    have flaws in wording that is set aside: they measure, and no training takes them."""

    count: int
    split: Split = "train"
    seed: int = 0
    roles: tuple[Role, ...] = ("baseline", "augmented", "revision", "judge")
    margin: float = MARGIN
    pool_margin: float = POOL_MARGIN
    most_correlation: float = MOST
    unseen: bool = False

    def shares(self, *, judge: bool) -> dict[Role, float]:
        return {role: SHARES[role] for role in self.roles if (role == "judge") == judge}

    def counts(self) -> dict[bool, int]:
        """How many pairs of letters, and of verdicts."""
        whole = sum(SHARES[role] for role in self.roles)
        verdicts = round(self.count * SHARES["judge"] / whole) if "judge" in self.roles else 0
        return {False: self.count - verdicts, True: verdicts}


class Made(NamedTuple):
    pairs: list[Pair]
    report: Report


Attempt = Callable[[], Iterator[Pair]]
Tick = Callable[[], None]


def make(plan: Plan, renderer: Renderer, *, pools: Sequence[WorldPool] = (), stored: Iterable[Attempt] = (), tick: Tick = lambda: None) -> Made:
    """The pairs of a plan: those from pools and from the store, and from the world as many as are missing."""
    skipped: Counter[str] = Counter()
    found = [p for attempt in [*_of_pools(pools, plan, renderer), *stored] for p in _tried(attempt, skipped)]
    found = [pair for pair in found if pair.role in plan.roles]
    kept: list[Pair] = []
    made = 0
    for judge, count in plan.counts().items():
        mine = [pair for pair in found if (pair.role == "judge") == judge]
        supply = {pair.id: pair for pair in mine}
        world = _of_world(plan, renderer, judge=judge, skipped=skipped)
        chosen = _filled(supply, world, count, plan, tick)
        made += len(supply)
        kept += chosen
    Random(f"{plan.seed}/order").shuffle(kept)
    models = {pool.origin.hash[:8]: pool.origin.model for pool in pools}
    return Made(kept, report(kept, plan.seed, skipped, dropped=made - len(kept), models=models))


def _filled(supply: dict[str, Pair], world: Iterator[Pair], count: int, plan: Plan, tick: Tick) -> list[Pair]:
    """A balanced choice; where balance leaves too few, more are drawn, a few times."""
    missing, kept = count - len(supply), list[Pair]()
    for _ in range(_ROUNDS if count else 0):
        for pair in islice(world, max(missing + _LEAST, round(missing * RESERVE), 0)):
            supply[pair.id] = pair
            tick()
        kept = balanced(supply.values(), count, plan.seed, plan.most_correlation)
        missing = count - len(kept)
        if not missing:
            break
    return kept


def _of_pools(pools: Iterable[WorldPool], plan: Plan, renderer: Renderer) -> Iterator[Attempt]:
    for pool in pools:
        yield lambda pool=pool: on_policy(pool, renderer, plan.pool_margin)  # type: ignore[misc]


def _of_world(plan: Plan, renderer: Renderer, *, judge: bool, skipped: Counter[str]) -> Iterator[Pair]:
    """Pairs without end, each of a prospect of its own."""
    fruitless = 0
    for scene in scenes(plan.split, _VERDICTS if judge else 0, plan.seed, plan.shares(judge=judge)):
        found = _tried(lambda scene=scene: iter([_pair(plan, renderer, scene)]), skipped)  # type: ignore[misc]
        fruitless = 0 if found else fruitless + 1
        if fruitless == _FRUITLESS:
            raise ConfigError(f"{_FRUITLESS} prospects in a row gave no pair, mostly: {skipped.most_common(1)[0][0]}; raise --max-tokens, or lower --margin")
        yield from found


def _pair(plan: Plan, renderer: Renderer, scene: Scene) -> Pair:
    if scene.role == "judge":
        return verdict_pair(scene, renderer, unseen=plan.unseen)
    if plan.unseen:  # the rubric may not see these flaws, so no margin of its scores is asked for
        return excellence(scene, renderer, unseen=True)
    source = scene.dice.choices(list(SOURCES), list(SOURCES.values()))[0]
    if source == "mutator":
        return mutated(scene, renderer)
    return best_worst(scene, renderer, plan.margin) if source == "best_worst" else excellence(scene, renderer)


def _tried(attempt: Attempt, skipped: Counter[str]) -> list[Pair]:
    try:
        return list(attempt())
    except Unfit as reason:
        skipped[str(reason)] += 1
        return []


__all__ = ["MARGIN", "POOL_MARGIN", "RESERVE", "SOURCES", "Attempt", "Made", "Plan", "make"]
