"""Folders, checkpoints, measures and child processes of a run, without a trainer."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from rubric.errors import BackboneError, ConfigError, InputError, ServerError, StoreError
from tests.train_pairs import file_of, recipe
from training.train.apart import train_apart
from training.train.config import Push
from training.train.hub import FILES, push
from training.train.job import CHECKPOINTS, CRITIC, RUN, WEIGHTS, Job, Outcome, Stopped, checkpoint, jobs, keep
from training.train.leaks import Offence, refuse_leaks
from training.train.metrics import Metrics, Row, read_metrics
from training.train.run import summary


def job_in(folder: Path, **more: Any) -> Job:
    file_of(folder / "pairs.jsonl")
    return jobs(recipe(folder, **more), folder / "model")[0]


def test_each_seed_has_a_folder(tmp_path: Path) -> None:
    file_of(tmp_path / "pairs.jsonl")
    found = jobs(recipe(tmp_path, seeds=[0, 7]), tmp_path / "model")
    assert [job.folder.name for job in found] == ["seed-0", "seed-7"]
    assert not found[0].done
    with pytest.raises(InputError, match="winnow train pairs"):
        jobs(recipe(tmp_path, pairs=str(tmp_path / "none")), tmp_path)


def test_a_folder_goes_on_only_as_it_began(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    keep(job)
    keep(job)
    assert str(tmp_path / "model") not in json.dumps(json.loads((job.folder / RUN).read_text("utf-8")).get("base", ""))
    with pytest.raises(ConfigError, match="rate was"):
        keep(job_in(tmp_path, rate=0.5))
    with pytest.raises(ConfigError, match="other pairs"):
        keep(job.model_copy(update={"pairs_hash": "other"}))
    (job.folder / RUN).write_text("{", "utf-8")
    with pytest.raises(ConfigError, match="damaged"):
        keep(job)


def test_an_out_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", "utf-8")
    with pytest.raises(StoreError, match="--out"):
        keep(job_in(tmp_path))


def _checkpoint(job: Job, step: int, state: str = "{}") -> Path:
    path = job.folder / CHECKPOINTS / f"checkpoint-{step}"
    path.mkdir(parents=True)
    for name in ("optimizer.pt", "scheduler.pt", WEIGHTS):
        (path / name).write_bytes(b"x")
    (path / "trainer_state.json").write_text(state, "utf-8")
    return path


def test_the_last_whole_checkpoint_is_taken_and_torn_ones_go(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    assert checkpoint(job) is None
    whole = _checkpoint(job, 8)
    _checkpoint(job, 4)
    torn = _checkpoint(job, 12, state='{"global_st')
    half = _checkpoint(job, 100)
    (half / "optimizer.pt").unlink()
    assert checkpoint(job) == whole
    assert not torn.exists() and not half.exists()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_measures_have_one_name_whatever_the_loss(tmp_path: Path) -> None:
    told: list[Row] = []
    clock = Clock()
    metrics = Metrics(tmp_path / "metrics.jsonl", told.append, clock)
    metrics.begin(0)
    clock.now = 10.0
    metrics.add({"loss": 0.61234567, "rewards/accuracies": 0.75, "grad_norm": 1.0, "total_flos": 5}, step=2, steps=10, epoch=0.5)
    metrics.add({"eval_loss": 0.5, "eval_rewards/accuracies": 0.8}, step=2, steps=10, epoch=0.5)
    metrics.add({"train_runtime": 3.0}, step=10, steps=10, epoch=1.0)
    assert told == read_metrics(tmp_path / "metrics.jsonl")
    assert told[0] == {"step": 2, "steps": 10, "epoch": 0.5, "loss": 0.612346, "grad_norm": 1.0, "accuracy": 0.75, "left_s": 40.0} | {}
    assert told[1]["dev_accuracy"] == 0.8 and "loss" not in told[1]
    assert (metrics.last["loss"], metrics.last["dev_loss"]) == (0.612346, 0.5)


def test_a_run_that_goes_on_has_no_step_twice(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    first = Metrics(path, lambda row: None)
    for step in (1, 2, 3):
        first.add({"loss": 1.0}, step=step, steps=4, epoch=None)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"step": 4, "lo')
    again = Metrics(path, lambda row: None)
    again.begin(2)
    again.add({"loss": 0.5}, step=3, steps=4, epoch=None)
    assert [(row["step"], row["loss"]) for row in read_metrics(path)] == [(1, 1.0), (2, 1.0), (3, 0.5)]
    assert again.left(2, 4) is None


def _child(code: str) -> list[str]:
    return [sys.executable, "-c", f"import sys, json; job = json.loads(sys.stdin.read())\n{code}"]


def test_a_child_tells_its_measures_and_its_end(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    told: list[Row] = []
    code = "print('noise'); print(json.dumps({'row': {'step': job['seed']}})); print(json.dumps({'ended': 'done', 'last': {'loss': 1}}))"
    assert train_apart(job, told.append, _child(code)) == Outcome(0, job.folder, {"loss": 1})
    assert told == [{"step": 0}]


@pytest.mark.parametrize(
    ("code", "error", "says"),
    [
        ("print(json.dumps({'ended': 'stopped', 'message': 'at step 3'}))", Stopped, "at step 3"),
        ("print(json.dumps({'ended': 'refused', 'message': 'no such module', 'status': 2}))", ConfigError, "no such module"),
        ("print(json.dumps({'ended': 'refused', 'message': 'loss is nan', 'status': 1}))", BackboneError, "loss is nan"),
        ("sys.exit('killed by the libraries')", BackboneError, "status 1: killed by the libraries.*last checkpoint"),
        ("print('not json'); print('[1]')", BackboneError, "it said nothing"),
    ],
)
def test_a_child_that_fails_says_why(tmp_path: Path, code: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        train_apart(job_in(tmp_path), lambda row: None, _child(code))


class Hub:
    """A hub that keeps what it is given, or fails."""

    def __init__(self, failing: Exception | None = None) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._failing = failing

    def create_repo(self, repo: str, **more: Any) -> str:
        if self._failing:
            raise self._failing
        self.calls.append((repo, more))
        return f"https://hub.example/{repo}"

    def upload_folder(self, **more: Any) -> None:
        self.calls.append((more["repo_id"], more))


def test_only_the_adapters_files_are_pushed(tmp_path: Path) -> None:
    hub = Hub()
    with pytest.raises(ConfigError, match="no finished adapter"):
        push(tmp_path, Push(repo="me/critic"), hub)
    (tmp_path / CRITIC).write_text("{}", "utf-8")
    assert push(tmp_path, Push(repo="me/critic"), hub) == "https://hub.example/me/critic"
    assert hub.calls[0] == ("me/critic", {"private": True, "exist_ok": True})
    assert hub.calls[1][1]["allow_patterns"] == list(FILES) and RUN not in FILES
    with pytest.raises(ServerError, match=r"ValueError: no token.*hf auth login"):
        push(tmp_path, Push(repo="me/critic"), Hub(ValueError("no token")))


def test_the_summary_over_seeds() -> None:
    outcomes = [Outcome(n, Path(), {"accuracy": value}) for n, value in enumerate((0.5, 0.75, 1.0))]
    assert summary(outcomes, "accuracy") == "accuracy 0.750, 0.500 to 1.000 over 3 seeds"
    assert summary(outcomes, "dev_accuracy") is None


def test_an_overlap_with_the_bench_ends_the_run(tmp_path: Path) -> None:
    offences = [Offence(f"{n:016x}", "shares 8-grams") for n in range(12)]
    config = recipe(tmp_path, bench=["bench.jsonl"])
    refuse_leaks(config, lambda given: [])
    refuse_leaks(recipe(tmp_path), lambda given: offences)
    with pytest.raises(InputError, match=r"0000000000000000: shares 8-grams.*and 2 more.*nothing was trained.*--bench bench.jsonl"):
        refuse_leaks(config, lambda given: offences)


def test_the_real_audit_is_asked(tmp_path: Path) -> None:
    pytest.importorskip("training.pairs.audit.audit", reason="the audit is not in this checkout")
    file_of(tmp_path / "pairs.jsonl", 3)
    file_of(tmp_path / "bench.jsonl", 3, split="held_out")
    with pytest.raises(InputError, match="overlaps with what will measure"):
        refuse_leaks(recipe(tmp_path, bench=[str(tmp_path / "bench.jsonl")]))
