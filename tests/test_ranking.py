"""Rankers and the likeness of a pool."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from critic.candidate import Candidate, Cost
from critic.diversity import similarity
from critic.ranking import RANKERS, AsSampled, MeanLogProb, best_first
from critic.scorer import Scored
from prompts import Prompt
from rubric.errors import ScoreError

PROMPT = Prompt(())


class Fixed:
    """A scorer that knows one number for each token."""

    def __init__(self) -> None:
        self.asked = 0

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        self.asked += 1
        return Scored(tuple(tuple(-float(token) for token in ids) for ids in completions), Cost(scored=sum(map(len, completions))))


def _candidate(index: int, *logprobs: float, round: int = 0, ids: tuple[int, ...] = ()) -> Candidate:
    return Candidate(text="x", token_ids=ids or tuple(range(len(logprobs))), logprobs=logprobs or None, index=index, round=round)


def test_the_mean_and_not_the_sum_decides() -> None:
    pool = [_candidate(0, -1.0, -1.0, -1.0, -1.0), _candidate(1, -1.5), _candidate(2, -0.5, -1.0)]
    ranking = MeanLogProb().rank(PROMPT, pool, Fixed())
    assert ranking.order == (2, 0, 1) and ranking.scores == (-1.0, -1.5, -0.75) and ranking.cost == Cost()


def test_log_probabilities_that_are_missing_are_asked_for() -> None:
    scorer = Fixed()
    ranking = MeanLogProb().rank(PROMPT, [_candidate(0, ids=(5,)), _candidate(1, ids=(3, 4))], scorer)
    assert ranking.order == (1, 0) and ranking.cost.scored == 3 and scorer.asked == 1


def test_nothing_to_score_is_an_error_and_not_a_low_score() -> None:
    with pytest.raises(ScoreError, match="without token ids"):
        MeanLogProb().rank(PROMPT, [Candidate(text="x", index=0)], Fixed())
    with pytest.raises(ScoreError, match="as_sampled"):
        MeanLogProb().rank(PROMPT, [Candidate(text="x", token_ids=(), logprobs=(), index=0)], Fixed())


def test_as_sampled_keeps_the_order_and_scores_nothing() -> None:
    ranking = AsSampled().rank(PROMPT, [_candidate(0, -9.0), _candidate(1, -1.0)], Fixed())
    assert (ranking.order, ranking.scores) == ((0, 1), (None, None))
    assert set(RANKERS) == {"mean_logprob", "as_sampled"}


@pytest.mark.parametrize("name", RANKERS)
def test_a_ranking_never_mixes_rounds(name: str) -> None:
    with pytest.raises(ValueError, match="never mixes rounds"):
        RANKERS[name]().rank(PROMPT, [_candidate(0, -1.0), _candidate(1, -1.0, round=1)], Fixed())


@given(st.lists(st.floats(-50, 0), min_size=1, max_size=16))
def test_best_first_is_a_stable_permutation(scores: list[float]) -> None:
    order = best_first(scores)
    assert sorted(order) == list(range(len(scores)))
    assert all(scores[a] > scores[b] or (scores[a] == scores[b] and a < b) for a, b in pairwise(order))


def test_likeness_is_between_same_and_nothing_in_common() -> None:
    assert similarity([]) is None and similarity(["a"]) is None
    assert similarity(["one two three four", "One, two three four!"]) == 1.0
    assert similarity(["one two three", "four five six"]) == 0.0
    assert similarity(["a b c d", "a b c e"]) == pytest.approx(1 / 3, abs=1e-4)


@given(st.lists(st.text(max_size=40), min_size=2, max_size=5))
def test_likeness_is_a_share_whatever_the_letters_hold(pool: list[str]) -> None:
    found = similarity(pool)
    assert found is not None and 0 <= found <= 1
    assert similarity([pool[0]] * 3) == 1.0


@given(st.lists(st.builds(Cost, decoded=st.integers(0, 99), seconds=st.dictionaries(st.sampled_from("ab"), st.floats(0, 9)))))
def test_costs_add_up(costs: list[Cost]) -> None:
    total = sum(costs, Cost())
    assert total.decoded == sum(c.decoded for c in costs)
    assert total.seconds.get("a", 0) == pytest.approx(sum(c.seconds.get("a", 0) for c in costs))
