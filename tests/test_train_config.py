"""Recipes: what is read, what is refused, and what may change when a run goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rubric.errors import ConfigError
from training.train.config import MODULES, TrainConfig, read_config, recipes, refuse_another


def test_the_shipped_recipes_are_the_published_ones() -> None:
    assert {"simpo-qwen2.5-1.5b", "simpo-qwen3-1.7b", "orpo-verdict", "dpo-qwen2.5-0.5b", "embedded-rank", "embedded-verdict"} <= set(recipes())
    first, second = read_config("simpo-qwen2.5-1.5b"), read_config("simpo-qwen3-1.7b")
    assert (first.loss.kind, first.loss.gamma, first.base) == ("simpo", 0.3, "Qwen/Qwen2.5-1.5B-Instruct")
    assert (second.loss.beta, second.loss.gamma, second.rate, second.schedule, second.warm_up, second.epochs) == (2.0, 1.0, 5e-6, "cosine", 0.1, 8)
    assert second.batch * second.accumulate == 8 and second.backend == "unsloth"
    orpo, dpo = read_config("orpo-verdict"), read_config("dpo-qwen2.5-0.5b")
    assert (orpo.loss.kind, orpo.rate, orpo.steps, orpo.task, orpo.lora.alpha) == ("orpo", 8e-5, 200, "verdict", 16)
    assert (dpo.loss.kind, dpo.loss.beta, dpo.completion) == ("dpo", 0.1, "body")


@pytest.mark.parametrize("name", recipes())
def test_every_shipped_recipe_adapts_the_seven_projections_without_dropout(name: str) -> None:
    config = read_config(name)
    assert config.lora.modules == MODULES and len(MODULES) == 7
    assert config.lora.rank == 16 and config.lora.alpha in (16, 32) and config.lora.dropout == 0
    assert not Path(config.out).is_absolute()


def test_the_embedded_critic_is_activated_and_the_judge_is_not() -> None:
    assert read_config("embedded-rank").lora.kind == "activated" and read_config("embedded-rank").task == "rank"
    assert read_config("embedded-verdict").lora.kind == "ordinary" and read_config("embedded-verdict").task == "verdict"


def test_a_file_and_single_values_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("loss: {kind: dpo, beta: 0.2}\nseeds: [3, 4]\n", "utf-8")
    config = read_config(str(path), {"out": "elsewhere", "seeds": (5,)})
    assert (config.loss.kind, config.out, config.seeds, config.reward) == ("dpo", "elsewhere", (5,), "dpo")
    path.write_text("", "utf-8")
    assert read_config(str(path)) == TrainConfig()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lss: 1", "lss"),
        ("rate: 0", "rate is 0"),
        ("batch: many", "batch is 'many'"),
        ("loss: {kind: dpo, gamma: 1}", "only simpo has a gamma"),
        ("loss: {beta: .inf}", "loss.beta"),
        ("seeds: []", "seeds"),
        ("seeds: [1, 1]", "stands twice"),
        ("{task: verdict, completion: body}", "a verdict has no body"),
        ("backend: unsloth", "unsloth trains ordinary adapters only"),
        ("track: [mlflow]", "track"),
        ("push: {repo: alone}", "push.repo"),
        ("- a", "holds list"),
        ("a: [", "cannot be read"),
    ],
)
def test_what_no_run_can_have_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"mine\.yaml") as error:
        read_config(str(path))
    assert says in str(error.value)


def test_a_recipe_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(ConfigError, match="embedded-rank"):
        read_config("no-such-recipe")


def test_a_run_goes_on_only_with_its_own_recipe(tmp_path: Path) -> None:
    def was(**changes: Any) -> dict[str, Any]:
        return {**json.loads(TrainConfig().model_dump_json()), **changes}

    refuse_another(was(), TrainConfig(), tmp_path)
    refuse_another(was(save_every=7, track=["wandb"], seeds=[9]), TrainConfig(), tmp_path)
    with pytest.raises(ConfigError, match=r"rate was 0.5 and is .*another --out"):
        refuse_another(was(rate=0.5), TrainConfig(), tmp_path)
