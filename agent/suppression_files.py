"""Suppression lists of other programs, read line by line.

Decides what a line lists: by the header where there is one (email, address, domain, reason, date),
else the first cell, with a day and a reason behind it. An opt-out fails closed: a day that cannot be
read is a warning, and the line is listed all the same. Passes over a line whose own opt-out column
says no. A line that names nobody is told with its number and the others are taken.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import NamedTuple

from agent import csv_cells
from agent.csv_columns import NAMES, OPT_OUT
from agent.suppression import Entry, Suppression
from rubric.errors import InputError

_BATCH = 500
_NAMES = {
    "entry": ("email", "emailaddress", "address", "entry", "domain", "website", "contact", "recipient", "value"),
    "reason": ("reason", "note", "notes", "why", "type"),
    "on": ("date", "on", "day", "since", "created", "createdat", "unsubscribedat", "optedoutat", "optoutdate", "listedon"),
    "says": tuple(re.sub(r"[^a-z]", "", name) for name in NAMES[OPT_OUT].split(",")),
}
_DAY = re.compile(r"\d{4}[-/.]\d{1,2}\b.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")


class Imported(NamedTuple):
    """How many were new, how many were listed already, the lines that could not be read, those that are
    listed with another day than they say, and how many say themselves that they are no opt-out."""

    added: int
    known: int
    errors: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    skipped: int = 0


class _Columns(NamedTuple):
    entry: tuple[int, ...]
    reason: int | None = None
    on: int | None = None
    says: tuple[int, ...] = ()


class _Line(NamedTuple):
    """What a line holds; `odd` is the text of a day that cannot be read."""

    given: str
    reason: str
    on: date | None
    odd: str = ""


def import_list(listed: Suppression, lines: Iterable[str], reason: str | None = None, on: date | None = None) -> Imported:
    """Lists what the lines hold; `reason` and `on` serve lines that have none of their own."""
    reading = _Reading(listed, reason, on)
    entries = reading.entries(lines)
    added = known = 0
    while batch := list(islice(entries, _BATCH)):
        new = sum(one.new for one in listed.add_all(batch))
        added, known = added + new, known + len(batch) - new
    return Imported(added, known, tuple(reading.errors), tuple(reading.warnings), reading.skipped)


class _Reading:
    """One list while it is read, with what is to be said about it."""

    def __init__(self, listed: Suppression, reason: str | None, on: date | None) -> None:
        self._listed, self._reason, self._on = listed, reason, on
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.skipped = 0

    def entries(self, lines: Iterable[str]) -> Iterator[Entry]:
        columns: _Columns | None = None
        for number, cells in _records(lines, self.errors):
            if columns is None and (columns := _header(cells)) is not None:
                continue
            columns = columns or _Columns((0,))
            if _says_no(cells, columns):
                self.skipped += 1
                continue
            try:
                yield self._entry(number, _line(cells, columns))
            except InputError as error:
                self.errors.append(f"line {number}: {error}")

    def _entry(self, number: int, line: _Line) -> Entry:
        entry = self._listed.entry(line.given, line.reason or self._reason, line.on or self._on)
        if line.odd:
            since = self._on or "today"
            self.warnings.append(f"line {number}: {line.odd!r:.40} is not a day, listed as of {since}")
        return entry


def _records(lines: Iterable[str], errors: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The cells of every line that says something; a list has one entry a line, so that no quote spans two."""
    delimiter = None
    for number, line in enumerate(lines, 1):
        text = line.removeprefix("\ufeff") if number == 1 else line
        if "\0" in text:
            raise InputError("the list is UTF-16 or binary; save it as UTF-8 text")
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        delimiter = delimiter or max(",;\t", key=text.count)
        try:
            cells = [cell.strip() for cell in next(csv.reader([text.rstrip("\r\n")], delimiter=delimiter))]
        except (csv.Error, StopIteration) as error:
            errors.append(f"line {number}: {error}")
            continue
        if any(cells):
            yield number, cells


def _header(cells: list[str]) -> _Columns | None:
    names = [re.sub(r"[^a-z]", "", cell.lower()) for cell in cells]
    places = {part: [n for n, name in enumerate(names) if name in known] for part, known in _NAMES.items()}
    if not places["entry"] or any("@" in cell for cell in cells):
        return None
    first = {part: found[0] if found else None for part, found in places.items()}
    return _Columns(tuple(places["entry"]), first["reason"], first["on"], tuple(places["says"]))


def _says_no(cells: list[str], columns: _Columns) -> bool:
    """Whether the line's opt-out columns say no; in doubt, and where they are empty, it is an opt-out."""
    said = [cell for place in columns.says if (cell := _cell(cells, place))]
    return bool(said) and not any(csv_cells.channels(cell) for cell in said)


def _line(cells: list[str], columns: _Columns) -> _Line:
    given = next((cell for place in columns.entry if (cell := _cell(cells, place))), "")
    if not given:
        raise InputError("there is neither an address nor a domain")
    if columns != _Columns((0,)):
        text = _cell(cells, columns.on)
        on = _day(text)
        return _Line(given, _cell(cells, columns.reason), on, "" if on else text)
    dated = next((cell for cell in cells[1:] if _DAY.fullmatch(cell)), "")
    on = _day(dated)
    words = " ".join(cell for cell in cells[1:] if cell and (cell != dated or on is None))
    return _Line(given, words, on, "" if on else dated)


def _cell(cells: list[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _day(text: str) -> date | None:
    try:
        return csv_cells.day(text) if text else None
    except ValueError:
        return None


__all__ = ["Imported", "import_list"]
