"""The model as it is trained against transformers' own, and a tree against its branches one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.backbone import tokenizer as bpe
from training.backbone.corpus import Ids
from training.backbone.folder import write_folder
from training.backbone.model import TreeModel
from training.backbone.training import copy_weights, letter_targets, prompt_targets, tensors
from training.export.gguf_model import Shape

SHAPE = Shape(vocab=320, hidden=64, layers=2, heads=4, kv_heads=2, head_dim=16, ffn=96, rope_base=10_000.0, context=256)
TREES = (
    Ids(tuple(range(10, 30)), 5, ((31, 32, 33, 2), (40, 41, 2)), ((True, False, False, False), (False, True, False))),
    Ids(tuple(range(50, 57)), 5, ((60, 2), (61, 62, 63, 64, 65, 2)), ((False,) * 2, (False,) * 6)),
)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def model() -> TreeModel:
    torch.manual_seed(3)
    made = TreeModel(SHAPE)
    for weight in made.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.15)
    return made.eval()


@pytest.fixture(scope="module")
def folder(model: TreeModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("model")
    words = ["Subject: Question about Tessaly", "Hi Maya, we place 7 engineers.", "é ß 漢字"] * 3
    bpe.save(bpe.trained(words, SHAPE.vocab), place / "tokenizer")
    return write_folder(model, place, place / "hf")


def test_a_copied_token_weighs_more_and_stands_at_its_place() -> None:
    batch = tensors(TREES, CPU)
    assert copy_weights(batch, 4.0).tolist() == [4, 1, 1, 1, 1, 4, 1, *[1] * 8]
    assert copy_weights(batch, 1.0).tolist() == [1] * 15


def alone(model: TreeModel, tree: Ids, letter: tuple[int, ...]) -> torch.Tensor:
    """Scores of the letter's tokens when it is the only one of its prompt."""
    batch = tensors([Ids(tree.prompt, tree.head, (letter,), ((False,) * len(letter),))], CPU)
    with torch.no_grad():
        hidden = model(batch)
        found, _ = letter_targets(batch, hidden.trunk, hidden.leaves)
        return model.logits(found)


def test_a_letter_in_a_tree_is_scored_as_it_is_alone(model: TreeModel) -> None:
    batch = tensors(TREES, CPU)
    with torch.no_grad():
        hidden = model(batch)
        together, wanted = letter_targets(batch, hidden.trunk, hidden.leaves)
        scores = model.logits(together)
    apart = torch.cat([alone(model, tree, letter) for tree in TREES for letter in tree.letters])
    assert wanted.tolist() == [n for tree in TREES for letter in tree.letters for n in letter]
    assert torch.allclose(scores, apart, atol=1e-4)


def test_scores_are_those_of_transformers(model: TreeModel, folder: Path) -> None:
    from transformers import AutoModelForCausalLM

    other = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        for name, weight in model.state_dict().items():
            weight.copy_(other.state_dict()[name])  # both in the half precision that was saved
        for tree in TREES:
            for letter in tree.letters:
                ids = torch.tensor([[*tree.prompt, *letter]])
                theirs = other(ids).logits[0, len(tree.prompt) - 1 : -1]
                assert torch.allclose(alone(model, tree, letter), theirs, atol=1e-4)


def test_every_prompt_token_behind_the_static_text_is_a_target_in_some_step() -> None:
    batch = tensors(TREES, CPU)
    states = torch.arange(batch.trunk.numel()).view(*batch.trunk.shape, 1).float()
    wanted = [prompt_targets(batch, states, 4, turn)[1].tolist() for turn in range(4)]
    assert sorted(n for part in wanted for n in part) == sorted(n for tree in TREES for n in tree.prompt[tree.head :])


def test_the_saved_tokenizer_is_read_alike_by_transformers_and_the_agent(folder: Path) -> None:
    from transformers import AutoTokenizer

    from agent.backbones.tokenizer import LocalTokenizer

    ours, theirs, agents = bpe.load(folder), AutoTokenizer.from_pretrained(folder), LocalTokenizer(str(folder))
    for text in ("Hi Maya,\n\n  17 engineers <|im_end|> x", "é漢 字\t<|im_start|>user\n", " a  b "):
        assert bpe.special_ids(ours, text) == theirs.encode(text, add_special_tokens=False) == list(agents.tokenize(text, True))
        assert bpe.plain_ids(ours, text) == list(agents.tokenize(text, False))
