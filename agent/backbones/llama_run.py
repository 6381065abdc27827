"""Drawing and scoring on one llama.cpp context: which sequence holds what, and what goes into a pass.

Sequence 0 holds the prompt, 1 the prompt as an adapter sees it, the others one candidate each, which
share the cells of the prompt. Decides the order of rows; knows neither files nor templates. Everything
beside sequence 0 is gone when a function returns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np

from agent.backbones import Sampling
from agent.backbones.llama_native import Context, Floats, Model
from agent.backbones.llama_sampler import Chain, chain
from critic.candidate import Completion, Finish

PROMPT, TRUNK, FIRST = 0, 1, 2
GROUP = 16
ROWS = 48
SEQUENCES = FIRST + GROUP


class LogSoftmax:
    """Log-probabilities of single tokens at temperature 1, in one reused row of float32."""

    def __init__(self, n_vocab: int) -> None:
        self._row = np.empty(n_vocab, np.float32)

    def __call__(self, logits: Floats, token: int) -> float:
        top = logits.max()
        np.subtract(logits, top, out=self._row)
        np.exp(self._row, out=self._row)
        return float(logits[token]) - float(top) - math.log(float(self._row.sum()))


class _Letter:
    """A completion while it is drawn."""

    def __init__(self, seed: int, sequence: int, sampler: Chain) -> None:
        self.seed, self.sequence, self.sampler = seed, sequence, sampler
        self.tokens: list[int] = []
        self.logprobs: list[float] = []
        self.finish: Finish | None = None

    def take(self, model: Model, token: int, logprob: float, most: int) -> None:
        self.tokens.append(token)
        self.logprobs.append(logprob)
        if model.ends(token):
            self.finish = "stop"
        elif len(self.tokens) == most:
            self.finish = "length"

    def completion(self, model: Model) -> Completion:
        return Completion(
            text=model.text(self.tokens), token_ids=tuple(self.tokens), logprobs=tuple(self.logprobs),
            finish=self.finish or "length", seed=self.seed,
        )  # fmt: skip


def prefill(context: Context, ids: Sequence[int], *, start: int, stop: int, sequence: int, wanted: bool) -> Floats | None:
    """Decodes ids[start:stop] behind what the sequence holds; gives the last row's logits where wanted."""
    for first in range(start, stop, context.chunk):
        last = min(first + context.chunk, stop)
        row = [last - first - 1] if wanted and last == stop else []
        context.decode(ids[first:last], range(first, last), [sequence] * (last - first), row)
        if row:
            return context.logits(row[0])
    return None


def draw(context: Context, model: Model, softmax: LogSoftmax, logits: Floats, length: int, seeds: Sequence[int], sampling: Sampling) -> list[Completion]:
    """One completion for each seed behind the prompt of `length` tokens that sequence 0 holds."""
    found: list[Completion] = []
    for start in range(0, len(seeds), GROUP):
        with ExitStack() as stack:
            group = [
                _Letter(seed, FIRST + n, stack.enter_context(chain(model.n_vocab, seed, sampling)))
                for n, seed in enumerate(seeds[start : start + GROUP])
            ]
            _draw_group(context, model, softmax, logits, length, group, sampling.max_tokens)
        found.extend(letter.completion(model) for letter in group)
    return found


def _draw_group(context: Context, model: Model, softmax: LogSoftmax, logits: Floats, length: int, group: list[_Letter], most: int) -> None:
    for letter in group:
        token = letter.sampler.draw_from(logits, context.work)
        letter.take(model, token, softmax(logits, token), most)
        context.copy(PROMPT, letter.sequence)
    position = length
    while live := _still_open(context, group):
        context.decode([x.tokens[-1] for x in live], [position] * len(live), [x.sequence for x in live], range(len(live)))
        position += 1
        for row, letter in enumerate(live):
            token = letter.sampler.draw(context, row)
            letter.take(model, token, softmax(context.logits(row), token), most)


def _still_open(context: Context, group: list[_Letter]) -> list[_Letter]:
    """Those that go on; the cells of the others are freed at once."""
    for letter in group:
        if letter.finish and letter.sequence:
            context.cut(letter.sequence)
            letter.sequence = 0
    return [letter for letter in group if not letter.finish]


class _Step(NamedTuple):
    """A row of a scoring pass: the token number `at` of a completion, whose logits judge the next one."""

    completion: int
    at: int


def score(context: Context, softmax: LogSoftmax, logits: Floats, completions: Sequence[Sequence[int]], *, trunk: int, length: int) -> list[list[float]]:
    """Log-probabilities of completions behind the `length` tokens of a trunk whose last row gave `logits`."""
    found = [[softmax(logits, tokens[0])] if tokens else [] for tokens in completions]
    for start in range(0, len(completions), GROUP):
        group = range(start, min(start + GROUP, len(completions)))
        steps = [_Step(n, i) for n in group for i in range(len(completions[n]) - 1)]
        for chunk in _chunks(steps):
            _open(context, chunk, trunk)
            context.decode(
                [completions[n][i] for n, i in chunk], [length + i for _, i in chunk],
                [_sequence(step) for step in chunk], range(len(chunk)),
            )  # fmt: skip
            for row, (n, i) in enumerate(chunk):
                found[n].append(softmax(context.logits(row), completions[n][i + 1]))
            _shut(context, chunk, completions)
    return found


def _chunks(steps: list[_Step]) -> Iterator[list[_Step]]:
    return (steps[n : n + ROWS] for n in range(0, len(steps), ROWS))


def _sequence(step: _Step) -> int:
    return FIRST + step.completion % GROUP


def _open(context: Context, chunk: Sequence[_Step], trunk: int) -> None:
    for step in chunk:
        if step.at == 0:
            context.copy(trunk, _sequence(step))


def _shut(context: Context, chunk: Sequence[_Step], completions: Sequence[Sequence[int]]) -> None:
    """Frees the cells of each completion with its last row, so that the next one attends to fewer."""
    for step in chunk:
        if step.at == len(completions[step.completion]) - 2:
            context.cut(_sequence(step))


__all__ = ["FIRST", "GROUP", "PROMPT", "ROWS", "SEQUENCES", "TRUNK", "LogSoftmax", "draw", "prefill", "score"]
