"""The dataset card and the datasheet: what the tasks are, counted from the tasks themselves.

Decides which figures are told and where a sentence depends on them, such as that no synthetic task ships. No task of the
held-out split is shown, only counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel

from agent import __version__
from experiments.bench.contamination import Between
from experiments.bench.difficulty import PRESSURES
from experiments.bench.ledger import Count, Entry, counted
from experiments.bench.seal import Seal
from experiments.bench.synthesis import TEMPTATIONS
from experiments.bench.task import CALLS, FAILURES, HOSTILE, LEVELS, MODES, SPLITS, Task, moments

NONE = "none"


class Table(BaseModel):
    """Counts of one property by split, in the order of its vocabulary."""

    title: str
    rows: dict[str, list[int]]
    totals: list[int]


class Figures(BaseModel):
    """Everything that the card counts."""

    tables: list[Table]
    tasks: dict[str, int]
    companies: dict[str, int]
    moments: dict[str, int]
    letters: dict[str, int]
    turning: dict[str, int]
    changing: dict[str, int]
    empty: dict[str, int]


def figures(tasks: Iterable[Task]) -> Figures:
    rows = list(tasks)
    return Figures(
        tables=[
            _table("way of authoring", rows, MODES, lambda task: task.mode), _table("difficulty", rows, LEVELS, lambda task: task.difficulty),
            _table("what the brief calls for", rows, CALLS, lambda task: task.decision),
            _table("kind of message", rows, ("cold", "warm", "reengagement", "sms"), lambda task: str(task.prospect.get("message_type", "cold"))),
            _table("failure that it tempts", rows, (*FAILURES, NONE), lambda task: task.tempts or NONE),
            _table("hostile input", rows, (*HOSTILE, NONE), lambda task: task.hostile or NONE),
        ],
        tasks=_counts(rows, bool), companies={split: len({task.company for task in rows if task.split == split}) for split in SPLITS},
        moments=_counts(rows, lambda task: len(moments(task))), letters=_counts(rows, lambda task: sum(one.decision == "DRAFT" for one in moments(task))),
        turning=_counts(rows, lambda task: bool(task.turns)), changing=_counts(rows, lambda task: any("capacity" in turn.changes for turn in task.turns)),
        empty=_counts(rows, lambda task: not task.prospect.get("signals")),
    )  # fmt: skip


def _counts(rows: Sequence[Task], count: Callable[[Task], int]) -> dict[str, int]:
    return {split: sum(count(task) for task in rows if task.split == split) for split in SPLITS}


def _table(title: str, rows: Sequence[Task], known: Sequence[str], of: Callable[[Task], str]) -> Table:
    found = Counter((of(task), task.split) for task in rows)
    return Table(title=title, rows={name: [found[name, split] for split in SPLITS] for name in known}, totals=[sum(task.split == split for task in rows) for split in SPLITS])


def strata(tasks: Iterable[Task]) -> dict[str, dict[str, dict[str, int]]]:
    """Split, failure, difficulty: the cells that a comparison can be read by."""
    found = Counter((task.split, task.tempts or NONE, task.difficulty) for task in tasks)
    return {split: {failure: {level: found[split, failure, level] for level in LEVELS} for failure in (*FAILURES, NONE)} for split in SPLITS}


class Told(BaseModel):
    """What the templates are filled with."""

    version: str = __version__
    figures: Figures
    strata: dict[str, dict[str, dict[str, int]]]
    between: list[Between]
    seal: Seal | None
    opened: Count
    sealed: int
    sizes: dict[str, int]


def told(tasks: Sequence[Task], between: Sequence[Between], seal: Seal | None, entries: Sequence[Entry]) -> Told:
    sizes = {name: found.bytes for name, found in seal.files.items()} if seal else {}
    return Told(
        figures=figures(tasks), strata=strata(tasks), between=list(between), seal=seal, opened=counted(entries),
        sealed=sum(entry.purpose == "seal" for entry in entries), sizes=sizes,
    )  # fmt: skip


def card(facts: Told) -> str:
    return _filled("card", facts)


def datasheet(facts: Told) -> str:
    """After "Datasheets for Datasets" by Gebru and others: its sections, answered for these tasks."""
    return _filled("datasheet", facts)


def _filled(name: str, facts: Told) -> str:
    text = _template(name).render(told=facts, splits=SPLITS, levels=LEVELS, pressures=PRESSURES, temptations=TEMPTATIONS)
    return str(text).strip() + "\n"


@cache
def _template(name: str) -> Any:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701  Markdown
    return environment.from_string(files("experiments.bench").joinpath(f"templates/{name}.jinja").read_text("utf-8"))


__all__ = ["Figures", "Table", "Told", "card", "datasheet", "figures", "strata", "told"]
