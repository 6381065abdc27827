"""The smallest difference that a bench of this size finds, and the size that a given difference needs.

Decides by the variance between companies and by Student's t of as many degrees of freedom as there are companies
but one. The size is for more companies of as many letters: more letters from the same companies buy less. For one of
m comparisons, give a level of 0.05 / m, which is what Holm asks of the smallest p.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import ceil, log2

import numpy as np
from scipy.special import stdtrit

from experiments.stats.comparing import by_company, scale_of
from experiments.stats.paired import Paired, Row, gather
from experiments.stats.results import LEAST, Detectable
from experiments.stats.spread import Clustered, constant, few
from rubric.errors import InputError

MOST = 10**12


def detectable(pairs: Iterable[Paired], *, effect: float | None = None, level: float = 0.05, power: float = 0.8) -> Detectable:
    """For a one-sided test of the mean difference over items."""
    _refuse(effect, level, power)
    rows = gather(pairs).rows
    data = by_company(rows)
    found = Detectable(effect=effect, level=level, power=power, items=len(rows), clusters=len(data.parts))
    if reason := _no_variance(rows, data):
        return found.model_copy(update={"reason": reason})
    error = standard_error(data)
    update: dict[str, object] = {"standard_error": error, "smallest": error * _distance(found.clusters, level, power), "design_effect": _design(error, rows)}
    if effect is not None:
        update |= _needed(found, error, effect)
    return found.model_copy(update=update)


def standard_error(data: Clustered) -> float:
    """Of the mean over items, from how far each company's sum is off what the mean makes of its letters."""
    count, whole = len(data.parts), data.wholes.sum()
    off = data.parts - data.parts.sum() / whole * data.wholes
    return float(np.sqrt(count / (count - 1) * np.sum(off**2)) / whole)


def _needed(found: Detectable, error: float, effect: float) -> dict[str, object]:
    """The companies and items that find an effect; never fewer than those whose signs alone can reach the level."""
    clusters = _least(lambda count: error * (found.clusters / count) ** 0.5 * _distance(count, found.level, found.power) <= effect)
    if clusters is None:
        return {"reason": f"the effect is too small: not even {MOST:,} companies would find it"}
    clusters = max(clusters, LEAST, ceil(-log2(found.level)))
    return {"clusters_needed": clusters, "items_needed": -(-clusters * found.items // found.clusters)}


def _refuse(effect: float | None, level: float, power: float) -> None:
    if effect is not None and not 0 < effect < float("inf"):
        raise InputError(f"the effect to be found is a difference above 0, got {effect}")
    if not 0 < level < 0.5 < power < 1:
        raise InputError(f"the level lies between 0 and 0.5 and the power between 0.5 and 1, got {level} and {power}; 0.05 and 0.8 are usual")


def _no_variance(rows: tuple[Row, ...], data: Clustered) -> str | None:
    if not rows:
        return "no items"
    same = constant(data, scale_of(rows))
    return few(len(data.parts)) or ("every company has the same difference, so there is no variance to plan with" if same else None)


def _distance(clusters: int, level: float, power: float) -> float:
    """How many standard errors lie between no difference and one that is found with this power."""
    return float(stdtrit(clusters - 1, 1 - level) + stdtrit(clusters - 1, power))


def _design(error: float, rows: tuple[Row, ...]) -> float | None:
    plain = float(np.var([row.difference for row in rows], ddof=1)) / len(rows)
    return error**2 / plain if plain > 0 else None


def _least(enough: Callable[[int], bool]) -> int | None:
    """The smallest number of companies, 2 or more, that is enough; None where no number within reason is."""
    high = 2
    while not enough(high):
        high *= 2
        if high > MOST:
            return None
    low = max(2, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return high


__all__ = ["detectable", "standard_error"]
