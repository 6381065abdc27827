"""Rows written out for people and programs: text, JSON, JSON Lines, CSV, or unsent mail messages.

Decides the form of each and where a folder's files lie: `drafts.jsonl` always, beside it what was
asked for. Files are copies of the store, written whole and renamed. A cell of a CSV that a spreadsheet
would run as a formula is made plain text.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from agent.eml import OURS, file_name, message_of
from agent.row_text import shown
from agent.store_export import Export
from agent.whole_file import whole_file, writing_to
from rubric.errors import ConfigError

Format = Literal["text", "json", "jsonl", "eml", "csv"]
Row = Mapping[str, Any]
Write = Callable[[Row], None]
FORMATS: tuple[Format, ...] = get_args(Format)
SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".txt": "text", ".eml": "eml",
}  # fmt: skip
ALL_ROWS = "drafts.jsonl"
MAIL = "eml"
BOM = b"\xef\xbb\xbf"
COLUMNS = (
    "id", "outcome", "company", "first name", "name", "email", "role", "subject", "body", "decision", "score",
    "segment", "reasons", "error", "key",
)  # fmt: skip
_FORMULA = re.compile(r"\A[=+\-@\t\r＝＋－＠]")
_LINE_END = re.compile("[\x85\u2028\u2029]")


def format_of(out: Path) -> Format | None:
    """The format that a file's name asks for."""
    return SUFFIXES.get(out.suffix.lower())


def is_folder(out: Path, format: Format) -> bool:
    """Whether an output is a folder: one that exists, mail for many, or a name without a known ending."""
    if out.is_dir():
        return True
    return not out.exists() and (format_of(out) is None and (format == "eml" or not out.suffix))


def exports_at(out: Path, format: Format) -> tuple[Export, ...]:
    """What `write_export` will write, for the store to remember beforehand."""
    if not is_folder(out, format):
        if format == "eml" and format_of(out) != "eml":
            raise ConfigError(f"{out} is no place for mail messages; give --out FOLDER, or --out FILE.eml for one draft")
        return (Export(out, format),)
    first = Export(out / ALL_ROWS, "jsonl")
    if format == "eml":
        return first, Export(out / MAIL, "eml", "folder")
    if format == "jsonl":
        return (first,)
    return first, Export(out / f"drafts.{'txt' if format == 'text' else format}", format)


def write_export(rows: Iterable[Row], out: Path, format: Format, *, one: bool = False) -> tuple[Export, ...]:
    """Writes the rows to a file or a folder in one pass; `one` makes JSON of a single row an object."""
    written = exports_at(out, format)
    if format == "eml" and not is_folder(out, format):
        _write_message(rows, out)
        return written
    with ExitStack() as open_files:
        writes = [open_files.enter_context(_written(export, one)) for export in written]
        for row in rows:
            for write in writes:
                write(row)
    return written


def write_stream(rows: Iterable[Row], out: BinaryIO, format: Format, *, one: bool = False) -> None:
    """Writes the rows to an open stream, such as stdout, each as it comes."""
    if format == "eml":
        out.write(b"".join(_one_message(rows, "standard output")))
        return
    with _form(out, format, one) as write:
        for row in rows:
            write(row)
            out.flush()


@contextmanager
def _written(export: Export, one: bool) -> Iterator[Write]:
    if export.kind == "folder":
        with _mail(export.path) as write:
            yield write
        return
    with whole_file(export.path) as file:
        if export.format == "csv":
            file.write(BOM)  # a spreadsheet would take UTF-8 without it for another encoding
        with _form(file, export.format, one) as write:
            yield write


@contextmanager
def _jsonl(out: BinaryIO) -> Iterator[Write]:
    yield lambda row: _put(out, encode(row) + b"\n")


