"""The adapter's folder at the end of a run: PEFT's files, the GGUF, `winnow.json`, the card.

Decides what the folder says of itself, and that no path of this machine stands in it. `winnow.json` is written
last: a folder without it is not done, and the run goes on. Refuses an adapter that holds no finite numbers.
"""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

from agent.whole_file import whole_file
from rubric.errors import BackboneError, MissingExtra, ModelError
from training.export.gguf_adapter import write_adapter
from training.export.gguf_from_hf import Safetensors
from training.train.card import card
from training.train.examples import Prepared
from training.train.job import CARD, CHECKPOINTS, CRITIC, GGUF, WEIGHTS, Job, Outcome


def finish(job: Job, model: Any, train: Prepared, last: dict[str, Any]) -> Outcome:
    """Writes everything and takes the checkpoints away."""
    from agent.backbones.hf_model import weights_hash

    _save(job, model)
    base = {"name": _called(job.config.base), "hash": weights_hash(Path(job.base))}
    note = _gguf(job, base)
    critic = described(job, base, train)
    _write(job.folder / CARD, card(job, critic, train, last, note))
    _write(job.folder / CRITIC, json.dumps(critic, indent=2) + "\n")
    shutil.rmtree(job.folder / CHECKPOINTS, ignore_errors=True)
    return Outcome(job.seed, job.folder, last)


def described(job: Job, base: dict[str, str], train: Prepared) -> dict[str, Any]:
    """What `winnow.json` says; threshold and health are measured later, by `winnow critic`."""
    config = job.config
    loss = {"kind": config.loss.kind, "beta": config.loss.beta} | ({"gamma": config.loss.margin} if config.loss.kind == "simpo" else {})
    return {
        "version": 1, "reward": config.reward, "beta": config.loss.beta, "kind": config.lora.kind, "task": config.task, "base": base,
        "loss": loss, "seed": job.seed, "pairs": {"hash": job.pairs_hash, "count": len(train.examples), "skipped": train.skipped},
        "threshold": None, "health": None,
    }  # fmt: skip


def _save(job: Job, model: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PEFT looks for the base on a hub
        model.save_pretrained(str(job.folder))
    path = job.folder / "adapter_config.json"
    config = json.loads(path.read_text("utf-8"))
    config["base_model_name_or_path"] = _called(job.config.base)
    _write(path, json.dumps(config, indent=2, sort_keys=True) + "\n")
    _refuse_no_numbers(job.folder / WEIGHTS)


def _called(base: str) -> str:
    """A hub name as it is; of a folder only its last part."""
    return base if base.count("/") == 1 and not base.startswith((".", "/", "~")) and not Path(base).exists() else Path(base).name


def _refuse_no_numbers(path: Path) -> None:
    import numpy as np

    tensors = Safetensors([path])
    if not all(np.isfinite(tensors[name]).all() for name in tensors):
        raise BackboneError(f"{path} holds values that are no numbers; lower 'rate' and begin in another --out")


def _gguf(job: Job, base: dict[str, str]) -> str | None:
    """Writes the GGUF; where that cannot be, why."""
    try:
        write_adapter(job.folder, Path(job.base), job.folder / GGUF, name=base["name"], base_hash=base["hash"])
    except (ModelError, MissingExtra) as error:
        return str(error)
    return None


def _write(path: Path, text: str) -> None:
    with whole_file(path) as file:
        file.write(text.encode())


__all__ = ["described", "finish"]
