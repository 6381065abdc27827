"""The figures of a health card, the threshold, and what makes an adapter unfit."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from critic.card import accuracy, card, efficiency, methods, picked, worst_sentence
from critic.estimates import Estimate, Item, correlation, share
from critic.health import Health
from critic.measuring import MeasuredPair, MeasuredPool, Side
from critic.thresholds import Known, calibrate


def side(worn: float, bare: float = -1.0, tokens: int = 2) -> Side:
    return Side((worn,) * tokens, (bare,) * tokens)


def pool(company: str, worn: Sequence[float], scores: Sequence[float | None], *, cut: Sequence[int] = (), shift: float = 0.0, lengths: Sequence[int] = (2, 2, 2, 2)) -> MeasuredPool:
    sides = tuple(side(value, tokens=length) for value, length in zip(worn, lengths, strict=True))
    again = tuple(tuple(value + shift for value in one.worn) for one in sides)
    return MeasuredPool(company, company, sides, tuple(scores), tuple((s or 0) > 0.9 for s in scores), tuple(n in cut for n in range(len(sides))), again, sides[0].worn)


def pair(company: str, chosen: float, rejected: float, *failures: str, unseen: bool = False, lengths: tuple[int, int] = (2, 2)) -> MeasuredPair:
    return MeasuredPair(company, failures, unseen, side(chosen, tokens=lengths[0]), side(rejected, tokens=lengths[1]))


def test_a_share_and_its_interval_go_by_companies() -> None:
    rows = [Item(f"c{n}", float(n % 4 != 0)) for n in range(40)]
    found = share(rows)
    assert found.value == 0.75 and found.count == found.clusters == 40
    assert found.low is not None and found.high is not None and 0.55 < found.low < 0.75 < found.high < 0.9
    lumped = share([Item(f"c{n // 8}", one.part) for n, one in enumerate(sorted(rows, key=lambda r: r.part))])
    assert lumped.low is not None and lumped.low < found.low  # letters of one company go together
    assert share(rows) == share(list(reversed(rows)))


def test_no_data_is_null_and_one_company_has_no_interval() -> None:
    assert share([]) == Estimate() and str(share([])) == "no data"
    assert share([Item("a", 0.0, 0.0)]).value is None
    one = share([Item("a", 1.0), Item("a", 0.0)])
    assert (one.value, one.low, one.high) == (0.5, None, None)


def test_a_correlation_is_pearsons() -> None:
    assert correlation([1, 2, 3], [2, 4, 6]) == 1.0 and correlation([1, 2, 3], [3, 2, 1]) == -1.0
    assert correlation([1, 1], [2, 3]) is None and correlation([1], [1]) is None


def test_accuracy_counts_ties_as_half() -> None:
    way = methods("simpo", 2.0)["critic"]
    assert accuracy([pair("a", -1, -2), pair("b", -2, -1), pair("c", -1, -1)], way).value == 0.5


def test_efficiency_is_what_was_won_of_what_could_be() -> None:
    right, wrong = pool("a", (-1, -2, -3, -4), (1.0, 0.6, 0.2, 0.2)), pool("b", (-4, -1, -2, -3), (0.8, 0.4, 0.4, 0.4))
    way = methods("simpo", 1.0)["critic"]
    found = efficiency([right, wrong], lambda one: picked(one, way))
    assert found.value == pytest.approx((0.5 - 0.1) / (0.5 + 0.3), abs=1e-4)
    assert efficiency([right], lambda one: picked(one, way)).value == 1.0
    assert efficiency([pool("a", (-1, -2, -3, -4), (0.5,) * 4)], lambda _: 0).value is None
    assert efficiency([pool("a", (-1, -2, -3, -4), (1.0, None, 0.2, 0.2))], lambda _: 0).count == 0


def test_a_candidate_that_was_cut_off_is_not_taken() -> None:
    one = pool("a", (-1, -2, -3, -4), (0.2, 1.0, 0.2, 0.2), cut=(0,))
    assert picked(one, methods("simpo", 1.0)["critic"]) == 1
    gone = pool("a", (-1, -2, -3, -4), (0.2, 1.0, 0.2, 0.2), cut=(0, 1, 2, 3))
    assert card([], [gone], kind="simpo", beta=1.0).efficiency["critic"].count == 0


def test_the_worst_sentence_is_the_least_likely_one() -> None:
    row = (-1.0, -1.0, -5.0, -5.0, -1.0)
    assert worst_sentence(Side(row, row, (2, 4))) == -5.0
    assert worst_sentence(Side(row, row, (0, 9))) == pytest.approx(-2.6)


def test_every_method_reads_the_same_rows_in_its_own_way() -> None:
    one, ways = Side((-1.0, -3.0), (-2.0, -4.0), (1,)), methods("dpo", 0.5)
    assert {name: way(one) for name, way in ways.items()} == {
        "critic": 1.0, "mean": -2.0, "sum": -4.0, "worst_sentence": -3.0, "implicit": 2.0, "base": -3.0, "shortest": -2, "longest": 2,
    }  # fmt: skip


def _world(skill: float, seed: int = 0) -> tuple[list[MeasuredPair], list[MeasuredPool]]:
    random = Random(seed)
    pairs = [pair(f"c{n % 30}", -1 + skill * random.random(), -1 + random.gauss(0, 0.3), "injection" if n % 2 else "tone_violation", unseen=n % 3 == 0) for n in range(120)]
    pools = []
    for n in range(90):
        scores = [round(random.random(), 3) for _ in range(4)]
        pools.append(pool(f"c{n % 30}", [skill * s + random.gauss(0, 0.3) - 2 for s in scores], scores, lengths=[random.randint(2, 9) for _ in range(4)]))
    return pairs, pools


def test_a_card_of_an_adapter_that_can_tell() -> None:
    found = card(*_world(2.0), kind="simpo", beta=2.0, skipped=3)
    assert set(found.accuracy) == {"in_distribution", "unseen", "on_policy"}
    assert found.accuracy["in_distribution"].count == 80 and found.accuracy["unseen"].count == 40
    critic, chance = found.efficiency["critic"], found.efficiency["random"]
    assert critic.low is not None and critic.low > 0.6 and chance.low is not None and chance.low < 0 < (chance.high or 0)
    assert set(found.efficiency) == set(methods("simpo", 1)) | {"random"}
    assert set(found.failures) == {"injection", "tone_violation"} and found.skipped == 3
    assert found.reordering is not None and found.reordering.value == 1.0 and found.noise == 0.0
    assert found.refusal is None and Health.model_validate_json(found.model_dump_json()) == found


def test_a_card_of_an_adapter_that_cannot_tell() -> None:
    found = card(*_world(0.0), kind="simpo", beta=2.0)
    assert found.refusal is not None and "does not beat random: its selection efficiency is" in found.refusal


def test_noise_is_measured_in_units_of_the_reward_and_may_change_the_winner() -> None:
    steady = card([], [pool("a", (-1, -2, -3, -4), (1.0, 0.5, 0.2, 0.1), shift=0.01)], kind="simpo", beta=2.0)
    assert steady.noise == pytest.approx(0.02) and steady.reordering is not None and steady.reordering.value == 1.0
    one = pool("a", (-1.0, -1.5, -3, -4), (1.0, 0.5, 0.2, 0.1))
    turned = one._replace(again=(one.sides[1].worn, one.sides[0].worn, *(s.worn for s in one.sides[2:])))
    assert card([], [turned], kind="simpo", beta=1.0).noise == 0.5


def test_the_implicit_reward_has_its_own_threshold() -> None:
    rows = [pair("a", -0.5, -1.5), pair("b", -0.5, -0.9), pair("c", -1.5, -2.0)]
    assert card(rows, [], kind="dpo", beta=0.1).at_zero == pytest.approx(4 / 6, abs=1e-4)


@pytest.mark.parametrize(
    ("health", "said"),
    [
        (Health(), None),
        (Health(change=0.0), "changes no score"),
        (Health(change=0.5, efficiency={"critic": Estimate(value=0.4, low=0.1)}), None),
        (Health(efficiency={"critic": Estimate(value=0.4, low=-0.1)}), "selection efficiency"),
        (Health(efficiency={"critic": Estimate()}, accuracy={"in_distribution": Estimate(value=0.9, low=0.8)}), None),
        (Health(accuracy={"in_distribution": Estimate(value=0.6, low=0.45)}), "accuracy on pairs"),
        (Health(accuracy={"in_distribution": Estimate(value=0.5)}), "accuracy on pairs"),
        (Health(accuracy={"unseen": Estimate(value=0.2, low=0.1)}), None),
    ],
)
def test_what_makes_an_adapter_unfit(health: Health, said: str | None) -> None:
    assert health.refusal is None if said is None else said in (health.refusal or "")


def test_the_threshold_rejects_the_bad_within_the_limit_on_the_good() -> None:
    good, bad = [-1.0 - n / 100 for n in range(100)], [-1.9 - n / 500 for n in range(100)]
    letters = [*(Known(r, True) for r in good), *(Known(r, False) for r in bad)]
    found = calibrate(letters, most=0.05)
    assert found.value is not None and found.good_rejected <= 0.05 and found.bad_rejected > 0.7 and (found.good, found.bad) == (100, 100)
    strict = calibrate(letters, most=0.0)
    assert strict.value is not None and strict.good_rejected == 0.0 and strict.value < min(good) and strict.bad_rejected < found.bad_rejected


@given(st.lists(st.builds(Known, st.floats(-9, 0), st.booleans()), max_size=40), st.floats(0, 1))
def test_a_threshold_keeps_its_limit_or_is_none(letters: list[Known], most: float) -> None:
    found = calibrate(letters, most=most)
    if found.value is not None:
        below = [one.good for one in letters if one.reward < found.value]
        assert below.count(True) / found.good == found.good_rejected <= most
        assert below.count(False) / found.bad == found.bad_rejected > found.good_rejected


def test_a_reward_that_tells_nothing_has_no_threshold() -> None:
    assert calibrate([Known(-1.0, True), Known(-1.0, False)]).value is None
    assert calibrate([Known(-2.0, True), Known(-1.0, False)]).value is None
    assert calibrate([Known(-2.0, True)]).value is None and calibrate([]).value is None
