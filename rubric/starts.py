"""From when a letter promises people: dates, spans of time from now, and "immediately".

Decides which times of a sentence are starts. A time that is refused, the end of a commitment, the
time of a condition or of something that happened is none; a day without a year lies ahead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from rubric.case import Case, Passage
from rubric.dates import DateRef
from rubric.offers import WE
from rubric.phrases import Hit
from rubric.quantities import Quantity
from rubric.words import Sentence

IDLE = frozenset(
    """available free open spare set working work place supply send commit committed commitment hand
    shipping shipped live""".split()
)
_UNTIL = frozenset("until through till thru ends end ending finishes wraps rolls".split())
_MOVES = frozenset("move moves moved moving shift shifts shifted change changes changed slip slips postponed pushed".split())
_MODALS = frozenset("can could will would may might we'll we'd they'll they'd shall".split())
_REFUSALS = frozenset("don't doesn't cannot can't not won't couldn't isn't unable never".split())
# Verbs and nouns of what happened, in a clause where the seller does not speak.
_HAPPENED = frozenset(
    """closed announced started joined appointed opened raised reduced launched took became began left cut let
    bought sold acquired published posted wrote said moved went was were had came made reported happened followed
    rebuilt reorganised reorganized restructured released shipped switched adopted finished completed read saw
    since dates dated""".split()
)
_EVENTS = frozenset("reduction reductions layoff layoffs appointment restructuring round raise cut cuts pilot".split())
_CLAUSE = re.compile(r"[,;:()\u2013\u2014]|\b(?:and|but|so|while|if|though)\b", re.I)
_TOO_SOON = re.compile(r"\W{0,3}(?:\w+ ){0,3}(?:is|would be|are) (?:too|not)\b|,? no(?=[,:;.\u2013\u2014]| -)", re.I)
_THAT_DAY = re.compile(r"\b(?:that (?:day|date|week|month)|then)\b", re.I)
_MANY = frozenset("much many all everything everyone everybody lot both two three several people things".split())


class Start(NamedTuple):
    """A promised start: the latest day it can mean, and its characters."""

    day: date
    start: int
    end: int


def starts(case: Case, sentence: Sentence) -> Iterator[Start]:
    """Every start that a sentence promises: a date, a span of time from now, or "immediately"."""
    body = case.body
    explicit = any(r.kind == "calendar" and sentence.start <= r.start < sentence.end for r in body.dates)
    for ref in body.dates:
        if sentence.start <= ref.start < sentence.end and _promised(case, sentence, ref, explicit=explicit):
            behind = _behind(body, ref.start)
            yield Start(_later(ahead(case, sentence, ref), int(behind)), ref.start, ref.end)
    for amount in body.amounts:
        if amount.kind == "duration" and sentence.first <= amount.first < sentence.last and _ahead(body, amount):
            yield Start(_later(case.as_of, round(min(amount.high, 1e5) + 0.49)), amount.start, amount.end)
    for hit in body.inside("start_now", sentence) if not explicit else ():
        if _now(body, sentence, hit):
            yield Start(_later(case.as_of, _days_to(case, hit)), *body.words.chars(hit.first, hit.last))


def _promised(case: Case, sentence: Sentence, ref: DateRef, *, explicit: bool) -> bool:
    """Whether a date is one of starting and not of an end, a refusal, a condition or the past."""
    body = case.body
    if ref.kind in {"ago", "only_year", "in"} or ahead(case, sentence, ref) < case.as_of:
        return False
    word = min(body.words.at(ref.start), sentence.last - 1)
    if _until(body, ref.start) or _too_soon(body, ref.end) or _refused(body, sentence, word):
        return False
    if _in_condition(body, sentence, word) or happened(body, sentence, word):
        return False
    beside = beside_start(body, sentence, word) and body.words.lower[word - 1 : word] != ["from"]
    return ref.kind != "day" or (beside and not explicit)


def ahead(case: Case, sentence: Sentence, ref: DateRef) -> date:
    """The last day that a date means; one without a year, promised and gone by, means the next year's."""
    gone = not ref.fixed and (case.as_of - ref.last_day).days > 30
    lower = case.body.words.lower[sentence.first : sentence.last]
    if not gone or not _MODALS & set(lower) or "since" in lower:
        return ref.last_day
    if any(ref.first_day <= day <= ref.last_day for _, day in case.brief.days if day < case.as_of):
        return ref.last_day
    return _later(ref.last_day, 365)


def happened(passage: Passage, sentence: Sentence, word: int) -> bool:
    """Whether the clause around a time tells of the past: "X started a pilot in May"."""
    start = passage.words.starts[word]
    clause = sentence.start
    for mark in _CLAUSE.finditer(passage.words.text, sentence.start, start):
        clause = mark.end()
    before = passage.words.lower[passage.words.at(clause) : word]
    if (_MODALS | WE) & set(before) - {"i"}:
        return False
    return bool(_HAPPENED & set(before)) or bool(_EVENTS & set(before[-3:]))


