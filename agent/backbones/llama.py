"""The `llama` backbone: a GGUF file through llama.cpp's low-level interface, several candidates at once.

Decides what stays in memory between calls: the static prefix of the prompts, and the last prompt until
another one comes. Each is decoded in the same passes whatever ran before, so that a result does not
depend on history. An activated adapter sees only the assistant's header and what follows; an ordinary
one sees the whole prompt, computed once and shared. Refuses, before any work, what does not fit.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Self

from agent.backbones import Identity, Sampled, Sampling, Tokens
from agent.backbones.chat import ChatTemplate, Encoded
from agent.backbones.llama_file import Gguf, check_adapter, check_model, content_hash, read_gguf
from agent.backbones.llama_memory import Memory
from agent.backbones.llama_native import Adapter, Context, Model, Work, features
from agent.backbones.llama_run import GROUP, ROWS, SEQUENCES, LogSoftmax, draw
from agent.backbones.meter import cores
from agent.backbones.spec import LlamaSpec
from agent.models import EMBEDDED, embedded_gguf
from critic.scorer import Scored
from prompts.pieces import Prompt
from rubric.errors import ContextError, ModelError, ScoreError

CHUNK = 128
_STEP = 256
_ALL_F32 = 0
_MARGIN = 2 * ROWS


class LlamaBackbone:
    """Holds one model and at most one context; a lock lets one call in at a time."""

    def __init__(self, spec: LlamaSpec) -> None:
        self._spec = spec
        self._path = _find(spec)
        self.file = check_model(read_gguf(self._path))
        self._lock = threading.RLock()
        self._threads = spec.threads or cores()
        self.work = Work()
        self._memory: Memory | None = None
        self._last: tuple[Prompt, Encoded] | None = None
        self._model = Model(self._path, spec.gpu_layers)
        try:
            self._model.refuse_kinds_that_cannot_share(self._path)
            self._softmax = LogSoftmax(self._model.n_vocab)
            self._template = _template(self.file, self._model, spec.thinking)
        except BaseException:
            self._model.close()
            raise

    @property
    def identity(self) -> Identity:
        return Identity(
            kind="llama",
            model=self._path.name,
            hash=content_hash(self._path),
            context=self._limit,
            details={
                "llama-cpp-python": version("llama-cpp-python"),
                "features": features(),
                "threads": str(self._threads),
                "memory": "as needed" if self._spec.context is None else f"{self._spec.context} tokens",
                "gpu_layers": str(self._spec.gpu_layers),
            },
        )

    def count(self, prompt: Prompt) -> Tokens:
        encoded = self.encode(prompt)
        return Tokens(len(encoded.ids), encoded.static)

    def encode(self, prompt: Prompt) -> Encoded:
        """The prompt's token ids, as both verbs use them."""
        with self._lock:
            if self._last is None or self._last[0] != prompt:
                self._last = (prompt, self._template.encode(prompt, self._model.tokenize))
            return self._last[1]

    def sample(self, prompt: Prompt, seeds: Sequence[int], sampling: Sampling) -> Sampled:
        with self._lock:
            encoded = self.encode(prompt)
            length, most = len(encoded.ids), sampling.max_tokens
            self._refuse_too_long(length, most)
            share = max(1, min(len(seeds), GROUP))
            memory = self._room(length + share * most, _MARGIN, f"{length} prompt tokens and {share} candidates of {most} tokens", "ask for fewer candidates")
            with self._guarded(), memory.metered() as meter:
                with meter.stage("prefill"):
                    logits = memory.hold(encoded)
                with meter.stage("decode"):
                    drawn = draw(memory.context, self._model, self._softmax, logits, length, seeds, sampling)
                meter.decoded = sum(len(one.token_ids) for one in drawn)
            return Sampled(tuple(drawn), meter.cost())

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        with self._lock:
            encoded = self.encode(prompt)
            self._refuse_foreign(completions)
            longest = max((len(tokens) for tokens in completions), default=0)
            self._refuse_too_long(len(encoded.ids), longest)
            lora = self._adapter(adapter) if adapter is not None else None
            start = _invoked(encoded, lora) if lora else len(encoded.ids)
            memory = self._room(*_score_need(encoded, lora, start, longest), "use a shorter prompt")
            with self._guarded(), memory.metered() as meter:
                rows = memory.score(encoded, completions, lora, start, self._softmax)
                meter.scored = sum(len(tokens) for tokens in completions)
            return Scored(tuple(tuple(row) for row in rows), meter.cost())

    def tokenize(self, text: str, *, control: bool = False) -> tuple[int, ...]:
        with self._lock:
            return tuple(self._model.tokenize(text, control))

    def forget(self) -> None:
        """Empties the memory, so that the next call computes its whole prompt."""
        with self._lock:
            if self._memory:
                self._memory.forget()

    def close(self) -> None:
        with self._lock:
            self._drop()
            self._model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _limit(self) -> int:
        return min(self._model.n_ctx_train, self._spec.context or self._model.n_ctx_train)

    def _adapter(self, given: str) -> Adapter:
        path = Path(given)
        if not path.exists():
            raise ModelError(f"{given}: there is no such adapter; give the path of a LoRA as .gguf")
        check_adapter(path, self.file)
        return self._model.adapter(path)

    def _refuse_too_long(self, length: int, most: int) -> None:
        if length + most > self._limit:
            raise ContextError(
                f"the prompt has {length} tokens and may be followed by {most}, together {length + most}; the limit of "
                f"{self._path.name} is {self._limit}; shorten the prospect's fields, set 'max_tokens' lower, or use a "
                f"model with a larger context"
            )

    def _refuse_foreign(self, completions: Sequence[Sequence[int]]) -> None:
        for n, tokens in enumerate(completions):
            for token in tokens:
                if not 0 <= token < self._model.n_vocab:
                    raise ScoreError(
                        f"completion {n} has the token id {token} and {self._path.name} knows 0 to {self._model.n_vocab - 1}; "
                        f"score with the model that sampled it"
                    )

    def _room(self, need: int, margin: int, what: str, fix: str) -> Memory:
        """A memory of at least `need` tokens: the present one, or a new and empty one, with a margin for
        what follows."""
        fixed = self._spec.context
        if fixed is not None and need > fixed:
            raise ContextError(f"{what} need a memory of {need} tokens and 'context' is {fixed}; set 'context' to {need} or more, or {fix}")
        if self._memory and self._memory.context.tokens >= need and not self._memory.context.closed:
            return self._memory
        self._drop()
        tokens = fixed or -(-(need + margin) * 5 // 4 // _STEP) * _STEP  # a longer prompt is likely to come
        exact = self.file.whole("general.file_type") == _ALL_F32
        context = Context(
            self._model, self.work, tokens=tokens, sequences=SEQUENCES, threads=self._threads, chunk=CHUNK, outputs=ROWS, exact=exact
        )
        self._memory = Memory(context)
        return self._memory

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Whatever stops a call half-way, Ctrl-C too, also drops the memory that it left half-filled."""
        try:
            yield
        except BaseException:
            self._drop()
            raise

    def _drop(self) -> None:
        memory, self._memory = self._memory, None
        if memory:
            memory.context.close()


def _find(spec: LlamaSpec) -> Path:
    """The model's file; fetched from a hub where the config names a repository."""
    if spec.repo is not None:
        return _fetch(spec.repo, spec.file)
    if spec.file is not None:
        raise ModelError("'file' names a file in a hub repository and 'repo' is missing; set 'repo', or give the path under 'model'")
    if spec.model in (None, EMBEDDED):
        return embedded_gguf()
    return Path(str(spec.model)).expanduser()


def _fetch(repo: str, file: str | None) -> Path:
    if file is None:
        raise ModelError(f"'repo' is {repo} and 'file' is missing; set 'file' to the name of a .gguf in it")
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise ModelError(f"fetching {repo} needs huggingface_hub: pip install huggingface_hub, or download {file} and give its path under 'model'") from None
    try:
        return Path(hf_hub_download(repo, file))
    except Exception as error:  # noqa: BLE001  the library lets many kinds through, all of them mean "no file"
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{file} of {repo} cannot be fetched: {reason:.200}; check the names and the network, or download it and give its path under 'model'") from None


def _template(file: Gguf, model: Model, thinking: bool) -> ChatTemplate:
    marks = []
    for name in ("bos", "eos"):
        token = file.whole(f"tokenizer.ggml.{name}_token_id")
        known = token is not None and 0 <= token < model.n_vocab
        marks.append(model.piece(token, special=True).decode("utf-8", "replace") if known and token is not None else "")
    return ChatTemplate(file.text("tokenizer.chat_template"), bos=marks[0], eos=marks[1], thinking=thinking)


def _invoked(encoded: Encoded, adapter: Adapter) -> int:
    """The first position that an adapter acts on: 0 for an ordinary one, else where the prompt last invokes it."""
    wanted = adapter.invocation
    if not wanted:
        return 0
    for start in range(len(encoded.ids) - len(wanted), -1, -1):
        if encoded.ids[start : start + len(wanted)] == wanted:
            return start
    raise ModelError(
        f"the adapter wakes at the tokens {list(wanted)[:8]} and the prompt has none of them, so it was made for "
        f"another chat template; use an adapter of this model"
    )


def _score_need(encoded: Encoded, adapter: Adapter | None, start: int, longest: int) -> tuple[int, int, str]:
    """Tokens of memory that scoring takes, no margin, and what they are for."""
    length = len(encoded.ids)
    kept = encoded.static if adapter and not adapter.invocation else length
    need = kept + (length - start) + longest + ROWS
    return need, 0, f"{kept} prompt tokens, {length - start} of them again for the adapter, and completions of {longest} tokens"


__all__ = ["CHUNK", "LlamaBackbone"]
