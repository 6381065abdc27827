"""Dates in a text, counted from 21 April 2026, a Tuesday."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rubric.dates import DateRef, dates

AS_OF = date(2026, 4, 21)


def only(text: str, as_of: date = AS_OF) -> DateRef:
    found = dates(text, as_of)
    assert len(found) == 1, found
    return found[0]


def d(text: str) -> date:
    return date.fromisoformat(f"2026-{text}" if len(text) == 5 else text)


TABLE: list[tuple[str, str, str]] = [
    ("2026-02-10", "02-10", "02-10"),
    ("on 2026-02", "02-01", "02-28"),
    ("10 February 2026", "02-10", "02-10"),
    ("10 February", "02-10", "02-10"),
    ("10th of February", "02-10", "02-10"),
    ("February 10", "02-10", "02-10"),
    ("February 10th, 2026", "02-10", "02-10"),
    ("Feb 10", "02-10", "02-10"),
    ("Feb. 10", "02-10", "02-10"),
    ("Sept 3", "09-03", "09-03"),
    ("in December. 5 engineers", "2025-12-01", "2025-12-31"),
    ("in August. 8 roles", "08-01", "08-31"),
    ("in May. 4 engineers", "05-01", "05-31"),
    ("Sept. 3", "09-03", "09-03"),
    ("in March", "03-01", "03-31"),
    ("in March 2025", "2025-03-01", "2025-03-31"),
    ("since December", "2025-12-01", "2025-12-31"),
    ("in May", "05-01", "05-31"),
    ("early March", "03-01", "03-10"),
    ("mid-March", "03-10", "03-20"),
    ("late March", "03-20", "03-31"),
    ("the end of March", "03-20", "03-31"),
    ("beginning of March", "03-01", "03-10"),
    ("in Q1", "01-01", "03-31"),
    ("in Q3 2026", "07-01", "09-30"),
    ("end of Q3", "08-31", "09-30"),
    ("early Q3", "07-01", "07-31"),
    ("last week", "04-13", "04-19"),
    ("this week", "04-20", "04-26"),
    ("next week", "04-27", "05-03"),
    ("last month", "03-01", "03-31"),
    ("this month", "04-01", "04-30"),
    ("next month", "05-01", "05-31"),
    ("last quarter", "01-01", "03-31"),
    ("this quarter", "04-01", "06-30"),
    ("next quarter", "07-01", "09-30"),
    ("last year", "2025-01-01", "2025-12-31"),
    ("this year", "01-01", "12-31"),
    ("next year", "2027-01-01", "2027-12-31"),
    ("in 2025", "2025-01-01", "2025-12-31"),
    ("yesterday", "04-20", "04-20"),
    ("today", "04-21", "04-21"),
    ("tomorrow", "04-22", "04-22"),
    ("on Thursday", "04-23", "04-23"),
    ("this Thursday", "04-23", "04-23"),
    ("last Thursday", "04-16", "04-16"),
    ("last Tuesday", "04-14", "04-14"),
    ("41 days ago", "03-11", "03-11"),
    ("ten days ago", "04-11", "04-11"),
    ("a day ago", "04-20", "04-20"),
    ("two weeks ago", "04-03", "04-11"),
    ("a month ago", "03-06", "04-07"),
    ("within 10 days", "04-21", "05-01"),
    ("in two weeks", "04-21", "05-05"),
    ("in 7 to 14 days", "04-21", "05-05"),
    ("within the next three months", "04-21", "07-20"),
    ("by the end of the month", "04-27", "04-30"),
    ("by the end of the quarter", "06-27", "06-30"),
    ("by the end of the year", "12-28", "12-31"),
    ("by year-end", "12-15", "12-31"),
]


@pytest.mark.parametrize(("text", "first", "last"), TABLE, ids=[row[0] for row in TABLE])
def test_an_expression(text: str, first: str, last: str) -> None:
    ref = only(f"It was {text} for them.")
    assert (ref.first_day, ref.last_day) == (d(first), d(last))


@pytest.mark.parametrize("text", [row[0] for row in TABLE])
def test_an_expression_knows_its_place(text: str) -> None:
    sentence = f"It was {text} for them."
    ref = only(sentence)
    assert sentence[ref.start : ref.end].strip() in text


NONE = ["we may do so", "they march on", "a decent mark", "Jan said so", "at 14:00", "room 2026b", "7 roles", "second quarter-back", "31 February 2026", "Mayday"]


@pytest.mark.parametrize("text", NONE)
def test_no_date(text: str) -> None:
    assert dates(f"So {text}, he said.", AS_OF) == []


NEAREST = [
    ("in January", date(2026, 4, 21), 2026),
    ("in December", date(2026, 1, 10), 2025),
    ("in December", date(2026, 12, 30), 2026),
    ("in January", date(2026, 12, 30), 2027),
    ("in February", date(2026, 11, 1), 2027),
]


@pytest.mark.parametrize(("text", "as_of", "year"), NEAREST)
def test_a_month_without_a_year_is_the_nearest(text: str, as_of: date, year: int) -> None:
    assert only(text, as_of).first_day.year == year


class TestCovers:
    """Whether a day can be meant."""

    def test_the_bounds_belong_to_it(self) -> None:
        march = only("in March 2026")
        assert march.covers(d("03-01")) and march.covers(d("03-31"))
        assert not march.covers(d("02-28")) and not march.covers(d("04-01"))

    def test_slack_widens_it(self) -> None:
        march = only("in March 2026")
        assert march.covers(d("02-27"), slack=2) and not march.covers(d("02-26"), slack=2)

    def test_a_month_without_a_year_may_be_of_another(self) -> None:
        assert only("in March").covers(d("2025-03-15"))

    def test_a_month_with_a_year_may_not(self) -> None:
        assert not only("in March 2026").covers(d("2025-03-15"))

    def test_a_leap_day_moves_to_its_month(self) -> None:
        assert only("29 February 2024", date(2024, 3, 1)).covers(date(2024, 2, 29))
        assert only("on 29 February", date(2024, 3, 1)).covers(date(2023, 2, 28))


def test_a_letter_that_grows_when_lowered_shifts_nothing() -> None:
    text = "In \u0130stanbul it closed on 10 February 2026"
    ref = only(text)
    assert text[ref.start : ref.end] == "10 February 2026"


def test_two_dates_come_in_order() -> None:
    assert [r.first_day for r in dates("From 10 February 2026 to 3 March 2026.", AS_OF)] == [d("02-10"), d("03-03")]


PIECES = (
    "in by early mid end of the last next this Q1 q4 March may Feb. 31 0 29 2026 2019 year month week quarter day "
    "days weeks ago a an couple few within to or - , th 1st 99 999 yesterday Tuesday year-end 2026-02-31 2026-13-01"
).split()


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.dates())
@example(["999", "weeks", "ago"], date.min)
@example(["in", "999", "weeks"], date.max)
@example(["last", "year"], date.min)
@example(["next", "quarter"], date.max)
@example(["on", "29", "Feb."], date(2024, 2, 29))
@example(["in", "March"], date.min)
def test_any_expression_on_any_day_crashes_nothing(parts: list[str], as_of: date) -> None:
    text = " ".join(parts)
    for ref in dates(text, as_of):
        assert ref.first_day <= ref.last_day
        assert 0 <= ref.start < ref.end <= len(text)


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.dates(), st.dates())
@example(["in", "January"], date(1, 2, 1), date(1, 1, 1))
@example(["in", "December"], date(9999, 12, 1), date(9999, 12, 31))
def test_asking_whether_a_day_is_meant_crashes_nothing(parts: list[str], as_of: date, day: date) -> None:
    for ref in dates(" ".join(parts), as_of):
        assert ref.covers(day, slack=4) in {True, False}


@given(st.integers(1, 999))
def test_days_ago_are_exact(days: int) -> None:
    ref = only(f"{days} days ago")
    assert ref.first_day == ref.last_day == AS_OF - timedelta(days=days)


@given(st.text(max_size=200))
def test_every_date_of_any_text_lies_inside_it(text: str) -> None:
    assert all(0 <= ref.start < ref.end <= len(text) for ref in dates(text, AS_OF))
