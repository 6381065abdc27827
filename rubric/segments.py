"""The segment of a prospect: which pitch fits, how surely, and which filters said so.

Decides by the playbook's filters over facts of the brief; when no segment fits, or the one that
does is not sure enough, the answer is to abstain. What somebody upstream claims is compared, never
believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from rubric.coerce import CONFIDENCES, Confidence
from rubric.playbook import ABSTAIN, Criterion, Playbook, Segment
from rubric.prospect import Prospect, Signal, StackCapacity

_WEIGHT: dict[Confidence, float] = {"high": 1.0, "medium": 0.5, "low": 0.25, "insufficient_signal": 0.0}
_CORPORATE = re.compile(
    r"\b(?:acquir\w+|acquisition|bankruptcy|chapter 11|insolven\w+|going private|take[- ]private|taken private|merger)\b",
    re.I,
)
_NEW_CHIEF = re.compile(r"\bnew (?:ceo|cfo|chief executive|chief financial)\b", re.I)
_SPECIALIST = re.compile(
    r"\b(?:ml|machine learning|mlops|ai|llm|data|security|sre|platform|research|staff|principal)\b", re.I
)
_NUMBERED = re.compile(r"(?:segment[ _]?)?([1-9])\b")


class Fact(NamedTuple):
    value: float | str | bool | frozenset[str] | None
    weight: float = 1.0


class Fired(NamedTuple):
    """A filter and what it said: True, False, or None where the brief is silent."""

    criterion: Criterion
    value: float | str | bool | frozenset[str] | None
    met: bool | None
    weight: float

    @property
    def text(self) -> str:
        name = (self.criterion.fact or "").replace("_", " ")
        if self.value is None:
            return f"{name} is not known"
        return f"{name} is {_shown(self.value)}, wanted {_wanted(self.criterion)}"


_SILENT = Fact(None)


class SegmentVerdict(NamedTuple):
    name: str
    confidence: float
    fired: tuple[Fired, ...] = ()
    tried: tuple[str, ...] = ()


def level(signal: Signal | None, as_of: date, freshness_days: int) -> Confidence | None:
    """How sure a signal is: one level less when it was observed too long ago; None if it is absent."""
    if signal is None:
        return None
    given = signal.confidence or "high"
    stale = signal.observed_on is not None and (as_of - signal.observed_on).days > freshness_days
    return CONFIDENCES[min(CONFIDENCES.index(given) + stale, len(CONFIDENCES) - 1)]


def classify(prospect: Prospect, playbook: Playbook) -> SegmentVerdict:
    """The segment by the playbook's order; each one that fails gives way to the next."""
    facts = _facts(prospect, playbook)
    segments = {s.name: s for s in playbook.segments}
    tried: list[str] = []
    for choice in playbook.segment_order:
        segment = segments[choice.segment]
        if any(_judge(c, facts).met is not True for c in choice.when):
            continue
        fired, reason = _fit(segment, facts)
        if reason is None:
            confidence = round(sum(f.weight for f in fired) / len(fired), 2)
            if confidence >= playbook.policy.min_segment_confidence:
                return SegmentVerdict(segment.name, confidence, fired, tuple(tried))
            reason = f"confidence {confidence:.2f} is below {playbook.policy.min_segment_confidence}"
        tried.append(f"{segment.name}: {reason}")
    return SegmentVerdict(ABSTAIN, 1.0 if playbook.segments else 0.0, (), tuple(dict.fromkeys(tried)))


def segment_name(claim: str | None, playbook: Playbook) -> str | None:
    """A segment by its name, its number or its title; None for a claim that names none."""
    if not claim:
        return None
    low = claim.strip().lower()
    if re.search(r"abstain|exploratory|none|unqualified", low):
        return ABSTAIN
    number = _NUMBERED.match(low)
    words = set(re.findall(r"[a-z]+", low))
    for segment in playbook.segments:
        if number and int(number[1]) == segment.number:
            return segment.name
        if set(segment.name.split("_")) <= words or set(segment.title.lower().split()) <= words:
            return segment.name
    return None


