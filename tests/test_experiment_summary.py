"""What is said of rows: means, comparisons, fronts, strata, the blind spot; rows are made by hand, so the answers are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from experiments.conditions.plan import Plan, plan_of
from experiments.run.items import Item
from experiments.run.rows import failure_cost, priced
from experiments.run.summary import fronts, summary
from experiments.run.table import Table, measure, shares, table_of

SELECTION = ["baseline", "critic_rs", "random_rs", "oracle_rs"]
BLIND = [
    {"name": "critic.t", "k": 4, "temperature": 0.7, "picker": "critic", "gate": True, "blind": "tone_violation"},
    {"name": "random.t", "k": 4, "temperature": 0.7, "picker": "random", "gate": True, "blind": "tone_violation"},
]
Worth = Callable[[str, int, int], dict[str, Any]]


def plan(conditions: list[Any], **more: Any) -> Plan:
    base = {"name": "p", "adapter": "a", "conditions": conditions, "seeds": [0, 1], "draws": 400, "gate_baseline": None}
    return plan_of({**base, **more}, "a test")


def items(count: int = 12) -> list[Item]:
    return [
        Item(id=f"t{n}", task=f"t{n}", turn=0, company=f"c{n % 8}", mode="programmatic", difficulty=("easy", "hard")[n % 2], message_type="cold", prospect={}, tempts=None)
        for n in range(count)
    ]


def row(condition: str, seed: int | None, item: Item, **more: Any) -> dict[str, Any]:
    cost = {"prompt_computed": 100.0, "prompt_reused": 0.0, "decoded": 50.0, "scored": 0.0, "passes": 51.0, "tokens": 150.0, "flops": None, "money": None, "reckoned": False}
    base = {
        "condition": condition, "seed": seed, "item": item.id, "company": item.company, "outcome": "PICKED", "error": None, "rounds": 1,
        "chosen": {"pool": "x", "index": 0}, "score": 0.5, "dimensions": {}, "decision": "BLOCK", "passed": 0.0, "failures": [], "failure_cost": 0.0,
        "flaw": None, "expected": None, "pool": None, "gain": None, "cost": cost,
    }  # fmt: skip
    return {**base, **more, "cost": {**cost, **more.get("cost", {})}}


def table(given: Plan, worth: Worth, count: int = 12) -> Table:
    known = items(count)
    rows = [
        row(one.name, None if one.once else seed, item, **worth(one.name, seed, n))
        for one in given.all for seed in given.seeds_of(one) for n, item in enumerate(known)
    ]  # fmt: skip
    return table_of(known, rows)


def better(name: str, seed: int, n: int) -> dict[str, Any]:
    """The critic is better by about 0.2 at twice the cost, dice are as the baseline at twice the cost."""
    score = {"baseline": 0.5, "critic_rs": 0.7, "random_rs": 0.5, "oracle_rs": 0.9}[name] + (0.01 * (n % 3) if name == "critic_rs" else 0.0)
    expected = {"score": 0.5, "passed": 0.25} if name == "random_rs" else None
    pool = None if name == "baseline" else {"k": 4, "passed": 1, "pass_at_k": 0.75, "similarity": 0.2, "tied": float(n % 4 == 0), "best": 0.9}
    gain = None if name == "baseline" else {"won": 0.1 if name == "critic_rs" else 0.0, "best": 0.2}
    cost = {"tokens": 150.0 if name == "baseline" else 300.0}
    return {"score": score, "passed": float(name in ("critic_rs", "oracle_rs")), "expected": expected, "pool": pool, "gain": gain, "cost": cost}


def test_a_condition_is_told_with_all_its_figures() -> None:
    given = plan(SELECTION)
    found = summary(given, table(given, better))
    critic = found["conditions"]["critic_rs"]
    assert critic["score"]["value"] == pytest.approx(0.71) and critic["score"]["clusters"] == 8 and critic["rows"] == 24
    assert critic["selection_efficiency"]["value"] == pytest.approx(0.5) and critic["ties"]["value"] == pytest.approx(0.25)
    assert (critic["pass_at_k"], critic["cost"]["tokens"], critic["similarity"]) == (0.75, 300.0, pytest.approx(0.2))
    assert set(critic["seeds"]) == {"0", "1"} and set(found["conditions"]["baseline"]["seeds"]) == {"all"}
    assert found["conditions"]["random_rs"]["passed"]["value"] == 0.25 and found["conditions"]["random_rs"]["selection_efficiency"] is None
    assert (found["items"], found["tasks"], found["companies"]) == (12, 12, 8)


def test_comparisons_are_paired_and_corrected_for_their_number() -> None:
    given = plan(SELECTION, pairs=[["critic_rs", "random_rs"]])
    found = summary(given, table(given, better))["comparisons"]
    assert [(one["one"], one["other"]) for one in found] == [("critic_rs", "baseline"), ("random_rs", "baseline"), ("oracle_rs", "baseline"), ("critic_rs", "random_rs")]
    score = found[0]["measures"]["score"]
    assert score["difference"]["value"] == pytest.approx(0.21) and score["difference"]["bca"]["low"] > 0.2 and score["difference"]["wins"] == 12
    assert score["holm"]["family"] == 8 and score["holm"]["adjusted"] >= score["difference"]["p"]
    assert score["detectable"]["level"] == 0.05 / 8, "what would be found is told for the level that the correction asks for"
    assert score["detectable"]["effect"] == 0.02 and found[0]["measures"]["passed"]["detectable"]["effect"] == 0.1
    assert found[0]["cost"]["tokens"]["value"] == 150 and "p" not in found[0]["cost"]["tokens"]
    assert set(found[0]["mcnemar"]) == {"0", "1"} and found[0]["mcnemar"]["1"]["only_one"] == 12


def test_a_front_says_who_is_dominated_and_leaves_the_ceiling_out() -> None:
    given = plan(SELECTION)
    found = {(one["cost"], one["quality"]): one["standings"] for one in fronts(given, table(given, better))}
    assert set(found) == {("tokens", "score"), ("tokens", "passed"), ("passes", "score"), ("passes", "passed")}
    standings = {one["name"]: one for one in found["tokens", "score"]}
    assert set(standings) == {"baseline", "critic_rs", "random_rs"}
    assert standings["random_rs"]["verdict"] == "dominated" and standings["random_rs"]["by"] == ["critic_rs"]
    assert standings["critic_rs"]["verdict"] == "efficient"


def test_strata_have_intervals_and_no_p() -> None:
    given = plan(["baseline", "critic_rs"])
    found = summary(given, table(given, better))["strata"]
    assert {(one["by"], one["value"], one["items"]) for one in found} == {
        ("mode", "programmatic", 12), ("tempts", "none", 12), ("difficulty", "easy", 6), ("difficulty", "hard", 6), ("message_type", "cold", 12),
    }  # fmt: skip
    assert all("p" not in one["score"] and one["score"]["value"] == pytest.approx(0.21, abs=0.02) for one in found)


def test_a_row_with_an_error_is_left_out_and_counted() -> None:
    given = plan(["baseline", "critic_rs"])

    def worth(name: str, seed: int, n: int) -> dict[str, Any]:
        return {"error": "too long", "score": None, "passed": None, "chosen": None, "cost": {}} if n == 0 and name == "baseline" else better(name, seed, n)

    found = summary(given, table(given, worth))
    assert found["conditions"]["baseline"]["errors"] == 1 and found["comparisons"][0]["measures"]["score"]["difference"]["left_out"] == 1


def test_the_flaw_is_counted_in_what_was_delivered() -> None:
    given = plan(BLIND, baseline=None, pairs=[["critic.t", "random.t"]])

    def worth(name: str, seed: int, n: int) -> dict[str, Any]:
        if n == 11 and name == "critic.t":
            return {"outcome": "ABSTAIN", "chosen": None, "score": None, "passed": 0.0}
        return {"outcome": "DRAFT", "flaw": float(n % 2 == 0 if name == "random.t" else n % 4 == 0), "score": 0.9, "passed": 1.0}

    found = summary(given, table(given, worth))
    [blind] = found["blind"]
    assert blind["flaws"] == {"critic.t": 6.0, "random.t": 12.0} and blind["delivered"] == {"critic.t": 22, "random.t": 24}
    assert blind["both"] == 22
    assert blind["removed"]["value"] == pytest.approx(0.5) and blind["failure"] == "tone_violation"
    [compared] = found["comparisons"]
    assert set(compared["measures"]) == {"flaw"} and compared["measures"]["flaw"]["difference"]["value"] == pytest.approx(3 / 11) and compared["mcnemar"] is None
    assert found["conditions"]["critic.t"]["outcomes"] == {"DRAFT": 22 / 24, "ABSTAIN": 2 / 24}


def test_who_delivers_less_removes_nothing() -> None:
    given = plan(BLIND, baseline=None, pairs=[["critic.t", "random.t"]])

    def worth(name: str, seed: int, n: int) -> dict[str, Any]:
        if n % 2 and name == "critic.t":
            return {"outcome": "ABSTAIN", "chosen": None, "score": None, "passed": 0.0}
        return {"outcome": "DRAFT", "flaw": 1.0, "score": 0.9, "passed": 1.0}

    [blind] = summary(given, table(given, worth))["blind"]
    assert blind["flaws"] == {"critic.t": 12.0, "random.t": 24.0} and blind["removed"]["value"] == 0.0


def test_the_whole_agent_is_compared_by_what_it_delivers() -> None:
    given = plan(["gate_critic", "gate_random"], baseline=None, gate_baseline="gate_random")

    def worth(name: str, seed: int, n: int) -> dict[str, Any]:
        if n > 8 and name == "gate_random":  # it abstains where letters are hard, and so its letters look better
            return {"outcome": "ABSTAIN", "chosen": None, "score": None, "passed": 0.0}
        return {"outcome": "DRAFT", "score": 1.0 - n / 20, "passed": 1.0}

    found = summary(given, table(given, worth))
    [compared] = found["comparisons"]
    assert set(compared["measures"]) == {"passed"} and compared["measures"]["passed"]["difference"]["value"] == pytest.approx(0.25)
    assert all(set(one) & {"score", "passed"} == {"passed"} for one in found["strata"])


def test_degenerate_rows_give_reasons_and_no_figures() -> None:
    given = plan(["baseline", "critic_rs"], seeds=[0])
    same = summary(given, table(given, lambda *_: {"score": 1.0, "passed": 1.0}, 12))
    assert same["comparisons"][0]["measures"]["score"]["difference"]["ties"] == 12
    few = summary(given, table(given, better, 2))
    assert few["comparisons"][0]["measures"]["score"]["difference"]["reason"] and few["conditions"]["critic_rs"]["score"]["bca"] is None
    none = summary(given, table(given, better, 0))
    assert none["conditions"]["critic_rs"]["score"]["value"] is None


def test_failures_cost_what_the_playbook_says() -> None:
    assert failure_cost(["tone_violation", "pricing_violation"], {"pricing_violation": 100.0}) == 100.0
    one, other = row("a", 0, items()[0], failures=["pricing_violation"]), row("a", 0, items()[1], chosen=None, failure_cost=None)
    priced(iter([one, other]), {"pricing_violation": 7.0})
    assert (one["failure_cost"], other["failure_cost"]) == (7.0, None)


def test_values_are_expected_ones_where_a_row_has_them() -> None:
    assert measure("score")(row("a", 0, items()[0], score=0.2, expected={"score": 0.4, "passed": None})) == 0.4
    assert measure("passed")(row("a", 0, items()[0], expected={"score": 0.4, "passed": None})) is None
    assert shares([row("a", 0, items()[0], failures=["x", "x"]), row("a", 0, items()[0], failures=["y"])], lambda one: one["failures"]) == {"x": 0.5, "y": 0.5}
