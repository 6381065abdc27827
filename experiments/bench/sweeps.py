"""The programmatic tasks: a sweep over failure, difficulty and kind of message out of the invented world.

Decides how many tasks each failure gets and which prospects serve it. A prospect is drawn until one falls into
the cell that is to be filled; it is kept only where the brief gives room for the failure, the rubric reads the decision that
the world intended, and a clean letter of the world passes. What depends on a seed depends on nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import product
from random import Random
from typing import Any, NamedTuple

from experiments.bench.difficulty import difficulty_of
from experiments.bench.gold import decision_of
from experiments.bench.overlays import (
    Canvas,
    Overlay,
    answers,
    capacity_falls,
    confided,
    emptied,
    goes_on,
    noted,
    plain,
    turned_down,
    unsourced,
)
from experiments.bench.room import gives_room
from experiments.bench.task import FAILURES, LEVELS, Difficulty, Hostile, Provenance, Task, Turn, moments
from rubric.playbook import Failure, load_playbook
from training.world.drawing import Drawn, Truth, draw
from training.world.split import Split, split_of

TRIES, LETTERS = 10_000, 8
_KINDS = ("cold", "warm", "reengagement", "sms")
Fits = Callable[[Drawn], bool]


class Sweep(NamedTuple):
    """How a failure's tasks are made: how many, from which prospects, and what is laid upon them."""

    count: int
    fits: Fits
    overlay: Overlay = plain
    kinds: tuple[str, ...] = _KINDS
    hostile: Hostile | None = None


class Cell(NamedTuple):
    failure: Failure | None
    difficulty: Difficulty
    kind: str

    @property
    def name(self) -> str:
        return f"{self.failure or 'none'}/{self.difficulty}/{self.kind}"


def _tempted(by: str | None, starts: tuple[str, ...] = ("",)) -> Fits:
    return lambda drawn: drawn.truth.decision == "DRAFT" and drawn.truth.temptation == by and drawn.truth.case.startswith(starts)


def _told(drawn: Drawn) -> bool:
    """Untempted, and no notes of the world's own: the overlay writes them."""
    return _tempted(None)(drawn) and "notes" not in drawn.record


def _unsure_money(drawn: Drawn) -> bool:
    return _tempted("signal_over_claiming", ("funded.medium", "funded.low", "window.stale"))(drawn)


def _odd_stage(drawn: Drawn) -> bool:
    stage = drawn.record["signals"].get("funding", {}).get("stage")
    return drawn.truth.decision == "DRAFT" and stage in {"public", "seed", "pre_seed", "series_d", "series_e", "series_f"}


def _regulated(drawn: Drawn) -> bool:
    return drawn.truth.decision == "DRAFT" and drawn.truth.temptation is None and bool(drawn.record["company"].get("regulated")) and "start_by" in drawn.record.get("need", {})


def _refused(*cases: str) -> Fits:
    return lambda drawn: drawn.truth.decision != "DRAFT" and drawn.truth.case.startswith(cases)


_WARM = ("warm",)
_OPT_OUT = _refused("opted_out", "bounced", "wrote.hard_no")
_DISQUALIFIED = _refused("disqualified", "stance", "wrote.stance")
_ESCALATED = _refused("chief", "wrote.legal", "wrote.price", "wrote.references", "wrote.named", "wrote.unclear", "need.named")
SWEEPS: dict[Failure | None, Sweep] = {
    None: Sweep(30, _tempted(None)),
    "bench_over_commitment": Sweep(36, _tempted("bench_over_commitment")),
    "signal_over_claiming": Sweep(27, _tempted("signal_over_claiming")),
    "tone_violation": Sweep(20, _tempted("tone_violation"), kinds=("cold", "warm", "reengagement")),
    "icp_misclassification": Sweep(16, _tempted("icp_misclassification"), kinds=("cold", "warm", "reengagement")),
    "abstention_failure": Sweep(16, _tempted("abstention_failure"), kinds=("cold", "warm", "reengagement")),
    "gap_over_claiming": Sweep(16, _tempted("gap_over_claiming"), kinds=("cold", "warm", "reengagement")),
    "unverified_funding": Sweep(12, _unsure_money),
    "funding_tier_mismatch": Sweep(10, _odd_stage, kinds=("cold", "reengagement")),
    "regulatory_caveat_missing": Sweep(12, _regulated, kinds=("cold", "warm")),
    "thread_leakage": Sweep(12, _tempted(None), confided),
    "generic_peers": Sweep(10, _tempted(None), unsourced, ("cold", "warm")),
    "rejected_idea_repeated": Sweep(10, _tempted(None), turned_down, ("cold", "warm")),
    "pricing_violation": Sweep(10, _tempted(None), answers("price"), _WARM),
    "schedule_violation": Sweep(10, _tempted(None), answers("meeting"), _WARM),
    "one_ask_violation": Sweep(10, _tempted(None), answers("asks"), _WARM),
    "format_violation": Sweep(10, _told, noted("placeholder"), ("cold", "warm", "reengagement")),
    "word_count_violation": Sweep(10, _tempted(None), kinds=("reengagement", "sms")),
    "injection": Sweep(12, _told, noted("hostile"), ("cold", "warm"), "instruction_in_field"),
    "personalization_missing": Sweep(11, _tempted(None), emptied, ("cold", "reengagement")),
    "opt_out_ignored": Sweep(8, _OPT_OUT, kinds=("any",)),
    "disqualifier_ignored": Sweep(8, _DISQUALIFIED, kinds=("any",)),
    "escalation_missed": Sweep(9, _ESCALATED, kinds=("any",)),
}
assert set(SWEEPS) == {None, *FAILURES}  # noqa: S101  a failure without a sweep would go unnoticed


