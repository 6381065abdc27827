"""Names in frequent pieces: rare tokens of names go, their ids and all other readings stay."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("tokenizers")

from training.backbone import tokenizer as bpe
from training.backbone.pieces import common_pieces

TEXTS = ["Hi Galundical, we place engineers."] * 3 + ["Hi Galena, we place engineers."] * 30 + ["the harbour is quiet."] * 3


def test_a_rare_name_is_read_in_pieces_and_nothing_else_changes() -> None:
    whole = bpe.trained(TEXTS, 340)
    cut = common_pieces(whole, TEXTS, 10)
    assert whole.encode(" Galundical").tokens == ["ĠGalundical"] and len(cut.encode(" Galundical").tokens) > 1
    for text in (" Galena", " harbour", " engineers", "the harbour is quiet."):  # frequent, or no name
        assert cut.encode(text).ids == whole.encode(text).ids
    assert cut.get_vocab() == whole.get_vocab() and cut.decode(cut.encode(" Galundical").ids) == " Galundical"


def test_with_no_least_number_all_stays() -> None:
    whole = bpe.trained(TEXTS, 340)
    assert json.loads(common_pieces(whole, TEXTS, 0).to_str()) == json.loads(whole.to_str())
