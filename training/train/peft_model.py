"""The base model with a fresh adapter on it, through PEFT: on any machine, for both kinds of adapter.

Decides the type of the weights. Refuses modules that the base does not have, with those that it has.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoTokenizer

from agent.backbones.hf_model import open_model, pick_device
from agent.backbones.spec import HfSpec
from rubric.errors import ModelError
from training.train.config import TrainConfig
from training.train.trl_trainers import Ready
from training.train.turn import Turn


def peft_ready(config: TrainConfig, folder: Path, turn: Turn, seed: int) -> Ready:
    """The model of `folder` with an adapter whose first weights come from the seed."""
    spec = HfSpec(
        model=str(folder), dtype=_dtype(config), threads=config.threads, quantization="nf4" if config.four_bit else "none"
    )
    opened = open_model(spec)
    torch.manual_seed(seed)
    opened.model.config.use_cache = False
    shared = config.shared_prompt and not config.checkpointing
    return Ready(_with_adapter(opened.model, config, turn), text_tokenizer(folder, turn), len(turn.header_ids), shared, opened.device.type)


def text_tokenizer(folder: Path, turn: Turn) -> Any:
    """The trainer's tokenizer; its end token is the turn's, so that none is added behind it."""
    made: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    made.eos_token = turn.end
    if made.pad_token is None:
        made.pad_token = turn.end
    return made


def _dtype(config: TrainConfig) -> Any:
    if config.dtype != "auto":
        return "float32" if pick_device(HfSpec()).type == "cpu" else config.dtype
    return "bfloat16" if pick_device(HfSpec()).type == "cuda" and torch.cuda.is_bf16_supported() else "float32"


def _with_adapter(model: Any, config: TrainConfig, turn: Turn) -> Any:
    lora = config.lora
    invocation = list(turn.header_ids) if lora.kind == "activated" else None
    given = LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=list(lora.modules), bias="none",
        task_type="CAUSAL_LM", alora_invocation_tokens=invocation,
    )  # fmt: skip
    _refuse_missing(model, config)
    return get_peft_model(model, given)


def _refuse_missing(model: Any, config: TrainConfig) -> None:
    names = {name.rsplit(".", 1)[-1] for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)}
    missing = [name for name in config.lora.modules if name not in names]
    if missing:
        raise ModelError(f"{config.base} has no modules {', '.join(missing)}; set 'lora: {{modules: [...]}}' to some of {', '.join(sorted(names))}")


__all__ = ["peft_ready", "text_tokenizer"]
