"""The training run: batches in, weights and their measures out, continued wherever it was stopped.

Decides the loss (every token of the letters, names and numbers of the prompt more, the prompts a little), the schedule, and what a checkpoint
holds: weights, optimiser and the place in the corpus. A checkpoint appears under its name only when it is
whole, and the one before stays until then.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from pickle import UnpicklingError
from threading import Event
from typing import Any, NamedTuple, Protocol, Self

import torch
from torch import Tensor
from torch.nn import functional as fn

from rubric.errors import ModelError, StoreError
from training.backbone.corpus import Ids, Shard, shard
from training.backbone.model import Batch, TreeModel
from training.backbone.recipe import Recipe, refuse_another
from training.backbone.stopping import alone, interrupted
from training.world.split import Split

PAD = 0
_EVERY_S, _MEASURE_STEPS, _DEV_TREES = 120.0, 300, 120


class Measure(NamedTuple):
    """What is reported while a run goes on."""

    step: int
    steps: int
    loss: float
    tokens_per_s: float
    left_s: float
    held_out: float | None
    left_out: float = 0.0
    """Share of the prompts drawn so far that were too long to be used."""
    copied: dict[str, float] | None = None


class Reporter(Protocol):
    def __call__(self, measure: Measure) -> None: ...


class Watch(Protocol):
    """What is measured of the model itself, every few hundred steps: name and share."""

    def __call__(self, model: TreeModel) -> dict[str, float]: ...


class Place(NamedTuple):
    """The next batch: its shard, and its number in it."""

    shard: int = 0
    batch: int = 0


class Stopped(Exception):
    """The run was interrupted and its checkpoint is written."""


def train(work: Path, recipe: Recipe, report: Reporter, watch: Watch | None = None) -> TreeModel:
    """Runs to the last step of the recipe, from the checkpoint in `work` if there is one."""
    run = _Run(work, recipe)
    with interrupted() as asked:
        run.go(report, watch, asked)
    run.save()
    if run.step < recipe.steps:
        raise Stopped(f"stopped at step {run.step} of {recipe.steps}; the same command goes on from there")
    return run.model


class _Run:
    def __init__(self, work: Path, recipe: Recipe) -> None:
        self.work, self.recipe, self.step, self.place = work, recipe, 0, Place()
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(recipe.seed)
        words = json.loads((work / "tokenizer" / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
        self.model = TreeModel(recipe.shape(len(words))).to(self.device)
        flat = [p for p in self.model.parameters() if p.dim() < 2]
        deep = [p for p in self.model.parameters() if p.dim() >= 2]
        groups = [{"params": deep, "weight_decay": recipe.decay}, {"params": flat, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.95), fused=True)
        self.checkpoint = work / "checkpoint.pt"
        if self.checkpoint.exists():
            self._load()

    def go(self, report: Reporter, watch: Watch | None, asked: Event) -> None:
        recipe, saved, since, tokens = self.recipe, time.monotonic(), time.monotonic(), 0
        batches = _Batches(self.work, recipe, "train", self.place)
        losses: list[float] = []
        with batches:
            for ids in batches:
                if self.step >= recipe.steps or asked.is_set():
                    break
                losses.append(self._move(ids))
                tokens += sum(len(i.prompt) + sum(map(len, i.letters)) for i in ids)
                self.step, self.place = self.step + 1, batches.place
                if self.step % 20 == 0 or self.step == recipe.steps:
                    spent = time.monotonic() - since
                    measured = self.step % _MEASURE_STEPS == 0 or self.step == recipe.steps
                    held = self.held_out() if measured else None
                    speed, pace = tokens / spent, spent / len(losses)
                    left = (recipe.steps - self.step) * pace
                    copied = watch(self.model) if watch and measured else None
                    loss = sum(losses) / len(losses)
                    self._report(Measure(self.step, recipe.steps, loss, speed, left, held, batches.left_out, copied), report)
                    losses, since, tokens = [], time.monotonic(), 0
                if time.monotonic() - saved > _EVERY_S:
                    self.save()
                    saved = time.monotonic()

    def _move(self, ids: Sequence[Ids]) -> float:
        rate = rate_at(self.recipe, self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss, letters = self._loss(ids, every=4)
        value = float(letters)
        if not math.isfinite(value):
            raise ModelError(f"the loss is {value} at step {self.step}; lower `rate` in the recipe and begin in another folder")
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return value

    def _loss(self, ids: Sequence[Ids], *, every: int) -> tuple[Tensor, Tensor]:
        """The loss that is minimised, and the letters' part of it; of the prompts every n-th token counts."""
        batch = tensors(ids, self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            hidden = self.model(batch)
            each = _cross(self.model, *letter_targets(batch, hidden.trunk, hidden.leaves))
            weights = copy_weights(batch, self.recipe.copy_weight)
            letters = (each * weights).sum() / weights.sum()
            if not self.recipe.prompt_weight:
                return letters, each.detach().mean()
            prompts = _cross(self.model, *prompt_targets(batch, hidden.trunk, every, self.step)).mean()
        return letters + self.recipe.prompt_weight * prompts, each.detach().mean()

    def held_out(self) -> float:
        """The letters' loss on companies of the dev split."""
        total, count = 0.0, 0
        self.model.eval()
        with torch.no_grad():
            for ids in _dev(self.work / "tokenizer", self.recipe):
                batch = tensors(ids, self.device)
                with torch.autocast(self.device.type, torch.bfloat16):
                    hidden = self.model(batch)
                    loss = _cross(self.model, *letter_targets(batch, hidden.trunk, hidden.leaves)).mean()
                number = int(batch.leaf_lengths.sum())
                total, count = total + float(loss) * number, count + number
        self.model.train()
        return total / count

    def _report(self, measure: Measure, report: Reporter) -> None:
        path = self.work / "metrics.jsonl"
        row = {k: round(v, 4) if isinstance(v, float) else v for k, v in measure._asdict().items()}
        try:
            with path.open("a", encoding="utf-8") as out:
                out.write(json.dumps(row) + "\n")
        except OSError as error:
            raise StoreError(f"the measures {path} cannot be written: {error}; make room, and run the same command again") from None
        report(measure)

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(), "step": self.step,
            "place": tuple(self.place), "recipe": json.loads(self.recipe.model_dump_json()),
        }  # fmt: skip
        aside = self.checkpoint.with_suffix(".part")
        try:
            torch.save(state, aside)
            with aside.open("rb+") as file:
                os.fsync(file.fileno())
            aside.replace(self.checkpoint)
        except (OSError, RuntimeError) as error:
            aside.unlink(missing_ok=True)
            raise StoreError(f"the checkpoint {self.checkpoint} cannot be written: {error}; make room, and run the same command again: it goes on from the checkpoint before") from None

    def _load(self) -> None:
        try:
            state: dict[str, Any] = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
            refuse_another(state["recipe"], self.recipe, self.work)
            self.model.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
        except (RuntimeError, KeyError, EOFError, ValueError, UnpicklingError) as error:
            raise ModelError(f"the checkpoint {self.checkpoint} is damaged ({type(error).__name__}); delete it to begin anew") from None
        self.step, self.place = state["step"], Place(*state["place"])


