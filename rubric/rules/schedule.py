"""Proposed times: named in the reader's zone, inside both working days, on a day to come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from rubric.case import Case, Passage
from rubric.rules import Example, Found, at_place, rule
from rubric.words import Sentence
from rubric.zones import Clock, hour_in, same_clock, zone, zone_named

_BERLIN: dict[str, Any] = {"recipient": {"timezone": "Europe/Berlin"}}
_NEW_YORK: dict[str, Any] = {"recipient": {"timezone": "America/New_York"}}


def reader_zone(case: Case) -> ZoneInfo | None:
    name = case.prospect.recipient.timezone or case.prospect.company.timezone
    return zone(name) if name else None


def _proposals(case: Case) -> list[tuple[Passage, Clock]]:
    """Clock times that propose a meeting, not those of the office or of a talk they gave."""
    out = []
    for passage in case.passages:
        for clock in passage.clocks:
            word = min(passage.words.at(clock.start), len(passage.words.lower) - 1)
            sentence = passage.sentence(word)
            lower = set(passage.words.lower[sentence.first : sentence.last])
            theirs = {"working", "hours", "office", "shift", "open"} & lower and not case.is_ask(passage, sentence)
            if clock.zone or not theirs:
                named = clock if clock.zone else clock._replace(zone=zone_named(passage.words.text))
                out.append((passage, named))
    return out


@rule(
    "schedule.zone_missing",
    failure="schedule_violation",
    dimension="cta_quality",
    severity=3,
    decision="PENALISE",
    fix="name the zone, the reader's own",
    passes=[
        Example("Would Tuesday at 2pm CET suit you?", _BERLIN),
        Example("Would Tuesday at 2pm your time suit you?", _BERLIN),
    ],
    fails=[Example("Would Tuesday at 2pm suit you?", _BERLIN), Example("How about 10:30 on Thursday?")],
)
def zone_missing(case: Case) -> Iterable[Found]:
    """A proposed time without a zone."""
    proposals = _proposals(case)
    if any(c.zone for _, c in proposals):
        return
    for passage, clock in proposals:
        yield at_place(
            passage,
            clock,
            f'"{passage.quote(clock).strip()}" names no time zone',
        )
        return


@rule(
    "schedule.foreign_zone",
    failure="schedule_violation",
    dimension="cta_quality",
    severity=3,
    decision="PENALISE",
    fix="give the time in the reader's zone",
    passes=[Example("Tuesday at 2pm CET?", _BERLIN), Example("Tuesday at 9am ET, 4pm in Addis Ababa?", _NEW_YORK)],
    fails=[Example("Tuesday at 2pm ET?", _BERLIN), Example("Tuesday at 10am EAT?", _NEW_YORK)],
)
def foreign_zone(case: Case) -> Iterable[Found]:
    """A proposed time in another zone than the reader's alone."""
    reader = reader_zone(case)
    if reader is None:
        return
    named = [(p, c, _zone_of(case, c)) for p, c in _proposals(case)]
    if any(z is not None and same_clock(z, reader, _day(case, p, c)) for p, c, z in named):
        return
    for passage, clock, other in named:
        if other is not None:
            own = case.prospect.recipient.timezone or case.prospect.company.timezone
            yield at_place(passage, clock,
                f'"{passage.quote(clock).strip()}" is not in the reader\'s zone ({own})',
                evidence="/recipient/timezone" if case.prospect.recipient.timezone else "/company/timezone",
            )  # fmt: skip
            return


@rule(
    "schedule.outside_overlap",
    failure="schedule_violation",
    dimension="cta_quality",
    severity=3,
    decision="BLOCK",
    fix="propose a time at which both sides work",
    passes=[Example("Tuesday at 9am ET?", _NEW_YORK), Example("Tuesday at 14:00 CET?", _BERLIN)],
    fails=[Example("Tuesday at 4pm ET?", _NEW_YORK), Example("Tuesday at 7am CET?", _BERLIN)],
)
def outside_overlap(case: Case) -> Iterable[Found]:
    """A proposed time at which the reader or the seller's people do not work."""
    reader, seller = reader_zone(case), zone(case.playbook.seller.timezone)
    if reader is None or seller is None or not 1 < case.as_of.year < 9998:
        return
    for passage, clock in _proposals(case):
        source = _zone_of(case, clock) or reader
        day = _day(case, passage, clock)
        for moment in {clock.start_time, clock.end_time}:
            if problem := _closed(
                case, moment, day, source, reader, seller, last=moment == clock.end_time != clock.start_time
            ):
                yield at_place(
                    passage,
                    clock,
                    f'"{passage.quote(clock).strip()}" is {problem}',
                    evidence="playbook:/schedule/zones",
                )
                return


