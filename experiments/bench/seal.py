"""The seal of the held-out tasks, and the one way to open them.

Decides that held-out tasks are read only as they were sealed, and that every opening stands in the ledger before a task is
handed out. Refuses tasks without a seal, changed files, files that the seal does not know, and a ledger whose chain is broken.
A seal proves that nothing was changed; it hides nothing from somebody who opens the files without this function.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.whole_file import whole_file
from experiments.bench.files import HELD_OUT, Folder, parsed
from experiments.bench.ledger import NAME, Entry, Ledger, Purpose, faults, place
from experiments.bench.task import Task
from rubric.errors import ConfigError, InputError

SEAL = "seal.json"
VERSION = 1


class Sum(BaseModel):
    """One file as it was sealed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str
    bytes: int
    tasks: int


class Seal(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = VERSION
    sealed_at: str
    files: dict[str, Sum]

    @property
    def sha(self) -> str:
        """One hash for the held-out files together, which reports and the ledger name."""
        rows = [f"{name} {found.sha256}" for name, found in sorted(self.files.items()) if name.startswith(f"{HELD_OUT}.")]
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()


class Verified(NamedTuple):
    """What a check of seal and ledger found; `faults` is empty where both hold."""

    faults: list[str]
    seal: Seal | None
    entries: list[Entry]


def command_for(folder: Folder, *flags: str) -> str:
    """The command that seals this folder, as it can be pasted; the tasks that ship need no flag."""
    where = [] if folder.path.resolve() == Folder().path.resolve() else ["--tasks", quote(str(folder.path))]
    return f"`{' '.join(['winnow bench seal', *where, *flags, '--reason TEXT'])}`"


def _mend(folder: Folder) -> str:
    return f"restore it, or seal anew with {command_for(folder, '--again')}"


def unsealed(folder: Folder) -> InputError:
    return InputError(f"the held-out tasks in {folder.path} are not sealed; run {command_for(folder)} first")


def seal(folder: Folder, reason: str, *, ledger: Ledger | None = None, again: bool = False) -> Seal:
    """Sums over all task files; a second seal over changed held-out files is refused unless asked for."""
    made = Seal(sealed_at=datetime.now(UTC).isoformat(timespec="seconds"), files={path.name: _sum(path) for path in folder.files()})
    if not any(name.startswith(f"{HELD_OUT}.") for name in made.files):
        raise InputError(f"{folder.path} holds no held-out tasks; write held_out.*.jsonl there first")
    old = read_seal(folder)
    if old is not None and old.sha != made.sha and not again:
        raise ConfigError(f"{folder.path / SEAL} seals other held-out tasks; results on those and on these cannot be compared: give --again and a --reason to seal anew")
    with whole_file(folder.path / SEAL) as file:
        file.write(made.model_dump_json(indent=2).encode() + b"\n")
    (ledger or Ledger(place(folder))).add("seal", reason, who=_command(), sha=made.sha)
    return made


def _sum(path: Path) -> Sum:
    data = path.read_bytes()
    return Sum(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), tasks=data.count(b"\n"))


def read_seal(folder: Folder) -> Seal | None:
    path = folder.path / SEAL
    try:
        return Seal.model_validate_json(path.read_bytes()) if path.exists() else None
    except (OSError, ValidationError):
        raise InputError(f"{path} cannot be read as a seal; {_mend(folder)}") from None


def verify(folder: Folder, ledger: Ledger | None = None) -> Verified:
    """Whether every file is as it was sealed, and the chain of the ledger holds."""
    found = read_seal(folder)
    entries = recorded(folder, ledger)
    wrong = _without_seal(folder, entries) if found is None else list(_changed(folder, found, folder.files()))
    for path in _ledgers(folder, ledger):
        wrong += [f"{path}: {fault}" for fault in faults(Ledger(path).entries())]
    if found is not None and not any(entry.purpose == "seal" and entry.sha == found.sha for entry in entries):
        wrong.append(f"the ledger does not know this seal ({found.sha[:12]}); {_mend(folder)}")
    return Verified(wrong, found, entries)


def _without_seal(folder: Folder, entries: Iterable[Entry]) -> list[str]:
    """A folder that never held held-out tasks needs no seal; one whose seal was taken away does."""
    if not folder.files():
        raise folder.nothing()
    if not folder.files(HELD_OUT) and not any(entry.purpose == "seal" for entry in entries):
        return []
    return [f"{folder.path} is not sealed: run {command_for(folder)}"]


def _changed(folder: Folder, found: Seal, paths: Iterable[Path]) -> Iterator[str]:
    there = {path.name: path for path in paths}
    for name, sealed in found.files.items():
        if name not in there:
            if not (folder.path / name).exists():
                yield f"{folder.path / name} is sealed and missing; {_mend(folder)}"
        elif _sum(there[name]).sha256 != sealed.sha256:
            yield f"{there[name]} was changed after it was sealed; {_mend(folder)}"
    yield from (f"{path} is not in the seal; {_mend(folder)}" for name, path in there.items() if name not in found.files)


def open_held_out(reason: str, *, purpose: Purpose = "measure", folder: Folder | None = None, ledger: Ledger | None = None) -> list[Task]:
    """The held-out tasks, as they were sealed; the opening is in the ledger before the first one is read."""
    folder = folder or Folder()
    found = read_seal(folder)
    if found is None:
        raise unsealed(folder)
    paths = folder.files(HELD_OUT)
    if wrong := list(_changed(folder, found, paths)):
        raise InputError(wrong[0])
    (ledger or Ledger(place(folder))).add(purpose, reason, who=_command(), sha=found.sha)
    return list(parsed(paths, HELD_OUT))


def recorded(folder: Folder, ledger: Ledger | None = None) -> list[Entry]:
    """Every entry on these tasks: those that came with them, and those of this user."""
    return [entry for path in _ledgers(folder, ledger) for entry in Ledger(path).entries()]


def _ledgers(folder: Folder, ledger: Ledger | None) -> list[Path]:
    return list(dict.fromkeys([folder.path / NAME, ledger.path if ledger else place(folder)]))


def _command() -> str:
    """The program and its subcommands, without what follows them."""
    words = [word for word in sys.argv[1:4] if word.replace("-", "").isalpha() and not word.startswith("-")]
    return " ".join([Path(sys.argv[0]).stem or "python", *words[:2]])


__all__ = ["SEAL", "Seal", "Verified", "command_for", "open_held_out", "read_seal", "recorded", "seal", "verify"]