class _Batches:
    """Batches from a place on; the next shard is made in a process of its own while this one is used."""

    def __init__(self, work: Path, recipe: Recipe, split: Split, place: Place) -> None:
        self._folder, self._recipe, self._split, self.place = work / "tokenizer", recipe, split, place
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=alone)
        self._drawn = self._dropped = 0

    @property
    def left_out(self) -> float:
        return self._dropped / self._drawn if self._drawn else 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __iter__(self) -> Iterator[tuple[Ids, ...]]:
        number, first = self.place
        coming = self._ask(number)
        while True:
            here = coming.result()
            coming = self._ask(number + 1)
            self._drawn, self._dropped = self._drawn + self._recipe.shard_trees, self._dropped + here.left_out
            for place, batch in list(enumerate(here.batches))[first:]:
                self.place = Place(number, place + 1)
                yield batch
            number, first = number + 1, 0

    def _ask(self, number: int) -> Future[Shard]:
        recipe = self._recipe
        return self._pool.submit(
            shard, self._folder, self._split, number, recipe.shard_trees, recipe.seed, recipe.drills, recipe.batch_tokens
        )


_DEV: dict[str, Shard] = {}


def _dev(folder: Path, recipe: Recipe) -> tuple[tuple[Ids, ...], ...]:
    key = f"{folder}/{recipe.seed}"
    if key not in _DEV:
        _DEV[key] = shard(folder, "dev", 0, _DEV_TREES, recipe.seed, 0.0, recipe.batch_tokens)
    return _DEV[key].batches


