"""A paired difference: its figures against scipy and by hand, and what it says of data that say nothing."""

from __future__ import annotations

import doctest
import importlib
import json
import subprocess
import sys
from math import fsum, isclose
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from critic.estimates import Item, share
from experiments import bench_stats
from experiments.stats import Difference, Paired, Spread, compare, mcnemar, ratio, seed_of
from experiments.stats.draws import ALL_FLIPS, flipped_p, redrawn
from experiments.stats.results import LEAST
from experiments.stats.spread import widened
from rubric.errors import InputError
from tests.command import ROOT
from tests.stats_pairs import pairs_of

SKEWED = [float(x) for x in np.random.default_rng(7).exponential(size=40) - 0.6]
FIGURES = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))
LISTS = st.lists(FIGURES, min_size=1, max_size=25)


def close(one: float | None, other: float | None, scale: float = 1.0) -> bool:
    return one is not None and other is not None and isclose(one, other, rel_tol=1e-9, abs_tol=1e-9 * scale)


def test_the_intervals_are_those_of_scipy_at_the_widened_level() -> None:
    found = compare(pairs_of(SKEWED))
    low, high = widened(0.95, 40)
    assert low < 0.025 and isclose(low, 1 - high)
    for method, ours in (("percentile", found.percentile), ("BCa", found.bca)):
        theirs = scipy_stats.bootstrap((SKEWED,), np.mean, n_resamples=50_000, method=method, confidence_level=1 - 2 * low, rng=3).confidence_interval
        assert ours is not None and abs(ours.low - theirs.low) < 0.02 and abs(ours.high - theirs.high) < 0.03
    assert found.percentile and found.bca and found.bca.low - found.percentile.low > 0.015  # the skew is seen
    assert found.interval == found.bca


def test_the_p_is_that_of_scipy_where_every_pattern_is_tried() -> None:
    few = SKEWED[:12]
    theirs = scipy_stats.permutation_test((few, [0.0] * 12), lambda a, b: np.mean(a - b), permutation_type="samples", alternative="greater", vectorized=False)
    assert isclose(compare(pairs_of(few)).p or 0.0, float(theirs.pvalue))


def test_drawn_patterns_come_near_all_patterns() -> None:
    sums = np.array(SKEWED[: ALL_FLIPS + 3])
    patterns = 2.0 * ((np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums))) & 1) - 1
    exact = float(np.mean(patterns @ sums >= sums.sum() - 1e-9))
    assert 0.05 < exact < 0.95 and abs(flipped_p(sums, draws=10_000, seed=0) - exact) < 0.015


def test_draws_equal_to_the_figure_count_by_half() -> None:
    found = compare(pairs_of([1.0, -1.0] * 10))
    assert found.bca == found.percentile and found.bca is not None and found.bca.low == -found.bca.high


def test_a_p_is_never_0() -> None:
    assert compare(pairs_of([float(n) for n in range(1, 31)])).p == 1 / 10_001


def test_draws_vary_as_sums_of_companies_do() -> None:
    parts = np.array(SKEWED)
    drawn = redrawn(parts, np.ones(40), draws=20_000, seed=1)
    assert isclose(drawn.mean(), parts.mean(), abs_tol=0.01) and isclose(drawn.std(), parts.std() / 40**0.5, rel_tol=0.02)
    assert (redrawn(parts, np.ones(40), draws=700, seed=1) == drawn[:700]).sum() >= 500  # whole chunks are the same
    assert len(redrawn(np.array([1.0, 0.0]), np.array([1.0, 0.0]), draws=1000, seed=0)) < 900  # nothing to divide by


def test_companies_of_several_letters_keep_their_weight_as_in_the_cards() -> None:
    random = Random(4)
    items = [Item(f"c{random.randrange(40)}", random.random(), random.random() + 0.5) for _ in range(200)]
    by_hand, card = ratio(items), share(items, draws=4000)
    low, high = (np.quantile(redrawn(*_sums(items), draws=10_000, seed=0), edge) for edge in (0.025, 0.975))
    assert close(by_hand.value, fsum(i.part for i in items) / fsum(i.whole for i in items))
    assert card.low is not None and card.high is not None and abs(low - card.low) < 0.01 and abs(high - card.high) < 0.01
    assert by_hand.percentile is not None and by_hand.percentile.low <= low and by_hand.percentile.high >= high
    assert (by_hand.items, by_hand.clusters, by_hand.draws) == (200, card.clusters, 10_000)


def _sums(items: list[Item]) -> tuple[Any, Any]:
    names = sorted({i.cluster for i in items})
    return tuple(np.array([fsum(getattr(i, kind) for i in items if i.cluster == name) for name in names]) for kind in ("part", "whole"))  # type: ignore[return-value]


