"""What a server or the way to it may do wrong, and what becomes of it: another try, or an error with its fix."""

from __future__ import annotations

import gzip
import logging
import socket
import sys
from email.utils import formatdate
from typing import Any

import pytest

from agent.backbones import Backbone, Sampling, open_backbone
from agent.backbones.openai import OpenaiBackbone
from agent.backbones.openai_http import LARGEST, Refused
from agent.backbones.openai_pace import Pause, asked_wait, together
from agent.backbones.spec import OpenaiSpec
from prompts.pieces import Message, Piece, Prompt
from rubric.errors import BackboneError, ConfigError, ContextError, MissingExtra, ScoreError, ServerError, WinnowError
from tests.fault_server import Fault, FaultServer, Handler, cut, drip, opened, stall, status

PROMPT = Prompt((Message("user", (Piece("To Maya", True),)),))
PLAIN = Sampling(temperature=1, top_p=1)
KEY = "sk-very-secret-0123456789"


def draw(backbone: OpenaiBackbone) -> str:
    return backbone.sample(PROMPT, (5,), PLAIN).completions[0].text


def fails(*faults: Fault, **spec: Any) -> tuple[WinnowError, int, list[float]]:
    """The error that a request ends with, how often the server was asked, and the waits."""
    with opened(None, *faults, **spec) as (backbone, server, slept):
        with pytest.raises(WinnowError) as error:
            draw(backbone)
        return error.value, len(server.requests), slept


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_passing_failures_are_tried_again(code: int) -> None:
    with opened(None, status(code), status(code)) as (backbone, server, slept):
        assert draw(backbone) == "Letter 5"
    assert len(server.requests) == 3 and slept == [0.25, 0.5]


@pytest.mark.parametrize("fault", [cut, status(200, b"<html>"), status(200, b'{"choices": [{"te'), status(200, b"[1]"), status(200, b"")])
def test_broken_answers_are_tried_again(fault: Fault) -> None:
    with opened(None, fault) as (backbone, server, slept):
        assert draw(backbone) == "Letter 5"
    assert len(server.requests) == 2 and len(slept) == 1


@pytest.mark.parametrize("fault", [stall, drip])
def test_silence_is_tried_again(fault: Fault) -> None:
    with opened(None, fault, timeout_s=0.3, retries=20) as (backbone, server, slept):
        assert draw(backbone) == "Letter 5"
    assert len(server.requests) > 1 and slept


@pytest.mark.parametrize("fault", [stall, drip])
def test_silence_that_lasts_says_how_long(fault: Fault) -> None:
    error, _, _ = fails(*[fault] * 2, timeout_s=0.1, retries=1)
    assert type(error) is ServerError and "answer within 0.1 s" in str(error) and "timeout_s" in str(error)


def test_retries_run_out() -> None:
    error, asked, slept = fails(*[status(500, {"error": {"message": "out of memory"}})] * 9, retries=3)
    assert isinstance(error, ServerError) and asked == 4 and slept == [0.25, 0.5, 1.0]
    assert "was tried 4 times: status 500, out of memory; check that the server runs" in str(error)


def test_waits_grow_up_to_a_limit() -> None:
    _, asked, slept = fails(*[status(503)] * 30, retries=10)
    assert asked == 11 and max(slept) == slept[-1] == 15.0


def test_no_retries_means_one_try() -> None:
    error, asked, slept = fails(status(500), retries=0)
    assert asked == 1 and slept == [] and "was tried once" in str(error)


def test_broken_json_is_given_two_more_tries_only() -> None:
    error, asked, _ = fails(*[status(200, b"<html><title>Login</title>")] * 9, retries=8)
    assert isinstance(error, ServerError) and asked == 3
    assert "not JSON, it begins with '<html><title>Login</title>'" in str(error) and "base_url" in str(error)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": formatdate(1012, usegmt=True)}, 12.0),
        ({"Retry-After": formatdate(900, usegmt=True)}, 0.0),
        ({"Retry-After": "soon"}, 0.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"x-ratelimit-reset-requests": "1m2.5s"}, 62.5),
        ({"x-ratelimit-reset-requests": "20ms", "x-ratelimit-reset-tokens": "6s"}, 6.0),
        ({"x-ratelimit-reset-requests": "9s", "x-ratelimit-remaining-requests": "3"}, 0.0),
        ({"Retry-After": "2", "x-ratelimit-reset-tokens": "60"}, 2.0),
        ({}, 0.0),
    ],
)
def test_the_server_says_how_long_to_wait(headers: dict[str, str], wait: float) -> None:
    def fault(handler: Handler) -> None:
        handler.answer(b"", 429, headers)

    with opened(None, fault) as (backbone, _, slept):
        draw(backbone)
    assert slept == [pytest.approx(wait + 0.25)]


def test_a_reset_may_be_a_moment() -> None:
    assert asked_wait({"x-ratelimit-reset-requests": "2000000030"}, 2_000_000_000.0) == 30.0


