"""What the brief says, as an index that claims are traced in.

Decides which values of a prospect and a playbook can carry a claim: every number, date and word of
the prospect's own record, with its JSON pointer. Other threads are left out on purpose: a fact that
stands only there is not to be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from rubric.phrases import Hit, is_number
from rubric.playbook import Playbook
from rubric.prospect import Prospect
from rubric.quantities import Quantity, quantities
from rubric.words import Words, plain, split

_HIDDEN = frozenset({"other_threads", "id", "as_of", "opt_out_channels", "disqualifiers", "flags"})
_EXTRA_HIDDEN = re.compile(r"thread|conversation|confidential|private|board_note|leak|cross", re.I)


class Number(NamedTuple):
    value: float
    kind: str
    pointer: str


class Leaf(NamedTuple):
    pointer: str
    text: str


class Brief:
    """One prospect's record beside the playbook's."""

    def __init__(self, prospect: Prospect, playbook: Playbook) -> None:
        self.prospect = prospect
        self.playbook = playbook
        self.as_of: date = prospect.as_of or date.today()
        self._read: dict[str, tuple[Words, dict[str, list[Hit]]]] = {}

    def read(self, text: str) -> tuple[Words, dict[str, list[Hit]]]:
        """The words of one of the record's texts and the phrases in it, read once."""
        if text not in self._read:
            words = split(text)
            hits: dict[str, list[Hit]] = {}
            for hit in self.playbook.lexicon.find(words):
                hits.setdefault(hit.name, []).append(hit)
            self._read[text] = words, hits
        return self._read[text]

    @cached_property
    def leaves(self) -> list[tuple[str, Any]]:
        """Every value of the record with its pointer."""
        record = self.prospect.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
        out = [
            leaf
            for key, value in record.items()
            if key not in _HIDDEN and key != "extra"
            for leaf in _walk(value, f"/{key}")
        ]
        extra = record.get("extra", {})
        elsewhere = {fact for thread in self.prospect.other_threads for fact in thread.facts}
        out += [
            leaf for leaf in _walk(extra, "/extra") if not _EXTRA_HIDDEN.search(leaf[0]) and leaf[1] not in elsewhere
        ]
        return out

    @cached_property
    def texts(self) -> list[Leaf]:
        return [Leaf(pointer, value) for pointer, value in self.leaves if isinstance(value, str)]

    @cached_property
    def words(self) -> dict[str, str]:
        """Every word of the record's texts, lower case, with the pointer of its first place."""
        out: dict[str, str] = {}
        for pointer, words in self.lists:
            for word in words:
                out.setdefault(word, pointer)
        return out

    @cached_property
    def lists(self) -> list[tuple[str, list[str]]]:
        """The words of every text, with its pointer."""
        return [(pointer, plain(text)) for pointer, text in self.texts]

    @cached_property
    def numbers(self) -> list[Number]:
        """Every amount: the fields, the amounts inside texts, and the ages of dated events."""
        out = [
            Number(abs(float(value)), _kind(pointer), pointer)
            for pointer, value in self.leaves
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        ]
        for (pointer, words), (_, text) in zip(self.lists, self.texts, strict=True):
            if any(is_number(w) for w in words):
                for amount in quantities(self.read(text)[0], self.playbook.nouns):
                    out += [Number(v, amount.kind, pointer) for v in {amount.low, amount.high}]
        for pointer, day in self.days:
            age = (self.as_of - day).days
            out.append(Number(float(abs(age)), "duration", pointer))
        roles = self.prospect.signals.hiring.roles if self.prospect.signals.hiring else []
        if roles:
            out.append(Number(float(len(roles)), "count", "/signals/hiring/roles"))
        return out

    @cached_property
    def days(self) -> list[tuple[str, date]]:
        return [(pointer, value) for pointer, value in self.leaves if isinstance(value, date)]

    @cached_property
    def seller_numbers(self) -> list[Number]:
        """What the playbook lets the seller say of itself."""
        out = []
        for stack, entry in self.playbook.capacity.items():
            base = f"playbook:/capacity/{stack}"
            out.append(Number(float(entry.available), "count", f"{base}/available"))
            if entry.deploy_days is not None:
                out.append(Number(float(entry.deploy_days), "duration", f"{base}/deploy_days"))
        for n, band in enumerate(self.playbook.pricing.bands):
            out += [
                Number(band.low, "money", f"playbook:/pricing/bands/{n}/low"),
                Number(band.high, "money", f"playbook:/pricing/bands/{n}/high"),
            ]
        return out

    def trace(self, amount: Quantity) -> str | None:
        """The pointer of the value that carries an amount, an exact one first; None if nothing does."""
        low, high = self.playbook.form.ask_minutes
        if amount.unit == "minute" and low <= round(amount.low * 1440) and round(amount.high * 1440) <= high:
            return "playbook:/form/ask_minutes"
        found = [n for n in self._by_kind.get(amount.kind, ()) if carries(n.value, amount)]
        exact = next((n for n in found if amount.low <= n.value <= amount.high), None)
        return (exact or found[0]).pointer if found else None

    @cached_property
    def _by_kind(self) -> dict[str, list[Number]]:
        out: dict[str, list[Number]] = {}
        for number in (*self.numbers, *self.seller_numbers):
            out.setdefault(number.kind, []).append(number)
        return out

    def trace_day(self, first: date, last: date) -> str | None:
        return next((p for p, day in self.days if first <= day <= last), None)


def carries(value: float, amount: Quantity) -> bool:
    """Whether `value`, possibly rounded, is what the amount says."""
    if amount.low <= value <= amount.high:
        return True
    room = 0.0
    if amount.kind == "money":
        room = min(0.06 * max(value, 1.0), _last_digit(amount.low) - 1.0)
    elif amount.kind == "duration" and amount.unit != "day":
        room = {"week": 4.0, "month": 16.0, "quarter": 46.0, "year": 100.0}.get(amount.unit, 0.0)
    elif amount.kind == "percent":
        room = 0.5
    return amount.low - room <= value <= amount.high + room


def _last_digit(value: float) -> float:
    """What the last digit that is no zero stands for; a rounded sum stays nearer than that.

    >>> _last_digit(66e6), _last_digit(14.5e6), _last_digit(70e6)
    (1000000.0, 100000.0, 10000000.0)
    """
    place = 1.0
    while value >= 10 * place and value % (10 * place) == 0:
        place *= 10
    return place


def _walk(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(item, f"{pointer}/{key}")
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from _walk(item, f"{pointer}/{n}")
    elif value is not None:
        yield pointer, value


def _kind(pointer: str) -> str:
    leaf = pointer.rpartition("/")[2]
    if "usd" in leaf or "amount" in leaf or "price" in leaf:
        return "money"
    if "pct" in leaf or "percent" in leaf:
        return "percent"
    return "duration" if "days" in leaf else "count"
