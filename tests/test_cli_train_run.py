"""`winnow train run`: what it says, and what it refuses before anything heavy is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tokenizers")

from agent.cli import main
from tests.hf_folders import write_hf
from tests.train_pairs import file_of
from training.train.job import Job, Outcome, Stopped


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    write_hf(tmp_path / "model")
    file_of(tmp_path / "pairs.jsonl")
    paths = {"--base": "model", "--pairs": "pairs.jsonl", "--out": "out"}
    return ["train", "run", *(part for flag, name in paths.items() for part in (flag, str(tmp_path / name)))]


def test_the_help_names_recipes_and_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "run", "--help"]) == 0
    out = capsys.readouterr().out
    assert "embedded-rank" in out and "130" in out
    assert main(["train", "--help"]) == 0
    assert "Train adapters from pairs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--config", "nothing"], "there is no training config nothing"),
        (["--seeds", "1,b"], "--seeds is '1,b'"),
        (["--backend", "other"], "backend is 'other'"),
        (["--backend", "unsloth"], "ordinary adapters only"),
        (["--seeds", "1,2", "--push", "me/critic"], "a push takes one seed"),
        (["--push", "critic"], "push.repo"),
        (["--pairs", "none.jsonl"], "winnow train pairs"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str], more: list[str], says: str) -> None:
    assert main(["train", "run", "--base", arguments[3], *more]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and says in error


def test_a_dry_run_says_steps_memory_and_time(arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr("training.train.estimate.measured_speed", lambda width, rows, dtype: 1e9)
    assert main([*arguments, "--dry-run", "--seeds", "0,1,2"]) == 0
    lines = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert lines["pairs"] == "12" and lines["steps"] == "2 of 8 pairs a seed, 3 seeds"
    assert lines["memory"].startswith("about") and "factor of two" in lines["time"]
    assert not (tmp_path / "out").exists()


def _runs(outcomes: list[Outcome], fails: Exception | None = None) -> Any:
    def fake(config: Any, told: Any) -> list[Outcome]:
        job = Job(config=config, seed=0, pairs_hash="0")
        told(job, None)
        told(job, {"step": 5, "steps": 6, "loss": 0.5, "accuracy": 1.0, "left_s": 30.0})
        if fails:
            raise fails
        return outcomes

    return fake


def test_progress_says_what_is_left(arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = [Outcome(n, Path(f"seed-{n}"), {"loss": 0.5, "accuracy": 0.5 + n / 2}) for n in (0, 1)]
    monkeypatch.setattr("training.train.run.run", _runs(outcomes))
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert "seed 0, step 5 of 6, loss 0.500, accuracy 1.000, 0.5 min left" in said.err
    assert said.out.splitlines() == ["seed-0: loss 0.5, accuracy 0.5", "seed-1: loss 0.5, accuracy 1.0", "accuracy 0.750, 0.500 to 1.000 over 2 seeds"]


def test_an_interrupted_run_ends_with_130(arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.train.run.run", _runs([], Stopped("seed 0 stopped at step 5 of 6")))
    assert main(arguments) == 130
    assert "stopped at step 5 of 6" in capsys.readouterr().err
