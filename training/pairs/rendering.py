"""Prompts and letters as the strings that a trainer tokenises, for the model that is to be trained.

Decides the end of turn and what is too long. Refuses, as a counted skip, an empty side, equal sides, text
that the model's tokenizer would read as control tokens, and pairs beyond the limit.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from agent.backbones.tokenizer import LocalTokenizer
from agent.models import EMBEDDED, embedded_folder
from prompts.pieces import Prompt
from rubric.errors import MissingExtra, ModelError
from training.pairs.pair import Pair, pair_id

_TURN_END = re.compile(r"\s*(<[^<>\s]*(?:end|eot|eom|turn\|)[^<>\s]*>)")
MOST_TOKENS = 1024


class Unfit(Exception):
    """A pair that cannot be one; the message is the reason it is counted under."""


class Renderer:
    """Strings for one model: its chat template, its end of turn, its tokenizer."""

    def __init__(self, model: str = EMBEDDED, most_tokens: int = MOST_TOKENS) -> None:
        folder = embedded_folder() if model == EMBEDDED else Path(model).expanduser()
        try:
            self._tokenizer = LocalTokenizer(str(folder))
        except MissingExtra:
            raise MissingExtra("train", "making pairs") from None
        self.most_tokens = most_tokens
        self._prompts = lru_cache(maxsize=64)(self._rendered)
        self._ends: str | None = None

    def pair(self, prompt: Prompt, chosen: str, rejected: str, **more: Any) -> Pair:
        """The pair, whose sides are given without an end of turn."""
        header = self.prompt(prompt)
        sides = [self.side(chosen), self.side(rejected)]
        if sides[0] == sides[1]:
            raise Unfit("equal sides")
        if self.tokens(header) + max(map(self.tokens, sides)) > self.most_tokens:
            raise Unfit(f"longer than {self.most_tokens} tokens")
        return Pair(id=pair_id(header, *sides), prompt=header, chosen=sides[0], rejected=sides[1], **more)

    def prompt(self, prompt: Prompt) -> str:
        """Everything up to the first token of a letter."""
        return str(self._prompts(prompt))

    def side(self, text: str) -> str:
        if not text.strip():
            raise Unfit("empty side")
        if self._controls(text):
            raise Unfit("control tokens in a letter")
        return text + self.end

    @property
    def end(self) -> str:
        """The token that ends a turn."""
        if self._ends is None:
            self._ends = self._find_end()
        return self._ends

    def tokens(self, text: str) -> int:
        return len(self._tokenizer.tokenize(text, True))

    def _rendered(self, prompt: Prompt) -> str:
        spans = self._tokenizer.spans(prompt)
        if any(self._controls(span.text) for span in spans if not span.special):
            raise Unfit("control tokens in a prompt")
        return "".join(span.text for span in spans)

    def _controls(self, text: str) -> bool:
        """Whether a text that is no markup of ours would be read as such."""
        return "<" in text and list(self._tokenizer.tokenize(text, True)) != list(self._tokenizer.tokenize(text, False))

    def _find_end(self) -> str:
        """What the template writes behind a turn, where its name says so; else the tokenizer's end token."""
        from prompts.pieces import Message, Piece

        turns = Prompt((Message("user", (Piece("x", False),)),))
        behind = _TURN_END.match(self._tokenizer.spans(turns)[-1].text)
        found = behind[1] if behind else self._tokenizer.end
        if not found or self._tokenizer.id_of(found) is None:
            raise ModelError("the model's tokenizer names no end of turn; give the folder of a chat model whose tokenizer_config.json has 'eos_token'")
        return found


__all__ = ["MOST_TOKENS", "Renderer", "Unfit"]
