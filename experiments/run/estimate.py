"""What a run would take, without opening a held-out task: a few dev tasks are done and the rest is reckoned.

Decides that every family of pools and every condition of the whole agent is tried with the first seed, in a folder
that is thrown away; that the first task of each is not counted, because it pays for what is loaded once; and that
held-out tasks are taken to be like dev ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from agent.backbones import open_backbone
from agent.config import Config
from critic.candidate import Cost
from experiments.conditions.plan import Plan
from experiments.run.folder import UNITS
from experiments.run.items import task_count
from experiments.run.journal import Journal
from experiments.run.running import Begun, Opener, begun

TRIED = 12


class Part(NamedTuple):
    """A family of pools or a condition of the agent: its units, and what one takes."""

    name: str
    units: int
    seconds: float
    tokens: float


class Estimate(NamedTuple):
    tasks: int
    items: int
    parts: tuple[Part, ...]
    letters: int
    kept: int

    @property
    def seconds(self) -> float:
        return sum(part.units * part.seconds for part in self.parts)

    @property
    def tokens(self) -> float:
        return sum(part.units * part.tokens for part in self.parts)

    def lines(self) -> Iterator[str]:
        yield f"{self.tasks} tasks, about {self.items} items at which a letter is called for"
        for part in self.parts:
            yield f"  {part.name}: {part.units} units, {part.seconds:.2f} s and {part.tokens:.0f} tokens each"
        if self.letters:
            yield f"  threshold study: {self.letters} letters, not reckoned in"
        kept = f"; {self.kept} units of it are in the folder already" if self.kept else ""
        yield f"{sum(part.units for part in self.parts)} units, about {self.tokens:,.0f} tokens and {_time(self.seconds)}{kept}"
        yield f"measured on {TRIED} dev tasks on this machine as busy as it is now; units that share their calls cost the first one alone"


def _time(seconds: float) -> str:
    return f"{seconds / 60:.1f} minutes" if seconds >= 60 else f"{seconds:.0f} seconds"


def estimated(plan: Plan, config: Config, out: str | Path, opener: Opener = open_backbone) -> Estimate:
    tasks = task_count(plan) if plan.conditions or plan.sweeps else 0
    trial = plan.model_copy(update={"split": "dev", "limit": TRIED, "seeds": plan.seeds[:1], "reason": None, "threshold_study": None})
    with tempfile.TemporaryDirectory(prefix="winnow-") as folder, begun(trial, config, Path(folder, "trial"), opener) as found:
        there = len(found.works[0].items) if found.works else 0
        items = round(tasks * there / min(TRIED, tasks)) if tasks else 0
        parts = tuple(_tried(plan, found, items))
    letters = plan.threshold_study.letters + plan.threshold_study.clean if plan.threshold_study else 0
    return Estimate(tasks, items, parts, letters, _kept(Path(out)))


def _tried(plan: Plan, found: Begun, items: int) -> Iterator[Part]:
    for work in found.works:
        names = [
            *((f"pool of {family.k}, {family.prompt}, temperature {family.temperature:g}", members[0].condition.once) for family, members in work.families.items()),
            *((member.condition.name, False) for member in work.gates),
        ]
        steps = work.steps()
        for name, once in names:
            if len(work.items) > 1:
                next(steps).run()
            counted = work.items[1:] or work.items
            before, began = _tokens(found.journal), perf_counter()
            for _ in counted:
                next(steps).run()
            share = 1 / max(1, len(counted))
            yield Part(name, items * (1 if once else len(plan.seeds)), (perf_counter() - began) * share, (_tokens(found.journal) - before) * share)


def _tokens(journal: Journal) -> float:
    total = sum((Cost.model_validate(unit.value.get("cost", {})) for unit in journal.units() if unit.kind in ("sample", "score")), Cost())
    return total.prompt_computed + total.decoded + total.scored


def _kept(path: Path) -> int:
    return sum(unit.kind in ("sample", "gate") for unit in Journal(path / UNITS).units())


__all__ = ["TRIED", "Estimate", "Part", "estimated"]
