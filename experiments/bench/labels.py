"""Labels that a person gives to letters, in two passes, and how far the passes agree.

Decides the scale, the order of each pass and which labels count: the last one of each pass for a letter. The second pass
shuffles the letters and knows nothing of the first one's answers. Two passes of one person are that person's agreement with
themselves; only labels of two people are agreement between raters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field

from agent.lines import as_json
from agent.whole_file import writing_to
from critic.row_files import read_rows
from experiments.bench.counts import number_of
from experiments.bench.kappa import Agreement, kappa
from rubric.errors import InputError
from rubric.playbook import DECISIONS, Decision, Dimension

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
SCALE = (1, 2, 3, 4, 5)
MEANING: dict[Dimension, str] = {
    "cta_quality": "one clear ask that fits the kind of message",
    "tone_compliance": "direct, grounded, honest, professional, not condescending",
    "bench_fit_alignment": "promises no more people and no earlier start than there is",
    "signal_grounding": "every claim is in the brief, and as sure as the brief is",
    "personalization_depth": "says what only this reader would be told",
}
Pass = Literal[1, 2]
FEW = 10  # letters, below which one answer more or less moves kappa by tenths


class Case(BaseModel):
    """A letter to label, in the form that `winnow check --jsonl` reads."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    prospect: dict[str, Any]
    email: dict[str, Any] | str

    @property
    def sha(self) -> str:
        return hashlib.sha256(as_json(self.model_dump(mode="json"))).hexdigest()[:16]


class Label(BaseModel):
    """One person's answers on one letter in one pass; a dimension that cannot be judged is null."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    sha: str = Field(description="of the letter and its prospect, so that labels of changed letters do not count")
    rater: str = Field(min_length=1, max_length=80)
    pass_: Pass = Field(alias="pass")
    dimensions: dict[Dimension, int | None]
    decision: Decision


class Agreed(BaseModel):
    """Agreement on every dimension and on the decision."""

    kind: Literal["one person with themselves", "two people"]
    raters: list[str]
    letters: int
    dimensions: dict[Dimension, Agreement]
    decision: Agreement
    note: str = ""


class Rows(NamedTuple):
    first: dict[str, Label]
    second: dict[str, Label]


def read_cases(path: str | Path) -> list[Case]:
    found = list(read_rows(path, Case, "letters", "a row has an id, a prospect and an email, as `winnow check --jsonl` reads it"))
    if len({case.id for case in found}) < len(found):
        raise InputError(f"{path} holds several letters with one id; give each its own")
    return found


def read_labels(path: str | Path, *, absent: bool = False) -> list[Label]:
    """The labels of a file; one that is not there is refused, unless `absent` says that it may be new."""
    if not Path(path).exists():
        if absent:
            return []
        raise InputError(f"there is no file of labels {str(path)!r}; give one that `winnow bench label` wrote")
    return list(read_rows(path, Label, "labels", "write it with `winnow bench label`"))


def add_label(path: str | Path, label: Label) -> None:
    """Adds a label behind those that are there, so that a stopped pass goes on where it was."""
    place = Path(path)
    with writing_to(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("ab") as file:
            file.write(as_json(label.model_dump(mode="json", by_alias=True)) + b"\n")
            file.flush()


def in_order(cases: Sequence[Case], number: Pass, rater: str) -> list[Case]:
    """Pass 1 in the order of the file, pass 2 shuffled: the same for the same person, and never the order of pass 1."""
    if number == 1 or len(cases) < 2:
        return list(cases)
    dice, shuffled = Random(f"{rater}/2"), list(cases)
    while shuffled == list(cases):
        dice.shuffle(shuffled)
    return shuffled


def waiting(cases: Sequence[Case], labels: Iterable[Label], number: Pass, rater: str) -> list[Case]:
    """The letters of a pass that have no label yet, in its order."""
    done = {(label.id, label.sha) for label in labels if label.pass_ == number and label.rater == rater}
    return [case for case in in_order(cases, number, rater) if (case.id, case.sha) not in done]


def agreement(labels: Sequence[Label], raters: Sequence[str] = ()) -> Agreed:
    """Of one person the two passes; of two people the first pass of each."""
    known = list(dict.fromkeys(label.rater for label in labels))
    chosen = list(raters) or known
    if not chosen or len(chosen) > 2 or set(chosen) - set(known):
        raise InputError(f"give one person or two with --rater; the labels are of {', '.join(known) or 'nobody'}")
    alone = len(chosen) == 1
    rows = Rows(_of(labels, chosen[0], 1), _of(labels, chosen[-1], 2 if alone else 1))
    both = [key for key in rows.first if key in rows.second]
    pairs = [(rows.first[key], rows.second[key]) for key in both]
    dimensions = {name: _dimension(pairs, name) for name in DIMENSIONS}
    return Agreed(
        kind="one person with themselves" if alone else "two people", raters=chosen, letters=len(both), dimensions=dimensions, note=_few(len(both), dimensions),
        decision=kappa([a.decision for a, _ in pairs], [b.decision for _, b in pairs], DECISIONS),
    )  # fmt: skip


def _few(letters: int, dimensions: Mapping[Dimension, Agreement]) -> str:
    """Says where kappa stands on too little to be read; nothing at all says so by itself."""
    if 0 < letters < FEW:
        return f"{number_of(letters, 'letter')}: kappa of fewer than {FEW} says little; label more before you read it"
    names = [name for name, one in dimensions.items() if 0 < one.n < FEW]
    return f"fewer than {FEW} letters were judged in both passes for {', '.join(names)}: kappa of so few says little" if names else ""


def _of(labels: Sequence[Label], rater: str, number: Pass) -> dict[str, Label]:
    """The last label of a pass for each letter."""
    return {f"{label.id}/{label.sha}": label for label in labels if label.rater == rater and label.pass_ == number}


def _dimension(pairs: Sequence[tuple[Label, Label]], name: Dimension) -> Agreement:
    """Letters that either pass could not judge are left out, and counted in the note."""
    rows = [(a.dimensions.get(name), b.dimensions.get(name)) for a, b in pairs]
    judged = [(a, b) for a, b in rows if a is not None and b is not None]
    found = kappa([a for a, _ in judged], [b for _, b in judged], SCALE, "quadratic")
    left = len(rows) - len(judged)
    note = "; ".join(filter(None, (found.note, f"{left} left out: a pass could not judge them" if left else "")))
    return found.model_copy(update={"note": note})


__all__ = [
    "DIMENSIONS", "FEW", "MEANING", "SCALE", "Agreed", "Case", "Label", "Pass", "add_label", "agreement", "in_order", "read_cases", "read_labels", "waiting",
]  # fmt: skip
