"""The model that is shipped: its files are the ones listed, belong together, and are what the README says they are."""

from __future__ import annotations

from pathlib import Path

import pytest

for name in ("torch", "transformers", "peft", "llama_cpp", "gguf", "tokenizers"):
    pytest.importorskip(name)

from agent.backbones.hf import HfBackbone
from agent.backbones.llama import LlamaBackbone
from agent.backbones.llama_file import check_model, read_gguf
from agent.backbones.spec import HfSpec, LlamaSpec
from agent.backbones.tokenizer import LocalTokenizer
from agent.cli.doctor_model import examine_model
from agent.models import FOLDER, embedded_folder, embedded_gguf, shipped
from agent.settings import load_config
from tests.command import PROSPECT, ROOT, winnow
from tests.hf_folders import letter_to, off
from tests.hostile_texts import hostile_texts
from training.export.__main__ import export

BRIEF = letter_to("Maya Lindqvist at Northwind Robotics, 62 people, Series B in February")
LETTERS = ("Hi Maya,\n\nNorthwind Robotics closed its Series B in February.", "Hello there", "12.5% \u00e9\u0301 \U0001f600")


def test_the_files_are_the_ones_that_are_listed() -> None:
    assert embedded_gguf() == FOLDER / "embedded.gguf" and embedded_folder() == FOLDER / "embedded"
    on_disk = {file.relative_to(FOLDER).as_posix() for file in FOLDER.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")}
    assert on_disk == {*shipped(), "SHA256SUMS"}
    assert sum((FOLDER / name).stat().st_size for name in shipped()) <= 40e6


def test_the_gguf_is_the_export_of_the_folder(tmp_path: Path) -> None:
    again = export(embedded_folder(), tmp_path / "again.gguf", "Q8_0")
    assert again.read_bytes() == embedded_gguf().read_bytes()
    assert check_model(read_gguf(again)).whole("general.file_type") == 7  # Q8_0


def test_2000_hostile_texts_have_the_same_ids_in_both() -> None:
    tokenizer = LocalTokenizer(str(embedded_folder()))
    with LlamaBackbone(LlamaSpec()) as llama:
        for text in hostile_texts(2000, seed=4):
            for special in (True, False):
                assert llama._model.tokenize(text, special) == list(tokenizer.tokenize(text, special)), text


def test_its_weights_in_full_give_the_log_probabilities_of_transformers(tmp_path: Path) -> None:
    full = export(embedded_folder(), tmp_path / "full.gguf", "F32")
    with (
        HfBackbone(HfSpec(model="embedded", device="cpu", threads=1)) as hf,
        LlamaBackbone(LlamaSpec(model=str(full), threads=1)) as exact,
        LlamaBackbone(LlamaSpec(threads=1)) as rounded,
    ):
        assert hf.encode(BRIEF) == exact.encode(BRIEF) == rounded.encode(BRIEF)
        letters = [exact._model.tokenize(letter, special=False) for letter in LETTERS]
        wanted = hf.score(BRIEF, letters).logprobs
        assert off(wanted, exact.score(BRIEF, letters).logprobs) < 1e-3
        assert off(wanted, rounded.score(BRIEF, letters).logprobs) < 0.5


def test_doctor_finds_it_whole() -> None:
    found = {check.name: check for check in examine_model(load_config({}, None, {}))}
    assert found["embedded model"].status == found["model"].status == found["context"].status == found["memory"].status == "ok"


def test_it_drafts_for_the_example_without_any_setting() -> None:
    found = winnow("draft", PROSPECT, "--json").data
    assert found["outcome"] == "DRAFT" and found["receipt"]["model"]["model"] == "embedded.gguf"
    assert "Maya" in found["email"]["body"] and ("Northwind" in str(found["email"]) or "Series B" in found["email"]["body"])


def test_card_and_readme_say_what_it_is_for() -> None:
    for text in ((embedded_folder() / "README.md").read_text("utf-8"), (ROOT / "README.md").read_text("utf-8")):
        said = " ".join(text.lower().split())
        assert "demonstration" in said and "only about this trade" in said
