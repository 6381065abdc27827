"""Pairs of verdicts: the right label of a draft against a wrong one, behind the judge's prompt.

Decides that both ways of being wrong are as frequent, a good draft that is stopped and a bad one that
passes, so that always stopping and always passing are worth the same.
"""

from __future__ import annotations

from typing import NamedTuple, cast

from rubric.playbook import Failure
from training.pairs.drafts import clean, flawed, judged
from training.pairs.mutated import damaged
from training.pairs.pair import Pair
from training.pairs.rendering import Renderer, Unfit
from training.pairs.scenes import Scene, judge_prompt
from training.world.corpus import label
from training.world.drawing import REFUSED
from training.world.entries import wording
from training.world.letters import Letter

_FALSE_BLOCK = 0.5 / (1 - REFUSED)  # refused prospects are all cases that must be stopped
_MUTATED = 0.5


class _Drafted(NamedTuple):
    letter: Letter
    author: str


def verdict_pair(scene: Scene, renderer: Renderer, *, unseen: bool = False) -> Pair:
    """`unseen`: the flaws of bad drafts are in wording set aside."""
    decision = scene.drawn.truth.decision
    if decision != "DRAFT":
        return _pair(scene, renderer, _Drafted(clean(scene), "world"), decision, "PASS", unseen=unseen)
    if scene.dice.random() < _FALSE_BLOCK:
        return _pair(scene, renderer, _Drafted(_good(scene), "world"), "PASS", label("DRAFT", (_accused(scene),)), unseen=unseen)
    draft = _bad(scene, unseen=unseen)
    return _pair(scene, renderer, draft, label("DRAFT", draft.letter.flaws), "PASS", unseen=unseen)


def _good(scene: Scene) -> Letter:
    draft = judged(scene, clean(scene))
    if not draft.good:
        raise Unfit("no clean draft passes")
    return draft.letter


def _bad(scene: Scene, *, unseen: bool) -> _Drafted:
    if not unseen and scene.dice.random() < _MUTATED:
        found = damaged(scene)
        return _Drafted(found.letter, f"mutator:{found.mutator.name}")
    draft = flawed(scene, 1, unseen=unseen)
    if draft is None:
        raise Unfit("the prospect gives no room for a flaw")
    return _Drafted(draft.letter, "world")


def _accused(scene: Scene) -> Failure:
    """The failure that a good draft is wrongly stopped for: what the brief tempts, or any."""
    if scene.tempted in wording().flawed and scene.dice.random() < 0.5:
        return scene.tempted  # type: ignore[return-value]
    return cast(Failure, scene.dice.choice(list(wording().flawed)))


def _pair(scene: Scene, renderer: Renderer, draft: _Drafted, right: str, wrong: str, *, unseen: bool) -> Pair:
    return renderer.pair(
        judge_prompt(scene, draft.letter), right, wrong, role="judge", source="mutator" if draft.author != "world" else "best_worst",
        failures=draft.letter.flaws, company=scene.company, split=scene.split, seed=scene.seed, author=draft.author, unseen=unseen,
    )  # fmt: skip


__all__ = ["verdict_pair"]
