"""How difficult a task is, by the brief alone: the number of pressures that it puts on a letter.

Decides without a model's result, so that a level says nothing of who fails at it: none or one pressure is
easy, two are medium, three or more are hard. A pressure is something that a letter has to take into account beyond
naming a sure fact and asking for a call; limits are the playbook's. All turns of a task count together.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from experiments.bench.task import Difficulty, Task, moments
from rubric.errors import UserError
from rubric.playbook import Criterion, Playbook, Segment, load_playbook
from rubric.prospect import Prospect, Signal, read_prospect
from rubric.segments import capacity_of, level

PRESSURES: dict[str, str] = {
    "unsure": "a signal or a peer that is not sure, by its confidence or its age",
    "mixed": "several events at once, or a claimed segment",
    "beyond": "more people, or an earlier start, than capacity allows",
    "edge": "a figure or a day that stands on a limit or one beside it",
    "kept": "something that must not be said: another thread, a rejected idea, a running commitment",
    "hostile": "notes, or text that is not what it seems",
    "thread": "a reader who has answered",
    "turns": "a thread that goes on behind the first letter",
    "changing": "capacity or need that changes on the way",
    "regulated": "a regulated trade, and a need that has a timeline",
    "bare": "no signal that could be named",
    "short": "a letter of 100 words or less",
}
_SHORT = 100


class _Figure(NamedTuple):
    fact: str
    value: float


def difficulty_of(task: Task) -> Difficulty:
    count = len(pressures(task))
    return "easy" if count <= 1 else "medium" if count == 2 else "hard"


def pressures(task: Task) -> frozenset[str]:
    """The pressures of a task; of a prospect that cannot be read, those of the task's form."""
    found = {"hostile"} if task.hostile else set()
    found |= {"turns"} if task.turns else set()
    found |= {"changing"} if any({"capacity", "need"} & set(turn.changes) for turn in task.turns) else set()
    for moment in moments(task):
        found |= set(_of(moment.prospect))
    return frozenset(found)


def _of(record: dict[str, Any]) -> Iterator[str]:
    playbook = load_playbook("tenacious")
    try:
        prospect = read_prospect(record).prospect
    except UserError:
        return
    as_of = prospect.as_of or date.today()
    levels = [level(signal, as_of, playbook.policy.freshness_days) for signal in _signals(prospect)]
    yield from _about_signals(prospect, [found for found in levels if found])
    if any(peer.confidence != "high" or not peer.source_url for peer in prospect.peers):
        yield "unsure"
    if prospect.other_threads or prospect.rejected_suggestions or prospect.prior_commitments:
        yield "kept"
    if prospect.notes:
        yield "hostile"
    if any(message.sender == "prospect" for message in prospect.thread.messages):
        yield "thread"
    if prospect.company.regulated and prospect.need and prospect.need.start_by:
        yield "regulated"
    if _limit(prospect, playbook) <= _SHORT:
        yield "short"
    yield from _about_people(prospect, playbook)
    if any(_on_edge(figure, playbook) for figure in _figures(prospect, as_of)):
        yield "edge"


def _signals(prospect: Prospect) -> list[Signal | None]:
    found = prospect.signals
    return [found.funding, found.hiring, found.layoff, found.restructuring, found.leadership, found.ai_maturity, found.capability_gap]


def _about_signals(prospect: Prospect, levels: list[str]) -> Iterator[str]:
    found = prospect.signals
    if set(levels) - {"high"}:
        yield "unsure"
    if sum(one is not None for one in (found.funding, found.layoff or found.restructuring, found.leadership, found.capability_gap)) > 1 or prospect.segment:
        yield "mixed"
    if not (set(levels) - {"insufficient_signal"} or found.facts):
        yield "bare"


def _limit(prospect: Prospect, playbook: Playbook) -> int:
    """Words that a letter may have; an SMS counts as short."""
    words, touch = playbook.form.words, prospect.touch - 1
    if prospect.message_type == "sms":
        return 0
    if prospect.message_type == "warm":
        intent = str(prospect.extra.get("reply_intent") or "")
        return {"engaged": words.engaged, "curious": words.curious, "soft_deferral": words.soft_deferral}.get(intent, words.warm)[0]
    row = words.reengagement if prospect.message_type == "reengagement" else words.cold
    return row[min(touch, len(row) - 1)] if prospect.message_type == "cold" else row[0]


def _about_people(prospect: Prospect, playbook: Playbook) -> Iterator[str]:
    need = prospect.need
    if need is None or not need.stack:
        return
    entry = capacity_of(need.stack, prospect, playbook)
    available = entry.available if entry else 0
    if need.engineers is not None and need.engineers > available:
        yield "beyond"
    if need.engineers is not None and abs(need.engineers - available) <= 1:
        yield "edge"
    start = first_day(prospect, playbook)
    if start is not None and need.start_by is not None:
        if need.start_by < start:
            yield "beyond"
        if abs((need.start_by - start).days) <= 1:
            yield "edge"


def first_day(prospect: Prospect, playbook: Playbook) -> date | None:
    """The first day that deployment, background checks and commitments allow; None where nobody is there."""
    need = prospect.need
    entry = capacity_of(need.stack, prospect, playbook) if need and need.stack else None
    if entry is None or not entry.available or entry.deploy_days is None:
        return None
    extra = playbook.policy.regulated_extra_days if prospect.company.regulated else 0
    first = (prospect.as_of or date.today()) + timedelta(entry.deploy_days + extra)
    return max(first, entry.committed_until + timedelta(1)) if entry.committed_until else first


def _figures(prospect: Prospect, as_of: date) -> Iterator[_Figure]:
    """The figures of the brief under the names of the facts that the playbook's filters read."""
    found = prospect.signals
    days = {
        "funding_age_days": found.funding.closed_on if found.funding else None, "layoff_age_days": found.layoff.on if found.layoff else None,
        "restructuring_age_days": found.restructuring.on if found.restructuring else None, "leader_age_days": found.leadership.started_on if found.leadership else None,
    }  # fmt: skip
    for name, day in days.items():
        if day:
            yield _Figure(name, (as_of - day).days)
    others = {
        "headcount": prospect.company.headcount, "open_roles": found.hiring.open_engineering_roles if found.hiring else None,
        "layoff_pct": found.layoff.pct if found.layoff else None, "specialist_days_open": found.capability_gap.days_open if found.capability_gap else None,
    }  # fmt: skip
    for name, value in others.items():
        if value is not None:
            yield _Figure(name, value)


def _on_edge(figure: _Figure, playbook: Playbook) -> bool:
    """Whether the figure stands on a limit of a segment, or one beside it."""
    limits = [limit for segment in playbook.segments for limit in _limits(segment, figure.fact)]
    return any(abs(figure.value - limit) <= 1 for limit in limits)


def _limits(segment: Segment, fact: str) -> Iterator[float]:
    criteria: tuple[Criterion, ...] = (segment.trigger, *segment.trigger.any_of, *segment.out, *(segment.filters if fact == "headcount" else ()))
    for criterion in criteria:
        if criterion.fact == fact:
            yield from (limit for limit in (criterion.min, criterion.max, criterion.above) if limit is not None)


__all__ = ["PRESSURES", "difficulty_of", "first_day", "pressures"]
