"""Pairs of a good letter and the same letter damaged in one way.

Decides which damage: every failure that the prospect gives room for is as likely as the others. Refuses
damage that the rubric does not see, because not every change of a letter makes it worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import NamedTuple

from rubric.playbook import Failure
from training.pairs.drafts import Draft, judged
from training.pairs.mutators import Mutator, Told, mutators
from training.pairs.mutators.anatomy import Anatomy, anatomy
from training.pairs.pair import Pair
from training.pairs.rendering import Renderer, Unfit
from training.pairs.scenes import Scene, prompt_of, verdict
from training.world.letters import Letter, write

_TRIES = 3


class Damaged(NamedTuple):
    """A good draft, the same letter damaged, and by what."""

    good: Draft
    letter: Letter
    mutator: Mutator
    score: float | None


def mutated(scene: Scene, renderer: Renderer) -> Pair:
    found = damaged(scene)
    return renderer.pair(
        prompt_of(scene), found.good.letter.text, found.letter.text, role=scene.role, source="mutator", failures=found.letter.flaws,
        chosen_score=found.good.score, rejected_score=found.score, company=scene.company, split=scene.split, seed=scene.seed,
        author=f"mutator:{found.mutator.name}",
    )  # fmt: skip


def damaged(scene: Scene) -> Damaged:
    known = scene.known()
    good = judged(scene, write(known, scene.dice))
    if not good.good:
        raise Unfit("no clean draft passes")
    told = Told(known, date.fromisoformat(scene.drawn.record["as_of"]))
    whole, tries = anatomy(good.letter.text), 0
    for mutator in by_failure(scene.dice):
        parts = mutator.damage(whole, told, scene.dice)
        if parts is None or parts == whole:
            continue
        found = verdict(scene.reading, parts.text)
        if found.decision != "PASS":
            return Damaged(good, _letter(parts, mutator), mutator, found.score)
        tries += 1
        if tries == _TRIES:
            break
    raise Unfit("the rubric sees no damage")


def by_failure(dice: Random) -> Iterator[Mutator]:
    """One mutator of each failure, in any order."""
    table: dict[Failure, list[Mutator]] = {}
    for mutator in mutators():
        table.setdefault(mutator.failure, []).append(mutator)
    for failure in dice.sample(list(table), len(table)):
        yield dice.choice(table[failure])


def _letter(parts: Anatomy, mutator: Mutator) -> Letter:
    body = parts._replace(subject=None).text
    return Letter(parts.subject, body, (mutator.failure,))


__all__ = ["Damaged", "by_failure", "damaged", "mutated"]
