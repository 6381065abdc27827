"""A mean or a share over companies, with the percentile and the BCa interval of a bootstrap.

Decides that companies are drawn again and that a share is the sum of parts over the sum of wholes, so that companies
of several letters keep their weight. BCa takes its bias from the draws below the figure, those equal to it by half,
and its acceleration from leaving out one company after another. Both are widened for few companies, without which
95% are about 92.5% at 30 of them and 85% at 6; with it, 94% and 92.5%. Refuses an interval where too few companies or
no variation would make it a pretence: the reason then stands in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from critic.estimates import Item
from experiments.stats.draws import ROUNDING, Array, redrawn
from experiments.stats.paired import finite
from experiments.stats.results import LEAST, Interval, Spread
from rubric.errors import InputError

DRAWS = 10_000
LEVEL = 0.95
FEWEST_DRAWS = 100  # with fewer, the edges of an interval are single draws


class Clustered(NamedTuple):
    """Sums by company, in the order of the names."""

    parts: Array
    wholes: Array
    items: int

    @property
    def value(self) -> float | None:
        whole = fsum(self.wholes)
        return fsum(self.parts) / whole if whole > 0 else None


def ratio(items: Iterable[Item], *, draws: int = DRAWS, seed: int = 0, level: float = LEVEL) -> Spread:
    """The parts over the wholes: selection efficiency, or any share over letters of companies.

    >>> ratio([Item("acme", 0.25, 1.0), Item("acme", 0.5, 0.5)]).value
    0.5
    """
    known = [one._replace(part=finite(one.part, one.cluster), whole=_no_less_than_0(one)) for one in items]
    return spread(clustered(known), scale=max((abs(one.part) for one in known), default=0.0), draws=draws, seed=seed, level=level)


def clustered(items: Iterable[Item]) -> Clustered:
    by_company: dict[str, list[Item]] = {}
    for one in items:
        by_company.setdefault(one.cluster, []).append(one)
    parts, wholes = (np.array(column, dtype=np.float64) for column in _columns(by_company))
    return Clustered(parts, wholes, sum(map(len, by_company.values())))


def spread(data: Clustered, *, scale: float, draws: int = DRAWS, seed: int = 0, level: float = LEVEL) -> Spread:
    """The figure with its intervals; `scale` is the size of the values that it was made from, by which rounding is told."""
    if not 0 < level < 1 or draws < FEWEST_DRAWS:
        raise InputError(f"an interval needs a level between 0 and 1 and {FEWEST_DRAWS} draws or more, got {level} and {draws}; 0.95 and {DRAWS:,} are usual")
    value, found = data.value, Spread(level=level, items=data.items, clusters=len(data.parts))
    if value is None:
        return found.model_copy(update={"reason": "no items" if not data.items else "the items have no weight, so there is nothing to divide by"})
    found = found.model_copy(update={"value": value, "constant": constant(data, scale)})
    if reason := _no_interval(found):
        return found.model_copy(update={"reason": reason})
    return found.model_copy(update=_intervals(data, value, scale, redrawn(data.parts, data.wholes, draws=draws, seed=seed), level))


def constant(data: Clustered, scale: float) -> bool:
    """Whether every company has the same figure but for rounding."""
    value = data.value or 0.0
    off = np.abs(data.parts - value * data.wholes)
    return bool(np.max(off) <= ROUNDING * max(scale, abs(value)) * max(1.0, float(np.max(data.wholes))))


def few(clusters: int) -> str | None:
    """The reason for which so few companies give no interval."""
    return f"{clusters} {'company is' if clusters == 1 else 'companies are'} too few: an interval needs {LEAST}" if clusters < LEAST else None


def widened(level: float, clusters: int) -> Array:
    """Which quantiles of the draws bound the interval: a little further out than the level says, by Student's t and by
    what resamples of a few companies vary too little."""
    usual = np.array([(1 - level) / 2, (1 + level) / 2])
    return np.asarray(ndtr((clusters / (clusters - 1)) ** 0.5 * stdtrit(clusters - 1, usual)))


def _columns(by_company: Mapping[str, Sequence[Item]]) -> Iterable[list[float]]:
    groups = [by_company[name] for name in sorted(by_company)]
    return [fsum(one.part for one in group) for group in groups], [fsum(one.whole for one in group) for group in groups]


def _no_less_than_0(one: Item) -> float:
    if finite(one.whole, one.cluster) < 0:
        raise InputError(f"{one.cluster} has the whole {one.whole}; what is divided by is 0 or more")
    return float(one.whole)


def _no_interval(found: Spread) -> str | None:
    if reason := few(found.clusters):
        return reason
    return "every company has the same figure, so no draw differs from another" if found.constant else None


def _intervals(data: Clustered, value: float, scale: float, drawn: Array, level: float) -> dict[str, object]:
    if len(drawn) == 0:
        return {"reason": "no draw of companies had anything to divide by"}
    edges = widened(level, len(data.parts))
    shares = _bca_shares(data, value, scale, drawn, edges)
    return {
        "draws": len(drawn), "percentile": _between(drawn, edges), "bca": None if shares is None else _between(drawn, shares),
        "reason": None if shares is not None else "BCa is not defined here, because nearly all draws lie on one side; the percentiles stand",
    }  # fmt: skip


def _between(drawn: Array, shares: Array) -> Interval:
    low, high = np.quantile(drawn, shares)
    return Interval(low=float(low), high=float(high))


def _bca_shares(data: Clustered, value: float, scale: float, drawn: Array, edges: Array) -> Array | None:
    """Which quantiles of the draws BCa takes in place of `edges`; None where it is not defined."""
    slack = ROUNDING * max(scale, abs(value))
    below = float(np.mean(drawn < value - slack) + np.mean(np.abs(drawn - value) <= slack) / 2)
    acceleration = _acceleration(data)
    if acceleration is None or not 0 < below < 1:
        return None
    bias = float(ndtri(below))
    moved = bias + ndtri(edges)
    room = 1 - acceleration * moved
    return np.asarray(ndtr(bias + moved / room)) if np.all(room > 0) else None


def _acceleration(data: Clustered) -> float | None:
    """A sixth of the skewness of what is left when one company after another is left out."""
    rest = data.wholes.sum() - data.wholes
    if np.min(rest) <= ROUNDING * data.wholes.sum():
        return None
    left = (data.parts.sum() - data.parts) / rest
    off = left.mean() - left
    widest = float(np.max(np.abs(off)))
    if widest == 0:
        return None
    off = off / widest  # cubes of small figures would vanish
    return float(np.sum(off**3) / (6 * np.sum(off**2) ** 1.5))


__all__ = ["DRAWS", "LEVEL", "Clustered", "clustered", "constant", "few", "ratio", "spread", "widened"]
