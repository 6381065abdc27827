"""What a cell of a contact list says: numbers, amounts, days, flags and lists as people type them.

Decides that "1,200" is 1200, that "51-200" counts as its lower end 51 (the number that can be claimed
without saying too much), that "$14M" is 14 million, and that a day is read only where it can mean one
day alone. A value that cannot be read is refused; one that is outside the rubric's words is set aside.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime
from typing import Any

from agent.address import bare, domain_name, mailbox
from rubric import coerce
from rubric.errors import InputError

EMPTY = frozenset({"", "n/a", "#n/a", "na", "null", "none", "nil", "nan", "-", "--", "—", "–", "?", "unknown", "not found", "not available"})
_SUFFIX = {"": 1, "k": 1e3, "thousand": 1e3, "m": 1e6, "mm": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6,
           "b": 1e9, "bn": 1e9, "billion": 1e9}  # fmt: skip
_NUMBER = r"\d+(?:[.,'\u2019\u00a0\u202f ]\d+)*"
_AMOUNT = re.compile(rf"(?P<number>{_NUMBER})\s*(?P<suffix>[a-z]*)\+?")
_RANGE = re.compile(rf"(?:about |approx\.? |ca\.? |~|>)?\s*(?P<low>{_NUMBER}\s*[km]?)\s*(?:(?:-|–|—|to)\s*{_NUMBER}\s*[km]?|\+|or more)?\s*(?:employees|people|staff)?")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_SPREADSHEET_DATE = re.compile(rf"(?:{'|'.join(_MONTHS.split())})[a-z]*[- ]\d+|\d+[- ](?:{'|'.join(_MONTHS.split())})[a-z]*")
_DAYS = ("%Y/%m/%d", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%d-%b-%Y")
_YES, _NO = frozenset({"true", "yes", "y", "1", "x", "t", "on"}), frozenset({"false", "no", "n", "0", "f", "off"})
_CHANNELS = ("email", "sms", "linkedin", "phone")


class SetAside(ValueError):
    """A value that is right in its way and has no place in the prospect: it is kept under extra."""


def is_empty(text: str) -> bool:
    return text.strip().lower() in EMPTY


def converted(text: str, path: str, kind: type) -> Any:
    """The value of a cell for a place in the prospect; raises ValueError with what was expected."""
    if path in _OWN:
        return _OWN[path](text)
    if path.endswith(".confidence") and kind is str and re.fullmatch(r"[01](?:[.,]\d+)?", text.strip()):
        return float(text.strip().replace(",", "."))
    return _KINDS[kind](text)


def address(text: str) -> str:
    try:
        mailbox(text)
    except InputError:
        raise ValueError("expected one e-mail address such as maya@northwind.example") from None
    return bare(text)


def web_domain(text: str) -> str:
    try:
        return domain_name(text)
    except InputError:
        raise ValueError("expected a domain or web address such as northwind.example") from None


def stage(text: str) -> str:
    if coerce.stage(text) not in coerce.STAGES:
        raise SetAside("some values are no funding stage that the rubric knows")
    return text


def count(text: str) -> int:
    """A whole number; of a range its lower end."""
    low = text.strip().lower()
    if _SPREADSHEET_DATE.fullmatch(low):
        raise ValueError("a spreadsheet has turned a range into a date; format the column as text and export it again")
    found = _RANGE.fullmatch(low)
    if not found:
        raise ValueError('expected a whole number such as 120, or a range such as "51-200"')
    number = re.sub(r"\s", "", found["low"])
    value = _plain_number(number.rstrip("km"), grouped=number[-1].isdigit()) * _SUFFIX[number[-1] if number[-1] in "km" else ""]
    if value != int(value):
        raise ValueError("expected a whole number")
    return int(value)


def amount(text: str) -> float:
    """US dollars, or a plain number; another currency is refused, as no rate is known here."""
    low = text.strip().lower()
    plain = re.sub(r"^(?:us\$|usd|\$)\s*|\s*(?:usd|us dollars|dollars|\$)$", "", low)
    found = _AMOUNT.fullmatch(plain)
    if found is None or found["suffix"] not in _SUFFIX:
        raise ValueError('expected US dollars such as 14000000 or "$14M"; give another currency in dollars, or map the column to extra.NAME')
    return _plain_number(found["number"], grouped=not found["suffix"]) * _SUFFIX[found["suffix"]]


def _plain_number(text: str, *, grouped: bool) -> float:
    """Digits with marks between thousands or before decimals; "1.200" is 1200 where no unit follows."""
    marks = re.findall(r"\D", text)
    groups = re.split(r"\D", text)
    if not marks:
        return float(text)
    thousands = all(len(group) == 3 for group in groups[1:]) and len(groups[0]) <= 3
    if thousands and len(set(marks)) == 1 and (grouped or len(marks) > 1):
        return float("".join(groups))
    *whole, decimals = groups
    if len(marks) > 1 and (marks[-1] in marks[:-1] or any(len(group) != 3 for group in whole[1:])):
        raise ValueError("the marks within the number can be read in two ways")
    if marks[-1] not in ".,":
        raise ValueError("the number has a gap in it")
    return float(f"{''.join(whole)}.{decimals}")


def flag(text: str) -> bool:
    low = text.strip().lower()
    if low not in _YES | _NO:
        raise ValueError("expected yes or no")
    return low in _YES


def day(text: str) -> date:
    given = text.strip()
    if slashed := _slashed(given):
        return slashed
    for form in _DAYS:
        try:
            return datetime.strptime(given, form).date()  # noqa: DTZ007  a calendar day has no zone
        except ValueError:
            continue
    try:
        found: date = coerce.day(given)
    except ValueError:
        raise ValueError("expected a day such as 2026-04-21 (03/04/2026 can be read in two ways)") from None
    return found


def _slashed(text: str) -> date | None:
    """A day such as 31/12/2026 or 12/31/2026, which can mean one day alone."""
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
    if not found:
        return None
    first, second, year = map(int, found.groups())
    either = {(first, second), (second, first)}
    days = {(on, month) for on, month in either if 1 <= month <= 12 and 1 <= on <= monthrange(year, month)[1]} if year else set()
    if len(days) != 1:
        return None
    ((on, month),) = days
    return date(year, month, on)


def words(text: str) -> list[str]:
    """A list in one cell, parted by semicolons, bars or line breaks, or else by commas."""
    parts = re.split(r"[;|\n]", text) if re.search(r"[;|\n]", text) else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def channels(text: str) -> list[str]:
    """The channels that somebody opted out of; a bare yes means e-mail, and so does what is unclear."""
    low = text.strip().lower()
    if low in _NO or low in {"subscribed", "opted in"}:
        return []
    named = [channel for channel in _CHANNELS if channel in low.replace("e-mail", "email")]
    return [*_CHANNELS] if low in {"all", "everything", "any"} else named or ["email"]


def _decimal(text: str) -> float:
    plain = text.strip().rstrip("%").strip()
    sign = -1 if plain.startswith(("-", "−")) else 1
    return sign * amount(plain.lstrip("+-−"))


_OWN = {
    "recipient.email": address, "company.domain": web_domain, "signals.funding.stage": stage,
    "signals.funding.amount_usd": amount, "opt_out_channels": channels,
}  # fmt: skip
_KINDS: dict[type, Any] = {str: str.strip, int: count, float: _decimal, bool: flag, date: lambda text: day(text).isoformat(), list: words}

__all__ = ["SetAside", "amount", "channels", "converted", "count", "day", "flag", "is_empty", "words"]
