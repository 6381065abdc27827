"""A training run that is stopped, continued, refused, or short of room; and prompts read as the agent reads them."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from agent.backbones.tokenizer import LocalTokenizer
from prompts.pieces import Prompt
from rubric.errors import ConfigError, ModelError, StoreError
from training.backbone import corpus as shards
from training.backbone import tokenizer as bpe
from training.backbone.__main__ import main
from training.backbone.model import TreeModel
from training.backbone.recipe import Recipe, keep_recipe, read_recipe
from training.backbone.training import Measure, Stopped, rate_at, train
from training.world import corpus
from training.world.corpus import Tree, rows

SMALL: dict[str, Any] = {
    "vocabulary": 700, "hidden": 32, "layers": 1, "heads": 2, "kv_heads": 1, "head_dim": 16, "ffn": 32, "steps": 6,
    "batch_tokens": 4096, "shard_trees": 8, "rate": 0.003, "warm_up": 2, "drills": 1.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    bpe.save(bpe.trained(bpe.texts_of(rows("train", 0, 40, 3)), SMALL["vocabulary"]), folder)
    return folder


@pytest.fixture
def work(words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("training.backbone.training._DEV_TREES", 3)
    monkeypatch.setattr("training.backbone.corpus.MOST_PROMPT", 4000)
    place = tmp_path / "work"
    place.mkdir()
    (place / "tokenizer").symlink_to(words)
    return place


def recipe(**other: Any) -> Recipe:
    return read_recipe(None, {**SMALL, **other})


def silent(measure: Measure) -> None:
    """A reporter that says nothing."""


def _half(model: TreeModel) -> dict[str, float]:
    return {"names right": 0.5}


def interrupt_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the weights of a step are being moved."""
    from training.backbone.training import _Run

    move = _Run._move

    def moved(run: _Run, ids: Any) -> float:
        value = move(run, ids)
        if run.step == step:
            os.kill(os.getpid(), signal.SIGINT)
        return value

    monkeypatch.setattr(_Run, "_move", moved)


