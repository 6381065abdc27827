"""The ledger of the held-out tasks: who opened them when and why, one line of JSON for each time, only ever added to.

Decides by a chain: each line holds the hash of the one before it, so that a line that was changed, moved or taken out of the
middle shows. Lines cut off at the end do not show here; a project that keeps the ledger under version control sees them. The
ledger lies beside the tasks; where those came with an installed package, it lies in the user's own state folder.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.claim import claim
from agent.lines import as_json
from agent.receipt import content_hash
from agent.whole_file import writing_to
from critic.row_files import read_rows
from experiments.bench.counts import number_of
from experiments.bench.files import LEDGER as NAME
from experiments.bench.files import Folder
from rubric.errors import InputError, StoreError

Purpose = Literal["seal", "check", "measure", "read"]
PURPOSES: dict[Purpose, str] = {
    "seal": "a seal was set",
    "check": "a program looked at their form and showed none",
    "measure": "conditions were measured on them",
    "read": "a person looked at them",
}
START = "0" * 64
_WAIT, _TRIES = 0.05, 100


class Entry(BaseModel):
    """One opening, or one seal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int = Field(ge=1)
    at: str
    purpose: Purpose
    reason: str = Field(min_length=1)
    who: str = Field(description="the command that opened them")
    sha: str = Field(description="of the held-out files as they were")
    before: str = Field(description="the hash of the line before; zeros for the first one")
    hash: str = ""

    def hashed(self) -> Entry:
        return self.model_copy(update={"hash": self.expected})

    @property
    def expected(self) -> str:
        return content_hash(self.model_dump(exclude={"hash"}))


class Ledger:
    """One file of entries; `clock` is a parameter so that a test can say what time it is."""

    def __init__(self, path: str | Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path, self._clock = Path(path), clock

    def entries(self) -> list[Entry]:
        """What was recorded; a line that cannot be read is told with its number."""
        if not self.path.exists():
            return []
        return list(read_rows(self.path, Entry, "openings", "it was changed by hand: restore it from version control"))

    def add(self, purpose: Purpose, reason: str, *, who: str, sha: str) -> Entry:
        """Adds an entry behind the last one and has it on the disk before it returns."""
        if not reason.strip():
            raise InputError("an opening of held-out tasks needs a reason; say in a few words what it is for")
        with _alone(self.path), writing_to(self.path):
            before = self.entries()
            if broken := faults(before):
                raise InputError(f"{self.path}: {broken[0]}; restore it from version control before the tasks are opened again")
            entry = Entry(
                number=len(before) + 1, at=self._clock().isoformat(timespec="seconds"), purpose=purpose, reason=" ".join(reason.split())[:300], who=who, sha=sha,
                before=before[-1].hash if before else START,
            ).hashed()  # fmt: skip
            _append(self.path, as_json(entry.model_dump(mode="json")) + b"\n")
        return entry


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Waits a few seconds for another run that writes the same ledger."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in reversed(range(_TRIES)):
        held = claim(path)
        try:
            held.__enter__()
        except StoreError:
            if not left:
                raise
            time.sleep(_WAIT)
            continue
        try:
            yield
        finally:
            held.__exit__(None, None, None)
        return


def faults(entries: Sequence[Entry]) -> list[str]:
    """Where the chain does not hold."""
    found, before = [], START
    for number, entry in enumerate(entries, 1):
        if entry.number != number or entry.before != before:
            found.append(f"line {number} does not follow the one before it: a line was taken out, moved or put in")
        elif entry.hash != entry.expected:
            found.append(f"line {number} was changed after it was written")
        before = entry.hash
    return found


class Count(BaseModel):
    """How often held-out tasks were opened, by purpose; seals are no openings."""

    checked: int = 0
    measured: int = 0
    read: int = 0

    @property
    def said(self) -> str:
        parts = number_of(self.checked, "check of their form", "checks of their form"), number_of(self.measured, "measurement"), number_of(self.read, "reading by a person", "readings by a person")
        return f"opened {number_of(self.checked + self.measured + self.read, 'time')}: {', '.join(parts)}"


def counted(entries: Sequence[Entry]) -> Count:
    found = Counter(entry.purpose for entry in entries)
    return Count(checked=found["check"], measured=found["measure"], read=found["read"])


def place(folder: Folder, *, given: str | Path | None = None) -> Path:
    """Where the ledger of a folder lies: where the user says, beside the tasks, or in the state folder for an installed package."""
    if given is not None:
        return Path(given)
    shipped = folder.path.resolve() == Folder().path.resolve()
    if not shipped or (folder.path.resolve().parents[2] / "pyproject.toml").is_file():
        return folder.path / NAME
    base = os.environ.get("XDG_STATE_HOME") or (os.environ.get("LOCALAPPDATA") if os.name == "nt" else None)
    name = hashlib.sha256(str(folder.path.resolve()).encode()).hexdigest()[:8]
    return Path(base or Path.home() / ".local" / "state") / "winnow" / f"bench-{name}.jsonl"


__all__ = ["NAME", "PURPOSES", "Count", "Entry", "Ledger", "Purpose", "counted", "faults", "place"]
