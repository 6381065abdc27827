"""The draws themselves: companies drawn again, and signs drawn again.

Decides on sums by company, so that a draw of 300 companies is 300 look-ups and one addition, and on chunks, so
that the look-ups stay in the cache. The same seed gives the same draws.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ROUNDING = 1e-12  # sums in another order differ by less than this share of what was added
ALL_FLIPS = 13  # up to so many companies every pattern of signs is tried, 8,192 at most
_CHUNK = 500


def redrawn(parts: Array, wholes: Array, *, draws: int, seed: int) -> Array:
    """Parts over wholes in each resample of companies; resamples without a whole are left out."""
    random = np.random.default_rng([seed, 0])
    level = bool(np.all(wholes == wholes[0]))
    found = [_drawn(parts, wholes, random, count, level) for count in _chunks(draws)]
    return np.concatenate(found) if found else np.empty(0)


def _drawn(parts: Array, wholes: Array, random: np.random.Generator, count: int, level: bool) -> Array:
    size = len(parts)
    rows = random.integers(0, size, (count, size), dtype=np.uint16 if size < 2**16 else np.uint32)
    sums = parts[rows].sum(axis=1)
    if level:
        return np.asarray(sums / (size * wholes[0]))
    under = wholes[rows].sum(axis=1)
    kept = under > ROUNDING * wholes.sum()
    return np.asarray(sums[kept] / under[kept])


def flipped_p(sums: Array, *, draws: int, seed: int) -> float:
    """The share of sign patterns, one sign for each company, whose total is no smaller than the one found."""
    total, slack = float(sums.sum()), ROUNDING * float(np.abs(sums).sum())
    if len(sums) <= ALL_FLIPS:
        return float(np.mean(_totals(_patterns(len(sums)), sums) >= total - slack))
    random = np.random.default_rng([seed, 1])
    hits = sum(int(np.sum(_totals(_bits(random, count, len(sums)), sums) >= total - slack)) for count in _chunks(draws))
    return (1 + hits) / (1 + draws)


def _totals(bits: NDArray[np.uint8], sums: Array) -> Array:
    return np.asarray(2 * (bits.astype(np.float64) @ sums) - sums.sum())


def _patterns(size: int) -> NDArray[np.uint8]:
    return np.asarray((np.arange(2**size)[:, None] >> np.arange(size)) & 1, dtype=np.uint8)


def _bits(random: np.random.Generator, count: int, size: int) -> NDArray[np.uint8]:
    packed = random.integers(0, 256, (count, -(-size // 8)), dtype=np.uint8)
    return np.unpackbits(packed, axis=1, count=size)


def _chunks(draws: int) -> Iterator[int]:
    yield from (min(_CHUNK, draws - start) for start in range(0, draws, _CHUNK))


__all__ = ["ALL_FLIPS", "ROUNDING", "Array", "flipped_p", "redrawn"]
