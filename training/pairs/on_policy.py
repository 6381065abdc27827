"""Pairs from pools that a model sampled: the pools that the critic will meet.

Decides by the gate: the best candidate that passes against the worst, and against the one that came nearest to it and
is stopped. A candidate that was cut off stands on neither side, because its last token is no end of turn.
"""

from __future__ import annotations

from collections.abc import Iterator

from critic.pools import Member
from rubric.playbook import DECISIONS
from training.pairs.pair import Pair
from training.pairs.pools import WorldPool, scene_of
from training.pairs.rendering import Renderer, Unfit
from training.pairs.scenes import Scene, prompt_of

MARGIN = 0.05


def on_policy(pool: WorldPool, renderer: Renderer, margin: float = MARGIN) -> Iterator[Pair]:
    """One pair or two; raises `Unfit` where the pool has none."""
    best, *others = _ranked(pool)
    if best.decision != "PASS":
        raise Unfit("no candidate of the pool passes")
    worse = [one for one in others if one.decision != "PASS" and _score(best) - _score(one) >= margin and one.candidate.text != best.candidate.text]
    if not worse:
        raise Unfit("no candidate of the pool is worse by the margin")
    scene = scene_of(pool)
    prompt = prompt_of(scene)
    if prompt.hash != pool.prompt_hash:
        raise Unfit("the prompt of the pool is no longer the same")
    for one in dict.fromkeys((worse[-1], worse[0])):
        yield renderer.pair(prompt, best.candidate.text, one.candidate.text, failures=one.failures, chosen_score=best.score, rejected_score=one.score, **_from(pool, scene))


def _ranked(pool: WorldPool) -> list[Member]:
    """Whole letters, the best first; equal ones in the order of sampling."""
    whole = [one for one in pool.candidates if one.candidate.finish == "stop" and one.candidate.text.strip()]
    if len(whole) < 2:
        raise Unfit("a pool with less than two whole letters")
    return sorted(whole, key=lambda one: (DECISIONS.index(one.decision) > 0, -_score(one)))


def _score(one: Member) -> float:
    return one.score if one.score is not None else 0.0


def _from(pool: WorldPool, scene: Scene) -> dict[str, object]:
    author = f"model:{pool.origin.hash[:8]}"
    return {"role": pool.role, "source": "on_policy", "company": pool.company, "split": pool.origin.split, "seed": scene.seed, "author": author}


__all__ = ["MARGIN", "on_policy"]
