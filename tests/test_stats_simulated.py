"""Made data whose truth is known: how often the test errs, how often the interval holds it, and what is found of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from experiments.stats import Difference, Paired, compare, detectable
from tests.stats_pairs import null_set

SETS = 2000
Shape = tuple[int, int, float, int]  # companies, letters of each, share of variance within a company, seeds


def found(companies: int, letters: int, within: float, seeds: int = 1, *, effect: float = 0.0, sets: int = SETS, draws: int = 300) -> Iterator[Difference]:
    random = np.random.default_rng(companies + 1000 * letters)
    for n in range(sets):
        yield compare(null_set(random, companies=companies, letters=letters, within=within, seeds=seeds, effect=effect), draws=draws, seed=n)


def rejected(one: Difference) -> bool:
    return one.p is not None and one.p <= 0.05


@pytest.mark.parametrize("shape", [(100, 1, 0.0, 1), (30, 4, 0.5, 1), (40, 3, 0.5, 3), (10, 8, 0.3, 1)], ids=["alone", "clustered", "three seeds", "ten companies"])
def test_the_one_sided_test_errs_in_5_percent_of_data_without_an_effect(shape: Shape) -> None:
    share = sum(map(rejected, found(*shape))) / SETS
    assert 0.035 <= share <= 0.065


def test_letters_taken_for_companies_would_err_far_more_often() -> None:
    random, sets = np.random.default_rng(5), 400
    made = [null_set(random, companies=30, letters=4, within=0.5) for _ in range(sets)]
    alone = [[pair._replace(cluster=pair.item) for pair in pairs] for pairs in made]
    assert sum(rejected(compare(pairs, draws=300)) for pairs in alone) / sets > 0.1


def test_seeds_taken_for_items_would_err_far_more_often() -> None:
    random, sets = np.random.default_rng(6), 400
    made = [null_set(random, companies=40, letters=1, within=0.0, seeds=3) for _ in range(sets)]
    split = [[Paired(f"{p.item}/{n}", f"{p.item}/{n}", (value,), p.other) for p in pairs for n, value in enumerate(p.one)] for pairs in made]
    assert sum(rejected(compare(pairs, draws=300)) for pairs in split) / sets > 0.1


@pytest.mark.parametrize("shape", [(100, 1, 0.0, 1), (30, 4, 0.5, 1), (60, 3, 0.2, 1)], ids=["alone", "thirty companies", "sixty companies"])
def test_the_intervals_hold_the_truth_in_95_percent(shape: Shape) -> None:
    truth = 0.7
    intervals = [(one.percentile, one.bca) for one in found(*shape, effect=truth, draws=500)]
    for kind in (0, 1):
        held = sum((i := pair[kind]) is not None and i.low <= truth <= i.high for pair in intervals) / SETS
        assert 0.93 <= held <= 0.97


def test_the_smallest_detectable_effect_is_found_four_times_in_five() -> None:
    random = np.random.default_rng(8)
    planned = detectable(null_set(random, companies=2000, letters=3, within=0.4))
    effect = (planned.smallest or 0.0) * (2000 / 60) ** 0.5  # of 60 such companies, but for Student's t
    share = sum(map(rejected, found(60, 3, 0.4, effect=effect, sets=1000))) / 1000
    assert 0.76 <= share <= 0.84


def test_the_items_needed_are_enough() -> None:
    random = np.random.default_rng(9)
    planned = detectable(null_set(random, companies=500, letters=3, within=0.4), effect=0.3)
    assert planned.clusters_needed is not None and planned.items_needed == 3 * planned.clusters_needed
    share = sum(map(rejected, found(planned.clusters_needed, 3, 0.4, effect=0.3, sets=1000))) / 1000
    assert 0.76 <= share <= 0.84
