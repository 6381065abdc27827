"""The boundary to llama.cpp: model, context, sampler chains and adapters, as objects that can be closed.

Decides what crosses into native code: every pointer is owned by one object here, freed once, and no
call is made on a closed one. Nothing here knows prompts or candidates. llama.cpp writes its messages
to stderr; they are held instead, and the last ones are put into the error that is raised.
"""

from __future__ import annotations

import contextlib
import ctypes
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rubric.errors import BackboneError, MissingExtra, ModelError

try:
    import llama_cpp.llama_cpp as _lib
    import numpy as np
    from numpy.typing import NDArray
except (ImportError, OSError, RuntimeError):  # absent, or built for another machine
    raise MissingExtra("llama", "the llama backbone") from None

lib: Any = _lib  # its annotations are for readers and not for a checker
Floats = NDArray[np.float32]
_lines: deque[str] = deque(maxlen=6)
_WARNING = 2
_MOST_TOKENS = 2**24


def _hear(level: int, text: bytes, _: Any) -> None:
    line = text.decode("utf-8", "replace").strip(" .\n")
    if line and level >= _WARNING:
        _lines.append(line)


_ear = lib.llama_log_callback(_hear)  # native code holds it as long as the process lives


@lru_cache(maxsize=1)
def _start() -> None:
    lib.llama_backend_init()


def _begin() -> None:
    """Takes the log over before each call that may fail: other users of the library set it too."""
    _start()
    lib.llama_log_set(_ear, ctypes.c_void_p(0))
    _lines.clear()


def said() -> str:
    """What llama.cpp had to say about the last failure, in brackets."""
    return f" (llama.cpp: {'; '.join(_lines)[-400:]})" if _lines else ""


def features() -> str:
    """Processor features that this build of llama.cpp uses."""
    text: str = lib.llama_print_system_info().decode("utf-8", "replace")
    return " ".join(part.split("=")[0].strip() for part in text.replace("CPU :", "").split("|") if "= 1" in part)


class Native(ABC):
    """A pointer with one owner."""

    def __init__(self, pointer: Any, what: str) -> None:
        self._pointer: Any = pointer
        self._what = what

    @property
    def pointer(self) -> Any:
        if not self._pointer:
            raise BackboneError(f"the {self._what} was closed and is used again; open a new backbone")
        return self._pointer

    @property
    def closed(self) -> bool:
        return not self._pointer

    def close(self) -> None:
        pointer, self._pointer = self._pointer, None
        if pointer:
            self._free(pointer)

    @abstractmethod
    def _free(self, pointer: Any) -> None: ...

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # the interpreter may be half gone
            self.close()


