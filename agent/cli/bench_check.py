"""`winnow bench validate`, `seal` and `verify`: whether the tasks are what they say, and were not changed.

Decides exit statuses and how much is shown; the checks are `experiments.bench`'s. No task is printed, only its id.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer import Option

from agent.cli.terminal import safe
from agent.cli.train_pairs import world_installed
from rubric.errors import ConfigError

if TYPE_CHECKING:
    from experiments.bench.contamination import Between
    from experiments.bench.files import Folder
    from experiments.bench.gold import Fault
    from experiments.bench.ledger import Ledger
    from experiments.bench.seal import Verified
    from experiments.bench.task import Task
    from training.world.split import Split

app = typer.Typer(add_completion=False, rich_markup_mode=None)
FAULTY, NOT_RUN = 3, 4
Tasks = Annotated[str | None, Option("--tasks", metavar="DIR", help="Folder of tasks; absent, the one that comes with Winnow.")]
LedgerFile = Annotated[str | None, Option("--ledger", metavar="FILE", help="Ledger of openings; absent, beside the tasks, or in your state folder where Winnow is installed.")]
AsJson = Annotated[bool, Option("--json", help="Print JSON.")]
Without = Annotated[list[str] | None, Option("--without", metavar="TEST", help="Leave a test of contamination out: companies, ngrams or embedding; may be given several times.")]
_VALIDATE = """
\b
Exit status
  0  every check was made, or left out by --without or --split, and nothing was found
  2  a file that cannot be read, or a wrong flag
  3  a task with a fault, or two splits that share what they must not
  4  nothing was found, but a test could not be made

\b
Examples:
  winnow bench validate
  winnow bench validate --without embedding
  winnow bench validate --tasks mine/ --split dev --json

Held-out tasks are opened for this, and the ledger says so; --split train or dev leaves them closed. A split that is left out,
or has no tasks in the folder, is held against nothing, and that is said.
"""
_SEAL = """
\b
Examples:
  winnow bench seal --reason "first version"
  winnow bench seal --again --reason "two tasks had a wrong gold decision"

Results under different seals cannot be compared. The ledger records each seal with its reason.
"""
_VERIFY = """
\b
Exit status
  0  every file is as it was sealed, and the chain of the ledger holds; or no held-out task is there to seal
  3  it is not

