"""From a trained model to the files that are shipped: half precision, a GGUF of it, sums; whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

np = pytest.importorskip("numpy")
for name in ("gguf", "safetensors"):
    pytest.importorskip(name)

from agent.backbones.hf_model import weights_hash
from agent.models import embedded_adapter, embedded_gguf, shipped
from critic.adapter_card import CriticFile, written
from rubric.errors import ModelError, StoreError
from tests.command import ROOT
from tests.hf_folders import SHAPE, shipped_stand_in, write_hf
from training.export.__main__ import export
from training.export.gguf_from_hf import Safetensors
from training.export.shipment import main, ship, ship_adapter
from training.random_model import RandomTensors


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    folder = write_hf(tmp_path / "trained")
    (folder / "README.md").write_text("# Card\n", "utf-8")
    (folder / "optimizer.pt").write_bytes(b"not shipped")
    (tmp_path / "models").mkdir()
    return folder


def test_weights_are_halved_and_nothing_else_is_taken(trained: Path, tmp_path: Path) -> None:
    written = ship(trained, tmp_path / "models")
    half = tmp_path / "models" / "embedded"
    assert {file.name for file in half.iterdir()} == {
        "README.md", "chat_template.jinja", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
    assert all(file.exists() and file.stat().st_mode & 0o044 for file in written)
    tensors, wanted = Safetensors([half / "model.safetensors"]), RandomTensors(SHAPE)
    assert set(tensors) == set(wanted) and all(np.array_equal(tensors[name], wanted[name].astype(np.float16)) for name in wanted)
    assert json.loads((half / "config.json").read_text())["dtype"] == "float16"


def test_the_gguf_is_the_export_of_the_shipped_folder(tmp_path: Path) -> None:
    models = shipped_stand_in(tmp_path)
    again = export(models / "embedded", tmp_path / "again.gguf", "Q8_0")
    assert again.read_bytes() == (models / "embedded.gguf").read_bytes()


def test_a_second_shipment_replaces_the_first_and_equals_it(trained: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    first = {path: path.read_bytes() for path in ship(trained, models)}
    (models / "embedded" / "old.json").write_text("{}")
    assert {path: path.read_bytes() for path in ship(trained, models)} == first
    assert {path: path.read_bytes() for path in ship(models / "embedded", models)} == first
    assert not (models / "embedded" / "old.json").exists()
    assert {path.name for path in models.iterdir()} == {"embedded", "embedded.gguf", "SHA256SUMS"}


def test_what_cannot_be_shipped_leaves_the_old_files(trained: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    before = {path: path.read_bytes() for path in ship(trained, models)}
    (trained / "chat_template.jinja").unlink()
    with pytest.raises(ModelError, match="chat_template"):
        ship(trained, models)
    (trained / "README.md").unlink()
    with pytest.raises(ModelError, match="write the model card first"):
        ship(trained, models)
    assert {path: path.read_bytes() for path in before} == before and len(list(models.iterdir())) == 3


_FULL = """
import resource, sys
from training.export.shipment import main
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
sys.exit(main(sys.argv[1:]))
"""


def test_a_full_disk_leaves_the_old_files(trained: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    before = {path: path.read_bytes() for path in ship(trained, models)}
    command = [sys.executable, "-c", _FULL, str(trained), "--into", str(models)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "cannot be written" in done.stderr and "make room or give another place" in done.stderr
    assert {path: path.read_bytes() for path in before} == before and len(list(models.iterdir())) == 3


def test_values_beyond_half_precision_are_refused(trained: Path, tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    tensors = dict(RandomTensors(SHAPE))
    tensors["model.norm.weight"] = tensors["model.norm.weight"] * np.float32(1e6)
    save_file(tensors, trained / "model.safetensors")
    with pytest.raises(ModelError, match=r"model\.norm\.weight has values that float16 cannot hold"):
        ship(trained, tmp_path / "models")


def test_a_place_that_cannot_be_written_is_said(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StoreError, match="cannot be written: No such file"):
        ship(trained, tmp_path / "nowhere")
    assert main([str(trained), "--into", str(tmp_path / "nowhere")]) == 1
    assert main([str(trained), "--into", str(tmp_path / "models")]) == 0
    said = capsys.readouterr().err
    assert "error: " in said and said.count("wrote ") == 8


def adapter(place: Path, models: Path, **said: Any) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    for name in ("README.md", "adapter.gguf", "adapter_config.json", "adapter_model.safetensors"):
        (place / name).write_bytes(name.encode())
    fields = {"base": {"name": "embedded", "hash": weights_hash(models / "embedded")}, "health": FIT} | said
    (place / "winnow.json").write_bytes(written(CriticFile.model_validate(fields)))
    return place


FIT = {"k": 4, "change": 0.5, "efficiency": {"critic": {"value": 0.4, "low": 0.3, "high": 0.5, "count": 90, "clusters": 90}}}


def test_an_adapter_is_shipped_beside_its_model_and_goes_with_it(tmp_path: Path, trained: Path) -> None:
    models = shipped_stand_in(tmp_path / "stand-in")
    ship_adapter(adapter(tmp_path / "seed-0", models), models)
    assert embedded_adapter("embedded", models) == models / "critic" and embedded_gguf(models)
    before = shipped(models)
    ship_adapter(adapter(tmp_path / "seed-0", models), models)
    assert shipped(models) == before and len([name for name in before if name.startswith("critic/")]) == 5
    ship(models / "embedded", models)
    assert shipped(models) == before and embedded_adapter("embedded", models)
    ship(trained, models)
    assert not (models / "critic").exists() and not any(name.startswith("critic/") for name in shipped(models))
    with pytest.raises(ModelError, match="no critic comes with this Winnow"):
        embedded_adapter("embedded", models)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"base": {"name": "embedded", "hash": "0"}}, "trained on other weights"), ({"base": None}, "trained on other weights"),
        ({"health": None}, "has not been measured; run `winnow critic card"), ({"health": {"k": 4, "change": 0.0}}, "not fit to be shipped"),
        ({"health": {"k": 4, "change": 0.5}}, "no interval that lies above chance"),
    ],
)  # fmt: skip
def test_an_adapter_that_is_of_no_use_is_not_shipped(tmp_path: Path, change: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    models = shipped_stand_in(tmp_path)
    folder = adapter(tmp_path / "seed-0", models, **change)
    before = (models / "SHA256SUMS").read_bytes()
    assert main(["--adapter", str(folder), "--into", str(models)]) == 2
    assert said in capsys.readouterr().err and not (models / "critic").exists() and (models / "SHA256SUMS").read_bytes() == before


def test_a_folder_without_an_adapter_is_told(tmp_path: Path) -> None:
    models = shipped_stand_in(tmp_path)
    (adapter(tmp_path / "seed-0", models) / "adapter.gguf").unlink()
    with pytest.raises(ModelError, match=r"there is no .*adapter\.gguf; give the folder of a seed"):
        ship_adapter(tmp_path / "seed-0", models)
