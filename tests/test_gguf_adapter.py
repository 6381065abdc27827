"""Adapters as GGUF: the base's architecture, its hash and the tokens that wake them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("gguf")
pytest.importorskip("safetensors")

from agent.backbones.llama_file import check_adapter, read_gguf
from rubric.errors import ModelError
from tests.hf_folders import write_hf, write_peft
from training.export.__main__ import export
from training.export.gguf_adapter import write_adapter
from training.random_model import HEADER


def test_the_file_names_base_hash_and_invocation(tmp_path: Path) -> None:
    base, adapter = write_hf(tmp_path / "model"), write_peft(tmp_path / "adapter")
    path = write_adapter(adapter, base, tmp_path / "adapter.gguf", name="tiny", base_hash="0123456789abcdef")
    found = check_adapter(path, read_gguf(export(base, tmp_path / "model.gguf", "F32")))
    assert found.architecture == "qwen3" and found.text("winnow.base.hash") == "0123456789abcdef"
    assert found.values["adapter.alora.invocation_tokens"].values == HEADER
    assert found.values["adapter.lora.alpha"] == 8.0


def test_an_ordinary_adapter_has_no_invocation(tmp_path: Path) -> None:
    base, adapter = write_hf(tmp_path / "model"), write_peft(tmp_path / "adapter", kind="ordinary")
    found = read_gguf(write_adapter(adapter, base, tmp_path / "adapter.gguf", name="tiny"))
    assert "adapter.alora.invocation_tokens" not in found.values and "winnow.base.hash" not in found.values


@pytest.mark.parametrize(("kind", "works"), [("qwen2", True), ("llama", False), ("gpt2", False), (None, False)])
def test_only_bases_that_llama_cpp_holds_alike(tmp_path: Path, kind: str | None, works: bool) -> None:
    base, adapter = write_hf(tmp_path / "model"), write_peft(tmp_path / "adapter")
    config = json.loads((base / "config.json").read_text("utf-8"))
    (base / "config.json").write_text(json.dumps({**config, "model_type": kind}), "utf-8")
    if works:
        assert read_gguf(write_adapter(adapter, base, tmp_path / "a.gguf", name="tiny")).architecture == kind
        return
    with pytest.raises(ModelError, match="convert_lora_to_gguf"):
        write_adapter(adapter, base, tmp_path / "a.gguf", name="tiny")
    assert not (tmp_path / "a.gguf").exists()


def test_a_base_without_config_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config.json cannot be read"):
        write_adapter(write_peft(tmp_path / "adapter"), tmp_path / "none", tmp_path / "a.gguf", name="tiny")
