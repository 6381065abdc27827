"""Length says nothing about which side was chosen: the figure, and the choice of pairs that keeps it."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from random import Random

import pytest

from tests.pairs import by_hand
from training.pairs.balance import balanced, kind, length_of
from training.pairs.pair import Pair


def uneven(number: int, difference: int, **more: object) -> Pair:
    """A pair whose chosen side is so many characters longer."""
    return by_hand("x" * (200 + max(difference, 0)) + "c", "x" * (200 + max(-difference, 0)) + "r", number=number, **more)


def pearson(pairs: list[Pair]) -> float:
    """By the book, each pair seen from both sides."""
    points = [(sign * pair.longer, sign) for pair in pairs for sign in (1, -1)]
    x, y = sum(a for a, _ in points) / len(points), sum(b for _, b in points) / len(points)
    above = sum((a - x) * (b - y) for a, b in points)
    return above / sqrt(sum((a - x) ** 2 for a, _ in points) * sum((b - y) ** 2 for _, b in points))


@pytest.mark.parametrize("seed", range(5))
def test_the_correlation_is_pearsons(seed: int) -> None:
    dice = Random(seed)
    pairs = [uneven(n, dice.randint(-80, 60)) for n in range(30)]
    assert length_of(pairs).correlation == pytest.approx(pearson(pairs))


@pytest.mark.parametrize(
    ("differences", "correlation", "longer"), [([10, 10], 1, 1), ([-5, -5], -1, 0), ([7, -7], 0, 0.5), ([0, 0], 0, 0.5), ([], 0, 0.5), ([9, 0], sqrt(0.5), 1)]
)
def test_the_ends_of_the_scale(differences: list[int], correlation: float, longer: float) -> None:
    found = length_of([uneven(n, d) for n, d in enumerate(differences)])
    assert found.correlation == pytest.approx(correlation) and found.longer == longer


def biased(count: int, seed: int = 0) -> list[Pair]:
    dice = Random(seed)
    failures = ("tone_violation", "pricing_violation", "word_count_violation")
    return [uneven(n, round(dice.gauss(-40, 60)), failures=(dice.choice(failures),)) for n in range(count)]


def test_a_biased_supply_is_balanced_to_the_count() -> None:
    supply = biased(300)
    assert abs(length_of(supply).correlation) > 0.4
    kept = balanced(supply, 150, seed=1)
    assert abs(length_of(kept).correlation) <= 0.05 and len(kept) > 140
    assert len({pair.id for pair in kept}) == len(kept) and {p.id for p in kept} <= {p.id for p in supply}


def test_what_needs_no_balance_is_only_cut_to_the_count() -> None:
    supply = [uneven(n, d) for n in range(40) for d in (20 + n, -20 - n)]
    assert len(balanced(supply, 1000, seed=0)) == len(supply)
    assert abs(length_of(balanced(supply, 30, seed=0)).correlation) <= 0.05


def test_no_kind_is_balanced_away() -> None:
    long = [uneven(n, -120, failures=("word_count_violation",)) for n in range(40)]
    others = [uneven(100 + n, 15, failures=("tone_violation",)) for n in range(120)]
    kept = Counter(kind(pair)[2] for pair in balanced([*long, *others], 160, seed=3))
    assert kept["word_count_violation"] >= 10 and kept["tone_violation"] >= 60


def test_the_same_supply_in_any_order_gives_the_same_pairs() -> None:
    supply = biased(120)
    shuffled = Random(5).sample(supply, len(supply))
    assert balanced(supply, 60, seed=2) == balanced(shuffled, 60, seed=2) != balanced(supply, 60, seed=3)


def test_what_cannot_be_balanced_leaves_nothing_rather_than_a_bias() -> None:
    assert balanced([uneven(n, 50) for n in range(20)], 20, seed=0) == []
    assert balanced([], 20, seed=0) == []
