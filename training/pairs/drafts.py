"""Pairs of whole drafts: best-good against worst-bad, and the tier of excellent letters.

Decides goodness by the world's truth and the rubric together: a chosen letter has no flaw by construction
and passes; a rejected one has a flaw by construction. The two tiers differ in how far apart the sides are:
at least the margin, or as near as a flawed letter comes.
"""

from __future__ import annotations

from typing import NamedTuple

from rubric.playbook import Decision, Failure
from training.pairs.pair import Pair, Source
from training.pairs.rendering import Renderer, Unfit
from training.pairs.scenes import Scene, prompt_of, verdict
from training.world.entries import wording
from training.world.letters import Letter, NoRoom, write
from training.world.mix import FOLLOWS_TEMPTATION, weights

MARGIN = 0.30
EXCELLENT = 0.90
_TRIES = 8
_CLEAN = 3


class Draft(NamedTuple):
    """A letter of the world with the gate's word on it."""

    letter: Letter
    decision: Decision
    score: float

    @property
    def good(self) -> bool:
        return not self.letter.flaws and self.decision == "PASS"


def best_worst(scene: Scene, renderer: Renderer, margin: float = MARGIN) -> Pair:
    """The best clean draft against the worst of several with more and more flaws."""
    good = _good(scene)
    for count in (2, 3, 3, 4, 4):
        worst = flawed(scene, count)
        if worst is not None and max(draft.score for draft in good) - worst.score >= margin:
            return _pair(scene, renderer, _best(good, worst), worst, "best_worst")
    raise Unfit("no draft is worse by the margin")


def excellence(scene: Scene, renderer: Renderer, *, unseen: bool = False) -> Pair:
    """An excellent letter against the best-looking one of those with a single flaw; `unseen`: in wording set aside."""
    good = [draft for draft in _good(scene) if draft.score >= EXCELLENT]
    if not good:
        raise Unfit(f"no draft scores {EXCELLENT:.2f}")
    found = [draft for _ in range(2) if (draft := flawed(scene, 1, unseen=unseen)) is not None]
    if not found:
        raise Unfit("the prospect gives no room for a flaw")
    rejected = max(found, key=lambda draft: draft.score)
    return _pair(scene, renderer, _best(good, rejected), rejected, "excellence", unseen=unseen)


def flawed(scene: Scene, count: int, *, unseen: bool = False) -> Draft | None:
    """A draft with so many flaws, or fewer where the prospect gives no room; None where it gives none at all."""
    for wanted in range(count, 0, -1):
        for _ in range(_TRIES // count + 1):
            try:
                return judged(scene, write(scene.known(), scene.dice, _flaws(scene, wanted), unseen=unseen))
            except NoRoom:
                continue
    return None


def clean(scene: Scene) -> Letter:
    return write(scene.known(), scene.dice)


def judged(scene: Scene, letter: Letter) -> Draft:
    found = verdict(scene.reading, letter.text)
    return Draft(letter, found.decision, found.score if found.score is not None else 0.0)


def _good(scene: Scene) -> list[Draft]:
    drafts = [draft for _ in range(_CLEAN) if (draft := judged(scene, clean(scene))).good]
    if not drafts:
        raise Unfit("no clean draft passes")
    return drafts


def _best(drafts: list[Draft], against: Draft) -> Draft:
    """The best; of equally good ones the nearest in length, so that length tells little from the start."""
    return max(drafts, key=lambda draft: (draft.score, -abs(len(draft.letter.text) - len(against.letter.text))))


def _flaws(scene: Scene, count: int) -> list[Failure]:
    """The flaw that the brief tempts first, as from a writer that goes the easy way, then any others."""
    table = {failure: share for failure, share in weights().items() if failure in wording().flawed}
    even = 1 / len(table)
    shares = {failure: (share + even) / 2 for failure, share in table.items()}
    found: list[Failure] = []
    if scene.tempted in table and scene.dice.random() < FOLLOWS_TEMPTATION / 2:
        found.append(scene.tempted)
    while len(found) < count:
        flaw = scene.dice.choices(list(shares), list(shares.values()))[0]
        if flaw not in found:
            found.append(flaw)
    return found


def _pair(scene: Scene, renderer: Renderer, chosen: Draft, rejected: Draft, source: Source, *, unseen: bool = False) -> Pair:
    return renderer.pair(
        prompt_of(scene), chosen.letter.text, rejected.letter.text, role=scene.role, source=source, failures=rejected.letter.flaws,
        chosen_score=chosen.score, rejected_score=rejected.score, company=scene.company, split=scene.split, seed=scene.seed, author="world", unseen=unseen,
    )  # fmt: skip


__all__ = ["EXCELLENT", "MARGIN", "Draft", "best_worst", "clean", "excellence", "flawed", "judged"]
