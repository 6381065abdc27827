"""The one file that touches TRL: a trainer for each loss, on strings that are checked already.

Decides the arguments that the libraries get, so that none of their defaults cuts, pads or adds a token.
A prompt is computed once for both of its sides: under an activated adapter it has no gradient at all, under
an ordinary one both sides pass theirs back through it. DPO is the sigmoid loss of TRL's CPO trainer over what
the adapter adds, because TRL's DPO trainer needs Triton and so a GPU; a test holds the two together. A loss
that is no number ends the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import torch
import transformers
from datasets import Dataset, disable_progress_bars
from torch.nn import functional as fn
from torch.utils.data import Sampler
from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback
from trl.experimental.cpo import CPOConfig, CPOTrainer
from trl.experimental.orpo import ORPOConfig, ORPOTrainer

from rubric.errors import BackboneError, ModelError
from training.train.config import TrainConfig
from training.train.examples import Example

_PASSES = 1000  # more than any run has, so that no two runs share an order


class Ready(NamedTuple):
    """A model with its adapter on, and what a trainer has to know of it; `header` counts the tokens that open
    the assistant's turn."""

    model: Any
    tokenizer: Any
    header: int
    shared: bool
    device: str


class _Finite:
    """A trainer that stops at a loss which is no number."""

    def compute_loss(self, model: Any, inputs: Any, *more: Any, **named: Any) -> Any:
        found = super().compute_loss(model, inputs, *more, **named)  # type: ignore[misc]
        loss = found[0] if isinstance(found, tuple) else found
        if not torch.isfinite(loss):
            step = self.state.global_step + 1  # type: ignore[attr-defined]
            raise BackboneError(f"the loss is {float(loss.detach())} at step {step}; lower 'rate', or set 'dtype: float32', and begin in another --out")
        return found


class _Repeatable:
    """A trainer whose order of pairs hangs on its seed and the pass alone, so that a run which goes on within any pass
    has the batches that it would have had. The library draws every pass but the first from where chance stands by then."""

    def _get_train_sampler(self, *given: Any, **named: Any) -> Any:
        return _Order(super()._get_train_sampler(*given, **named), self)  # type: ignore[misc]


class _Order(Sampler[int]):
    def __init__(self, grouped: Any, trainer: Any) -> None:
        self._grouped, self._trainer = grouped, trainer

    def __len__(self) -> int:
        return len(self._grouped)

    def __iter__(self) -> Iterator[int]:
        args, state = self._trainer.args, self._trainer.state
        steps = ceil(ceil(len(self) / args.train_batch_size) / args.gradient_accumulation_steps)
        passed = state.global_step // steps
        self._grouped.generator = torch.Generator().manual_seed(args.seed * _PASSES + passed) if passed else None
        return iter(self._grouped)


class _SharedPrompt:
    """A trainer whose forward pass computes each prompt once; same losses, fewer tokens."""

    ready: Ready

    def concatenated_forward(self, model: Any, batch: Any) -> Any:
        if not self.ready.shared:
            return super().concatenated_forward(model, batch)  # type: ignore[misc]
        trainer: Any = self
        cut = _cut(batch, self.ready.header, trainer.processing_class.pad_token_id)
        with trainer.accelerator.autocast():
            body = _bodies(model, cut)
            past = body.past_key_values
            past.batch_repeat_interleave(2)
            rows = cut.tails.shape[0]
            logits = model(
                cut.tails, attention_mask=torch.cat((cut.body_mask.repeat_interleave(2, 0), cut.tail_mask), 1),
                position_ids=cut.positions, past_key_values=past, use_cache=True,
            ).logits  # fmt: skip
        average = isinstance(self, ORPOTrainer) or trainer.loss_type in ("ipo", "simpo")
        logps = trainer.get_batch_logps(logits, cut.labels, average_log_prob=average)
        likelihood = torch.zeros((), device=logits.device)
        if isinstance(self, ORPOTrainer):
            likelihood = _likelihood(model, body.last_hidden_state, logits[0:rows:2], cut)
        return logps[0::2], logps[1::2], logits[0::2], logits[1::2], likelihood


