"""The finished model as a transformers folder: weights in half precision, configuration and tokenizer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from rubric.errors import StoreError
from training.backbone.model import TreeModel
from training.backbone.tokenizer import END, STOP, load

RECORDS = {"recipe.json": "recipe.json", "metrics.jsonl": "training.jsonl"}


def write_folder(model: TreeModel, work: Path, folder: Path) -> Path:
    """`work` holds the tokenizer, and of a run its recipe and measures, which go along."""
    from safetensors.torch import save_file

    shape, reader, tokenizer = model.shape, load(work / "tokenizer"), work / "tokenizer"
    config = {
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_act": "silu", "attention_bias": False,
        "attention_dropout": 0.0, "dtype": "float16", "use_cache": True, "initializer_range": 0.02,
        "vocab_size": shape.vocab, "hidden_size": shape.hidden, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads, "head_dim": shape.head_dim,
        "intermediate_size": shape.ffn, "max_position_embeddings": shape.context, "rms_norm_eps": shape.norm_eps,
        "rope_parameters": {"rope_type": "default", "rope_theta": shape.rope_base}, "tie_word_embeddings": True,
        "eos_token_id": reader.token_to_id(STOP), "pad_token_id": reader.token_to_id(END),
    }  # fmt: skip
    ends = {"eos_token_id": config["eos_token_id"], "pad_token_id": config["pad_token_id"], "do_sample": True}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in (("config.json", config), ("generation_config.json", ends)):
            (folder / name).write_text(json.dumps(data, indent=1) + "\n", "utf-8")
        for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
            shutil.copy(tokenizer / name, folder / name)
        for name, kept in RECORDS.items():
            if (work / name).exists():
                shutil.copy(work / name, folder / kept)
        weights = {name: weight.detach().cpu().half().contiguous() for name, weight in model.state_dict().items()}
        save_file(weights, str(folder / "model.safetensors"), {"format": "pt"})
    except OSError as error:
        raise StoreError(f"the model folder {folder} cannot be written: {error}; make room or give another place") from None
    return folder


__all__ = ["write_folder"]
