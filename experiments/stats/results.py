"""What the statistics return: plain records that are written as JSON as they stand.

Decides that a figure that the data do not give is null, and that `reason` says why. Refuses NaN and infinity.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Verdict = Literal["efficient", "dominated", "not distinguishable"]
LEAST = 6  # of fewer companies, not even the most one-sided data are beyond 2.5% of their sign patterns


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Interval(_Record):
    low: float
    high: float


class Spread(_Record):
    """A mean or a share over items of companies, and how far it may be off."""

    value: float | None = None
    percentile: Interval | None = None
    bca: Interval | None = Field(None, description="bias-corrected and accelerated: the one to quote")
    level: float = 0.95
    constant: bool = Field(False, description="every company has the same figure, so nothing varies between draws")
    draws: int = Field(0, description="resamples that the intervals rest on")
    items: int = 0
    clusters: int = Field(0, description="companies, which are what is drawn again")
    reason: str | None = Field(None, description="why a figure or an interval is missing")

    @property
    def interval(self) -> Interval | None:
        """BCa where it is defined, else the percentiles."""
        return self.bca or self.percentile


class Difference(Spread):
    """One condition minus another on the same items."""

    one: float | None = Field(None, description="mean of the first condition")
    other: float | None = Field(None, description="mean of the second condition")
    p: float | None = Field(None, description="one-sided, against 'the first is no better than the second'")
    wins: int = 0
    losses: int = 0
    ties: int = 0
    tolerance: float = Field(0.0, description="items that differ by no more than this are ties")
    left_out: int = Field(0, description="items without any value under one of the conditions")
    missing: int = Field(0, description="single values that were missing, those of items left out included")


class Mcnemar(_Record):
    """Exact McNemar of one seed. It takes items for independent and ignores that those of one company resemble each
    other; where companies have several items, quote the p of `compare`, which does not."""

    both: int = 0
    only_one: int = 0
    only_other: int = 0
    neither: int = 0
    p: float | None = Field(None, description="one-sided, against 'the first passes no more often than the second'")
    p_two_sided: float | None = None
    items: int = 0
    clusters: int = 0
    left_out: int = 0
    reason: str | None = None


class Detectable(_Record):
    """What a one-sided test of this level finds with this power."""

    smallest: float | None = Field(None, description="the smallest true difference that these items find")
    effect: float | None = Field(None, description="the difference that was asked for")
    items_needed: int | None = Field(None, description="to find it, at the same letters per company and the same variance")
    clusters_needed: int | None = None
    standard_error: float | None = None
    design_effect: float | None = Field(None, description="how many times the variance is what independent items would have")
    level: float = 0.05
    power: float = 0.8
    items: int = 0
    clusters: int = 0
    reason: str | None = None


class Corrected(_Record):
    """One of several comparisons."""

    p: float | None
    adjusted: float | None = Field(description="what p is worth among so many; compare it with the level")
    rejected: bool = Field(description="whether 'no better' is rejected")
    family: int = Field(description="how many comparisons were made")


class Standing(_Record):
    """A condition among the others."""

    name: str
    cost: float
    quality: float
    verdict: Verdict
    by: tuple[str, ...] = Field((), description="the conditions that dominate it")
    open_against: tuple[str, ...] = Field((), description="the conditions from which the intervals do not tell it")


__all__ = ["LEAST", "Corrected", "Detectable", "Difference", "Interval", "Mcnemar", "Spread", "Standing", "Verdict"]
