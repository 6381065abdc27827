"""Amounts in a text: digits and words, money, percentages, durations, counts of things, ranges.

Decides the value and the unit of every number ("a dozen", "$14M", "14 million dollars",
"7 to 14 days", "a six-person squad", "a fifth"). Says nothing about what the number is claimed of: that is
for the rules, which see the words around it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from rubric.words import Words, lowered

Kind = Literal["money", "percent", "duration", "count", "times"]

_SMALL = {
    w: float(n)
    for n, w in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
} | {w: 10.0 * n for n, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_LARGE = {"grand": 1e3, "dozen": 12.0, "hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_VAGUE = {"couple": 2.0, "pair": 2.0, "trio": 3.0, "handful": 5.0}
_GROUPED = {"pairs": 2.0, "couples": 2.0, "trios": 3.0}
_TEAMS = frozenset("teams squads pods groups crews units".split())
_FRACTIONS = {
    "half": 50.0,
    "third": 100 / 3,
    "quarter": 25.0,
    "fifth": 20.0,
    "sixth": 100 / 6,
    "eighth": 12.5,
    "tenth": 10.0,
}
_FRACTIONS |= {f"{k}s": v for k, v in _FRACTIONS.items()}
_MAGNITUDE = {"k": 1e3, "m": 1e6, "mm": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9}
_MAGNITUDE |= {"thousand": 1e3, "million": 1e6, "billion": 1e9, "": 1.0}
_CURRENCY = {"$": "usd", "us$": "usd", "usd": "usd", "€": "eur", "eur": "eur", "£": "gbp", "gbp": "gbp"}
_MONEY_WORDS = {"dollars": "usd", "dollar": "usd", "usd": "usd", "bucks": "usd"}
_MONEY_WORDS |= {"euros": "eur", "euro": "eur", "eur": "eur", "pounds": "gbp", "gbp": "gbp"}
_DAYS = {"day": 1.0, "week": 7.0, "fortnight": 14.0, "month": 30.0, "quarter": 91.0, "year": 365.0}
_DAYS |= {"hour": 1 / 24, "hr": 1 / 24, "minute": 1 / 1440, "min": 1 / 1440}
_TEAM = frozenset("team squad pod group crew unit bench".split())
_EACH = frozenset({"a", "an", "per", "each", "every"})
_STOP = frozenset(
    "in on for with at to by from that which who is are was were has have had will would can could "
    "if when while because so as but than you we i they it".split()
)

_OPENERS = frozenset(_SMALL) | frozenset(_LARGE) | frozenset(_VAGUE) | {"a", "an", "half"}
_DIGITS = re.compile(
    r"(?<![\w.])(?P<cur>us\$|[$€£]|(?:usd|eur|gbp) ?)?"
    r"(?P<num>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?P<mag> ?(?:thousand|million|billion|mm|mn|bn|k|m|b)(?![a-z0-9]))?"
    r"(?P<post> ?(?:%|percent|per cent|pct|x)(?![a-z0-9]))?\+?(?![a-z0-9])"
)
_RANGE = re.compile(r"\s?(?:-|\u2013|\u2014|to|or)\s?")


class Quantity(NamedTuple):
    """`low` to `high` of `unit`; durations are in days. Words `first` to `last` (exclusive)."""

    kind: Kind
    low: float
    high: float
    unit: str
    first: int
    last: int
    start: int
    end: int


class _Number(NamedTuple):
    value: float
    first: int
    last: int
    start: int
    end: int
    currency: str
    percent: bool
    times: bool
    magnitude: float


def quantities(words: Words, nouns: Mapping[str, str], taken: Iterable[tuple[int, int]] = ()) -> list[Quantity]:
    """All amounts in `words`; `nouns` gives the class of a counted noun ("engineers": "people"),
    `taken` the character spans that are dates and clock times and no amounts."""
    spans = list(taken)
    numbers = [
        n
        for n in sorted(_digits(words) + _spelled(words), key=lambda n: n.start)
        if not any(start < n.end and n.start < end for start, end in spans)
    ]
    out: list[Quantity] = []
    skip = False
    for at, number in enumerate(numbers):
        if skip:
            skip = False
            continue
        high = numbers[at + 1] if at + 1 < len(numbers) else None
        if high and _joined(words, number, high):
            skip = True
        else:
            high = None
        out.append(_quantity(words, number, high or number, nouns))
    return [q for q in out if not (q.unit == "" and words.lower[q.first] == "one")]


def _digits(words: Words) -> list[_Number]:
    out: list[_Number] = []
    low = lowered(words.text)
    end = 0
    for first, word in enumerate(words.lower):
        if not word[0].isdigit() or words.starts[first] < end:
            continue
        match = _DIGITS.match(low, _with_currency(low, words.starts[first]))
        if match is None or len(match["num"].replace(",", "")) > 15:  # a key or an account is no amount
            continue
        end = match.end()
        magnitude = _MAGNITUDE[(match["mag"] or "").strip()]
        post = (match["post"] or "").strip()
        out.append(
            _Number(
                round(float(match["num"].replace(",", "")) * magnitude, 6),  # 8.2 times a million is not whole
                first,
                max(first + 1, bisect_left(words.starts, match.end())),
                match.start(),
                match.end(),
                _CURRENCY.get((match["cur"] or "").strip(), ""),
                post not in {"", "x"},
                post == "x",
                magnitude,
            )
        )
    return out


def _with_currency(low: str, start: int) -> int:
    """Where a number begins with the sign or the code of its currency."""
    if low[start - 1 : start] in {"$", "\u20ac", "\u00a3"}:
        return start - 3 if low[max(0, start - 3) : start] == "us$" else start - 1
    return start - 4 if low[max(0, start - 4) : start] in {"usd ", "eur ", "gbp "} else start


def _spelled(words: Words) -> list[_Number]:
    out: list[_Number] = []
    lower, at = words.lower, 0
    while at < len(lower):
        value, last = _parse(lower, at) if lower[at] in _OPENERS else (0.0, at)
        if last == at:
            at += 1
            continue
        if lower[last : last + 1] and lower[last] in _TEAMS and lower[last + 1 : last + 2] == ["of"] and lower[last + 2 : last + 3]:
            each, end_of_each = _parse(lower, last + 2)  # "two squads of four"
            value, last = (value * each, end_of_each) if end_of_each > last + 2 else (value, last)
        start, end = words.chars(at, last)
        percent = lower[last : last + 1] in (["percent"], ["pct"]) or (lower[last : last + 2] == ["per", "cent"])
        if not (at and lower[at - 1][0].isdigit() and lower[at] in _MAGNITUDE):
            if lower[last : last + 1] and _fraction(lower, last) and value <= 4:  # "a fifth", "two thirds"
                value, percent, last = value * _FRACTIONS[lower[last]], True, last + 1
            out.append(_Number(value, at, last, start, end, "", percent, False, 1.0))
        at = last
    return out


def _parse(lower: list[str], at: int) -> tuple[float, int]:
    """Value of the number words from `at` on and where they end; `at` itself if there are none."""
    total = current = 0.0
    begin = at
    if lower[at] in {"a", "an"} and _single(lower, at):
        return 1.0, at + 1
    if lower[at] in {"a", "half"} and at + 1 < len(lower):
        half = lower[at] == "half"
        begin = at + 2 if half and lower[at + 1] == "a" else at + 1
        if begin >= len(lower) or lower[begin] not in (_LARGE if half else _LARGE | _VAGUE):
            return 0.0, at
        current = 0.5 if half else 1.0
    index = begin
    while index < len(lower):
        word = lower[index]
        if word in _SMALL:
            current += _SMALL[word]
        elif word in _LARGE and current < 1e12 and total < 1e12:
            current = (current or 1.0) * _LARGE[word]
            if current >= 1e3:
                total, current = total + current, 0.0
        elif word in _GROUPED and current:
            current *= _GROUPED[word]
        elif word in _VAGUE:
            current = _VAGUE[word]
            if lower[index + 1 : index + 2] == ["of"] and lower[index + 2 : index + 3] and lower[index + 2] in _LARGE:
                index += 1
        elif lower[index : index + 3] == ["and", "a", "half"] and index > begin:
            current += 0.5
            index += 2
        elif not (
            word == "and"
            and index > begin
            and index + 1 < len(lower)
            and lower[index - 1] in _LARGE
            and lower[index + 1] in _SMALL
        ):
            break
        index += 1
    return (total + current, index) if index > begin else (0.0, at)


def _fraction(lower: list[str], at: int) -> bool:
    """Whether a word divides; "two quarters" are time unless they are quarters of something."""
    time = lower[at] in {"quarter", "quarters", "half", "halves"}
    return lower[at] in _FRACTIONS and (not time or lower[at + 1 : at + 2] == ["of"])


def _single(lower: list[str], at: int) -> bool:
    """Whether "a" counts: "within a week", "less than a month", "by a third"."""
    after = lower[at + 1 : at + 2]
    before = lower[max(0, at - 2) : at]
    if not after:
        return False
    if after[0] in _FRACTIONS and after[0] not in {"half", "quarter"}:
        return bool({"by", "up", "down", "of"} & (set(before) | set(lower[at + 2 : at + 3])))
    return after[0] in _DAYS and bool(
        {"within", "inside", "in", "under", "than", "about", "only", "takes"} & set(before)
    )


def _joined(words: Words, low: _Number, high: _Number) -> bool:
    """Whether two numbers are the ends of one range: "7-14", "$23-24M", "between 7 and 14"."""
    between = words.text[low.end : high.start].lower()
    if _scaled(low, high) >= high.value or len(between) > 5:
        return False
    if _RANGE.fullmatch(between):
        return True
    return between == " and " and low.first > 0 and words.lower[low.first - 1] == "between"


def _scaled(low: _Number, high: _Number) -> float:
    """The low end of a range, which may borrow the magnitude of the high end."""
    borrowed = low.magnitude == 1 and low.value < high.value / high.magnitude
    return low.value * high.magnitude if borrowed else low.value


def _quantity(words: Words, low: _Number, high: _Number, nouns: Mapping[str, str]) -> Quantity:
    low_value = low.value if high is low else _scaled(low, high)
    currency = low.currency or high.currency
    plain = currency or low.percent or high.percent
    unit, last = ("", high.last) if plain else _unit(words, low, high, nouns)
    kind: Kind = "count"
    scale = 1.0
    if currency or unit in _MONEY_WORDS:
        kind, unit = "money", currency or _MONEY_WORDS[unit]
    elif low.percent or high.percent:
        kind, unit = "percent", "%"
    elif high.times:
        kind, unit = "times", "x"
    elif unit in _DAYS:
        kind, scale = "duration", _DAYS[unit]
    if low.first and words.lower[low.first - 1] == "under" and high is low and kind == "duration":
        low_value = 0.0
    end = words.ends[last - 1] if last > high.last else high.end
    return Quantity(kind, low_value * scale, high.value * scale, unit, low.first, max(last, high.last), low.start, end)


def _unit(words: Words, low: _Number, high: _Number, nouns: Mapping[str, str]) -> tuple[str, int]:
    """The counted thing and the end of its words: people, roles, week, dollars, or nothing."""
    lower = words.lower
    stop = words.sentences[words.sentence_of[low.first]].last
    before = lower[max(0, low.first - 3) : low.first]
    for index in range(high.last, min(stop, high.last + 5)):
        gap = words.text[words.ends[index - 1] : words.starts[index]]
        if any(c in gap for c in ".;:!?()\u2014"):
            break
        word = lower[index]
        if word in _MONEY_WORDS:
            return word, index + 1
        singular = word[:-1] if word.endswith("s") else word
        if singular in _DAYS and "," in words.text[high.end : words.starts[index]]:
            break  # "one plan, shared hours" is no time
        if singular in _DAYS and index - 1 > high.last and lower[index - 1] in _EACH:
            break  # "8,400 orders a day" is how often
        if singular in _DAYS:
            return _time_unit(singular), index + 1
        if word in nouns and not (
            nouns[word] == "people" and nouns.get((lower[index + 1 : index + 2] or [""])[0]) == "roles"
        ):
            return nouns[word], index + 1
        if word in _STOP:
            break
    if before[-1:] == ["of"] and set(before) & _TEAM:
        return "people", high.last
    if before[-2:-1] == ["of"] and before[-1:] == ["a"] and before[0] in _TEAM:
        return "people", high.last
    return "", high.last


def _time_unit(word: str) -> str:
    return {"hr": "hour", "min": "minute"}.get(word, word)
