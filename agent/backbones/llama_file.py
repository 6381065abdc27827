"""A GGUF file read before llama.cpp sees it: what is broken is refused here, with the fix.

Decides whether a file is whole, is a chat model or a LoRA adapter, and whether an adapter fits a
model. llama.cpp ends the process on some broken files, so nothing reaches it unread.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import struct
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from rubric.errors import ModelError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_KEPT = 4096
# Values in a block and bytes of a block, by the number of the type.
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74),
    18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2),
    26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
_AGAIN = "download or copy it again"
_NOT_CHAT = ("bert", "clip", "t5encoder", "mmproj", "wavtokenizer", "dream", "llada", "mamba", "rwkv")
_WHOLE = 256 * 2**20
_BLOCK = 2**20


class Tensor(NamedTuple):
    shape: tuple[int, ...]
    kind: int


class Array(NamedTuple):
    """An array of the metadata; `values` holds the first few thousand numbers and nothing of texts, of
    which `twice` counts those that stand more than once."""

    kind: int
    length: int
    values: tuple[Any, ...]
    twice: int = 0


class Gguf(NamedTuple):
    """What a file says about itself."""

    path: Path
    values: dict[str, Any]
    tensors: dict[str, Tensor]

    @property
    def architecture(self) -> str:
        return str(self.values["general.architecture"])

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        return value if isinstance(value, str) else None

    def whole(self, key: str) -> int | None:
        value = self.values.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


class _Broken(Exception):
    pass


class _Cursor:
    """Reads a header and refuses to leave the file."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def number(self, form: str) -> Any:
        size = struct.calcsize("<" + form)
        self.need(size)
        (value,) = struct.unpack_from("<" + form, self.data, self.at)
        self.at += size
        return value

    def string(self) -> str:
        size = self.number("Q")
        self.need(size)
        text = self.data[self.at : self.at + size]
        self.at += size
        return text.decode("utf-8", "replace")

    def need(self, size: int) -> None:
        if size > len(self.data) - self.at:
            raise _Broken(f"it ends within its header, at byte {len(self.data)}")

    def value(self, kind: int) -> Any:
        if kind in _SCALARS:
            return self.number(_SCALARS[kind])
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            return self.array()
        raise _Broken(f"its header has a value of the unknown type {kind}")

    def array(self) -> Array:
        kind, length = self.number("I"), self.number("Q")
        if kind == _STRING:
            self.need(8 * length)
            return Array(kind, length, (), self._skip_strings(length))
        if kind not in _SCALARS:
            raise _Broken(f"its header has an array of the unknown type {kind}")
        form, size = _SCALARS[kind], struct.calcsize(_SCALARS[kind])
        self.need(size * length)
        values = struct.unpack_from(f"<{min(length, _KEPT)}{form}", self.data, self.at)
        self.at += size * length
        return Array(kind, length, values)

    def _skip_strings(self, count: int) -> int:
        read = struct.Struct("<Q").unpack_from
        data, at, end = self.data, self.at, len(self.data)
        seen: set[bytes] = set()
        blank = 0
        for _ in range(count):
            if at + 8 > end:
                break
            start = at + 8
            at = start + read(data, at)[0]
            blank += at == start
            seen.add(data[start:at])
        if at > end or at + 8 > end:
            raise _Broken(f"it ends within its header, at byte {end}")
        self.at = at
        return count - len(seen) - max(0, blank - 1)


def read_gguf(path: Path) -> Gguf:
    """The header of a file; a `ModelError` where it is missing, cut short or no GGUF."""
    if not path.exists():
        raise ModelError(f"{path}: there is no such file; give the path of a GGUF file under 'model'")
    if not path.is_file():
        raise ModelError(f"{path}: this is not a file; give the path of a GGUF file under 'model'")
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise _Broken("it is not a GGUF file" if path.stat().st_size else "it is empty")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _parse(path, data)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}; check its rights") from None
    except (_Broken, struct.error, OverflowError, MemoryError, ValueError) as error:
        raise ModelError(f"{path}: {error}; {_AGAIN}, or give another GGUF file") from None


