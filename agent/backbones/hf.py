"""The `hf` backbone: a transformers model and PEFT adapters, several candidates at once.

Decides what stays in memory between calls: the keys and values of the static prefix and of the last prompt,
one of each for the bare model and one for the last ordinary adapter. Each is computed in the same passes
whatever ran before, so that a result does not depend on history. Refuses, before any work, what
does not fit the context.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple, Self

from agent.backbones import Identity, Sampled, Sampling, Tokens
from agent.backbones.chat import Encoded
from agent.backbones.hf_adapter import Adapter, Wardrobe
from agent.backbones.hf_model import Opened, open_model, weights_hash
from agent.backbones.hf_run import Letter, Pass, State, draw, fork, prefill, score
from agent.backbones.meter import Meter, cores
from agent.backbones.spec import HfSpec
from agent.models import EMBEDDED
from critic.candidate import Completion
from critic.scorer import Scored
from prompts.pieces import Prompt
from rubric.errors import BackboneError, ContextError, MissingExtra, ModelError, ScoreError

try:
    import torch
    from transformers.cache_utils import DynamicCache
except ImportError:
    raise MissingExtra("hf", "a backbone of kind hf") from None


_FULL = ("out of memory", "allocate memory", "not enough memory")


class _Held(NamedTuple):
    """Token ids and what the model holds of them."""

    ids: tuple[int, ...]
    state: State


class _Memory:
    """What is kept for one way of wearing the model."""

    def __init__(self) -> None:
        self.static: _Held | None = None
        self.prompt: _Held | None = None


class HfBackbone:
    """Holds one model and its adapters; a lock lets one call in at a time."""

    def __init__(self, spec: HfSpec) -> None:
        self._spec = spec
        self._lock = threading.RLock()
        self._opened: Opened | None = open_model(spec)
        local = spec.model == EMBEDDED or Path(spec.model).expanduser().is_dir()
        self._wardrobe = Wardrobe(self._opened.model, None if local else spec.model)
        self._memories: dict[str | None, _Memory] = {}

    @cached_property
    def identity(self) -> Identity:
        opened = self._open
        return Identity(
            kind="hf",
            model=opened.folder.resolve().name if Path(self._spec.model).is_dir() else self._spec.model,
            hash=weights_hash(opened.folder),
            context=opened.context,
            details={
                **{name: _version(name) for name in ("torch", "transformers", "peft")},
                "device": _device_name(opened.device),
                "dtype": str(opened.model.dtype).removeprefix("torch."),
                "quantization": self._spec.quantization,
                "threads": str(self._spec.threads or cores()),
            },
        )

    def count(self, prompt: Prompt) -> Tokens:
        encoded = self.encode(prompt)
        return Tokens(len(encoded.ids), encoded.static)

    def encode(self, prompt: Prompt) -> Encoded:
        """The prompt's token ids, as both verbs use them."""
        return self._open.tokenizer.encode(prompt)

    def sample(self, prompt: Prompt, seeds: Sequence[int], sampling: Sampling) -> Sampled:
        with self._lock:
            encoded = self.encode(prompt)
            self._refuse_too_long(len(encoded.ids), sampling.max_tokens)
            meter = Meter()
            with self._guarded(), torch.inference_mode(), self._wardrobe.worn(None):
                with meter.stage("prefill"):
                    state = self._hold(encoded, None, meter)
                with meter.stage("decode"):
                    letters = draw(self._pass(None, meter), state, seeds, sampling, self._open.stops)
            meter.decoded = sum(len(letter.tokens) for letter in letters)
            return Sampled(tuple(self._completion(letter) for letter in letters), meter.cost())

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        with self._lock:
            encoded = self.encode(prompt)
            self._refuse_foreign(completions)
            self._refuse_too_long(len(encoded.ids), max(map(len, completions), default=0))
            lora = None if adapter is None else self._wardrobe.adapter(adapter)
            meter = Meter()
            with self._guarded(), torch.inference_mode():
                with meter.stage("prefill"):
                    state = self._trunk(encoded, lora, meter)
                with meter.stage("score"), self._wardrobe.worn(lora):
                    rows = score(self._pass(lora, meter), state, completions)
            meter.scored = sum(map(len, completions))
            return Scored(tuple(map(tuple, rows)), meter.cost())

    def tokenize(self, text: str, *, control: bool = False) -> tuple[int, ...]:
        return tuple(self._open.tokenizer.tokenize(text, control))

    def forget(self) -> None:
        """Empties the memory, so that the next call computes its whole prompt."""
        with self._lock:
            self._memories.clear()

    def close(self) -> None:
        with self._lock:
            self._memories.clear()
            if self._opened is not None:
                on_gpu = self._opened.device.type == "cuda"
                self._opened = None
                self._wardrobe = Wardrobe(None, None)
                if on_gpu:
                    torch.cuda.empty_cache()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _open(self) -> Opened:
        if self._opened is None:
            raise BackboneError("the backbone is closed; open another one")
        return self._opened

    def _pass(self, adapter: Adapter | None, meter: Meter) -> Pass:
        def run(ids: torch.Tensor, cache: DynamicCache, wanted: int) -> torch.Tensor:
            meter.passes += 1
            return self._wardrobe.forward(adapter, ids, past_key_values=cache, use_cache=True, logits_to_keep=wanted)

        return run

    def _trunk(self, encoded: Encoded, adapter: Adapter | None, meter: Meter) -> State:
        """The prompt as the scoring model sees it; an activated adapter computes from its invocation on."""
        if adapter is None or not adapter.invocation:
            with self._wardrobe.worn(adapter):
                return self._hold(encoded, adapter, meter)
        start = adapter.wakes_at(encoded.ids)
        with self._wardrobe.worn(None):
            base = self._hold(encoded, None, meter)
        meter.reused = min(meter.reused, start)
        meter.computed += len(encoded.ids) - start
        cache = _cropped(base.cache, len(encoded.ids) - start)
        with self._wardrobe.worn(adapter):
            return prefill(self._pass(adapter, meter), cache, encoded.ids[start:], self._open.device)

    def _hold(self, encoded: Encoded, adapter: Adapter | None, meter: Meter) -> State:
        """Sees to it that the prompt is in memory."""
        memory = self._memory(adapter)
        if memory.prompt is not None and memory.prompt.ids == encoded.ids:
            meter.reused += len(encoded.ids)
            return memory.prompt.state
        memory.prompt = None
        run = self._pass(adapter, meter)
        static = encoded.static if encoded.static < len(encoded.ids) else 0
        cache = fork(self._hold_static(encoded.ids[:static], memory, run, meter).cache) if static else DynamicCache(config=self._open.model.config)
        state = prefill(run, cache, encoded.ids[static:], self._open.device)
        meter.computed += len(encoded.ids) - static
        memory.prompt = _Held(encoded.ids, state)
        return state

    def _hold_static(self, ids: tuple[int, ...], memory: _Memory, run: Pass, meter: Meter) -> State:
        if memory.static is not None and memory.static.ids == ids:
            meter.reused += len(ids)
            return memory.static.state
        memory.static = None
        state = prefill(run, DynamicCache(config=self._open.model.config), ids, self._open.device)
        meter.computed += len(ids)
        memory.static = _Held(ids, state)
        return state

    def _memory(self, adapter: Adapter | None) -> _Memory:
        """The memory of the bare model or of one adapter; that of another adapter makes room."""
        name = adapter.name if adapter else None
        for other in [key for key in self._memories if key is not None and name is not None and key != name]:
            del self._memories[other]
        return self._memories.setdefault(name, _Memory())

    def _completion(self, letter: Letter) -> Completion:
        return Completion(
            text=self._open.tokenizer.text(letter.tokens[:-1] if letter.finish == "stop" else letter.tokens),
            token_ids=tuple(letter.tokens), logprobs=tuple(letter.logprobs), finish=letter.finish or "length", seed=letter.seed,
        )  # fmt: skip

    def _refuse_too_long(self, length: int, most: int) -> None:
        limit = self._open.context
        if length + most > limit:
            raise ContextError(
                f"the prompt has {length} tokens and may be followed by {most}, together {length + most}; the limit of "
                f"{self._spec.model} is {limit}; shorten the prospect's fields, set 'max_tokens' lower, or use a model "
                f"with a larger context"
            )

    def _refuse_foreign(self, completions: Sequence[Sequence[int]]) -> None:
        for n, tokens in enumerate(completions):
            for token in tokens:
                if not 0 <= token < self._open.vocab:
                    raise ScoreError(
                        f"completion {n} has the token id {token} and {self._spec.model} knows 0 to {self._open.vocab - 1}; "
                        f"score with the model that sampled it"
                    )

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Whatever stops a call half-way, Ctrl-C too, also drops the memory that it left half-filled."""
        try:
            yield
        except BaseException as error:
            self._memories.clear()
            if isinstance(error, RuntimeError):
                raise _typed(error, self._open.device) from error
            raise


def _typed(error: RuntimeError, device: torch.device) -> BackboneError:
    reason = " ".join(str(error).split())[:300]
    if isinstance(error, torch.OutOfMemoryError) or any(words in reason for words in _FULL):
        if device.type == "cuda":
            torch.cuda.empty_cache()
        return BackboneError(f"the memory of {device} is full: {reason}; sample fewer candidates, set 'max_tokens' lower, or set 'quantization: nf4'")
    return BackboneError(f"torch failed while the model ran: {reason}; try 'device: cpu', or report the case")


def _cropped(cache: DynamicCache, last: int) -> DynamicCache:
    """A memory without its last tokens."""
    twin = fork(cache)
    layers: list[Any] = twin.layers
    if not all(getattr(layer, "is_croppable", False) and not layer.is_sliding for layer in layers):
        raise ModelError("this model attends through a window, so an activated adapter cannot reuse its memory; use an ordinary adapter")
    for layer in layers:
        layer.keys, layer.values = (part[:, :, : part.shape[2] - last] for part in (layer.keys, layer.values))
    return twin


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _device_name(device: torch.device) -> str:
    return f"{device} {torch.cuda.get_device_name(device)}" if device.type == "cuda" else str(device)


__all__ = ["HfBackbone"]