def test_a_wait_beyond_reason_ends_at_once() -> None:
    error, asked, slept = fails(status(429, Retry_After="86400"))
    assert isinstance(error, ServerError) and asked == 1 and slept == []
    assert "asks to wait 86400 s" in str(error)


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (400, Refused, "change the setting"),
        (401, ConfigError, "environment variable TOY_KEY is not set"),
        (403, ConfigError, "environment variable TOY_KEY is not set"),
        (404, ConfigError, "base_url ends with the version path"),
        (405, ConfigError, "base_url"),
        (418, ServerError, "server's log"),
        (422, Refused, "change the setting"),
    ],
)
@pytest.mark.parametrize("body", [{"error": {"message": "no such thing"}}, {"error": "no such thing"}, {"detail": "no such thing"}, b"no such\n\x1b[31mthing"])
def test_final_failures_are_not_tried_again(code: int, kind: type[WinnowError], said: str, body: Any) -> None:
    error, asked, slept = fails(status(code, body))
    assert type(error) is kind and asked == 1 and slept == []
    assert said in str(error) and "no such" in str(error) and str(error).isprintable()


@pytest.mark.parametrize("said", ["This model's maximum context length is 40 tokens", "the request exceeds the available context size"])
def test_a_full_context_is_the_prompts_fault(said: str) -> None:
    error, asked, _ = fails(status(400, {"error": {"message": said}}))
    assert type(error) is ContextError and said in str(error) and asked == 1


def test_a_long_message_is_cut() -> None:
    error, _, _ = fails(status(400, {"error": {"message": "long " * 1000}}))
    assert len(str(error)) < 450


def test_the_key_is_sent_and_never_shown(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("TOY_KEY", f" {KEY}\n")
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    for fault in (status(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}), status(400, f"{'x' * 290}{KEY}".encode()),
                  status(200, f"<p>{KEY}".encode()), status(200, {"error": KEY})):  # fmt: skip
        with opened(None, *[fault] * 3, retries=2) as (backbone, server, _):
            with pytest.raises(WinnowError) as error:
                draw(backbone)
            assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
            shown += [str(error.value), repr(error.value), repr(backbone), repr(backbone.identity), str(vars(error.value))]
    assert KEY[:9] not in "".join(shown) + caplog.text
    assert "TOY_KEY is not accepted" in shown[0] and "***" in shown[0]


def test_without_a_key_no_authorization_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOY_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with opened() as (backbone, server, _):
        draw(backbone)
    assert "authorization" not in server.requests[0].headers and KEY not in str(server.requests)


def test_a_key_that_cannot_be_a_header_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_KEY", "two\nlines-of-secret")
    with pytest.raises(ConfigError, match="TOY_KEY holds characters") as error, opened():
        pass
    assert "secret" not in str(error.value)


def test_redirects_do_not_carry_the_key_to_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_KEY", KEY)
    with FaultServer() as other:
        error, asked, _ = fails(status(307, Location=f"{other.url}/chat/completions?key={KEY}"))
        assert type(error) is ConfigError and asked == 1 and other.requests == []
        assert KEY not in str(error) and other.url in str(error) and "put the final address in base_url" in str(error)


def test_a_huge_answer_is_cut_off() -> None:
    error, asked, _ = fails(status(200, gzip.compress(b" " * (LARGEST + 70_000)), Content_Encoding="gzip"))
    assert type(error) is ServerError and asked == 1 and "more than 32 MB" in str(error)


def test_a_body_that_does_not_unpack_is_a_broken_connection() -> None:
    error, asked, _ = fails(*[status(200, b"not gzip", Content_Encoding="gzip")] * 2, retries=1)
    assert type(error) is ServerError and asked == 2


def test_a_refused_connection_names_the_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        error, asked, slept = fails(base_url=url, retries=2)
    assert type(error) is ServerError and len(slept) == 2 and asked == 0
    assert url in str(error) and "was tried 3 times: the connection failed" in str(error)


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8000/v1", "ftp://host/v1", "http://", "http://host/v1?key=pw", "http://host:port/v1", "http://[::1/v1", "http://a b/v1"],
)
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url") as error:
        OpenaiBackbone(OpenaiSpec(base_url=url, model="toy"))
    assert "pw" not in str(error.value)


@pytest.mark.parametrize("extra", [{"n": 3}, {"seed": 1, "top_k": 3}, {"when": object()}, {"x": float("nan")}])
def test_extra_keys_that_cannot_be_sent_are_refused(extra: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="extra_body"):
        OpenaiBackbone(OpenaiSpec(model="toy", extra_body=extra))


def test_without_httpx_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingExtra, match=r"winnow\[openai\]"):
        open_backbone(OpenaiSpec(model="toy"))


def test_closing_twice_is_fine_and_using_it_then_is_not() -> None:
    with opened() as (backbone, _, _):
        as_any: Backbone = backbone
        as_any.close()
        as_any.close()
        with pytest.raises(BackboneError, match="closed"):
            draw(backbone)


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    with opened() as (backbone, _, _):
        assert draw(backbone) == "Letter 5"


def test_work_at_once_keeps_its_order_and_its_errors() -> None:
    wrong = ScoreError("x")

    def raises(error: Exception) -> int:
        raise error

    jobs = [lambda n=n: n for n in range(40)]
    assert together([*jobs, lambda: raises(wrong)]) == [*range(40), wrong]
    with pytest.raises(KeyError):
        together([lambda: 1, lambda: raises(KeyError("defect"))])
    assert together([]) == []


def test_jitter_is_random_unless_told() -> None:
    draws = {Pause().uniform(0.0, 1.0) for _ in range(5)}
    assert len(draws) == 5 and all(0 <= value <= 1 for value in draws)