def _parse(path: Path, data: mmap.mmap) -> Gguf:
    cursor = _Cursor(data)
    cursor.at = 4
    version = cursor.number("I")
    if version not in (2, 3):
        raise _Broken(f"its GGUF version is {version} and only 2 and 3 are known")
    n_tensors, n_values = cursor.number("Q"), cursor.number("Q")
    cursor.need(12 * n_values + 24 * n_tensors)
    values: dict[str, Any] = {}
    for _ in range(n_values):
        key = cursor.string()
        if key in values:
            raise _Broken(f"its header has {key!r:.80} twice")
        values[key] = cursor.value(cursor.number("I"))
    if not isinstance(values.get("general.architecture"), str):
        raise _Broken("its header names no architecture")
    return Gguf(path, values, _tensors(cursor, n_tensors, values))


def _tensors(cursor: _Cursor, count: int, values: dict[str, Any]) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    end = 0
    step = values.get("general.alignment", 32)
    if not isinstance(step, int) or step < 1 or step & (step - 1):
        raise _Broken(f"its alignment is {step}")
    for _ in range(count):
        name, n_dims = cursor.string(), cursor.number("I")
        if not 1 <= n_dims <= 4 or name in found:
            raise _Broken(f"its tensor {name!r:.80} has {n_dims} dimensions or stands twice")
        shape = tuple(cursor.number("Q") for _ in range(n_dims))
        kind, offset = cursor.number("I"), cursor.number("Q")
        if offset != end:
            raise _Broken(f"its tensor {name!r:.80} begins at byte {offset} and not at {end} of the data")
        end += -(-_bytes(name, shape, kind) // step) * step
        found[name] = Tensor(shape, kind)
    start = -(-cursor.at // step) * step
    if start + end > len(cursor.data) + step:
        raise _Broken(f"it has {len(cursor.data):,} bytes and its tensors need {start + end:,}, so it was cut short")
    return found


def _bytes(name: str, shape: tuple[int, ...], kind: int) -> int:
    if kind not in _BLOCKS:
        raise _Broken(f"its tensor {name!r:.80} is of the unknown type {kind}")
    values, size = _BLOCKS[kind]
    if any(not 0 < side < 2**40 for side in shape) or shape[0] % values:
        raise _Broken(f"its tensor {name!r:.80} has the impossible shape {shape}")
    return math.prod(shape) // values * size


def check_model(gguf: Gguf) -> Gguf:
    """Refuses what cannot draft: an adapter, a model of another kind, one without tokenizer or chat template."""
    arch = gguf.architecture
    if gguf.text("general.type") == "adapter" or "adapter.type" in gguf.values:
        raise ModelError(f"{gguf.path}: this is an adapter; give the model under 'model' and the adapter to the critic")
    if not arch.isascii() or any(word in arch for word in _NOT_CHAT):
        raise ModelError(f"{gguf.path}: a model of the architecture {arch!r:.40} cannot draft here; use a chat model such as Qwen3, Llama or Gemma")
    _check_numbers(gguf)
    _check_tokenizer(gguf)
    if not gguf.text("tokenizer.chat_template"):
        raise ModelError(f"{gguf.path}: it has no chat template; use the instruct or chat version of the model, or convert it again with its tokenizer's")
    return gguf


def _check_numbers(gguf: Gguf) -> None:
    bounds = {"context_length": 2**31, "embedding_length": 2**20, "block_count": 2**10, "attention.head_count": 2**12}
    for name, limit in bounds.items():
        value = gguf.values.get(f"{gguf.architecture}.{name}")
        first = value.values[0] if isinstance(value, Array) and value.values else value
        if not isinstance(first, int) or not 0 < first < limit:
            raise ModelError(f"{gguf.path}: its header gives no usable {gguf.architecture}.{name}; {_AGAIN}, or convert the model again")
    for name in ("token_embd.weight", "output_norm.weight"):
        if name not in gguf.tensors:
            raise ModelError(f"{gguf.path}: it holds no {name}, so it is no whole language model; {_AGAIN}, or give the first part of a split model")


def _check_tokenizer(gguf: Gguf) -> None:
    tokens = gguf.values.get("tokenizer.ggml.tokens")
    if gguf.text("tokenizer.ggml.model") is None or not isinstance(tokens, Array) or tokens.kind != _STRING or not tokens.length:
        raise ModelError(f"{gguf.path}: it holds no tokenizer; convert the model again with its tokenizer files beside it")
    if tokens.twice:
        raise ModelError(f"{gguf.path}: {tokens.twice} of its {tokens.length} tokens stand twice, which llama.cpp does not survive; {_AGAIN}, or convert the model again")
    for name in ("token_type", "scores"):
        other = gguf.values.get(f"tokenizer.ggml.{name}")
        if other is not None and (not isinstance(other, Array) or other.length != tokens.length):
            raise ModelError(f"{gguf.path}: tokenizer.ggml.{name} does not match its {tokens.length} tokens; convert the model again")


def check_adapter(path: Path, model: Gguf) -> Gguf:
    """The header of a LoRA adapter that fits the model."""
    if path.is_dir() or path.suffix != ".gguf":
        raise ModelError(
            f"{path}: the llama backbone takes an adapter as a .gguf file; turn a PEFT folder into one with "
            f"'python -m training.export', or use the hf backbone"
        )
    adapter = read_gguf(path)
    if adapter.text("adapter.type") != "lora":
        raise ModelError(f"{path}: this GGUF holds no LoRA adapter; give the file that the adapter was exported to")
    if adapter.architecture != model.architecture:
        raise _other_base(adapter, model, f"it is for {adapter.architecture!r:.40} and the model is {model.architecture!r:.40}")
    for name in adapter.tensors:
        _check_pair(adapter, model, name)
    _check_invocation(adapter, model)
    return adapter


def _check_pair(adapter: Gguf, model: Gguf, name: str) -> None:
    base, _, side = name.rpartition(".lora_")
    if side not in ("a", "b") or f"{base}.lora_a" not in adapter.tensors or f"{base}.lora_b" not in adapter.tensors:
        raise ModelError(f"{adapter.path}: its tensor {name!r:.80} has no partner or is no LoRA; export the adapter again")
    weight = model.tensors.get(base)
    if weight is None:
        raise _other_base(adapter, model, f"the model has no {base:.80}")
    a, b = adapter.tensors[f"{base}.lora_a"].shape, adapter.tensors[f"{base}.lora_b"].shape
    wanted = weight.shape[:2]
    if base.startswith("token_embd"):  # the one weight whose adapter is stored turned round
        wanted = wanted[::-1]
    if len(a) < 2 or len(b) < 2 or a[1] != b[0] or (a[0], b[1]) != wanted:
        raise _other_base(adapter, model, f"for {base:.80} it has {a} and {b}, and the model's weight is {weight.shape}")


def _check_invocation(adapter: Gguf, model: Gguf) -> None:
    tokens = adapter.values.get("adapter.alora.invocation_tokens")
    if tokens is None:
        return
    limit = model.values["tokenizer.ggml.tokens"].length
    if not isinstance(tokens, Array) or tokens.kind not in (4, 5) or not tokens.length:
        raise ModelError(f"{adapter.path}: its invocation tokens are no list of token ids; export the adapter again")
    if any(not 0 <= token < limit for token in tokens.values):
        raise _other_base(adapter, model, f"its invocation tokens {tokens.values[:8]} are not in the model's vocabulary of {limit}")


def _other_base(adapter: Gguf, model: Gguf, why: str) -> ModelError:
    return ModelError(f"{adapter.path}: this adapter was made for another base than {model.path.name}: {why}; use an adapter of this model")


def content_hash(path: Path) -> str:
    """A hash of a file: of all bytes up to 256 MB, of size, both ends and 64 places between in larger ones."""
    stat = path.stat()
    return _hash(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=32)
def _hash(path: Path, size: int, _: int) -> str:
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        if size <= _WHOLE:
            _feed(digest.update, file.read, size)
        else:
            _feed(digest.update, file.read, 16 * _BLOCK)
            for part in range(1, 65):
                file.seek((size - _BLOCK) * part // 64)
                digest.update(file.read(_BLOCK))
    return digest.hexdigest()[:16]


def _feed(update: Callable[[bytes], None], read: Callable[[int], bytes], size: int) -> None:
    while size > 0 and (block := read(min(size, _BLOCK))):
        update(block)
        size -= len(block)


__all__ = ["Array", "Gguf", "Tensor", "check_adapter", "check_model", "content_hash", "read_gguf"]
