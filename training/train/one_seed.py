"""Trains one seed from its pairs to its adapter folder, in this process.

Decides the order: pairs are checked, the model is opened, the trainer's ids are held against the prepared ones,
then it trains, from the last whole checkpoint where there is one. Nothing of the libraries is loaded before.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from agent.backbones.tokenizer import LocalTokenizer
from rubric.errors import BackboneError, MissingExtra
from training.backbone.stopping import interrupted
from training.pairs.pair import read_pairs
from training.train.config import TrainConfig
from training.train.examples import Prepared, prepared, refuse_empty
from training.train.job import CHECKPOINTS, METRICS, Job, Outcome, Stopped, checkpoint
from training.train.metrics import Metrics, Report
from training.train.turn import Turn, turn_of

if TYPE_CHECKING:
    from training.train.trl_trainers import Ready


def train_seed(job: Job, report: Report) -> Outcome:
    """Ends with the adapter's files in the job's folder, or with `Stopped`."""
    from training.train.folder import finish

    base = Path(job.base)
    tokenizer = LocalTokenizer(str(base))
    turn = turn_of(tokenizer)
    train, dev = learnt(job.config, tokenizer, turn), watched(job.config, tokenizer, turn)
    metrics = Metrics(job.folder / METRICS, report)
    quieten()
    _tell_trackers(job)
    ready = _ready(job, turn)
    with interrupted() as asked:
        _train(job, ready, train, dev, metrics, asked)
    return finish(job, ready.model, train, metrics.last)


def learnt(config: TrainConfig, tokenizer: LocalTokenizer, turn: Turn) -> Prepared:
    """The training pairs that are fit."""
    return refuse_empty(prepared(read_pairs(config.pairs), config, tokenizer, turn), config.pairs, config.task)


def watched(config: TrainConfig, tokenizer: LocalTokenizer, turn: Turn) -> Prepared:
    """The pairs to measure on; none where none are named."""
    if config.dev is None:
        return Prepared((), {})
    return refuse_empty(prepared(read_pairs(config.dev), config, tokenizer, turn), config.dev, config.task)


def quieten() -> None:
    """The libraries send nothing, and speak only of what went wrong."""
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def _tell_trackers(job: Job) -> None:
    """TensorBoard would write beside the checkpoints, which go when the run is done."""
    if "tensorboard" in job.config.track:
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(job.folder / "tensorboard")


def _ready(job: Job, turn: Turn) -> Ready:
    config, base = job.config, Path(job.base)
    if config.backend == "unsloth":
        from training.train.unsloth_model import unsloth_ready

        return unsloth_ready(config, base, turn, job.seed)
    with _libraries():
        from training.train.peft_model import peft_ready
    return peft_ready(config, base, turn, job.seed)


def _train(job: Job, ready: Ready, train: Prepared, dev: Prepared, metrics: Metrics, asked: Event) -> None:
    with _libraries():
        from training.train.callback import Watch
        from training.train.trl_trainers import refuse_other_ids, trainer_for
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries among themselves
        trainer = trainer_for(
            ready, job.config, seed=job.seed, folder=job.folder / CHECKPOINTS, train=train.examples, dev=dev.examples,
            callbacks=[Watch(metrics, asked)],
        )  # fmt: skip
        refuse_other_ids(trainer, train.examples)
        _run(job, trainer)
    if trainer.state.global_step < trainer.state.max_steps:
        raise Stopped(f"seed {job.seed} stopped at step {trainer.state.global_step} of {trainer.state.max_steps}; the same command goes on from there")


def _run(job: Job, trainer: Any) -> None:
    import torch

    resumed = checkpoint(job)
    try:
        trainer.train(resume_from_checkpoint=str(resumed) if resumed else None)
    except torch.OutOfMemoryError:
        raise BackboneError("the batch does not fit into the memory; lower 'batch' and raise 'accumulate' by as much, or set 'checkpointing: true'") from None


@contextmanager
def _libraries() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise MissingExtra("train", f"training ({error.name or error})") from None


__all__ = ["learnt", "quieten", "train_seed", "watched"]
