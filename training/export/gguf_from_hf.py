"""A transformers folder in, what the exporter writes out: shape, weights and vocabulary; and a PEFT folder likewise.

Decides what counts as a Qwen3 model that can be exported without loss, and refuses the rest: other
architectures, scaled positions, quantised weights, words cut in another way than Qwen's, adapters with parts
that a GGUF adapter cannot hold.
Weights are read where they lie, one tensor at a time; neither torch nor transformers is needed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rubric.errors import ModelError
from training.export.gguf_model import CONTROL, NORMAL, USER_DEFINED, Lora, Shape, Vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QWEN_SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_TYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "F64": "<f8"}
_PLAIN_LORA = {"use_dora": "DoRA", "use_qalora": "QALoRA", "lora_bias": "a bias", "modules_to_save": "whole modules", "rank_pattern": "ranks that differ", "alpha_pattern": "alphas that differ"}


class HfModel(NamedTuple):
    shape: Shape
    tensors: Mapping[str, NDArray[Any]]
    vocabulary: Vocabulary


class Safetensors(Mapping[str, "NDArray[Any]"]):
    """The tensors of safetensors files by name; bfloat16 comes widened to float32."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._places: dict[str, tuple[Path, int, dict[str, Any]]] = {}
        for file in files:
            start, header = _header(file)
            for name, entry in header.items():
                self._places[name] = (file, start, entry)

    def __getitem__(self, name: str) -> NDArray[Any]:
        import numpy as np

        file, start, entry = self._places[name]
        kind = _TYPES.get(str(entry["dtype"]))
        if kind is None:
            raise ModelError(f"{file}: the tensor {name} has the type {entry['dtype']}; export unquantised weights")
        begin, _ = entry["data_offsets"]
        raw: NDArray[Any] = np.memmap(file, np.dtype(kind), "r", start + begin, tuple(entry["shape"]))
        return _widened(raw) if entry["dtype"] == "BF16" else raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def model_from_hf(folder: str | Path) -> HfModel:
    """What a folder with config.json, safetensors and tokenizer.json holds."""
    path = Path(folder)
    shape = _shape(_object(path / "config.json"), path)
    tensors = Safetensors(_weight_files(path))
    return HfModel(shape, tensors, vocabulary_from_hf(path))


def lora_from_peft(folder: str | Path) -> Lora:
    """What a folder with adapter_config.json and adapter_model.safetensors holds."""
    path = Path(folder)
    config = _object(path / "adapter_config.json")
    for key, what in _PLAIN_LORA.items():
        if config.get(key):
            raise ModelError(f"{path}: the adapter has {what} ({key}), which a GGUF adapter cannot hold; train a plain LoRA")
    if config.get("peft_type") != "LORA":
        raise ModelError(f"{path}: the adapter is of the type {config.get('peft_type')}; only LORA can be exported")
    rank, alpha = _number(config, "r", path), _number(config, "lora_alpha", path)
    scale = alpha * rank**0.5 if config.get("use_rslora") else alpha
    invocation = config.get("alora_invocation_tokens")
    pairs = _pairs(Safetensors([path / "adapter_model.safetensors"]), path)
    return Lora(pairs, scale, tuple(invocation) if invocation else None, config.get("base_model_name_or_path"))


def vocabulary_from_hf(folder: Path) -> Vocabulary:
    """Special added tokens become control tokens, other added ones are read in any text."""
    data = _object(folder / "tokenizer.json")
    model = data.get("model") or {}
    if model.get("type") != "BPE" or not isinstance(model.get("vocab"), dict):
        raise ModelError(f"{folder / 'tokenizer.json'} holds no byte-level BPE tokenizer; the exporter writes only those")
    if (data.get("normalizer") or {"type": "NFC"}).get("type") != "NFC":  # Qwen's own, which changes only what was typed decomposed
        raise ModelError(f"{folder / 'tokenizer.json'} changes texts before it cuts them ('normalizer'), which a GGUF cannot say; set it to null and train again")
    if QWEN_SPLIT not in _patterns(data.get("pre_tokenizer")):
        raise ModelError(f"{folder / 'tokenizer.json'} cuts words in another way than Qwen's, so its token ids would differ; convert it with llama.cpp's own script")
    kinds: dict[int, tuple[str, int]] = {int(number): (token, NORMAL) for token, number in model["vocab"].items()}
    for entry in data.get("added_tokens") or []:
        kinds[int(entry["id"])] = (str(entry["content"]), CONTROL if entry.get("special") else USER_DEFINED)
    if sorted(kinds) != list(range(len(kinds))):
        raise ModelError(f"{folder / 'tokenizer.json'}: the token ids have gaps; the exporter writes only vocabularies without")
    tokens = tuple(kinds[n][0] for n in range(len(kinds)))
    merges = tuple(pair if isinstance(pair, str) else " ".join(pair) for pair in model.get("merges") or [])
    named = _named(folder, tokens)
    eos = named.get("eos_token")
    if eos is None:
        raise ModelError(f"{folder}: neither tokenizer_config.json nor config.json names the end token; add 'eos_token'")
    types = tuple(kinds[n][1] for n in range(len(kinds)))
    return Vocabulary(tokens, types, merges, eos, named.get("bos_token"), named.get("pad_token"), _template(folder))


def _patterns(part: Any) -> set[str]:
    """The regular expressions that a pre-tokenizer cuts by."""
    if not isinstance(part, dict):
        return set()
    own = part.get("pattern")
    found = {str(own["Regex"])} if isinstance(own, dict) and "Regex" in own else set()
    return found.union(*map(_patterns, part.get("pretokenizers") or []))