class _Cut(NamedTuple):
    """A batch cut before the assistant's header: bodies by pair, tails by side, chosen and rejected in turn."""

    bodies: torch.Tensor
    body_mask: torch.Tensor
    nexts: torch.Tensor
    tails: torch.Tensor
    tail_mask: torch.Tensor
    labels: torch.Tensor
    positions: torch.Tensor


def _cut(batch: Any, header: int, pad: int) -> _Cut:
    chosen = batch["chosen_input_ids"]
    starts = (batch["chosen_labels"] != -100).int().argmax(1) - header
    longest = int(starts.max())
    place = torch.arange(longest, device=chosen.device)
    body_mask = (place < starts[:, None]).long()
    sides = [_tail(batch, name, starts) for name in ("chosen", "rejected")]
    width = max(len(ids) for side in sides for ids, _ in side)
    rows = [row for both in zip(*sides, strict=True) for row in both]
    tails = torch.stack([fn.pad(ids, (0, width - len(ids)), value=pad) for ids, _ in rows])
    labels = torch.stack([fn.pad(wanted, (0, width - len(wanted)), value=-100) for _, wanted in rows])
    tail_mask = torch.stack([fn.pad(torch.ones_like(ids), (0, width - len(ids))) for ids, _ in rows])
    positions = starts.repeat_interleave(2)[:, None] + torch.arange(width, device=chosen.device)
    nexts = chosen[:, 1 : longest + 1].masked_fill(body_mask == 0, -100)
    return _Cut(chosen[:, :longest] * body_mask, body_mask, nexts, tails, tail_mask, labels, positions)