def sweep(split: Split, seed: int) -> Iterator[Task]:
    """The programmatic tasks of a split."""
    taken: set[str] = set()
    for failure, plan in SWEEPS.items():
        yield from _swept(failure, plan, split, seed, taken)


def _swept(failure: Failure | None, plan: Sweep, split: Split, seed: int, taken: set[str]) -> Iterator[Task]:
    """One task for each cell in turn, until the count is reached; a cell that finds nothing is passed over from then on."""
    cells = [Cell(failure, level, kind) for level, kind in product(LEVELS, plan.kinds)]
    streams = {cell: _found(cell, plan, split, seed, taken) for cell in cells}
    left = plan.count
    while left and streams:
        for cell in list(streams):
            task = next(streams[cell], None) if left else None
            if task is None:
                streams.pop(cell, None) if left else None
                continue
            left -= 1
            yield task


def _found(cell: Cell, plan: Sweep, split: Split, seed: int, taken: set[str]) -> Iterator[Task]:
    dice = Random(f"{seed}/{split}/{cell.name}/bench")
    for _ in range(TRIES):
        own = dice.getrandbits(40)
        drawn = draw(own)
        name = drawn.record["company"]["name"]
        if split_of(name) != split or name in taken or not plan.fits(drawn) or cell.kind not in {"any", drawn.record["message_type"]}:
            continue
        task = _task(cell, plan, split, own, drawn)
        if task is not None:
            taken.add(name)
            yield task


def _task(cell: Cell, plan: Sweep, split: Split, seed: int, drawn: Drawn) -> Task | None:
    """The task of a drawn prospect; None where it does not belong into the cell."""
    record = deepcopy(drawn.record)
    canvas = Canvas(record, split, Random(f"{seed}/{cell.name}"))
    if not plan.overlay(canvas):
        return None
    record["id"] = f"{split[0]}{seed:010x}"
    task = Task.model_validate({
        "id": f"p-{record['id']}", "split": split, "mode": "programmatic", "difficulty": cell.difficulty, "tempts": cell.failure, "decision": drawn.truth.decision,
        "hostile": plan.hostile or ("instruction_in_field" if drawn.truth.hostile else None), "prospect": record, "turns": _turns(cell, canvas, drawn),
        "provenance": Provenance(author="world", seed=seed, recipe=f"{cell.name}:{drawn.truth.case}"),
    })  # fmt: skip
    if task.turns and any(one.decision == "DRAFT" and "capacity" in turn.changes for one, turn in zip(moments(task)[1:], task.turns, strict=True)):
        task = task.model_copy(update={"hostile": task.hostile or "capacity_changed"})
    fits = difficulty_of(task) == cell.difficulty and gives_room(task) and _as_intended(task)
    return task if fits and _can_be_answered(task, drawn.truth) else None


def _turns(cell: Cell, canvas: Canvas, drawn: Drawn) -> tuple[Turn, ...]:
    """A thread that goes on, for some of the first letters that are not easy."""
    if drawn.truth.decision != "DRAFT" or cell.kind != "cold" or cell.difficulty == "easy" or canvas.dice.random() < 0.5:
        return ()
    if cell.failure == "bench_over_commitment":
        return capacity_falls(canvas)
    return goes_on(canvas, canvas.dice.choice(("engaged", "engaged", "engaged", "refusal", "legal")))


def _as_intended(task: Task) -> bool:
    playbook = load_playbook("tenacious")
    return all(decision_of(moment.prospect, playbook) == moment.decision for moment in moments(task))


def _can_be_answered(task: Task, truth: Truth) -> bool:
    """Whether a clean letter of the world passes at the first moment; nobody writes one where none is called for."""
    return task.decision != "DRAFT" or clean_letter(task.prospect, truth, task.provenance.seed or 0) is not None


def clean_letter(record: dict[str, Any], truth: Truth, seed: int) -> str | None:
    """A letter of the world without a flaw that the rubric passes; None where none of a few does."""
    from rubric.email import Email
    from rubric.errors import ConfigError
    from rubric.prospect import read_prospect
    from rubric.verdict import check
    from training.world.facts import facts
    from training.world.letters import write
    from training.world.signing import senders

    dice, reading, playbook = Random(seed), read_prospect(record), load_playbook("tenacious")
    for _ in range(LETTERS):
        try:
            letter = write(facts(Drawn(record, truth), senders(dice), dice), dice)
        except ConfigError:  # no wording of the world fits what was laid upon the prospect
            return None
        if check(reading, Email(letter.body, letter.subject), playbook).decision == "PASS":
            return letter.text
    return None


__all__ = ["SWEEPS", "Cell", "Sweep", "clean_letter", "sweep"]
