"""Log-probabilities of given tokens from a server, used only after the server has proven them.

The proof: two strings of ids that differ in the last token alone. The answers must have one number for
each token, null for the first, the ids we sent where ids are told, the same numbers on the shared part,
and another one for the last token. Three ways of asking are tried; a server that fails all of them is
refused, because a ranking by numbers that stand one token off looks like any other ranking.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from agent.backbones.openai_http import Refused, Server
from agent.backbones.openai_pace import together
from agent.backbones.openai_replies import entries, named_ids, number, raw_choices, spent, whole_ids
from critic.candidate import Cost
from rubric.errors import ConfigError, ModelError, ScoreError, ServerError, WinnowError

MOST_NOISE = 0.1
_RAW_NOISE = 0.02
_ADVICE = "use 'ranker: as_sampled', another server (vLLM and SGLang tell them), or another backbone"


class Asking(NamedTuple):
    """One way to ask for the log-probabilities of a prompt."""

    name: str
    fields: Mapping[str, Any]


WAYS = (
    Asking("echo", {"echo": True, "logprobs": 1, "max_tokens": 0, "return_tokens_as_token_ids": True}),
    Asking("echo with one token", {"echo": True, "logprobs": 1, "max_tokens": 1, "return_tokens_as_token_ids": True}),
    Asking("prompt_logprobs", {"prompt_logprobs": 1, "max_tokens": 1}),
)
PLAIN_ECHO = Asking("plain echo", {"echo": True, "logprobs": 1, "max_tokens": 0})


class Row(NamedTuple):
    """Log-probabilities of ids from the second on: the first has nothing before it."""

    values: tuple[float, ...]
    cost: Cost


class Proof(NamedTuple):
    way: Asking
    values: tuple[float, ...]
    noise: float


class Scoring:
    """Scores ids on one server. `strings` are two lists of ids that differ in the last one alone."""

    def __init__(self, server: Server, model: str, extra: Mapping[str, Any], strings: Callable[[], tuple[list[int], list[int]]]) -> None:
        self._server = server
        self._model = model
        self._extra = extra
        self._strings = strings
        self._proofs: dict[str, Proof | ScoreError] = {}
        self._lock = threading.Lock()

    def rows(self, lines: Sequence[Sequence[int]], adapter: str | None) -> list[Row]:
        """One row for each list of ids; the first row carries what a proof has cost."""
        model = adapter or self._model
        with self._lock:
            proof, cost = self._proven(self._model)
            if adapter is not None:
                proof, more = self._proven_adapter(adapter, proof)
                cost += more
        outcomes = together([partial(self._ask, model, proof.way, line) for line in lines])
        rows = [row for row in outcomes if isinstance(row, Row)]
        failures = [error for error in outcomes if isinstance(error, WinnowError)]
        if failures:
            raise failures[0]
        return [Row(rows[0].values, rows[0].cost + cost), *rows[1:]] if rows else []

    def _proven(self, model: str) -> tuple[Proof, Cost]:
        cost = Cost()
        if model not in self._proofs:
            self._proofs[model], cost = self._prove(model)
        proof = self._proofs[model]
        if isinstance(proof, ScoreError):
            raise ScoreError(str(proof))
        return proof, cost

    def _proven_adapter(self, adapter: str, base: Proof) -> tuple[Proof, Cost]:
        """An adapter is a model of its own on the server; one that changes nothing is not switched on."""
        try:
            proof, cost = self._proven(adapter)
        except ConfigError as error:
            raise ModelError(
                f"the server has no adapter served as {adapter!r} ({error}); start it with one, as in "
                f"'vllm serve … --enable-lora --lora-modules {adapter}=FOLDER', and give that name as the adapter"
            ) from None
        if _distance(proof.values, base.values) <= base.noise:
            raise ScoreError(
                f"the server scores with the adapter {adapter!r} exactly as without it: it ignores the name, or the adapter "
                f"changes nothing; {_ADVICE}"
            )
        return proof, cost

    def _prove(self, model: str) -> tuple[Proof | ScoreError, Cost]:
        found: list[str] = []
        cost = Cost()
        ways = list(WAYS)
        for way in ways:
            try:
                first, second = (self._ask(model, way, ids) for ids in self._strings())
                cost += first.cost + second.cost
                return _compare(way, first.values, second.values), cost
            except (ScoreError, Refused) as error:
                found.append(f"{way.name}: {error.said if isinstance(error, Refused) else error}")
                # Without token names an answer proves less, so it is taken only from a server that cannot give them.
                if isinstance(error, Refused) and "return_tokens_as_token_ids" in error.said and PLAIN_ECHO not in ways:
                    ways.append(PLAIN_ECHO)
        return ScoreError(
            f"the server at {self._server.address} does not prove its prompt log-probabilities, so Winnow refuses to rank by them "
            f"({'; '.join(found)}); {_ADVICE}"
        ), cost

    def _ask(self, model: str, way: Asking, ids: Sequence[int]) -> Row:
        # Asked from the first token on: some servers leave the token null at which they begin.
        body = {**self._extra, "model": model, "prompt": list(ids), "temperature": 1.0, "top_p": 1.0, **way.fields}
        reply = self._server.post("/completions", body)
        try:
            raw = raw_choices(reply, 1)[0]
        except (ServerError, KeyError) as error:
            raise ScoreError(str(error)) from None
        values = _told(raw, ids) if "prompt_logprobs" in way.fields else _echoed(raw, ids, int(way.fields["max_tokens"]))
        return Row(_checked(values), spent(reply, len(ids)))


def reports_raw(ask: Callable[[float, float], float | None]) -> bool:
    """Whether sampled tokens' log-probabilities stand before temperature and top-p: then that of the
    likeliest first token is the same whatever both are. `ask(temperature, top_p)` gives it."""
    plain = ask(1.0, 1.0)
    others = [] if plain is None else [ask(3.0, 1.0), ask(1.0, 0.5)]
    return plain is not None and all(other is not None and abs(other - plain) <= _RAW_NOISE for other in others)


def _echoed(raw: Mapping[str, Any], ids: Sequence[int], generated: int) -> list[Any]:
    values, names = entries(raw)
    if not values:
        raise ScoreError("no log-probabilities came back")
    if not len(ids) <= len(values) <= len(ids) + generated:
        raise ScoreError(f"{len(values)} log-probabilities came back for {len(ids)} tokens")
    told = whole_ids(raw.get("prompt_token_ids")) or named_ids(names)
    if told is not None and list(told[: len(ids)]) != list(ids):
        raise ScoreError("the tokens that came back are not those that were sent")
    return list(values[: len(ids)])


def _told(raw: Mapping[str, Any], ids: Sequence[int]) -> list[Any]:
    """Values out of a mapping for each position, which holds the token that was sent by its id."""
    rows = raw.get("prompt_logprobs")
    if not isinstance(rows, list):
        raise ScoreError("no prompt_logprobs came back")
    if len(rows) != len(ids):
        raise ScoreError(f"{len(rows)} prompt_logprobs came back for {len(ids)} tokens")
    found = [row.get(str(n)) if isinstance(row, dict) else None for row, n in zip(rows, ids, strict=True)]
    values = [entry.get("logprob") if isinstance(entry, dict) else None for entry in found]
    return [rows[0], *values[1:]]


def _checked(values: Sequence[Any]) -> tuple[float, ...]:
    if values[0] is not None:
        raise ScoreError("the first token has a log-probability, though nothing stands before it: the row is shifted")
    checked = [number(value) for value in values[1:]]
    for place, value in enumerate(checked, 1):
        if value is None:
            raise ScoreError(f"the log-probability of token {place} of {len(values)} is {'missing' if values[place] is None else 'impossible'}")
    return tuple(value for value in checked if value is not None)


def _compare(way: Asking, first: Sequence[float], second: Sequence[float]) -> Proof:
    noise = _distance(first[:-1], second[:-1])
    if noise > MOST_NOISE:
        raise ScoreError(f"the same tokens differ by {noise:.3g} nats between two answers: the row is shifted or not of these tokens")
    if abs(first[-1] - second[-1]) <= max(10 * noise, 1e-6):
        raise ScoreError("another last token does not change the last log-probability: the row is shifted or not of these tokens")
    return Proof(way, tuple(first), noise)


def _distance(first: Sequence[float], second: Sequence[float]) -> float:
    return max((abs(a - b) for a, b in zip(first, second, strict=True)), default=0.0)


__all__ = ["MOST_NOISE", "PLAIN_ECHO", "WAYS", "Asking", "Proof", "Row", "Scoring", "reports_raw"]
