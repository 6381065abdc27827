"""What doctor says of the model, its context, its memory, the server's key and the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.cli.checks import Check
from agent.cli.doctor_model import examine_model
from agent.settings import load_config
from tests.command import winnow

pytest.importorskip("llama_cpp")
pytest.importorskip("gguf")

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


def test_a_model_that_is_not_there_is_broken_and_an_absent_default_a_note(tmp_path: Path) -> None:
    assert _checks(tmp_path, backbone="llama:nothing.gguf")["model"].status == "broken"
    assert _checks(tmp_path)["model"].status == "note"
    assert _checks(tmp_path, backbone={"kind": "hf", "model": "org/name"})["model"].status == "note"
    assert _checks(tmp_path, backbone={"kind": "hf", "model": str(tmp_path)})["model"].status == "broken"


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
