"""A prompt as a value: messages of trusted and untrusted pieces.

Decides nothing about tokens. A backbone tokenises untrusted pieces with special tokens switched off,
so that no text of a prospect can open or close a turn. `static` messages come first and are the same
for every prospect of a run; a backbone keeps their state across calls. A `rendered` prompt is one text in
which the chat template has been applied already, as training data hold it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal, NamedTuple

Role = Literal["system", "user", "rendered"]


class Piece(NamedTuple):
    text: str
    trusted: bool


class Message(NamedTuple):
    role: Role
    pieces: tuple[Piece, ...]
    static: bool = False

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


class Prompt(NamedTuple):
    """Messages in order, static ones first; `name` says which template made them."""

    messages: tuple[Message, ...]
    name: str = "prompt"

    @property
    def hash(self) -> str:
        """A hash of every piece, its role and its trust; equal prompts have equal hashes."""
        return hashlib.sha256(json.dumps(self, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def text(self) -> str:
        """The prompt as a person reads it, each message under its role."""
        return "\n\n".join(f"[{message.role}]\n{message.text}" for message in self.messages)


def rendered(text: str) -> Prompt:
    """A prompt whose text goes through the assistant's header; its control tokens are read as such."""
    return Prompt((Message("rendered", (Piece(text, True),)),), "rendered")


def packed(prompt: Prompt) -> list[Any]:
    """The prompt as plain JSON."""
    return [prompt.name, [[m.role, [[p.text, p.trusted] for p in m.pieces], m.static] for m in prompt.messages]]


def unpacked(value: list[Any]) -> Prompt:
    name, messages = value
    return Prompt(tuple(Message(role, tuple(Piece(*p) for p in pieces), static) for role, pieces, static in messages), name)


__all__ = ["Message", "Piece", "Prompt", "Role", "packed", "rendered", "unpacked"]
