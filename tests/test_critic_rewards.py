"""Rewards, and the ranker that goes by them."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from critic.candidate import Candidate, Cost
from critic.reward_ranking import ByReward, Worn, grouped
from critic.rewards import REWARDS, base, dpo, orpo, reward, simpo
from critic.scorer import Scored
from prompts import Prompt
from rubric.errors import ScoreError

ROWS = st.lists(st.floats(-30, -1e-6), min_size=1, max_size=40)
PROMPT = Prompt(())


class Scale:
    """A scorer whose log-probabilities are the tokens themselves, and twice that without the adapter."""

    def __init__(self, *, short: bool = False) -> None:
        self.asked: list[str | None] = []
        self.short = short

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        self.asked.append(adapter)
        by = 1 if adapter else 2
        rows = [tuple(-float(token) / 10 * by for token in ids) for ids in completions]
        return Scored(tuple(row[:-1] if self.short else row for row in rows), Cost(scored=sum(map(len, rows))))


def letter(index: int, *ids: int, finish: str = "stop", logprobs: Sequence[float] | None = None, round: int = 0) -> Candidate:
    return Candidate(text="x", token_ids=ids, logprobs=logprobs, index=index, finish=finish, round=round)  # type: ignore[arg-type]


def test_closed_forms() -> None:
    row, other = (-1.0, -3.0), (-2.0, -2.5)
    assert simpo(row, 2.0) == -4.0
    share = exp(-2.0)
    assert orpo(row) == pytest.approx(log(share / (1 - share)))
    assert dpo(row, other, 0.1) == pytest.approx(0.1 * (-4.0 + 4.5))
    assert base(other) == -2.25
    assert [reward(kind, 2.0, worn=row, bare=other) for kind in REWARDS] == pytest.approx([-4.0, orpo(row), 1.0, -2.25])


@given(ROWS, ROWS)
def test_simpo_orpo_and_the_mean_order_alike(one: list[float], other: list[float]) -> None:
    means = [sum(row) / len(row) for row in (one, other)]
    if abs(means[0] - means[1]) > 1e-6:
        assert (simpo(one, 2.5) > simpo(other, 2.5)) == (orpo(one) > orpo(other)) == (means[0] > means[1])


@given(ROWS)
def test_a_model_that_adds_nothing_has_no_implicit_reward(row: list[float]) -> None:
    assert dpo(row, row, 0.5) == 0.0


def test_certainty_has_finite_odds() -> None:
    assert orpo((0.0,)) == orpo((-0.0, 0.0)) < 30


@pytest.mark.parametrize("row", [(), (float("nan"),), (-1.0, float("-inf"))])
@pytest.mark.parametrize("kind", REWARDS)
def test_what_is_no_number_is_no_low_reward(kind: str, row: tuple[float, ...]) -> None:
    with pytest.raises(ScoreError):
        reward(kind, 1.0, worn=row, bare=row)  # type: ignore[arg-type]


def test_rows_of_different_tokens_are_refused() -> None:
    with pytest.raises(ScoreError, match="not of the same tokens"):
        dpo((-1.0,), (-1.0, -1.0), 1.0)
    with pytest.raises(ScoreError, match="without the adapter"):
        reward("dpo", 1.0, worn=(-1.0,))


def test_the_likelier_candidate_comes_first() -> None:
    scorer = Scale()
    found = ByReward(Worn("a", "simpo", 2.0)).rank(PROMPT, [letter(0, 9, 9), letter(1, 1, 3), letter(2, 5)], scorer)
    assert found.order == (1, 2, 0) and found.scores == pytest.approx((-1.8, -0.4, -1.0))
    assert (found.ranker, found.reward, found.ties, found.below, found.cost.scored) == ("critic", "simpo", (), (), 5)
    assert scorer.asked == ["a"]


def test_a_candidate_that_was_cut_off_comes_last_whatever_its_reward() -> None:
    found = ByReward(Worn("a")).rank(PROMPT, [letter(0, 1, finish="length"), letter(1, 9), letter(2, 8), letter(3, 2, finish="length")], Scale())
    assert found.order == (2, 1, 0, 3)


def test_rewards_within_the_noise_are_equal_and_keep_the_order_of_sampling() -> None:
    pool = [letter(0, 12), letter(1, 10), letter(2, 11), letter(3, 40)]
    assert ByReward(Worn("a", noise=0.05)).rank(PROMPT, pool, Scale()).order == (1, 2, 0, 3)
    found = ByReward(Worn("a", noise=0.15)).rank(PROMPT, pool, Scale())
    assert found.ties == ((1, 2),) and found.order == (1, 2, 0, 3) and found.noise == 0.15
    wide = ByReward(Worn("a", noise=0.25)).rank(PROMPT, pool, Scale())
    assert wide.ties == ((0, 1, 2),) and wide.order == (0, 1, 2, 3)


@given(st.lists(st.floats(-9, 0), min_size=1, max_size=12), st.floats(0, 2))
def test_groups_are_a_permutation_and_no_wider_than_the_noise(scores: list[float], noise: float) -> None:
    groups = grouped(scores, noise)
    assert sorted(n for group in groups for n in group) == list(range(len(scores)))
    assert all(max(scores[n] for n in group) - min(scores[n] for n in group) <= noise for group in groups)
    assert all(list(group) == sorted(group) for group in groups)


def test_the_threshold_marks_what_lies_below() -> None:
    found = ByReward(Worn("a", threshold=-0.5)).rank(PROMPT, [letter(0, 9), letter(1, 5), letter(2, 4)], Scale())
    assert found.below == (0,) and found.threshold == -0.5


def test_what_sampling_left_behind_is_not_computed_again() -> None:
    scorer = Scale()
    pool = [letter(0, 5, logprobs=(-1.0,)), letter(1, 5, logprobs=(-0.1,))]
    found = ByReward(Worn("a", "dpo", 2.0)).rank(PROMPT, pool, scorer)
    assert found.scores == pytest.approx((1.0, -0.8)) and scorer.asked == ["a"]
    assert ByReward(Worn("a", "base")).rank(PROMPT, pool, scorer).order == (1, 0) and scorer.asked == ["a"]
    again = ByReward(Worn("a", "dpo", 2.0)).rank(PROMPT, [letter(0, 5), letter(1, 3)], scorer)
    assert again.scores == pytest.approx((1.0, 0.6)) and scorer.asked == ["a", "a", None] and again.cost.scored == 4


def test_malformed_scores_are_refused() -> None:
    with pytest.raises(ScoreError, match="not one for each token"):
        ByReward(Worn("a")).rank(PROMPT, [letter(0, 5, 6)], Scale(short=True))
    with pytest.raises(ScoreError, match="without token ids"):
        ByReward(Worn("a")).rank(PROMPT, [letter(0)], Scale())
    with pytest.raises(ValueError, match="never mixes rounds"):
        ByReward(Worn("a")).rank(PROMPT, [letter(0, 1), letter(1, 1, round=1)], Scale())
