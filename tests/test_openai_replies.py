"""Whatever JSON a server answers with becomes choices or a typed error, and never a figure that was not told."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.backbones.openai_pace import asked_wait
from agent.backbones.openai_replies import Choice, likeliest_first, named_ids, number, read_choices, spent, whole_ids
from agent.backbones.openai_scores import _checked, _echoed, _told
from critic.candidate import Cost
from rubric.errors import ScoreError, ServerError

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.sampled_from([10**400, -(10**400), -0.5, "token_id:7"])
ANY = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=6)


def shaped(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Mappings whose known fields are right, missing or anything."""
    return st.fixed_dictionaries({}, optional={name: given | ANY for name, given in fields.items()})


ENTRY = shaped(logprob=st.just(-0.5), id=st.just(4), token=st.text(max_size=3), top_logprobs=st.lists(shaped(logprob=st.just(-1.0)), max_size=2))
LOGPROBS = shaped(content=st.lists(ENTRY, max_size=3), token_logprobs=st.lists(SCALARS, max_size=4), tokens=st.lists(SCALARS, max_size=4),
                  top_logprobs=st.lists(ANY, max_size=2))  # fmt: skip
CHOICE = shaped(index=st.integers(-1, 3), text=st.text(), message=shaped(content=st.text()), logprobs=LOGPROBS, token_ids=st.lists(st.integers(0, 9)),
                finish_reason=st.sampled_from(["stop", "length", "content_filter"]), prompt_logprobs=st.lists(ANY, max_size=4),
                prompt_token_ids=st.lists(st.integers(0, 9), max_size=4))  # fmt: skip
REPLY = shaped(choices=st.lists(CHOICE, max_size=3), usage=shaped(prompt_tokens=st.just(9), completion_tokens=st.just(2), prompt_tokens_details=shaped(cached_tokens=st.just(4))))


@given(REPLY, st.integers(1, 4))
def test_any_answer_gives_choices_or_a_server_error(reply: dict[str, Any], asked: int) -> None:
    try:
        found = read_choices(reply, asked)
    except ServerError:
        return
    assert list(found) == sorted(found) and set(found) <= set(range(asked)) and found
    for choice in found.values():
        choice.text.encode()
        assert all(n >= 0 for n in choice.token_ids)
        if choice.logprobs is not None:
            assert choice.logprobs and all(-1e6 < value <= 0 for value in choice.logprobs)
            assert len(choice.token_ids) in (0, len(choice.logprobs))


@given(REPLY, st.integers(0, 50))
def test_any_usage_is_a_cost(reply: dict[str, Any], known: int) -> None:
    cost = spent(reply, known)
    assert min(cost.prompt_computed, cost.prompt_reused, cost.decoded) >= 0 and cost.passes == 1


@given(shaped(choices=st.just([{"index": 0, "text": "x"}]).flatmap(lambda _: st.lists(CHOICE, min_size=1, max_size=1))))
def test_any_first_token_gives_a_figure_or_none(reply: dict[str, Any]) -> None:
    try:
        found = likeliest_first(reply)
    except (ServerError, KeyError):
        return
    assert found is None or found <= 0


@given(CHOICE, st.lists(st.integers(0, 9), min_size=1, max_size=4), st.integers(0, 1))
def test_any_row_is_whole_or_refused(raw: dict[str, Any], ids: list[int], generated: int) -> None:
    for told in (False, True):
        try:
            values = _checked(_told(raw, ids) if told else _echoed(raw, ids, generated))
        except ScoreError:
            continue
        assert len(values) == len(ids) - 1 and all(math.isfinite(value) and value <= 0 for value in values)


@given(st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"]), st.text(max_size=30)), st.floats(0, 4e9))
def test_any_header_is_a_wait(headers: dict[str, str], now: float) -> None:
    assert asked_wait(headers, now) >= 0.0


@pytest.mark.parametrize(
    ("value", "read"),
    [(-1.5, -1.5), (0, 0.0), (0.0005, 0.0), (-9999.0, -9999.0), (0.1, None), (True, None), ("-1", None), (None, None), (-math.inf, None), (math.nan, None), (-(10**400), None)],
)
def test_a_logprob_is_a_finite_number_below_zero(value: object, read: float | None) -> None:
    assert number(value) == read


def test_ids_come_from_numbers_alone() -> None:
    assert named_ids(["token_id:5", 6, "token_id:0"]) == (5, 6, 0)
    assert named_ids(["token_id:5", "Hi"]) is None and named_ids([True]) is None
    assert whole_ids([1, 2]) == (1, 2) and whole_ids([1, True]) is None and whole_ids([-1]) is None and whole_ids("12") is None


def test_both_forms_of_logprobs_are_read() -> None:
    older = {"text": "Hi", "logprobs": {"token_logprobs": [-0.5, -0.25], "tokens": ["token_id:3", "token_id:4"]}}
    newer = {"text": "Hi", "logprobs": {"content": [{"logprob": -0.5, "id": 3}, {"logprob": -0.25, "id": 4}]}}
    expected = Choice("Hi", (3, 4), (-0.5, -0.25), "stop")
    assert read_choices({"choices": [older]}, 1)[0] == read_choices({"choices": [newer]}, 1)[0] == expected


@pytest.mark.parametrize(("reason", "finish"), [("stop", "stop"), (None, "stop"), ("eos", "stop"), ("length", "length"), ("content_filter", "length")])
def test_a_letter_that_was_cut_is_never_finished(reason: str | None, finish: str) -> None:
    assert read_choices({"choices": [{"text": "Hi", "finish_reason": reason}]}, 1)[0].finish == finish


def test_half_a_surrogate_pair_does_not_travel_on() -> None:
    assert read_choices({"choices": [{"text": "Hi \ud800"}]}, 1)[0].text == "Hi ?"


def test_cached_tokens_are_reused_ones() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}
    assert spent({"usage": usage}) == Cost(prompt_computed=5, prompt_reused=4, decoded=2, passes=1)
    assert spent({}, 7) == Cost(prompt_computed=7, passes=1)
