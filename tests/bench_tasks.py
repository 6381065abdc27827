"""Small tasks and folders of them, for the tests of the bench: one plain task, and what a test changes in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from experiments.bench.files import Folder, write
from experiments.bench.ledger import Ledger
from experiments.bench.task import SPLITS, Task
from training.world.split import Split, split_of

_SOUNDS = ["".join(pair) for pair in product("bdfglmnprst", "aeiou")]
NAMES: dict[Split, list[str]] = {split: [name for a, b in product(_SOUNDS, _SOUNDS[:8]) if split_of(name := f"{a}{b} Works".capitalize()) == split] for split in SPLITS}
NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)


def row(split: str = "train", n: int = 0, **more: Any) -> dict[str, Any]:
    """A task as JSON; keys of the prospect are merged into it, others replace the task's own."""
    prospect: dict[str, Any] = {
        "id": f"x{n}", "as_of": "2026-05-04", "message_type": "cold",
        "company": {"name": NAMES.get(split, NAMES["train"])[n], "domain": "harbour.example", "headcount": 90, "hq": "Germany", "industry": f"rope trade {n}"},
        "recipient": {"name": "Ines Bauer", "role": "cto", "title": "CTO"},
        "signals": {"hiring": {"open_engineering_roles": 9, "confidence": "high"}},
    }  # fmt: skip
    prospect |= more.pop("prospect", {})
    base = {"id": f"x-{split[0]}{n:03}", "split": split, "mode": "programmatic", "difficulty": "easy", "decision": "DRAFT", "provenance": {"author": "test"}}
    return {**base, "prospect": prospect, **more}


def task(split: str = "train", n: int = 0, **more: Any) -> Task:
    return Task.model_validate(row(split, n, **more))


def folder(path: Path, tasks: Mapping[Split, Sequence[Task]] | None = None) -> Folder:
    """A folder with two plain tasks in each split, or those that are given."""
    path.mkdir(parents=True, exist_ok=True)
    made = Folder(path)
    for split in SPLITS:
        write(made.place(split, "programmatic"), (tasks or {}).get(split, [task(split, 0), task(split, 1)]))
    return made


def ledger(path: Path) -> Ledger:
    return Ledger(path, clock=lambda: NOON)


__all__ = ["NAMES", "NOON", "folder", "ledger", "row", "task"]
