"""The exporter's command: a transformers or PEFT folder becomes one GGUF file.

    python -m training.export FOLDER model.gguf --quant Q8_0
    python -m training.export ADAPTER_FOLDER adapter.gguf

Decides which of the two a folder is, by its files. A folder that cannot be exported without loss, and a
file that cannot be written whole, end it with the error and the exit status of its kind.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rubric.errors import WinnowError
from training.export.gguf_from_hf import lora_from_peft, model_from_hf
from training.export.gguf_model import Quant, write_lora, write_model


def export(folder: Path, path: Path, quant: Quant = "F16") -> Path:
    """Writes the model or the adapter of a folder; a model is called as its folder is."""
    if (folder / "adapter_config.json").exists():
        return write_lora(path, lora_from_peft(folder))
    model = model_from_hf(folder)
    return write_model(path, model.shape, model.tensors, model.vocabulary, quant, name=folder.resolve().name)


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        written = export(Path(given.folder), Path(given.path), given.quant)
    except WinnowError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.status
    sys.stderr.write(f"wrote {written} ({written.stat().st_size / 1e6:.1f} MB)\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.export", description="Writes a transformers or PEFT folder as one GGUF file.")
    parser.add_argument("folder", help="folder that transformers or PEFT saved")
    parser.add_argument("path", help="GGUF file to write")
    parser.add_argument("--quant", choices=get_args(Quant), default="F16", help="type of a model's matrices; adapters stay exact")
    return parser


if __name__ == "__main__":
    sys.exit(main())
