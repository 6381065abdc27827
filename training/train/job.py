"""One seed of a run: what it needs, what is kept of it, and where it goes on.

Decides the layout of a seed's folder: `run.json` from the first moment, `metrics.jsonl` and `checkpoints/`
while it trains, the adapter's files at the end, `winnow.json` the last of them. A folder that has it is done.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from rubric.errors import ConfigError, StoreError
from training.train.config import TrainConfig, refuse_another
from training.train.examples import file_hash

CRITIC, RUN, METRICS, CHECKPOINTS, CARD, GGUF = "winnow.json", "run.json", "metrics.jsonl", "checkpoints", "README.md", "adapter.gguf"
WEIGHTS = "adapter_model.safetensors"
_WHOLE = ("trainer_state.json", "optimizer.pt", "scheduler.pt", WEIGHTS)


class Job(BaseModel):
    """A seed to train; a process of its own gets it as JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    config: TrainConfig
    seed: int
    pairs_hash: str
    base: str = ""
    """Folder of the base model on this machine."""

    @property
    def folder(self) -> Path:
        return Path(self.config.out).expanduser() / f"seed-{self.seed}"

    @property
    def done(self) -> bool:
        return (self.folder / CRITIC).exists()


class Outcome(NamedTuple):
    """A trained seed: its folder, and its last measures."""

    seed: int
    folder: Path
    last: dict[str, Any]


class Stopped(Exception):
    """The run was interrupted, and its checkpoint is written."""


def jobs(config: TrainConfig, base: Path) -> list[Job]:
    found = file_hash(config.pairs)
    return [Job(config=config, seed=seed, pairs_hash=found, base=str(base)) for seed in config.seeds]


def keep(job: Job) -> None:
    """Begins the folder, or finds it begun with the same recipe and the same pairs."""
    path = job.folder / RUN
    try:
        (job.folder / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
        if path.exists():
            _refuse_other(path, job)
        else:
            path.write_text(job.model_dump_json(indent=1, exclude={"base"}) + "\n", "utf-8")
    except OSError as error:
        raise StoreError(f"the folder {job.folder} cannot be written: {error.strerror}; give another one as --out") from None


def _refuse_other(path: Path, job: Job) -> None:
    try:
        was = json.loads(path.read_text("utf-8"))
        Job.model_validate(was)
    except (ValueError, ValidationError):
        raise ConfigError(f"{path} is damaged; delete {path.parent} to begin anew, or give another --out") from None
    refuse_another(was["config"], job.config, path.parent)
    if was["pairs_hash"] != job.pairs_hash:
        raise ConfigError(f"the run in {path.parent} began with other pairs (hash {was['pairs_hash']}, now {job.pairs_hash}); give the old ones, or another --out")


def checkpoint(job: Job) -> Path | None:
    """The last checkpoint that is whole; the trainer writes its state as the last file."""
    found = (job.folder / CHECKPOINTS).glob("checkpoint-*")
    for path in sorted(found, key=lambda p: int(p.name.rsplit("-", 1)[-1]), reverse=True):
        if all((path / name).exists() for name in _WHOLE) and _readable(path / _WHOLE[0]):
            return path
        shutil.rmtree(path, ignore_errors=True)
    return None


def _readable(path: Path) -> bool:
    try:
        json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return True


__all__ = ["CARD", "CHECKPOINTS", "CRITIC", "GGUF", "METRICS", "RUN", "WEIGHTS", "Job", "Outcome", "Stopped", "checkpoint", "jobs", "keep"]
