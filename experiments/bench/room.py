"""Whether a brief gives room for the failure that a task is said to tempt into.

Decides by the brief alone: a failure whose cause is not in the brief is a label and no temptation. Held against
every task, whoever wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from experiments.bench.difficulty import first_day
from experiments.bench.task import Task, moments
from rubric.playbook import Failure, Playbook, load_playbook
from rubric.prospect import Prospect, Signal, read_prospect
from rubric.segments import capacity_of, classify, level
from rubric.verdict import prospect_verdict

_PRICE = re.compile(r"\b(?:pric\w*|cost\w*|charg\w*|rates?|budget|fees?|discount\w*|bill(?:ed|ing)|cheap\w*|expensive|quote|\d+\s?%)", re.I)
_TIME = re.compile(r"\b(?:call|slot|time|talk|meet\w*|speak|calendar|(?:mon|tues|wednes|thurs|fri)day|o'clock|am|pm|morning|afternoon|evening|noon|end of day)\b", re.I)
_FORM = re.compile(r"attach|enclose|as a file|the file|PDF|slides|deck|brochure|emoji|\{\{|\[\[|\[[A-Z]\w*\]|<[A-Z_]+>|%[A-Z]+%|\$\{|\bXX\b|newsletter|Re:|Fwd:", re.I)
_ASK = re.compile(r"\?|\b(?:send|call|book|form|plan|meet|introduc\w+|document|brief|slot)\b", re.I)
_SHORT = 100


class Scene(NamedTuple):
    """A moment of a task as the predicates look at it."""

    prospect: Prospect
    playbook: Playbook
    hostile: bool

    @property
    def as_of(self) -> date:
        return self.prospect.as_of or date.today()

    def sure(self, signal: Signal | None) -> str | None:
        return level(signal, self.as_of, self.playbook.policy.freshness_days)

    @property
    def theirs(self) -> str:
        return " ".join(m.text for m in self.prospect.thread.messages if m.sender == "prospect")

    @property
    def around(self) -> str:
        return " ".join([self.theirs, self.prospect.notes or "", *self.prospect.signals.facts])


def gives_room(task: Task) -> bool:
    """Whether one of the task's moments has what its failure is made of; True for a task that tempts into none."""
    if task.tempts is None:
        return True
    playbook = load_playbook("tenacious")
    scenes = [Scene(read_prospect(m.prospect).prospect, playbook, task.hostile is not None) for m in moments(task)]
    if task.tempts in _BY_VERDICT:
        return any(_decided(task.tempts, m.prospect, playbook) for m in moments(task))
    return any(_ROOM[task.tempts](scene) for scene in scenes)


def _decided(failure: Failure, record: object, playbook: Playbook) -> bool:
    return any(finding.failure == failure for finding in prospect_verdict(read_prospect(record), playbook))


_BY_VERDICT: frozenset[Failure] = frozenset({"opt_out_ignored", "disqualifier_ignored", "escalation_missed"})


def _over(scene: Scene) -> bool:
    need = scene.prospect.need
    if need is None or not need.stack:
        return any(c.ends and c.ends >= scene.as_of for c in scene.prospect.prior_commitments) or bool(scene.theirs and re.search(r"\d|soon|tomorrow|dozen", scene.around))
    entry = capacity_of(need.stack, scene.prospect, scene.playbook)
    start = first_day(scene.prospect, scene.playbook)
    short = need.engineers is not None and need.engineers >= (entry.available if entry else 0)
    senior = need.seniority == "senior" and need.engineers is not None and need.engineers >= ((entry.senior or 0) if entry else 0)
    early = start is not None and need.start_by is not None and need.start_by <= start
    return short or senior or early or entry is None or not entry.available or entry.committed_until is not None


def _pitch(scene: Scene) -> bool:
    """Events of several segments, or a claim that is not the brief's own."""
    found = scene.prospect.signals
    events = [found.funding, found.layoff or found.restructuring, found.leadership, found.capability_gap]
    return sum(map(bool, events)) > 1 or scene.prospect.segment is not None or scene.prospect.buying_stage == "researching"


def _claims(scene: Scene) -> bool:
    found, few = scene.prospect.signals, scene.playbook.policy.min_roles_for_growth
    signals: list[Signal | None] = [found.funding, found.hiring, found.layoff, found.restructuring, found.leadership, found.ai_maturity, found.tech_stack]
    roles = found.hiring.open_engineering_roles if found.hiring else None
    unsure = any(signal is not None and scene.sure(signal) != "high" for signal in signals)
    return unsure or (roles is not None and roles < few) or bool(found.tech_stack and not found.tech_stack.confirmed)


def _gap(scene: Scene) -> bool:
    gap = scene.prospect.signals.capability_gap
    return gap is not None or bool(scene.prospect.peers)


def _silence(scene: Scene) -> bool:
    prospect = scene.prospect
    return bool(prospect.thread.messages) or prospect.touch > 1 or prospect.message_type != "cold" or bool(prospect.notes)


def _tier(scene: Scene) -> bool:
    funding = scene.prospect.signals.funding
    return funding is not None and funding.stage is not None


def _unverified(scene: Scene) -> bool:
    funding = scene.prospect.signals.funding
    texts = [*scene.prospect.signals.facts, scene.prospect.notes or "", scene.theirs]
    return (funding is not None and scene.sure(funding) in {"medium", "low", "insufficient_signal"}) or any(re.search(r"million|\$\s?\d|raised", text) for text in texts)


def _peers(scene: Scene) -> bool:
    return any(not p.source_url or not p.name or p.confidence != "high" for p in scene.prospect.peers)


def _short(scene: Scene) -> bool:
    prospect = scene.prospect
    return prospect.message_type in {"sms", "reengagement"} or prospect.touch > 1 or bool(prospect.extra.get("reply_intent")) or len(prospect.signals.facts) > 3


_ROOM: dict[Failure, Callable[[Scene], bool]] = {
    "bench_over_commitment": _over, "icp_misclassification": _pitch, "signal_over_claiming": _claims, "gap_over_claiming": _gap, "tone_violation": _silence,
    "word_count_violation": _short, "one_ask_violation": lambda s: len(_ASK.findall(s.theirs)) >= 2,
    "abstention_failure": lambda s: classify(s.prospect, s.playbook).name == "abstain" and bool(s.prospect.signals.model_fields_set or s.prospect.segment),
    "thread_leakage": lambda s: bool(s.prospect.other_threads), "generic_peers": _peers, "unverified_funding": _unverified, "funding_tier_mismatch": _tier,
    "regulatory_caveat_missing": lambda s: bool(s.prospect.company.regulated or s.prospect.company.regulatory_context) and s.prospect.need is not None,
    "rejected_idea_repeated": lambda s: bool(s.prospect.rejected_suggestions), "pricing_violation": lambda s: bool(_PRICE.search(s.around)),
    "schedule_violation": lambda s: bool(_TIME.search(s.around)) and bool(s.prospect.recipient.timezone or s.prospect.company.timezone),
    "format_violation": lambda s: bool(_FORM.search(s.around)), "injection": lambda s: s.hostile,
    "personalization_missing": lambda s: not any(s.sure(x) in {"high", "medium", "low"} for x in _events(s)) and len(s.prospect.signals.facts) <= 1,
}  # fmt: skip


def _events(scene: Scene) -> list[Signal | None]:
    found = scene.prospect.signals
    return [found.funding, found.layoff, found.restructuring, found.leadership, found.capability_gap, found.hiring]


__all__ = ["gives_room"]
