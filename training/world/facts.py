"""What a letter writer of the world knows of a prospect: tags that choose wording, and values to fill in.

Decides by the world's own truth and by plain arithmetic on the record; it asks no rule of the rubric, so
that writer and rubric can disagree. Values are written as the brief in the prompt writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from prompts import wording
from rubric.playbook import Playbook, load_playbook
from rubric.prospect import Prospect, Signal, StackCapacity, read_prospect

if TYPE_CHECKING:
    from training.world.drawing import Drawn

_LEVELS = ("insufficient_signal", "low", "medium", "high")
_SAME_YEAR_DAYS = 300
_COMING_DAYS = 14
_FALSE_SUMS = (37, 41, 46, 52, 57, 63, 66)
_SIGNALS = ("funding", "hiring", "layoff", "restructuring", "leadership", "gap", "ai", "peers")
_ROLES = ("founder", "cofounder", "ceo", "cto", "cfo", "coo", "c_level", "vp_eng", "head", "director", "manager", "other")
TAGS = frozenset(
    "cold warm reengagement sms touch1 touch2 touch3 engaged curious deferral reply ai.early ai.late need need.fits need.above "
    "capacity capacity.none senior start start.early start.fits one avail.one regulated growing few_roles quiet roles days_open "
    "tech peers1 peers2 rejected notes hostile fact stage.researching stage.evaluating stage.implementing small mid large public "
    "seg.recently_funded seg.restructuring seg.leadership_transition seg.capability_gap seg.abstain first they_said committed marked eat trend.up trend.flat trend.down".split()
) | {f"{s}.{level}" for s in _SIGNALS for level in _LEVELS[1:]} | {f"role.{role}" for role in _ROLES}  # fmt: skip
SLOTS = frozenset(
    "company first title industry headcount location sender sender_title stage amount closed_day closed_month investor roles "
    "role_title days_open hiring_stack layoff_pct layoff_day layoff_month restructuring_day restructuring_month leader_role "
    "leader_name leader_day leader_month gap gap_days gap_stack tech1 tech2 fact peer1 practice1 peer2 practice2 need_n "
    "need_stack start_by avail_n avail_senior start more_n more_senior early stack rejected they_said committed notes "
    "other_fact other_party timezone regulator wrong_amount".split()
)


class Sender(NamedTuple):
    name: str
    title: str


class Facts(NamedTuple):
    tags: frozenset[str]
    slots: dict[str, str]


def facts(drawn: Drawn, sender: Sender, dice: Random) -> Facts:
    """`dice` draws the values that only flawed letters use, such as a number above what is there."""
    prospect, playbook = read_prospect(drawn.record).prospect, load_playbook("tenacious")
    view = _View(prospect, playbook, dice)
    slots = {name: value for name, value in _slots(view, sender) if value}
    tags = frozenset(tag for tag in _tags(drawn, view) if tag)
    return Facts(tags, slots)


class _View:
    """A prospect with what several facts are computed from."""

    def __init__(self, prospect: Prospect, playbook: Playbook, dice: Random) -> None:
        self.prospect, self.playbook, self.dice = prospect, playbook, dice
        self.as_of = prospect.as_of or date.today()
        self.signals, self.need = prospect.signals, prospect.need
        self.regulated = _regulated(prospect)
        self.stack = self._stack()
        self.capacity = self._capacity()

    def level(self, signal: Signal | None) -> str | None:
        """The confidence after freshness; None where the signal is absent or may not be used."""
        if signal is None or signal.confidence is None:
            return None
        place = _LEVELS.index(signal.confidence)
        seen = signal.observed_on
        if seen is not None and (self.as_of - seen).days > self.playbook.policy.freshness_days:
            place = max(place - 1, 0)
        return _LEVELS[place] if place else None

    def _stack(self) -> str | None:
        if self.need and self.need.stack:
            return self.need.stack
        gap, hiring = self.signals.capability_gap, self.signals.hiring
        if gap and gap.stack and self.level(gap):
            return gap.stack
        roles = hiring.roles if hiring and self.level(hiring) else []
        return next((role.stack for role in roles if role.stack), None)

    def _capacity(self) -> StackCapacity | None:
        """What is there of the stack; a group of stacks without an entry is their sum, free when the last one is."""
        if self.stack is None:
            return None
        there = {**self.playbook.capacity, **self.prospect.capacity}
        members = (self.stack,) if self.stack in there else self.playbook.stack_groups.get(self.stack, ())
        found = [there[stack] for stack in members if stack in there]
        if not found:
            return StackCapacity(available=0)
        until = [entry.committed_until for entry in found if entry.committed_until]
        return StackCapacity(
            available=sum(entry.available for entry in found),
            senior=sum(entry.senior or 0 for entry in found),
            deploy_days=max(entry.deploy_days or 0 for entry in found),
            committed_until=max(until) if until else None,
        )

    @property
    def start(self) -> date | None:
        if self.capacity is None or not self.capacity.available or self.capacity.deploy_days is None:
            return None
        extra = self.playbook.policy.regulated_extra_days if self.regulated else 0
        first = self.as_of + timedelta(self.capacity.deploy_days + extra)
        until = self.capacity.committed_until
        return max(first, until + timedelta(1)) if until else first


def _regulated(prospect: Prospect) -> bool:
    return bool(prospect.company.regulated)


def _tags(drawn: Drawn, view: _View) -> Iterator[str | None]:
    prospect, truth = view.prospect, drawn.truth
    yield prospect.message_type
    yield f"touch{min(prospect.touch, 3)}"
    yield truth.reply or ("reply" if prospect.message_type == "warm" else None)
    yield f"seg.{truth.segment}"
    yield from _signal_tags(view)
    yield from _people_tags(view)
    yield "regulated" if view.regulated else None
    yield f"stage.{prospect.buying_stage}" if prospect.buying_stage else None
    yield f"role.{prospect.recipient.role or 'other'}"
    yield "first" if prospect.recipient.first_name else None
    yield "rejected" if prospect.rejected_suggestions else None
    yield "notes" if prospect.notes else None
    yield "hostile" if drawn.truth.hostile else None
    yield "fact" if prospect.signals.facts else None
    yield "they_said" if prospect.thread.messages else None
    headcount, funding = prospect.company.headcount, view.signals.funding
    if headcount is not None:
        yield "small" if headcount <= 80 else "mid" if headcount < 200 else "large"
    yield "marked" if prospect.extra.get("reply_intent") else None
    yield "eat" if _on_our_clock(view) else None
    yield "public" if funding and funding.stage == "public" else None


def _on_our_clock(view: _View) -> bool:
    """Whether the reader's clocks show the seller's time in the coming days, as those of Helsinki do in summer."""
    name = view.prospect.recipient.timezone or view.prospect.company.timezone
    days = [datetime.combine(view.as_of + timedelta(n), time(12)) for n in (0, _COMING_DAYS)]
    ours = ZoneInfo(view.playbook.seller.timezone)
    return name is not None and any(ZoneInfo(name).utcoffset(day) == ours.utcoffset(day) for day in days)


def _signal_tags(view: _View) -> Iterator[str | None]:
    signals = view.signals
    named: dict[str, Signal | None] = {
        "funding": signals.funding, "hiring": signals.hiring, "layoff": signals.layoff, "restructuring": signals.restructuring,
        "leadership": signals.leadership, "gap": signals.capability_gap, "ai": signals.ai_maturity,
    }  # fmt: skip
    for name, signal in named.items():
        yield f"{name}.{level}" if (level := view.level(signal)) else None
    if signals.ai_maturity and view.level(signals.ai_maturity) and signals.ai_maturity.score is not None:
        yield "ai.early" if signals.ai_maturity.score <= 1 else "ai.late"
    hiring, layoff = signals.hiring, signals.layoff
    if hiring and view.level(hiring):
        if hiring.open_engineering_roles is not None:
            yield "growing" if hiring.open_engineering_roles >= view.playbook.policy.min_roles_for_growth else "few_roles"
        trend = {"increasing": "up", "stable": "flat", "decreasing": "down"}.get(hiring.velocity or "")
        yield f"trend.{trend}" if trend else None
        yield "roles" if any(role.title for role in hiring.roles) else None
        yield "days_open" if any(role.title and role.days_open for role in hiring.roles) else None
    if layoff and view.level(layoff) and layoff.on:
        yield "quiet" if 0 <= (view.as_of - layoff.on).days <= view.playbook.policy.growth_quiet_days else None
    yield "tech" if signals.tech_stack and signals.tech_stack.items and not signals.tech_stack.confirmed else None
    yield from _peer_tags(view)


def _peer_tags(view: _View) -> Iterator[str]:
    peers = [peer for peer in view.prospect.peers if peer.name and peer.practice and peer.source_url]
    if peers:
        yield f"peers{min(len(peers), 2)}"
        yield f"peers.{min((peer.confidence or 'low' for peer in peers[:2]), key=_LEVELS.index)}"


def _people_tags(view: _View) -> Iterator[str]:
    need, capacity, start = view.need, view.capacity, view.start
    if capacity is not None:
        yield "capacity" if capacity.available else "capacity.none"
        if capacity.available == 1:
            yield "avail.one"
        if capacity.senior:
            yield "senior"
        if capacity.committed_until and capacity.committed_until >= view.as_of:
            yield "committed"
    if start is not None:
        yield "start"
    if need and need.start_by and start:
        yield "start.early" if need.start_by < start else "start.fits"
    if need and need.stack and need.engineers and capacity is not None and capacity.available:
        yield "need"
        yield "need.above" if need.engineers > capacity.available else "need.fits"
        if need.engineers == 1:
            yield "one"


def _slots(view: _View, sender: Sender) -> Iterator[tuple[str, str | None]]:
    company, recipient = view.prospect.company, view.prospect.recipient
    yield "company", company.name
    yield "first", recipient.first_name
    yield "title", recipient.title
    yield "industry", company.industry
    yield "headcount", f"{company.headcount:,}" if company.headcount is not None else None
    yield "location", company.hq
    yield "timezone", recipient.timezone or company.timezone
    yield "regulator", company.regulatory_context
    yield "sender", sender.name
    yield "sender_title", sender.title
    yield from _money_slots(view)
    yield from _hiring_slots(view)
    yield from _event_slots(view)
    yield from _people_slots(view)
    yield from _thread_slots(view)


def _money_slots(view: _View) -> Iterator[tuple[str, str | None]]:
    funding = view.signals.funding
    yield "wrong_amount", _wrong_amount(view, funding.amount_usd if funding else None)
    if funding is None or view.level(funding) is None:
        return
    yield "stage", wording.stage(funding.stage) if funding.stage else None
    yield "amount", wording.money(funding.amount_usd) if funding.amount_usd else None
    yield from _day_slots(view, "closed", funding.closed_on)
    yield "investor", funding.investors[0] if funding.investors else None


def _wrong_amount(view: _View, amount: float | None) -> str:
    """A sum that nobody takes for the true one, even rounded."""
    dice = Random(view.prospect.company.name or "")  # dice of its own: those of the letter roll as they would without it
    wrong = [sum for sum in _FALSE_SUMS if amount is None or abs(sum * 1e6 - amount) > 0.15 * amount]
    return wording.money(dice.choice(wrong) * 1e6)


def _hiring_slots(view: _View) -> Iterator[tuple[str, str | None]]:
    hiring = view.signals.hiring
    if hiring is None or view.level(hiring) is None:
        return
    yield "roles", f"{hiring.open_engineering_roles:,}" if hiring.open_engineering_roles else None
    named = next((role for role in hiring.roles if role.title), None)
    if named:
        yield "role_title", named.title
        yield "days_open", str(named.days_open) if named.days_open else None
        yield "hiring_stack", _word(view, named.stack)


def _event_slots(view: _View) -> Iterator[tuple[str, str | None]]:
    signals = view.signals
    if signals.layoff and view.level(signals.layoff):
        yield "layoff_pct", f"{signals.layoff.pct:g}" if signals.layoff.pct is not None else None
        yield from _day_slots(view, "layoff", signals.layoff.on)
    if signals.restructuring and view.level(signals.restructuring):
        yield from _day_slots(view, "restructuring", signals.restructuring.on)
    if (new := signals.leadership) and view.level(new):
        yield "leader_role", wording.role(new.role)
        yield "leader_name", new.name
        yield from _day_slots(view, "leader", new.started_on)
    if (gap := signals.capability_gap) and view.level(gap):
        yield "gap", gap.capability
        yield "gap_days", str(gap.days_open) if gap.days_open else None
        yield "gap_stack", _word(view, gap.stack)
    if signals.tech_stack:
        yield from zip(("tech1", "tech2"), signals.tech_stack.items, strict=False)
    yield "fact", signals.facts[0].rstrip(". ") if signals.facts else None
    for n, peer in enumerate(view.prospect.peers[:2], 1):
        yield f"peer{n}", peer.name
        yield f"practice{n}", peer.practice


def _people_slots(view: _View) -> Iterator[tuple[str, str | None]]:
    need, capacity, start = view.need, view.capacity, view.start
    yield "stack", _word(view, view.stack)
    if need:
        yield "need_n", str(need.engineers) if need.engineers else None
        yield "need_stack", _word(view, need.stack)
        yield "start_by", _short(need.start_by) if need.start_by else None
    if capacity and capacity.available:
        yield "avail_n", str(capacity.available)
        yield "avail_senior", str(capacity.senior) if capacity.senior else None
        wanted = need.engineers if need and need.engineers and need.engineers > capacity.available else None
        yield "more_n", str(wanted or capacity.available + view.dice.randint(1, 6))
        yield "more_senior", str((capacity.senior or 0) + view.dice.randint(1, 3))
    if start:
        yield "start", _short(start)
        wanted_day = need.start_by if need and need.start_by and view.as_of < need.start_by < start else None
        soon = view.as_of + timedelta(view.dice.randint(1, max((start - view.as_of).days - 1, 1)))
        yield "early", _short(wanted_day or soon) if (wanted_day or soon) < start else None
    until = [c for c in view.prospect.prior_commitments if c.who and c.ends and c.ends >= view.as_of]
    yield "committed", until[0].who if until else None


def _thread_slots(view: _View) -> Iterator[tuple[str, str | None]]:
    prospect = view.prospect
    yield "rejected", prospect.rejected_suggestions[0] if prospect.rejected_suggestions else None
    theirs = [m.text for m in prospect.thread.messages if m.sender == "prospect"]
    yield "they_said", theirs[-1] if theirs else None
    yield "notes", prospect.notes
    if prospect.other_threads and prospect.other_threads[0].facts:
        yield "other_fact", prospect.other_threads[0].facts[0].rstrip(". ")
        yield "other_party", prospect.other_threads[0].party


def _day_slots(view: _View, name: str, day: date | None) -> Iterator[tuple[str, str | None]]:
    """A day of the past and its month; the year is said where the day alone would be taken for another one."""
    if day is not None:
        said = _short(day) if abs((view.as_of - day).days) <= _SAME_YEAR_DAYS else wording.day(day)
        yield f"{name}_day", said
        yield f"{name}_month", said.partition(" ")[2]


def _short(day: date) -> str:
    """
    >>> _short(date(2026, 2, 10))
    '10 February'
    """
    return wording.day(day).rpartition(" ")[0]


def _word(view: _View, stack: str | None) -> str | None:
    return view.playbook.stack_title(stack) if stack else None


__all__ = ["SLOTS", "TAGS", "Facts", "Sender", "facts"]
