"""What may be pitched, promised and said to this prospect, as the rubric would judge it.

Decides by the rubric's segment, tiers, capacity and commitments: the pitch that fits, the people that
are there, the first day they can start, and the talk that does not suit the reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from prompts import wording
from prompts.neutral import neutralise
from prompts.signals import Pair
from prompts.trust import Trusted
from rubric.case import Case
from rubric.offers import entries, key
from rubric.playbook import ABSTAIN, Tier
from rubric.prospect import StackCapacity
from rubric.rules.regulated import is_regulated

STACKS, COMMITMENTS = 3, 12


def offer(case: Case) -> Iterator[Pair]:
    yield from _pitch(case)
    yield from _ai_pitch(case)
    yield "Avoid", Trusted("; ".join(_avoid(case)))
    yield "Need", _need(case)
    for stack in _stacks(case):
        yield "Capacity", f"{_stack(case, stack)}: {_capacity(case, stack)}"
    for commitment in case.prospect.prior_commitments[:COMMITMENTS]:
        until = f"until {wording.day(commitment.ends)}" if commitment.ends else None
        if commitment.who or commitment.stack:
            yield "Already committed", wording.series([_word(commitment.who), _stack(case, commitment.stack), until])


def _word(text: str | None) -> str | None:
    """A name or a skill, short enough to leave room for what is said of it."""
    return neutralise(wording.plain_word(text), 80) if text else None


def _stack(case: Case, stack: str | None) -> str | None:
    return _word(case.playbook.stack_title(stack)) if stack else None


def _pitch(case: Case) -> Iterator[Pair]:
    segments = {segment.name: segment for segment in case.playbook.segments}
    if not segments:
        return
    if case.segment.name == ABSTAIN:
        yield "Pitch", Trusted("none fits: name one fact, ask one question, offer no pitch")
        return
    segment = segments[case.segment.name]
    said = _such_as(wording.examples(case.playbook.pitches.get(segment.name, ()), 1))
    yield "Pitch", Trusted(f"{segment.title.lower()}{said}; no other")
    if case.first_contact and segment.opens_with:
        yield "Open with", Trusted(f"the {wording.plain_word(segment.opens_with)} signal")


def _such_as(phrases: list[str]) -> str:
    quoted = ", ".join(f'"{phrase}"' for phrase in phrases)
    return f", such as {quoted}" if phrases else ""


def _ai_pitch(case: Case) -> Iterator[Pair]:
    signal = case.prospect.signals.ai_maturity
    if signal is None or signal.score is None or case.level(signal) == "insufficient_signal":
        return
    for pitch in case.playbook.ai_pitches:
        if signal.score in pitch.maturity:
            yield "AI pitch, if any", Trusted(_such_as(wording.examples(pitch.words, 1)).removeprefix(", "))


def _avoid(case: Case) -> Iterator[str]:
    """Kinds of talk that do not suit the reader's size, stage or mood."""
    kinds = [tier.language.removesuffix(" language") for tier in case.playbook.tiers if not _suits(case, tier)]
    if kinds:
        yield f"{', '.join(kinds)} language"
    if _let_go(case):
        yield "talk of growth"
    if any(segment.quiet for segment in case.playbook.segments if segment.name == case.segment.name):
        yield "hurry"
    stage = case.prospect.buying_stage
    for pitch in case.playbook.stage_pitches:
        if stage is not None and stage not in pitch.unless:
            yield f"{wording.plain_word(pitch.stage)} talk"


def _suits(case: Case, tier: Tier) -> bool:
    """Whether language for companies of one size and stage suits this one; silence suits."""
    funding, headcount = case.prospect.signals.funding, case.prospect.company.headcount
    stage = funding.stage if funding else None
    if headcount is not None and tier.max_headcount is not None and headcount > tier.max_headcount:
        return False
    if headcount is not None and tier.min_headcount is not None:
        return headcount >= tier.min_headcount or stage in tier.stages
    return stage is None or stage in tier.stages


def _let_go(case: Case) -> bool:
    """Whether people were let go within the time that the playbook keeps quiet about growth."""
    layoff = case.prospect.signals.layoff
    if layoff is None or case.level(layoff) == "insufficient_signal":
        return False
    age = (case.as_of - layoff.on).days if layoff.on else 0
    return 0 <= age <= case.playbook.policy.growth_quiet_days


def _need(case: Case) -> str | None:
    need = case.prospect.need
    if need is None:
        return None
    people = case.playbook.seller.people_word
    who = wording.number(need.engineers, people.removesuffix("s"), people) if need.engineers is not None else None
    start = f"start by {wording.day(need.start_by)}" if need.start_by else None
    return wording.series([who, _stack(case, need.stack), _word(need.seniority), start])


def _stacks(case: Case) -> list[str]:
    """The stacks that the brief speaks of: the need's, else the gap's, else those of the open roles."""
    need, gap, hiring = case.prospect.need, case.prospect.signals.capability_gap, case.prospect.signals.hiring
    if need and need.stack:
        return [need.stack]
    if gap and gap.stack and case.level(gap) != "insufficient_signal":
        return [gap.stack]
    roles = hiring.roles if hiring and case.level(hiring) != "insufficient_signal" else []
    named = [role.stack for role in roles if role.stack and entries(case, (key(role.stack),))]
    return list(dict.fromkeys(named))[:STACKS]


def _capacity(case: Case, stack: str) -> str:
    found = entries(case, (key(stack),))
    there = sum(entry.available for entry in found)
    if not there:
        return "nobody, offer no people for it"
    seniors = [entry.senior for entry in found if entry.senior is not None]
    senior = f"{sum(seniors)} of them senior" if len(seniors) == len(found) else None
    return wording.series([f"{there} available", senior, _start(case, found), _short(case, there)])


def _start(case: Case, found: list[StackCapacity]) -> str | None:
    """The first day that deployment, checks and running commitments allow."""
    extra = case.playbook.policy.regulated_extra_days if is_regulated(case) else 0
    days = [case.as_of + timedelta(entry.deploy_days + extra) for entry in found if entry.deploy_days is not None]
    free: list[date] = [entry.committed_until + timedelta(1) for entry in found if entry.committed_until]
    return f"start {wording.day(max(days + free))} at the earliest" if days or free else None


def _short(case: Case, there: int) -> str | None:
    need = case.prospect.need
    if need is None or need.engineers is None or need.engineers <= there:
        return None
    if case.playbook.policy.above_capacity == "escalate":
        return "fewer than needed: a person plans the rest"
    return f"fewer than needed: offer {there} first and name a review before more"


__all__ = ["offer"]
