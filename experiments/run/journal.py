"""The journal of a run: each finished unit is one line that is only ever added.

Decides that a unit is known by the hash of what decides it, so that a run that was killed takes what is there and does
the rest. A last line without its end was being written when the run died: it is dropped. Only the places of the lines
are held in memory. Refuses a line in the middle that is no unit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, Self

from agent.lines import as_json
from agent.whole_file import writing_to
from rubric.errors import InputError

Kind = Literal["sample", "score", "verdicts", "gate", "session"]
_HEAD = b'{"unit": "'
_HASH = 64


class Unit(NamedTuple):
    """What was found, and what finding it took: seconds by stage, and joules where the machine tells."""

    key: str
    kind: Kind
    value: dict[str, Any]
    seconds: dict[str, float]
    joules: float | None = None


class Journal:
    """One file of units; `with Journal(path) as journal` opens it for writing."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._places: dict[str, tuple[int, int]] = {}
        self._file: BinaryIO | None = None
        self._end = 0
        if self.path.exists():
            self._index()

    def __enter__(self) -> Self:
        with writing_to(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and self.path.stat().st_size > self._end:
                with self.path.open("r+b") as file:
                    file.truncate(self._end)
            self._file = self.path.open("ab")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with writing_to(self.path):
                file, self._file = self._file, None
                file.close()

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def read(self, key: str) -> Unit | None:
        place = self._places.get(key)
        return None if place is None else self._unit(place)

    def units(self) -> Iterator[Unit]:
        """All of them, in the order in which they were finished."""
        return map(self._unit, self._places.values())

    def add(self, unit: Unit) -> Unit:
        """Appends a unit, whole or not at all: what a full disk lets through of a line is taken back."""
        if self._file is None:
            raise RuntimeError("the journal is not open for writing")
        row = {"unit": unit.key, "kind": unit.kind, "value": unit.value, "seconds": {k: round(v, 6) for k, v in unit.seconds.items()}, "joules": unit.joules}
        line = as_json(row) + b"\n"
        try:
            with writing_to(self.path):
                self._file.write(line)
                self._file.flush()
        except BaseException:
            self._drop()
            raise
        self._places[unit.key] = (self._end, len(line))
        self._end += len(line)
        return unit

    def _drop(self) -> None:
        """Closes without writing what is still in the buffer; the next opening cuts the half line off."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                return

    def _unit(self, place: tuple[int, int]) -> Unit:
        with self.path.open("rb") as file:
            file.seek(place[0])
            row = json.loads(file.read(place[1]))
        return Unit(row["unit"], row["kind"], row["value"], row["seconds"], row["joules"])

    def _index(self) -> None:
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    if not line.endswith(b"\n"):
                        return
                    self._places.setdefault(self._key(line, number), (self._end, len(line)))
                    self._end += len(line)
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror or error}; give the folder of a run that you may read") from None

    def _key(self, line: bytes, number: int) -> str:
        key = line[len(_HEAD) : len(_HEAD) + _HASH]
        if not line.startswith(_HEAD) or len(key) < _HASH or b'"' in key or not line.endswith(b"}\n"):
            raise InputError(f"{self.path}, line {number} is no unit of a run; take the line away, and it is done again")
        return key.decode("ascii", "replace")


__all__ = ["Journal", "Kind", "Unit"]