class Model(Native):
    """Weights and vocabulary of one GGUF file."""

    def __init__(self, path: Path, gpu_layers: int = 0) -> None:
        super().__init__(None, "model")
        _begin()
        params = lib.llama_model_default_params()
        params.n_gpu_layers = gpu_layers if gpu_layers >= 0 else 2**20
        super().__init__(lib.llama_model_load_from_file(str(path).encode(), params), "model")
        if self.closed:
            raise ModelError(f"{path}: llama.cpp cannot load this model{said()}; use a GGUF of a chat model that it knows")
        self._vocab = lib.llama_model_get_vocab(self.pointer)
        self.n_vocab = int(lib.llama_vocab_n_tokens(self._vocab))
        self.n_ctx_train = int(lib.llama_model_n_ctx_train(self.pointer))
        self._adapters: dict[str, Adapter] = {}
        self._piece = ctypes.create_string_buffer(1024)

    def _free(self, pointer: Any) -> None:
        for adapter in self._adapters.values():
            adapter.close()
        lib.llama_model_free(pointer)

    def refuse_kinds_that_cannot_share(self, path: Path) -> None:
        """Sharing a prompt needs a decoder whose memory can be cut at any token."""
        kinds = {
            "an encoder": lib.llama_model_has_encoder(self.pointer),
            "no decoder": not lib.llama_model_has_decoder(self.pointer),
            "a recurrent memory": lib.llama_model_is_recurrent(self.pointer) or lib.llama_model_is_hybrid(self.pointer),
            "diffusion": lib.llama_model_is_diffusion(self.pointer),
        }
        for kind, found in kinds.items():
            if found:
                raise ModelError(f"{path}: a model with {kind} cannot draft here; use a plain decoder such as Qwen3, Llama or Gemma")

    def tokenize(self, text: str, special: bool) -> list[int]:
        """Token ids of a text; control tokens are read as such only where `special`."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 16
        if room > _MOST_TOKENS:
            raise BackboneError(f"a text of {len(data)} bytes is longer than any prompt; shorten the prospect's fields")
        ids = (lib.llama_token * room)()
        vocab = self.pointer and self._vocab
        count = lib.llama_tokenize(vocab, data, len(data), ids, room, False, special)
        if count < 0:
            raise BackboneError(f"a text of {len(data)} bytes cannot be tokenised{said()}; shorten the prospect's fields")
        return list(ids[:count])

    def text(self, tokens: Sequence[int]) -> str:
        """The text of tokens, control tokens left out."""
        return b"".join(self.piece(token) for token in tokens).decode("utf-8", "replace")

    def piece(self, token: int, special: bool = False) -> bytes:
        vocab = self.pointer and self._vocab
        size = lib.llama_token_to_piece(vocab, token, self._piece, len(self._piece), 0, special)
        if size < 0:
            self._piece = ctypes.create_string_buffer(-size)
            size = lib.llama_token_to_piece(vocab, token, self._piece, len(self._piece), 0, special)
        return self._piece.raw[: max(size, 0)]

    def ends(self, token: int) -> bool:
        return bool(lib.llama_vocab_is_eog(self._vocab, token))

    def adapter(self, path: Path) -> Adapter:
        """The adapter at a path, loaded once for each state of the file."""
        stat = path.stat()
        key = f"{path}:{stat.st_size}:{stat.st_mtime_ns}"
        if key not in self._adapters:
            self._adapters[key] = Adapter(self, path)
        return self._adapters[key]


class Adapter(Native):
    """A LoRA on a model; `invocation` holds the tokens from whose first one on an activated adapter acts."""

    def __init__(self, model: Model, path: Path) -> None:
        super().__init__(None, "adapter")
        _begin()
        super().__init__(lib.llama_adapter_lora_init(model.pointer, str(path).encode()), "adapter")
        if self.closed:
            raise ModelError(f"{path}: llama.cpp refuses this adapter{said()}; use one that was made for this model")
        count = int(lib.llama_adapter_get_alora_n_invocation_tokens(self.pointer))
        tokens = lib.llama_adapter_get_alora_invocation_tokens(self.pointer) if count else None
        self.invocation: tuple[int, ...] = tuple(tokens[:count]) if tokens else ()

    def _free(self, pointer: Any) -> None:
        lib.llama_adapter_lora_free(pointer)


@dataclass
class Work:
    """What went through the model, counted where it happens."""

    sent: int = 0
    passes: int = 0
    native_seconds: float = 0.0

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.native_seconds += time.perf_counter() - began


class Context(Native):
    """The memory of one model for several sequences, and one more for rows that only fill a pass up."""

    def __init__(
        self, model: Model, work: Work, *, tokens: int, sequences: int, threads: int, chunk: int, outputs: int, exact: bool = False
    ) -> None:
        """`exact` keeps keys and values in float32, for weights that are float32 too."""
        super().__init__(None, "context")
        self.work = work
        _begin()
        params = lib.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = tokens, chunk, chunk
        params.n_seq_max, params.n_outputs_max = sequences + 1, outputs
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED  # its sums depend on the chunking
        if exact:
            params.type_k = params.type_v = lib.GGML_TYPE_F32
        params.kv_unified = params.swa_full = params.no_perf = True
        super().__init__(lib.llama_init_from_model(model.pointer, params), "context")
        if self.closed:
            raise BackboneError(f"llama.cpp cannot make a memory of {tokens} tokens{said()}; set 'context' lower or k smaller")
        self.tokens, self.chunk, self._spare = int(lib.llama_n_ctx(self.pointer)), chunk, sequences
        self._memory = lib.llama_get_memory(self.pointer)
        self._n_vocab = model.n_vocab
        self._rows = Rows(chunk, sequences + 1)

    def _free(self, pointer: Any) -> None:
        lib.llama_free(pointer)

    def decode(self, tokens: Sequence[int], positions: Sequence[int], sequences: Sequence[int], wanted: Sequence[int]) -> None:
        """One forward pass over at most `chunk` tokens; the `wanted` rows give logits.

        Kernels work in fours, and three rows take longer than four: such a pass is filled up."""
        odd = len(tokens) % 4 == 3 and len(tokens) < self.chunk
        if odd:
            self._pass([*tokens, tokens[0]], [*positions, 0], [*sequences, self._spare], [*wanted, len(tokens)] if len(wanted) % 4 == 3 else wanted)
            self.cut(self._spare)
        else:
            self._pass(tokens, positions, sequences, wanted)
        self.work.sent += len(tokens)
        self.work.passes += 1

    def _pass(self, tokens: Sequence[int], positions: Sequence[int], sequences: Sequence[int], wanted: Sequence[int]) -> None:
        batch = self._rows.fill(tokens, positions, sequences, wanted)
        _lines.clear()
        with self.work.timed():
            status = lib.llama_decode(self.pointer, batch)
        if status != 0:
            raise BackboneError(f"llama.cpp failed on {len(tokens)} tokens with status {status}{said()}; set 'context' lower, or use another model file")

    def logits(self, row: int) -> Floats:
        """A view of one row's logits, good until the next pass."""
        found = lib.llama_get_logits_ith(self.pointer, row)
        if not found:
            raise BackboneError(f"llama.cpp gave no logits for row {row}{said()}; report the case")
        return np.ctypeslib.as_array(found, (self._n_vocab,))

    def copy(self, source: int, target: int, *, until: int = -1) -> None:
        """Lets `target` share the cells of `source` before position `until`."""
        lib.llama_memory_seq_cp(self._held, source, target, -1, until)

    def cut(self, sequence: int, start: int = 0) -> None:
        """Removes a sequence from a position on."""
        if not lib.llama_memory_seq_rm(self._held, sequence, start, -1):
            raise BackboneError("this model's memory cannot be cut at a token; use a plain decoder such as Qwen3 or Llama")

    def clear(self) -> None:
        lib.llama_memory_clear(self._held, False)

    def use(self, adapter: Adapter | None) -> None:
        """Switches one adapter on, or all off."""
        count = 1 if adapter else 0
        pointers = (lib.llama_adapter_lora_p_ctypes * 1)(adapter.pointer if adapter else None)
        if lib.llama_set_adapters_lora(self.pointer, pointers, count, (ctypes.c_float * 1)(1.0)) != 0:
            raise BackboneError(f"llama.cpp cannot switch the adapter{said()}; use one that was made for this model")

    @property
    def _held(self) -> Any:
        return self.pointer and self._memory


