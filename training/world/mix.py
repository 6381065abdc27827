"""How often letters of the training mix are flawed, and with what: the dial of the demonstration backbone.

Decides that a prospect which tempts a failure mostly gets a letter with it, as from a model that goes the
easy way, and that a style guide or a refusal in the prompt makes clean letters likelier. The failures of
the rest follow the published distribution of such agents. The figures stand in the model card.
"""

from __future__ import annotations

from random import Random
from typing import Literal, NamedTuple, cast, get_args

from rubric.playbook import Failure
from training.world.entries import wording
from training.world.facts import Facts
from training.world.letters import Letter, NoRoom, write

Role = Literal["baseline", "augmented", "revision", "judge"]
PROSPECTS_ONLY: frozenset[Failure] = frozenset({"opt_out_ignored", "disqualifier_ignored", "escalation_missed"})
# Shares among flawed letters; what is left is spread evenly over the other failures.
PUBLISHED: dict[Failure, float] = {
    "bench_over_commitment": 0.37, "signal_over_claiming": 0.22, "tone_violation": 0.17, "icp_misclassification": 0.06,
    "abstention_failure": 0.04, "gap_over_claiming": 0.07,
}  # fmt: skip
SEVERAL = 0.05
FOLLOWS_TEMPTATION = 0.96
_TRIES = 6


class Share(NamedTuple):
    """The share of flawed letters where the brief tempts, and where it does not."""

    tempted: float
    plain: float


FLAWED: dict[Role, Share] = {
    "baseline": Share(0.96, 0.84),
    "augmented": Share(0.1, 0.05),
    "revision": Share(0.16, 0.1),
    "judge": Share(0.6, 0.6),
}


def weights() -> dict[Failure, float]:
    """The share of each failure among flawed letters of prospects that tempt none."""
    rest = [f for f in get_args(Failure) if f not in PUBLISHED and f not in PROSPECTS_ONLY]
    left = 1 - sum(PUBLISHED.values())
    return PUBLISHED | {failure: left / len(rest) for failure in rest}


def letter(facts: Facts, temptation: str | None, role: Role, dice: Random) -> Letter:
    """One letter of the mix."""
    share = FLAWED[role]
    if dice.random() >= (share.tempted if temptation else share.plain):
        return write(facts, dice)
    for _ in range(_TRIES):
        try:
            return write(facts, dice, _flaws(temptation, dice))
        except NoRoom:
            continue
    return write(facts, dice)


def _flaws(temptation: str | None, dice: Random) -> list[Failure]:
    known = wording().flawed
    table = {failure: weight for failure, weight in weights().items() if failure in known}
    first = dice.choices(list(table), list(table.values()))[0]
    if temptation in known and dice.random() < FOLLOWS_TEMPTATION:
        first = cast(Failure, temptation)
    if dice.random() >= SEVERAL:
        return [first]
    second = dice.choices(list(table), list(table.values()))[0]
    return [first] if second == first else [first, second]


__all__ = ["FLAWED", "PROSPECTS_ONLY", "PUBLISHED", "Role", "Share", "letter", "weights"]
