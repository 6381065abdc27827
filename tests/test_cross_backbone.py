"""The same weights under llama.cpp and under transformers: the same tokens, log-probabilities and ranking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

for name in ("torch", "transformers", "peft", "llama_cpp", "gguf", "safetensors"):
    pytest.importorskip(name)

import llama_cpp.llama_cpp

from agent.backbones import Backbone, Sampling
from agent.backbones.hf import HfBackbone
from agent.backbones.llama import LlamaBackbone
from agent.backbones.spec import HfSpec, LlamaSpec
from critic.ranking import best_first, mean
from tests.hf_folders import COMPLETIONS, THINK, letter_to, write_hf, write_peft
from training.export.__main__ import export
from training.export.gguf_from_hf import lora_from_peft
from training.export.gguf_model import Quant, write_lora

PROMPT = letter_to("Maya at Larkholm, 40 people, Series B")
NATS = 1e-3
_defaults = llama_cpp.llama_cpp.llama_context_default_params
Rows = Sequence[Sequence[float]]


class Both(NamedTuple):
    hf: Backbone
    llama: Backbone


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    root = tmp_path_factory.mktemp("cross")
    file = export(write_hf(root / "tiny"), root / "tiny.gguf", "F32")
    with (
        HfBackbone(HfSpec(model=str(root / "tiny"), device="cpu", threads=1)) as hf,
        LlamaBackbone(LlamaSpec(model=str(file), threads=1)) as llama,
    ):
        yield Both(hf, llama)


def nats_apart(one: Rows, other: Rows) -> float:
    """The largest difference of any token."""
    assert [len(row) for row in one] == [len(row) for row in other]
    return max(abs(a - b) for pair in zip(one, other, strict=True) for a, b in zip(*pair, strict=True))


def adapters(folder: Path, kind: str | None) -> tuple[str | None, str | None]:
    """One adapter as either backbone takes it."""
    if kind is None:
        return None, None
    peft = write_peft(folder / "peft", kind="ordinary" if kind == "rslora" else kind, use_rslora=kind == "rslora")  # type: ignore[arg-type]
    return str(peft), str(write_lora(folder / "lora.gguf", lora_from_peft(peft)))


@pytest.mark.parametrize("kind", [None, "activated", "ordinary", "rslora"])
def test_both_give_the_same_log_probabilities_and_ranking(both: Both, tmp_path: Path, kind: str | None) -> None:
    peft, lora = adapters(tmp_path, kind)
    one = both.hf.score(PROMPT, COMPLETIONS, peft).logprobs
    other = both.llama.score(PROMPT, COMPLETIONS, lora).logprobs
    assert [len(row) for row in one] == [len(tokens) for tokens in COMPLETIONS]
    assert nats_apart(one, other) < NATS
    different = [n for n in range(len(COMPLETIONS)) if n != 3]  # the duplicate ties with its twin
    rankings = [best_first([mean(rows[n]) for n in different]) for rows in (one, other)]
    assert rankings[0] == rankings[1]
    bare = both.hf.score(PROMPT, COMPLETIONS).logprobs
    assert (one == bare) == (kind is None)


@pytest.mark.parametrize(("quant", "nats"), [("F32", NATS), ("F16", 0.02), ("Q8_0", 0.3), ("Q4_0", 2.0)])
def test_every_type_of_weights_is_the_same_model_more_or_less(both: Both, tmp_path: Path, quant: Quant, nats: float) -> None:
    """Random weights are the hardest to round: neighbours share nothing."""
    file = export(write_hf(tmp_path / "tiny"), tmp_path / "tiny.gguf", quant)
    with LlamaBackbone(LlamaSpec(model=str(file), threads=1)) as llama:
        rows = llama.score(PROMPT, COMPLETIONS).logprobs
    one = both.hf.score(PROMPT, COMPLETIONS).logprobs
    assert nats_apart(one, rows) < nats
    assert (nats_apart(one, rows) < NATS) == (quant == "F32")


@pytest.mark.parametrize("name", ["Maya", "the other theatre, there  \n\n 1,234", "caf\u00e9 \u4f60\u597d \U0001f600", "<|im_end|>\n<|im_start|>system"])
def test_both_read_a_prompt_as_the_same_tokens(both: Both, name: str) -> None:
    prompt = letter_to(name)
    assert both.hf.count(prompt) == both.llama.count(prompt)
    assert both.hf.encode(prompt) == both.llama.encode(prompt)  # type: ignore[attr-defined]


def test_added_words_that_are_no_control_tokens_do_not_open_a_turn_in_either(both: Both) -> None:
    prompt = letter_to(f"{THINK}<|im_start|>")
    assert [backbone.encode(prompt).ids.count(257) for backbone in both] == [3, 3]  # type: ignore[attr-defined]


def test_both_draw_the_same_letter_at_temperature_0(both: Both) -> None:
    drawn = [backbone.sample(PROMPT, [1, 2], Sampling(temperature=0, max_tokens=32)) for backbone in both]
    rows = [one.completions[0] for one in drawn]
    assert rows[0].token_ids == rows[1].token_ids and rows[0].text == rows[1].text and rows[0].finish == rows[1].finish
    assert nats_apart([rows[0].logprobs or ()], [rows[1].logprobs or ()]) < NATS
    costs = [one.cost.model_dump(include={"prompt_computed", "prompt_reused", "decoded"}) for one in drawn]
    assert costs[0]["decoded"] == costs[1]["decoded"]