def _named(folder: Path, tokens: Sequence[str]) -> dict[str, int]:
    """The ids of the begin, end and padding tokens, by the tokenizer's words or the model's numbers."""
    words, numbers = _object(folder / "tokenizer_config.json", needed=False), _object(folder / "config.json", needed=False)
    found: dict[str, int] = {}
    for key in ("bos_token", "eos_token", "pad_token"):
        word, number = words.get(key), numbers.get(f"{key}_id")
        word = word.get("content") if isinstance(word, dict) else word
        number = number[0] if isinstance(number, list) and number else number
        if word in tokens:
            found[key] = tokens.index(str(word))
        elif isinstance(number, int) and key == "eos_token":
            found[key] = number
    return found


def _template(folder: Path) -> str | None:
    file = folder / "chat_template.jinja"
    if file.exists():
        return file.read_text("utf-8")
    given = _object(folder / "tokenizer_config.json", needed=False).get("chat_template")
    if isinstance(given, list):
        given = next((entry.get("template") for entry in given if entry.get("name") == "default"), None)
    return given if isinstance(given, str) else None


def _shape(config: Mapping[str, Any], path: Path) -> Shape:
    if config.get("model_type") != "qwen3":
        raise ModelError(f"{path}: the model is of the type {config.get('model_type')!r}; the exporter writes qwen3, convert others with llama.cpp's own script")
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if rope.get("rope_type", rope.get("type", "default")) != "default" or config.get("use_sliding_window"):
        raise ModelError(f"{path}: scaled positions and sliding windows are not exported; switch them off in config.json")
    if config.get("quantization_config"):
        raise ModelError(f"{path}: the weights are quantised; export the unquantised ones with --quant")
    heads = int(_number(config, "num_attention_heads", path))
    hidden = int(_number(config, "hidden_size", path))
    return Shape(
        vocab=int(_number(config, "vocab_size", path)),
        hidden=hidden,
        layers=int(_number(config, "num_hidden_layers", path)),
        heads=heads,
        kv_heads=int(config.get("num_key_value_heads") or heads),
        head_dim=int(config.get("head_dim") or hidden // heads),
        ffn=int(_number(config, "intermediate_size", path)),
        rope_base=float(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0),
        norm_eps=float(config.get("rms_norm_eps", 1e-6)),
        context=int(config.get("max_position_embeddings", 32_768)),
        tied=bool(config.get("tie_word_embeddings", False)),
    )


def _pairs(tensors: Safetensors, path: Path) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    import numpy as np

    halves: dict[str, dict[str, NDArray[np.float32]]] = {}
    for name in tensors:
        module, _, side = name.removesuffix(".weight").removeprefix("base_model.model.").rpartition(".lora_")
        if side not in ("A", "B"):
            raise ModelError(f"{path}: the adapter holds {name}, which a GGUF adapter cannot hold; train a plain LoRA on linear layers")
        halves.setdefault(module, {})[side] = np.asarray(tensors[name], np.float32)
    if any(len(sides) < 2 for sides in halves.values()) or not halves:
        raise ModelError(f"{path}: the adapter's file lacks halves of its pairs; copy it again")
    return {module: (sides["A"], sides["B"]) for module, sides in halves.items()}


def _weight_files(path: Path) -> list[Path]:
    index = path / "model.safetensors.index.json"
    if index.exists():
        return sorted({path / name for name in _object(index)["weight_map"].values()})
    return [path / "model.safetensors"]


def _header(file: Path) -> tuple[int, dict[str, Any]]:
    """Where the data begins, and the entry of each tensor, each of which lies within the file."""
    try:
        with file.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            room = file.stat().st_size - 8 - size
            header = json.loads(stream.read(size)) if size >= 2 and room >= 0 else None
    except FileNotFoundError:
        raise ModelError(f"there is no {file}; give a folder with weights as safetensors") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} cannot be read: {error}; copy it again") from None
    if not isinstance(header, dict):
        raise ModelError(f"{file} is cut short or no safetensors file; copy it again")
    header.pop("__metadata__", None)
    for name, entry in header.items():
        _refuse_misplaced(file, name, entry, room)
    return 8 + size, header


def _refuse_misplaced(file: Path, name: str, entry: Any, room: int) -> None:
    """An entry must say a type, a shape, and a place in the file that holds as many bytes."""
    try:
        begin, end = map(int, entry["data_offsets"])
        count, kind = math.prod(map(int, entry["shape"])), str(entry["dtype"])
    except (TypeError, ValueError, KeyError, OverflowError):
        raise ModelError(f"{file} is damaged where it describes {name:.100}; copy it again") from None
    if end > room:
        raise ModelError(f"{file} ends before its last tensor; copy it again")
    if not 0 <= begin <= end or (kind in _TYPES and count * int(_TYPES[kind][-1]) != end - begin):
        raise ModelError(f"{file} is damaged where it describes {name:.100}; copy it again")


def _widened(raw: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return (raw.astype(np.uint32) << 16).view(np.float32)


def _object(file: Path, *, needed: bool = True) -> dict[str, Any]:
    if not needed and not file.exists():
        return {}
    try:
        found = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"there is no {file}; give a folder that transformers or PEFT saved") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} cannot be read: {error}; copy the folder again") from None
    if not isinstance(found, dict):
        raise ModelError(f"{file} holds {type(found).__name__}, not an object; copy the folder again")
    return found


def _number(config: Mapping[str, Any], key: str, path: Path) -> float:
    value = config.get(key)
    if not isinstance(value, (int, float)):
        raise ModelError(f"{path}: its config lacks {key!r}; copy the folder again")
    return float(value)


__all__ = ["HfModel", "Safetensors", "lora_from_peft", "model_from_hf", "vocabulary_from_hf"]