def test_seeds_are_averaged_and_are_not_items() -> None:
    thrice = [Paired(f"i{n}", f"c{n}", (d - 0.5, d, d + 0.5), (0.1,)) for n, d in enumerate(SKEWED)]
    once = [Paired(f"i{n}", f"c{n}", (d,), (0.1, 0.1)) for n, d in enumerate(SKEWED)]
    first, second = compare(thrice), compare(once)
    assert first.items == second.items == 40 and close(first.value, second.value) and close(first.p, second.p)
    assert first.bca and second.bca and close(first.bca.low, second.bca.low)


def test_wins_and_losses_are_beyond_the_tolerance() -> None:
    found = compare(pairs_of([0.2, -0.2, 0.1 + 1e-15, 0.05, 0.3, 0.0, 0.0]), tolerance=0.1 + 1e-12)
    assert (found.wins, found.losses, found.ties, found.tolerance) == (2, 1, 4, 0.1 + 1e-12)


def test_what_is_missing_is_left_out_and_counted() -> None:
    gaps = [Paired("x", "c0", (None, 1.0), (0.0,)), Paired("y", "c1", (None,), (0.0,)), Paired("z", "c2", (), (0.0, None))]
    found = compare([*pairs_of(SKEWED), *gaps])
    assert (found.items, found.left_out, found.missing) == (41, 2, 3) and found.one is not None
    assert close(found.one, (fsum(SKEWED) + 1.0) / 41)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e101])
def test_what_is_no_measure_is_refused(value: float) -> None:
    with pytest.raises(InputError, match=r"item 'a' has the value .* write null"):
        compare([Paired("a", "c", (value,), (0.0,))])
    with pytest.raises(InputError, match="no measure"):
        ratio([Item("c", value, 1.0)])


def test_an_item_named_twice_a_level_and_a_negative_whole_are_refused() -> None:
    with pytest.raises(InputError, match="'a' stands twice"):
        compare([Paired("a", "c", (1,), (0,)), Paired("a", "d", (1,), (0,))])
    with pytest.raises(InputError, match="level between 0 and 1"):
        compare(pairs_of(SKEWED), level=95)
    with pytest.raises(InputError, match="100 draws or more"):
        compare(pairs_of(SKEWED), draws=10)
    with pytest.raises(InputError, match="0 or more"):
        ratio([Item("c", 1.0, -1.0)])


@pytest.mark.parametrize(
    ("pairs", "value", "p", "reason"),
    [
        ([], None, None, "no items"),
        (pairs_of([0.0] * 30), 0.0, 1.0, "every company has the same figure, so no draw differs from another"),
        (pairs_of([0.1] * 10), 0.1, 2**-10, "every company has the same figure, so no draw differs from another"),
        (pairs_of([0.2, 0.4], "aa"), 0.3, 0.5, "1 company is too few: an interval needs 6"),
        (pairs_of([1.0, -1.0]), 0.0, 0.75, "2 companies are too few: an interval needs 6"),
        ([Paired("a", "c", (None,), (1.0,))], None, None, "no items"),
    ],
    ids=["none", "all ties", "constant", "one company", "two items", "all missing"],
)
def test_data_that_say_nothing_get_a_stated_answer(pairs: list[Paired], value: float | None, p: float | None, reason: str) -> None:
    found = compare(pairs)
    assert (found.p, found.reason) == (p, reason) and found.interval is None
    assert found.value is None if value is None else close(found.value, value)


def test_rounding_is_no_variation() -> None:
    found = compare([Paired(f"i{n}", f"c{n}", (n / 10 + 0.1,), (n / 10,)) for n in range(30)])
    assert found.constant and found.interval is None and found.wins == 30


def test_one_company_apart_from_many_ties_has_an_interval_or_says_why_not() -> None:
    found = compare(pairs_of([1.0] + [0.0] * 19))
    assert found.percentile is not None and found.percentile.low == 0.0 and found.p == pytest.approx(0.5, abs=0.02)
    lopsided = ratio([Item("a", 5.0, 1.0), *(Item(f"b{n}", 0.0, 0.0) for n in range(9))])
    assert lopsided.value == 5.0 and lopsided.bca is None and lopsided.reason
    assert ratio([Item(f"b{n}", 0.0, 0.0) for n in range(9)]).reason == "the items have no weight, so there is nothing to divide by"


@given(LISTS, st.data())
def test_nothing_is_ever_nan(differences: list[float], data: st.DataObject) -> None:
    clusters = data.draw(st.lists(st.integers(0, 12), min_size=len(differences), max_size=len(differences)))
    found = compare(pairs_of(differences, clusters), draws=200)
    assert json.loads(found.model_dump_json(), parse_constant=pytest.fail) == json.loads(json.dumps(found.model_dump(), allow_nan=False))
    assert (found.interval or found.reason) and found.wins + found.losses + found.ties == len(differences)
    assert found.p is not None and 0 < found.p <= 1
    if found.interval:
        assert found.clusters >= LEAST and min(differences) - 1 <= found.interval.low <= found.interval.high <= max(differences) + 1


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e100, max_value=1e100), min_size=6, max_size=12))
def test_figures_of_any_size_break_nothing(differences: list[float]) -> None:
    assert isinstance(compare(pairs_of(differences), draws=100), Difference)


