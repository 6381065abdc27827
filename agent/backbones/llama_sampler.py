"""Sampler chains of llama.cpp: one for each candidate, with its own seed.

Decides the order of the links. A candidate's draws depend on its seed and its logits and on nothing
else; the same seed gives the same letter.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from agent.backbones import Sampling
from agent.backbones.llama_native import Context, Floats, Native, Work, lib
from rubric.errors import BackboneError


class Chain(Native):
    """A chain of samplers with its own seed, in a fixed order; a temperature of 0 takes the likeliest token."""

    def __init__(self, links: Sequence[Any]) -> None:
        super().__init__(lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params()), "sampler")
        for link in links:
            lib.llama_sampler_chain_add(self.pointer, link)

    def _free(self, pointer: Any) -> None:
        lib.llama_sampler_free(pointer)

    def draw(self, context: Context, row: int) -> int:
        """A token from a row's logits; the chain remembers it."""
        with context.work.timed():
            return int(lib.llama_sampler_sample(self.pointer, context.pointer, row))

    def draw_from(self, table: Table, work: Work) -> int:
        """The same from logits that were kept."""
        candidates = table.fresh()
        with work.timed():
            lib.llama_sampler_apply(self.pointer, ctypes.byref(candidates))
        token = table.chosen()
        lib.llama_sampler_accept(self.pointer, token)
        return token


class Table:
    """Kept logits in the form that samplers change in place."""

    def __init__(self, logits: Floats) -> None:
        self._logits = logits
        self._data = np.zeros(len(logits), dtype=[("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        self._array = lib.llama_token_data_array()

    def fresh(self) -> Any:
        self._data["id"] = np.arange(len(self._logits), dtype=np.int32)
        self._data["logit"] = self._logits
        self._data["p"] = 0
        self._array.data = ctypes.cast(self._data.ctypes.data, lib.llama_token_data_p)
        self._array.size, self._array.selected, self._array.sorted = len(self._data), -1, False
        return self._array

    def chosen(self) -> int:
        selected = int(self._array.selected)
        if not 0 <= selected < self._array.size:
            raise BackboneError("llama.cpp's sampler chose no token; set the sampling values to their defaults")
        return int(self._array.data[selected].id)


def chain(n_vocab: int, seed: int, sampling: Sampling) -> Chain:
    """Penalties, top-k, top-p, min-p, temperature, draw; links that change nothing are left out."""
    return Chain(list(_links(n_vocab, seed, sampling)))


def _links(n_vocab: int, seed: int, given: Sampling) -> Iterator[Any]:
    if given.temperature == 0:
        yield lib.llama_sampler_init_greedy()
        return
    if given.repeat_penalty != 1:
        yield lib.llama_sampler_init_penalties(n_vocab, given.max_tokens, given.repeat_penalty, 0.0, 0.0)
    if given.top_k > 0:
        yield lib.llama_sampler_init_top_k(given.top_k)
    if given.top_p < 1:
        yield lib.llama_sampler_init_top_p(given.top_p, 1)
    if given.min_p > 0:
        yield lib.llama_sampler_init_min_p(given.min_p, 1)
    yield lib.llama_sampler_init_temp(given.temperature)
    yield lib.llama_sampler_init_dist(seed % lib.LLAMA_DEFAULT_SEED)  # that value itself would mean a random seed


__all__ = ["Chain", "Table", "chain"]
