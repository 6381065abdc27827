"""Cases in, verdicts out: one object a line, in order, in constant memory.

Decides what becomes of a line that cannot be judged: a row with `error`, never an end of the
stream. A line longer than any case can be is skipped without being kept.
"""

from __future__ import annotations

import gc
import json
import os
import re
import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from agent.cli.inputs import STDIN, is_blank
from agent.cli.judging import Judge
from agent.lines import as_json
from rubric import Reading, WinnowError, coerce, read_email, to_json
from rubric.errors import InputError
from rubric.playbook import Decision
from rubric.prospect import parse_json

MAX_LINE = 4 * 1024 * 1024
_ID = re.compile(r'\A\ufeff?\s*\{\s*"id"\s*:\s*("(?:[^"\\]|\\.){0,300}"|-?\d{1,18})\s*[,}]')
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class Line(NamedTuple):
    """A numbered line; `whole` is False where it was cut at the limit."""

    number: int
    data: bytes
    whole: bool = True


class Tally(NamedTuple):
    counts: Counter[Decision]
    errors: int

    def __str__(self) -> str:
        judged = ", ".join(f"{n} {decision}" for decision, n in self.counts.most_common())
        total = sum(self.counts.values()) + self.errors
        return f"{total} case{'s' * (total != 1)}: {judged or 'none judged'}; {self.errors} not judged for an error"


def judge_stream(name: str, out: BinaryIO, judge: Judge) -> Tally:
    """Judges the cases of a file, or of standard input for `-`."""
    if name == STDIN:
        return _pump(sys.stdin.buffer, out, judge)
    try:
        source = Path(name).open("rb")  # noqa: SIM115  a failure to open is told from one to read
    except FileNotFoundError:
        raise InputError(f"{name}: there is no such file; give a file of cases, one a line, or - for standard input") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{name} cannot be read: {reason}; give a file of cases, one a line") from None
    with source:
        return _pump(source, out, judge)


def _pump(source: BinaryIO, out: BinaryIO, judge: Judge) -> Tally:
    counts: Counter[Decision] = Counter()
    errors = 0
    gc.freeze()  # playbook and rules live as long as the process: nothing there to collect
    for line in lines(source):
        row = judge_line(line, judge)
        if row["error"] is None:
            counts[row["decision"]] += 1
        else:
            errors += 1
        out.write(encode(row))
        out.flush()
    return Tally(counts, errors)


def lines(source: BinaryIO) -> Iterator[Line]:
    """Every line that is not blank."""
    number = 0
    while data := source.readline(MAX_LINE):
        number += 1
        whole = len(data) < MAX_LINE or data.endswith(b"\n")
        if not whole:
            _skip_rest(source)
        if data.strip():
            yield Line(number, data.removeprefix(b"\xef\xbb\xbf") if number == 1 else data, whole)


def _skip_rest(source: BinaryIO) -> None:
    while (rest := source.readline(MAX_LINE)) and not rest.endswith(b"\n"):
        pass


def judge_line(line: Line, judge: Judge) -> dict[str, Any]:
    """The output row of one line, whatever is in it."""
    case: Any = None
    try:
        case = _parse(line)
        return _judge(case, judge)
    except WinnowError as error:
        message = str(error)
    except Exception as error:  # noqa: BLE001  one case must not take the others with it
        if os.environ.get("WINNOW_DEBUG"):
            traceback.print_exc()
        message = f"internal error: {type(error).__name__}: {error}; set WINNOW_DEBUG=1 for the traceback"
    identity = case.get("id") if isinstance(case, Mapping) else _id_in(line.data)
    return _error_row(identity if _writable(identity) else None, line.number, message)


def _parse(line: Line) -> Mapping[str, Any]:
    if not line.whole:
        raise InputError(f"the line is longer than {MAX_LINE // 2**20} MB, which no case is; it was skipped")
    try:
        text = line.data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8: byte 0x{line.data[error.start]:02x} at position {error.start}; save the file as UTF-8") from None
    case = parse_json(text, "the line")
    if not isinstance(case, dict):
        raise InputError(f"expected an object with 'prospect' and 'email', got {type(case).__name__}")
    return case


def _judge(case: Mapping[str, Any], judge: Judge) -> dict[str, Any]:
    for key in ("prospect", "email"):
        if case.get(key) is None:
            keys = ", ".join(map(str, case)) or "none"
            raise InputError(f"/{key} is missing; a case is {{\"id\", \"prospect\", \"email\"}}, this one has the keys {keys:.200}")
    if not _writable(case.get("id")):
        raise InputError("/id cannot be written as JSON again; give text or a whole number")
    reading = _reading(case, judge)
    email = read_email(case["email"])
    if is_blank(email.body):
        raise InputError("/email/body is empty; there is no letter to judge")
    return to_json(judge.verdict(reading, email), case.get("id"))


def _reading(case: Mapping[str, Any], judge: Judge) -> Reading:
    given = case.get("as_of")
    try:
        as_of: date | None = None if given is None else coerce.day(given)
    except ValueError:
        raise InputError(f"/as_of: got {str(given)[:60]!r}; expected a day such as 2026-04-21") from None
    try:
        return judge.read(case["prospect"], as_of)
    except InputError as error:
        message = str(error)
        inner = message.removeprefix("/") if message.startswith("/:") else message
        raise InputError(f"/prospect{inner}" if inner[:1] in "/:" else f"/prospect: {inner}", error.pointer) from None


def _id_in(data: bytes) -> Any:
    """The id that a broken line begins with, so that its row can still be joined."""
    found = _ID.match(data[:2000].decode("utf-8", "replace"))
    if found is None:
        return None
    try:
        return json.loads(found[1])
    except ValueError:
        return None


def _error_row(identity: Any, number: int, message: str) -> dict[str, Any]:
    return {
        "id": identity, "line": number, "decision": None, "score": None, "dimensions": None, "segment": None,
        "findings": [], "tone": None, "compliance": None, "warnings": [], "error": f"line {number}: {message}",
    }  # fmt: skip


def _writable(identity: Any) -> bool:
    if identity is None or isinstance(identity, (str, int)):
        return True
    try:
        _encode(identity)
    except (ValueError, RecursionError):
        return False
    return True


def encode(row: Mapping[str, Any]) -> bytes:
    """One line of output."""
    return as_json(row) + b"\n"


__all__ = ["Line", "Tally", "encode", "judge_line", "judge_stream", "lines"]
