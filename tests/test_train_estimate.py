"""The dry run: steps as the trainer counts them, memory and time that grow with what they depend on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from rubric.errors import ModelError
from tests.hf_folders import SHAPE, write_hf
from tests.train_pairs import recipe
from training.train.estimate import Estimate, base_of, estimated, operations, steps_of
from training.train.examples import Example, Prepared


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("estimate")
    write_hf(made / "model")
    return made


def pairs(count: int, prompt: int = 60, side: int = 20) -> Prepared:
    return Prepared((Example("", "", "", prompt, side, side),) * count, {})


def estimate(folder: Path, train: Prepared, **more: Any) -> Estimate:
    return estimated(recipe(folder, **more), folder / "model", train, lambda width, rows, dtype: 1e9)


@pytest.mark.parametrize(
    ("count", "given", "steps"),
    [
        (12, {}, 6), (13, {}, 8), (12, {"steps": 200}, 200), (12, {"accumulate": 2, "epochs": 1}, 2), (800, {"batch": 8, "epochs": 3}, 300),
    ],
)  # fmt: skip
def test_steps_are_counted_as_the_trainer_does(folder: Path, count: int, given: dict[str, Any], steps: int) -> None:
    assert steps_of(recipe(folder, **given), count) == steps


def test_the_base_is_read_from_its_files(folder: Path) -> None:
    base = base_of(folder / "model")
    assert (base.hidden, base.layers, base.vocab) == (SHAPE.hidden, SHAPE.layers, SHAPE.vocab)
    assert base.head == SHAPE.vocab * SHAPE.hidden and base.trunk > 0
    (folder / "empty").mkdir()
    (folder / "empty" / "config.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match="no safetensors"):
        base_of(folder / "empty")


def test_more_work_takes_longer(folder: Path) -> None:
    small, large = estimate(folder, pairs(12)), estimate(folder, pairs(24))
    assert large.seconds == pytest.approx(2 * small.seconds, rel=0.01) and large.tokens == 2 * small.tokens
    assert estimate(folder, pairs(12), batch=8).memory > small.memory
    assert estimate(folder, pairs(12), lora={"rank": 64, "alpha": 8}).trained == 16 * small.trained
    assert small.pairs == 12 and small.steps == 6


def test_a_shared_prompt_and_a_sleeping_adapter_save_work(folder: Path) -> None:
    base, train = base_of(folder / "model"), pairs(10, prompt=300, side=60)

    def work(**more: Any) -> float:
        return operations(recipe(folder, **more), base, train)

    ordinary = {"lora": {"kind": "ordinary"}}
    assert work() < work(**ordinary) < work(**ordinary, shared_prompt=False) < work(**ordinary, shared_prompt=False, checkpointing=True)
