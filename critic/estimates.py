"""Shares with intervals, and a correlation, for measures over letters of companies.

Decides that the companies are drawn again and not the letters, because letters to one company resemble one
another. The draws are seeded, so that the same data give the same interval. The mean of two shares has the
interval of the same draws: a company that is drawn brings its letters to both. No data give null.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

DRAWS = 1000
LEVEL = 0.95
Total = tuple[float, float]  # the parts, and the wholes


class Item(NamedTuple):
    """A letter's or a pool's part in a share."""

    cluster: str
    part: float
    whole: float = 1.0


class Estimate(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float | None = None
    low: float | None = Field(None, description="of the interval of 95%; null where too few companies or cases give none")
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
    return mean_share([items], draws=draws, seed=seed)


def mean_share(shares: Iterable[Iterable[Item]], *, draws: int = DRAWS, seed: int = 0) -> Estimate:
    """The mean of shares, each of the same weight however many letters it has; null where one of them has none.

    The interval is a percentile bootstrap over companies, of the mean itself; draws in which a share has no
    letter are passed over. No draws, and a share over fewer than two companies, give no interval."""
    sides = [list(items) for items in shares]
    clusters = _by_company(sides)
    value, count = _mean(clusters), sum(map(len, sides))
    if value is None:
        return Estimate(count=count, clusters=len(clusters))
    lone = any(len({one.cluster for one in side}) < 2 for side in sides)
    low, high = (None, None) if lone or not draws else _interval(clusters, draws, seed)
    return Estimate(value=round(value, 4), low=low, high=high, count=count, clusters=len(clusters))


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Pearson's; None where one side does not vary."""
    if len(xs) < 2:
        return None
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    x_off, y_off = [x - x_mean for x in xs], [y - y_mean for y in ys]
    scale = (sum(x * x for x in x_off) * sum(y * y for y in y_off)) ** 0.5
    return round(sum(x * y for x, y in zip(x_off, y_off, strict=True)) / scale, 4) if scale else None


def _by_company(sides: Sequence[Sequence[Item]]) -> list[list[Total]]:
    """What each company adds to each share, in the order of the names."""
    totals: dict[str, list[Total]] = {}
    for n, side in enumerate(sides):
        for one in side:
            row = totals.setdefault(one.cluster, [(0.0, 0.0)] * len(sides))
            row[n] = (row[n][0] + one.part, row[n][1] + one.whole)
    return [totals[name] for name in sorted(totals)]


def _mean(clusters: Sequence[Sequence[Total]]) -> float | None:
    shares = [_ratio(column) for column in zip(*clusters, strict=True)]
    known = [one for one in shares if one is not None]
    return sum(known) / len(known) if known and len(known) == len(shares) else None


def _ratio(totals: Sequence[Total]) -> float | None:
    whole = sum(w for _, w in totals)
    return sum(p for p, _ in totals) / whole if whole > 0 else None


def _interval(clusters: Sequence[Sequence[Total]], draws: int, seed: int) -> tuple[float, float]:
    random = Random(seed)  # noqa: S311  a draw of data and no secret
    found = [_mean(random.choices(clusters, k=len(clusters))) for _ in range(draws)]
    kept = sorted(value for value in found if value is not None)
    edge = int(len(kept) * (1 - LEVEL) / 2)
    return round(kept[edge], 4), round(kept[-1 - edge], 4)


__all__ = ["DRAWS", "Estimate", "Item", "correlation", "mean_share", "share"]
