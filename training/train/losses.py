"""The three losses in closed form, over sums of log-probabilities and numbers of tokens.

Decides nothing at run time: the trainers compute their own. These say in a few lines what they are to
compute, and a test holds the trainers to them.
"""

from __future__ import annotations

from math import exp, log1p
from typing import NamedTuple

from critic.rewards import log_odds


class Side(NamedTuple):
    """One completion: the sum over its tokens, end of turn included, and how many there are."""

    total: float
    tokens: int

    @property
    def mean(self) -> float:
        return self.total / self.tokens


def softplus(x: float) -> float:
    """log(1 + exp(x)), which is -log sigmoid(-x), without overflow.

    >>> round(softplus(0.0), 4), softplus(1000.0)
    (0.6931, 1000.0)
    """
    return max(x, 0.0) + log1p(exp(-abs(x)))


def simpo(chosen: Side, rejected: Side, *, beta: float, gamma: float) -> float:
    """-log sigmoid(beta * difference of the means - gamma); gamma is the margin itself, not a share of beta."""
    return softplus(gamma - beta * (chosen.mean - rejected.mean))


def orpo(chosen: Side, rejected: Side, *, beta: float, likelihood: float) -> float:
    """The mean negative log-likelihood of prompt and chosen side, and beta times the loss of the log odds."""
    return likelihood + beta * softplus(log_odds(rejected.mean) - log_odds(chosen.mean))


def dpo(chosen: Side, rejected: Side, *, bare_chosen: float, bare_rejected: float, beta: float) -> float:
    """-log sigmoid(beta * what the adapter adds to the chosen side more than to the rejected one), in sums."""
    return softplus(beta * ((rejected.total - bare_rejected) - (chosen.total - bare_chosen)))


__all__ = ["Side", "dpo", "orpo", "simpo", "softplus"]
