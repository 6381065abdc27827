"""The one file that touches Unsloth: the base with a fresh adapter, in a process that does nothing else.

Unsloth patches the trainers of the process that it is imported in, so it is imported before they are, and
never in the process of the command line. Decides nothing about the recipe. Ordinary adapters only: its own
kernels do not know where an activated one wakes.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rubric.errors import ConfigError, ModelError
from training.train.config import TrainConfig
from training.train.turn import Turn

if TYPE_CHECKING:
    from training.train.trl_trainers import Ready


def refuse_absent() -> None:
    if find_spec("unsloth") is None:
        raise ConfigError("backend unsloth: it is not installed; `pip install 'winnow[unsloth]'` on a machine with a GPU, or set 'backend: peft', which trains the same adapter")


def unsloth_ready(config: TrainConfig, folder: Path, turn: Turn, seed: int) -> Ready:
    refuse_absent()
    from unsloth import FastLanguageModel  # before the trainers, which it changes

    from training.train.peft_model import text_tokenizer
    from training.train.trl_trainers import Ready

    try:
        model, _ = FastLanguageModel.from_pretrained(
            model_name=str(folder), max_seq_length=config.max_length, load_in_4bit=config.four_bit, dtype=_dtype(config)
        )
        worn = _with_adapter(FastLanguageModel, model, config, seed)
    except Exception as error:  # the one boundary to what Unsloth may raise
        reason = " ".join(str(error).split())[:300]
        raise ModelError(f"unsloth cannot open {config.base}: {type(error).__name__}: {reason}; set 'backend: peft'") from error
    return Ready(worn, text_tokenizer(folder, turn), len(turn.header_ids), shared=False, device=next(worn.parameters()).device.type)


def _dtype(config: TrainConfig) -> Any:
    import torch

    if config.dtype == "auto":
        return None if torch.cuda.is_available() else torch.float32
    return getattr(torch, config.dtype)


def _with_adapter(fast: Any, model: Any, config: TrainConfig, seed: int) -> Any:
    lora = config.lora
    return fast.get_peft_model(
        model, r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=list(lora.modules), bias="none",
        use_gradient_checkpointing="unsloth" if config.checkpointing else False, random_state=seed,
    )  # fmt: skip


__all__ = ["refuse_absent", "unsloth_ready"]
