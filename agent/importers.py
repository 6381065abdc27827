"""Prospects from a file or standard input: JSON, JSON Lines or CSV.

Decides the form by the file's name, or by what it begins with. A prospect that cannot be read is an
error with its line and never the end of a list; a file that cannot be read at all is refused with
the way out. Lines and records are read one by one, so that a list may be of any length.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from agent.csv_prospects import read_csv
from rubric import coerce
from rubric.errors import ConfigError, InputError
from rubric.prospect import parse_json

STDIN = "-"
MAX_LINE = 4 * 1024 * 1024
MAX_DOCUMENT = 256 * 1024 * 1024
_SUFFIXES = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv"}
_SHEETS = frozenset({".xlsx", ".xls", ".xlsm", ".ods", ".numbers"})
_HINT = "give a .json, .jsonl or .csv file of prospects, or - for standard input"


class Incoming(NamedTuple):
    """A prospect as it was given, with the line it begins on; `error` says why there is none."""

    number: int
    data: Mapping[str, Any] | None = None
    error: str | None = None
    as_of: date | None = None
    warnings: tuple[str, ...] = ()


class _Line(NamedTuple):
    number: int
    data: bytes
    whole: bool = True


def read_prospects(name: str, columns: Mapping[str, str] | None = None) -> Iterator[Incoming]:
    """The prospects of a file, or of standard input for `-`, in their order."""
    shown = "<stdin>" if name == STDIN else name
    with _opened(name) as file:
        lines = _lines(file)
        first = next((line for line in lines if line.data.strip()), None)
        if first is None:
            raise InputError(f"{shown} is empty; give at the least {{\"company\": {{\"name\": \"…\"}}}}")
        _refuse_other(first.data, shown)
        form = _SUFFIXES.get(Path(name).suffix.lower()) or _form(first)
        rest = chain([first], lines)
        try:
            if form == "csv":
                yield from _csv(first.number, rest, columns or {})
            else:
                yield from _json_lines(rest) if form == "jsonl" else _document(rest, file, shown)
        except (InputError, ConfigError) as error:
            raise type(error)(f"{shown}: {error}") from None


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == STDIN:
        yield sys.stdin.buffer
        return
    if Path(name).suffix.lower() in _SHEETS:
        raise InputError(f"{name} is a spreadsheet; save it as CSV UTF-8 and give that")
    try:
        file = Path(name).open("rb")  # noqa: SIM115  a failure to open is told from one to read
    except FileNotFoundError:
        raise InputError(f"{name}: there is no such file; {_HINT}") from None
    except IsADirectoryError:
        raise InputError(f"{name} is a folder; {_HINT}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}; {_HINT}") from None
    with file:
        yield file


def _lines(file: BinaryIO) -> Iterator[_Line]:
    """Every line with its number, cut where it is longer than a prospect can be."""
    number = 0
    while data := file.readline(MAX_LINE):
        number += 1
        whole = len(data) < MAX_LINE or data.endswith(b"\n")
        yield _Line(number, data.removeprefix(b"\xef\xbb\xbf") if number == 1 else data, whole)
        if not whole:
            while (more := file.readline(MAX_LINE)) and not more.endswith(b"\n"):
                pass


def _refuse_other(data: bytes, shown: str) -> None:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise InputError(f"{shown} is UTF-16; save it as UTF-8")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InputError(f"{shown} is a spreadsheet or archive; save it as CSV UTF-8 and give that")
    if b"\0" in data:
        raise InputError(f"{shown} is a binary file; {_HINT}")


def _form(first: _Line) -> str:
    """What content begins with: a JSON document, JSON Lines, or else a list."""
    start = first.data.lstrip()
    if start[:1] == b"[":
        return "json"
    if start[:1] != b"{":
        return "csv"
    text = first.data.decode("utf-8", "replace").rstrip()
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return "json" if error.pos >= len(text) else "jsonl"  # an object that goes on below, or a broken line
    except (ValueError, RecursionError):
        pass
    return "jsonl"


def _json_lines(lines: Iterator[_Line]) -> Iterator[Incoming]:
    for line in lines:
        if not line.data.strip():
            continue
        try:
            if not line.whole:
                raise InputError(f"the line is longer than {MAX_LINE // 2**20} MB, which no prospect is")
            yield _incoming(line.number, parse_json(_text(line.data), "the line"))
        except InputError as error:
            yield Incoming(line.number, error=f"line {line.number}: {error}")


def _document(lines: Iterator[_Line], file: BinaryIO, shown: str) -> Iterator[Incoming]:
    """One object, or an array of them; the number of a prospect in an array is its place."""
    parts: list[bytes] = []
    size = 0
    for line in lines:
        parts.append(line.data if line.whole else line.data + file.read(MAX_DOCUMENT))
        size += len(parts[-1])
        if size > MAX_DOCUMENT:
            raise InputError("the document is too large to be read as a whole; give the prospects as JSON Lines, one a line")
    text = _text(b"".join(parts))
    try:
        data = parse_json(text, "it")
    except InputError as error:
        hint = "; if it holds one prospect a line, name it .jsonl" if "Extra data" in str(error) else ""
        raise InputError(f"{error}{hint}") from None
    if isinstance(data, list) and not data:
        raise InputError("the array is empty; give at the least one prospect")
    for number, one in enumerate(data if isinstance(data, list) else [data], 1):
        try:
            yield _incoming(number, one)
        except InputError as error:
            yield Incoming(number, error=f"{f'item {number}' if isinstance(data, list) else shown}: {error}")


def _incoming(number: int, data: Any) -> Incoming:
    """A prospect, or a wrapper {"prospect": …, "as_of": …, "id": …} around one."""
    if not isinstance(data, dict):
        raise InputError(f"expected an object with a prospect, got {type(data).__name__}")
    if "prospect" not in data or "company" in data:
        return Incoming(number, data)
    inner = data["prospect"]
    if not isinstance(inner, dict):
        raise InputError(f"/prospect: expected an object, got {type(inner).__name__}")
    if isinstance(data.get("id"), str) and not {"id", "prospect_id"} & inner.keys():
        inner = {"id": data["id"], **inner}
    return Incoming(number, inner, as_of=_day(data.get("as_of")))


def _day(given: Any) -> date | None:
    if given is None:
        return None
    try:
        found: date = coerce.day(given)
    except ValueError:
        raise InputError(f"/as_of: got {str(given)[:60]!r}; expected a day such as 2026-04-21") from None
    return found


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8: byte 0x{data[error.start]:02x} at position {error.start}; save it as UTF-8") from None


def _csv(first: int, lines: Iterator[_Line], columns: Mapping[str, str]) -> Iterator[Incoming]:
    too_long: list[int] = []
    for record in read_csv(_csv_lines(lines, too_long), columns):
        number = record.number + first - 1
        error = record.error
        if too_long and too_long[-1] >= number:
            error = f"a line is longer than {MAX_LINE // 2**20} MB, which no prospect is"
            too_long.clear()
        if error:
            yield Incoming(number, error=f"line {number}: {error}", warnings=record.warnings)
        else:
            yield Incoming(number, record.data, warnings=record.warnings)


def _csv_lines(lines: Iterator[_Line], too_long: list[int]) -> Iterator[str]:
    """Text whose bytes that are no UTF-8 stay visible, so that the cell they stand in can be named."""
    for line in lines:
        if not line.whole:
            too_long.append(line.number)
        text = line.data.decode("utf-8", "surrogateescape")
        yield from filter(None, re.split("(?<=\r)(?!\n)", text)) if _old_mac(text) else [text]


def _old_mac(text: str) -> bool:
    """Whether a carriage return alone ends lines, as in exports of very old programs."""
    return "\r" in text.removesuffix("\n").removesuffix("\r") and '"' not in text


__all__ = ["Incoming", "read_prospects"]