No task is read: only sums over the files.
"""


class Opened(NamedTuple):
    """A folder with the ledger of its openings."""

    folder: Folder
    ledger: Ledger


def opened(tasks: str | None, ledger: str | None) -> Opened:
    from experiments.bench.files import Folder
    from experiments.bench.ledger import Ledger, place

    folder = Folder(tasks)
    return Opened(folder, Ledger(place(folder, given=ledger)))


@app.command(epilog=_VALIDATE)
def validate(
    tasks: Tasks = None,
    split: Annotated[list[str] | None, Option("--split", metavar="SPLIT", help="Only train, dev or held_out; may be given several times.")] = None,
    without: Without = None,
    ledger: LedgerFile = None,
    show: Annotated[int, Option("--show", metavar="N", min=0, help="Faults to list.")] = 20,
    as_json: AsJson = False,
) -> int:
    """Check form, labels and contamination of the tasks."""
    with world_installed():
        from experiments.bench.contamination import contamination
        from experiments.bench.gold import faults

        left_out = tests_of(without or [])  # before anything is opened
        rows = read(opened(tasks, ledger), split or [], "check of form, labels and contamination")
        wrong, between = faults(rows), contamination(rows, read=_splits(split or []), without=left_out)
    if as_json:
        typer.echo(json.dumps({"tasks": len(rows), "faults": [f._asdict() for f in wrong], "contamination": [b.model_dump(mode="json") for b in between]}, indent=2))
    else:
        typer.echo("\n".join([*_lines(len(rows), wrong, between, show), *_open_ends(rows, split or [])]))
    if wrong or any(one.status == "violation" for one in between):
        return FAULTY
    return NOT_RUN if any(one.status == "not run" for one in between) else 0


def read(place: Opened, only: list[str], reason: str) -> list[Task]:
    """The tasks of the splits that were asked for; held-out ones are opened for a check."""
    from experiments.bench.files import HELD_OUT
    from experiments.bench.seal import open_held_out, read_seal

    found: list[Task] = []
    for split in _splits(only):
        if split != HELD_OUT:
            found += place.folder.read(split)
        elif place.folder.files(split) or read_seal(place.folder):
            found += open_held_out(reason, purpose="check", folder=place.folder, ledger=place.ledger)
    if not found:
        raise place.folder.nothing()
    return found


def _splits(only: list[str]) -> list[Split]:
    """The splits that were asked for, in their order; all where none was named."""
    from experiments.bench.task import SPLITS

    if unknown := [name for name in only if name not in SPLITS]:
        raise ConfigError(f"--split is {unknown[0]!r}; expected one of {', '.join(SPLITS)}")
    return [name for name in SPLITS if not only or name in only]


def tests_of(given: list[str]) -> Any:
    from experiments.bench.contamination import TESTS

    if unknown := [name for name in given if name not in TESTS]:
        raise ConfigError(f"--without is {unknown[0]!r}; expected one of {', '.join(TESTS)}")
    return frozenset(given)


def _lines(count: int, wrong: list[Fault], between: list[Between], show: int) -> list[str]:
    from experiments.bench.counts import number_of

    lines = [f"{number_of(count, 'task')}, {number_of(len(wrong), 'fault')}"]
    lines += [f"    {fault.task} ({fault.check}): {safe(fault.why)}" for fault in wrong[:show]]
    lines += [f"    and {len(wrong) - show} more; --show {len(wrong)} lists all"] if len(wrong) > show else []
    for one in (one for one in between if one.status != "not made"):
        limit = f", limit {one.limit:.2f}" if one.limit is not None else ""
        lines.append(f"{one.status:<11}{one.test:<10}{one.earlier} and {one.later}: {one.note or f'{len(one.hits)} of {one.pairs:,} pairs too near{limit}'}")
        lines += [f"    {hit.later} and {hit.earlier}: {hit.value:.2f}" for hit in one.hits[:show]]
    return lines


def _open_ends(rows: list[Task], only: list[str]) -> list[str]:
    """Which splits nothing was held against, once each, instead of a line for every test."""
    from experiments.bench.task import SPLITS

    asked = _splits(only)
    left_out = [split for split in SPLITS if split not in asked]
    empty = [split for split in asked if all(task.split != split for task in rows)]
    lines = [f"not made   nothing was held against {' and '.join(left_out)}: --split left {'them' if len(left_out) > 1 else 'it'} out"] if left_out else []
    return [*lines, *(f"not made   nothing was held against {split}: the folder holds no tasks of it" for split in empty)]


@app.command(epilog=_SEAL)
def seal(
    reason: Annotated[str, Option("--reason", metavar="TEXT", help="Why the tasks are sealed; the ledger keeps it.")],
    tasks: Tasks = None,
    ledger: LedgerFile = None,
    again: Annotated[bool, Option("--again", help="Seal although other held-out tasks were sealed before.")] = False,
) -> int:
    """Seal the held-out tasks: a hash over every file."""
    from experiments.bench.counts import number_of
    from experiments.bench.seal import SEAL
    from experiments.bench.seal import seal as sealed

    place = opened(tasks, ledger)
    made = sealed(place.folder, reason, ledger=place.ledger, again=again)
    typer.echo(f"{Path(place.folder.path) / SEAL}: {number_of(len(made.files), 'file')}, held-out is {made.sha[:16]}")
    return 0


@app.command(epilog=_VERIFY)
def verify(tasks: Tasks = None, ledger: LedgerFile = None, as_json: AsJson = False) -> int:
    """Check seal and ledger, and say how often held-out was opened."""
    from experiments.bench.ledger import counted
    from experiments.bench.seal import verify as verified

    place = opened(tasks, ledger)
    found = verified(place.folder, place.ledger)
    count = counted(found.entries)
    if as_json:
        typer.echo(json.dumps({"faults": found.faults, "sha": found.seal.sha if found.seal else None, "opened": count.model_dump(), "entries": [e.model_dump() for e in found.entries]}, indent=2))
    else:
        for fault in found.faults:
            typer.echo(safe(fault))
        typer.echo(_verified(found, f"held-out was {count.said}"))
    return FAULTY if found.faults else 0


def _verified(found: Verified, said: str) -> str:
    if found.faults:
        return f"the seal does not hold: {said}"
    return f"the seal holds: {said}" if found.seal else "there is no seal, and no held-out task to seal"


__all__ = ["Opened", "app", "opened", "read", "tests_of"]
