"""Where the tasks lie, and how they are read and written: one file of JSON lines for each split and way of authoring.

Decides the names of the files. Refuses to read held-out tasks: those are opened with `open_held_out`, which says so in
the ledger. Refuses a folder with a file of JSON lines under another name, whose tasks nobody would see. Writing goes through a
file that is whole or absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from agent.lines import as_json
from agent.whole_file import whole_file
from critic.row_files import read_rows
from experiments.bench.task import MODES, SPLITS, Mode, Task
from rubric.errors import ConfigError, InputError
from training.world.split import Split

HELD_OUT: Split = "held_out"
NAMES = f"SPLIT.MODE.jsonl with a split of {', '.join(SPLITS)} and a mode of {', '.join(MODES)}"
LEDGER = "ledger.jsonl"
_EMPTY = ("tempts", "hostile", "turns")


class Folder:
    """A folder of tasks; without a path the one that comes with Winnow."""

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = Path(str(files("experiments.bench").joinpath("tasks"))) if path is None else Path(path)
        if not self.path.is_dir():
            raise InputError(f"there is no folder of tasks {str(self.path)!r}; give the folder that holds train.*.jsonl, dev.*.jsonl and held_out.*.jsonl")

    def files(self, split: Split | None = None) -> list[Path]:
        """The files of a split, or of all, in the order of the splits and of the ways of authoring."""
        self._refuse_strangers()
        wanted = [self.place(one, mode) for one in ([split] if split else SPLITS) for mode in MODES]
        return [path for path in wanted if path.exists()]

    def _refuse_strangers(self) -> None:
        known = {LEDGER, *(self.place(split, mode).name for split in SPLITS for mode in MODES)}
        strange = sorted(path.name for path in self.path.glob("*.jsonl") if path.name not in known and not path.name.startswith("."))
        if strange:
            raise InputError(f"{self.path / strange[0]} is not named as a file of tasks is: name it {NAMES}, or move it out of the folder")

    def nothing(self) -> InputError:
        """What is said where a folder has no tasks to look at."""
        return InputError(f"{self.path} holds no tasks that were asked for; looked for {NAMES}")

    def place(self, split: Split, mode: Mode) -> Path:
        return self.path / f"{split}.{mode}.jsonl"

    def read(self, split: Split) -> list[Task]:
        """The tasks of train or dev."""
        if split == HELD_OUT:
            raise ConfigError("held-out tasks are opened with open_held_out(reason), so that the ledger knows of it")
        return list(parsed(self.files(split), split))


def room(path: str | Path) -> Path:
    """A folder to write into, which may be new; refuses one whose place a file has, before anything is made for it."""
    place = Path(path)
    there = next((one for one in (place, *place.parents) if one.exists()), place)
    if there.exists() and not there.is_dir():
        raise InputError(f"{there} is a file, and a folder is needed there; give another --out")
    return place


def parsed(paths: Iterable[Path], split: Split) -> Iterator[Task]:
    """The tasks of files; one that says another split than its file is refused."""
    for path in paths:
        for number, task in enumerate(read_rows(path, Task, "tasks", "a task is what `winnow schema` calls a prospect, with what is said of it"), 1):
            if task.split != split or path.name != f"{split}.{task.mode}.jsonl":
                raise InputError(f"{path}, line {number}: {task.id} says {task.split} and {task.mode}; move it to {task.split}.{task.mode}.jsonl")
            yield task


def write(path: Path, tasks: Iterable[Task]) -> int:
    """Writes tasks, one a line, and returns how many."""
    count = 0
    with whole_file(path) as file:
        for task in tasks:
            file.write(line_of(task))
            count += 1
    return count


def line_of(task: Task) -> bytes:
    """A task as it stands in a file: without keys that say nothing."""
    row = task.model_dump(mode="json")
    row["provenance"] = {key: value for key, value in row["provenance"].items() if value is not None}
    return as_json({key: value for key, value in row.items() if value or key not in _EMPTY}) + b"\n"


__all__ = ["HELD_OUT", "LEDGER", "NAMES", "Folder", "line_of", "parsed", "room", "write"]
