"""Scoring through a server: exact where the server is truthful, refused where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.backbones import Sampling
from agent.backbones.openai_pace import together
from agent.backbones.openai_scores import WAYS, reports_raw
from prompts.pieces import Message, Piece, Prompt
from rubric.errors import ConfigError, ContextError, ModelError, ScoreError, ServerError
from tests.fault_server import LIES, Manners, letter, opened, row, status, toy_tokenizer

PROMPT = Prompt((Message("user", (Piece("To ", True), Piece("Maya", False))),))
LETTERS = (letter(3), letter(4), letter(5), [7])


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return toy_tokenizer(tmp_path)


def truth(ids: list[int], completion: list[int], shift: int = 0) -> tuple[float | None, ...]:
    return tuple(row([*ids, *completion], shift)[len(ids) :])


@pytest.mark.parametrize("way", [way.name for way in WAYS])
def test_scores_are_what_the_model_says(way: str, folder: str) -> None:
    with opened(Manners(ways=(way,)), tokenizer=folder) as (backbone, server, _):
        scored = backbone.score(PROMPT, LETTERS)
        prompts = [r.body["prompt"] for r in server.requests][-4:]
        again = backbone.score(PROMPT, LETTERS)
    ids = min(prompts, key=len)[:-1]
    assert all(prompt[: len(ids)] == ids for prompt in prompts)
    assert scored.logprobs == again.logprobs == tuple(truth(ids, list(completion)) for completion in LETTERS)
    assert {r.path for r in server.requests} == {"/completions"}
    assert scored.cost.passes > again.cost.passes == 4  # the proof is made once
    assert again.cost.scored == sum(map(len, LETTERS)) and again.cost.prompt_computed == 4 * len(ids)
    assert again.cost.seconds["score"] > 0


def test_a_strict_server_is_asked_plainly(folder: str) -> None:
    manners = Manners(ways=("echo",), refuses=("return_tokens_as_token_ids",))
    with opened(manners, tokenizer=folder) as (backbone, _, _):
        assert len(backbone.score(PROMPT, LETTERS).logprobs) == 4


def test_sampled_and_scored_logprobs_are_the_same(folder: str) -> None:
    with opened(tokenizer=folder) as (backbone, _, _):
        got = backbone.sample(PROMPT, (1, 2, 3), Sampling())
        scored = backbone.score(PROMPT, [c.token_ids for c in got.completions])
    assert scored.logprobs == tuple(c.logprobs for c in got.completions)


def test_a_duplicate_gets_the_same_score(folder: str) -> None:
    with opened(tokenizer=folder) as (backbone, _, _):
        first, second = backbone.score(PROMPT, [letter(3), letter(3)]).logprobs
    assert first == second


def test_several_threads_share_one_proof(folder: str) -> None:
    with opened(tokenizer=folder) as (backbone, server, _):
        outcomes = together([lambda: backbone.score(PROMPT, LETTERS).logprobs] * 4)
    assert len(server.requests) == 2 + 4 * len(LETTERS)
    assert len(set(map(str, outcomes))) == 1 and isinstance(outcomes[0], tuple)


def test_nothing_to_score_asks_for_nothing(folder: str) -> None:
    with opened(tokenizer=folder) as (backbone, server, _):
        assert backbone.score(PROMPT, ()).logprobs == ()
    assert server.requests == []


@pytest.mark.parametrize("lie", [lie for lie in LIES if lie != "right"])
@pytest.mark.parametrize("way", ["echo", "echo with one token", "prompt_logprobs"])
def test_a_server_that_lies_is_refused_and_not_asked_again(lie: str, way: str, folder: str) -> None:
    with opened(Manners(echo=lie, ways=(way,)), tokenizer=folder) as (backbone, server, _):
        with pytest.raises(ScoreError, match=r"refuses to rank .*use 'ranker: as_sampled'") as error:
            backbone.score(PROMPT, LETTERS)
        asked = len(server.requests)
        with pytest.raises(ScoreError, match="refuses to rank"):
            backbone.score(PROMPT, LETTERS)
    assert len(server.requests) == asked <= 2 * len(WAYS)
    assert all(found.name in str(error.value) for found in WAYS)


def test_a_null_that_comes_after_the_proof_is_an_error(folder: str) -> None:
    manners = Manners()
    with opened(manners, tokenizer=folder) as (backbone, _, _):
        backbone.score(PROMPT, LETTERS)
        manners.echo = "null in the middle"
        with pytest.raises(ScoreError, match="is missing"):
            backbone.score(PROMPT, LETTERS)


def test_a_server_that_fails_during_the_proof_is_asked_again_later(folder: str) -> None:
    with opened(None, status(500), tokenizer=folder, retries=0) as (backbone, _, _):
        with pytest.raises(ServerError, match="status 500"):
            backbone.score(PROMPT, LETTERS)
        assert len(backbone.score(PROMPT, LETTERS).logprobs) == 4


def test_a_server_without_completions_is_a_matter_of_config(folder: str) -> None:
    with opened(None, status(404), tokenizer=folder) as (backbone, _, _), pytest.raises(ConfigError, match="offers /completions"):
        backbone.score(PROMPT, LETTERS)


def test_an_adapter_is_a_model_on_the_server(folder: str) -> None:
    with opened(Manners(adapters={"critic": 5}), tokenizer=folder) as (backbone, server, _):
        scored = backbone.score(PROMPT, LETTERS, "critic")
        bare = backbone.score(PROMPT, LETTERS)
    size = len(LETTERS[0])  # requests come in any order
    ids = next(prompt[:-size] for r in server.requests if tuple((prompt := r.body["prompt"])[-size:]) == tuple(LETTERS[0]))
    asked = {tuple(r.body["prompt"]) for r in server.requests if r.body["model"] == "critic"}
    assert (*ids, *LETTERS[3]) in asked
    assert scored.logprobs == tuple(truth(ids, list(completion), 5) for completion in LETTERS)
    assert bare.logprobs == tuple(truth(ids, list(completion)) for completion in LETTERS)


def test_an_adapter_that_the_server_lacks_or_ignores_is_refused(folder: str) -> None:
    with opened(Manners(adapters={"deaf": 0}), tokenizer=folder) as (backbone, _, _):
        with pytest.raises(ModelError, match=r"no adapter served as 'critic'.*--lora-modules critic="):
            backbone.score(PROMPT, LETTERS, "critic")
        with pytest.raises(ScoreError, match="exactly as without it"):
            backbone.score(PROMPT, LETTERS, "deaf")


def test_scoring_needs_a_tokenizer_and_ids(folder: str) -> None:
    with opened() as (backbone, _, _), pytest.raises(ScoreError, match=r"set backbone\.tokenizer"):
        backbone.score(PROMPT, LETTERS)
    with opened(tokenizer=folder) as (backbone, server, _), pytest.raises(ScoreError, match="has no token ids"):
        backbone.score(PROMPT, [letter(1), ()])
    assert server.requests == []


def test_what_does_not_fit_the_context_is_refused_before_scoring(folder: str) -> None:
    with opened(Manners(context=40), tokenizer=folder) as (backbone, server, _), pytest.raises(ContextError, match="context of 40"):
        backbone.score(PROMPT, [list(range(30))])
    assert server.requests == []


@pytest.mark.parametrize(
    ("figures", "raw"),
    [([-1.0, -1.0, -1.01], True), ([-1.0, -2.0, -1.0], False), ([-1.0, -1.0, 0.0], False), ([None], False), ([-1.0, None, -1.0], False)],
)
def test_raw_is_what_moves_with_neither_temperature_nor_top_p(figures: list[float | None], raw: bool) -> None:
    told = iter(figures)
    assert reports_raw(lambda temperature, top_p: next(told)) is raw