def _tail(batch: Any, side: str, starts: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Ids and labels of each row from the header on, without padding."""
    sizes = batch[f"{side}_attention_mask"].sum(1).tolist()
    ids, labels = batch[f"{side}_input_ids"], batch[f"{side}_labels"]
    return [(ids[n, start:size], labels[n, start:size]) for n, (start, size) in enumerate(zip(starts.tolist(), sizes, strict=True))]


def _bodies(model: Any, cut: _Cut) -> Any:
    """The state of the prompts up to the header; an activated adapter sleeps there."""
    trunk = model.get_base_model().base_model
    activated = getattr(model.active_peft_config, "alora_invocation_tokens", None)
    with torch.set_grad_enabled(torch.is_grad_enabled() and not activated):
        return trunk(cut.bodies, attention_mask=cut.body_mask, use_cache=True)


def _likelihood(model: Any, hidden: torch.Tensor, logits: torch.Tensor, cut: _Cut) -> torch.Tensor:
    """ORPO's other half: the mean over every token of prompt and chosen side but the first."""
    head = model.get_base_model().get_output_embeddings()
    real = cut.nexts != -100
    body = fn.cross_entropy(head(hidden[real]).float(), cut.nexts[real], reduction="sum")
    wanted = cut.tails[0::2].masked_fill(cut.tail_mask[0::2] == 0, -100)[:, 1:]
    tail = fn.cross_entropy(logits[:, :-1].flatten(0, 1).float(), wanted.flatten(), ignore_index=-100, reduction="sum")
    return (body + tail) / (real.sum() + (wanted != -100).sum())


class _Simpo(_Finite, _Repeatable, _SharedPrompt, CPOTrainer):
    pass


class _Orpo(_Finite, _Repeatable, _SharedPrompt, ORPOTrainer):
    pass


class _Dpo(_Finite, _Repeatable, _SharedPrompt, CPOTrainer):
    def concatenated_forward(self, model: Any, batch: Any) -> Any:
        """Sums with the adapter less those without it."""
        chosen, rejected, *rest = super().concatenated_forward(model, batch)
        with torch.no_grad(), model.disable_adapter():
            bare = super().concatenated_forward(model, batch)
        return chosen - bare[0], rejected - bare[1], *rest


def trainer_for(
    ready: Ready, config: TrainConfig, *, seed: int, folder: Path, train: Sequence[Example], dev: Sequence[Example] = (),
    callbacks: Sequence[TrainerCallback] = (),
) -> Any:  # fmt: skip
    """A trainer that is ready to go; its checkpoints lie in `folder`."""
    _quieten()
    kind = {"simpo": (_Simpo, CPOConfig), "orpo": (_Orpo, ORPOConfig), "dpo": (_Dpo, CPOConfig)}[config.loss.kind]
    given: dict[str, Any] = {**_arguments(config, seed, folder, ready.device, measured=bool(dev)), **_losses(config)}
    made: Any = kind[0](
        model=ready.model, args=kind[1](**given), train_dataset=_rows(train), eval_dataset=_rows(dev) if dev else None,
        processing_class=ready.tokenizer, callbacks=list(callbacks),
    )  # fmt: skip
    made.ready = ready
    made.remove_callback(PrinterCallback)
    return made


def _losses(config: TrainConfig) -> dict[str, Any]:
    if config.loss.kind == "simpo":
        return {"loss_type": "simpo", "cpo_alpha": 0.0, "beta": config.loss.beta, "simpo_gamma": config.loss.margin}
    if config.loss.kind == "orpo":
        return {"beta": config.loss.beta}
    return {"loss_type": "sigmoid", "cpo_alpha": 0.0, "beta": config.loss.beta}


def _arguments(config: TrainConfig, seed: int, folder: Path, device: str, *, measured: bool) -> dict[str, Any]:
    return {
        "output_dir": str(folder), "seed": seed, "data_seed": seed, "run_name": f"{config.task}-{config.loss.kind}-{seed}",
        "num_train_epochs": config.epochs, "max_steps": config.steps or -1, "per_device_train_batch_size": config.batch,
        "per_device_eval_batch_size": config.batch, "gradient_accumulation_steps": config.accumulate,
        "learning_rate": config.rate, "lr_scheduler_type": config.schedule, "warmup_steps": config.warm_up,
        "weight_decay": config.decay, "max_grad_norm": config.clip, "max_length": config.max_length, "optim": "adamw_torch_fused",
        "bf16": config.dtype == "bfloat16" or (config.dtype == "auto" and device == "cuda" and torch.cuda.is_bf16_supported()),
        "use_cpu": device == "cpu", "gradient_checkpointing": config.checkpointing,
        "train_sampling_strategy": "group_by_length", "length_column_name": "length", "remove_unused_columns": False,
        "logging_steps": config.log_every, "logging_first_step": True, "logging_nan_inf_filter": False,
        "eval_strategy": "steps" if measured else "no", "eval_steps": config.save_every,
        "save_strategy": "steps", "save_steps": config.save_every, "save_total_limit": 2,
        "report_to": list(config.track) or "none", "disable_tqdm": True, "dataloader_pin_memory": device == "cuda",
    }  # fmt: skip


def _rows(examples: Sequence[Example]) -> Dataset:
    """`length` groups pairs of about the same size into a batch."""
    return Dataset.from_list([{"prompt": e.prompt, "chosen": e.chosen, "rejected": e.rejected, "length": e.longest} for e in examples])


def _quieten() -> None:
    """The measures are told elsewhere; the libraries' own bars and hints are not."""
    disable_progress_bars()
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def sequences(trainer: Any) -> list[tuple[list[int], list[int], list[int]]]:
    """The ids that the trainer made of each pair: prompt, chosen, rejected."""
    found = []
    for row in trainer.train_dataset:
        sides = [[n for n, wanted in zip(row[f"{side}_input_ids"], row[f"{side}_labels"], strict=True) if wanted != -100] for side in ("chosen", "rejected")]
        found.append((row["prompt_input_ids"], *sides))
    return found


def refuse_other_ids(trainer: Any, examples: Sequence[Example]) -> None:
    """What the trainer counts must be what was prepared; a release that pads or cuts is stopped here."""
    for example, (prompt, chosen, rejected) in zip(examples, sequences(trainer), strict=True):
        if (len(prompt), len(chosen), len(rejected)) != example[3:]:
            raise ModelError(
                f"the trainer made {len(prompt)}, {len(chosen)} and {len(rejected)} tokens of a pair that has {example[3:]}; "
                f"install the pinned versions with `pip install 'winnow[train]'`"
            )


__all__ = ["Ready", "refuse_other_ids", "sequences", "trainer_for"]
