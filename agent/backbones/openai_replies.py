"""A server's answer as values: choices in their order, their tokens and log-probabilities, the usage.

Decides which of an answer can be believed. Refuses answers without choices, choices that claim the same
place, and text that is null. Token ids are taken where the server gives them and are never made from text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from critic.candidate import Cost, Finish
from rubric.errors import ServerError

_FINISHES: dict[str, Finish] = {"length": "length", "content_filter": "length", "abort": "length"}
_TOKEN_ID = re.compile(r"token_id:(\d+)")
_LEAST, _ROUNDING = -1e6, 1e-3


class Choice(NamedTuple):
    """One sampled letter as the server tells it; `logprobs` may stand at any temperature."""

    text: str
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...] | None
    finish: Finish


def read_choices(reply: Mapping[str, Any], asked: int) -> dict[int, Choice]:
    """Choices by their index, of which a server may give fewer than were asked for."""
    return {index: _choice(raw, index) for index, raw in raw_choices(reply, asked).items()}


def raw_choices(reply: Mapping[str, Any], asked: int) -> dict[int, Mapping[str, Any]]:
    found: dict[int, Mapping[str, Any]] = {}
    given = reply.get("choices")
    if not isinstance(given, list) or not given or not all(isinstance(raw, dict) for raw in given):
        raise ServerError("the server answered without choices; check base_url and model")
    for place, raw in enumerate(given):
        index = raw.get("index", place)
        if not isinstance(index, int) or not 0 <= index < asked:
            raise ServerError(f"the server numbered a choice outside of the {asked} that were asked for; its answer is refused")
        if index in found:
            raise ServerError(f"the server answered with two choices of index {index}; its answer is refused")
        found[index] = raw
    return dict(sorted(found.items()))


def spent(reply: Mapping[str, Any], prompt_tokens: int = 0) -> Cost:
    """The usage as a cost of one pass; `prompt_tokens` is used where the server does not count."""
    usage = reply.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    details = usage.get("prompt_tokens_details")
    total = _whole(usage.get("prompt_tokens")) or prompt_tokens
    reused = min(total, _whole(details.get("cached_tokens")) if isinstance(details, dict) else 0)
    return Cost(prompt_computed=total - reused, prompt_reused=reused, decoded=_whole(usage.get("completion_tokens")), passes=1)


def number(value: object) -> float | None:
    """A log-probability, or None where it cannot be one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _LEAST < value <= _ROUNDING:
        return None
    return min(0.0, float(value))


def entries(raw: Mapping[str, Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """Log-probabilities and names of a choice's tokens, in the older and the newer form of them."""
    found = raw.get("logprobs")
    if not isinstance(found, dict):
        return (), ()
    content = found.get("content")
    if isinstance(content, list):
        rows = [entry if isinstance(entry, dict) else {} for entry in content]
        return [row.get("logprob") for row in rows], [row.get("id", row.get("token")) for row in rows]
    values, names = found.get("token_logprobs"), found.get("tokens")
    return (values if isinstance(values, list) else ()), (names if isinstance(names, list) else ())


def named_ids(names: Sequence[Any]) -> tuple[int, ...] | None:
    """Ids of tokens that are named by number; None where any is named by text."""
    ids = []
    for name in names:
        match = _TOKEN_ID.fullmatch(name) if isinstance(name, str) else None
        if match is None and (isinstance(name, bool) or not isinstance(name, int)):
            return None
        ids.append(int(match[1]) if match else int(name))
    return tuple(ids)


def whole_ids(value: object) -> tuple[int, ...] | None:
    """A list of token ids, or None for anything else."""
    if not isinstance(value, list) or any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in value):
        return None
    return tuple(value)


def likeliest_first(reply: Mapping[str, Any]) -> float | None:
    """The highest log-probability that is told for the first sampled token."""
    found = raw_choices(reply, 1)[0].get("logprobs")
    if not isinstance(found, dict):
        return None
    told: list[Any] = []
    if isinstance(rows := found.get("content"), list) and rows and isinstance(rows[0], dict):
        likely = rows[0].get("top_logprobs")
        told = [entry.get("logprob") for entry in likely if isinstance(entry, dict)] if isinstance(likely, list) else []
    elif isinstance(rows := found.get("top_logprobs"), list) and rows and isinstance(rows[0], dict):
        told = list(rows[0].values())
    return max((value for value in map(number, told) if value is not None), default=None)


def _choice(raw: Mapping[str, Any], index: int) -> Choice:
    values, names = entries(raw)
    ids = whole_ids(raw.get("token_ids")) or named_ids(names) or ()
    checked = [number(value) for value in values]
    logprobs = tuple(value for value in checked if value is not None)
    known = bool(checked) and len(logprobs) == len(checked) and len(ids) in (0, len(checked))
    finish = raw.get("finish_reason")
    return Choice(_text(raw, index), ids, logprobs if known else None, _FINISHES.get(str(finish), "stop"))


def _text(raw: Mapping[str, Any], index: int) -> str:
    message = raw.get("message")
    holder = message if isinstance(message, dict) else raw
    text = holder.get("content") if holder is message else holder.get("text")
    if isinstance(text, str):
        return text.encode("utf-8", "replace").decode()
    thought = holder.get("reasoning_content") or holder.get("reasoning")
    hint = (
        "the model spent its tokens on thinking: raise max_tokens, or set extra_body: {chat_template_kwargs: {enable_thinking: false}}"
        if thought
        else "see the server's log"
    )
    raise ServerError(f"choice {index} has no text ; {hint}")


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


__all__ = ["Choice", "entries", "likeliest_first", "named_ids", "number", "raw_choices", "read_choices", "spent", "whole_ids"]
