"""Values of a brief in the words of a letter: sums, days, stages, roles, confidences, phrases.

Decides how a fact is written, so that a writer can copy it as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from rubric.coerce import Confidence, Role, Stage

_MONTHS = "January February March April May June July August September October November December".split()
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£"}
_SURE: dict[Confidence, str] = {
    "high": "state",
    "medium": "hedge or ask",
    "low": "only ask",
}
_HARD = re.compile(r"[#<]")
_SOFT = re.compile(r"[|()?*]|\.\.\.")


def money(amount: float, currency: str = "usd") -> str:
    """
    >>> money(14_000_000), money(400_000), money(520, "eur")
    ('$14 million', '$400,000', '€520')
    """
    sign = _SIGNS.get(currency.lower(), f"{currency.upper()} ")
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if amount >= size:
            return f"{sign}{amount / size:.4g} {name}"
    return f"{sign}{amount:,.0f}"


def day(value: date) -> str:
    """
    >>> day(date(2026, 2, 10))
    '10 February 2026'
    """
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def number(count: float, one: str, many: str | None = None) -> str:
    """
    >>> number(1, "day"), number(1200, "day")
    ('1 day', '1,200 days')
    """
    return f"{count:,.4g} {one}" if count == 1 else f"{count:,.0f} {many or one + 's'}"


def stage(value: Stage) -> str:
    if value.startswith("series_"):
        return f"Series {value[-1].upper()}"
    return {"pre_seed": "pre-seed", "public": "public company"}.get(value, value.replace("_", " "))


def role(value: Role | None) -> str | None:
    if value is None or value == "other":
        return None
    words = value.replace("_", " ").replace("cofounder", "co-founder")
    return words.upper() if len(words) == 3 else words.replace("vp eng", "VP Eng").replace("c level", "chief officer")


def sure(confidence: Confidence, *, statable: bool = True) -> str:
    """What a confidence allows; a signal that may not be stated whatever its confidence is asked about."""
    return _SURE[confidence if statable else "low"]


def plain_word(key: str) -> str:
    return key.replace("_", " ").strip()


def series(parts: Iterable[str | None]) -> str:
    """The parts that are there, with commas."""
    return ", ".join(part for part in parts if part)


def examples(phrases: Iterable[str], most: int) -> list[str]:
    """The first phrases of a word list, as a person would say them; plain ones come before patterns.

    >>> examples(["put|putting ... grant|award to work", "runway"], 2)
    ['runway', 'put ... grant to work']
    """
    usable = [p for p in phrases if not _HARD.search(p)]
    ordered = [p for p in usable if not _SOFT.search(p)] + [p for p in usable if _SOFT.search(p)]
    return list(dict.fromkeys(said for p in ordered[: 4 * most] if (said := _said(p))))[:most]


def _said(phrase: str) -> str:
    """One reading of a phrase pattern: the first of its alternatives."""
    text = re.sub(r"\(([^()|]*)[^()]*\)\??", r"\1", phrase)
    words = [word.split("|")[0].rstrip("*?") for word in text.split()]
    return " ".join(word for word in words if word).strip(" .")


__all__ = ["day", "examples", "money", "number", "plain_word", "role", "series", "stage", "sure"]
