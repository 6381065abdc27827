"""Suppression lists of other programs, read line by line.

Decides what a line lists: by the header where there is one (email, address, domain, reason, date),
else the first cell, with a day and a reason behind it. A line that cannot be read is told with its
number and the others are taken.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import NamedTuple

from agent.suppression import Entry, Suppression
from rubric import coerce
from rubric.errors import InputError

_BATCH = 500
_NAMES = {
    "entry": ("email", "emailaddress", "address", "entry", "domain", "website", "contact", "recipient", "value"),
    "reason": ("reason", "note", "notes", "why", "type"),
    "on": ("date", "on", "day", "since", "created", "createdat", "unsubscribedat", "listedon"),
}


class Imported(NamedTuple):
    """How many were new, how many were listed already, and the lines that could not be read."""

    added: int
    known: int
    errors: tuple[str, ...]


class _Columns(NamedTuple):
    entry: tuple[int, ...]
    reason: int | None
    on: int | None


def import_list(listed: Suppression, lines: Iterable[str], reason: str | None = None, on: date | None = None) -> Imported:
    """Lists what the lines hold; `reason` and `on` serve lines that have none of their own."""
    errors: list[str] = []
    entries = _entries(listed, lines, errors, reason, on)
    added = known = 0
    while batch := list(islice(entries, _BATCH)):
        new = sum(one.new for one in listed.add_all(batch))
        added, known = added + new, known + len(batch) - new
    return Imported(added, known, tuple(errors))


def _entries(
    listed: Suppression, lines: Iterable[str], errors: list[str], reason: str | None, on: date | None
) -> Iterator[Entry]:
    columns: _Columns | None = None
    for number, cells in _records(lines, errors):
        if columns is None and (columns := _header(cells)) is not None:
            continue
        columns = columns or _Columns((0,), None, None)
        try:
            yield _entry(listed, cells, columns, reason, on)
        except (InputError, ValueError) as error:
            errors.append(f"line {number}: {error}")


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
    return _Columns(tuple(places["entry"]), first["reason"], first["on"])


def _entry(listed: Suppression, cells: list[str], columns: _Columns, reason: str | None, on: date | None) -> Entry:
    given = next((cells[n] for n in columns.entry if n < len(cells) and cells[n]), "")
    if not given:
        raise InputError("there is neither an address nor a domain")
    if columns == _Columns((0,), None, None):
        days = [cell for cell in cells[1:] if re.match(r"\d{4}-\d{2}", cell)]
        words = " ".join(cell for cell in cells[1:] if cell and cell not in days)
        return listed.entry(given, words or reason, coerce.day(days[0]) if days else on)
    return listed.entry(given, _cell(cells, columns.reason) or reason, _day(_cell(cells, columns.on)) or on)


def _cell(cells: list[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        found: date = coerce.day(text)
    except ValueError:
        raise InputError(f"{text!r:.40} is not a day; give one such as 2026-04-21") from None
    return found


__all__ = ["Imported", "import_list"]
