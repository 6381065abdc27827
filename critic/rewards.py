"""One figure for a completion, from the log-probabilities of its tokens.

Decides what each kind of training calls a good completion: `simpo` the scaled mean, `orpo` the log odds
of the mean token, `dpo` the scaled sum of what the adapter adds, `base` the mean without an adapter. The
tokens are all that were sampled, end of turn included, which are those that training counts. Refuses a
completion without tokens and a log-probability that is no number: neither is a low reward.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, isfinite, log1p
from typing import Literal, get_args

from rubric.errors import ScoreError

Reward = Literal["simpo", "orpo", "dpo", "base"]
REWARDS: tuple[Reward, ...] = get_args(Reward)
Row = Sequence[float]
_SURE = -1e-12  # a mean that rounds to certainty has no finite odds


def mean(logprobs: Row) -> float:
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


def simpo(logprobs: Row, beta: float) -> float:
    """
    >>> simpo([-1.0, -2.0], 2.0)
    -3.0
    """
    return beta * mean(logprobs)


def orpo(logprobs: Row) -> float:
    """The log odds of the probability of the mean token."""
    return log_odds(mean(logprobs))


def log_odds(mean: float) -> float:
    """log(p / (1 - p)), where p is the exponential of a mean log-probability."""
    value = min(mean, _SURE)
    return value - log1p(-exp(value))


def dpo(worn: Row, bare: Row, beta: float) -> float:
    """What the adapter adds to the log-probability of the whole completion."""
    if len(worn) != len(bare):
        raise ScoreError(
            f"a candidate has {len(worn)} log-probabilities with the adapter and {len(bare)} without, so they are not of "
            f"the same tokens; score with the model that sampled it"
        )
    return beta * (mean(worn) - mean(bare)) * len(worn)


def base(bare: Row) -> float:
    """The control: what the model alone thinks."""
    return mean(bare)


def reward(kind: Reward, beta: float, *, worn: Row, bare: Row | None = None) -> float:
    """The reward of one completion; `dpo` and `base` need the log-probabilities without the adapter."""
    if kind == "simpo":
        return simpo(worn, beta)
    if kind == "orpo":
        return orpo(worn)
    if bare is None:
        raise ScoreError(f"the reward {kind!r} needs log-probabilities without the adapter, and none came; use a backbone that gives them")
    return dpo(worn, bare, beta) if kind == "dpo" else base(bare)


__all__ = ["REWARDS", "Reward", "Row", "base", "dpo", "log_odds", "mean", "orpo", "reward", "simpo"]
