"""The draw of one token: the order of the links, the seed, and a nucleus that is llama.cpp's own."""

from __future__ import annotations

import ctypes

import pytest

pytest.importorskip("llama_cpp")

import numpy as np

from agent.backbones import Sampling
from agent.backbones.llama_native import Floats, Work, lib
from agent.backbones.llama_sampler import Chain, Nucleus, Table, chain
from rubric.errors import BackboneError

WIDE = 5000


def logits(seed: int, spread: float, size: int = WIDE) -> Floats:
    return (np.random.default_rng(seed).standard_normal(size, np.float32) * np.float32(spread)).astype(np.float32)


def drawn(row: Floats, sampling: Sampling, count: int = 200, seed: int = 3) -> list[int]:
    with chain(len(row), seed, sampling) as sampler:
        return [sampler.draw_from(row, Work()) for _ in range(count)]


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("spread", [0.1, 1.6, 4.0, 12.0])
def test_the_nucleus_is_the_one_of_llama_cpp(p: float, spread: float) -> None:
    row = logits(int(100 * spread), spread)
    table = Table(row)
    with Chain([lib.llama_sampler_init_top_p(p, 1)]) as native:
        lib.llama_sampler_apply(native.pointer, ctypes.byref(table.array))
    theirs = [table.array.data[n].id for n in range(table.array.size)]
    ours = Nucleus(p)(row).tolist()
    assert abs(len(ours) - len(theirs)) <= 2 + len(theirs) // 100  # they sum in float32
    assert row[ours[: len(theirs)]].tolist() == row[theirs[: len(ours)]].tolist()  # ids of equal logits may change places


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(top_k=20), Sampling(top_p=1, min_p=0.1), Sampling(repeat_penalty=1.2)], ids=repr)
def test_a_seed_gives_the_same_tokens_and_another_seed_others(sampling: Sampling) -> None:
    row = logits(1, 3)
    assert drawn(row, sampling) == drawn(row, sampling) != drawn(row, sampling, seed=4)


def test_each_link_cuts_what_it_says() -> None:
    row = logits(2, 3)
    best = np.argsort(-row)
    assert set(drawn(row, Sampling(temperature=0))) == {int(best[0])}
    assert set(drawn(row, Sampling(top_k=3, top_p=1, temperature=5))) == set(best[:3].tolist())
    assert set(drawn(row, Sampling(top_p=0.3, temperature=5))) <= set(Nucleus(0.3)(row).tolist())
    near = set(np.flatnonzero(row > row.max() + np.log(0.5)).tolist())
    assert set(drawn(row, Sampling(top_p=1, min_p=0.5, temperature=5))) <= near


def test_draws_follow_the_probabilities() -> None:
    row = np.log(np.array([0.5, 0.3, 0.2], np.float32))
    found = np.bincount(drawn(row, Sampling(temperature=1, top_p=1), 4000), minlength=3) / 4000
    assert np.abs(found - [0.5, 0.3, 0.2]).max() < 0.04
    found = np.bincount(drawn(row, Sampling(temperature=1, top_p=0.7), 4000), minlength=3) / 4000
    assert np.abs(found - [0.625, 0.375, 0]).max() < 0.04


def test_a_penalty_makes_what_was_drawn_rarer() -> None:
    row = np.array([2.0, 1.9, 1.8, 1.7], np.float32)
    plain = drawn(row, Sampling(temperature=0.05, top_p=1), 8)
    assert set(plain) == {0} or len(set(plain)) <= 2
    assert len(set(drawn(row, Sampling(temperature=0.05, top_p=1, repeat_penalty=3, max_tokens=8), 4))) == 4


def test_a_draw_without_a_drawing_link_is_an_error() -> None:
    with Chain([lib.llama_sampler_init_top_k(5)]) as sampler, pytest.raises(BackboneError, match="chose no token"):
        sampler.draw_from(logits(1, 1), Work())
