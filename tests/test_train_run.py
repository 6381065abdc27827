"""Whole runs on a tiny model: from a file of pairs to a folder that both backbones take."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("trl", reason="trl is not installed: pip install 'winnow[train]'")
pytest.importorskip("peft")
pytest.importorskip("gguf")

import torch

from agent.backbones.llama_file import check_adapter, read_gguf
from rubric.errors import ConfigError
from tests.hf_folders import COMPLETIONS, MAYA, off, opened, write_hf
from tests.train_pairs import END, file_of, pair, recipe
from training.export.__main__ import export
from training.export.gguf_from_hf import Safetensors
from training.pairs.pair import write_pairs
from training.random_model import HEADER
from training.train.job import CHECKPOINTS, CRITIC, GGUF, METRICS, WEIGHTS, Outcome, Stopped
from training.train.metrics import Row, read_metrics
from training.train.run import run

pytestmark = pytest.mark.filterwarnings("ignore")


def begun(folder: Path, **more: Any) -> Path:
    torch.set_num_threads(1)
    write_hf(folder / "model")
    file_of(folder / "pairs.jsonl")
    file_of(folder / "dev.jsonl", 4, split="dev", role="augmented")
    return folder


def told_nothing(job: Any, row: Row | None) -> None:
    return None


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = begun(tmp_path_factory.mktemp("run"))
    write_pairs(folder / "pairs.jsonl", [*(pair(n) for n in range(12)), pair(0, rejected=f" {END}")])
    [outcome] = run(recipe(folder, dev=str(folder / "dev.jsonl"), epochs=3), told_nothing)
    return outcome


def test_the_folder_says_what_it_is(trained: Outcome) -> None:
    critic = json.loads((trained.folder / CRITIC).read_text("utf-8"))
    assert (critic["version"], critic["reward"], critic["kind"], critic["task"], critic["seed"]) == (1, "simpo", "activated", "rank", 0)
    assert critic["loss"] == {"kind": "simpo", "beta": 2.0, "gamma": 1.0} and critic["beta"] == 2.0
    assert critic["base"]["name"] == "model" and len(critic["base"]["hash"]) == 16
    assert critic["pairs"]["count"] == 12 and critic["pairs"]["skipped"] == {"with an empty side": 1}
    assert critic["threshold"] is None and critic["health"] is None


def test_the_critic_reads_what_the_training_wrote(trained: Outcome) -> None:
    cards = pytest.importorskip("critic.adapter_card", reason="the critic is not in this checkout")
    found = cards.read_critic(trained.folder)
    assert (found.reward, found.beta, found.kind, found.base.name) == ("simpo", 2.0, "activated", "model")
    assert cards.read_critic(trained.folder / GGUF) == found


def test_it_learns_what_the_pairs_say(trained: Outcome) -> None:
    rows = read_metrics(trained.folder / METRICS)
    losses = [row["loss"] for row in rows if "loss" in row]
    assert [row["step"] for row in rows if "loss" in row] == list(range(1, 10))
    assert losses[-1] < losses[0]
    assert trained.last["accuracy"] == 1.0
    assert 0 <= trained.last["dev_accuracy"] <= 1
    assert all(row["left_s"] >= 0 for row in rows)


def test_the_adapter_works_in_the_transformers_backbone(trained: Outcome) -> None:
    config = json.loads((trained.folder / "adapter_config.json").read_text("utf-8"))
    assert tuple(config["alora_invocation_tokens"]) == HEADER and config["base_model_name_or_path"] == "model"
    with_it = opened(trained.folder.parents[1] / "model")
    worn, bare = (with_it.score(MAYA, COMPLETIONS, adapter).logprobs for adapter in (str(trained.folder), None))
    assert off(worn, bare) > 1e-3


def test_the_gguf_fits_the_model_in_llama_cpp(trained: Outcome, tmp_path: Path) -> None:
    model = read_gguf(export(trained.folder.parents[1] / "model", tmp_path / "model.gguf", "F32"))
    adapter = check_adapter(trained.folder / GGUF, model)
    assert adapter.values["adapter.alora.invocation_tokens"].values == HEADER
    assert adapter.text("winnow.base.hash") == json.loads((trained.folder / CRITIC).read_text("utf-8"))["base"]["hash"]


def test_no_path_of_this_machine_is_in_what_leaves(trained: Outcome) -> None:
    for path in trained.folder.iterdir():
        if path.name != "run.json":
            assert str(trained.folder.parents[1]).encode() not in path.read_bytes(), path
    assert not (trained.folder / CHECKPOINTS).exists()


def test_the_card_is_filled_from_the_run(trained: Outcome) -> None:
    card = (trained.folder / "README.md").read_text("utf-8")
    sections = [line[3:] for line in card.splitlines() if line.startswith("## ")]
    assert sections == [
        "Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data", "Quantitative analyses",
        "Ethical considerations", "Caveats and recommendations",
    ]  # fmt: skip
    assert "12 pairs" in card and "1 with an empty side" in card or "with an empty side 1" in card
    assert "tone_violation 13" in card and "mutator 13" in card and "9 steps of 4 pairs" in card
    assert f"| accuracy | {trained.last['accuracy']} |" in card and "Not measured here" in card
    assert "{{" not in card and "None" not in card


def test_a_seed_that_is_done_is_not_trained_again(trained: Outcome) -> None:
    before = (trained.folder / WEIGHTS).stat().st_mtime_ns
    folder = trained.folder.parents[1]
    [again] = run(recipe(folder, dev=str(folder / "dev.jsonl"), epochs=3), told_nothing)
    assert again.last["accuracy"] == trained.last["accuracy"]
    assert (trained.folder / WEIGHTS).stat().st_mtime_ns == before


def test_a_tracker_that_is_not_there_is_refused_before_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.train.run.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="pip install trackio"):
        run(recipe(tmp_path, track=["trackio"]), told_nothing)


def _weights(folder: Path) -> dict[str, Any]:
    found = Safetensors([folder / WEIGHTS])
    return {name: found[name].copy() for name in found}


def _stopping_at(step: int) -> Callable[[Any, Row | None], None]:
    def told(job: Any, row: Row | None) -> None:
        if row and row["step"] == step:
            signal.raise_signal(signal.SIGINT)

    return told


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["simpo", "orpo", "dpo"])
def test_an_interrupted_run_goes_on_and_ends_with_the_same_weights(tmp_path: Path, loss: str) -> None:
    import numpy as np

    more = {"loss": {"kind": loss}, "seeds": [3]}
    begun(tmp_path)
    whole = recipe(tmp_path, **more, out=str(tmp_path / "whole"))
    [straight] = run(whole, told_nothing)
    with pytest.raises(Stopped, match=r"stopped at step 4 of 6"):
        run(recipe(tmp_path, **more), _stopping_at(3))
    [resumed] = run(recipe(tmp_path, **more), told_nothing)
    first, second = _weights(straight.folder), _weights(resumed.folder)
    assert first.keys() == second.keys()
    assert max(float(np.abs(first[name] - second[name]).max()) for name in first) < 1e-6
    assert [row["step"] for row in read_metrics(resumed.folder / METRICS) if "loss" in row] == [1, 2, 3, 4, 5, 6]


@pytest.mark.slow
def test_seeds_differ_and_each_repeats(tmp_path: Path) -> None:
    begun(tmp_path)
    one, two = run(recipe(tmp_path, seeds=[1, 2], lora={"kind": "ordinary", "rank": 4}), told_nothing)
    [again] = run(recipe(tmp_path, seeds=[1], lora={"kind": "ordinary", "rank": 4}, out=str(tmp_path / "again")), told_nothing)
    name = next(iter(_weights(one.folder)))
    assert (_weights(one.folder)[name] == _weights(again.folder)[name]).all()
    assert not (_weights(one.folder)[name] == _weights(two.folder)[name]).all()
    assert "alora_invocation_tokens" not in json.loads((one.folder / "adapter_config.json").read_text("utf-8")) or not json.loads((one.folder / "adapter_config.json").read_text("utf-8"))["alora_invocation_tokens"]
