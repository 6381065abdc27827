"""A training run: its seeds one after the other, each continued where it was stopped.

Decides what is checked before a seed begins: the base, the pairs, the trackers. A seed that is done is not
trained again, and one that fails leaves those before it whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from rubric.errors import ConfigError, MissingExtra
from training.train.config import TrainConfig
from training.train.job import METRICS, Job, Outcome, jobs, keep
from training.train.leaks import refuse_leaks
from training.train.metrics import Report, read_metrics

TrainOne = Callable[[Job, Report], Outcome]


class Told(Protocol):
    """What is told of each seed: a row of measures, or None before the first."""

    def __call__(self, job: Job, row: dict[str, object] | None) -> None: ...


def run(config: TrainConfig, told: Told, train: TrainOne | None = None) -> list[Outcome]:
    """All seeds; `train` is what trains one, absent the backend's own way."""
    refuse_trackers(config)
    refuse_leaks(config)
    base = base_folder(config)
    found = []
    for job in jobs(config, base):
        if job.done:
            found.append(_kept(job))
            continue
        keep(job)
        told(job, None)
        found.append((train or _trainer(config))(job, _telling(job, told)))
    return found


def base_folder(config: TrainConfig) -> Path:
    """The base's folder on this machine, fetched from the hub where it is a hub name."""
    try:
        from agent.backbones.hf_model import find_folder
        from agent.backbones.spec import HfSpec
    except MissingExtra:
        raise MissingExtra("train", "training") from None
    return find_folder(HfSpec(model=config.base, revision=config.revision))


def refuse_trackers(config: TrainConfig) -> None:
    missing = [name for name in config.track if find_spec(name) is None]
    if missing:
        raise ConfigError(f"track: {', '.join(missing)} is not installed; `pip install {' '.join(missing)}`, or leave it out: the measures are in {METRICS} in any case")


def _trainer(config: TrainConfig) -> TrainOne:
    if config.backend == "unsloth":
        from training.train.apart import train_apart
        from training.train.unsloth_model import refuse_absent

        refuse_absent()
        return train_apart
    from training.train.one_seed import train_seed

    return train_seed


def _telling(job: Job, told: Told) -> Report:
    return lambda row: told(job, row)


def _kept(job: Job) -> Outcome:
    rows = read_metrics(job.folder / METRICS)
    last: dict[str, object] = {}
    for row in rows:
        last.update(row)
    return Outcome(job.seed, job.folder, last)


def summary(outcomes: Sequence[Outcome], name: str) -> str | None:
    """Mean and spread of a measure over the seeds; None where it was not measured."""
    values = [float(o.last[name]) for o in outcomes if isinstance(o.last.get(name), (int, float))]
    if not values:
        return None
    middle = sum(values) / len(values)
    spread = f", {min(values):.3f} to {max(values):.3f} over {len(values)} seeds" if len(values) > 1 else ""
    return f"{name} {middle:.3f}{spread}"


__all__ = ["Told", "base_folder", "refuse_trackers", "run", "summary"]
