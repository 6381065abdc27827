"""Tiny model and adapter folders as transformers and PEFT save them, with random weights and no torch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.backbones.chat import CHATML
from agent.backbones.spec import HfSpec
from prompts.pieces import Message, Piece, Prompt
from training.export.gguf_model import Shape
from training.export.shipment import ship
from training.random_model import CONTROLS, HEADER, IM_END, TINY, Kind, RandomTensors, byte_alphabet, lora_pairs

if TYPE_CHECKING:
    from agent.backbones.hf import HfBackbone

SHAPE = TINY._replace(vocab=264, context=512)
TINY_CONFIG = {
    "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_act": "silu", "attention_bias": False,
    "attention_dropout": 0.0, "dtype": "float32", "eos_token_id": IM_END, "use_cache": True,
}  # fmt: skip
SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
MERGES = (("t", "h"), ("th", "e"), ("e", "r"), ("\u0120", "t"))
THINK = "<think>"


def config_of(shape: Shape) -> dict[str, Any]:
    return {
        **TINY_CONFIG, "vocab_size": shape.vocab, "hidden_size": shape.hidden, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads, "head_dim": shape.head_dim,
        "intermediate_size": shape.ffn, "max_position_embeddings": shape.context, "rms_norm_eps": shape.norm_eps,
        "rope_parameters": {"rope_type": "default", "rope_theta": shape.rope_base}, "tie_word_embeddings": shape.tied,
    }  # fmt: skip


def tokenizer_json() -> dict[str, Any]:
    """Bytes, control tokens and a few merges; a token's id below 256 is its byte."""
    vocab = {letter: byte for byte, letter in enumerate(byte_alphabet())}
    added = [_added(256 + n, token, special=True) for n, token in enumerate(CONTROLS)]
    vocab |= {token: 256 + n for n, token in enumerate(CONTROLS)}  # tokenizers numbers added tokens anew unless they are words
    vocab |= {left + right: 259 + n for n, (left, right) in enumerate(MERGES)}
    added.append(_added(263, THINK, special=False))
    split = {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Isolated", "invert": False}
    bytes_only = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, bytes_only]}, "post_processor": None,
        "decoder": bytes_only,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
            "fuse_unk": False, "byte_fallback": False, "vocab": vocab, "merges": [list(pair) for pair in MERGES],
        },
    }  # fmt: skip


def _added(number: int, content: str, *, special: bool) -> dict[str, Any]:
    return {
        "id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
        "special": special,
    }  # fmt: skip


def write_hf(folder: Path, shape: Shape = SHAPE, seed: int = 0) -> Path:
    """A model folder."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "config.json", config_of(shape))
    _write(folder / "tokenizer.json", tokenizer_json())
    words = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "bos_token": None, "tokenizer_class": "PreTrainedTokenizerFast"}
    _write(folder / "tokenizer_config.json", words)
    (folder / "chat_template.jinja").write_text(CHATML, "utf-8")
    save_file(dict(RandomTensors(shape, seed)), folder / "model.safetensors", {"format": "pt"})
    return folder


def shipped_stand_in(folder: Path) -> Path:
    """A folder like agent/models, with random weights in place of the trained ones."""
    trained = write_hf(folder / "trained", SHAPE._replace(context=4096))
    (trained / "README.md").write_text("# A stand-in\n\nRandom weights, for tests.\n", "utf-8")
    (folder / "models").mkdir()
    ship(trained, folder / "models")
    return folder / "models"


def write_peft(folder: Path, shape: Shape = SHAPE, seed: int = 1, kind: Kind = "activated", **more: Any) -> Path:
    """An adapter folder; `more` goes into its config."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    pairs = lora_pairs(shape, seed, rank=4, strength=0.5)
    config = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "bias": "none",
        "target_modules": sorted({module.rsplit(".", 1)[-1] for module in pairs}), "base_model_name_or_path": "tiny",
        "inference_mode": True, "alora_invocation_tokens": list(HEADER) if kind == "activated" else None, **more,
    }  # fmt: skip
    _write(folder / "adapter_config.json", config)
    tensors = {}
    for module, (a, b) in pairs.items():
        tensors[f"base_model.model.{module}.lora_A.weight"] = a
        tensors[f"base_model.model.{module}.lora_B.weight"] = b
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    return folder


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")


def letter_to(name: str, style: str = "Write short letters. Quote the facts.") -> Prompt:
    """A prompt with a static message and one of the prospect's own."""
    return Prompt((Message("system", (Piece(style, True),), static=True), Message("user", (Piece("Write to ", True), Piece(name, False)))))


def opened(folder: Path, **more: Any) -> HfBackbone:
    """The backbone on one thread of the processor."""
    from agent.backbones.hf import HfBackbone

    return HfBackbone(HfSpec(model=str(folder), device="cpu", threads=1, **more))


def off(one: Iterable[Sequence[float] | None], other: Iterable[Sequence[float] | None]) -> float:
    """The largest difference between two lists of rows of the same lengths."""
    rows, others = ([row or () for row in given] for given in (one, other))
    assert [len(row) for row in rows] == [len(row) for row in others]
    return max(abs(a - b) for pair in zip(rows, others, strict=True) for a, b in zip(*pair, strict=True))


MAYA, OMAR = letter_to("Maya at Larkholm"), letter_to("Omar at Acme")
COMPLETIONS = (
    (*b"Hi Maya, could the team meet?", IM_END),
    (*b"Hello there", IM_END),
    (*b"Good morning, a longer letter that goes on and on for more than one pass of rows.", IM_END),
    (*b"Hello there", IM_END),
    (IM_END,),
)

__all__ = ["COMPLETIONS", "MAYA", "OMAR", "SHAPE", "SPLIT", "THINK", "letter_to", "off", "opened", "shipped_stand_in", "write_hf", "write_peft"]