def together(passage: Passage, hit: Hit) -> bool:
    """Whether "at once" means together: "not too much at once"."""
    lower = passage.words.lower
    return lower[hit.first : hit.last] == ["at", "once"] and bool(_MANY & set(lower[max(0, hit.first - 1) : hit.first]))


def _now(passage: Passage, sentence: Sentence, hit: Hit) -> bool:
    """Whether "immediately" and its like are said of a start."""
    return (
        not passage.negated(hit.first)
        and not together(passage, hit)
        and (passage.words.lower[hit.first - 1 : hit.first] != ["from"] or passage.words.lower[hit.last : hit.last + 1] in (["on"], ["onwards"]))
        and beside_start(passage, sentence, hit.first)
        and not _in_condition(passage, sentence, hit.first)
    )


def _days_to(case: Case, hit: Hit) -> int:
    said = case.body.words.lower[hit.first : hit.last]
    if said[0] == "tomorrow":
        return 1
    if "next" in said:
        return 11 - case.as_of.weekday()
    return 6 - case.as_of.weekday() if "week" in said else 0


def _until(passage: Passage, start: int) -> bool:
    """Whether a date ends something: "until", "to"; a date that moves to a day does not end there."""
    word = passage.words.at(start)
    before = passage.words.lower[max(0, word - 4) : word]
    if _UNTIL & set(before):
        return True
    near = [w for w in before[-2:] if w != "the"]
    return near[-1:] == ["to"] and not _MOVES & set(before)


def _ahead(passage: Passage, amount: Quantity) -> bool:
    """Whether a duration counts from now: "in two weeks", "within 72 hours", "two-week lead time"."""
    lower = passage.words.lower
    before = lower[max(0, amount.first - 3) : amount.first]
    after = lower[amount.last : amount.last + 3]
    if {"ago", "minute", "engagement", "contract", "project", "scope", "sprint", "notice", "trial"} & set(
        after
    ) or amount.unit == "minute":
        return False
    if {"adds", "add", "adding", "plus", "additional", "extra", "for", "every", "over", "last", "past"} & set(
        before
    ) or {"longer", "extra", "more", "later"} & set(after):
        return False
    return bool({"in", "within", "under", "inside", "only", "just", "take", "takes", "start"} & set(before)) or bool(
        {"lead", "from", "onboarding", "turnaround"} & set(after)
    )


def beside_start(passage: Passage, sentence: Sentence, word: int) -> bool:
    """Whether the nearest verb is one of starting and not one of being free: "free today, start in May"."""
    verbs = [*passage.inside("start_verb", sentence), *passage.inside("available_verb", sentence)]
    if not verbs:
        return True
    nearest = min(verbs, key=lambda h: (abs(h.first - word), h.first > word))
    if passage.words.lower[nearest.first] == "place" and {"we", "i"} & set(passage.words.lower[max(0, nearest.first - 2) : nearest.first]):
        return True
    return passage.words.lower[nearest.first] not in IDLE or word in range(nearest.first, nearest.last)


def _later(day: date, days: int) -> date:
    """Some days on, or the last day of the calendar."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


def _behind(passage: Passage, start: int) -> bool:
    word = passage.words.at(start)
    return bool({"after", "post", "beyond", "past", "following"} & set(passage.words.lower[max(0, word - 2) : word]))


def _refused(passage: Passage, sentence: Sentence, word: int) -> bool:
    """Whether the start is denied: "cannot start in July"."""
    denied = [h.first for h in passage.inside("negations", sentence) if word - 5 <= h.first < word]
    return bool(denied) and passage.words.lower[denied[-1]] in _REFUSALS


def _in_condition(passage: Passage, sentence: Sentence, word: int) -> bool:
    """Whether the time is that of a condition: "if we agreed this week, two could start in May". One that the
    rest takes up is a start: "if 4 May suits you, two could start that day"."""
    lower = passage.words.lower[max(sentence.first, word - 5) : word]
    rest = passage.words.text[passage.words.starts[word] : sentence.end]
    return bool({"if", "once", "when", "should"} & set(lower)) and "," in rest and not _THAT_DAY.search(rest)


def _too_soon(passage: Passage, end: int) -> bool:
    """Whether a date is named to be refused: "28 October is too soon", "19 December, no: the 20th"."""
    return bool(_TOO_SOON.match(passage.words.text[end:]))


__all__ = ["IDLE", "Start", "ahead", "beside_start", "happened", "starts", "together"]
