"""A prompt as a value: messages of trusted and untrusted pieces.

Decides nothing about tokens. A backbone tokenises untrusted pieces with special tokens switched off,
so that no text of a prospect can open or close a turn. `static` messages come first and are the same
for every prospect of a run; a backbone keeps their state across calls.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal, NamedTuple

Role = Literal["system", "user"]


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


__all__ = ["Message", "Piece", "Prompt", "Role"]
