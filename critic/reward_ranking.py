"""The ranker `critic`: orders a pool by the reward that an adapter gives it.

Decides what counts as equal (rewards within the noise floor of the best of their group keep the order of
sampling), that a candidate cut off at the token limit comes last, and which candidates lie below the
threshold. Refuses scores that are missing, too many, or no numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from critic.candidate import Candidate, Cost
from critic.ranking import Ranking, best_first, ids_of, one_round
from critic.rewards import Reward, reward
from critic.scorer import Scored, Scorer
from prompts.pieces import Prompt
from rubric.errors import ScoreError

Groups = tuple[tuple[int, ...], ...]


class Worn(NamedTuple):
    """An adapter as the backbone knows it, and how its scores are read."""

    adapter: str
    reward: Reward = "simpo"
    beta: float = 1.0
    noise: float = 0.0
    threshold: float | None = None


class ByReward:
    """Ranks by the reward of one adapter."""

    name = "critic"
    uses_adapter = True

    def __init__(self, worn: Worn) -> None:
        self._worn = worn

    def rank(self, prompt: Prompt, pool: Sequence[Candidate], scorer: Scorer) -> Ranking:
        one_round(pool)
        worn = self._worn
        scores, cost = rewards_of(worn, prompt, pool, scorer)
        whole = [n for n, candidate in enumerate(pool) if candidate.finish != "length"]
        cut = [n for n, candidate in enumerate(pool) if candidate.finish == "length"]
        groups = grouped([scores[n] for n in whole], worn.noise)
        order = (*(whole[n] for group in groups for n in group), *(cut[n] for n in best_first([scores[n] for n in cut])))
        below = () if worn.threshold is None else tuple(n for n, score in enumerate(scores) if score < worn.threshold)
        return Ranking(
            ranker=self.name, order=order, scores=tuple(scores), cost=cost, reward=worn.reward, noise=worn.noise,
            ties=tuple(tuple(whole[n] for n in group) for group in groups if len(group) > 1), threshold=worn.threshold, below=below,
        )  # fmt: skip


def rewards_of(worn: Worn, prompt: Prompt, pool: Sequence[Candidate], scorer: Scorer) -> tuple[list[float], Cost]:
    """The reward of each candidate; what lies behind from sampling is not computed again."""
    rows = [ids_of(candidate) for candidate in pool]
    scored = Scored(((),) * len(rows), Cost()) if worn.reward == "base" else scorer.score(prompt, rows, worn.adapter)
    cost, bare = scored.cost, [candidate.logprobs for candidate in pool]
    if worn.reward in ("dpo", "base") and any(row is None for row in bare):
        plain = scorer.score(prompt, rows)
        cost, bare = cost + plain.cost, list(plain.logprobs)
    if worn.reward != "base":
        refuse_misaligned(scored, rows)
    return [reward(worn.reward, worn.beta, worn=row, bare=other) for row, other in zip(scored.logprobs, bare, strict=True)], cost


def refuse_misaligned(scored: Scored, completions: Sequence[Sequence[int]]) -> None:
    """Refuses an answer that has not one number for each token."""
    if [len(row) for row in scored.logprobs] != [len(ids) for ids in completions]:
        raise ScoreError("the critic's log-probabilities are not one for each token, so the pool cannot be ranked; use a backbone that scores")


def grouped(scores: Sequence[float], noise: float) -> Groups:
    """Positions best first, in groups whose members lie within the noise of the group's best."""
    groups: list[list[int]] = []
    for n in best_first(scores):
        if groups and scores[groups[-1][0]] - scores[n] <= noise:
            groups[-1].append(n)
        else:
            groups.append([n])
    return tuple(tuple(sorted(group)) for group in groups)


__all__ = ["ByReward", "Groups", "Worn", "grouped", "refuse_misaligned", "rewards_of"]
