"""Clock times, the zones they are named in, and what time it is elsewhere."""

from __future__ import annotations

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubric.zones import clocks, hour_in, same_clock, zone, zone_named
from tests.cases import fires

WINTER, SUMMER = date(2026, 1, 20), date(2026, 7, 21)
NEW_YORK, ADDIS, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Africa/Addis_Ababa"), ZoneInfo("Europe/Berlin")

CLOCKS: list[tuple[str, str, str, str | None]] = [
    ("at 2pm", "14:00", "14:00", None),
    ("at 2 pm", "14:00", "14:00", None),
    ("at 2 p.m.", "14:00", "14:00", None),
    ("at 9am", "09:00", "09:00", None),
    ("at 12pm", "12:00", "12:00", None),
    ("at 12am", "00:00", "00:00", None),
    ("at 14:30", "14:30", "14:30", None),
    ("at noon", "12:00", "12:00", None),
    ("at 2:30pm", "14:30", "14:30", None),
    ("at 2pm CET", "14:00", "14:00", "Europe/Berlin"),
    ("at 2pm (CET)", "14:00", "14:00", "Europe/Berlin"),
    ("at 10:00 ET", "10:00", "10:00", "America/New_York"),
    ("at 10am Eastern time", "10:00", "10:00", "America/New_York"),
    ("at 10am Eastern Standard Time", "10:00", "10:00", "America/New_York"),
    ("at 7am PT", "07:00", "07:00", "America/Los_Angeles"),
    ("at 15:00 EAT", "15:00", "15:00", "Africa/Addis_Ababa"),
    ("at 15:00 Addis Ababa time", "15:00", "15:00", "Africa/Addis_Ababa"),
    ("at 3pm GMT", "15:00", "15:00", "Etc/GMT"),
    ("at 3pm BST", "15:00", "15:00", "Europe/London"),
    ("at 2pm London time", "14:00", "14:00", "Europe/London"),
    ("at 2pm your time", "14:00", "14:00", "reader"),
    ("at 2pm our time", "14:00", "14:00", "seller"),
    ("from 2 to 3pm CET", "14:00", "15:00", "Europe/Berlin"),
    ("from 2-3pm", "14:00", "15:00", None),
    ("from 11am to 1pm", "11:00", "13:00", None),
    ("from 14:00-15:30 CET", "14:00", "15:30", "Europe/Berlin"),
]


@pytest.mark.parametrize(("text", "start", "end", "name"), CLOCKS, ids=[row[0] for row in CLOCKS])
def test_a_clock_time(text: str, start: str, end: str, name: str | None) -> None:
    found = clocks(f"Would a call {text} suit you?")
    assert len({c.zone for c in found} - {None}) <= 1
    assert (found[0].start_time, found[-1].end_time) == (time.fromisoformat(start), time.fromisoformat(end))
    assert found[-1].zone == name


@pytest.mark.parametrize("text", ["7 roles", "15 minutes", "24/7", "in 2026", "$14", "3.5 days", "1:1 with you", "a ratio of 4:1", "5-10 people"])
def test_no_clock_time(text: str) -> None:
    assert clocks(f"We saw {text}.") == []


@pytest.mark.parametrize(("text", "zone"), [
    ("Two engineers in Nairobi could help. Tuesday at 10:00?", None), ("Our people at Addis Ababa agree.", None),
    ("Tuesday at 10:00, both in London time", "Europe/London"), ("All times in CET.", "Europe/Berlin"),
    ("Would 10:00 or 14:00 suit you, both in London?", "Europe/London"), ("All in Eastern.", "America/New_York"),
    ("People in Nairobi. All in Nairobi time.", "Africa/Nairobi"), ("Tuesday at 10:00, your time", "reader"),
])  # fmt: skip
def test_a_place_is_a_zone_only_as_a_time(text: str, zone: str | None) -> None:
    assert zone_named(text) == zone


@pytest.mark.parametrize(("on", "shift"), [(WINTER, 8), (SUMMER, 7)], ids=["winter", "summer"])
@pytest.mark.parametrize("hour", [8, 9, 10, 11])
def test_new_york_against_addis_ababa(on: date, shift: int, hour: int) -> None:
    """08:00 to 11:00 is 16:00 to 19:00 in winter and 15:00 to 18:00 in summer."""
    assert hour_in(time(hour), on, NEW_YORK, ADDIS) == hour + shift


CHANGES = [
    ("the day before clocks go forward", date(2026, 3, 7), 16),
    ("the day they go forward", date(2026, 3, 8), 15),
    ("the day before clocks go back", date(2026, 10, 31), 15),
    ("the day they go back", date(2026, 11, 1), 16),
]


@pytest.mark.parametrize(("on", "hour"), [(day, hour) for _, day, hour in CHANGES], ids=[name for name, *_ in CHANGES])
def test_the_days_on_which_clocks_change(on: date, hour: int) -> None:
    assert hour_in(time(8), on, NEW_YORK, ADDIS) == hour


def test_the_hour_may_lie_on_the_next_day() -> None:
    assert hour_in(time(20), WINTER, ZoneInfo("America/Los_Angeles"), ADDIS) == 31


def test_half_hours_are_kept() -> None:
    assert hour_in(time(9, 30), WINTER, BERLIN, ZoneInfo("Asia/Kolkata")) == 14.0


def test_two_names_can_show_one_clock() -> None:
    assert same_clock(ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Paris"), SUMMER)
    assert same_clock(ZoneInfo("Europe/London"), ZoneInfo("Etc/GMT"), WINTER)
    assert not same_clock(ZoneInfo("Europe/London"), ZoneInfo("Etc/GMT"), SUMMER)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "/etc/passwd", "Europe/", "\x00", "a" * 500])
def test_an_unknown_zone_is_none(name: str) -> None:
    assert zone(name) is None


NY = {"recipient": {"timezone": "America/New_York"}}
PROPOSALS = [
    ("2026-01-20", "08:00", False),
    ("2026-01-20", "10:59", False),
    ("2026-01-20", "11:00", True),
    ("2026-07-21", "08:00", False),
    ("2026-07-21", "11:00", False),
    ("2026-07-21", "11:59", False),
    ("2026-07-21", "12:00", True),
    ("2026-01-20", "07:59", True),
    ("2026-07-21", "07:59", True),
]


@pytest.mark.parametrize(("as_of", "clock", "closed"), PROPOSALS)
def test_a_proposal_stays_in_both_working_days(as_of: str, clock: str, closed: bool) -> None:
    """The engineers work until 19:00: that is 11:00 in New York in winter and 12:00 in summer."""
    assert fires("schedule.outside_overlap", f"Would a call today at {clock} ET suit you?", {"as_of": as_of, **NY}) is closed


@given(st.text(max_size=150))
def test_every_clock_of_any_text_lies_inside_it(text: str) -> None:
    assert all(0 <= c.start < c.end <= len(text) for c in clocks(text))


@given(st.lists(st.sampled_from("2 pm am 24 25:99 23:59 : - to noon midnight CET your time ET ( ) 12 2:30 14:00-15:00 p.m.".split()), max_size=10))
def test_pieces_of_times_in_any_order_crash_nothing(parts: list[str]) -> None:
    assert all(isinstance(c.start_time, time) for c in clocks(" ".join(parts)))
