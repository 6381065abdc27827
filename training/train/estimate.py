"""What a run will need, before it begins: steps, memory and time on this machine.

Decides nothing and trains nothing. Work is counted from the base's shape and the pairs' lengths; speed is that
of a product of matrices of the model's own width, timed for a moment. Time is right within a factor of two; bfloat16
on a processor is counted as float32, which it is seldom slower than.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rubric.errors import ModelError
from training.train.config import TrainConfig
from training.train.examples import Prepared

_HEADER = 4
_SHARE = 0.4  # of a bare product's speed, what a whole step reaches: measured on the embedded model in float32
_STEP_S = 0.03
_MOVED = 16  # bytes a trained weight: itself, its gradient, two moments


class Base(NamedTuple):
    """The base's numbers: weights in the layers, in the head, and the widths."""

    trunk: int
    head: int
    hidden: int
    layers: int
    vocab: int
    ffn: int


class Estimate(NamedTuple):
    """`seconds` is for one seed."""

    pairs: int
    steps: int
    trained: int
    tokens: int
    memory: float
    seconds: float


Speed = Callable[[int, int, str], float]


def estimated(config: TrainConfig, folder: Path, train: Prepared, speed: Speed | None = None) -> Estimate:
    """For one seed; `speed(width, rows, dtype)` is in operations a second."""
    base = base_of(folder)
    steps = steps_of(config, len(train.examples))
    trained = adapter_size(config, folder)
    rounds = steps * config.batch * config.accumulate / max(len(train.examples), 1)
    rows = max(64, round(config.batch * train.tokens / max(len(train.examples), 1)))
    rate = (speed or measured_speed)(base.hidden, rows, config.dtype)
    work = rounds * operations(config, base, train)
    return Estimate(
        len(train.examples), steps, trained, round(rounds * train.tokens), memory(config, base, trained, train),
        work / (rate * _SHARE) + steps * config.accumulate * _STEP_S,
    )  # fmt: skip


def steps_of(config: TrainConfig, pairs: int) -> int:
    """As the trainer counts: batches, then their groups, the last group may be a smaller one."""
    if config.steps:
        return config.steps
    groups = math.ceil(math.ceil(pairs / config.batch) / config.accumulate)
    return math.ceil(config.epochs * groups)


def operations(config: TrainConfig, base: Base, train: Prepared) -> float:
    """Of one round over all pairs: two for each weight and token forward, two backward, as the base stands still."""
    prompts = sum(e.prompt_tokens for e in train.examples)
    sides = sum(e.chosen_tokens + e.rejected_tokens + 2 * _HEADER for e in train.examples)
    shared = config.shared_prompt and not config.checkpointing and config.backend == "peft"
    read = prompts if shared else 2 * prompts
    heads = sides if shared and config.loss.kind != "orpo" else read + sides
    still = 2.0 if shared and config.lora.kind == "activated" else 4.0  # prompts without a gradient only go forward
    moved = still * base.trunk * read + 4.0 * base.trunk * sides + 4.0 * base.head * heads
    bare = 2.0 * (base.trunk * (read + sides) + base.head * heads) if config.loss.kind == "dpo" else 0.0
    again = 2.0 * base.trunk * (read + sides) if config.checkpointing else 0.0
    return moved + bare + again


def memory(config: TrainConfig, base: Base, trained: int, train: Prepared) -> float:
    """Bytes: weights, what moves, and what a batch leaves behind until its backward pass."""
    width = 0.6 if config.four_bit else 2 if config.dtype == "bfloat16" else 4
    longest = max(e.prompt_tokens + e.longest if config.shared_prompt else 2 * e.longest for e in train.examples)
    tokens = config.batch * longest
    layer = 2 * base.hidden if config.checkpointing else 14 * base.hidden + 4 * base.ffn
    left = tokens * (base.layers * layer * width + 3 * 4 * base.vocab)
    return width * (base.trunk + base.head) + _MOVED * trained + left


def base_of(folder: Path) -> Base:
    from agent.backbones.hf_model import tensors_of

    config = _config(folder)
    sizes: dict[str, int] = {}
    for file in sorted(folder.glob("*.safetensors")):
        sizes |= {name: math.prod(shape) for name, shape in tensors_of(file).items()}
    if not sizes:
        raise ModelError(f"{folder} holds no safetensors; give a folder with weights as transformers saves them")
    trunk = sum(size for name, size in sizes.items() if ".layers." in name)
    vocab, hidden = int(config["vocab_size"]), int(config["hidden_size"])
    return Base(trunk, vocab * hidden, hidden, int(config["num_hidden_layers"]), vocab, int(config.get("intermediate_size", 4 * hidden)))


def adapter_size(config: TrainConfig, folder: Path) -> int:
    """Numbers that are trained: rank times inputs and outputs of each adapted module."""
    from agent.backbones.hf_model import tensors_of

    ends = tuple(f".{module}.weight" for module in config.lora.modules)
    shapes = [shape for file in sorted(folder.glob("*.safetensors")) for name, shape in tensors_of(file).items() if name.endswith(ends)]
    return config.lora.rank * sum(sum(shape) for shape in shapes)


def measured_speed(width: int, rows: int, dtype: str) -> float:
    """Operations a second of a product as the model has them, over a fifth of a second."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    kind = torch.bfloat16 if device == "cuda" and dtype != "float32" else torch.float32
    left, right = torch.randn(rows, width, device=device, dtype=kind), torch.randn(width, 3 * width, device=device, dtype=kind)
    float((left @ right).sum())
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < 0.2:
        float((left @ right)[0, 0])
        count += 1
    return 2.0 * rows * width * 3 * width * count / (time.perf_counter() - began)


def _config(folder: Path) -> Mapping[str, Any]:
    try:
        found = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / 'config.json'} cannot be read: {error}; give a folder that transformers saved") from None
    return found.get("text_config") or found  # type: ignore[no-any-return]


__all__ = ["Base", "Estimate", "Speed", "adapter_size", "base_of", "estimated", "measured_speed", "memory", "operations", "steps_of"]
