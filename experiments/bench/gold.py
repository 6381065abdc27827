"""The gold checks: a task whose label is wrong measures the label.

Decides what is held against every task: that its prospect can be read without a warning, that the decision it names is
the one that the rubric reads from the brief at each moment, that its difficulty is what the rule counts, that the brief gives room
for the failure, that a hostile kind is really there, and that the company belongs to the split.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from experiments.bench.difficulty import difficulty_of
from experiments.bench.hostility import is_there
from experiments.bench.room import gives_room
from experiments.bench.task import Called, Task, moments
from rubric.errors import UserError
from rubric.playbook import Playbook, load_playbook
from rubric.prospect import read_prospect
from rubric.verdict import prospect_verdict, strongest
from training.world.split import normalised, split_of

WARNED = frozenset({"unknown_keys"})


_INDEX = re.compile(r"/\d+(?=/|$)")
_LONGEST = 120


class Fault(NamedTuple):
    """What is wrong with a task; `check` names the kind of fault."""

    task: str
    check: str
    why: str


def told(fault: Fault) -> str:
    """The check and its own words for a count: the key or the rule at fault, and no value of the brief."""
    return f"the gold check of {fault.check}: {_plain(fault)[:_LONGEST]}"


def _plain(fault: Fault) -> str:
    if fault.check != "reading":
        return fault.why
    where, unreadable, _ = fault.why.partition(": got ")
    unknown = where.partition(" is not a key of the prospect")
    key = unknown[0] if unknown[1] else where if unreadable else ""
    return f"{_INDEX.sub('/*', key) or 'the prospect'} {'is no known key' if unknown[1] else 'cannot be read'}"


def decision_of(record: dict[str, Any], playbook: Playbook) -> Called:
    """What the rubric reads from the brief alone."""
    found = strongest(finding.decision for finding in prospect_verdict(read_prospect(record), playbook))
    return found if found in ("SUPPRESS", "ESCALATE") else "DRAFT"


def faults(tasks: Iterable[Task]) -> list[Fault]:
    """Every fault of the tasks, and those that only show between them."""
    found: list[Fault] = []
    ids: set[str] = set()
    companies: dict[str, str] = {}
    for task in tasks:
        if task.id in ids:
            found.append(Fault(task.id, "id", "another task has this id; ids are unique over all splits"))
        ids.add(task.id)
        where = companies.setdefault(normalised(task.company), task.split)
        if where != task.split:
            found.append(Fault(task.id, "company", f"its company is in {where} and in {task.split}"))
        found += faults_of(task)
    return found


def faults_of(task: Task) -> Iterator[Fault]:
    try:
        readings = [read_prospect(moment.prospect) for moment in moments(task)]
    except UserError as error:
        yield Fault(task.id, "reading", str(error))
        return
    if (warnings := readings[0].warnings) and task.hostile not in WARNED:
        yield Fault(task.id, "reading", warnings[0])
    if split_of(task.company) != task.split:
        yield Fault(task.id, "company", f"its company belongs to {split_of(task.company)} and the task says {task.split}")
    playbook = load_playbook("tenacious")
    for moment in moments(task):
        if (read := decision_of(moment.prospect, playbook)) != moment.decision:
            yield Fault(task.id, "decision", f"at turn {moment.turn} it says {moment.decision} and the rubric reads {read}")
    yield from _labels(task)


def _labels(task: Task) -> Iterator[Fault]:
    if (counted := difficulty_of(task)) != task.difficulty:
        yield Fault(task.id, "difficulty", f"it says {task.difficulty} and the rule counts {counted}")
    if not gives_room(task):
        yield Fault(task.id, "tempts", f"nothing in the brief gives room for {task.tempts}")
    if task.hostile and not is_there(task, task.hostile):
        yield Fault(task.id, "hostile", f"the brief holds no {task.hostile}")
    if task.tempts == "injection" and task.hostile is None:
        yield Fault(task.id, "hostile", "a task that tempts into injection names its kind of hostile input")


__all__ = ["Fault", "decision_of", "faults", "faults_of", "told"]
