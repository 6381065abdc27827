"""The embedded model: found, checked against its sums, opened by both backbones, and refused when it is not what was shipped."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

for name in ("gguf", "safetensors"):
    pytest.importorskip(name)

from agent import models
from agent.backbones import open_backbone
from agent.backbones.spec import HfSpec, LlamaSpec
from agent.models import embedded_folder, embedded_gguf, shipped
from agent.settings import load_config
from rubric.errors import ModelError
from tests.hf_folders import COMPLETIONS, MAYA, off, shipped_stand_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shipped_stand_in(tmp_path)


def test_both_forms_are_found_and_listed(folder: Path) -> None:
    assert embedded_gguf(folder) == folder / "embedded.gguf" and embedded_folder(folder) == folder / "embedded"
    on_disk = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert on_disk == {*shipped(folder), "SHA256SUMS"} >= {f"embedded/{name}" for name in models.NEEDED}


def test_coreutils_can_check_the_sums(folder: Path) -> None:
    done = subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.count(": OK") == len(shipped(folder))


def test_a_damaged_file_is_refused_with_both_sums(folder: Path) -> None:
    path, sums = folder / "embedded.gguf", shipped(folder)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelError, match=rf"embedded\.gguf is damaged: its SHA-256 is [0-9a-f]{{64}}, expected {sums['embedded.gguf']}; install winnow again"):
        embedded_gguf(folder)
    assert embedded_folder(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "chat_template.jinja", "README.md"])
def test_every_file_of_the_folder_is_checked(folder: Path, name: str) -> None:
    (folder / "embedded" / name).write_bytes(b"")
    with pytest.raises(ModelError, match=rf"{name} is damaged"):
        embedded_folder(folder)
    (folder / "embedded" / name).unlink()
    with pytest.raises(ModelError, match=rf"there is no .*{name}, which belongs to the embedded model"):
        embedded_folder(folder)
    assert embedded_gguf(folder)


def test_a_list_that_is_missing_short_or_broken_is_refused(folder: Path) -> None:
    sums = folder / "SHA256SUMS"
    lines = sums.read_text("utf-8").splitlines()
    sums.write_text("\n".join(line for line in lines if "config.json" not in line), "utf-8")
    with pytest.raises(ModelError, match=r"does not list embedded/config\.json"):
        embedded_folder(folder)
    sums.write_text(f"{lines[0]}\nnonsense\n", "utf-8")
    with pytest.raises(ModelError, match="damaged in line 2"):
        embedded_gguf(folder)
    sums.write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match="cannot be read"):
        embedded_gguf(folder)
    sums.unlink()
    with pytest.raises(ModelError, match="cannot be checked; install winnow again"):
        embedded_gguf(folder)


def test_a_file_is_read_once_in_a_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = models._sum
    monkeypatch.setattr(models, "_sum", lambda path: (read.append(path.name), real(path))[1])
    assert [embedded_gguf(folder) for _ in range(3)] == [folder / "embedded.gguf"] * 3
    assert read == ["embedded.gguf"]


def test_the_default_backbone_is_the_embedded_model() -> None:
    assert load_config({}, None, {}).backbone == LlamaSpec(model="embedded")
    assert load_config({"backbone": "hf"}, None, {}).backbone == HfSpec(model="embedded")


def test_both_backbones_open_it_and_agree(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("llama_cpp", "torch", "transformers", "peft"):
        pytest.importorskip(name)
    monkeypatch.setattr(models, "FOLDER", folder)
    (tmp_path / "embedded").mkdir()  # a folder of this name here is not the one that is meant
    monkeypatch.chdir(tmp_path)
    with open_backbone(LlamaSpec()) as llama, open_backbone(HfSpec(device="cpu", threads=1)) as hf:  # type: ignore[attr-defined]
        assert llama.identity.model == "embedded.gguf" and hf.identity.model == "embedded"
        rows = [backbone.score(MAYA, COMPLETIONS).logprobs for backbone in (llama, hf)]
    assert off(*rows) < 0.3  # one holds its weights in 8 bits, the other in 16


def test_a_damaged_model_is_not_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llama_cpp")
    monkeypatch.setattr(models, "FOLDER", folder)
    (folder / "embedded.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelError, match="is damaged"):
        open_backbone(LlamaSpec())
