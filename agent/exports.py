"""Rows written out for people and programs: text, JSON, JSON Lines, CSV, or unsent mail messages.

Decides the form of each and where a folder's files lie: `drafts.jsonl` always, beside it what was
asked for. Files are copies of the store, written whole and renamed, but for mail messages that a
person has edited: those are kept. A CSV has a line for every row, its columns in the order of
`COLUMNS`, the line of the input last; a cell that a spreadsheet would run as a formula is made plain
text. Refuses an output whose name says nothing, or something else than what is asked.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, get_args

from agent.claim import claim_all
from agent.eml import message_of, plain_key
from agent.lines import as_json
from agent.mail_folder import Gone, MailFolder, Settled, write_message
from agent.row_text import shown
from agent.store_export import Export
from agent.whole_file import whole_file, writing_to
from rubric.errors import ConfigError
from rubric.prospect import Recipient

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
    "id", "outcome", "company", "first name", "name", "email", "role", "title", "subject", "body", "decision",
    "score", "segment", "reasons", "error", "key", "line",
)  # fmt: skip
_FORMULA = re.compile(r"\A[=+\-@\t\r＝＋－＠]")


class Written(NamedTuple):
    """Where rows were written, how many edited messages were kept, and how many messages were taken away
    because their row is no draft any more."""

    exports: tuple[Export, ...]
    kept_edits: int = 0
    withdrawn: int = 0


def format_of(out: Path) -> Format | None:
    """The format that a file's name asks for."""
    return SUFFIXES.get(out.suffix.lower())


def is_folder(out: Path, format: Format) -> bool:
    """Whether an output is a folder: one that exists, mail for many, or a name without a known ending."""
    if out.is_dir():
        return True
    return not out.exists() and (format_of(out) is None and (format == "eml" or not out.suffix))


def check_out(out: str, format: Format | None, many: bool) -> None:
    """Refuses an output that cannot be what its name says; call it before the run, with the name as it was typed."""
    path = Path(out)
    form = format or format_of(path) or "jsonl"
    folder = is_folder(path, form)
    if out.endswith(("/", os.sep)) and not folder:
        known = "is a file" if path.exists() else "names a folder that is not there, and would be taken for a file"
        raise ConfigError(f"{out} {known}; give --out without the slash at its end, or a folder")
    if format is None and format_of(path) is None and path.suffix and not folder and _would_be_lost(path):
        raise ConfigError(f"{out} ends in {path.suffix}, which names no format; give one of .jsonl .json .csv .txt .eml, a folder, or --format")
    if form == "eml" and many and not folder and format_of(path) == "eml":
        raise ConfigError(f"{out} holds one mail message; give --out FOLDER")
    exports_at(path, form)


def _would_be_lost(path: Path) -> bool:
    """Whether there is nothing yet, or a file with something in it; devices and empty files may be written to."""
    return not path.exists() or (path.is_file() and path.stat().st_size > 0)


@contextmanager
def claim_export(out: Path, format: Format) -> Iterator[None]:
    """Holds an output with every file that will be written for it against a second writer."""
    paths = [out, *(export.path for export in exports_at(out, format))]
    with claim_all([*paths, out / MAIL] if is_folder(out, format) else paths):
        yield


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


def write_export(rows: Iterable[Row], out: Path, format: Format, *, one: bool = False) -> Written:
    """Writes the rows to a file or a folder in one pass; `one` makes JSON of a single row an object."""
    written = exports_at(out, format)
    if not is_folder(out, format):
        if format == "eml":
            return Written(written, *_write_message(rows, out))
        with _written(written[0], one) as write:
            for row in rows:
                write(row)
        return Written(written)
    mail = MailFolder(out / MAIL, writes=format == "eml")
    with ExitStack() as open_files:
        writes = [open_files.enter_context(_written(export, one)) for export in written if export.kind == "file"]
        for row in rows:
            for write in (*writes, mail.take):
                write(row)
    return Written(written, *mail.settle())


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
    with whole_file(export.path) as file:
        if export.format == "csv":
            file.write(BOM)  # a spreadsheet would take UTF-8 without it for another encoding
        with _form(file, export.format, one) as write:
            yield write


@contextmanager
def _jsonl(out: BinaryIO) -> Iterator[Write]:
    yield lambda row: _put(out, as_json(row) + b"\n")


@contextmanager
def _json(out: BinaryIO, one: bool) -> Iterator[Write]:
    numbers = count()

    def write(row: Row) -> None:
        before = b"" if one else b"[\n"
        out.write((b",\n" if next(numbers) else before) + as_json(row, indented=True))

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


def _write_message(rows: Iterable[Row], out: Path) -> Settled:
    """One message; where its row is no draft any more, the one that an earlier export left goes."""
    gone = Gone()
    drafts = _one_message(_passed(rows, gone), str(out))
    with writing_to(out):
        there = out.read_bytes() if out.is_file() else b""
        if there and not drafts and gone.has(there, set()):
            out.unlink()
            return Settled(withdrawn=1)
        return Settled(kept_edits=sum(not write_message(out, data) for data in drafts))


def _passed(rows: Iterable[Row], gone: Gone) -> Iterator[Row]:
    for row in rows:
        gone.take(row)
        yield row


def _one_message(rows: Iterable[Row], place: str) -> list[bytes]:
    """The message of the one draft among the rows, if there is one; it may stand on several lines."""
    found = [(plain_key(row) or str(n), data) for n, row in enumerate(rows) if (data := message_of(row)) is not None]
    messages = dict(reversed(found))
    if len(messages) > 1:
        raise ConfigError(f"{place} holds one mail message and there are {len(messages)} drafts; give --out FOLDER")
    return list(messages.values())


def _put(out: BinaryIO, data: bytes) -> None:
    out.write(data)


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
        person.get("email"), person.get("role"), person.get("title"), letter.get("subject"), letter.get("body"),
        row.get("decision"), row.get("score"), segment.get("name"), "; ".join(row.get("reasons") or []), row.get("error"),
        row.get("key"), row.get("line"),
    ]  # fmt: skip


def _first(name: str | None) -> str | None:
    """As the letter's greeting has it; the row was checked when it was made."""
    return Recipient.model_construct(name=name).first_name


__all__ = [
    "FORMATS", "Format", "Written", "check_out", "claim_export", "exports_at", "format_of", "is_folder",
    "write_export", "write_stream",
]  # fmt: skip
