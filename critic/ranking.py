"""Which candidate comes first, and by which figure: the plug point for rankers.

Decides the order within one pool; candidates of different rounds are never in one ranking, because
they answer different prompts. A missing log-probability is an error and not a low score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from critic.candidate import Candidate, Cost
from critic.scorer import Scorer
from prompts.pieces import Prompt
from rubric.errors import ScoreError


class Ranking(BaseModel):
    """`order` holds positions in the pool, best first; `scores` stand in the order of the pool."""

    model_config = ConfigDict(frozen=True)

    ranker: str
    order: tuple[int, ...]
    scores: tuple[float | None, ...] = Field(description="null: this ranker does not score")
    cost: Cost = Cost()


class Ranker(Protocol):
    """`uses_adapter` says whether a LoRA adapter changes the order."""

    name: str
    uses_adapter: bool

    def rank(self, prompt: Prompt, pool: Sequence[Candidate], scorer: Scorer) -> Ranking: ...


class AsSampled:
    """Keeps the order of sampling: the baseline that any ranking has to beat."""

    name = "as_sampled"
    uses_adapter = False

    def rank(self, prompt: Prompt, pool: Sequence[Candidate], scorer: Scorer) -> Ranking:
        _one_round(pool)
        return Ranking(ranker=self.name, order=tuple(range(len(pool))), scores=(None,) * len(pool))


class MeanLogProb:
    """The mean log-probability of a candidate's tokens without an adapter, as kept from sampling."""

    name = "mean_logprob"
    uses_adapter = False

    def rank(self, prompt: Prompt, pool: Sequence[Candidate], scorer: Scorer) -> Ranking:
        _one_round(pool)
        cost = Cost()
        rows = [candidate.logprobs for candidate in pool]
        if any(row is None for row in rows):
            scored = scorer.score(prompt, [_ids(candidate) for candidate in pool])
            rows, cost = list(scored.logprobs), scored.cost
        scores = [mean(row or ()) for row in rows]
        return Ranking(ranker=self.name, order=best_first(scores), scores=tuple(scores), cost=cost)


def mean(logprobs: Sequence[float]) -> float:
    """The length-normalised log-probability; a completion without a token has none."""
    if not logprobs:
        raise ScoreError(
            "a candidate came without log-probabilities, so the pool cannot be ranked; use a backbone that scores, "
            "or set 'ranker: as_sampled'"
        )
    value = sum(logprobs) / len(logprobs)
    if not isfinite(value):
        raise ScoreError("a log-probability is no number, so the pool cannot be ranked; try another model file or dtype")
    return value


def best_first(scores: Sequence[float]) -> tuple[int, ...]:
    """Positions by falling score; equal scores keep the order of sampling."""
    return tuple(sorted(range(len(scores)), key=lambda n: (-scores[n], n)))


def _ids(candidate: Candidate) -> tuple[int, ...]:
    if not candidate.token_ids:
        raise ScoreError(
            "a candidate came without token ids, so it cannot be scored; give the backbone a local tokenizer, "
            "or set 'ranker: as_sampled'"
        )
    return candidate.token_ids


def _one_round(pool: Sequence[Candidate]) -> None:
    rounds = {candidate.round for candidate in pool}
    if len(rounds) > 1:
        raise ValueError(f"a ranking never mixes rounds, got {sorted(rounds)}")


RANKERS: dict[str, Callable[[], Ranker]] = {ranker.name: ranker for ranker in (MeanLogProb, AsSampled)}

__all__ = ["RANKERS", "AsSampled", "MeanLogProb", "Ranker", "Ranking", "best_first", "mean"]
