"""Made items of two conditions, for the tests of the statistics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.stats import Paired


def pairs_of(differences: Sequence[float], clusters: Sequence[object] | None = None) -> list[Paired]:
    """One item for each difference, of a company of its own unless companies are named; one seed."""
    names = range(len(differences)) if clusters is None else clusters
    return [Paired(f"item-{n}", f"company-{name}", (d,), (0.0,)) for n, (d, name) in enumerate(zip(differences, names, strict=True))]


def null_set(random: np.random.Generator, *, companies: int, letters: int, within: float, seeds: int = 1, effect: float = 0.0) -> list[Paired]:
    """Items whose true mean difference is `effect`; `within` is how much of the variance letters of a company share.

    Each seed adds its own noise to a letter, so that several seeds of a letter resemble each other."""
    count = companies * letters
    shared = np.repeat(random.normal(size=companies), letters)
    item = np.sqrt(within) * shared + np.sqrt(1 - within) * random.normal(size=count) + effect
    ones = item[:, None] + (0.3 * random.normal(size=(count, seeds)) if seeds > 1 else np.zeros((count, 1)))
    return [Paired(f"item-{n}", f"company-{n // letters}", row, (0.0,)) for n, row in enumerate(_rows(ones))]


def _rows(values: NDArray[np.float64]) -> list[list[float]]:
    return [[float(v) for v in row] for row in values]
