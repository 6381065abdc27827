"""A task: one prospect, what its brief calls for, which failure it tempts, and how a thread goes on.

Decides the form of a task and how the prospect of a later turn is made from the first one. A turn puts two
messages into the thread and changes what it names, such as capacity. Refuses unknown keys, a turn without
its message, days that run backwards, and a difficulty or a split that nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rubric.playbook import Failure
from training.world.split import Split

Mode = Literal["programmatic", "adversarial", "synthetic", "trace"]
Difficulty = Literal["easy", "medium", "hard"]
Called = Literal["DRAFT", "SUPPRESS", "ESCALATE"]
Hostile = Literal[
    "instruction_in_field", "instruction_in_thread", "chat_template_tokens", "markup", "link", "control_characters",
    "invisible_characters", "look_alike_letters", "spaced_letters", "huge_field", "contradiction", "stale_dates", "boundary_day",
    "capacity_changed", "friendly_opt_out", "odd_names", "unknown_keys", "other_language",
]  # fmt: skip
SPLITS: tuple[Split, ...] = get_args(Split)
MODES: tuple[Mode, ...] = get_args(Mode)
LEVELS: tuple[Difficulty, ...] = get_args(Difficulty)
CALLS: tuple[Called, ...] = get_args(Called)
FAILURES: tuple[Failure, ...] = get_args(Failure)
HOSTILE: tuple[Hostile, ...] = get_args(Hostile)
CHANGES = frozenset({"message_type", "buying_stage", "touch", "channel", "recipient", "signals", "need", "capacity", "prior_commitments", "flags", "extra"})


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Turn(Part):
    """What happens behind a letter: `ours` stands for it where a run does not put its own, then they answer."""

    on: date
    ours: str = Field(min_length=1)
    theirs: str = Field(min_length=1)
    changes: dict[str, Any] = Field({}, description="keys of the prospect that are replaced from here on")
    decision: Called = "DRAFT"

    @model_validator(mode="after")
    def _known(self) -> Self:
        if odd := sorted(set(self.changes) - CHANGES):
            raise ValueError(f"a turn cannot change {', '.join(odd)}; it may change {', '.join(sorted(CHANGES))}")
        return self


class Provenance(Part):
    """Who made a task, and from what it can be made again."""

    author: str = Field(min_length=1)
    seed: int | None = None
    recipe: str | None = Field(None, description="the cell of the sweep, or the recipe of the world")
    judge: str | None = Field(None, description="the model that judged a synthetic task")


class Task(Part):
    """`tempts` names the failure that the brief makes likely; null where nothing in it does."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{2,60}$")
    split: Split
    mode: Mode
    difficulty: Difficulty
    tempts: Failure | None = None
    hostile: Hostile | None = None
    decision: Called
    prospect: dict[str, Any]
    turns: tuple[Turn, ...] = ()
    provenance: Provenance

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = [date.fromisoformat(str(self.prospect.get("as_of"))), *(turn.on for turn in self.turns)]
        if days != sorted(days):
            raise ValueError("the days of the turns run backwards")
        if self.decision != "DRAFT" and self.turns:
            raise ValueError(f"a task that is {self.decision} from the start has no turns")
        if any(turn.decision != "DRAFT" for turn in self.turns[:-1]):
            raise ValueError("a turn that gets no letter is the last one")
        return self

    @property
    def company(self) -> str:
        """The cluster that a task belongs to."""
        return str(self.prospect["company"]["name"])


class Moment(NamedTuple):
    """The prospect at one turn, and what is called for there."""

    task: str
    turn: int
    prospect: dict[str, Any]
    decision: Called


def moments(task: Task, letters: Sequence[str] = ()) -> list[Moment]:
    """The prospect before the first letter and behind each turn; `letters` of a run replace what stands for ours."""
    first = Moment(task.id, 0, task.prospect, task.decision)
    found = [first]
    for number, turn in enumerate(task.turns, 1):
        ours = letters[number - 1] if number <= len(letters) else turn.ours
        found.append(Moment(task.id, number, _after(found[-1].prospect, turn, ours), turn.decision))
    return found


def _after(prospect: Mapping[str, Any], turn: Turn, ours: str) -> dict[str, Any]:
    before, on = prospect.get("thread") or {}, str(turn.on)
    said = [{"from": "us", "on": str(prospect["as_of"]), "text": ours}, {"from": "prospect", "on": on, "text": turn.theirs}]
    thread = {"id": before.get("id") or f"t-{prospect.get('id', 'bench')}", "messages": [*before.get("messages", []), *said]}
    return {**prospect, "message_type": "warm", **turn.changes, "as_of": on, "thread": thread}


def called(moment: Moment) -> bool:
    """Whether a letter is called for, so that conditions can be compared on it."""
    return moment.decision == "DRAFT"


__all__ = [
    "CALLS", "FAILURES", "HOSTILE", "LEVELS", "MODES", "SPLITS", "Called", "Difficulty", "Hostile", "Mode", "Moment", "Provenance", "Task", "Turn",
    "called", "moments",
]  # fmt: skip