def _fit(segment: Segment, facts: dict[str, Fact]) -> tuple[tuple[Fired, ...], str | None]:
    """The filters of a segment and the reason why it does not fit, if it does not."""
    trigger = _judge(segment.trigger, facts)
    fired = (trigger, *(_judge(c, facts) for c in segment.filters))
    if trigger.met is not True:
        return fired, f"not triggered ({trigger.text})"
    for result in fired:
        if result.met is False:
            return fired, result.text
    for criterion in segment.out:
        result = _judge(criterion, facts)
        if result.met:
            return fired, f"ruled out by {result.text}"
    return fired, None


def _judge(criterion: Criterion, facts: dict[str, Fact]) -> Fired:
    if criterion.any_of:
        results = [_judge(c, facts) for c in criterion.any_of]
        return max(results, key=lambda r: (r.met is True, r.met is None, r.weight))
    fact = facts.get(criterion.fact or "", _SILENT)
    if fact.value is None:
        return Fired(criterion, None, None, 0.0)
    met = _meets(criterion, fact.value)
    return Fired(criterion, fact.value, met, fact.weight if met else 0.0)


def _meets(criterion: Criterion, value: float | str | bool | frozenset[str]) -> bool:
    if criterion.is_ is not None:
        return value is criterion.is_
    if criterion.any:
        given = value if isinstance(value, frozenset) else frozenset([str(value)])
        return bool(given & set(criterion.any))
    if isinstance(value, (str, frozenset)):
        return False
    if criterion.above is not None:
        return value > criterion.above
    return (criterion.min is None or criterion.min <= value) and (criterion.max is None or value <= criterion.max)


def _shown(value: float | str | bool | frozenset[str]) -> str:
    if isinstance(value, frozenset):
        return "/".join(sorted(value)).replace("_", " ")
    if isinstance(value, float):
        return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
    return str(value).lower().replace("_", " ")


def _wanted(criterion: Criterion) -> str:
    if criterion.is_ is not None:
        return str(criterion.is_).lower()
    if criterion.any:
        return " or ".join(criterion.any).replace("_", " ")
    if criterion.above is not None:
        return f"above {criterion.above:,.0f}"
    low, high = criterion.min, criterion.max
    if low is None or high is None:
        return f"at most {high:,.0f}" if high is not None else f"at least {low or 0:,.0f}"
    return f"{low:,.0f} to {high:,.0f}"


