"""Letters from any OpenAI-compatible server: vLLM, SGLang, llama-server, or the vendor's own.

With a local tokenizer the prompt goes to /completions as ids of our own making; without one its text goes
to /chat/completions and nothing can be scored. k letters are asked for in one request (`n`), under the first
seed; each keeps its own seed in the receipt, and the same seeds in the same order ask for the same letters.
What a server leaves out of them is asked for one by one, each under its own seed; a server that gives one
letter for k is asked that way from then on. Either all letters come or none: with one missing the round
fails, and says how many came.

Log-probabilities are kept only where they are known to stand at temperature 1: where the sampling is plain,
or where the server has shown once that its figures do not move with temperature and top-p. A setting at its
default (top-k, min-p, repetition penalty) is not sent, so the server's own default holds; `extra_body` sets
another. An adapter is a LoRA that the server offers as a model, and `adapter` is its name there.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple

from agent.backbones import Identity, Sampled, Sampling, Tokens
from agent.backbones.openai_http import Refused, Server
from agent.backbones.openai_pace import Pause, together
from agent.backbones.openai_replies import Choice, likeliest_first, read_choices, spent
from agent.backbones.openai_scores import Scoring, reports_raw
from agent.backbones.spec import OpenaiSpec
from agent.backbones.tokenizer import LocalTokenizer
from critic.candidate import Completion, Cost
from critic.scorer import Scored
from prompts.pieces import Message, Piece, Prompt
from rubric.errors import ConfigError, ContextError, ScoreError, ServerError, WinnowError

_OURS = frozenset({"model", "prompt", "messages", "n", "seed", "stream", "echo", "temperature", "top_p", "max_tokens", "logprobs"})
_NEUTRAL = frozenset({"chat_template_kwargs"})
_OPTIONAL = ("return_tokens_as_token_ids", "return_token_ids", "top_logprobs", "logprobs")
_SETTINGS = {"repetition_penalty": "repeat_penalty", "repeat_penalty": "repeat_penalty"}
_ONE_ONLY = re.compile(r"(?<!\\)\bn\b|completion choice")
_PROBE = Prompt((Message("user", (Piece("Write one line to a customer.", True),)),), "probe")
_OPENING, _ENDINGS = "Hello, and thank you", " you 7 Q"
_SEED_BITS = 2**31 - 1


class _Request(NamedTuple):
    path: str
    body: dict[str, Any]
    length: int


class OpenaiBackbone:
    """One model on one server; may be used from several threads."""

    def __init__(self, spec: OpenaiSpec, pause: Pause | None = None) -> None:
        self._spec = spec
        self._extra = dict(_checked_extra(spec.extra_body))
        template = self._extra.get("chat_template_kwargs")
        thinking = isinstance(template, dict) and bool(template.get("enable_thinking"))
        self._tokenizer = None if spec.tokenizer is None else LocalTokenizer(spec.tokenizer, thinking=thinking)
        if self._tokenizer is not None:
            self._extra.pop("chat_template_kwargs", None)
        self._server = Server(spec, pause)
        self._scoring = Scoring(self._server, spec.model, self._extra, self._probe_strings)
        self._unknown: set[str] = set()
        self._one_each = False
        self._raw: bool | None = None
        self._lock = threading.Lock()

    @cached_property
    def identity(self) -> Identity:
        details = {"server": self._server.address, "endpoint": self._path}
        if self._tokenizer is not None:
            details["tokenizer"] = self._tokenizer.hash
        return Identity(kind="openai", model=self._spec.model, hash=None, context=self._context, details=details)

    def count(self, prompt: Prompt) -> Tokens | None:
        if self._tokenizer is None:
            return None
        encoded = self._tokenizer.encode(prompt)
        return Tokens(len(encoded.ids), encoded.static)

    def sample(self, prompt: Prompt, seeds: Sequence[int], sampling: Sampling) -> Sampled:
        started = time.perf_counter()
        request = self._request(prompt, sampling)
        # At temperature 0 every seed gives the same letter, and some servers refuse to give it k times.
        asked = list(seeds[:1] if sampling.temperature == 0 else seeds)
        choices, cost = self._draw(request, asked) if asked else ([], Cost())
        if any(choice.logprobs is not None for choice in choices) and not (_is_plain(sampling) and self._extra.keys() <= _NEUTRAL):
            raw, more = self._tells_raw()
            cost += more
            choices = choices if raw else [choice._replace(logprobs=None) for choice in choices]
        choices = choices * (len(seeds) if len(asked) < len(seeds) else 1)
        completions = tuple(Completion(**choice._asdict(), seed=seed) for choice, seed in zip(choices, seeds, strict=True))
        return Sampled(completions, cost + Cost(seconds={"sample": time.perf_counter() - started}))

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        """One request for each completion; the prompt's part of the answer is dropped."""
        started = time.perf_counter()
        tokenizer = self._local()
        if not all(completions):
            raise ScoreError(
                "a completion has no token ids, so it cannot be scored; use a server that returns them (vLLM does), "
                "another backbone, or 'ranker: as_sampled'"
            )
        head = tokenizer.encode(prompt).ids
        self._fits(len(head), 1 + max(map(len, completions), default=0))
        rows = self._scoring.rows([[*head, *ids] for ids in completions], adapter) if completions else []
        scored = sum(map(len, completions))
        total = sum((row.cost for row in rows), Cost())
        computed = max(0, total.prompt_computed - scored)
        cost = total.model_copy(
            update={"prompt_computed": computed, "scored": scored, "seconds": {"score": time.perf_counter() - started}}
        )
        return Scored(tuple(row.values[len(head) - 1 :] for row in rows), cost)

    def tokenize(self, text: str, *, control: bool = False) -> tuple[int, ...]:
        return tuple(self._local().tokenize(text, control))

    def close(self) -> None:
        self._server.close()

    def _local(self) -> LocalTokenizer:
        if self._tokenizer is None:
            raise ScoreError("the openai backbone scores only with a local tokenizer; set backbone.tokenizer to its folder")
        return self._tokenizer

    @property
    def _path(self) -> str:
        return "/chat/completions" if self._tokenizer is None else "/completions"

    @cached_property
    def _context(self) -> int | None:
        """The context that the server tells for the model; None where it does not."""
        try:
            listed = self._server.get("/models").get("data")
        except (ServerError, ConfigError, ContextError):
            return None
        for entry in listed if isinstance(listed, list) else []:
            if isinstance(entry, dict) and entry.get("id") == self._spec.model:
                length = entry.get("max_model_len")
                return length if isinstance(length, int) and length > 0 else None
        return None

    def _fits(self, prompt: int, more: int) -> None:
        if self._context is not None and prompt + more > self._context:
            raise ContextError(
                f"the prompt has {prompt} tokens and the letter up to {more}, together {prompt + more}, but {self._spec.model} on "
                f"{self._server.address} has a context of {self._context}; use fewer facts, a smaller max_tokens, or a longer context"
            )

    def _request(self, prompt: Prompt, sampling: Sampling) -> _Request:
        body: dict[str, Any] = {**self._extra, "model": self._spec.model, **_drawing(sampling)}
        if self._tokenizer is None:
            messages = [{"role": message.role, "content": message.text.encode("utf-8", "replace").decode()} for message in prompt.messages]
            return _Request(self._path, {**body, "messages": messages, "logprobs": True}, 0)
        ids = self._tokenizer.encode(prompt).ids
        self._fits(len(ids), sampling.max_tokens)
        told = {"return_token_ids": True, "return_tokens_as_token_ids": True, "logprobs": 1}
        return _Request(self._path, {**body, "prompt": list(ids), **told}, len(ids))

    def _draw(self, request: _Request, seeds: Sequence[int]) -> tuple[list[Choice], Cost]:
        found: dict[int, Choice] = {}
        cost = Cost()
        if len(seeds) > 1 and not self._one_each:
            found, cost = self._draw_together(request, seeds)
        missing = [place for place in range(len(seeds)) if place not in found]
        outcomes = together([partial(self._draw_one, request, seeds[place]) for place in missing])
        failures = [outcome for outcome in outcomes if isinstance(outcome, WinnowError)]
        if failures:
            raise _incomplete(failures[0], len(seeds) - len(failures), len(seeds))
        for place, outcome in zip(missing, outcomes, strict=True):
            if not isinstance(outcome, WinnowError):
                found[place] = outcome[0]
                cost += outcome[1]
        return [found[place] for place in range(len(seeds))], cost

    def _draw_together(self, request: _Request, seeds: Sequence[int]) -> tuple[dict[int, Choice], Cost]:
        try:
            reply = self._send(request.path, {**request.body, "n": len(seeds), "seed": seeds[0] & _SEED_BITS})
        except Refused as error:
            if not _ONE_ONLY.search(error.said):
                raise
            self._one_each = True
            return {}, Cost()
        found = read_choices(reply, len(seeds))
        self._one_each = self._one_each or list(found) == [0]
        return found, spent(reply, request.length)

    def _draw_one(self, request: _Request, seed: int) -> tuple[Choice, Cost]:
        reply = self._send(request.path, {**request.body, "seed": seed & _SEED_BITS})
        return read_choices(reply, 1)[0], spent(reply, request.length)

    def _send(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Sends without what the server has refused before and Winnow can do without."""
        while True:
            known = {name: value for name, value in body.items() if name not in self._unknown}
            if "max_tokens" in self._unknown:
                known["max_completion_tokens"] = body["max_tokens"]
            try:
                return self._server.post(path, known)
            except Refused as error:
                name = _refused_field(error.said, known)
                if name is None:
                    raise _explained(error, known) from None
                self._unknown |= {name, "top_logprobs"} if name == "logprobs" else {name}

    def _tells_raw(self) -> tuple[bool, Cost]:
        """Asked once for a server, by the likeliest first token of a fixed prompt."""
        costs: list[Cost] = []

        def ask(temperature: float, top_p: float) -> float | None:
            request = self._request(_PROBE, Sampling(temperature=temperature, top_p=top_p, max_tokens=1))
            told = {"top_logprobs": 1} if self._tokenizer is None else {}
            reply = self._send(request.path, {**request.body, **told, "seed": 0})
            costs.append(spent(reply, request.length))
            return likeliest_first(reply)

        with self._lock:
            if self._raw is None:
                try:
                    self._raw = reports_raw(ask)
                except Refused:
                    self._raw = False
            return self._raw, sum(costs, Cost())

    def _probe_strings(self) -> tuple[list[int], list[int]]:
        """Two strings that end in different tokens, behind an assistant's header as letters stand."""
        tokenizer = self._local()
        stem = [*tokenizer.encode(_PROBE).ids, *tokenizer.tokenize(_OPENING, False)]
        endings = list(dict.fromkeys([*tokenizer.tokenize(_ENDINGS, False), *stem]))
        if len(endings) < 2:
            raise ScoreError("the local tokenizer knows one token only, so nothing can be scored; give the model's own tokenizer")
        return [*stem, endings[0]], [*stem, endings[-1]]


def _drawing(sampling: Sampling) -> dict[str, Any]:
    """The settings of sampling as servers call them; the penalty has two names."""
    if sampling.temperature == 0:
        return {"temperature": 0, "max_tokens": sampling.max_tokens}
    body: dict[str, Any] = {"temperature": sampling.temperature, "top_p": sampling.top_p, "max_tokens": sampling.max_tokens}
    if sampling.top_k:
        body["top_k"] = sampling.top_k
    if sampling.min_p:
        body["min_p"] = sampling.min_p
    if sampling.repeat_penalty != 1:
        body |= {"repetition_penalty": sampling.repeat_penalty, "repeat_penalty": sampling.repeat_penalty}
    return body


def _is_plain(sampling: Sampling) -> bool:
    return (sampling.temperature, sampling.top_p, sampling.top_k, sampling.min_p, sampling.repeat_penalty) == (1, 1, 0, 0, 1)


def _refused_field(said: str, body: Mapping[str, Any]) -> str | None:
    """A field that Winnow can do without, or call otherwise, and that the server's message names."""
    if "max_tokens" in body and "max_completion_tokens" in said:
        return "max_tokens"
    return next((name for name in _OPTIONAL if name in body and re.search(rf"\b{name}\b", said)), None)


def _explained(error: Refused, body: Mapping[str, Any]) -> Refused:
    for name in ("top_k", "min_p", "repetition_penalty", "repeat_penalty", "top_p", "temperature", "seed"):
        if name in body and re.search(rf"\b{name}\b", error.said):
            return Refused(f"{error}: the server does not take {name!r}; leave {_SETTINGS.get(name, name)!r} at its default", error.said)
    return error


def _incomplete(first: WinnowError, came: int, asked: int) -> WinnowError:
    """What the user must change stays such; anything else is the server's failure."""
    if asked == 1 or isinstance(first, (ConfigError, ContextError)):
        return first
    return ServerError(f"{came} of {asked} letters came and the round is given up: {first}")


def _checked_extra(extra: Mapping[str, object]) -> Mapping[str, Any]:
    if taken := sorted(_OURS & extra.keys()):
        raise ConfigError(f"extra_body holds {', '.join(taken)}, which Winnow sets itself; take it out of extra_body")
    try:
        json.dumps(extra, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"extra_body cannot be sent as JSON: {error}; use text, numbers, lists and mappings") from None
    return extra


__all__ = ["OpenaiBackbone"]
