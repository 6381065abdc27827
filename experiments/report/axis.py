"""Axes of a plot: where a value lies, and which values are written beside it.

Decides that costs which differ more than eightfold are on a logarithmic axis, that nothing is cut off, and that ticks
are round numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import NamedTuple

_UNITS = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_WIDE = 8.0


class Axis(NamedTuple):
    """From `low` to `high` in values, from `start` to `end` in the picture."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        low, high, value = (log10(one) for one in (self.low, self.high, max(value, self.low))) if self.logarithmic else (self.low, self.high, value)
        return self.start + (self.end - self.start) * (value - low) / (high - low)

    @property
    def ticks(self) -> tuple[float, ...]:
        return _decades(self.low, self.high) if self.logarithmic else _round(self.low, self.high)


def axis(values: Sequence[float], start: float, end: float, *, may_be_logarithmic: bool = False, most: float | None = None) -> Axis:
    """An axis on which all values have room; `most` is a value that none can pass."""
    low, high = min(values), max(values)
    if may_be_logarithmic and low > 0 and high / low > _WIDE:
        return Axis(low / 1.25, high * 1.25, start, end, True)
    room = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    top = high + room if most is None else max(high, min(most, high + room))
    bottom = max(0.0, low - room) if low >= 0 else low - room
    return Axis(bottom, top if top > bottom else bottom + 1.0, start, end)


def _round(low: float, high: float, wanted: int = 6) -> tuple[float, ...]:
    """Ticks at a step of 1, 2 or 5 times a power of ten.

    >>> _round(0.0, 1.0)
    (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """
    rough = (high - low) / wanted
    power = 10.0 ** floor(log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    return tuple(round(n * step, 12) for n in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1))


def _decades(low: float, high: float) -> tuple[float, ...]:
    """1, 2 and 5 of every power of ten."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    found = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    return tuple(value for value in found if low <= value <= high)


def short(value: float) -> str:
    """A number as a tick has it.

    >>> short(2.5e9), short(0.25), short(1200.0)
    ('2.5G', '0.25', '1.2k')
    """
    for size, unit in _UNITS:
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


__all__ = ["Axis", "axis", "short"]