def _facts(prospect: Prospect, playbook: Playbook) -> dict[str, Fact]:
    as_of = prospect.as_of or date.today()
    signals, company = prospect.signals, prospect.company
    fresh = playbook.policy.freshness_days

    def of(signal: Signal | None, value: float | str | bool | None) -> Fact:
        found = level(signal, as_of, fresh)
        usable = found is not None and found != "insufficient_signal" and value is not None
        return Fact(value, _WEIGHT[found]) if usable and found else Fact(None)

    def age(signal: Signal | None, day: date | None) -> Fact:
        days = float((as_of - day).days) if day else None
        return of(signal, days if days is not None and days >= 0 else None)

    funding, hiring, layoff = signals.funding, signals.hiring, signals.layoff
    leader, gap = signals.leadership, signals.capability_gap
    text = " . ".join(signals.facts)
    flags = {re.sub(r"[^a-z0-9]+", "_", f.lower()) for f in prospect.flags}
    engineering = leader is not None and (leader.role in playbook.leader_roles)
    chief = leader is not None and leader.role in {"ceo", "cfo"}
    out = {
        "funding_stage": of(funding, funding.stage if funding else None),
        "funding_amount_usd": of(funding, funding.amount_usd if funding else None),
        "funding_age_days": age(funding, funding.closed_on if funding else None),
        "strategic_only": Fact(bool(funding and funding.strategic_only)),
        "headcount": Fact(float(company.headcount) if company.headcount is not None else None),
        "region": Fact(regions_of(company.hq, playbook) or None),
        "open_roles": of(hiring, hiring.open_engineering_roles if hiring else None),
        "layoff_age_days": age(layoff, layoff.on if layoff else None),
        "layoff_pct": of(layoff, layoff.pct if layoff else None),
        "heavy_layoff_age_days": age(layoff, layoff.on if layoff and (layoff.pct or 0) > 15 else None),
        "restructuring_age_days": age(
            signals.restructuring, signals.restructuring.on if signals.restructuring else None
        ),
        "leader_age_days": age(leader, leader.started_on if leader and engineering else None),
        "leader_interim": Fact(bool(leader and leader.interim)),
        "other_chief_age_days": age(leader, leader.started_on if leader and chief else None)
        if chief
        else Fact(0.0 if _NEW_CHIEF.search(text) else None),
        "ai_maturity": of(signals.ai_maturity, signals.ai_maturity.score if signals.ai_maturity else None),
        "specialist_days_open": _specialist(prospect, of),
        "capability_available": Fact(_available(prospect, playbook)),
        "corporate_event_age_days": Fact(0.0 if _CORPORATE.search(text) else None),
    }
    for flag in (
        "federal_delivery",
        "in_house_history",
        "prior_vendor_ties",
        "boutique_showcase",
        "initiative_without_team",
        "public_talk",
    ):
        out[flag] = Fact(True if any(flag in f or f in flag for f in flags if len(f) > 5) else None)
    if gap and gap.evidence and re.search(r"\b(?:announc\w+|launch\w+|initiative)\b", gap.evidence, re.I):
        out["initiative_without_team"] = of(gap, True)
    if (
        gap
        and gap.evidence
        and re.search(r"\b(?:talk|conference|keynote|podcast|webinar|interview)\b", gap.evidence, re.I)
    ):
        out["public_talk"] = of(gap, True)
    return out


def _specialist(prospect: Prospect, of: object) -> Fact:
    gap, hiring = prospect.signals.capability_gap, prospect.signals.hiring
    make: object = of
    if gap is not None and gap.days_open is not None:
        found: Fact = make(gap, float(gap.days_open))  # type: ignore[operator]
        if found.value is not None:  # a gap that is not sure enough hides no role that is open as long
            return found
    days = [
        r.days_open
        for r in (hiring.roles if hiring else [])
        if r.days_open is not None and r.title and _SPECIALIST.search(r.title)
    ]
    return make(hiring, float(max(days))) if days else Fact(None)  # type: ignore[operator]


def regions_of(place: str | None, playbook: Playbook) -> frozenset[str]:
    """Every region that the words of a place belong to."""
    if not place:
        return frozenset()
    words = re.sub(r"[^a-z.]+", " ", place.lower()).split()
    runs = {" ".join(words[n : n + size]) for size in (1, 2, 3) for n in range(len(words))}
    return frozenset(region for run in runs for region in playbook.region_of.get(run, ()))


def _available(prospect: Prospect, playbook: Playbook) -> bool | None:
    gap = prospect.signals.capability_gap
    stack = gap.stack if gap else None
    if stack is None:
        return None
    entry = capacity_of(stack, prospect, playbook)
    return entry is not None and entry.available > 0


def capacity_of(stack: str, prospect: Prospect, playbook: Playbook) -> StackCapacity | None:
    """Capacity in one stack: the prospect's own entry, else the playbook's; None if neither has it."""
    key = stack.strip().lower().replace(" ", "_")
    for name, entry in _merged(prospect, playbook):
        if name == key:
            return entry
    return None


def _merged(prospect: Prospect, playbook: Playbook) -> Iterable[tuple[str, StackCapacity]]:
    for name, entry in prospect.capacity.items():
        yield name.strip().lower().replace(" ", "_"), entry
    for name, entry in playbook.capacity.items():
        yield name, entry


__all__ = ["Fact", "Fired", "SegmentVerdict", "capacity_of", "classify", "level", "regions_of", "segment_name"]
