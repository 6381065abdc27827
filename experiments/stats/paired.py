"""Items measured under two conditions, and what may stand in them.

Decides that seeds are repeats: an item is the mean of its seeds, and weighs as much as any other however many it
has. `None` says that a value could not be measured: it is left out of the mean and counted, and an item with no
value under one of the conditions is left out and counted. Refuses NaN, infinity, figures that no measure gives,
and an item named twice. The seeds are taken as they are: an interval says nothing of a seed that was not run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum
from typing import NamedTuple

from rubric.errors import InputError

LARGEST = 1e100  # larger figures overflow when squared, and nothing that is measured here comes near
Values = Sequence[float | None]


class Paired(NamedTuple):
    """One item: its company, and what each of two conditions got, a value for each seed."""

    item: str
    cluster: str
    one: Values
    other: Values


class Row(NamedTuple):
    """An item's means."""

    cluster: str
    one: float
    other: float

    @property
    def difference(self) -> float:
        return self.one - self.other


class Gathered(NamedTuple):
    rows: tuple[Row, ...]
    left_out: int
    missing: int


def gather(pairs: Iterable[Paired]) -> Gathered:
    """The items that have a value under both conditions, and how much was missing.

    >>> gather([Paired("a", "acme", [1, None], [0.5]), Paired("b", "acme", [None], [1.0])])
    Gathered(rows=(Row(cluster='acme', one=1.0, other=0.5),), left_out=1, missing=2)
    """
    rows, left_out, missing = [], 0, 0
    for pair in _once(pairs):
        one, other = (_known(pair.item, values) for values in (pair.one, pair.other))
        missing += len(pair.one) + len(pair.other) - len(one) - len(other)
        if one and other:
            rows.append(Row(pair.cluster, fsum(one) / len(one), fsum(other) / len(other)))
        else:
            left_out += 1
    return Gathered(tuple(rows), left_out, missing)


def finite(value: float, where: str) -> float:
    """The value, unless it is no figure."""
    if not abs(value) <= LARGEST:  # NaN is refused too
        raise InputError(f"{where} has the value {value}, which is no measure; write null where nothing could be measured")
    return float(value)


def _once(pairs: Iterable[Paired]) -> Iterable[Paired]:
    seen: set[str] = set()
    for pair in pairs:
        if pair.item in seen:
            raise InputError(f"item {pair.item!r} stands twice among the pairs; give the values of its seeds in one pair")
        seen.add(pair.item)
        yield pair


def _known(item: str, values: Values) -> list[float]:
    return [finite(value, f"item {item!r}") for value in values if value is not None]


__all__ = ["LARGEST", "Gathered", "Paired", "Row", "Values", "finite", "gather"]
