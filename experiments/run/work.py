"""The units of a run in the order in which they are done, and the rows that are made of them.

Decides that a family's pools are drawn one after another and scored while the prompt is in memory, that the whole agent
comes last, and that every row can be made again from what the journal holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import NamedTuple

from experiments.conditions.condition import Condition
from experiments.conditions.plan import Plan
from experiments.run.gates import agent_of, gate_key, gated
from experiments.run.items import Item
from experiments.run.rig import Family, Rig


class Member(NamedTuple):
    """A condition with one of its seeds."""

    condition: Condition
    seed: int


class Step(NamedTuple):
    """One unit, or a few that belong together; `name` says of which it is."""

    name: str
    run: Callable[[], object]


class Work:
    """The work of one backbone."""

    def __init__(self, plan: Plan, rig: Rig, conditions: Sequence[Condition], items: Sequence[Item]) -> None:
        self.plan, self.rig, self.items = plan, rig, items
        self.conditions = tuple(conditions)

    @cached_property
    def families(self) -> Mapping[Family, tuple[Member, ...]]:
        """The pools that are needed, each with the conditions that pick from it."""
        members = [Member(one, seed) for one in self.conditions if not one.gate for seed in self.plan.seeds_of(one)]
        sizes: dict[tuple[str, float, int], int] = {}
        for condition, seed in members:
            kind = (condition.prompt, condition.temperature, seed)
            sizes[kind] = max(sizes.get(kind, 1), condition.k)
        found: dict[Family, list[Member]] = {}
        for one in members:
            condition, seed = one
            k = sizes[condition.prompt, condition.temperature, seed]
            found.setdefault(Family(condition.prompt, condition.temperature, seed, k), []).append(one)
        return {family: tuple(rows) for family, rows in found.items()}

    @property
    def gates(self) -> tuple[Member, ...]:
        return tuple(Member(one, seed) for one in self.conditions if one.gate for seed in self.plan.seeds_of(one))

    def __len__(self) -> int:
        return (len(self.families) + len(self.gates)) * len(self.items)

    def steps(self) -> Iterator[Step]:
        for family, members in self.families.items():
            for item in self.items:
                yield Step("pool", lambda family=family, members=members, item=item: self._pool(family, members, item))  # type: ignore[misc]
        for member in self.gates:
            yield from self._gate(member)

    def _pool(self, family: Family, members: Sequence[Member], item: Item) -> None:
        pool = self.rig.pool(family, item)
        if pool.error is None:
            for condition, seed in members:
                if condition.picker != "oracle":
                    self.rig.ranked(condition, seed, pool)
            self.rig.judged(pool, item)

    def _gate(self, member: Member) -> Iterator[Step]:
        """One agent for all items; it is opened when the first of them is done."""
        with ExitStack() as stack:
            opened: list[object] = []

            def run(item: Item) -> None:
                if gate_key(self.rig, *member, item) in self.rig.journal:
                    return
                if not opened:
                    opened.append(stack.enter_context(agent_of(self.rig, *member)))
                gated(self.rig, opened[0], member.condition, member.seed, item)  # type: ignore[arg-type]

            for item in self.items:
                yield Step("gate", lambda item=item: run(item))  # type: ignore[misc]


__all__ = ["Member", "Step", "Work"]
