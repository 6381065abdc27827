"""A backbone whose costs do not depend on what ran before: each call finds the memory that it would find in a long run.

Decides what that is: drawing finds the static prefix and not the prompt itself; scoring finds the prompt, as it comes
behind drawing. Where the memory is otherwise, because a run was continued or another condition came between, it is
brought to that state first, and what this takes is nobody's cost. Results are the same either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from agent.backbones import Backbone, Identity, Sampled, Sampling, Tokens
from critic.scorer import Scored
from prompts.pieces import Message, Piece, Prompt

KEEPS_MEMORY = ("llama", "hf")
_ONE_TOKEN = Sampling(temperature=0.0, max_tokens=1)


class Steady:
    def __init__(self, inner: Backbone) -> None:
        self._inner = inner
        self._keeps = inner.identity.kind in KEEPS_MEMORY
        self._before: Prompt | None = None
        self._whole = False
        self.seconds = 0.0  # of the last call alone

    @property
    def identity(self) -> Identity:
        return self._inner.identity

    def count(self, prompt: Prompt) -> Tokens | None:
        return self._inner.count(prompt)

    def tokenize(self, text: str, *, control: bool = False) -> tuple[int, ...]:
        return self._inner.tokenize(text, control=control)

    def sample(self, prompt: Prompt, seeds: Sequence[int], sampling: Sampling) -> Sampled:
        if self._keeps and (self._before is None or self._before == prompt or static_of(self._before) != static_of(prompt)):
            self._prime(blank(prompt))
        found = self._sample(prompt, seeds, sampling)
        if self._keeps and self._grew(prompt, found):
            self._prime(blank(prompt))
            found = self._sample(prompt, seeds, sampling)
        self._before, self._whole = prompt, True
        return found

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        primed = self._keeps and not (self._whole and self._before == prompt)
        if primed:
            self._prime(prompt)
        found = self._score(prompt, completions, adapter)
        if primed and found.cost.prompt_reused == 0:  # the memory was made anew for letters longer than what primed it
            self._prime(prompt)
            found = self._score(prompt, completions, adapter)
        self._before, self._whole = prompt, adapter is None
        return found

    def close(self) -> None:
        self._inner.close()

    def _sample(self, prompt: Prompt, seeds: Sequence[int], sampling: Sampling) -> Sampled:
        began = perf_counter()
        found = self._inner.sample(prompt, seeds, sampling)
        self.seconds = perf_counter() - began
        return found

    def _score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None) -> Scored:
        began = perf_counter()
        found = self._inner.score(prompt, completions, adapter)
        self.seconds = perf_counter() - began
        return found

    def _grew(self, prompt: Prompt, found: Sampled) -> bool:
        """Whether the memory was made anew for a longer prompt, so that the static prefix was computed again."""
        tokens = self._inner.count(prompt)
        return tokens is not None and tokens.static < tokens.total and found.cost.prompt_reused < tokens.static

    def _prime(self, prompt: Prompt) -> None:
        self._inner.sample(prompt, [0], _ONE_TOKEN)
        self._before, self._whole = prompt, True


def static_of(prompt: Prompt) -> tuple[Message, ...]:
    return tuple(message for message in prompt.messages if message.static)


def blank(prompt: Prompt) -> Prompt:
    """The same static part in front of nothing."""
    return Prompt((*static_of(prompt), Message("user", (Piece("-", False),))), prompt.name)


__all__ = ["KEEPS_MEMORY", "Steady", "blank", "static_of"]