@contextmanager
def _json(out: BinaryIO, one: bool) -> Iterator[Write]:
    numbers = count()

    def write(row: Row) -> None:
        before = b"" if one else b"[\n"
        out.write((b",\n" if next(numbers) else before) + encode(row, indent=2))

    yield write
    if next(numbers) == 0:
        out.write(b"null\n" if one else b"[]\n")
    else:
        out.write(b"\n" if one else b"\n]\n")


@contextmanager
def _csv(out: BinaryIO) -> Iterator[Write]:
    _put(out, csv_line(COLUMNS))
    yield lambda row: _put(out, csv_line(_cells(row)))


@contextmanager
def _text(out: BinaryIO) -> Iterator[Write]:
    numbers = count(1)
    yield lambda row: _put(out, shown(row, next(numbers)).encode("utf-8", "replace"))


def _form(out: BinaryIO, format: str, one: bool) -> AbstractContextManager[Write]:
    if format == "json":
        return _json(out, one)
    return {"jsonl": _jsonl, "csv": _csv, "text": _text}[format](out)


@contextmanager
def _mail(folder: Path) -> Iterator[Write]:
    """One message for each draft, numbered by its row; those of an earlier export that are not drafts
    any more are taken away in the end."""
    names: set[str] = set()
    numbers = count(1)
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)

    def write(row: Row) -> None:
        number, data = next(numbers), message_of(row)
        if data is not None:
            name = file_name(number, str(row.get("company") or ""), str(row.get("key") or ""))
            names.add(name)
            _write_new(folder / name, data)

    yield write
    _remove_stale(folder, names)


def _write_new(path: Path, data: bytes) -> None:
    with suppress(OSError):
        if path.read_bytes() == data:
            return
    with whole_file(path) as file:
        file.write(data)


def _remove_stale(folder: Path, names: set[str]) -> None:
    with writing_to(folder):
        for path in folder.glob("*.eml"):
            if path.name not in names and OURS.fullmatch(path.name) and b"\nX-Winnow-Key:" in path.read_bytes()[:4000]:
                path.unlink()


def _write_message(rows: Iterable[Row], out: Path) -> None:
    for data in _one_message(rows, str(out)):
        _write_new(out, data)


def _one_message(rows: Iterable[Row], place: str) -> list[bytes]:
    """The message of the one draft among the rows, if there is one."""
    messages = [data for row in rows if (data := message_of(row)) is not None]
    if len(messages) > 1:
        raise ConfigError(f"{place} holds one mail message and there are {len(messages)} drafts; give --out FOLDER")
    return messages


def _put(out: BinaryIO, data: bytes) -> None:
    out.write(data)


def encode(row: Row, indent: int | None = None) -> bytes:
    """JSON in UTF-8 on lines that every reader ends alike; half a surrogate pair is escaped."""
    text = json.dumps(row, ensure_ascii=False, allow_nan=False, indent=indent)
    try:
        return _LINE_END.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()
    except UnicodeEncodeError:
        return json.dumps(row, ensure_ascii=True, allow_nan=False, indent=indent).encode()


def csv_line(cells: Iterable[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return line.getvalue().encode("utf-8", "replace")


def _harmless(cell: Any) -> Any:
    if not isinstance(cell, str):
        return "" if cell is None else cell
    cell = cell.replace("\0", "")
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _cells(row: Row) -> list[Any]:
    person, letter, segment = row.get("recipient") or {}, row.get("email") or {}, row.get("segment") or {}
    return [
        row.get("id"), row.get("outcome"), row.get("company"), _first(person.get("name")), person.get("name"),
        person.get("email"), person.get("role"), letter.get("subject"), letter.get("body"), row.get("decision"),
        row.get("score"), segment.get("name"), "; ".join(row.get("reasons") or []), row.get("error"), row.get("key"),
    ]  # fmt: skip


def _first(name: str | None) -> str | None:
    words = [word for word in (name or "").replace(",", " ").split() if not word.endswith(".")]
    return words[0] if words else None


__all__ = ["FORMATS", "Format", "encode", "exports_at", "format_of", "is_folder", "write_export", "write_stream"]
