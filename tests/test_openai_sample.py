"""Sampling through a server: who gets which seed, what a server may leave out, and what is believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.backbones import Identity, Sampling, Tokens
from critic.candidate import Completion
from prompts.pieces import Message, Piece, Prompt
from rubric.errors import ConfigError, ContextError, ServerError
from tests.fault_server import LETTER, Manners, letter, logprobs, opened, status, toy_tokenizer

PROMPT = Prompt((Message("system", (Piece("Write.", True),), static=True), Message("user", (Piece("To ", True), Piece("Maya", False)))))
SEEDS = (11, 42, 77, 2**40 + 5)
PLAIN = Sampling(temperature=1, top_p=1)
SINGLE = [f"Letter {seed & 2**31 - 1}" for seed in SEEDS]


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return toy_tokenizer(tmp_path)


def texts(completions: tuple[Completion, ...]) -> list[str]:
    return [completion.text for completion in completions]


def test_k_letters_come_from_one_request_in_the_order_of_seeds() -> None:
    with opened() as (backbone, server, _):
        got = backbone.sample(PROMPT, SEEDS, Sampling())
    (request,) = [r for r in server.requests if r.body["max_tokens"] > 1]
    assert request.path == "/chat/completions" and request.body["n"] == 4 and request.body["seed"] == 11
    assert request.body["messages"] == [{"role": "system", "content": "Write."}, {"role": "user", "content": "To Maya"}]
    assert not {"top_k", "min_p", "repetition_penalty", "repeat_penalty", "prompt", "stream"} & request.body.keys()
    assert texts(got.completions) == ["Letter 11", "Letter 12", "Letter 13", "Letter 14"]
    assert tuple(c.seed for c in got.completions) == SEEDS
    assert [c.finish for c in got.completions] == ["stop", "length", "stop", "length"]
    assert all(c.token_ids == () for c in got.completions)
    assert got.cost.decoded >= 4 * LETTER and got.cost.prompt_reused >= 4 and got.cost.seconds["sample"] > 0


def test_half_a_surrogate_pair_in_a_prompt_can_be_sent() -> None:
    with opened() as (backbone, server, _):
        backbone.sample(Prompt((Message("user", (Piece("To M\ud800ya", False),)),)), (1,), PLAIN)
    assert server.requests[0].body["messages"][0]["content"] == "To M?ya"


def test_a_reordering_server_changes_nothing() -> None:
    with opened(Manners(order="reversed")) as (backbone, _, _):
        got = backbone.sample(PROMPT, SEEDS, PLAIN)
    assert texts(got.completions) == ["Letter 11", "Letter 12", "Letter 13", "Letter 14"]


@pytest.mark.parametrize(("n", "first", "second"), [("drops", 4, 4), ("refuses", 5, 4)])
def test_a_server_without_n_is_asked_one_by_one_from_then_on(n: str, first: int, second: int) -> None:
    with opened(Manners(n=n)) as (backbone, server, _):
        once = backbone.sample(PROMPT, SEEDS, PLAIN)
        assert len(server.requests) == first
        again = backbone.sample(PROMPT, SEEDS, PLAIN)
        assert len(server.requests) == first + second
    assert texts(once.completions) == texts(again.completions) == SINGLE
    assert once.completions == again.completions
    assert sorted(r.body["seed"] for r in server.requests[first:]) == sorted(seed & 2**31 - 1 for seed in SEEDS)
    assert "n" not in server.requests[-1].body
    assert again.cost.passes == 4 and again.cost.decoded == 4 * LETTER


def test_letters_that_a_server_leaves_out_are_asked_for_under_their_own_seeds() -> None:
    with opened(Manners(n="two")) as (backbone, server, _):
        once, again = (backbone.sample(PROMPT, SEEDS, PLAIN) for _ in range(2))
    assert texts(once.completions) == ["Letter 11", "Letter 12", *SINGLE[2:]]
    assert once.completions == again.completions and len(server.requests) == 6


@pytest.mark.parametrize(
    ("manners", "said"),
    [
        (Manners(order="duplicate"), "two choices of index 0"),
        (Manners(n="more"), "outside of the 4"),
        (Manners(null_text=True), "spent its tokens on thinking"),
    ],
)
def test_a_confused_answer_is_refused(manners: Manners, said: str) -> None:
    with opened(manners) as (backbone, server, _), pytest.raises(ServerError, match=said):
        backbone.sample(PROMPT, SEEDS, PLAIN)
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": None}, {"choices": [7]}, {"choices": {"index": 0}}])
def test_an_answer_without_choices_is_refused(body: Any) -> None:
    with opened(None, status(200, body)) as (backbone, _, _), pytest.raises(ServerError, match="without choices"):
        backbone.sample(PROMPT, SEEDS, PLAIN)


def test_an_error_under_status_200_is_told() -> None:
    fault = status(200, {"error": {"message": "upstream died"}})
    with opened(None, fault) as (backbone, _, _), pytest.raises(ServerError, match="upstream died"):
        backbone.sample(PROMPT, SEEDS, PLAIN)


def test_at_temperature_0_one_letter_serves_every_seed() -> None:
    with opened() as (backbone, server, _):
        got = backbone.sample(PROMPT, SEEDS, Sampling(temperature=0, top_k=5, min_p=0.1, repeat_penalty=1.2))
    body = server.requests[0].body
    assert len([r for r in server.requests if r.body["max_tokens"] > 1]) == 1
    assert not {"n", "top_p", "top_k", "min_p", "repetition_penalty"} & body.keys()
    assert texts(got.completions) == ["Letter 11"] * 4 and tuple(c.seed for c in got.completions) == SEEDS


def test_no_seed_asks_for_nothing() -> None:
    with opened() as (backbone, server, _):
        assert backbone.sample(PROMPT, (), PLAIN).completions == ()
    assert server.requests == []


def test_settings_off_their_default_are_sent() -> None:
    with opened(extra_body={"chat_template_kwargs": {"enable_thinking": False}}) as (backbone, server, _):
        backbone.sample(PROMPT, (1,), Sampling(top_k=20, min_p=0.05, repeat_penalty=1.1, max_tokens=9))
    body = server.requests[0].body
    assert (body["top_k"], body["min_p"], body["repetition_penalty"], body["repeat_penalty"]) == (20, 0.05, 1.1, 1.1)
    assert body["max_tokens"] == 9 and body["chat_template_kwargs"] == {"enable_thinking": False}


def test_a_setting_that_the_server_does_not_know_is_named() -> None:
    said = "does not take 'min_p'; leave 'min_p' at its default"
    with opened(Manners(refuses=("min_p",))) as (backbone, _, _), pytest.raises(ServerError, match=said):
        backbone.sample(PROMPT, SEEDS, Sampling(min_p=0.1))


def test_fields_that_winnow_can_do_without_are_dropped_once(folder: str) -> None:
    manners = Manners(refuses=("return_token_ids", "return_tokens_as_token_ids", "logprobs"), ids="none", told="none")
    with opened(manners, tokenizer=folder) as (backbone, server, _):
        first, second = (backbone.sample(PROMPT, SEEDS, PLAIN) for _ in range(2))
    assert len(server.requests) == 5 and first.completions == second.completions
    assert all(c.token_ids == () and c.logprobs is None for c in first.completions)


def test_the_newer_name_of_max_tokens_is_taken_up() -> None:
    with opened(Manners(refuses=("max_tokens",))) as (backbone, server, _):
        backbone.sample(PROMPT, SEEDS, PLAIN)
    assert [("max_tokens" in r.body, r.body.get("max_completion_tokens")) for r in server.requests] == [(True, None), (False, 320)]


def test_with_a_tokenizer_the_prompt_goes_as_ids_and_ids_come_back(folder: str) -> None:
    with opened(tokenizer=folder) as (backbone, server, _):
        got = backbone.sample(PROMPT, SEEDS, PLAIN)
        assert backbone.count(PROMPT) == Tokens(len(server.requests[0].body["prompt"]), server.requests[0].body["prompt"].index(257) + 8)
    request = server.requests[0]
    ids = request.body["prompt"]
    assert request.path == "/completions" and "messages" not in request.body
    assert ids[0] == 256 and all(isinstance(n, int) for n in ids)
    for n, completion in enumerate(got.completions):
        own = letter(11 + n)
        assert completion.token_ids == tuple(own)
        assert completion.logprobs == tuple(logprobs([*ids, *own[:i]])[own[i]] for i in range(LETTER))
    assert got.cost.prompt_computed == len(ids) - 4 and got.cost.prompt_reused == 4


def test_ids_are_read_from_tokens_that_are_named_by_number(folder: str) -> None:
    with opened(Manners(ids="named"), tokenizer=folder) as (backbone, _, _):
        assert backbone.sample(PROMPT, (11,), PLAIN).completions[0].token_ids == tuple(letter(11))


def test_ids_are_never_made_from_text(folder: str) -> None:
    with opened(Manners(ids="none", usage=False), tokenizer=folder) as (backbone, server, _):
        got = backbone.sample(PROMPT, (11,), PLAIN)
    assert got.completions[0].token_ids == ()
    assert got.cost.prompt_computed == len(server.requests[0].body["prompt"])


@pytest.mark.parametrize("told", ["none", "null", "short"])
def test_missing_logprobs_are_null(told: str, folder: str) -> None:
    with opened(Manners(told=told), tokenizer=folder) as (backbone, _, _):
        assert [c.logprobs for c in backbone.sample(PROMPT, SEEDS, PLAIN).completions] == [None] * 4


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize(("told", "kept"), [("raw", True), ("scaled", False)])
def test_logprobs_are_kept_only_where_they_stand_at_temperature_1(told: str, kept: bool, local: bool, folder: str) -> None:
    with opened(Manners(told=told), tokenizer=folder if local else None) as (backbone, server, _):
        plain = backbone.sample(PROMPT, SEEDS, PLAIN)
        before = len(server.requests)
        hot = backbone.sample(PROMPT, SEEDS, Sampling(temperature=1.7))
        asked = len(server.requests) - before
        backbone.sample(PROMPT, SEEDS, Sampling(temperature=0.5))
        assert len(server.requests) == before + asked + 1  # asked once, remembered
    assert before == 1 and asked == 4
    assert plain.completions[0].logprobs is not None
    assert (hot.completions[0].logprobs == plain.completions[0].logprobs) is kept
    assert (hot.completions[0].logprobs is None) is not kept


def test_further_keys_make_sampling_not_plain() -> None:
    with opened(extra_body={"frequency_penalty": 1}) as (backbone, server, _):
        backbone.sample(PROMPT, SEEDS, PLAIN)
    assert len(server.requests) == 4


def test_identity_says_what_the_server_tells(folder: str) -> None:
    with opened(Manners(context=4096), tokenizer=folder) as (backbone, server, _):
        identity = backbone.identity
        assert (identity.kind, identity.model, identity.hash, identity.context) == ("openai", "toy", None, 4096)
        assert identity.details.keys() == {"server", "endpoint", "tokenizer"} and identity.details["server"] == server.url
    with opened() as (backbone, server, _):
        details = {"server": server.url, "endpoint": "/chat/completions"}
        assert backbone.identity == Identity(kind="openai", model="toy", hash=None, context=None, details=details)
        assert backbone.count(PROMPT) is None


def test_a_prompt_beyond_the_context_is_refused_before_any_request(folder: str) -> None:
    with opened(Manners(context=100), tokenizer=folder) as (backbone, server, _):
        length = backbone.count(PROMPT)
        assert length is not None
        backbone.sample(PROMPT, (1,), PLAIN.model_copy(update={"max_tokens": 100 - length.total}))
        assert len(server.requests) == 1
        with pytest.raises(ContextError, match=f"{length.total} tokens .* together 101.* context of 100"):
            backbone.sample(PROMPT, (1,), PLAIN.model_copy(update={"max_tokens": 101 - length.total}))
        assert len(server.requests) == 1


def test_some_letters_missing_for_good_end_the_round() -> None:
    with opened(Manners(n="drops"), retries=0) as (backbone, server, _):
        backbone.sample(PROMPT, SEEDS, PLAIN)
        server.faults.append(status(500))
        with pytest.raises(ServerError, match=r"3 of 4 letters came and the round is given up: .*status 500"):
            backbone.sample(PROMPT, SEEDS, PLAIN)
        server.faults.append(status(401))
        with pytest.raises(ConfigError, match="TOY_KEY"):
            backbone.sample(PROMPT, SEEDS, PLAIN)
