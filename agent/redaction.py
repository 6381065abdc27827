"""One person's rows taken out of files that were exported earlier.

Decides per format where a row begins and ends, and keeps every other byte as it is. A file that is
gone is no error; one that another run is writing, or that cannot be written, is told and left alone.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from agent.claim import holder
from agent.lines import as_json
from agent.row_text import BEGINS
from agent.whole_file import unfinished, whole_file, writing_to
from rubric.errors import StoreError

Unwanted = Callable[[Mapping[str, Any]], bool]
MAX_CELL = 100_000_000


class Redacted(NamedTuple):
    """What became of one export; `gone` where no file is left."""

    path: Path
    removed: int = 0
    gone: bool = False
    error: str | None = None


class _Kept(NamedTuple):
    """A row's bytes, and whether they stay."""

    data: bytes
    stays: bool


def redact(path: Path, format: str, unwanted: Unwanted, *, dry_run: bool = False) -> Redacted:
    """Takes the unwanted rows out of an export, or with `dry_run` only counts them."""
    try:
        if not path.is_file() and not path.is_dir():
            return Redacted(path, gone=True)
        busy = holder(path) or holder(path.parent)
        if busy is not None and not dry_run:
            return Redacted(path, error=f"{path} is being written by another run{busy}; run the command again when it has ended")
        if format == "eml":
            return _messages(path, unwanted, dry_run)
        return _file(path, format, unwanted, dry_run)
    except (StoreError, OSError, ValueError, csv.Error) as error:
        return Redacted(path, error=f"{path} was left as it is: {error}; remove the person from it by hand")


def _file(path: Path, format: str, unwanted: Unwanted, dry_run: bool) -> Redacted:
    removed = sum(not kept.stays for kept in _rows_of(path, format, unwanted))
    if dry_run:
        return Redacted(path, removed)
    with suppress(OSError):
        unfinished(path).unlink()
    if removed == 0:
        return Redacted(path)
    if format == "json" and _is_object(path):
        path.unlink()
        return Redacted(path, removed, gone=True)
    with whole_file(path) as file:
        for kept in _rows_of(path, format, unwanted):
            file.write(kept.data if kept.stays else b"")
    return Redacted(path, removed)


def _rows_of(path: Path, format: str, unwanted: Unwanted) -> Iterator[_Kept]:
    with path.open("rb") as file:
        yield from _READERS[format](file, unwanted)


def _json_lines(file: BinaryIO, unwanted: Unwanted) -> Iterator[_Kept]:
    for line in file:
        try:
            row = json.loads(line)
        except ValueError:
            row = line.decode("utf-8", "replace")
        yield _Kept(line, not unwanted(row if isinstance(row, Mapping) else {"line": row}))


def _json_document(file: BinaryIO, unwanted: Unwanted) -> Iterator[_Kept]:
    data = json.loads(file.read())
    rows = data if isinstance(data, list) else [data]
    begun = False
    for row in rows:
        stays = not unwanted(row if isinstance(row, Mapping) else {"value": row})
        yield _Kept((b",\n" if begun else b"[\n") + as_json(row, indented=True), stays)
        begun = begun or stays
    yield _Kept(b"\n]\n" if begun else b"[]\n", True)


def _is_object(path: Path) -> bool:
    return isinstance(json.loads(path.read_bytes()), Mapping)


def _csv_rows(file: BinaryIO, unwanted: Unwanted) -> Iterator[_Kept]:
    """Cells as they stand; the mark of UTF-8 and the guard before formulas come back as they were."""
    start = file.read(3)
    yield _Kept(start if start == b"\xef\xbb\xbf" else b"", True)
    file.seek(len(start) if start == b"\xef\xbb\xbf" else 0)
    before = csv.field_size_limit(MAX_CELL)
    try:
        text = io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="")
        header: list[str] | None = None
        for cells in csv.reader(text):
            stays = header is None or not unwanted(dict(zip(header, cells, strict=False)))
            header = header or cells
            yield _Kept(_line(cells), stays)
        text.detach()
    finally:
        csv.field_size_limit(before)


def _line(cells: list[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode("utf-8", "surrogateescape")


def _blocks(file: BinaryIO, unwanted: Unwanted) -> Iterator[_Kept]:
    block: list[bytes] = []
    for line in file:
        if block and BEGINS.match(line.decode("utf-8", "replace")):
            yield _block(block, unwanted)
            block = []
        block.append(line)
    yield _block(block, unwanted)


def _block(lines: list[bytes], unwanted: Unwanted) -> _Kept:
    text = b"".join(lines).decode("utf-8", "replace")
    keys = [line.split()[1] for line in text.splitlines() if line.startswith("    key ") and len(line.split()) == 2]
    return _Kept(b"".join(lines), not unwanted({"key": keys[-1] if keys else None, "text": text}))


_READERS: dict[str, Callable[[BinaryIO, Unwanted], Iterator[_Kept]]] = {
    "jsonl": _json_lines, "json": _json_document, "csv": _csv_rows, "text": _blocks,
}  # fmt: skip


def _messages(path: Path, unwanted: Unwanted, dry_run: bool) -> Redacted:
    """The messages of a folder, or the one that a path names."""
    files = [*path.glob("*.eml"), *path.glob(".*.part")] if path.is_dir() else [path]
    found = [file for file in files if unwanted(_message(file))]
    if not dry_run:
        with writing_to(path):
            for file in found:
                file.unlink()
    return Redacted(path, len(found), gone=not path.is_dir() and bool(found) and not dry_run)


def _message(path: Path) -> dict[str, Any]:
    message = message_from_bytes(path.read_bytes(), policy=policy.SMTPUTF8)
    body = message.get_body()
    text = body.get_content() if body is not None else ""
    return {"key": str(message["X-Winnow-Key"]), "to": str(message["To"]), "subject": str(message["Subject"]), "text": text}


__all__ = ["Redacted", "redact"]
