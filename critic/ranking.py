"""Which candidate comes first, and by which figure: the plug point for rankers.

Decides the order within one pool; candidates of different rounds are never in one ranking, because
they answer different prompts. A missing log-probability is an error and not a low score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from critic.candidate import Candidate, Cost
from critic.rewards import Reward, mean
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
    reward: Reward | None = Field(None, description="what the scores are, where an adapter made them")
    noise: float | None = Field(None, description="scores that differ by no more than this count as equal")
    ties: tuple[tuple[int, ...], ...] = Field((), description="groups of positions whose scores count as equal")
    threshold: float | None = Field(None, description="candidates with a lower score are rejected")
    below: tuple[int, ...] = Field((), description="positions under the threshold")


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
        one_round(pool)
        return Ranking(ranker=self.name, order=tuple(range(len(pool))), scores=(None,) * len(pool))


class MeanLogProb:
    """The mean log-probability of a candidate's tokens without an adapter, as kept from sampling."""

    name = "mean_logprob"
    uses_adapter = False

    def rank(self, prompt: Prompt, pool: Sequence[Candidate], scorer: Scorer) -> Ranking:
        one_round(pool)
        cost = Cost()
        rows = [candidate.logprobs for candidate in pool]
        if any(row is None for row in rows):
            scored = scorer.score(prompt, [ids_of(candidate) for candidate in pool])
            rows, cost = list(scored.logprobs), scored.cost
        scores = [mean(row or ()) for row in rows]
        return Ranking(ranker=self.name, order=best_first(scores), scores=tuple(scores), cost=cost)


def best_first(scores: Sequence[float]) -> tuple[int, ...]:
    """Positions by falling score; equal scores keep the order of sampling."""
    return tuple(sorted(range(len(scores)), key=lambda n: (-scores[n], n)))


def ids_of(candidate: Candidate) -> tuple[int, ...]:
    """The sampled ids, which are what is scored."""
    if not candidate.token_ids:
        raise ScoreError(
            "a candidate came without token ids, so it cannot be scored; give the backbone a local tokenizer, "
            "or set 'ranker: as_sampled'"
        )
    return candidate.token_ids


def one_round(pool: Sequence[Candidate]) -> None:
    """Refuses a pool whose members answer different prompts."""
    rounds = {candidate.round for candidate in pool}
    if len(rounds) > 1:
        raise ValueError(f"a ranking never mixes rounds, got {sorted(rounds)}")


RANKERS: dict[str, Callable[[], Ranker]] = {ranker.name: ranker for ranker in (MeanLogProb, AsSampled)}

__all__ = ["RANKERS", "AsSampled", "MeanLogProb", "Ranker", "Ranking", "best_first", "ids_of", "mean", "one_round"]
