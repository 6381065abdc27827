"""The plug point for whatever can give log-probabilities: backbones implement it.

The critic never loads a model; it asks a `Scorer` and turns the answer into decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from critic.candidate import Cost
from prompts.pieces import Prompt


class Scored(NamedTuple):
    """Log-probabilities at temperature 1, one row for each completion and one number for each token id."""

    logprobs: tuple[tuple[float, ...], ...]
    cost: Cost


class Scorer(Protocol):
    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        """Scores token ids behind a prompt; `adapter` is a LoRA adapter as the backbone knows it, None the bare model."""
        ...


class Tokenizer(Protocol):
    """The words of a model; backbones that score have one."""

    def tokenize(self, text: str, *, control: bool = False) -> tuple[int, ...]:
        """Token ids of a text; what looks like a control token is one only where `control`."""
        ...


__all__ = ["Scored", "Scorer", "Tokenizer"]