class Rows:
    """One batch in memory of our own, used again for every pass: nothing is allocated and nothing leaks."""

    def __init__(self, size: int, sequences: int) -> None:
        self._token, self._pos = np.zeros(size, np.int32), np.zeros(size, np.int32)
        self._count = np.ones(size, np.int32)
        self._wanted = np.zeros(size, np.int8)
        self._ids = np.arange(sequences, dtype=np.int32)
        self._where = np.zeros(size, np.uint64)
        self._batch = lib.llama_batch()
        arrays: dict[str, NDArray[Any]] = {"token": self._token, "pos": self._pos, "n_seq_id": self._count, "seq_id": self._where, "logits": self._wanted}
        kinds = dict(lib.llama_batch._fields_)
        for name, array in arrays.items():
            setattr(self._batch, name, ctypes.cast(array.ctypes.data, kinds[name]))

    def fill(self, tokens: Sequence[int], positions: Sequence[int], sequences: Sequence[int], wanted: Sequence[int]) -> Any:
        size = len(tokens)
        self._token[:size], self._pos[:size] = tokens, positions
        self._where[:size] = self._ids.ctypes.data + 4 * np.asarray(sequences, np.uint64)
        self._wanted[:size] = 0
        self._wanted[list(wanted)] = 1
        self._batch.n_tokens = size
        return self._batch


__all__ = ["Adapter", "Context", "Floats", "Model", "Native", "Rows", "Work", "features", "lib", "said"]
