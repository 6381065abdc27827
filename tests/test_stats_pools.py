"""Smaller pools from a large one: the closed forms against every part there is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations
from math import comb, isclose
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from critic.card import gain
from critic.estimates import Item
from critic.measuring import MeasuredPool, Side
from critic.reward_ranking import Groups, grouped
from experiments.stats import expected_max, expected_pick, pass_at_k, ratio, selection
from rubric.errors import InputError

CANDIDATES = st.lists(st.tuples(st.integers(0, 4), st.integers(-3, 3)), min_size=1, max_size=7)  # value, score


def picks(part: Sequence[int], scores: Sequence[float], values: Sequence[float]) -> float:
    """The mean value over those of a part that no other of it beats."""
    top = max(scores[n] for n in part)
    return fmean(values[n] for n in part if scores[n] == top)


@given(CANDIDATES, st.data())
def test_the_expected_pick_is_the_mean_over_every_part(candidates: list[tuple[int, int]], data: st.DataObject) -> None:
    values, scores = ([float(one[side]) for one in candidates] for side in (0, 1))
    k = data.draw(st.integers(1, len(values)))
    parts = list(combinations(range(len(values)), k))
    assert isclose(expected_pick(values, grouped(scores, 0.0), k), fmean(picks(part, scores, values) for part in parts), abs_tol=1e-12)
    assert isclose(expected_max(values, k), fmean(max(values[n] for n in part) for part in parts), abs_tol=1e-12)
    low, high = min(values), expected_max(values, k)
    assert low - 1e-12 <= expected_pick(values, grouped(scores, 0.0), k) <= high + 1e-12


@given(CANDIDATES)
def test_one_candidate_is_chance_and_all_of_them_are_the_first_group(candidates: list[tuple[int, int]]) -> None:
    values, scores = ([float(one[side]) for one in candidates] for side in (0, 1))
    groups = grouped(scores, 0.0)
    assert isclose(expected_pick(values, groups, 1), fmean(values), abs_tol=1e-12)
    assert isclose(expected_pick(values, groups, len(values)), fmean(values[n] for n in groups[0]), abs_tol=1e-12)


@given(CANDIDATES, st.integers(-5, 5))
def test_a_shift_of_the_values_shifts_the_pick(candidates: list[tuple[int, int]], shift: int) -> None:
    values, scores = ([float(one[side]) for one in candidates] for side in (0, 1))
    k, groups = (len(values) + 1) // 2, grouped(scores, 0.0)
    assert isclose(expected_pick([v + shift for v in values], groups, k), expected_pick(values, groups, k) + shift, abs_tol=1e-12)


@given(st.integers(1, 8), st.data())
def test_pass_at_k_counts_the_parts_that_hold_a_pass(n: int, data: st.DataObject) -> None:
    passed, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    parts = list(combinations([1] * passed + [0] * (n - passed), k))
    assert isclose(pass_at_k(n, passed, k), fmean(map(max, parts)))
    assert isclose(pass_at_k(n, passed, k), expected_max([1.0] * passed + [0.0] * (n - passed), k))


def test_pass_at_k_of_known_values_and_of_large_pools() -> None:
    assert (pass_at_k(10, 3, 1), pass_at_k(4, 0, 4), pass_at_k(4, 4, 1), pass_at_k(4, 1, 4)) == (0.3, 0.0, 1.0, 1.0)
    assert isclose(pass_at_k(5000, 100, 50), 1 - comb(4900, 50) / comb(5000, 50))


def test_the_selection_efficiency_is_that_of_the_cards_at_the_whole_pool() -> None:
    side = Side((-1.0,), (-1.0,))
    values, scores = (0.2, 0.9, 0.4, 0.6), [3.0, 2.0, 1.0, 0.0]
    pool = MeasuredPool("acme", "s", (side,) * 4, values, (True,) * 4, (False,) * 4, ((),) * 4, ())
    ours, card = selection("acme", values, grouped(scores, 0.0), 4), gain(pool, lambda _: 0)
    assert card is not None and ours.cluster == card.cluster and isclose(ours.part, card.part) and isclose(ours.whole, card.whole)


def test_the_efficiency_of_the_best_of_the_worst_and_of_chance() -> None:
    pools = [(f"c{n % 12}", [n % 5 / 4, n % 3 / 2, 0.5]) for n in range(60)]
    best, worst, chance = (ratio(selection(c, v, way(v), 3) for c, v in pools) for way in (_by_value, lambda v: grouped([-x for x in v], 0.0), lambda _: ((0, 1, 2),)))
    assert isclose(best.value or 0, 1.0) and (worst.value or 0) < -0.5 and isclose(chance.value or 0, 0.0, abs_tol=1e-12)
    assert best.constant and worst.interval is not None and worst.interval.low <= (worst.value or 0) <= worst.interval.high


def _by_value(values: Sequence[float]) -> Groups:
    return grouped(values, 0.0)


@given(st.floats(0, 1), st.permutations(range(4)))
def test_a_pool_of_equal_candidates_has_no_weight(value: float, order: list[int]) -> None:
    assert selection("c", [value] * 4, tuple((n,) for n in order), 2) == Item("c", 0.0, 0.0)


def test_every_order_of_a_pool_together_is_chance() -> None:
    values = [0.1, 0.4, 0.9]
    for k in (1, 2, 3):
        found = [selection("c", values, tuple((n,) for n in order), k) for order in permutations(range(3))]
        assert isclose(fmean(one.part for one in found), 0.0, abs_tol=1e-12)
        assert found[0].whole == pytest.approx(expected_max(values, k) - fmean(values))


def test_what_no_pool_gives_is_refused() -> None:
    with pytest.raises(InputError, match="no estimate for k=5; choose k from 1 to 4"):
        pass_at_k(4, 1, 5)
    with pytest.raises(InputError, match="choose k from 1 to 2"):
        expected_max([0.0, 1.0], 0)
    with pytest.raises(InputError, match="the pool has no candidates"):
        selection("c", [], (), 1)
    with pytest.raises(InputError, match="cannot have passed"):
        pass_at_k(4, 5, 1)
    with pytest.raises(InputError, match="each of 2 candidates once"):
        expected_pick([0.0, 1.0], ((0,), (0,)), 1)
    with pytest.raises(InputError, match="candidate 1 has the value nan"):
        expected_max([0.0, float("nan")], 1)
