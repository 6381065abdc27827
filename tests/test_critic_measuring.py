"""Pairs and pools scored by models: tiny ones under llama.cpp, whose adapters change what they should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("llama_cpp")
pytest.importorskip("gguf")

from agent.assessing import spot_check
from agent.backbones.chat import CHATML, ChatTemplate
from agent.backbones.llama import LlamaBackbone
from agent.backbones.spec import LlamaSpec
from agent.critics import Wearing
from agent.receipt import Document
from critic.adapter_card import CriticFile
from critic.card import card
from critic.measuring import Side, Skipped, breaks, measure_pairs, measure_pools
from critic.pair_rows import PairRow
from critic.pools import Member, Pool
from critic.reward_ranking import ByReward, Worn
from critic.verdicts import opinion
from prompts.pieces import Prompt, rendered
from rubric.errors import ModelError
from tests.critics import pool_of
from tests.tiny_llama import WARM, files, prompt

HEAD = "<|im_start|>system\nYou write.<|im_end|>\n<|im_start|>user\nFacts: robots<|im_end|>\n<|im_start|>assistant\n"
SETTLED = Wearing("", Document(name="tiny", hash="0"), CriticFile())


@pytest.fixture(scope="module")
def model() -> Iterator[LlamaBackbone]:
    with LlamaBackbone(LlamaSpec(model=files().model, threads=1)) as backbone:
        yield backbone


def pair(chosen: str, rejected: str, **more: Any) -> PairRow:
    return PairRow(prompt=HEAD, chosen=f"{chosen}<|im_end|>", rejected=f"{rejected}<|im_end|>", company="Acme", **more)


def pools(model: LlamaBackbone, count: int, k: int = 4) -> list[Pool]:
    out = []
    for n in range(count):
        asked = prompt(f"Company {n} makes robots.")
        drawn = model.sample(asked, range(n * k, n * k + k), WARM).completions
        members = [Member(candidate={**c.model_dump(), "index": i}, decision="PASS", score=i / k) for i, c in enumerate(drawn)]  # type: ignore[arg-type]
        out.append(pool_of(f"Company {n}", asked, members))
    return out


def test_a_rendered_prompt_has_the_same_tokens_as_the_one_it_was_rendered_from(model: LlamaBackbone) -> None:
    asked: Prompt = prompt("Acme makes robots.")
    whole = "".join(span.text for span in ChatTemplate(CHATML).spans(asked))
    one, other = model.encode(asked), model.encode(rendered(whole))
    assert (one.ids, one.header) == (other.ids, other.header) and other.static == 0
    ids = [model.tokenize("Hello there.<|im_end|>", control=True)]
    rows = [model.score(given, ids, files().activated).logprobs[0] for given in (asked, rendered(whole))]
    assert rows[0] == pytest.approx(rows[1], abs=1e-4)


def test_a_prompt_of_another_template_is_refused(model: LlamaBackbone) -> None:
    with pytest.raises(ModelError, match="render it with the template of this model"):
        model.encode(rendered("[INST] Write. [/INST]"))


def test_control_tokens_are_read_only_where_that_is_said(model: LlamaBackbone) -> None:
    assert len(model.tokenize("<|im_end|>", control=True)) == 1 < len(model.tokenize("<|im_end|>"))


@pytest.mark.parametrize("kind", ["activated", "ordinary"])
def test_pairs_are_scored_with_the_adapter_and_without(model: LlamaBackbone, kind: str) -> None:
    adapter, skipped = getattr(files(), kind), Skipped()
    given = [pair("Hello. Would a call help?", "BUY NOW!"), pair("x" * 20_000, "y"), pair("BLOCK", "PASS", role="judge")]
    [found] = measure_pairs(given, model, adapter, skipped)
    assert skipped.count == 1 and found.company == "Acme"
    for side, text in ((found.chosen, given[0].chosen), (found.rejected, given[0].rejected)):
        ids = model.tokenize(text, control=True)
        assert len(side.worn) == len(side.bare) == len(ids) and side.worn != side.bare
        assert side.worn == pytest.approx(model.score(rendered(HEAD), [ids], adapter).logprobs[0], abs=1e-4)
    assert 0 < found.chosen.breaks[0] < found.chosen.length and found.rejected.breaks == ()


def test_a_control_changes_nothing(model: LlamaBackbone) -> None:
    [found] = measure_pairs([pair("Hello.", "BUY!")], model, None, Skipped())
    assert found.chosen.worn == found.chosen.bare
    refusal = card([found], [], kind="simpo", beta=1.0).refusal
    assert refusal == "the adapter changes no score"


@pytest.mark.parametrize("kind", ["activated", "ordinary"])
def test_pools_are_scored_twice_and_the_noise_is_small(model: LlamaBackbone, kind: str) -> None:
    skipped = Skipped()
    given = [*pools(model, 3), *pools(model, 1, k=2)]
    measured = list(measure_pools(given, model, getattr(files(), kind), 4, skipped))
    found = card([], measured, kind="simpo", beta=2.0, skipped=skipped.count)
    assert len(measured) == 3 and skipped.count == 1
    assert found.noise is not None and found.noise < 1e-3 and found.change is not None and found.change > 0.01
    assert found.reordering is not None and found.reordering.value == 1.0
    assert [m.candidate.logprobs for m in given[0].candidates] == [pytest.approx(side.bare, abs=1e-3) for side in measured[0].sides]


def test_the_card_takes_what_the_ranker_takes(model: LlamaBackbone) -> None:
    from critic.card import methods, picked

    for one in pools(model, 3):
        [measured] = measure_pools([one], model, files().activated, 4, Skipped())
        members = [m.candidate for m in one.candidates]
        ranking = ByReward(Worn(files().activated, "simpo", 2.0)).rank(one.prompt_value, members, model)
        if not all(measured.cut):
            assert picked(measured, methods("simpo", 2.0)["critic"]) == ranking.order[0]


def test_sentences_end_where_their_tokens_do(model: LlamaBackbone) -> None:
    text = "One two. Three?\nFour"
    edges = breaks(model, text)
    assert edges == tuple(len(model.tokenize(part)) for part in ("One two.", "One two. Three?")) and Side((0.0,), (0.0,)).breaks == ()


@pytest.mark.parametrize("adapter", [None, "activated"])
def test_a_verdict_comes_from_any_model_and_is_never_malformed(model: LlamaBackbone, adapter: str | None) -> None:
    found = opinion(model, model, prompt(), getattr(files(), adapter) if adapter else None)
    assert sum(found.probabilities.values()) == pytest.approx(1) and found.cost.scored > 5


def test_a_spot_check_draws_as_many_as_it_may_and_the_same_all_week(model: LlamaBackbone) -> None:
    from datetime import date

    from agent.assessing import Data

    class Given(Data):
        def read_pairs(self) -> Iterator[PairRow]:
            return iter([pair(f"Hello {n}.", f"Buy {n}!", failures=("injection",) if n % 3 else ("tone_violation", "injection")) for n in range(9)])

    worn = SETTLED._replace(path=files().activated)
    found = spot_check(worn, model, Given(), day=date(2026, 4, 20), decisions=5)
    assert [(one.failure, one.total) for one in found] == [("injection", 5), ("tone_violation", 3)]
    assert found == spot_check(worn, model, Given(), day=date(2026, 4, 24), decisions=5)
