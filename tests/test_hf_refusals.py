"""What the transformers backbone refuses: folders, settings and adapters that cannot work, each with its fix."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

for name in ("torch", "transformers", "peft"):
    pytest.importorskip(name)

from agent.backbones.hf import HfBackbone
from agent.backbones.spec import HfSpec
from rubric.errors import ConfigError, MissingExtra, ModelError
from tests.command import ROOT
from tests.hf_folders import COMPLETIONS, MAYA, SHAPE, off, opened, write_hf, write_peft
from training.random_model import Kind


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hf(tmp_path_factory.mktemp("hf") / "tiny")


@pytest.fixture
def hf(folder: Path) -> Iterator[HfBackbone]:
    with opened(folder) as backbone:
        yield backbone


def _spoiled(folder: Path, name: str, content: bytes | None) -> Path:
    write_hf(folder)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("model.safetensors", b"\x08\x00", "cannot be loaded"), ("model.safetensors", None, "cannot be loaded"),
        ("config.json", None, "no config.json"), ("config.json", b"{", "cannot be loaded"),
        ("config.json", b'{"model_type": "nonesuch"}', "cannot be loaded"), ("tokenizer.json", None, "tokenizer.json"),
    ],
)  # fmt: skip
def test_a_broken_folder_is_a_model_error(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        opened(_spoiled(tmp_path, name, content))


def test_weights_that_lack_a_tensor_are_refused(tmp_path: Path) -> None:
    write_hf(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    with pytest.raises(ModelError, match=r"lack model\.layers\.2"):
        opened(tmp_path)


def test_settings_that_cannot_be_met_are_refused(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        opened(tmp_path / "none")
    with pytest.raises(ConfigError, match="expected auto, cpu, cuda"):
        HfBackbone(HfSpec(model=str(folder), device="abacus"))
    with pytest.raises(ConfigError, match="needs CUDA"):
        opened(folder, quantization="nf4")
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    with pytest.raises(ConfigError, match="sees 0 CUDA devices"):
        HfBackbone(HfSpec(model=str(folder), device="cuda"))
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    monkeypatch.setattr("agent.backbones.hf_model.find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"winnow\[gpu\]"):
        HfBackbone(HfSpec(model=str(folder), device="cuda", quantization="int8"))


def test_without_torch_the_extra_is_named(folder: Path) -> None:
    code = """
import sys
sys.modules["torch"] = None  # importing it now raises ImportError
from agent.backbones import open_backbone
from agent.backbones.spec import HfSpec
from rubric.errors import MissingExtra
try:
    open_backbone(HfSpec(model=sys.argv[1]))
except MissingExtra as error:
    sys.exit(0 if "winnow[hf]" in str(error) else 1)
sys.exit(2)
"""
    assert subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT, check=False, timeout=60).returncode == 0


def test_a_hub_that_cannot_be_reached_is_a_model_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: Any, **__: Any) -> Any:
        raise OSError("no route to host")

    monkeypatch.setattr("huggingface_hub.snapshot_download", offline)
    with pytest.raises(ModelError, match="check the name and the network"):
        HfBackbone(HfSpec(model="someone/some-model", device="cpu"))


def test_adapters_that_do_not_belong_are_refused(hf: HfBackbone, tmp_path: Path) -> None:
    wide = write_peft(tmp_path / "wide", SHAPE._replace(hidden=32))
    deep = write_peft(tmp_path / "deep", SHAPE._replace(layers=3))
    shallow = write_peft(tmp_path / "shallow", SHAPE._replace(layers=1))
    foreign = write_peft(tmp_path / "foreign", alora_invocation_tokens=[1, 2, 3])
    cut = write_peft(tmp_path / "cut")
    (cut / "adapter_model.safetensors").write_bytes(b"\xff" * 20)
    cases = {wide: "features 64 and the adapter 32", deep: r"no model\.layers\.2", shallow: "missing adapter keys", foreign: "wakes at", cut: "cut short"}
    for path, said in cases.items():
        with pytest.raises(ModelError, match=said):
            hf.score(MAYA, COMPLETIONS, str(path))
    with pytest.raises(ModelError, match="none of this name"):
        hf.score(MAYA, COMPLETIONS, str(tmp_path / "absent"))


@pytest.mark.parametrize("good_first", [False, True])
def test_a_refused_adapter_leaves_the_model_as_it_was(folder: Path, tmp_path: Path, *, good_first: bool) -> None:
    shallow = str(write_peft(tmp_path / "shallow", SHAPE._replace(layers=1)))
    activated, ordinary = (str(write_peft(tmp_path / kind, kind=kind)) for kind in get_args(Kind))
    with opened(folder) as backbone:
        bare = backbone.score(MAYA, COMPLETIONS).logprobs
        wanted = backbone.score(MAYA, COMPLETIONS, activated).logprobs if good_first else None
        for _ in range(2):
            with pytest.raises(ModelError, match="missing adapter keys"):
                backbone.score(MAYA, COMPLETIONS, shallow)
            backbone.forget()
            assert backbone.score(MAYA, COMPLETIONS).logprobs == bare
        assert off(backbone.score(MAYA, COMPLETIONS, ordinary).logprobs, bare) > 0.01
        if wanted:
            assert backbone.score(MAYA, COMPLETIONS, activated).logprobs == wanted


def test_an_adapter_that_names_another_hub_model_is_refused(tmp_path: Path) -> None:
    from agent.backbones.hf_adapter import Wardrobe

    wardrobe = Wardrobe(None, "unsloth/Qwen3-1.7B-bnb-4bit")
    other = write_peft(tmp_path / "other", base_model_name_or_path="Qwen/Qwen3-0.6B")
    with pytest.raises(ModelError, match=r"made for Qwen/Qwen3-0\.6B"):
        wardrobe.adapter(str(other))
    wardrobe._refuse_other_name(tmp_path, "Qwen/Qwen3-1.7B")


def test_an_adapter_that_was_trained_again_is_loaded_again(hf: HfBackbone, tmp_path: Path) -> None:
    path = write_peft(tmp_path)
    before = hf.score(MAYA, COMPLETIONS, str(path)).logprobs
    write_peft(tmp_path, seed=7)
    assert off(hf.score(MAYA, COMPLETIONS, str(path)).logprobs, before) > 0.001
