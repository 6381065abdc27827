"""Corrected p, the effect that a bench can find, and which conditions are worth their cost."""

from __future__ import annotations

import json
from itertools import pairwise
from math import isclose

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.stats import Contrast, Interval, Paired, Point, Spread, detectable, front, holm
from experiments.stats.pareto import relation
from rubric.errors import InputError
from tests.stats_pairs import pairs_of

NORMAL = np.random.default_rng(3).normal(size=100)
UNIT = [float(x) for x in NORMAL / NORMAL.std(ddof=1)]
PS = st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=8)


def test_holm_by_hand() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert [round(one.adjusted or 0, 9) for one in found.values()] == [0.03, 0.06, 0.06, 0.02]
    assert [one.rejected for one in found.values()] == [True, False, False, True]
    assert list(found) == ["a", "b", "c", "d"] and holm({}) == {}


def test_a_comparison_without_a_p_counts_as_made() -> None:
    found = holm({"a": 0.02, "b": None, "c": None})
    assert found["a"].adjusted == 0.06 and not found["a"].rejected and found["a"].family == 3
    assert found["b"].adjusted is None and not found["b"].rejected


@given(PS)
def test_holm_is_monotone_and_never_smaller_than_the_p(given_: dict[str, float]) -> None:
    found = holm(given_)
    ordered = sorted(found.values(), key=lambda one: one.p or 0.0)
    assert all((a.adjusted or 0) <= (b.adjusted or 0) for a, b in pairwise(ordered))
    assert all((one.p or 0) <= (one.adjusted or 0) <= min(1, len(found) * (one.p or 0)) for one in ordered)


@given(PS)
def test_holm_rejects_as_its_steps_do(given_: dict[str, float]) -> None:
    steps, going = set(), True
    for n, (p, name) in enumerate(sorted((p, name) for name, p in given_.items())):
        going = going and (len(given_) - n) * p <= 0.05
        steps |= {name} if going else set()
    assert {name for name, one in holm(given_).items() if one.rejected} == steps


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_a_p_outside_its_range_is_refused(p: float) -> None:
    with pytest.raises(InputError, match="'a' has the p"):
        holm({"a": p})


def test_the_smallest_effect_by_the_book() -> None:
    found = detectable(pairs_of(UNIT), effect=0.25)
    assert isclose(found.standard_error or 0, 0.1) and isclose(found.design_effect or 0, 1.0)
    assert isclose(found.smallest or 0, 0.1 * (1.66039 + 0.84526), rel_tol=1e-4)  # Student's t of 99 degrees of freedom
    assert found.items_needed == found.clusters_needed == 101  # 100 letters just miss 0.25
    assert detectable(pairs_of(UNIT), effect=found.smallest).items_needed == 100


def test_letters_that_repeat_their_company_add_nothing() -> None:
    thrice = detectable(pairs_of([d for d in UNIT for _ in range(3)], [n for n in range(100) for _ in range(3)]), effect=0.25)
    assert isclose(thrice.standard_error or 0, 0.1) and isclose(thrice.design_effect or 0, 3.0, rel_tol=0.02)
    assert (thrice.items, thrice.clusters, thrice.clusters_needed, thrice.items_needed) == (300, 100, 101, 303)


def test_more_comparisons_and_more_power_need_more() -> None:
    plain, strict, sure = (detectable(pairs_of(UNIT), effect=0.2, level=level, power=power) for level, power in ((0.05, 0.8), (0.005, 0.8), (0.05, 0.95)))
    assert (plain.items_needed or 0) < (sure.items_needed or 0) < (strict.items_needed or 0)


def test_a_huge_effect_still_needs_companies_enough_for_the_level() -> None:
    assert detectable(pairs_of(UNIT), effect=1000.0).clusters_needed == 6
    assert detectable(pairs_of(UNIT), effect=1000.0, level=0.001).clusters_needed == 10


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ([], "no items"),
        ([Paired("a", "c", (None,), (0,))], "no items"),
        (pairs_of([1.0, 2.0]), "2 companies are too few: an interval needs 6"),
        (pairs_of([0.5] * 9), "every company has the same difference, so there is no variance to plan with"),
    ],
)
def test_nothing_can_be_planned_from_data_without_variance(pairs: list[Paired], reason: str) -> None:
    found = detectable(pairs, effect=0.1)
    assert (found.smallest, found.items_needed, found.reason) == (None, None, reason)


