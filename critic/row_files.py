"""Files of JSON lines that hold one kind of row each.

Decides how a file or a line that cannot be read is told: with its place, its first fault, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from rubric.errors import InputError

Row = TypeVar("Row", bound=BaseModel)


def read_rows(path: str | Path, row: type[Row], what: str, mend: str) -> Iterator[Row]:
    """The rows of a file, one after the other; `mend` says how such a file is made."""
    for number, line in _lines(path, what):
        try:
            yield row.model_validate_json(line)
        except ValidationError as error:
            raise InputError(f"{path}, line {number}: {_said(error)}; {mend}") from None


def _lines(path: str | Path, what: str) -> Iterator[tuple[int, str]]:
    """The lines that hold something, with their numbers."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the file of {what} {str(path)!r} cannot be read: {error}; give a file of JSON lines") from None


def _said(error: ValidationError) -> str:
    """The first fault of a line."""
    first = error.errors(include_url=False)[0]
    where = "/" + "/".join(map(str, first["loc"])) if first["loc"] else "the line"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"


__all__ = ["read_rows"]
