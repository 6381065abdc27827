"""Shares with intervals, and a correlation, for measures over letters of companies.

Decides that the companies are drawn again and not the letters, because letters to one company resemble one
another. The draws are seeded, so that the same data give the same interval. No data give null.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

DRAWS = 1000
LEVEL = 0.95


class Item(NamedTuple):
    """A letter's or a pool's part in a share."""

    cluster: str
    part: float
    whole: float = 1.0


class Estimate(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float | None = None
    low: float | None = Field(None, description="of the interval of 95%; null with fewer than two companies")
    high: float | None = None
    count: int = 0
    clusters: int = 0

    def __str__(self) -> str:
        if self.value is None:
            return "no data"
        span = "" if self.low is None or self.high is None else f" ({self.low:.3f} to {self.high:.3f})"
        return f"{self.value:.3f}{span}, {self.count} of {self.clusters} companies"


def share(items: Iterable[Item], *, draws: int = DRAWS, seed: int = 0) -> Estimate:
    """The parts over the wholes, with an interval over companies."""
    rows = list(items)
    totals: dict[str, tuple[float, float]] = {}
    for one in rows:
        part, whole = totals.get(one.cluster, (0.0, 0.0))
        totals[one.cluster] = (part + one.part, whole + one.whole)
    clusters = [totals[name] for name in sorted(totals)]
    value = _ratio(clusters)
    if value is None:
        return Estimate(count=len(rows), clusters=len(clusters))
    low, high = _interval(clusters, draws, seed)
    return Estimate(value=round(value, 4), low=low, high=high, count=len(rows), clusters=len(clusters))


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Pearson's; None where one side does not vary."""
    if len(xs) < 2:
        return None
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    x_off, y_off = [x - x_mean for x in xs], [y - y_mean for y in ys]
    scale = (sum(x * x for x in x_off) * sum(y * y for y in y_off)) ** 0.5
    return round(sum(x * y for x, y in zip(x_off, y_off, strict=True)) / scale, 4) if scale else None


def _ratio(clusters: Sequence[tuple[float, float]]) -> float | None:
    whole = sum(w for _, w in clusters)
    return sum(p for p, _ in clusters) / whole if whole > 0 else None


def _interval(clusters: Sequence[tuple[float, float]], draws: int, seed: int) -> tuple[float | None, float | None]:
    if len(clusters) < 2:
        return None, None
    random = Random(seed)  # noqa: S311  a draw of data and no secret
    found = [_ratio(random.choices(clusters, k=len(clusters))) for _ in range(draws)]
    kept = sorted(value for value in found if value is not None)
    edge = int(len(kept) * (1 - LEVEL) / 2)
    return round(kept[edge], 4), round(kept[-1 - edge], 4)


__all__ = ["DRAWS", "Estimate", "Item", "correlation", "share"]
