"""Clock times in a text and the zones they are named in.

Decides which hour a proposed time means and whether both sides work then. Zones are IANA names;
what people write ("ET", "CET", "Berlin time", "your time") is mapped onto them.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_ZONES = {
    "gmt": "Etc/GMT", "utc": "Etc/UTC", "bst": "Europe/London", "uk": "Europe/London", "london": "Europe/London",
    "cet": "Europe/Berlin", "cest": "Europe/Berlin", "berlin": "Europe/Berlin", "paris": "Europe/Paris",
    "central european": "Europe/Berlin", "german": "Europe/Berlin", "eet": "Europe/Helsinki", "eest": "Europe/Helsinki",
    "eat": "Africa/Addis_Ababa", "east africa": "Africa/Addis_Ababa", "east african": "Africa/Addis_Ababa",
    "addis ababa": "Africa/Addis_Ababa", "addis": "Africa/Addis_Ababa", "nairobi": "Africa/Nairobi",
    "et": "America/New_York", "est": "America/New_York", "edt": "America/New_York", "eastern": "America/New_York",
    "new york": "America/New_York", "ct": "America/Chicago", "cst": "America/Chicago", "cdt": "America/Chicago",
    "central": "America/Chicago", "chicago": "America/Chicago", "mt": "America/Denver", "mst": "America/Denver",
    "mountain": "America/Denver", "pt": "America/Los_Angeles", "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles", "pacific": "America/Los_Angeles", "los angeles": "America/Los_Angeles",
    "wat": "Africa/Lagos", "lagos": "Africa/Lagos", "sast": "Africa/Johannesburg", "ist": "Asia/Kolkata",
    "sgt": "Asia/Singapore", "singapore": "Asia/Singapore", "jst": "Asia/Tokyo", "aest": "Australia/Sydney",
    "toronto": "America/Toronto", "dublin": "Europe/Dublin", "stockholm": "Europe/Stockholm",
    "amsterdam": "Europe/Amsterdam", "boston": "America/New_York", "san francisco": "America/Los_Angeles",
}  # fmt: skip
_NAMES = "|".join(sorted(map(re.escape, _ZONES), key=len, reverse=True))
_TIME = re.compile(
    r"(?<![\d:.$\u20ac\u00a3])(?:(?P<noon>\b(?:noon|midday|midnight)\b)|(?P<hour>[01]?\d|2[0-3])(?::(?P<minute>[0-5]\d))?"
    r"(?:\s?(?:-|\u2013|to|and)\s?(?P<hour2>[01]?\d|2[0-3])(?::(?P<minute2>[0-5]\d))?)?"
    r"\s?(?P<half>[ap]\.?m\.?)?)(?![\d%:]|[-\u2013]\d)"
    rf"(?:[\s,]*\(?(?P<in>in )?(?P<zone>{_NAMES}|your|our|local|my)(?![a-z])(?:[\s]+(?:standard|daylight|summer))?(?:[\s]+time)?)?",
    re.I,
)
_HINT = re.compile(r"\d\s?[aApP]\.?[mM]|\d:\d|noon|midday|midnight", re.I)
_NEEDS_TIME = frozenset(
    "your our local my uk german central eastern pacific mountain london berlin paris singapore toronto dublin stockholm "
    "amsterdam boston chicago lagos nairobi addis".split()
) | {"new york", "los angeles", "east africa", "east african", "addis ababa", "san francisco", "central european"}


_NAMED = re.compile(
    rf"\b(?:in|at|on|all in|all|both in|times are)\s+(?:{_NAMES})(?:\s+(?:standard|daylight|summer))?(?:\s+time)?\b|\b(?:{_NAMES}|your|local)\s+time\b",
    re.I,
)


def zone_named(text: str) -> str | None:
    """The zone that a text names once for all its times: "both in London time"."""
    found = (match.group().lower() for match in _NAMED.finditer(text))
    low = next((said for said in found if "time" in said or not _place(said)), None)
    if low is None:
        return None
    return next((z for name, z in _ZONES.items() if re.search(rf"\b{re.escape(name)}\b", low)), "reader")


def _place(said: str) -> bool:
    """Whether the words name a place and, without "time", no zone: "engineers in Nairobi"."""
    return said.startswith(("in ", "at ", "on ")) and any(said.endswith(f" {name}") for name in _NEEDS_TIME)


class Clock(NamedTuple):
    """A time from `start_time` to `end_time` (the same for a single time) as written; `zone` is an
    IANA name, "reader" for "your time", "seller" for "our time", None where none is named."""

    start_time: time
    end_time: time
    zone: str | None
    start: int
    end: int


def clocks(text: str) -> list[Clock]:
    """Every clock time in `text`; a bare number is none."""
    if _HINT.search(text) is None:
        return []
    out = []
    for match in _TIME.finditer(text):
        if not (match["noon"] or match["minute"] or match["half"] or match["minute2"]):
            continue
        first, last = _hours(match)
        end = match.end() if match["zone"] else match.end("half") if match["half"] else match.end()
        out.append(Clock(first, last, _zone(match), match.start(), end))
    return out


def _hours(match: re.Match[str]) -> tuple[time, time]:
    if match["noon"]:
        single = time(0 if match["noon"].lower() == "midnight" else 12)
        return single, single
    afternoon = (match["half"] or "").lower().startswith("p")
    morning = (match["half"] or "").lower().startswith("a")
    first = int(match["hour"]) % 24
    last = int(match["hour2"]) % 24 if match["hour2"] else first
    if afternoon:
        last = last % 12 + 12
        first = first % 12 + 12 if not match["hour2"] or first % 12 + 12 <= last else first
    elif morning:
        first, last = first % 12, last % 12
    return time(first, int(match["minute"] or 0)), time(
        last, int(match["minute2"] or match["minute"] or 0) if match["hour2"] else int(match["minute"] or 0)
    )


def _zone(match: re.Match[str]) -> str | None:
    name = (match["zone"] or "").lower()
    city = match["in"] and name in _ZONES and name not in {"uk", "central"}
    if not name or (not city and name in _NEEDS_TIME and "time" not in match.group().lower()):
        return None
    if name in {"your", "local"}:
        return "reader"
    if name in {"our", "my"}:
        return "seller"
    return _ZONES[name]


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo | None:
    """The zone of that name; None where no such zone is known here."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def hour_in(moment: time, on: date, source: ZoneInfo, target: ZoneInfo) -> float:
    """The hour of the day in `target` when it is `moment` in `source` (may leave 0 to 24)."""
    there = datetime.combine(on, moment, tzinfo=source)
    here = there.astimezone(target)
    return (here.date() - on).days * 24 + here.hour + here.minute / 60


def same_clock(one: ZoneInfo, other: ZoneInfo, on: date) -> bool:
    """Whether both zones show the same time on that day."""
    noon = datetime.combine(on, time(12))
    return noon.replace(tzinfo=one).utcoffset() == noon.replace(tzinfo=other).utcoffset()
