"""Weights and vocabulary in, one GGUF file out: the project's own exporter, for models of the Qwen3 architecture.

Decides the names, types and metadata that llama.cpp reads, and writes each tensor as it comes, so that
a model never lies in memory twice. A file appears under its name only when it is whole. Refuses weights
that do not fit the shape or are no numbers: a missing, foreign or misshapen tensor is an error that names it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from rubric.errors import MissingExtra, ModelError, StoreError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Quant = Literal["F32", "F16", "Q8_0", "Q4_0"]
ARCHITECTURE = "qwen3"
NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5
_BLOCK, _HALF = 32, 65_504
_NO_MERGE = "\u00ff \u00ff"  # llama.cpp insists on a merge; the byte 0xFF is in no UTF-8 text
_MODULES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip
_NORMS = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
}  # fmt: skip


class Shape(NamedTuple):
    """The size of a Qwen3 model."""

    vocab: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    rope_base: float = 1_000_000.0
    norm_eps: float = 1e-6
    context: int = 8192
    tied: bool = True


class Vocabulary(NamedTuple):
    """A byte-level BPE vocabulary in the GPT-2 byte alphabet; `types` are GGUF's token types."""

    tokens: tuple[str, ...]
    types: tuple[int, ...]
    merges: tuple[str, ...]
    eos: int
    bos: int | None = None
    pad: int | None = None
    chat_template: str | None = None


class Place(NamedTuple):
    """Where a tensor goes, and its dimensions as numpy counts them."""

    name: str
    dims: tuple[int, ...]


class Lora(NamedTuple):
    """An adapter: for each module of the model, such as `model.layers.0.self_attn.q_proj`, the pair of
    `a` (rank by inputs) and `b` (outputs by rank). `invocation` holds the tokens that wake an activated one."""

    pairs: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
    alpha: float
    invocation: tuple[int, ...] | None = None
    base_name: str | None = None
    base_hash: str | None = None


def tensor_places(shape: Shape) -> dict[str, Place]:
    """Every tensor of a model of that shape, by its name in a transformers folder."""
    places = {
        "model.embed_tokens.weight": Place("token_embd.weight", (shape.vocab, shape.hidden)),
        "model.norm.weight": Place("output_norm.weight", (shape.hidden,)),
    }
    if not shape.tied:
        places["lm_head.weight"] = Place("output.weight", (shape.vocab, shape.hidden))
    for layer in range(shape.layers):
        for module, name in _NORMS.items():
            size = shape.hidden if "layernorm" in module else shape.head_dim
            places[f"model.layers.{layer}.{module}.weight"] = Place(f"blk.{layer}.{name}.weight", (size,))
        for module, name in _MODULES.items():
            dims = module_dims(shape, module)
            places[f"model.layers.{layer}.{module}.weight"] = Place(f"blk.{layer}.{name}.weight", dims)
    return places


def module_dims(shape: Shape, module: str) -> tuple[int, int]:
    """Rows out and columns in of a linear module, such as `mlp.down_proj`."""
    query, key = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    return {
        "q_proj": (query, shape.hidden), "k_proj": (key, shape.hidden), "v_proj": (key, shape.hidden),
        "o_proj": (shape.hidden, query), "gate_proj": (shape.ffn, shape.hidden), "up_proj": (shape.ffn, shape.hidden),
        "down_proj": (shape.hidden, shape.ffn),
    }[module.rsplit(".", 1)[-1]]  # fmt: skip


