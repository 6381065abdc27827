"""Prospects in a CSV, one after another, in constant memory.

Decides the delimiter from the header (comma, semicolon or tab, or Excel's `sep=` line) and what
becomes of a record that is broken: an error with the line it begins on, and the next record is read.
An open quote is never allowed to swallow the prospects behind it in silence.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from agent.csv_cells import SetAside, channels, converted, is_empty, words
from agent.csv_columns import EXTRA, FIRST, LAST, OPT_OUT, ROLES, Column, Plan, paths, plan
from rubric.errors import InputError
from rubric.prospect import read_prospect

Document = dict[str, Any]


class Record(NamedTuple):
    """A record with the line it begins on: its prospect, or why there is none."""

    number: int
    data: Document | None = None
    error: str | None = None
    warnings: tuple[str, ...] = ()


class _Cells(NamedTuple):
    number: int
    cells: list[str]
    error: str | None = None


def read_csv(lines: Iterator[str], columns: Mapping[str, str]) -> Iterator[Record]:
    """The records of a list; the first one carries what is said about the columns."""
    records = _records(lines)
    header = next((r for r in records if r.error or any(cell.strip() for cell in r.cells)), None)
    if header is None:
        raise InputError("there is no header and no prospect in it")
    if header.error:
        raise InputError(f"the header cannot be read: {header.error}")
    if any("\udc80" <= char <= "\udcff" for char in "".join(header.cells)):
        raise InputError("the header is not UTF-8; save the list as CSV UTF-8")
    chosen = plan(header.cells, columns)
    notes = chosen.warnings
    for record in records:
        if record.error is None and not any(cell.strip() for cell in record.cells):
            continue
        one = _prospect(record, chosen)
        yield one._replace(warnings=(*notes, *one.warnings))
        notes = ()


def _records(lines: Iterator[str]) -> Iterator[_Cells]:
    delimiter, lines, skipped = _delimiter(lines)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1 + skipped
        try:
            yield _Cells(number, next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            yield _Cells(number, [], _explained(str(error), number, reader.line_num + skipped))


def _delimiter(lines: Iterator[str]) -> tuple[str, Iterator[str], int]:
    """The delimiter, the lines it holds for, and how many lines stood before those."""
    before = 0
    for line in lines:
        given = re.fullmatch(r"sep=(.)\s*", line, re.I)
        if given:
            return given[1], lines, before + 1
        if line.strip():
            bare = re.sub(r'"[^"]*"', "", line)
            return max(",;\t", key=bare.count), chain([line], lines), before
        before += 1
    return ",", lines, before


def _explained(said: str, first: int, last: int) -> str:
    span = f" (the record goes on to line {last})" if last > first else ""
    if "unexpected end" in said:
        return f"a quote is opened here and never closed{span}; double the quotes within a cell"
    if "field larger" in said:
        return f"a cell is longer than {csv.field_size_limit():,} characters{span}; is a quote left open?"
    return f"the quotes cannot be read{span}: {said}; double the quotes within a cell"


def _prospect(record: _Cells, chosen: Plan) -> Record:
    if record.error:
        return Record(record.number, error=record.error)
    over = [cell for cell in record.cells[chosen.width :] if cell.strip()]
    if over:
        more = f"{len(record.cells)} cells where the header has {chosen.width}"
        return Record(record.number, error=f"{more}; put quotes around the cell that holds a delimiter")
    filling = _Filling()
    try:
        for column in chosen.columns:
            text = record.cells[column.place] if column.place < len(record.cells) else ""
            filling.take(column, text)
        return Record(record.number, filling.done(), warnings=tuple(filling.warnings))
    except InputError as error:
        return Record(record.number, error=str(error))


class _Filling:
    """One prospect while its cells come in; the first column that has something for a place fills it."""

    def __init__(self) -> None:
        self.data: Document = {}
        self.sources: dict[str, Column] = {}
        self.warnings: list[str] = []
        self._names: dict[str, str] = {}

    def take(self, column: Column, text: str) -> None:
        _refuse_broken(column, text)
        own = column.is_extra or column.target == "company.name"
        if not text.strip() or (not own and is_empty(text)):
            return
        try:
            self._fill(column, text.strip())
        except SetAside as error:
            self._aside(column, text.strip())
            self.warnings.append(f"column {column.header!r}: {error}; they are kept under extra")
        except (ValueError, OverflowError) as error:
            raise InputError(f"column {column.header!r}: got {text!r:.60}; {error}") from None

    def _fill(self, column: Column, text: str) -> None:
        if column.is_extra:
            self.put(column.target, text, column, deep=False)
        elif column.target in _SPECIAL:
            _SPECIAL[column.target](self, column, text)
        elif column.target in self.sources:
            if text != str(self.get(column.target)):
                self._aside(column, text)
        else:
            self.put(column.target, converted(text, column.target, paths()[column.target]), column)

    def _aside(self, column: Column, text: str) -> None:
        key = re.sub(r"\W+", "_", column.header.lower()).strip("_")
        self.put(f"{EXTRA}{key}", text, column, deep=False)

    def get(self, path: str) -> Any:
        node: Any = self.data
        for part in path.split("."):
            node = node.get(part) if isinstance(node, dict) else None
        return node

    def put(self, path: str, value: Any, column: Column, *, deep: bool = True) -> None:
        """`deep` follows every dot; without it only the first, as names under extra may hold dots."""
        *above, leaf = path.split(".") if deep else path.split(".", 1)
        node = self.data
        for part in above:
            node = node.setdefault(part, {})
        node[leaf] = value
        self.sources[path] = column

    def name(self, column: Column, text: str) -> None:
        self._names.setdefault(column.target, text)

    def roles(self, column: Column, text: str) -> None:
        """A number of open roles, or their titles."""
        if any(char.isdigit() for char in text) and not re.search(r"[^\W\d_]{3}", text):
            path = "signals.hiring.open_engineering_roles"
            self.put(path, converted(text, path, int), column)
        else:
            self.put("signals.hiring.roles", [{"title": title} for title in words(text)], column)

    def opt_out(self, column: Column, text: str) -> None:
        """Several columns may each name a channel; none takes back what another says."""
        known = self.get("opt_out_channels") or []
        if found := [channel for channel in channels(text) if channel not in known]:
            self.put("opt_out_channels", [*known, *found], column)

    def done(self) -> Document:
        """The prospect, read once as the rubric reads it, so that an error names a column."""
        full = " ".join(self._names[part] for part in (FIRST, LAST) if part in self._names)
        if full and not self.get("recipient.name"):
            self.data.setdefault("recipient", {})["name"] = full
        if not self.get("company.name"):
            raise InputError("the company's name is empty, and nothing can be written without it")
        try:
            read_prospect(self.data)
        except InputError as error:
            raise InputError(self._named(error)) from None
        return self.data

    def _named(self, error: InputError) -> str:
        path = (error.pointer or "").strip("/").replace("/", ".")
        column = next((c for target, c in self.sources.items() if path == target or path.startswith(f"{target}.")), None)
        said = str(error).removeprefix(f"{error.pointer}: ")
        return f"column {column.header!r}: {said}" if column else str(error)


_SPECIAL: dict[str, Callable[[_Filling, Column, str], None]] = {
    FIRST: _Filling.name, LAST: _Filling.name, ROLES: _Filling.roles, OPT_OUT: _Filling.opt_out, "opt_out_channels": _Filling.opt_out,
}  # fmt: skip


def _refuse_broken(column: Column, text: str) -> None:
    if "\0" in text:
        raise InputError(f"column {column.header!r}: holds a zero byte; export the list again as text")
    broken = next((char for char in text if "\udc80" <= char <= "\udcff"), None)
    if broken:
        raise InputError(f"column {column.header!r}: byte 0x{ord(broken) - 0xDC00:02x} is not UTF-8; save the list as CSV UTF-8")


__all__ = ["Record", "read_csv"]
