"""What opens and ends the assistant's turn in a model's chat template, as text and as ids.

Decides where an activated adapter wakes: at the first token of the assistant's header. Refuses a template
that opens the turn without a control token, since text could then wake the adapter, and one without an end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from prompts.pieces import Message, Piece, Prompt, Role
from rubric.errors import ModelError

if TYPE_CHECKING:
    from agent.backbones.tokenizer import LocalTokenizer

_END = re.compile(r"\s*(<[^<>\s]*(?:end|eot|eom|turn\|)[^<>\s]*>)\s*")
_ROLES: tuple[tuple[Role, ...], ...] = (("user",), ("system", "user"))


class Turn(NamedTuple):
    """`outlines` are the ways in which the template can frame messages: its own text before, between and behind."""

    header: str
    header_ids: tuple[int, ...]
    end: str
    end_id: int
    outlines: tuple[tuple[str, ...], ...]

    def messages(self, prompt: str) -> list[str] | None:
        """The messages in a rendered prompt; None where the template has not framed it."""
        found = (_between(prompt, outline) for outline in self.outlines)
        return next((messages for messages in found if messages is not None), None)


def turn_of(tokenizer: LocalTokenizer) -> Turn:
    behind = tokenizer.spans(_prompt(("user",)))[-1].text
    ended = _END.match(behind)
    end = ended[1] if ended and tokenizer.id_of(ended[1]) is not None else tokenizer.end
    end_id = tokenizer.id_of(end)
    if end_id is None:
        raise ModelError("the model's tokenizer names no end of turn; use a chat model whose tokenizer_config.json has 'eos_token'")
    header = behind[ended.end() :] if ended else behind
    ids = tuple(tokenizer.tokenize(header, True))
    if not ids or ids[0] not in tokenizer.controls:
        raise ModelError(f"the model's chat template opens the assistant's turn with {header!r:.60}, which begins with no control token; use a chat model whose template does")
    return Turn(header, ids, end, end_id, tuple(_outlines(tokenizer)))


def _between(prompt: str, outline: tuple[str, ...]) -> list[str] | None:
    """What lies between the pieces of an outline; the last piece is that at the end."""
    first, *middle, last = outline
    rest = prompt.removeprefix(first).removesuffix(last)
    if len(rest) != len(prompt) - len(first) - len(last):
        return None
    found = []
    for piece in middle:
        message, there, rest = rest.partition(piece)
        if not there:
            return None
        found.append(message)
    return [*found, rest]


def _outlines(tokenizer: LocalTokenizer) -> Iterator[tuple[str, ...]]:
    for roles in _ROLES:
        try:
            yield tuple(span.text for span in tokenizer.spans(_prompt(roles)) if span.special)
        except ModelError:  # some templates refuse an order of roles
            continue


def _prompt(roles: tuple[Role, ...]) -> Prompt:
    return Prompt(tuple(Message(role, (Piece("x", trusted=False),)) for role in roles))


__all__ = ["Turn", "turn_of"]