def write_model(
    path: str | Path, shape: Shape, tensors: Mapping[str, NDArray[Any]], vocabulary: Vocabulary, quant: Quant = "F16",
    *, name: str = "winnow",
) -> Path:  # fmt: skip
    """Writes a model; each tensor is read once, in the order of the file."""
    gguf = import_gguf()
    if quant not in get_args(Quant):
        raise ModelError(f"the exporter does not write {quant!r}; take one of {', '.join(get_args(Quant))}")
    places = tensor_places(shape)
    _refuse_misfits(places, tensors)
    with _written(Path(path)) as (part, writer):
        writer.add_type("model")
        writer.add_name(name)
        _add_shape(writer, shape)
        writer.add_file_type({"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 7}[quant])
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        _add_vocabulary(writer, vocabulary, shape)
        for place in places.values():
            _announce(writer, place, tensor_type(place.dims, quant))
        _open(writer, part)
        for source, place in places.items():
            writer.write_tensor_data(_encoded(source, tensors[source], place, tensor_type(place.dims, quant)))
    return Path(path)


def write_lora(path: str | Path, lora: Lora, architecture: str = ARCHITECTURE) -> Path:
    """Writes an adapter; the invocation tokens go where llama.cpp's own interface reads them."""
    import_gguf()
    import numpy as np

    with _written(Path(path), architecture) as (part, writer):
        _add_lora(writer, lora)
        for module, (a, b) in lora.pairs.items():
            name = lora_name(module)
            if a.ndim != 2 or b.ndim != 2 or a.shape[0] != b.shape[1]:
                raise ModelError(f"the adapter's pair for {module} has the shapes {a.shape} and {b.shape}, which do not multiply")
            writer.add_tensor(f"{name}.lora_a", np.ascontiguousarray(a, np.float32))
            writer.add_tensor(f"{name}.lora_b", np.ascontiguousarray(b, np.float32))
        _open(writer, part, info=False)
        writer.write_tensors_to_file()
    return Path(path)


def lora_name(module: str) -> str:
    """The tensor that a module's adapter belongs to: `blk.0.attn_q.weight`."""
    parts = module.split(".")
    kind = ".".join(parts[3:])
    if parts[:2] != ["model", "layers"] or kind not in _MODULES:
        raise ModelError(
            f"the adapter changes {module}, which cannot be exported; train it on {', '.join(m.rsplit('.', 1)[-1] for m in _MODULES)} only"
        )
    return f"blk.{parts[2]}.{_MODULES[kind]}.weight"


def tensor_type(dims: Sequence[int], quant: Quant) -> str:
    """Vectors stay exact; rows that do not divide into blocks of 32 fall back to half precision."""
    if len(dims) == 1:
        return "F32"
    return "F16" if quant in ("Q8_0", "Q4_0") and dims[-1] % _BLOCK else quant


def import_gguf() -> Any:
    try:
        import gguf
    except ImportError:
        raise MissingExtra("llama", "writing a GGUF file") from None
    return gguf


@contextmanager
def _written(path: Path, architecture: str = ARCHITECTURE) -> Iterator[tuple[Path, Any]]:
    """A writer on a temporary neighbour of `path`, which takes its place when the block ends well."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    writer = import_gguf().GGUFWriter(None, architecture)
    try:
        try:
            yield part, writer
        finally:
            writer.close()
        part.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}; make room or give another place") from error
    finally:
        part.unlink(missing_ok=True)


def _open(writer: Any, part: Path, *, info: bool = True) -> None:
    writer.write_header_to_file(part)
    writer.write_kv_data_to_file()
    if info:
        writer.write_ti_data_to_file()


def _add_shape(writer: Any, shape: Shape) -> None:
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.ffn)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.norm_eps)
    writer.add_vocab_size(shape.vocab)


def _add_vocabulary(writer: Any, vocabulary: Vocabulary, shape: Shape) -> None:
    missing = shape.vocab - len(vocabulary.tokens)
    if missing < 0:
        raise ModelError(f"the vocabulary has {len(vocabulary.tokens)} tokens and the model {shape.vocab} rows for them; they belong to different models")
    padding = [f"[PAD{n}]" for n in range(len(vocabulary.tokens), shape.vocab)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([*vocabulary.tokens, *padding])
    writer.add_token_types([*vocabulary.types, *[UNUSED] * missing])
    writer.add_token_merges(list(vocabulary.merges) or [_NO_MERGE])
    writer.add_eos_token_id(vocabulary.eos)
    writer.add_add_bos_token(False)
    if vocabulary.bos is not None:
        writer.add_bos_token_id(vocabulary.bos)
    if vocabulary.pad is not None:
        writer.add_pad_token_id(vocabulary.pad)
    if vocabulary.chat_template:
        writer.add_chat_template(vocabulary.chat_template)


def _add_lora(writer: Any, lora: Lora) -> None:
    gguf = import_gguf()
    kinds = gguf.GGUFValueType
    writer.add_type("adapter")
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(lora.alpha))
    if lora.invocation:  # llama.cpp reads this key as unsigned numbers only
        writer.add_key_value(gguf.Keys.Adapter.ALORA_INVOCATION_TOKENS, list(lora.invocation), kinds.ARRAY, sub_type=kinds.UINT32)
    if lora.base_name:
        writer.add_base_model_count(1)
        writer.add_base_model_name(0, lora.base_name)
    if lora.base_hash:
        writer.add_string("winnow.base.hash", lora.base_hash)


def _announce(writer: Any, place: Place, kind: str) -> None:
    import numpy as np

    gguf = import_gguf()
    if kind in ("F32", "F16"):
        dtype = np.dtype(np.float32 if kind == "F32" else np.float16)
        writer.add_tensor_info(place.name, place.dims, dtype, int(np.prod(place.dims)) * dtype.itemsize)
        return
    raw = gguf.GGMLQuantizationType[kind]
    dims = gguf.quants.quant_shape_to_byte_shape(place.dims, raw)
    writer.add_tensor_info(place.name, dims, np.dtype(np.uint8), int(np.prod(dims)), raw_dtype=raw)


def _encoded(source: str, given: NDArray[Any], place: Place, kind: str) -> NDArray[Any]:
    import numpy as np

    if given.shape != place.dims:
        raise ModelError(f"the tensor {source} has the shape {given.shape}, the config says {place.dims}; weights and config belong to different models")
    _refuse_no_numbers(source, given, kind)
    if kind in ("F32", "F16"):
        return np.ascontiguousarray(given, np.float32 if kind == "F32" else np.float16)
    gguf = import_gguf()
    quantised: NDArray[Any] = gguf.quants.quantize(np.ascontiguousarray(given, np.float32), gguf.GGMLQuantizationType[kind])
    return quantised


def _refuse_no_numbers(source: str, given: NDArray[Any], kind: str) -> None:
    """Half precision, which scales of quantised blocks have too, ends at 65,504."""
    import numpy as np

    top = float(np.abs(given).max(initial=0))
    if not np.isfinite(top) or (top > _HALF and kind != "F32"):
        raise ModelError(f"the tensor {source} has values up to {top:.3g}, which {kind} cannot hold; the weights are damaged, or training went astray")


def _refuse_misfits(places: Mapping[str, Place], tensors: Mapping[str, Any]) -> None:
    missing = sorted(places.keys() - tensors.keys())
    if missing:
        raise ModelError(f"the weights lack {missing[0]} ({len(missing)} tensors in all); the exporter writes Qwen3 models, check that this is one")
    foreign = sorted(tensors.keys() - places.keys() - {"lm_head.weight"})
    if foreign:
        raise ModelError(f"the weights hold {foreign[0]}, which no Qwen3 model of this shape has ({len(foreign)} such tensors); merge adapters first")


__all__ = [
    "CONTROL", "NORMAL", "USER_DEFINED", "Lora", "Quant", "Shape", "Vocabulary", "import_gguf", "lora_name", "module_dims",
    "tensor_places", "tensor_type", "write_lora", "write_model",
]  # fmt: skip
