"""The closed forms of the losses; the trainers are held against them in test_train_trainers.py."""

from __future__ import annotations

from math import exp, inf, isfinite, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from critic.rewards import log_odds
from training.train.losses import Side, dpo, orpo, simpo, softplus

TOTALS, TOKENS = st.floats(-400, -0.01), st.integers(1, 200)
SIDES = st.builds(Side, TOTALS, TOKENS)


def test_equal_sides_cost_log_two_and_the_margin() -> None:
    side = Side(-12.0, 6)
    assert simpo(side, side, beta=2.0, gamma=0.0) == pytest.approx(log(2))
    assert simpo(side, side, beta=2.0, gamma=1.0) == pytest.approx(log(1 + exp(1)))
    assert dpo(side, side, bare_chosen=-3.0, bare_rejected=-3.0, beta=0.1) == pytest.approx(log(2))
    assert orpo(side, side, beta=0.5, likelihood=1.25) == pytest.approx(1.25 + 0.5 * log(2))


def test_simpo_by_hand() -> None:
    chosen, rejected = Side(-10.0, 10), Side(-30.0, 15)  # means -1 and -2
    assert simpo(chosen, rejected, beta=2.0, gamma=0.3) == pytest.approx(-log(1 / (1 + exp(-(2.0 * 1.0 - 0.3)))))


def test_length_counts_for_dpo_and_not_for_simpo() -> None:
    short, long = Side(-10.0, 10), Side(-20.0, 20)
    assert simpo(short, long, beta=2.0, gamma=0.0) == pytest.approx(log(2))
    assert dpo(short, long, bare_chosen=0.0, bare_rejected=0.0, beta=0.1) < log(2)


def test_dpo_looks_only_at_what_the_adapter_adds() -> None:
    one = dpo(Side(-10, 5), Side(-12, 5), bare_chosen=-11, bare_rejected=-11, beta=0.1)
    assert one == pytest.approx(dpo(Side(-110, 5), Side(-112, 5), bare_chosen=-111, bare_rejected=-111, beta=0.1))
    assert one == pytest.approx(-log(1 / (1 + exp(-0.2))))


def test_log_odds_are_zero_at_one_half() -> None:
    assert log_odds(log(0.5)) == pytest.approx(0.0)
    assert log_odds(log(0.9)) == pytest.approx(log(9))


@given(SIDES, SIDES, st.floats(0.01, 20), st.floats(0, 5))
def test_a_better_chosen_side_never_costs_more(chosen: Side, rejected: Side, beta: float, gamma: float) -> None:
    better = Side(chosen.total * 0.5, chosen.tokens)
    assert simpo(better, rejected, beta=beta, gamma=gamma) <= simpo(chosen, rejected, beta=beta, gamma=gamma)
    assert orpo(better, rejected, beta=beta, likelihood=0) <= orpo(chosen, rejected, beta=beta, likelihood=0)
    assert dpo(better, rejected, bare_chosen=-1, bare_rejected=-1, beta=beta) <= dpo(chosen, rejected, bare_chosen=-1, bare_rejected=-1, beta=beta)


@given(st.floats(-1e300, 1e300))
def test_softplus_never_overflows(x: float) -> None:
    assert isfinite(softplus(x)) and softplus(x) >= max(x, 0.0)
    assert softplus(-inf) == 0.0
