"""Dates in a text, relative ones counted from `as_of`.

Decides which days an expression can mean ("in March", "last quarter", "41 days ago",
"mid-August"). A date without a year means the nearest one; `covers` compares without the year
then. Clock times are in `zones.py`.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import NamedTuple

from rubric.words import lowered

_MONTHS = {m.lower(): n for n, m in enumerate(calendar.month_name) if m}
_MONTHS |= {m.lower(): n for n, m in enumerate(calendar.month_abbr) if m} | {"sept": 9}
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
_DOT = r"(?:(?<!may)(?<!\w{4})|(?<=sept))\."  # of an abbreviation; behind a whole name it ends the sentence
_WEEKDAYS = {d.lower(): n for n, d in enumerate(calendar.day_name)}
_WEEKDAY = "(?:" + "|".join(_WEEKDAYS) + ")"
_COUNT = r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a couple of|a few)"
_COUNTS = {w: n for n, w in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())}
_COUNTS |= {"a": 1, "an": 1, "a couple of": 2, "a few": 3}
_UNIT_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
# Words that are months only in some places: "we may", "march towards".
_AMBIGUOUS = frozenset({"may", "march", "mar", "dec", "sun", "sat", "jan"})
_BEFORE_MONTH = re.compile(
    r"(?:\b(?:in|of|by|since|from|until|till|through|to|last|next|this|before|after|late|early|mid|end|around|for|and|on|during|throughout)[ -]|[-/(] ?)$"
)

_WORD = re.compile(r"[^\W_]+")
_OPENERS = (
    frozenset(_MONTHS)
    | frozenset(_WEEKDAYS)
    | frozenset(_COUNTS)
    | frozenset(
        "early mid late beginning start middle the end first last this next past previous coming current".split()
    )
    | frozenset("q1 q2 q3 q4 in within year yesterday today tomorrow".split())
    | frozenset(f"{day}s" for day in _WEEKDAYS)
)
_DATE = re.compile(
    rf"\b(?P<iso>20\d\d-\d\d(?:-\d\d)?)\b"
    rf"|\b(?P<md>{_MONTH})(?:{_DOT})? (?P<md_day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,? (?P<md_year>20\d\d))?"
    rf"|\b(?P<dm_day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<dm>{_MONTH})\b(?:,? (?P<dm_year>20\d\d))?"
    rf"|\b(?:(?P<part>early|mid|late|beginning of|start of|middle of|(?:the )?end of|first week of|last week of)[ -])?\b(?P<month>{_MONTH})\b(?:,? (?P<month_year>20\d\d))?"
    rf"|\b(?:(?P<qpart>early|mid|late|(?:the )?end of|start of)[ -])?\bq(?P<q>[1-4])\b(?:[ -]?(?P<q_year>20\d\d))?"
    rf"|\b(?P<ago>{_COUNT})[ -](?P<ago_unit>day|week|month|year)s? (?:ago|earlier|back)\b"
    rf"|\b(?:in|within) (?:the )?(?:next |under |about )?(?P<in>{_COUNT})(?:[ -](?:to |or )?(?P<in_high>\d{{1,3}}|{_COUNT}))? (?:business |working |calendar )?(?P<in_unit>day|week|month|year)s?\b(?! ago)"
    rf"|\b(?P<rel>last|this|next|past|previous|coming|current) (?P<rel_unit>week|month|quarter|year|{_WEEKDAY})\b"
    rf"|\b(?:the )?end of (?:the )?(?P<end_unit>week|month|quarter|year)\b|\b(?P<yearend>year[ -]end)\b"
    rf"|\b(?P<day>yesterday|today|tomorrow)\b"
    rf"|\b(?P<weekday>{_WEEKDAY})s?\b"
    rf"|\b(?P<only_year>20[12]\d)\b"
)


class DateRef(NamedTuple):
    """An expression and the days it can mean; `fixed` where it names its year."""

    first_day: date
    last_day: date
    fixed: bool
    start: int
    end: int
    kind: str

    def covers(self, day: date, *, slack: int = 0) -> bool:
        """Whether `day` is meant, give or take `slack` days."""
        if self._near(day, 0, slack):
            return True
        return not self.fixed and any(self._near(day, years, slack) for years in (-1, 1))

    def _near(self, day: date, years: int, slack: int) -> bool:
        """Whether `day` lies in the span, moved by `years`; ordinals, as the calendar has two ends."""
        first, last = _moved(self.first_day, years), _moved(self.last_day, years)
        return first - slack <= day.toordinal() <= last + slack


def dates(text: str, as_of: date) -> list[DateRef]:
    """Every date in `text`, in order."""
    out: list[DateRef] = []
    low = lowered(text)
    end = 0
    for word in _WORD.finditer(low):
        if word.start() < end or not (word.group() in _OPENERS or word.group()[0].isdigit()):
            continue
        match = _DATE.match(low, word.start())
        if match is None:
            continue
        end = match.end()
        try:
            found = _resolve(match, text, as_of)
        except (ValueError, OverflowError):  # 31 February, a month before the year 1
            continue
        if found is not None:
            if out and out[-1].kind == "weekday" and found.kind == "calendar" and found.start - out[-1].end <= 5:
                out.pop()  # "Monday, 18 May" is one day
            out.append(found)
    return out


def _resolve(match: re.Match[str], text: str, as_of: date) -> DateRef | None:
    start, end = match.span()
    groups = match.groupdict()
    if groups["month"] and not _is_month(match, text):
        return None
    first, last, fixed = _days(groups, as_of)
    return DateRef(first, last, fixed, start, end, _kind(groups))


def _kind(groups: dict[str, str | None]) -> str:
    for name in ("ago", "in", "rel", "weekday", "day", "only_year"):
        if groups[name]:
            return name
    return "end" if groups["end_unit"] or groups["yearend"] else "calendar"


def _is_month(match: re.Match[str], text: str) -> bool:
    word = match["month"]
    if word not in _AMBIGUOUS and len(word) > 3:
        return True
    if match["part"] or match["month_year"]:
        return True
    at = match.start("month")
    return text[at].isupper() and bool(_BEFORE_MONTH.search(text[:at].lower()))


def _days(groups: dict[str, str | None], as_of: date) -> tuple[date, date, bool]:
    if iso := groups["iso"]:
        year, month, *rest = (int(p) for p in iso.split("-"))
        exact = date(year, month, *rest) if rest else None
        return (exact, exact, True) if exact else (*_month(year, month), True)
    for name in ("md", "dm"):
        if word := groups[name]:
            return _day_of_month(_MONTHS[word], int(groups[f"{name}_day"] or 1), groups[f"{name}_year"], as_of)
    if word := groups["month"]:
        first, last, fixed = _near_month(_MONTHS[word], groups["month_year"], as_of)
        return (*_part(first, last, groups["part"]), fixed)
    if quarter := groups["q"]:
        return _quarter(int(quarter), groups["q_year"], groups["qpart"], as_of)
    if ago := groups["ago"]:
        unit = groups["ago_unit"] or "day"
        day = as_of - timedelta(days=_count(ago) * _UNIT_DAYS[unit])
        room = timedelta(days={"day": 0, "week": 4, "month": 16, "year": 185}[unit])
        return day - room, day + room, True
    if ahead := groups["in"]:
        unit = groups["in_unit"] or "day"
        return as_of, as_of + timedelta(days=_count(groups["in_high"] or ahead) * _UNIT_DAYS[unit]), True
    return _relative(groups, as_of)


def _relative(groups: dict[str, str | None], as_of: date) -> tuple[date, date, bool]:
    if unit := groups["rel_unit"]:
        step = {"last": -1, "past": -1, "previous": -1, "next": 1, "coming": 1}.get(groups["rel"] or "", 0)
        if unit in _WEEKDAYS:
            return (*_weekday(_WEEKDAYS[unit], as_of, step), True)
        return (*_period(unit, as_of, step), True)
    if unit := groups["end_unit"]:
        last = _period(unit, as_of, 0)[1]
        return last - timedelta(days=3), last, True
    if groups["yearend"]:
        return date(as_of.year, 12, 15), date(as_of.year, 12, 31), True
    if word := groups["day"]:
        day = as_of + timedelta(days={"yesterday": -1, "today": 0, "tomorrow": 1}[word])
        return day, day, True
    if word := groups["weekday"]:
        return (*_weekday(_WEEKDAYS[word], as_of, 0), True)
    year = int(groups["only_year"] or as_of.year)
    return date(year, 1, 1), date(year, 12, 31), True


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _COUNTS[word]


def _moved(day: date, years: int) -> int:
    """The ordinal of a day, some years on; 29 February moves to the 28th."""
    leap = (day.month, day.day) == (2, 29)
    try:
        return day.replace(year=day.year + years, day=28 if leap and years else day.day).toordinal()
    except ValueError:  # the calendar ends
        return day.toordinal() + 365 * years


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _near_month(month: int, year: str | None, as_of: date) -> tuple[date, date, bool]:
    if year:
        return (*_month(int(year), month), True)
    years = sorted(
        (as_of.year - 1, as_of.year, as_of.year + 1), key=lambda y: abs((y - as_of.year) * 12 + month - as_of.month)
    )
    return (*_month(years[0], month), False)


def _day_of_month(month: int, day: int, year: str | None, as_of: date) -> tuple[date, date, bool]:
    first, _, fixed = _near_month(month, year, as_of)
    exact = first.replace(day=day)
    return exact, exact, fixed


def _part(first: date, last: date, part: str | None) -> tuple[date, date]:
    if part is None:
        return first, last
    if part in {"early", "beginning of", "start of", "first week of"}:
        return first, first.replace(day=10)
    if part in {"mid", "middle of"}:
        return first.replace(day=10), first.replace(day=20)
    return first.replace(day=20), last


def _quarter(number: int, year: str | None, part: str | None, as_of: date) -> tuple[date, date, bool]:
    first, _, fixed = _near_month(3 * number - 1, year, as_of)
    first, last = date(first.year, 3 * number - 2, 1), _month(first.year, 3 * number)[1]
    if part and ("end" in part or part == "late"):
        first = last - timedelta(days=30)
    elif part in {"early", "start of"}:
        last = first + timedelta(days=30)
    return first, last, fixed


def _weekday(number: int, as_of: date, step: int) -> tuple[date, date]:
    """The weekday behind (`step` -1), the next one ahead (0), or that or the one after (1)."""
    ahead = (number - as_of.weekday()) % 7
    if step < 0:
        day = as_of - timedelta(days=((as_of.weekday() - number) % 7) or 7)
        return day, day
    day = as_of + timedelta(days=ahead or 7 * (step > 0))
    return day, day + timedelta(days=7 * (step > 0))


def _period(unit: str, as_of: date, step: int) -> tuple[date, date]:
    if unit == "week":
        monday = as_of - timedelta(days=as_of.weekday() - 7 * step)
        return monday, monday + timedelta(days=6)
    if unit == "year":
        return date(as_of.year + step, 1, 1), date(as_of.year + step, 12, 31)
    width = 3 if unit == "quarter" else 1
    index = (as_of.year * 12 + as_of.month - 1) // width * width + step * width
    first = date(index // 12, index % 12 + 1, 1)
    end = index + width - 1
    return first, _month(end // 12, end % 12 + 1)[1]
