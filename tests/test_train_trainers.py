"""The trainers of TRL, held against the closed forms and against the backbone's ids, on tiny random models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest

pytest.importorskip("torch")
pytest.importorskip("trl", reason="trl is not installed: pip install 'winnow[train]'")
pytest.importorskip("peft")

import torch

from agent.backbones.tokenizer import LocalTokenizer
from rubric.errors import BackboneError, ModelError
from tests.hf_folders import write_hf
from tests.train_pairs import END, pair, recipe
from training.train.config import LOSSES, LossName, TrainConfig
from training.train.examples import Prepared, prepared
from training.train.losses import Side, dpo, orpo, simpo
from training.train.one_seed import quieten
from training.train.turn import turn_of

pytestmark = pytest.mark.filterwarnings("ignore")
Kind = Literal["activated", "ordinary"]
ROUNDING = 1e-5  # of float32, in sums of a hundred nats and more
SIDES = ("short", "a good deal longer than the other one", "of middling length")


class Built(NamedTuple):
    trainer: Any
    config: TrainConfig
    train: Prepared
    tokenizer: LocalTokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    quieten()
    torch.set_num_threads(1)
    made = tmp_path_factory.mktemp("train")
    write_hf(made / "model")
    return made


@pytest.fixture(scope="module")
def build(folder: Path) -> Iterator[Callable[..., Built]]:
    from training.train.peft_model import peft_ready
    from training.train.trl_trainers import trainer_for

    def made(loss: LossName = "simpo", kind: Kind = "activated", **more: Any) -> Built:
        given = {"loss": {"kind": loss, "beta": 2.0}, "lora": {"kind": kind, "rank": 4, "alpha": 8}, "batch": 3, **more}
        config = recipe(folder, **given)
        tokenizer = LocalTokenizer(config.base)
        turn = turn_of(tokenizer)
        pairs = [pair(n, chosen=f"{SIDES[n]} please{END}", rejected=f"NOW {SIDES[n - 1]}{END}") for n in range(3)]
        train = prepared(pairs, config, tokenizer, turn)
        ready = peft_ready(config, Path(config.base), turn, seed=0)
        _stir(ready.model)
        return Built(trainer_for(ready, config, seed=0, folder=folder / "checkpoints", train=train.examples), config, train, tokenizer)

    return made


def _stir(model: Any, strength: float = 0.2) -> None:
    """A fresh adapter changes nothing; this one does."""
    torch.manual_seed(1)
    for name, weight in model.named_parameters():
        if "lora_B.default" in name:
            torch.nn.init.normal_(weight, std=strength)


def _side(model: Any, prompt: list[int], side: list[int]) -> Side:
    """One row, without padding: what the sums should be."""
    ids = torch.tensor([[*prompt, *side]])
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float().log_softmax(-1)
    rows = range(len(prompt) - 1, len(prompt) + len(side) - 1)
    return Side(float(sum(logits[row, token] for row, token in zip(rows, side, strict=True))), len(side))


def _expected(built: Built) -> float:
    model, config = built.trainer.model, built.config
    model.eval()
    losses, said, counted = [], 0.0, 0
    for example in built.train.examples:
        prompt = built.tokenizer.tokenize(example.prompt, True)
        ids = [list(built.tokenizer.tokenize(text, True)) for text in (example.chosen, example.rejected)]
        chosen, rejected = (_side(model, list(prompt), side) for side in ids)
        with model.disable_adapter():
            bare = [_side(model, list(prompt), side).total for side in ids]
        whole = _side(model, list(prompt[:1]), [*prompt[1:], *ids[0]])
        said, counted = said - whole.total, counted + whole.tokens
        if config.loss.kind == "simpo":
            losses.append(simpo(chosen, rejected, beta=config.loss.beta, gamma=config.loss.margin))
        elif config.loss.kind == "dpo":
            losses.append(dpo(chosen, rejected, bare_chosen=bare[0], bare_rejected=bare[1], beta=config.loss.beta))
        else:
            losses.append(orpo(chosen, rejected, beta=config.loss.beta, likelihood=0.0))
    model.train()
    return sum(losses) / len(losses) + (said / counted if config.loss.kind == "orpo" else 0.0)


def _loss(built: Built) -> Any:
    trainer = built.trainer
    [batch] = list(trainer.get_train_dataloader())
    trainer.model.train()
    return trainer.compute_loss(trainer.model, batch)


@pytest.mark.parametrize("kind", ["activated", "ordinary"])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_trainers_compute_the_closed_forms(build: Callable[..., Built], loss: LossName, kind: Kind) -> None:
    built = build(loss, kind)
    assert float(_loss(built).detach()) == pytest.approx(_expected(built), abs=2e-5, rel=ROUNDING)


@pytest.mark.parametrize("kind", ["activated", "ordinary"])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_shared_prompt_changes_neither_loss_nor_gradient(build: Callable[..., Built], loss: LossName, kind: Kind) -> None:
    found = []
    for shared in (True, False):
        built = build(loss, kind, shared_prompt=shared)
        assert built.trainer.ready.shared is shared
        value = _loss(built)
        value.backward()
        gradient = torch.cat([w.grad.flatten() for w in built.trainer.model.parameters() if w.grad is not None])
        found.append((float(value.detach()), gradient))
    assert found[0][0] == pytest.approx(found[1][0], abs=1e-5, rel=ROUNDING)
    assert float((found[0][1] - found[1][1]).abs().max()) < 1e-4 * float(found[1][1].abs().max()) + 1e-6
    assert float(found[1][1].abs().max()) > 1e-4


@pytest.mark.parametrize("loss", LOSSES)
def test_the_trainers_ids_are_the_backbones(build: Callable[..., Built], loss: LossName) -> None:
    from training.train.trl_trainers import refuse_other_ids, sequences

    built = build(loss)
    expected = [
        tuple(list(built.tokenizer.tokenize(text, True)) for text in (example.prompt, example.chosen, example.rejected)) for example in built.train.examples
    ]
    assert [tuple(list(ids) for ids in row) for row in sequences(built.trainer)] == expected
    assert all(ids[-1] == turn_of(built.tokenizer).end_id for row in expected for ids in row[1:])
    refuse_other_ids(built.trainer, built.train.examples)
    with pytest.raises(ModelError, match="pinned versions"):
        refuse_other_ids(built.trainer, [example._replace(chosen_tokens=1) for example in built.train.examples])


def test_an_activated_adapter_sleeps_until_the_header(build: Callable[..., Built]) -> None:
    built = build()
    model, example = built.trainer.model.eval(), built.train.examples[0]
    ids = torch.tensor([built.tokenizer.tokenize(example.prompt + example.chosen, True)])
    header = example.prompt_tokens - built.trainer.ready.header
    with torch.no_grad():
        worn = model(input_ids=ids).logits[0]
        with model.disable_adapter():
            bare = model(input_ids=ids).logits[0]
    assert torch.equal(worn[:header], bare[:header])
    assert not torch.allclose(worn[header:], bare[header:], atol=1e-3)


def test_a_loss_that_is_no_number_ends_the_run(build: Callable[..., Built]) -> None:
    built = build()
    with torch.no_grad():
        next(w for name, w in built.trainer.model.named_parameters() if "lora_B" in name).fill_(float("nan"))
    with pytest.raises(BackboneError, match="the loss is nan at step 1; lower 'rate'"):
        _loss(built)


def test_modules_that_the_base_lacks_are_named(folder: Path) -> None:
    from training.train.peft_model import peft_ready

    config = recipe(folder, lora={"modules": ["q_proj", "query_key_value"]})
    with pytest.raises(ModelError, match=r"no modules query_key_value; .*down_proj"):
        peft_ready(config, Path(config.base), turn_of(LocalTokenizer(config.base)), seed=0)


class _PlainHead:
    """What TRL's Triton kernel computes, in plain torch, as its DPO trainer knows no other way; figures that it
    only reports are zeros."""

    @staticmethod
    def apply(hidden: Any, weight: Any, bias: Any, labels: Any, *_: Any) -> Any:
        logits = torch.nn.functional.linear(hidden, weight, bias).float().log_softmax(-1)
        found = logits.gather(-1, labels[:, None])[:, 0]
        zeros = torch.zeros_like(found).detach()
        return found, zeros, zeros, zeros, zeros.bool()


def test_dpo_is_what_the_dpo_trainer_of_trl_computes(build: Callable[..., Built], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    monkeypatch.setattr("trl.trainer.utils._ChunkedLogProbFunction", _PlainHead)
    built = build("dpo")
    _stir(built.trainer.model, 0.0)  # what the trainer takes as the reference
    rows = [{"prompt": e.prompt, "chosen": e.chosen, "rejected": e.rejected} for e in built.train.examples]
    given = DPOConfig(output_dir=str(folder / "dpo"), beta=2.0, per_device_train_batch_size=3, bf16=False, use_cpu=True, report_to="none", gradient_checkpointing=False)
    theirs = DPOTrainer(model=built.trainer.model, args=given, train_dataset=Dataset.from_list(rows), processing_class=built.trainer.processing_class)
    [batch] = list(theirs.get_train_dataloader())
    _stir(theirs.model)
    theirs.model.train()
    ours = float(_loss(built).detach())
    assert ours == pytest.approx(float(theirs.compute_loss(theirs.model, batch).detach()), abs=2e-5, rel=ROUNDING)
    assert abs(ours - 0.6931) > 1e-3
