"""Sampler chains of llama.cpp: one for each candidate, with its own seed.

Decides the order of the links: penalties, top-k, top-p, min-p, temperature, draw. A candidate's draws
depend on its seed and its logits and on nothing else; the same seed gives the same letter. Top-p over
the whole vocabulary, which is the default, is taken here, because llama.cpp's takes several times as long.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.backbones import Sampling
from agent.backbones.llama_native import Context, Floats, Native, Work, lib
from rubric.errors import BackboneError

_LIKELY = 1e-4  # of the likeliest token's probability: the tokens above mostly hold the nucleus


class Chain(Native):
    """A chain of samplers with its own seed; with a `nucleus` it is given only the tokens of that one."""

    def __init__(self, links: Sequence[Any], nucleus: Nucleus | None = None) -> None:
        super().__init__(lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params()), "sampler")
        self._nucleus = nucleus
        for link in links:
            lib.llama_sampler_chain_add(self.pointer, link)

    def _free(self, pointer: Any) -> None:
        lib.llama_sampler_free(pointer)

    def draw(self, context: Context, row: int) -> int:
        """A token from a row's logits; the chain remembers it."""
        if self._nucleus:
            return self.draw_from(context.logits(row), context.work)
        with context.work.timed():
            return int(lib.llama_sampler_sample(self.pointer, context.pointer, row))

    def draw_from(self, logits: Floats, work: Work) -> int:
        """The same from logits in our own memory."""
        table = Table(logits, self._nucleus(logits) if self._nucleus else None)
        with work.timed():
            lib.llama_sampler_apply(self.pointer, ctypes.byref(table.array))
        token = table.chosen()
        lib.llama_sampler_accept(self.pointer, token)
        return token


class Nucleus:
    """The fewest tokens that hold a share `p` of the probability, likeliest first."""

    def __init__(self, p: float) -> None:
        self._p = p

    def __call__(self, logits: Floats) -> NDArray[np.int64]:
        weights = np.exp(logits - logits.max())
        wanted = self._p * float(weights.sum(dtype=np.float64))
        ids = np.flatnonzero(weights > _LIKELY)
        if float(weights[ids].sum(dtype=np.float64)) < wanted:
            ids = np.arange(len(logits))
        ids = ids[np.argsort(-logits[ids])]
        held = np.cumsum(weights[ids], dtype=np.float64)
        return ids[: int(np.searchsorted(held, wanted)) + 1]


class Table:
    """Logits in the form that samplers change in place; all of them, or those of the given tokens."""

    def __init__(self, logits: Floats, ids: NDArray[np.int64] | None = None) -> None:
        size = len(logits) if ids is None else len(ids)
        self._data = np.zeros(size, dtype=[("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        self._data["id"] = np.arange(size) if ids is None else ids
        self._data["logit"] = logits if ids is None else logits[ids]
        self.array = lib.llama_token_data_array()
        self.array.data = ctypes.cast(self._data.ctypes.data, lib.llama_token_data_p)
        self.array.size, self.array.selected, self.array.sorted = size, -1, ids is not None

    def chosen(self) -> int:
        selected = int(self.array.selected)
        if not 0 <= selected < self.array.size:
            raise BackboneError("llama.cpp's sampler chose no token; set the sampling values to their defaults")
        return int(self.array.data[selected].id)


def chain(n_vocab: int, seed: int, sampling: Sampling) -> Chain:
    """The chain of one candidate; links that change nothing are left out."""
    early = sampling.temperature > 0 and sampling.top_p < 1 and sampling.top_k == 0 and sampling.repeat_penalty == 1
    nucleus = Nucleus(sampling.top_p) if early else None
    return Chain(list(_links(n_vocab, seed, sampling, top_p=not early)), nucleus)


def _links(n_vocab: int, seed: int, given: Sampling, *, top_p: bool) -> Iterator[Any]:
    if given.temperature == 0:
        yield lib.llama_sampler_init_greedy()
        return
    if given.repeat_penalty != 1:
        yield lib.llama_sampler_init_penalties(n_vocab, given.max_tokens, given.repeat_penalty, 0.0, 0.0)
    if given.top_k > 0:
        yield lib.llama_sampler_init_top_k(given.top_k)
    if top_p and given.top_p < 1:
        yield lib.llama_sampler_init_top_p(given.top_p, 1)
    if given.min_p > 0:
        yield lib.llama_sampler_init_min_p(given.min_p, 1)
    yield lib.llama_sampler_init_temp(given.temperature)
    yield lib.llama_sampler_init_dist(seed % lib.LLAMA_DEFAULT_SEED)  # that value itself would mean a random seed


__all__ = ["Chain", "Nucleus", "Table", "chain"]
