"""What doctor says of the model, its context, its memory, the server's key and the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.cli.checks import Check
from agent.cli.doctor_model import examine_model
from agent.settings import load_config
from tests.command import winnow
from tests.hf_folders import shipped_stand_in

pytest.importorskip("llama_cpp")
pytest.importorskip("gguf")
pytest.importorskip("safetensors")

from training.random_model import TINY, random_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "noise.gguf"
    random_model(path, TINY, 0, "F32")
    return path


def _checks(folder: Path, **settings: object) -> dict[str, Check]:
    config = load_config({"store": str(folder / "winnow.db"), **settings}, None, {})
    return {check.name: check for check in examine_model(config)}


def test_a_model_that_fits_is_described(model: Path, tmp_path: Path) -> None:
    found = _checks(tmp_path, backbone=f"llama:{model}")
    assert {name: check.status for name, check in found.items()} == dict.fromkeys(
        ("backbone", "model", "threads", "context", "memory", "store"), "ok"
    )
    assert "trained for 8192 tokens" in found["model"].found and "the same for all" in found["context"].found
    assert "which the first run will make" in found["store"].found and not (tmp_path / "winnow.db").exists()


def test_a_context_that_is_too_small_is_broken(model: Path, tmp_path: Path) -> None:
    found = _checks(tmp_path, backbone={"kind": "llama", "model": str(model), "context": 512})
    assert found["context"].status == "broken" and "512" in found["context"].found and found["context"].fix


def test_a_memory_that_is_too_small_is_broken(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sysconf", lambda name: 4096 if name == "SC_PAGE_SIZE" else 10)
    assert _checks(tmp_path, backbone=f"llama:{model}")["memory"].status == "broken"


def test_a_model_that_is_not_there_is_broken(tmp_path: Path) -> None:
    assert _checks(tmp_path, backbone="llama:nothing.gguf")["model"].status == "broken"
    assert _checks(tmp_path, backbone={"kind": "hf", "model": "org/name"})["model"].status == "note"
    assert _checks(tmp_path, backbone={"kind": "hf", "model": str(tmp_path)})["model"].status == "broken"


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Shipped files of random weights in place of the real ones."""
    folder = shipped_stand_in(tmp_path)
    monkeypatch.setattr("agent.models.FOLDER", folder)
    return folder


def test_the_embedded_model_is_explained(stand_in: Path, tmp_path: Path) -> None:
    found = _checks(tmp_path)
    assert found["embedded model"].status == found["model"].status == found["memory"].status == "ok"
    said = found["embedded model"].found
    assert "embedded.gguf, 0.1 million weights in 0.1 MB, SHA-256 as shipped" in said and "demonstration" in said and "'tenacious'" in said
    assert "embedded.gguf, hash" in found["model"].found and "trade" not in found
    other = _checks(tmp_path, playbook="larkholm")["trade"]
    assert other.status == "note" and "larkholm" in other.found and other.fix
    folder = _checks(tmp_path, backbone="hf")
    assert folder["embedded model"].status == folder["model"].status == "ok" and str(stand_in / "embedded") in folder["embedded model"].found


@pytest.mark.parametrize("backbone", ["llama", "hf"])
def test_an_embedded_model_that_is_damaged_or_gone_is_broken(stand_in: Path, tmp_path: Path, backbone: str) -> None:
    for file in (stand_in / "embedded.gguf", stand_in / "embedded" / "model.safetensors"):
        file.write_bytes(file.read_bytes()[:-1] + b"?")
    found = _checks(tmp_path, backbone=backbone)
    assert found["embedded model"].status == "broken" and "is damaged" in found["embedded model"].found and "model" not in found
    (stand_in / "SHA256SUMS").unlink()
    assert "cannot be checked; install winnow again" in _checks(tmp_path, backbone=backbone)["embedded model"].found


def test_the_key_of_a_server_is_named_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret")
    block = {"kind": "openai", "model": "x", "base_url": "http://127.0.0.1:9/v1", "api_key_env": "MY_KEY"}
    found = _checks(tmp_path, backbone=block)
    assert found["server key"].found == "MY_KEY is set" and "sk-secret" not in str(found)
    monkeypatch.delenv("MY_KEY")
    assert _checks(tmp_path, backbone=block)["server key"].status == "note"


def test_a_store_that_is_none_is_broken(tmp_path: Path) -> None:
    (tmp_path / "winnow.db").write_text("not a store", "utf-8")
    assert _checks(tmp_path, backbone="scripted")["store"].status == "broken"


def test_the_command_looks_at_the_model_it_is_given(model: Path, tmp_path: Path) -> None:
    found = winnow("doctor", "--json", "--backbone", f"llama:{model}")
    names = {check["name"]: check["status"] for check in found.data}
    assert names["context"] == names["memory"] == "ok" and found.status == 0
    assert winnow("doctor", "--backbone", "llama:nothing.gguf").status == 1
