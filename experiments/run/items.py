"""What conditions are measured on: every moment of a task at which a letter is called for.

Decides that the later turns of a task are items of their own with the task's own letters in the thread, so that every
condition answers the same prompt; and that a limit takes tasks spread evenly over the files. Held-out tasks come
through the ledger and no other way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from agent.receipt import content_hash
from experiments.bench.files import HELD_OUT, Folder
from experiments.bench.ledger import Count, counted
from experiments.bench.seal import command_for, open_held_out, read_seal, recorded
from experiments.bench.task import Difficulty, Hostile, Mode, Task, called, moments
from rubric.errors import ConfigError, InputError
from rubric.playbook import Failure

if TYPE_CHECKING:
    from experiments.conditions.plan import Plan


class Item(BaseModel):
    """One prospect at one turn; `id` is the task's, and behind a plus sign the turn's number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    task: str
    turn: int
    company: str
    mode: Mode
    difficulty: Difficulty
    tempts: Failure | None = None
    hostile: Hostile | None = None
    message_type: str
    prospect: dict[str, Any]
    brief: str = ""

    @property
    def origin(self) -> str:
        """The prospect's hash, by which the agent seeds its candidates."""
        return content_hash(self.prospect)


def folder_of(plan: Plan) -> Folder:
    return Folder(plan.tasks)


def tasks_sha(plan: Plan) -> str:
    """One hash for the files of the split; it reads no task."""
    folder = folder_of(plan)
    paths = folder.files(plan.split)
    if not paths:
        raise InputError(f"{folder.path} holds no {plan.split} tasks; give another folder, or another split")
    rows = [f"{path.name} {_sha(path)}" for path in paths]
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()


def _sha(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; give a folder of tasks that you may read") from None


def opened(plan: Plan) -> list[Task]:
    """The tasks of the plan; opening held-out ones is in the ledger before the first is read."""
    folder = folder_of(plan)
    if plan.split != HELD_OUT:
        return limited(folder.read(plan.split), plan.limit)
    if not plan.reason:
        raise ConfigError("the plan measures on held-out tasks and gives no reason for the ledger; set 'reason', or give --reason TEXT")
    return limited(open_held_out(plan.reason, folder=folder), plan.limit)


def limited(tasks: Sequence[Task], limit: int | None) -> list[Task]:
    """So many tasks, spread evenly: the files stand in the order of authors, and each has its part."""
    if limit is None or limit >= len(tasks):
        return list(tasks)
    return [tasks[(2 * n + 1) * len(tasks) // (2 * limit)] for n in range(limit)]


def items_of(tasks: Iterable[Task], *, turns: bool = True) -> Iterator[Item]:
    """The moments at which a letter is called for."""
    for task in tasks:
        for moment in moments(task)[: None if turns else 1]:
            if called(moment):
                yield Item(
                    id=f"{task.id}+{moment.turn}" if moment.turn else task.id, task=task.id, turn=moment.turn, company=task.company, mode=task.mode,
                    difficulty=task.difficulty, tempts=task.tempts, hostile=task.hostile, message_type=str(moment.prospect.get("message_type") or "cold"),
                    prospect=moment.prospect,
                )  # fmt: skip


def task_count(plan: Plan) -> int:
    """How many tasks a run would have, without opening held-out ones."""
    folder = folder_of(plan)
    if plan.split == HELD_OUT:
        seal = read_seal(folder)
        if seal is None:
            raise InputError(f"the held-out tasks in {folder.path} are not sealed; run {command_for(folder)} first")
        count = sum(found.tasks for name, found in seal.files.items() if name.startswith(f"{HELD_OUT}."))
    else:
        count = len(folder.read(plan.split))
    return min(count, plan.limit or count)


def openings(plan: Plan) -> Count:
    """How often these held-out tasks were opened so far."""
    return counted(recorded(folder_of(plan)))


__all__ = ["Item", "folder_of", "items_of", "limited", "opened", "openings", "task_count", "tasks_sha"]
