"""The watch over copying: the model that writes is the one in training, and shares are shares."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.backbone import tokenizer as bpe
from training.backbone import watch
from training.backbone.corpus import Ids
from training.backbone.model import TreeModel
from training.backbone.training import letter_targets, tensors
from training.export.gguf_model import Shape
from training.world.corpus import rows

SHAPE = Shape(vocab=700, hidden=32, layers=2, heads=2, kv_heads=1, head_dim=16, ffn=48, rope_base=10_000.0, context=2048)
CPU = torch.device("cpu")


@pytest.fixture
def model() -> TreeModel:
    torch.manual_seed(5)
    made = TreeModel(SHAPE)
    for weight in made.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.3)
    return made


def test_the_model_that_writes_is_the_one_in_training(model: TreeModel) -> None:
    ids = Ids(tuple(range(20, 50)), 5, ((60, 61, 62, 2),), ((False,) * 4,))
    with torch.no_grad():
        batch = tensors([ids], CPU)
        hidden = model(batch)
        ours = model.logits(letter_targets(batch, hidden.trunk, hidden.leaves)[0])
        theirs = watch._twin(model, CPU)(torch.tensor([[*ids.prompt, *ids.letters[0]]])).logits[0, len(ids.prompt) - 1 : -1]
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_padding_on_the_left_changes_no_letter(model: TreeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MOST_LETTER", 5)
    short, long = watch.Sample("", tuple(range(20, 30))), watch.Sample("", tuple(range(40, 80)))
    together = watch._greedy(model, (short, long), stop=2)
    assert together == [watch._greedy(model, (sample,), stop=2)[0] for sample in (short, long)]


def test_shares_of_dev_prompts(model: TreeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bpe.save(bpe.trained(bpe.texts_of(rows("train", 0, 30, 3)), SHAPE.vocab), tmp_path)
    monkeypatch.setattr(watch, "_TREES", 2)
    monkeypatch.setattr(watch, "MOST_LETTER", 6)
    monkeypatch.setattr("training.backbone.corpus.MOST_PROMPT", 4000)
    found = watch.copying(tmp_path, 7)(model)
    assert list(found) == ["first name", "company", "all right", "ended"]
    assert all(0 <= share <= 1 for share in found.values())


def test_gibberish_and_wrong_copies_are_not_right() -> None:
    prompt = "Brief\n- Company: Tessaly Freight\n- First name: Maya\n- Open roles: 7"
    good = "Hi Maya,\n\nTessaly Freight has 7 open roles."
    texts = [good, good, "xq the the", "Hi Mara,\n\nTessaly Freight has 7 roles.", "Hi Maya,\n\nTessaly Freight has 9 roles."]
    samples = [watch.Sample(prompt, ())] * len(texts)
    found = watch.counts(samples, texts, [True, False, True, True, True])
    assert found == {"first name": 3, "company": 4, "all right": 1, "ended": 4}