def _closed(
    case: Case, moment: time, day: date, source: ZoneInfo, reader: ZoneInfo, seller: ZoneInfo, *, last: bool
) -> str | None:
    schedule = case.playbook.schedule
    own = str(case.prospect.recipient.timezone or case.prospect.company.timezone)
    hours = schedule.zones[own].day if own in schedule.zones else schedule.default_day
    for who, target, (opens, closes) in (
        ("the reader's", reader, hours),
        ("the seller's", seller, schedule.seller_day),
    ):
        hour = hour_in(moment, day, source, target)
        start, end = opens.hour + opens.minute / 60, closes.hour + closes.minute / 60
        if not (start <= hour < end or (last and hour == end)):
            return f"{int(hour) % 24:02d}:{round(hour % 1 * 60):02d} on {who} clock, outside {opens:%H:%M} to {closes:%H:%M}"
    return None


def _zone_of(case: Case, clock: Clock) -> ZoneInfo | None:
    if clock.zone == "reader":
        return reader_zone(case)
    if clock.zone == "seller":
        return zone(case.playbook.seller.timezone)
    return zone(clock.zone) if clock.zone else None


def _day(case: Case, passage: Passage, clock: Clock) -> date:
    """The day a time belongs to: the nearest date in the text before it, else `as_of`."""
    near = [
        d for d in passage.dates if d.kind in {"weekday", "rel", "calendar", "day"} and abs(d.start - clock.start) < 60
    ]
    return near[-1].first_day if near else case.as_of


@rule(
    "schedule.past_day",
    failure="schedule_violation",
    dimension="cta_quality",
    severity=3,
    decision="PENALISE",
    fix="propose a working day to come",
    passes=[Example("Would a call on 28 April 2026 suit you?"), Example("You closed the round on 10 February 2026."), Example("Would Monday suit you for a 15-minute call?")],
    fails=[Example("Would a call on 14 April 2026 suit you?"), Example("Can we talk on Saturday?"), Example("Would Sunday suit you for a 15-minute call?")],
)
def past_day(case: Case) -> Iterable[Found]:
    """A meeting proposed for a day that is past, or for a weekend."""
    body = case.body
    for ref in body.dates:
        word = min(body.words.at(ref.start), len(body.words.lower) - 1)
        sentence = body.sentence(word)
        if not (case.is_ask(body, sentence) or _asks_for_a_call(body, sentence)) or ref.first_day != ref.last_day or ref.kind == "ago":
            continue
        if ref.fixed and ref.last_day < case.as_of:
            yield at_place(body, ref, f"proposes {ref.last_day}, which is past on {case.as_of}")
            return
        if ref.first_day.weekday() >= 5:
            yield at_place(body, ref, f"proposes {ref.first_day:%A}, a weekend")
            return


def _asks_for_a_call(passage: Passage, sentence: Sentence) -> bool:
    """Whether a question is for a call in words of its own: "Would Sunday suit you for a call?"."""
    return sentence.question and passage.has("ask.call", sentence)


@rule(
    "schedule.booked_slot",
    failure="schedule_violation",
    dimension="cta_quality",
    severity=3,
    decision="PENALISE",
    fix="book a slot inside the reader's working day",
    draft=False,
    passes=[
        Example("Hi", {**_NEW_YORK, "extra": {"booking_slot_utc": "2026-04-28T14:00:00Z"}}),
        Example("Hi", _NEW_YORK),
    ],
    fails=[
        Example("Hi", {**_NEW_YORK, "extra": {"booking_slot_utc": "2026-04-28T06:00:00Z"}}),
        Example("Hi", {**_BERLIN, "extra": {"booking_slot_utc": "2026-04-28T20:00:00Z"}}),
    ],
)
def booked_slot(case: Case) -> Iterable[Found]:
    """A slot booked along with the letter that lies outside the reader's working day."""
    slot = case.prospect.extra.get("booking_slot_utc")
    reader, seller = reader_zone(case), zone(case.playbook.seller.timezone)
    if not isinstance(slot, str) or reader is None or seller is None:
        return
    try:
        moment = datetime.fromisoformat(slot.replace("Z", "+00:00"))
    except ValueError:
        return
    if not 1 < moment.year < 9999:  # no zone has hours at the ends of the calendar
        return
    problem = _closed(case, moment.time(), moment.date(), ZoneInfo("UTC"), reader, seller, last=False)
    if problem:
        yield Found(f"the booked slot {slot} is {problem}", evidence="/extra/booking_slot_utc")
