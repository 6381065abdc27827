"""Figures of several seeds together: their mean, its interval, and what a critic has more than a control."""

from __future__ import annotations

from pathlib import Path

import pytest

from critic.card import methods
from critic.measuring import MeasuredPair, MeasuredPool, Side
from critic.rewards import Reward
from experiments.critic_seeds import Figure, Seed, judged, main, ranked
from rubric.playbook import Decision
from tests.test_critic_judgement import case


def side(worn: float, bare: float = -1.0, tokens: int = 3) -> Side:
    return Side((worn,) * tokens, (bare,) * tokens)


def seed(right: int, kind: Reward = "simpo") -> Seed:
    """Of ten companies, one pair and one pool each, the first `right` are ranked as they should be; the model alone is right in none."""
    good, bad = side(-0.5, -2.0), side(-2.0, -1.0)
    pairs = [MeasuredPair(f"c{n}", (), False, *((good, bad) if n < right else (bad._replace(bare=good.bare), good._replace(bare=bad.bare)))) for n in range(10)]
    pools = [
        MeasuredPool(f"c{n}", str(n), (good, bad), (1.0, 0.0) if n < right else (0.0, 1.0), (True, False), (False, False), ((), ()), ())
        for n in range(10)
    ]  # fmt: skip
    ways = methods(kind, 1.0)
    return Seed(pairs, pools, ways["critic"], ways)


def figure_of(found: dict[str, object], name: str) -> Figure:
    one = found[name]
    assert isinstance(one, Figure)
    return one


def test_a_figure_is_the_mean_of_the_seeds_with_an_interval_over_companies() -> None:
    found = figure_of(ranked([seed(9), seed(7)]), "seen wording")
    assert found.whole.value == 0.8 and found.seeds == (0.9, 0.7)
    assert found.whole.low is not None and found.whole.high is not None and found.whole.low < 0.8 < found.whole.high
    assert str(found).endswith("; seeds 0.900 0.700")


def test_a_lead_is_over_the_same_letters() -> None:
    found = ranked([seed(8)])
    assert figure_of(found, "seen wording, lead over base").whole.value == 0.8
    assert figure_of(found, "seen wording, lead over shortest").whole.value == 0.3
    assert figure_of(found, "selection efficiency").whole.value == 0.6
    assert figure_of(found, "unseen wording").whole.value is None


def test_judges_have_both_sides_and_always_blocking_has_half() -> None:
    right: list[Decision] = ["BLOCK", "PASS"]
    one = [case(n, right[n % 2], "BLOCK", *["tone_violation"] * (n % 2 == 0)) for n in range(80)]
    other = [case(n, right[n % 2], right[n % 2], *["tone_violation"] * (n % 2 == 0)) for n in range(80)]
    found = judged([one, other])["seen"]
    assert found["balanced accuracy"].whole.value == 0.75 and found["balanced accuracy"].seeds == (0.5, 1.0) and found["always block"] == 0.5
    assert found["passed, of what may"].whole.value == 0.5 and found["stopped, of tone_violation"].whole.count == 80


def test_a_folder_without_a_seed_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--run", f"simpo={tmp_path}"]) == 2
    assert "holds no finished seed; train some with `winnow train run" in capsys.readouterr().err
