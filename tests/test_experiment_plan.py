"""Plans and conditions: what is read, what is made of it, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from experiments.conditions.condition import BUILT_IN, Condition
from experiments.conditions.plan import Plan, plan_of, presets, read_plan
from rubric.errors import ConfigError


def made(**more: Any) -> Plan:
    return plan_of({"name": "p", "adapter": "a.gguf", "conditions": ["baseline", "critic_rs"], **more}, "plan.yaml")


def test_the_built_in_conditions_are_those_of_the_studies() -> None:
    assert list(BUILT_IN) == [
        "baseline", "promptaug", "critic_rs", "random_rs", "logprob_rs", "oracle_rs", "critic_promptaug", "gate_critic", "gate_random", "gate_logprob",
    ]  # fmt: skip
    assert (BUILT_IN["baseline"].k, BUILT_IN["baseline"].temperature, BUILT_IN["baseline"].once) == (1, 0.0, True)
    critic = BUILT_IN["critic_rs"]
    assert (critic.k, critic.temperature, critic.picker, critic.gate, critic.once) == (4, 0.7, "critic", False, False)
    assert BUILT_IN["gate_random"].gate and not BUILT_IN["gate_random"].once


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"k": 4}, "at temperature 0 are one letter"),
        ({"k": 2, "temperature": 0.7, "picker": "oracle", "gate": True}, "cannot be the picker"),
        ({"k": 2, "temperature": 0.7, "adapter": "x"}, "only the picker 'critic'"),
        ({"blind": "tone_violation"}, "set 'gate: true'"),
        ({"kk": 4}, "kk: is no key"),
    ],
)
def test_a_condition_that_measures_nothing_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        made(conditions=[{"name": "odd", **fields}])


def test_an_adapter_goes_with_its_seed() -> None:
    one = BUILT_IN["critic_rs"]
    assert one.model_copy(update={"adapter": "runs/seed-{seed}"}).adapter_for(2) == "runs/seed-2"
    assert one.model_copy(update={"adapter": {0: "a", 1: "b"}}).adapter_for(1) == "b"
    assert one.model_copy(update={"adapter": {0: "a"}}).adapter_for(1) is None and one.adapter_for(0) is None
    assert [one.adapter for one in made().all] == [None, "a.gguf"]


def test_a_sweep_becomes_conditions_of_their_own() -> None:
    plan = made(sweeps=[{"of": "critic_rs", "k": [1, 2], "temperature": [0.5, 1.0]}, {"of": "critic_rs", "adapter": {"small": "s.gguf"}}])
    assert [one.name for one in plan.all[2:]] == ["critic_rs@k=1@t=0.5", "critic_rs@k=1@t=1", "critic_rs@k=2@t=0.5", "critic_rs@k=2@t=1", "critic_rs@small"]
    assert [(one.k, one.temperature, one.adapter) for one in plan.all[4:]] == [(2, 0.5, "a.gguf"), (2, 1.0, "a.gguf"), (4, 0.7, "s.gguf")]
    swept = made(sweeps=[{"of": "baseline", "backbone": {"other": {"kind": "scripted"}}}]).all[-1]
    assert swept.name == "baseline@other" and swept.backbone is not None and swept.backbone.kind == "scripted"


def test_the_comparisons_are_those_that_the_plan_says() -> None:
    plan = made(conditions=["baseline", "critic_rs", "random_rs", "gate_critic", "gate_random"], pairs=[["critic_rs", "random_rs"], ["critic_rs", "baseline"]])
    assert [(c.one, c.other, c.kind) for c in plan.compared] == [
        ("critic_rs", "baseline", "baseline"), ("random_rs", "baseline", "baseline"), ("gate_critic", "gate_random", "gate"), ("critic_rs", "random_rs", "pair"),
    ]  # fmt: skip
    assert made(baseline=None).compared == ()


def test_what_runs_once_has_one_seed() -> None:
    plan = made(seeds=[3, 1])
    assert [plan.seeds_of(one) for one in plan.all] == [(3,), (3, 1)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"conditions": ["critic_r"]}, "did you mean 'critic_rs'"),
        ({"conditions": ["baseline", "baseline"]}, "two conditions are named 'baseline'"),
        ({"pairs": [["baseline", "promptaug"]]}, "'promptaug', which is no condition"),
        ({"seeds": [1, 1]}, "a seed stands twice"),
        ({"conditions": []}, "has no conditions"),
        ({"sweeps": [{"of": "nobody"}]}, "'nobody', which is no condition"),
        ({"baseline": "baselin"}, "'baseline' is 'baselin', which is no condition"),
        ({"gate_baseline": "gate_randm"}, "'gate_baseline' is 'gate_randm'"),
        ({"speed": 1}, "speed: is no key that is known here"),
        ({"condition": ["baseline"]}, "did you mean 'conditions'"),
    ],
)
def test_a_plan_that_says_nothing_sound_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        made(**fields)


def test_what_a_flag_says_is_told_of_the_flag() -> None:
    with pytest.raises(ConfigError, match=r"^--seeds: a seed stands twice"):
        read_plan("smoke", {"seeds": [1, 1]})
    with pytest.raises(ConfigError, match=r"^--split: "):
        read_plan("smoke", {"split": "test"})


def test_presets_are_read_and_changed_by_what_is_given() -> None:
    assert presets() == ["blind-spot", "cost-pareto", "smoke"]
    for name in presets():
        assert read_plan(name, {}).name == name
    plan = read_plan("cost-pareto", {"seeds": [7], "limit": 5})
    assert (plan.split, plan.seeds, plan.limit, bool(plan.reason)) == ("held_out", (7,), 5, True)
    assert set(BUILT_IN) <= {one.name for one in plan.all} and read_plan("smoke", {}).split == "dev"
    blind = read_plan("blind-spot", {})
    assert all(one.blind for one in blind.all) and blind.threshold_study is not None and len(blind.compared) == 3


def test_a_file_that_is_no_plan_is_told(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("- a", "utf-8")
    (tmp_path / "broken.yaml").write_text("a: [", "utf-8")
    for name, said in (("list.yaml", "holds list"), ("broken.yaml", "cannot be read"), ("none.yaml", "no preset and no file")):
        with pytest.raises(ConfigError, match=said):
            read_plan(str(tmp_path / name), {})


def test_a_name_says_nothing_of_what_is_drawn() -> None:
    one = Condition(name="a", k=2, temperature=0.5)
    assert one.recipe == one.model_copy(update={"name": "b"}).recipe != one.model_copy(update={"k": 3}).recipe
