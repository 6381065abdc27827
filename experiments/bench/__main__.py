"""Writes the programmatic tasks of the bench anew.

    python -m experiments.bench --out experiments/bench/tasks
    python -m experiments.bench --out experiments/bench/tasks --clean

The same seed gives the same tasks; one or two minutes for each split. `--clean` then takes out those that stand too near to a
task of another split, by the tests of `winnow bench validate`, and notes their ids in left_out.txt, which the next sweep heeds.
Tasks that were written by hand, by models or from receipts lie in files of their own and stay as they are. Held-out tasks
are sealed afterwards: `winnow bench seal`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from agent.whole_file import whole_file
from experiments.bench.contamination import contamination, to_leave_out
from experiments.bench.files import Folder, parsed, write
from experiments.bench.sweeps import sweep
from experiments.bench.task import SPLITS, Task
from rubric.errors import InputError, WinnowError

SEED, ROUNDS = 1, 6
LEFT_OUT = "left_out.txt"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", required=True, help="folder of tasks")
    parser.add_argument("--split", choices=SPLITS, action="append", help="only this split; may be repeated")
    parser.add_argument("--seed", type=int, default=SEED, help="seed of the sweep")
    parser.add_argument("--clean", action="store_true", help="take out tasks that stand too near to another split, and sweep nothing")
    options = parser.parse_args(arguments)
    try:
        folder = Folder(options.out)
        if options.clean:
            clean(folder)
            return 0
        known = left_out(folder)
        for split in options.split or SPLITS:
            count = write(folder.place(split, "programmatic"), (task for task in sweep(split, options.seed) if task.id not in known))
            _say(f"{split}: {count} tasks")
    except WinnowError as error:
        sys.stderr.write(f"winnow: {error}\n")
        return 2
    return 0


def clean(folder: Folder) -> None:
    """Takes out what is too near, round by round: a value that fewer companies share becomes one that is compared."""
    for _ in range(ROUNDS):
        tasks = [task for split in SPLITS for task in parsed(folder.files(split), split)]
        between = contamination(tasks)
        if missing := [one.note for one in between if one.status == "not run"]:
            raise InputError(f"nothing was taken out: {missing[0]}")
        gone = to_leave_out(between, {task.id for task in tasks if task.mode == "programmatic"})
        _say(f"{sum(len(one.hits) for one in between)} pairs too near, {len(gone)} tasks taken out")
        if not gone:
            return
        _without(folder, tasks, gone)


def _without(folder: Folder, tasks: list[Task], gone: Iterable[str]) -> None:
    known = left_out(folder) | set(gone)
    with whole_file(folder.path / LEFT_OUT) as file:
        file.write("".join(f"{name}\n" for name in sorted(known)).encode())
    for split in SPLITS:
        write(folder.place(split, "programmatic"), (task for task in tasks if task.split == split and task.mode == "programmatic" and task.id not in known))


def left_out(folder: Folder) -> set[str]:
    """The ids that earlier rounds took out."""
    path = folder.path / LEFT_OUT
    return set(path.read_text("utf-8").split()) if path.exists() else set()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