@given(st.lists(st.integers(-50, 50), min_size=8, max_size=25), st.integers(-100, 100))
def test_a_shift_of_one_condition_shifts_value_and_interval(differences: list[int], shift: int) -> None:
    plain, moved = (compare(pairs_of([float(d + by) for d in differences]), draws=300) for by in (0, shift))
    assert close(moved.value, (plain.value or 0.0) + shift)
    assert plain.constant == moved.constant
    for before, after in ((plain.percentile, moved.percentile), (plain.bca, moved.bca)):
        assert (before is None) == (after is None)
        if before and after:
            assert close(after.low, before.low + shift, 100) and close(after.high, before.high + shift, 100)


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=25))
def test_the_conditions_change_places(differences: list[int]) -> None:
    pairs = pairs_of([float(d) for d in differences])
    found, turned = compare(pairs, draws=300), compare([p._replace(one=p.other, other=p.one) for p in pairs], draws=300)
    assert close(found.value, -(turned.value or 0.0)) and (found.wins, found.losses) == (turned.losses, turned.wins)
    assert (found.p or 0) + (turned.p or 0) >= 1
    if found.percentile and turned.percentile:
        assert close(found.percentile.low, -turned.percentile.high, 50) and close(found.percentile.high, -turned.percentile.low, 50)


@given(st.permutations(list(enumerate(SKEWED))))
def test_the_order_of_items_does_not_matter(order: list[tuple[int, float]]) -> None:
    pairs = [Paired(f"i{n}", f"c{n % 15}", (d,), (0.0,)) for n, d in order]
    assert compare(pairs, draws=200) == compare(sorted(pairs), draws=200)


def passes(both: int, only_one: int, only_other: int, neither: int) -> list[Paired]:
    cells = [(1, 1)] * both + [(1, 0)] * only_one + [(0, 1)] * only_other + [(0, 0)] * neither
    return [Paired(f"i{n}", f"c{n % 9}", (one,), (other,)) for n, (one, other) in enumerate(cells)]


@pytest.mark.parametrize(("wins", "losses"), [(15, 5), (5, 15), (1, 0), (0, 4), (10, 10)])
def test_mcnemar_is_a_binomial_test_of_the_items_that_differ(wins: int, losses: int) -> None:
    found = mcnemar(passes(7, wins, losses, 3))
    assert (found.both, found.only_one, found.only_other, found.neither, found.items) == (7, wins, losses, 3, 10 + wins + losses)
    for ours, alternative in ((found.p, "greater"), (found.p_two_sided, "two-sided")):
        assert ours is not None and isclose(ours, scipy_stats.binomtest(wins, wins + losses, alternative=alternative).pvalue)


def test_mcnemar_without_a_difference_and_what_it_refuses() -> None:
    assert (mcnemar(passes(3, 0, 0, 3)).p, mcnemar(passes(3, 0, 0, 3)).reason) == (1.0, "the conditions agree on every item")
    assert (mcnemar([]).p, mcnemar([]).reason) == (None, "no items")
    with pytest.raises(InputError, match="use compare"):
        mcnemar([Paired("a", "c", (0.5,), (1,))])
    with pytest.raises(InputError, match="give it seed_of"):
        mcnemar([Paired("a", "c", (1, 0), (1,))])


def test_one_seed_of_several() -> None:
    several = [Paired("a", "c", (1, None, 0), (0,)), Paired("b", "c", (0, 1, 1), (0,))]
    assert [mcnemar(seed_of(several, n)).items for n in range(3)] == [2, 1, 2]
    with pytest.raises(InputError, match="'a' has 3 seeds"):
        seed_of(several, 3)


def test_the_record_keeps_out_nan_and_is_written_as_it_is_read() -> None:
    found = compare(pairs_of(SKEWED))
    assert Difference.model_validate_json(found.model_dump_json()) == found
    with pytest.raises(ValueError, match="finite"):
        Spread(value=float("nan"))


@pytest.mark.parametrize("name", ["comparing", "correction", "draws", "paired", "pareto", "planning", "pools", "spread"])
def test_the_examples_in_the_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"experiments.stats.{name}")).failed == 0


def test_without_scipy_the_extra_is_named() -> None:
    code = "import sys; sys.modules['scipy'] = None; import experiments.stats"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1 and "pip install 'winnow[experiments]'" in done.stderr.splitlines()[-1]


def test_the_bench_prints_a_share_of_its_target() -> None:
    made = bench_stats.line(100, runs=1)
    assert len(bench_stats.pairs(100)) == made["items"] == 300 and made["draws"] == 10_000
    assert isclose(made["of_target"], made["resamples_s"] / bench_stats.TARGET, abs_tol=0.001)