def tensors(ids: Sequence[Ids], device: torch.device) -> Batch:
    prompt, letter = max(len(i.prompt) for i in ids), max(len(n) for i in ids for n in i.letters)
    trunk = torch.full((len(ids), prompt), PAD)
    leaves = torch.full((len(ids), len(ids[0].letters), letter), PAD)
    lengths = torch.zeros(leaves.shape[:2], dtype=torch.long)
    copied = torch.zeros(leaves.shape, dtype=torch.bool)
    for row, tree in enumerate(ids):
        trunk[row, : len(tree.prompt)] = torch.tensor(tree.prompt)
        for place, (found, marks) in enumerate(zip(tree.letters, tree.copied, strict=True)):
            leaves[row, place, : len(found)] = torch.tensor(found)
            copied[row, place, : len(found)] = torch.tensor(marks)
            lengths[row, place] = len(found)
    sizes, heads = torch.tensor([len(i.prompt) for i in ids]), torch.tensor([i.head for i in ids])
    return Batch(*(one.to(device) for one in (trunk, sizes, leaves, lengths, heads, copied)))


def letter_targets(batch: Batch, trunk: Tensor, leaves: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden states and the tokens that follow them: the prompt's last state foretells each letter's first token."""
    rows, letters, length = batch.leaves.shape
    last = trunk[torch.arange(rows, device=trunk.device), batch.trunk_lengths - 1]
    before = torch.cat((last[:, None, None].expand(-1, letters, 1, -1), leaves[:, :, :-1]), 2)
    real = torch.arange(length, device=trunk.device)[None, None] < batch.leaf_lengths[..., None]
    return before[real], batch.leaves[real]


def copy_weights(batch: Batch, weight: float) -> Tensor:
    """What each of those tokens counts in the loss: names and numbers more, for a wrong one spoils a letter."""
    real = torch.arange(batch.leaves.shape[2], device=batch.leaves.device)[None, None] < batch.leaf_lengths[..., None]
    return 1 + (weight - 1) * batch.copied[real].float()


def prompt_targets(batch: Batch, trunk: Tensor, every: int, turn: int) -> tuple[Tensor, Tensor]:
    place = torch.arange(batch.trunk.shape[1] - 1, device=trunk.device)[None]
    real = (place >= batch.heads[:, None] - 1) & (place < batch.trunk_lengths[:, None] - 1) & ((place + turn) % every == 0)
    return trunk[:, :-1][real], batch.trunk[:, 1:][real]


def _cross(model: TreeModel, hidden: Tensor, wanted: Tensor) -> Tensor:
    return fn.cross_entropy(model.logits(hidden).float(), wanted, reduction="none")


def rate_at(recipe: Recipe, step: int) -> float:
    """In each part of the run up in a line, then down along a cosine."""
    start = 0
    for rise in recipe.rises:
        if step < start + rise.steps:
            break
        start += rise.steps
    return _arch(step - start, rise.steps, recipe.warm_up, rise.rate, recipe.least_rate)


def _arch(step: int, steps: int, warm_up: int, rate: float, least: float) -> float:
    if step < warm_up:
        return rate * (step + 1) / warm_up
    done = (step - warm_up) / max(steps - warm_up, 1)
    return rate * (least + (1 - least) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))


__all__ = ["Measure", "Place", "Reporter", "Stopped", "Watch", "copy_weights", "letter_targets", "prompt_targets", "rate_at", "tensors", "train"]
