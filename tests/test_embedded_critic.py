"""The critic and the judge that are shipped: small, measured, used without a setting, and the same on both backbones."""

from __future__ import annotations

from pathlib import Path

import pytest

for name in ("torch", "transformers", "peft", "llama_cpp", "gguf", "tokenizers"):
    pytest.importorskip(name)

from agent.backbones import Sampling
from agent.backbones.hf import HfBackbone
from agent.backbones.hf_model import weights_hash
from agent.backbones.llama import LlamaBackbone
from agent.backbones.spec import HfSpec, LlamaSpec
from agent.config import Config
from agent.critics import wear, worn
from agent.models import ADAPTERS, FOLDER, embedded_adapter, embedded_folder
from critic.adapter_card import CriticFile, read_critic
from critic.candidate import Candidate
from critic.reward_ranking import ByReward, rewards_of
from tests.command import PROSPECT, winnow
from tests.hf_folders import letter_to
from training.export.__main__ import export

BRIEF = letter_to("Maya Lindqvist at Northwind Robotics, 62 people, Series B in February")


def file_of(name: str) -> CriticFile:
    found = read_critic(embedded_adapter(name))
    assert found is not None
    return found


@pytest.mark.parametrize("name", ADAPTERS)
def test_it_belongs_to_the_model_and_its_card_speaks_for_it(name: str) -> None:
    file = file_of(name)
    assert file.base is not None and file.base.hash == weights_hash(embedded_folder())
    assert file.measured is not None and file.measured.refusal is None and file.measured.shown
    card = (embedded_adapter(name) / "README.md").read_text("utf-8")
    assert "Not measured here" not in card and "fit: it changes scores" in card


def test_what_is_shipped_is_small() -> None:
    sizes = {name: sum(path.stat().st_size for path in (FOLDER / place).iterdir()) for name, place in ADAPTERS.items()}
    assert all(size <= 8e6 for size in sizes.values()), sizes


def test_its_choice_beats_chance_and_its_judge_always_blocking_on_unseen_wording() -> None:
    health, judgement = file_of("embedded").health, file_of("embedded-judge").judgement
    assert health is not None and (health.efficiency["critic"].low or 0) > 0.35 and (health.accuracy["unseen"].value or 0) > 0.8
    assert judgement is not None and judgement.unseen is not None
    judge, always = (judgement.unseen.balanced[name] for name in ("judge", "always_block"))
    assert always.value == 0.5 and (judge.low or 0) > 0.5


def test_the_embedded_model_ranks_by_it_without_a_setting_and_others_do_not() -> None:
    assert (Config().ranker, Config().adapter) == ("critic", "embedded") and file_of("embedded").kind == "activated"
    other = Config(backbone={"kind": "scripted"})  # type: ignore[arg-type]
    assert (other.ranker, other.adapter) == ("mean_logprob", None)
    receipt = winnow("draft", PROSPECT, "--json").data["receipt"]
    assert receipt["critic"]["reward"] == "simpo" and receipt["critic"]["state"] == "on"
    assert receipt["rounds"][0]["ranking"]["ranker"] == "critic"
    assert receipt["cost"]["prompt_reused"] > receipt["cost"]["prompt_computed"] * 0.9  # the letters were scored behind the prompt in memory


def test_both_backbones_rank_a_pool_alike(tmp_path: Path) -> None:
    full, config = export(embedded_folder(), tmp_path / "full.gguf", "F32"), Config()
    with LlamaBackbone(LlamaSpec(model=str(full), threads=1)) as llama, HfBackbone(HfSpec(model="embedded", device="cpu", threads=1)) as hf:
        drawn = llama.sample(BRIEF, [1, 2, 3, 4], Sampling(max_tokens=60)).completions
        pool = [Candidate(**one.model_dump(), index=n) for n, one in enumerate(drawn)]
        here, there = worn(config, wear("embedded", config)), worn(config, wear("embedded", Config(backbone={"kind": "hf"})))  # type: ignore[arg-type]
        rewards, others = rewards_of(here, BRIEF, pool, llama)[0], rewards_of(there, BRIEF, pool, hf)[0]
        assert max(abs(a - b) for a, b in zip(rewards, others, strict=True)) < 0.01
        assert ByReward(here).rank(BRIEF, pool, llama).order == ByReward(there).rank(BRIEF, pool, hf).order
