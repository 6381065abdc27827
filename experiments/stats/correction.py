"""Holm's correction over the comparisons that were made, which bounds the chance of even one false claim.

Decides that a comparison that gave no p still counts as made: the others are corrected for it too. Refuses a p
outside 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

from experiments.stats.results import Corrected
from rubric.errors import InputError

LEVEL = 0.05


def holm(p_values: Mapping[str, float | None], *, level: float = LEVEL) -> dict[str, Corrected]:
    """Each comparison by its name, in the order given.

    >>> holm({"a": 0.01, "b": 0.04, "c": None})["b"]
    Corrected(p=0.04, adjusted=0.08, rejected=False, family=3)
    """
    family = len(p_values)
    known = sorted((_share(name, p), name) for name, p in p_values.items() if p is not None)
    steps = accumulate((min(1.0, (family - n) * p) for n, (p, _) in enumerate(known)), max)
    adjusted = {name: step for (_, name), step in zip(known, steps, strict=True)}
    return {name: _corrected(p, adjusted.get(name), level, family) for name, p in p_values.items()}


def _corrected(p: float | None, adjusted: float | None, level: float, family: int) -> Corrected:
    return Corrected(p=p, adjusted=adjusted, rejected=adjusted is not None and adjusted <= level, family=family)


def _share(name: str, p: float) -> float:
    if not 0 <= p <= 1:
        raise InputError(f"comparison {name!r} has the p {p}, which lies outside 0 to 1")
    return float(p)


__all__ = ["LEVEL", "holm"]