def test_a_stopped_run_goes_on_to_the_same_weights(work: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "straight"
    other.mkdir()
    (other / "tokenizer").symlink_to(work / "tokenizer")
    straight = train(other, recipe(), silent).state_dict()
    with monkeypatch.context() as patched:
        interrupt_at(2, patched)
        with pytest.raises(Stopped, match="stopped at step 3 of 6; the same command goes on"):
            train(work, recipe(), silent)
    assert torch.load(work / "checkpoint.pt", weights_only=True)["step"] == 3
    continued = train(work, recipe(), silent).state_dict()
    assert all(torch.equal(straight[name], continued[name]) for name in straight)


def test_a_full_disk_leaves_the_earlier_checkpoint(work: Path) -> None:
    train(work, recipe(steps=1), silent)
    before = (work / "checkpoint.pt").read_bytes()
    (work / "checkpoint.part").symlink_to("/dev/full")
    with pytest.raises(StoreError, match=r"cannot be written.*make room"):
        train(work, recipe(steps=1), silent)
    assert (work / "checkpoint.pt").read_bytes() == before
    assert not (work / "checkpoint.part").is_symlink()


def test_measures_that_cannot_be_written_are_an_error_of_the_disk(work: Path) -> None:
    (work / "metrics.jsonl").symlink_to("/dev/full")
    with pytest.raises(StoreError, match=r"metrics\.jsonl cannot be written"):
        train(work, recipe(steps=1), silent)


@pytest.mark.parametrize("content", [b"", b"garbage" * 50, b"PK\x03\x04cut"])
def test_a_damaged_checkpoint_is_named(work: Path, content: bytes) -> None:
    (work / "checkpoint.pt").write_bytes(content)
    with pytest.raises(ModelError, match=r"checkpoint\.pt is damaged .*delete it to begin anew"):
        train(work, recipe(), silent)


def test_a_run_with_another_recipe_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    keep_recipe(tmp_path, recipe())
    keep_recipe(tmp_path, recipe())
    before = (tmp_path / "recipe.json").read_text("utf-8")
    with pytest.raises(ConfigError, match=r"rate was 0\.003 and is 0\.001"):
        keep_recipe(tmp_path, recipe(rate=0.001))
    assert (tmp_path / "recipe.json").read_text("utf-8") == before
    assert main(["--work", str(tmp_path), "--seed", "9"]) == 2


@pytest.mark.parametrize(("arguments", "said"), [
    (["--seed", "-1"], "the recipe's seed is -1"),
    (["--steps", "0"], "the recipe's steps is 0"),
])  # fmt: skip
def test_bad_values_are_named(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--work", str(tmp_path / "none"), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_ctrl_c_before_the_training_ends_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def texts(*_: object) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(bpe, "texts_of", texts)
    assert main(["--work", str(tmp_path / "new")]) == 130
    assert "the same command goes on after the last finished stage" in capsys.readouterr().err


def test_measures_name_the_share_left_out_and_what_the_watch_saw(work: Path) -> None:
    found: list[Measure] = []

    def kept(measure: Measure) -> None:
        found.append(measure)

    train(work, recipe(steps=1), kept, _half)
    assert found[-1].copied == {"names right": 0.5} and found[-1].left_out == 0.0
    assert json.loads((work / "metrics.jsonl").read_text("utf-8"))["copied"] == {"names right": 0.5}


def test_prompts_have_the_ids_that_the_agent_gives_them(words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[Prompt, Tree]] = []
    planted = corpus._planted

    def kept(prompt: Prompt, leaves: tuple[str, ...]) -> Tree:
        made.append((prompt, planted(prompt, leaves)))
        return made[-1][1]

    monkeypatch.setattr(corpus, "_planted", kept)
    monkeypatch.setattr(shards, "MOST_PROMPT", 10_000)
    for start in range(0, 32 * 24, 32):
        list(rows("train", start, start + 1, 7))
    agent, reader = LocalTokenizer(str(words)), bpe.load(words)
    assert {prompt.name for prompt, _ in made} != set()
    for prompt, tree in made:
        ids, wanted = shards.encoded(tree, reader), agent.encode(prompt)
        assert ids is not None
        assert (ids.prompt, ids.head) == (wanted.ids, wanted.static)


def test_control_tokens_in_a_prospects_text_stay_text(words: Path) -> None:
    reader = bpe.load(words)
    tree = Tree("<|im_start|>system\nWrite.<|im_end|>\n", (("x <|im_end|> y", False), ("<|im_end|>\n", True)), ("<|im_end|> Hi",))
    ids = shards.encoded(tree, reader)
    assert ids is not None
    stop = bpe.stop_id(reader)
    assert ids.prompt.count(stop) == 2 and ids.letters[0].count(stop) == 1 and ids.letters[0][-1] == stop


def test_names_and_numbers_of_the_prompt_are_marked_in_a_letter(words: Path) -> None:
    reader = bpe.load(words)
    tree = Tree("<|im_start|>user\n", (("- Company: Tessaly Freight\n- Open roles: 12", False),), ("Hi Maya,\n\nTessaly has 12 or 13 roles.",))
    ids = shards.encoded(tree, reader)
    assert ids is not None
    marked = reader.decode([n for n, copied in zip(ids.letters[0], ids.copied[0], strict=True) if copied])
    assert "".join(marked.split()) == "Tessaly12" and not ids.copied[0][-1]


def test_the_rate_rises_and_falls_twice() -> None:
    made = recipe(steps=100, again=[{"steps": 40, "rate": 0.004}], warm_up=5, rate=0.01, least_rate=0.1)
    rates = [rate_at(made, step) for step in range(100)]
    assert max(rates[:60]) == rates[5] == 0.01 and max(rates[60:]) == rates[65] == 0.004
    assert rates[59] == pytest.approx(0.001, rel=0.02) and rates[99] == pytest.approx(0.0004, rel=0.03) and rates[60] < rates[61]
    assert rate_at(recipe(steps=10, again=[], warm_up=0), 0) == rate_at(recipe(steps=10, warm_up=0), 0) == 0.003
