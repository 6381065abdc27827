"""Pairs of verdicts: the right decision on a draft against a wrong one, behind the judge's prompt.

Decides that half of the drafts must be stopped, and that each decision is about as often the wrong side as the right
one, so that a judge which gives the same one always is right in half. The sides are decisions without the failure,
because a judge is read by the likelihood of the five. Refuses prospects whose brief does not tell why they get no letter.
"""

from __future__ import annotations

from typing import NamedTuple

from critic.verdicts import stops
from rubric.playbook import Decision
from training.pairs.drafts import clean, flawed, judged
from training.pairs.mutated import damaged
from training.pairs.pair import Pair
from training.pairs.rendering import Renderer, Unfit
from training.pairs.scenes import Scene, judge_prompt
from training.world.corpus import MILD
from training.world.letters import Letter
from training.world.refusals import UNTOLD

SHARES: dict[Decision, float] = {"PASS": 0.4, "PENALISE": 0.1, "BLOCK": 0.424, "ESCALATE": 0.049, "SUPPRESS": 0.027}
_SAME_SIDE = 0.3
"""How likely a wrong decision is one of the same side, to be told apart from the right one too."""
_MUTATED = 0.5
_TRIES = 12


class _Drafted(NamedTuple):
    letter: Letter
    author: str


def verdict_pair(scene: Scene, renderer: Renderer, *, unseen: bool = False) -> Pair:
    """`unseen`: the flaws of bad drafts are in wording set aside."""
    if scene.drawn.truth.case in UNTOLD:
        raise Unfit("the brief does not tell why the prospect gets no letter")
    right: Decision = scene.drawn.truth.decision if scene.drawn.truth.decision != "DRAFT" else _of_draft(scene)
    draft = _bad(scene, right, unseen=unseen) if right in ("PENALISE", "BLOCK") else _Drafted(_clean(scene, right), "world")
    return _pair(scene, renderer, draft, right, _wrong(scene, right), unseen=unseen)


def _of_draft(scene: Scene) -> Decision:
    """What a prospect that may be written to makes of its draft."""
    names: tuple[Decision, ...] = ("PASS", "PENALISE", "BLOCK")
    return scene.dice.choices(names, [SHARES[name] for name in names])[0]


def _wrong(scene: Scene, right: Decision) -> Decision:
    """By the shares of the decisions, so that the way from one to another is as frequent as the way back."""
    others = [name for name in SHARES if name != right]
    return scene.dice.choices(others, [SHARES[name] * (_SAME_SIDE if stops(name) == stops(right) else 1.0) for name in others])[0]


def _clean(scene: Scene, right: Decision) -> Letter:
    if right != "PASS":  # the letter has nothing to do with it
        return clean(scene)
    draft = judged(scene, clean(scene))
    if not draft.good:
        raise Unfit("no clean draft passes")
    return draft.letter


def _bad(scene: Scene, right: Decision, *, unseen: bool) -> _Drafted:
    """A draft whose flaw calls for that decision."""
    for _ in range(_TRIES):
        found = _one_bad(scene, unseen=unseen)
        if found and (found.letter.flaws[0] in MILD) == (right == "PENALISE"):
            return found
    raise Unfit(f"the prospect gives no room for a flaw of the decision {right}")


def _one_bad(scene: Scene, *, unseen: bool) -> _Drafted | None:
    if not unseen and scene.dice.random() < _MUTATED:
        found = damaged(scene)
        return _Drafted(found.letter, f"mutator:{found.mutator.name}")
    draft = flawed(scene, 1, unseen=unseen)
    return draft and _Drafted(draft.letter, "world")


def _pair(scene: Scene, renderer: Renderer, draft: _Drafted, right: Decision, wrong: Decision, *, unseen: bool) -> Pair:
    return renderer.pair(
        judge_prompt(scene, draft.letter), right, wrong, role="judge", source="mutator" if draft.author != "world" else "best_worst",
        failures=draft.letter.flaws, company=scene.company, split=scene.split, seed=scene.seed, author=draft.author, unseen=unseen,
    )  # fmt: skip


__all__ = ["SHARES", "verdict_pair"]
