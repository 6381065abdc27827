"""A trained adapter's folder as one GGUF file, for the base that it was trained on.

Decides the architecture that the file names, by the base's own config. Refuses bases whose weights llama.cpp
stores turned round or renamed: an adapter for those would fit by its shapes and be wrong.
"""

from __future__ import annotations

import json
from pathlib import Path

from rubric.errors import ModelError
from training.export.gguf_from_hf import lora_from_peft
from training.export.gguf_model import write_lora

ARCHITECTURES = {"qwen2": "qwen2", "qwen3": "qwen3"}  # llama.cpp holds their linear layers as transformers does


def write_adapter(folder: Path, base: Path, path: Path, *, name: str, base_hash: str | None = None) -> Path:
    """Writes the adapter of a PEFT folder; `base` is the transformers folder of its model, `name` how it is called."""
    architecture = _architecture(base)
    lora = lora_from_peft(folder)._replace(base_name=name, base_hash=base_hash)
    return write_lora(path, lora, architecture)


def _architecture(base: Path) -> str:
    file = base / "config.json"
    try:
        kind = json.loads(file.read_text("utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{file} cannot be read: {error}; give the folder of the base model") from None
    if kind not in ARCHITECTURES:
        raise ModelError(
            f"{base}: an adapter of a {kind!r} model is not written as GGUF here, only of {', '.join(ARCHITECTURES)}; "
            f"convert the folder with llama.cpp's convert_lora_to_gguf.py"
        )
    return ARCHITECTURES[kind]


__all__ = ["ARCHITECTURES", "write_adapter"]
