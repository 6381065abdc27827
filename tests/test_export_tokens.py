"""One tokenizer, trained as that of a small model is, under `tokenizers` and in a GGUF under llama.cpp: equal token ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

for name in ("llama_cpp", "gguf", "tokenizers", "safetensors"):
    pytest.importorskip(name)

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from agent.backbones.llama_native import Model
from agent.backbones.tokenizer import LocalTokenizer
from rubric.errors import ModelError
from tests.hf_folders import SHAPE, SPLIT, write_hf
from tests.hostile_texts import hostile_texts
from training.export.__main__ import export
from training.export.gguf_from_hf import vocabulary_from_hf
from training.random_model import CONTROLS

WORDS = 1500


class Both(NamedTuple):
    folder: Path
    tokenizer: LocalTokenizer
    model: Model


def trained() -> Tokenizer:
    """Byte-level BPE with Qwen's cuts and ChatML's tokens, learnt from hostile texts, so that merges cross what is odd."""
    made: Any = Tokenizer(models.BPE())
    cuts = pre_tokenizers.Split(Regex(SPLIT), "isolated")
    made.pre_tokenizer = pre_tokenizers.Sequence([cuts, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=WORDS, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), special_tokens=list(CONTROLS), show_progress=False
    )
    made.train_from_iterator(hostile_texts(3000, seed=1), trainer)
    return made


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = write_hf(tmp_path_factory.mktemp("tokens") / "tiny", SHAPE._replace(vocab=WORDS))
    trained().save(str(folder / "tokenizer.json"))
    with Model(export(folder, folder.with_suffix(".gguf"), "Q8_0")) as model:
        yield Both(folder, LocalTokenizer(str(folder)), model)


@pytest.mark.parametrize("special", [True, False])
def test_2000_hostile_texts_have_the_same_ids(both: Both, *, special: bool) -> None:
    plain: Any = Tokenizer.from_file(str(both.folder / "tokenizer.json"))
    plain.encode_special_tokens = not special
    texts, controls = hostile_texts(2000, seed=2), 0
    for text in texts:
        ids = both.model.tokenize(text, special)
        assert ids == list(both.tokenizer.tokenize(text, special)), text
        assert ids == plain.encode(text, add_special_tokens=False).ids, text
        assert b"".join(both.model.piece(token, special=True) for token in ids).decode() == text
        controls += sum(token < len(CONTROLS) for token in ids)
    assert (controls > 500) == special and (controls == 0) != special
    assert len({token for text in texts for token in both.model.tokenize(text, special)}) > WORDS * 0.8


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\ud83d\ude00 Maya", "<|im_\ud83dend|>"])
def test_halves_of_surrogates_have_the_same_ids(both: Both, text: str) -> None:
    for special in (True, False):
        assert both.model.tokenize(text, special) == list(both.tokenizer.tokenize(text, special))


def test_a_sampled_id_reads_the_same_in_both(both: Both) -> None:
    ids = [token for text in hostile_texts(50, seed=3) for token in both.model.tokenize(text, True)]
    assert both.model.text(ids) == both.tokenizer.text(ids)


def _changed(folder: Path, **parts: Any) -> Path:
    path = write_hf(folder) / "tokenizer.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **parts}), "utf-8")
    return folder


@pytest.mark.parametrize(
    "parts",
    [
        {"pre_tokenizer": None}, {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}},
        {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": r"\\p{N}{1,3}"}, "behavior": "Isolated", "invert": False}},
    ],
)  # fmt: skip
def test_a_tokenizer_that_cuts_words_otherwise_is_refused(tmp_path: Path, parts: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="cuts words in another way"):
        vocabulary_from_hf(_changed(tmp_path, **parts))


def test_a_tokenizer_that_changes_texts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="changes texts before it cuts them"):
        vocabulary_from_hf(_changed(tmp_path, normalizer={"type": "Lowercase"}))
    assert vocabulary_from_hf(_changed(tmp_path, normalizer={"type": "NFC"})).tokens


def test_a_tokenizer_of_another_kind_and_one_with_gaps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no byte-level BPE"):
        vocabulary_from_hf(_changed(tmp_path, model={"type": "Unigram", "vocab": []}))
    with pytest.raises(ModelError, match="have gaps"):
        vocabulary_from_hf(_changed(tmp_path, added_tokens=[{"id": 900, "content": "<x>", "special": True}]))