def test_an_effect_that_nothing_finds_and_what_is_refused() -> None:
    assert "too small" in (detectable(pairs_of(UNIT), effect=1e-30).reason or "")
    for effect in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="above 0"):
            detectable(pairs_of(UNIT), effect=effect)
    with pytest.raises(InputError, match=r"0\.05 and 0\.8 are usual"):
        detectable(pairs_of(UNIT), power=0.05)


@given(st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=12), st.floats(1e-9, 1e9))
def test_plans_are_never_nan(differences: list[float], effect: float) -> None:
    found = detectable(pairs_of(differences), effect=effect)
    json.dumps(found.model_dump(), allow_nan=False)
    assert found.reason or (found.smallest or 0) >= 0


def spread(low: float | None, high: float | None = None, *, constant: float | None = None, clusters: int = 50) -> Spread:
    if constant is not None:
        return Spread(value=constant, constant=True, clusters=clusters)
    return Spread(value=0.0, bca=None if low is None or high is None else Interval(low=low, high=high), clusters=clusters)


NONE = spread(None)
SAME = spread(None, constant=0.0)


@pytest.mark.parametrize(
    ("cost", "quality", "expected"),
    [
        (spread(-3, -1), spread(0.1, 0.3), "dominates"),
        (SAME, spread(0.1, 0.3), "dominates"),
        (spread(1, 3), spread(-0.3, -0.1), "dominated"),
        (spread(1, 3), spread(0.1, 0.3), "trade"),
        (spread(-3, -1), spread(-0.3, -0.1), "trade"),
        (spread(-1, 1), spread(0.1, 0.3), "open"),
        (spread(-3, -1), spread(-0.1, 0.3), "open"),
        (spread(-3, -1), spread(0.0, 0.3), "open"),
        (spread(-3, -1), NONE, "open"),
        (NONE, spread(0.1, 0.3), "open"),
        (spread(None, constant=-1.0, clusters=2), spread(0.1, 0.3), "open"),
        (SAME, SAME, "open"),
    ],
)
def test_a_condition_dominates_only_by_both_intervals(cost: Spread, quality: Spread, expected: str) -> None:
    assert relation(Contrast("a", "b", cost, quality)) == expected


def test_where_each_condition_stands() -> None:
    points = [Point("cheap", 1, 0.5), Point("good", 4, 0.8), Point("waste", 4, 0.5), Point("noisy", 4, 0.79)]
    dearer, better, worse, unsure = spread(2.9, 3.1), spread(0.2, 0.4), spread(-0.4, -0.2), spread(-0.1, 0.1)
    contrasts = [
        Contrast("good", "cheap", dearer, better), Contrast("waste", "cheap", dearer, unsure), Contrast("noisy", "cheap", dearer, better),
        Contrast("waste", "good", SAME, worse), Contrast("noisy", "good", SAME, unsure), Contrast("waste", "noisy", SAME, worse),
    ]  # fmt: skip
    found = {one.name: one for one in front(points, contrasts)}
    assert (found["waste"].verdict, found["waste"].by) == ("dominated", ("good", "noisy"))
    assert (found["good"].verdict, found["good"].open_against) == ("not distinguishable", ("noisy",))
    assert found["cheap"].verdict == "not distinguishable"  # against waste, which is dearer and may be as good
    assert json.loads(found["waste"].model_dump_json()) == {"name": "waste", "cost": 4, "quality": 0.5, "verdict": "dominated", "by": ["good", "noisy"], "open_against": ["cheap"]}
    sure = front(points[:2], contrasts[:1])
    assert [one.verdict for one in sure] == ["efficient", "efficient"]


def test_a_front_needs_every_contrast() -> None:
    with pytest.raises(InputError, match="no contrast between 'a' and 'b'"):
        front([Point("a", 1, 1), Point("b", 1, 1)], [])
    assert front([], []) == [] and front([Point("a", 1, 1)], [])[0].verdict == "efficient"
