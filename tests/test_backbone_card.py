"""The model card: filled from a run's own files and from what `python -m experiments.backbone` prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rubric.errors import ConfigError, StoreError
from training.backbone import card as cards
from training.backbone.recipe import Recipe

FIGURES = {"split": "held_out", "prospects": 80, "greedy_pass": 0.625, "wrong_copies": {"number": 8}}


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a run that is over; the mix is counted over fewer letters than for a real card."""
    few = cards.measured(60)
    monkeypatch.setattr(cards, "measured", lambda: few)
    (tmp_path / "recipe.json").write_text(Recipe(seed=41).model_dump_json(), "utf-8")
    (tmp_path / "metrics.jsonl").write_text('{"step": 20, "held_out": null}\n{"step": 40, "held_out": 1.25}\n', "utf-8")
    (tmp_path / "tokenizer").mkdir()
    (tmp_path / "tokenizer" / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {"a": 0, "b": 1}}}), "utf-8")
    return tmp_path


def test_it_says_what_the_run_was(work: Path) -> None:
    said = cards.card(work, commit="abc1234")
    assert "from seed 41: 40 steps" in said and "1.250 nats" in said and "commit abc1234" in said
    assert "Measured on 60 letters" in said and "## Evaluation" not in said


def test_figures_stand_with_the_command_that_gave_them(work: Path) -> None:
    (work / "figures.json").write_text(json.dumps(FIGURES), "utf-8")
    said = cards.card(work, work / "figures.json")
    assert "`python -m experiments.backbone --count 80 --split held_out`" in said and "| greedy pass | 0.625 |" in said


def test_what_is_missing_or_no_json_is_named(work: Path) -> None:
    (work / "figures.json").write_text("step 20", "utf-8")
    with pytest.raises(ConfigError, match=r"figures\.json is not JSON"):
        cards.card(work, work / "figures.json")
    (work / "metrics.jsonl").unlink()
    with pytest.raises(StoreError, match=r"metrics\.jsonl cannot be read"):
        cards.card(work)
