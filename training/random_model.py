"""Models and adapters with random weights, for tests, demos of the machinery and speed measurements.

Decides a scale at which the text is noise but not one token over and over. The vocabulary is the 256
bytes (a token's id is its byte), three control tokens, and words that stand for nothing up to the size
asked for. Equal seeds give equal files.

    python -m training.random_model tiny.gguf
    python -m training.random_model big.gguf --shape qwen3-0.6b --quant Q4_0 --lora critic.gguf
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from agent.backbones.chat import CHATML
from rubric.errors import WinnowError
from training.export.gguf_model import (
    CONTROL,
    NORMAL,
    Lora,
    Quant,
    Shape,
    Vocabulary,
    module_dims,
    tensor_places,
    write_lora,
    write_model,
)  # fmt: skip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["activated", "ordinary"]
CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
ENDOFTEXT, IM_START, IM_END = 256, 257, 258
HEADER = (IM_START, *b"assistant\n")
TINY = Shape(vocab=259, hidden=64, layers=2, heads=4, kv_heads=2, head_dim=16, ffn=128, context=8192)
QWEN3_0_6B = Shape(
    vocab=151_936, hidden=1024, layers=28, heads=16, kv_heads=8, head_dim=128, ffn=3072, context=40_960
)
QWEN3_1_7B = QWEN3_0_6B._replace(hidden=2048, ffn=6144)
SHAPES = {"tiny": TINY, "qwen3-0.6b": QWEN3_0_6B, "qwen3-1.7b": QWEN3_1_7B}
_TARGETS = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")


def byte_vocabulary(size: int = 259) -> Vocabulary:
    """Bytes, control tokens and filler words; no merges, so text is tokenised byte by byte."""
    fillers = tuple(f"\u0120{_word(n)}" for n in range(size - 256 - len(CONTROLS)))
    tokens = (*byte_alphabet(), *CONTROLS, *fillers)
    types = (NORMAL,) * 256 + (CONTROL,) * len(CONTROLS) + (NORMAL,) * len(fillers)
    return Vocabulary(tokens, types, (), eos=IM_END, bos=ENDOFTEXT, pad=ENDOFTEXT, chat_template=CHATML)


def byte_alphabet() -> tuple[str, ...]:
    """The letter that stands for each byte in GPT-2's vocabularies."""
    shown = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = [byte for byte in range(256) if byte not in shown]
    return tuple(chr(byte) if byte in shown else chr(256 + hidden.index(byte)) for byte in range(256))


class RandomTensors(Mapping[str, "NDArray[np.float32]"]):
    """Weights by their transformers names, made when they are asked for; with `one_block` every layer
    has the weights of the first, which makes a big model sooner."""

    def __init__(self, shape: Shape, seed: int = 0, *, one_block: bool = False) -> None:
        self._places = tensor_places(shape)
        self._seed, self._one_block = seed, one_block
        self._kept: dict[str, NDArray[np.float32]] = {}

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        dims = self._places[name].dims
        if not self._one_block or not name.startswith("model.layers."):
            return _random(name, dims, self._seed)
        kind = name.split(".", 3)[3]
        if kind not in self._kept:
            self._kept[kind] = _random(kind, dims, self._seed)
        return self._kept[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def random_model(path: str | Path, shape: Shape = TINY, seed: int = 0, quant: Quant = "F32", *, one_block: bool = False) -> Path:
    """Writes a model of random weights."""
    return write_model(path, shape, RandomTensors(shape, seed, one_block=one_block), byte_vocabulary(shape.vocab), quant, name=f"random-{seed}")


def random_lora(path: str | Path, shape: Shape = TINY, seed: int = 0, kind: Kind = "activated", rank: int = 8, strength: float = 1.0) -> Path:
    """Writes an adapter for a random model; `activated` wakes at the assistant's header."""
    pairs = lora_pairs(shape, seed, rank, strength)
    invocation = HEADER if kind == "activated" else None
    return write_lora(path, Lora(pairs, alpha=float(rank), invocation=invocation, base_name=f"random-{seed}"))


def lora_pairs(shape: Shape, seed: int, rank: int, strength: float) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    pairs = {}
    for layer in range(shape.layers):
        for target in _TARGETS:
            module = f"model.layers.{layer}.{target}"
            rows, columns = module_dims(shape, target)
            a = _random(f"{module}.a", (rank, columns), seed)
            b = _random(f"{module}.b", (rows, rank), seed) * (strength * 0.3)
            pairs[module] = (a, b)
    return pairs


def _random(name: str, dims: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    """Norms are near one; a matrix keeps the variance of what goes through it."""
    import numpy as np

    draw = np.random.default_rng([seed, zlib.crc32(name.encode())]).standard_normal(dims, np.float32)
    if len(dims) == 1:
        return np.asarray(1 + 0.05 * draw, np.float32)
    draw *= np.float32(dims[-1] ** -0.5)
    return draw


def _word(number: int) -> str:
    """A word of lower-case letters for each number, no two alike."""
    letters = ""
    while number >= 0:
        letters = chr(97 + number % 26) + letters
        number = number // 26 - 1
    return letters


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    shape = SHAPES[given.shape]
    try:
        written = [random_model(given.path, shape, given.seed, given.quant, one_block=given.one_block)]
        if given.lora:
            written.append(random_lora(given.lora, shape, given.seed, given.kind))
    except WinnowError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.status
    for path in written:
        sys.stderr.write(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.random_model", description="Writes a GGUF model of random weights.")
    parser.add_argument("path", help="GGUF file to write")
    parser.add_argument("--shape", choices=SHAPES, default="tiny")
    parser.add_argument("--quant", choices=get_args(Quant), default="F32")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--one-block", action="store_true", help="the same weights in every layer, which is made sooner")
    parser.add_argument("--lora", metavar="PATH", help="write an adapter for the model, too")
    parser.add_argument("--kind", choices=get_args(Kind), default="activated", help="kind of adapter")
    return parser


__all__ = [
    "CONTROLS", "ENDOFTEXT", "HEADER", "IM_END", "IM_START", "QWEN3_0_6B", "QWEN3_1_7B", "SHAPES", "TINY", "Kind", "RandomTensors",
    "byte_alphabet", "byte_vocabulary", "lora_pairs", "random_lora", "random_model",
]  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
