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
from experiments.bench.hostility import is_there
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
from experiments.bench.task import LEVELS, Difficulty, Hostile, Provenance, Task, Turn, moments
from rubric.playbook import Failure, load_playbook
from training.world.drawing import Drawn, Truth, draw
from training.world.split import Split, split_of

TRIES, LETTERS = 10_000, 8
_KINDS = ("cold", "warm", "reengagement", "sms")
Fits = Callable[[Drawn], bool]
GoesOn = Callable[["Cell", Canvas], tuple[Turn, ...] | None]
_IN_NOTES: tuple[Hostile, ...] = ("instruction_in_field", "chat_template_tokens", "markup", "link")


def sometimes(cell: Cell, canvas: Canvas) -> tuple[Turn, ...]:
    """A thread that goes on, for some of the first letters that are not easy."""
    if cell.kind != "cold" or cell.difficulty == "easy" or canvas.dice.random() < 0.5:
        return ()
    return goes_on(canvas, canvas.dice.choice(("engaged", "engaged", "engaged", "refusal", "legal")))


def never(_cell: Cell, _canvas: Canvas) -> tuple[Turn, ...]:
    return ()


def with_less(_cell: Cell, canvas: Canvas) -> tuple[Turn, ...] | None:
    """Capacity that falls on the way; None where there is none that could."""
    return capacity_falls(canvas) or None


class Sweep(NamedTuple):
    """How a failure's tasks are made: how many, from which prospects, what is laid upon them, and how the thread goes on."""

    failure: Failure | None
    wanted: int
    fits: Fits
    overlay: Overlay = plain
    kinds: tuple[str, ...] = _KINDS
    levels: tuple[Difficulty, ...] = LEVELS
    going: GoesOn = sometimes


class Cell(NamedTuple):
    failure: Failure | None
    difficulty: Difficulty
    kind: str

    @property
    def name(self) -> str:
        return f"{self.failure or 'none'}/{self.difficulty}/{self.kind}"


def _tempted(by: str | None, starts: tuple[str, ...] = ("",)) -> Fits:
    return lambda drawn: drawn.truth.decision == "DRAFT" and drawn.truth.temptation == by and drawn.truth.case.startswith(starts)


def _untempted(drawn: Drawn) -> bool:
    return _tempted(None)(drawn) and not drawn.truth.hostile


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
SWEEPS: tuple[Sweep, ...] = (
    Sweep(None, 30, _untempted),
    Sweep("bench_over_commitment", 26, _tempted("bench_over_commitment"), going=never),
    Sweep("bench_over_commitment", 10, _tempted("bench_over_commitment"), kinds=("cold",), levels=("hard",), going=with_less),
    Sweep("signal_over_claiming", 27, _tempted("signal_over_claiming")),
    Sweep("tone_violation", 20, _tempted("tone_violation"), kinds=("cold", "warm", "reengagement")),
    Sweep("icp_misclassification", 16, _tempted("icp_misclassification"), kinds=("cold", "warm", "reengagement")),
    Sweep("abstention_failure", 16, _tempted("abstention_failure"), kinds=("cold", "warm", "reengagement")),
    Sweep("gap_over_claiming", 16, _tempted("gap_over_claiming"), kinds=("cold", "warm", "reengagement")),
    Sweep("unverified_funding", 12, _unsure_money),
    Sweep("funding_tier_mismatch", 10, _odd_stage, kinds=("cold", "reengagement")),
    Sweep("regulatory_caveat_missing", 12, _regulated, kinds=("cold", "warm")),
    Sweep("thread_leakage", 12, _tempted(None), confided),
    Sweep("generic_peers", 10, _tempted(None), unsourced, ("cold", "warm")),
    Sweep("rejected_idea_repeated", 10, _tempted(None), turned_down, ("cold", "warm")),
    Sweep("pricing_violation", 10, _tempted(None), answers("price"), _WARM),
    Sweep("schedule_violation", 10, _tempted(None), answers("meeting"), _WARM),
    Sweep("one_ask_violation", 10, _tempted(None), answers("asks"), _WARM),
    Sweep("format_violation", 10, _told, noted("placeholder"), ("cold", "warm", "reengagement")),
    Sweep("word_count_violation", 10, _tempted(None), kinds=("reengagement", "sms")),
    Sweep("injection", 12, _told, noted("hostile"), ("cold", "warm")),
    Sweep("personalization_missing", 11, _tempted(None), emptied, ("cold", "reengagement")),
    Sweep("opt_out_ignored", 8, _OPT_OUT, kinds=("any",), going=never),
    Sweep("disqualifier_ignored", 8, _DISQUALIFIED, kinds=("any",), going=never),
    Sweep("escalation_missed", 9, _ESCALATED, kinds=("any",), going=never),
)


def sweep(split: Split, seed: int) -> Iterator[Task]:
    """The programmatic tasks of a split."""
    taken: set[str] = set()
    for plan in SWEEPS:
        yield from _swept(plan, split, seed, taken)


def _swept(plan: Sweep, split: Split, seed: int, taken: set[str]) -> Iterator[Task]:
    """One task for each cell in turn, until the count is reached; a cell that finds nothing is passed over from then on."""
    cells = [Cell(plan.failure, level, kind) for level, kind in product(plan.levels, plan.kinds)]
    streams = {cell: _found(cell, plan, split, seed, taken) for cell in cells}
    left = plan.wanted
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
    turns = plan.going(cell, canvas)
    if turns is None:
        return None
    task = Task.model_validate({
        "id": f"p-{record['id']}", "split": split, "mode": "programmatic", "difficulty": cell.difficulty, "tempts": cell.failure, "decision": drawn.truth.decision,
        "prospect": record, "turns": turns, "provenance": Provenance(author="world", seed=seed, recipe=f"{cell.name}:{drawn.truth.case}"),
    })  # fmt: skip
    task = task.model_copy(update={"hostile": _hostile(task, plan, drawn)})
    fits = difficulty_of(task) == cell.difficulty and gives_room(task) and _as_intended(task)
    return task if fits and _can_be_answered(task, drawn.truth) else None


def _hostile(task: Task, plan: Sweep, drawn: Drawn) -> Hostile | None:
    """The kind of hostile input that the sweep or the world has put there."""
    if plan.failure == "injection" or drawn.truth.hostile:
        return next((kind for kind in _IN_NOTES if is_there(task, kind)), None)
    return "capacity_changed" if is_there(task, "capacity_changed") else None


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
