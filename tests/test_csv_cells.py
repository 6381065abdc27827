"""Cells as people type them: numbers, amounts, days, lists."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.csv_cells import amount, channels, count, day, words


@pytest.mark.parametrize(("text", "value"), [("1,200", 1200), ("1.200", 1200), ("1 200", 1200), ("51-200", 51), ("51 – 200 employees", 51), ("10,001+", 10001), ("2k", 2000), ("1.5K", 1500), ("~120 people", 120), ("0", 0)])
def test_counts(text: str, value: int) -> None:
    assert count(text) == value


@pytest.mark.parametrize(("text", "value"), [("$14M", 14e6), ("14,000,000", 14e6), ("USD 3.25 million", 3.25e6), ("1,5M", 1.5e6), ("1.250.000,50", 1250000.5), ("2bn", 2e9), ("1.200", 1200), ("14000000.0", 14e6)])
def test_amounts(text: str, value: float) -> None:
    assert amount(text) == value


@pytest.mark.parametrize("text", ["", "-5", "1.5", "5 or 6", "Nov-50", "1,2,3"])
def test_counts_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        count(text)


@pytest.mark.parametrize("text", ["2026-02-10", "2026/02/10", "10.02.2026", "10 Feb 2026", "Feb 10, 2026", "February 10, 2026", "2026-02-10T08:00:00Z"])
def test_days(text: str) -> None:
    assert day(text) == date(2026, 2, 10)


@pytest.mark.parametrize(("text", "wanted"), [("31/12/2026", date(2026, 12, 31)), ("12/31/2026", date(2026, 12, 31)), ("4/4/2026", date(2026, 4, 4)), ("29/02/2028", date(2028, 2, 29))])
def test_days_that_slashes_leave_clear(text: str, wanted: date) -> None:
    assert day(text) == wanted


@pytest.mark.parametrize("text", ["03/04/2026", "31/02/2026", "13/13/2026", "29/02/2026", "1/1/0000", "31/12/26"])
def test_days_that_slashes_leave_open(text: str) -> None:
    with pytest.raises(ValueError, match="can be read in two ways"):
        day(text)


def test_lists_and_channels() -> None:
    assert words("python, kafka") == ["python", "kafka"] and words("C, C++; Go |") == ["C, C++", "Go"]
    assert channels("all") == ["email", "sms", "linkedin", "phone"] and channels("subscribed") == []


@given(st.integers(0, 99_999_999))
def test_a_count_reads_as_it_was_written(number: int) -> None:
    for text in (str(number), f"{number:,}", f"{number:,}".replace(",", "."), f"{number}+", f"{number}-{number + 1}"):
        assert count(text) == number
    assert amount(f"${number:,}.25") == number + 0.25


@given(st.text(max_size=15))
def test_any_cell_is_read_or_refused(text: str) -> None:
    for read_cell in (count, amount, day, words, channels):
        try:
            read_cell(text)
        except ValueError as error:
            assert str(error)
