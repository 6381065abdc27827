"""Which letter of a pool is taken, and which letters count as equally good: the pickers of the conditions.

Decides that dice are thrown by the pool's own seeds, so that the same pool gives the same letter in every run; that
the rubric as a picker goes by score and then by decision; and that a letter without a score comes last there.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from critic.candidate import Candidate
from critic.ranking import RANKERS, Ranker, Ranking, one_round
from critic.reward_ranking import ByReward, Groups, Worn
from critic.scorer import Scorer
from experiments.conditions.condition import Picker
from experiments.run.verdicts import Verdict
from prompts.pieces import Prompt
from rubric.errors import ConfigError
from rubric.playbook import DECISIONS


class ByDice:
    """A ranker that knows nothing."""

    name = "random"
    uses_adapter = False

    def rank(self, prompt: Prompt, pool: Sequence[Candidate], scorer: Scorer) -> Ranking:
        one_round(pool)
        order = list(range(len(pool)))
        Random(f"{prompt.hash}|{[one.seed for one in pool]}").shuffle(order)
        return Ranking(ranker=self.name, order=tuple(order), scores=(None,) * len(pool))


def ranker_of(picker: Picker, worn: Worn | None) -> Ranker:
    """The ranker of a picker; the rubric is none, because it has to judge first."""
    if picker == "critic":
        if worn is None:
            raise ConfigError("the picker 'critic' needs an adapter; set 'adapter' in the plan, or give --adapter")
        return ByReward(worn)
    return {"first": RANKERS["as_sampled"], "logprob": RANKERS["mean_logprob"], "random": ByDice}[picker]()


class Order(NamedTuple):
    """Positions best first, and the same in groups of equals."""

    order: tuple[int, ...]
    groups: Groups
    scores: tuple[float | None, ...]

    def of_first(self, k: int) -> int:
        """What is taken where only the first k were drawn."""
        return next(position for position in self.order if position < k)


def order_of(picker: Picker, ranking: Ranking) -> Order:
    """The order of a ranking; for dice every letter is as good as another."""
    if picker == "random":
        return Order(ranking.order, (tuple(range(len(ranking.order))),), ranking.scores)
    return Order(ranking.order, _grouped(ranking), ranking.scores)


def by_rubric(verdicts: Sequence[Verdict]) -> Order:
    """The order in which the rubric itself would take them."""

    def worth(position: int) -> tuple[float, int]:
        one = verdicts[position]
        return (-one.score if one.score is not None else 1.0, DECISIONS.index(one.decision))

    order = tuple(sorted(range(len(verdicts)), key=lambda n: (*worth(n), n)))
    groups: list[tuple[int, ...]] = []
    for n in order:
        if groups and worth(groups[-1][0]) == worth(n):
            groups[-1] = (*groups[-1], n)
        else:
            groups.append((n,))
    return Order(order, tuple(groups), tuple(one.score for one in verdicts))


def _grouped(ranking: Ranking) -> Groups:
    """The ties of a ranking as groups, and each other letter alone, in its order."""
    tied = {position: group for group in ranking.ties for position in group}
    groups: list[tuple[int, ...]] = []
    for position in ranking.order:
        if not any(position in group for group in groups):
            groups.append(tied.get(position, (position,)))
    return tuple(groups)


__all__ = ["ByDice", "Order", "by_rubric", "order_of", "ranker_of"]
