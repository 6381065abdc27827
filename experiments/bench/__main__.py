"""Writes the programmatic tasks of the bench anew.

    python -m experiments.bench --out experiments/bench/tasks
    python -m experiments.bench --out /tmp/tasks --split dev --seed 7

The same seed gives the same tasks; a minute for each split. Tasks that were written by hand, by models or from receipts
lie in files of their own and stay as they are. Held-out tasks are sealed afterwards: `winnow bench seal`.
"""

from __future__ import annotations

import argparse
import sys

from experiments.bench.files import Folder, write
from experiments.bench.sweeps import sweep
from experiments.bench.task import SPLITS
from rubric.errors import WinnowError

SEED = 1


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", required=True, help="folder of tasks")
    parser.add_argument("--split", choices=SPLITS, action="append", help="only this split; may be repeated")
    parser.add_argument("--seed", type=int, default=SEED, help="seed of the sweep")
    options = parser.parse_args(arguments)
    try:
        folder = Folder(options.out)
        for split in options.split or SPLITS:
            count = write(folder.place(split, "programmatic"), sweep(split, options.seed))
            sys.stdout.write(f"{split}: {count} tasks\n")
            sys.stdout.flush()
    except WinnowError as error:
        sys.stderr.write(f"winnow: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
