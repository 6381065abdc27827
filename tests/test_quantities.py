"""Amounts: kind, value and unit of what people write for numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubric.playbook import load_playbook
from rubric.quantities import Quantity, quantities
from rubric.words import split

NOUNS = load_playbook().nouns
HOUR, MINUTE = 1 / 24, 1 / 1440


def amounts(text: str) -> list[Quantity]:
    return quantities(split(text), NOUNS)


def only(text: str) -> Quantity:
    found = amounts(text)
    assert len(found) == 1, found
    return found[0]


TABLE: list[tuple[str, str, float, float, str]] = [
    # no amount is a hair beside itself
    ("$8.2M", "money", 8_200_000, 8_200_000, "usd"),
    ("$16.1 million", "money", 16_100_000, 16_100_000, "usd"),
    # how often something happens is no time
    ("8,400 orders a day", "count", 8400, 8400, ""),
    ("300 parcels per week", "count", 300, 300, ""),
    ("two and a half days", "duration", 2.5, 2.5, "day"),
    # money
    ("$14M", "money", 14e6, 14e6, "usd"),
    ("$14m", "money", 14e6, 14e6, "usd"),
    ("$14 million", "money", 14e6, 14e6, "usd"),
    ("US$14M", "money", 14e6, 14e6, "usd"),
    ("USD 14 million", "money", 14e6, 14e6, "usd"),
    ("14 million dollars", "money", 14e6, 14e6, "usd"),
    ("14M USD", "money", 14e6, 14e6, "usd"),
    ("fourteen million dollars", "money", 14e6, 14e6, "usd"),
    ("half a million dollars", "money", 5e5, 5e5, "usd"),
    ("a million dollars", "money", 1e6, 1e6, "usd"),
    ("two and a half million dollars", "money", 2.5e6, 2.5e6, "usd"),
    ("$1.5B", "money", 1.5e9, 1.5e9, "usd"),
    ("$2bn", "money", 2e9, 2e9, "usd"),
    ("$240,000", "money", 240_000, 240_000, "usd"),
    ("$1,234,567.89", "money", 1_234_567.89, 1_234_567.89, "usd"),
    ("$200k", "money", 200_000, 200_000, "usd"),
    ("€5m", "money", 5e6, 5e6, "eur"),
    ("£3,500", "money", 3500, 3500, "gbp"),
    ("500 euros", "money", 500, 500, "eur"),
    ("$13-15M", "money", 13e6, 15e6, "usd"),
    ("$13M to $15M", "money", 13e6, 15e6, "usd"),
    ("between 13 and 15 million dollars", "money", 13e6, 15e6, "usd"),
    ("$4,000 to $6,500", "money", 4000, 6500, "usd"),
    # percentages and multiples
    ("40%", "percent", 40, 40, "%"),
    ("40 percent", "percent", 40, 40, "%"),
    ("40 per cent", "percent", 40, 40, "%"),
    ("forty percent", "percent", 40, 40, "%"),
    ("12.5%", "percent", 12.5, 12.5, "%"),
    ("10-15%", "percent", 10, 15, "%"),
    ("ten to fifteen percent", "percent", 10, 15, "%"),
    ("3x", "times", 3, 3, "x"),
    # durations, in days
    ("7 days", "duration", 7, 7, "day"),
    ("seven days", "duration", 7, 7, "day"),
    ("two weeks", "duration", 14, 14, "week"),
    ("a two-week lead", "duration", 14, 14, "week"),
    ("3 months", "duration", 90, 90, "month"),
    ("two quarters", "duration", 182, 182, "quarter"),
    ("two years", "duration", 730, 730, "year"),
    ("48 hours", "duration", 2, 2, "hour"),
    ("15 minutes", "duration", 15 * MINUTE, 15 * MINUTE, "minute"),
    ("15 min", "duration", 15 * MINUTE, 15 * MINUTE, "minute"),
    ("30-minute call", "duration", 30 * MINUTE, 30 * MINUTE, "minute"),
    ("7 to 14 days", "duration", 7, 14, "day"),
    ("7-14 days", "duration", 7, 14, "day"),
    ("7\u201314 days", "duration", 7, 14, "day"),
    ("15 or 20 minutes", "duration", 15 * MINUTE, 20 * MINUTE, "minute"),
    ("between two and four weeks", "duration", 14, 28, "week"),
    ("under 10 days", "duration", 0, 10, "day"),
    # counts
    ("7 engineers", "count", 7, 7, "people"),
    ("seven engineers", "count", 7, 7, "people"),
    ("7 senior Python engineers", "count", 7, 7, "people"),
    ("a dozen engineers", "count", 12, 12, "people"),
    ("two dozen engineers", "count", 24, 24, "people"),
    ("half a dozen engineers", "count", 6, 6, "people"),
    ("a couple of engineers", "count", 2, 2, "people"),
    ("twenty-five engineers", "count", 25, 25, "people"),
    ("one hundred and twenty engineers", "count", 120, 120, "people"),
    ("1,200 people", "count", 1200, 1200, "people"),
    ("two thousand people", "count", 2000, 2000, "people"),
    ("2k people", "count", 2000, 2000, "people"),
    ("a six-person team", "count", 6, 6, "people"),
    ("a squad of eight", "count", 8, 8, "people"),
    ("a team of a dozen", "count", 12, 12, "people"),
    ("7 open roles", "count", 7, 7, "roles"),
    ("four open engineering positions", "count", 4, 4, "roles"),
    ("5+ roles", "count", 5, 5, "roles"),
    ("three to five engineers", "count", 3, 5, "people"),
    ("3-5 engineers", "count", 3, 5, "people"),
    ("two companies", "count", 2, 2, "companies"),
    ("42", "count", 42, 42, ""),
]


@pytest.mark.parametrize(("text", "kind", "low", "high", "unit"), TABLE, ids=[row[0] for row in TABLE])
def test_an_amount(text: str, kind: str, low: float, high: float, unit: str) -> None:
    amount = only(f"We think of {text}.")
    assert (amount.kind, amount.unit) == (kind, unit)
    assert [amount.low, amount.high] == pytest.approx([low, high])


@pytest.mark.parametrize("text", [row[0] for row in TABLE])
def test_an_amount_knows_its_place(text: str) -> None:
    sentence = f"We think of {text}."
    amount = only(sentence)
    assert 0 <= amount.start < amount.end <= len(sentence)
    assert sentence[amount.start : amount.end].strip(" .") and any(c.isalnum() for c in sentence[amount.start : amount.end])


NONE = ["the one thing", "v2.1.3 of it", "K8s and B2B", "an S3 bucket", "IPv6", "a GPT4 model", "a hundredfold", "someone", "nobody", ""]


@pytest.mark.parametrize("text", NONE)
def test_no_amount(text: str) -> None:
    assert amounts(text) == []


SEVERAL = [
    ("7 Python and 3 Go engineers", [7, 3]),
    ("2 roles, 3 engineers", [2, 3]),
    ("seven engineers, two of them senior", [7, 2]),
    ("30 or so. 40 others", [30, 40]),
    ("7 roles and 14 days", [7, 14]),
]


@pytest.mark.parametrize(("text", "values"), SEVERAL)
def test_several_amounts_stay_apart(text: str, values: list[float]) -> None:
    assert [a.high for a in amounts(text)] == values


def test_a_taken_span_is_no_amount() -> None:
    text = "On 10 February we saw 7 roles."
    assert [a.high for a in quantities(split(text), NOUNS, [(3, 14)])] == [7]


def test_a_letter_that_grows_when_lowered_shifts_nothing() -> None:
    """The Turkish capital of "i" is one character, and two in lower case."""
    text = "Your \u0130stanbul office has 9 open roles"
    (amount,) = amounts(text)
    assert text[amount.start : amount.end] == "9 open roles"


SEPARATORS = ["-", "\u2013", " to ", " or ", " - "]


@given(st.integers(1, 500), st.integers(1, 500), st.sampled_from(SEPARATORS))
def test_a_range_has_both_ends(one: int, other: int, between: str) -> None:
    low, high = sorted((one, other + 500))
    amount = only(f"in {low}{between}{high} days")
    assert (amount.low, amount.high) == (low, high)


@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from(SEPARATORS))
def test_a_range_of_money_shares_its_magnitude(one: int, other: int, between: str) -> None:
    low, high = sorted((one, other + 400))
    amount = only(f"${low}{between}{high}M")
    assert (amount.low, amount.high) == (low * 1e6, high * 1e6)


@given(st.integers(0, 10**11))
def test_digits_with_commas_keep_their_value(value: int) -> None:
    assert only(f"about {value:,} people").high == value


@given(st.integers(20, 99))
def test_words_and_digits_agree(value: int) -> None:
    tens = "twenty thirty forty fifty sixty seventy eighty ninety".split()[value // 10 - 2]
    ones = "zero one two three four five six seven eight nine".split()[value % 10]
    words = tens if value % 10 == 0 else f"{tens}-{ones}"
    assert only(f"{words} engineers").high == value


@given(st.text(max_size=200))
def test_every_amount_of_any_text_lies_inside_it(text: str) -> None:
    words = split(text)
    for amount in quantities(words, NOUNS):
        assert 0 <= amount.start < amount.end <= len(text)
        assert 0 <= amount.first < amount.last <= len(words.lower)
        assert amount.low <= amount.high


@given(st.lists(st.sampled_from("one two a half dozen hundred million percent and of to - 7 $ % k engineers days roles . couple".split()), max_size=14))
def test_number_words_in_any_order_crash_nothing(parts: list[str]) -> None:
    for amount in amounts(" ".join(parts)):
        assert amount.low <= amount.high
