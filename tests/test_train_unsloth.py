"""The unsloth backend, in a process of its own; skipped where it is not installed."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("tokenizers")

from rubric.errors import ConfigError
from tests.hf_folders import write_hf
from tests.train_pairs import file_of, recipe
from training.train.job import CRITIC, GGUF, METRICS
from training.train.metrics import read_metrics
from training.train.run import run
from training.train.unsloth_model import refuse_absent

installed = find_spec("unsloth") is not None and find_spec("trl") is not None


@pytest.mark.skipif(find_spec("unsloth") is not None, reason="unsloth is installed")
def test_where_it_is_absent_the_way_out_is_named() -> None:
    with pytest.raises(ConfigError, match="backend: peft"):
        refuse_absent()


@pytest.mark.slow
@pytest.mark.skipif(not installed, reason="unsloth is not installed: pip install --no-deps unsloth unsloth_zoo, as its own notes say")
@pytest.mark.parametrize(("base", "loss"), [("tiny", "simpo"), ("embedded", "orpo")])
def test_it_trains_in_a_process_of_its_own(tmp_path: Path, base: str, loss: str) -> None:
    write_hf(tmp_path / "model")
    file_of(tmp_path / "pairs.jsonl")
    given = {"base": "embedded"} if base == "embedded" else {}
    config = recipe(tmp_path, backend="unsloth", lora={"kind": "ordinary", "rank": 4, "alpha": 8}, loss={"kind": loss}, steps=3, **given)
    [outcome] = run(config, lambda job, row: None)
    assert "unsloth" not in sys.modules
    critic = json.loads((outcome.folder / CRITIC).read_text("utf-8"))
    assert (critic["kind"], critic["reward"]) == ("ordinary", loss) and (outcome.folder / GGUF).exists()
    assert [row["step"] for row in read_metrics(outcome.folder / METRICS) if "loss" in row] == [1, 2, 3]
