"""The rows of a run by condition and item, as the statistics take them.

Decides that a value is what stands in `expected` where a row has it, that seeds are repeats of an item in the order of
the plan, and that a row with an error has no value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import fsum
from typing import Any, NamedTuple

from critic.estimates import Item as Weighed
from experiments.run.items import Item
from experiments.run.rows import Row
from experiments.stats.paired import Paired

Value = Callable[[Row], float | None]


def measure(name: str) -> Value:
    """A row's value of a measure."""

    def value(row: Row) -> float | None:
        if row["error"] is not None:
            return None
        found: float | None = (row["expected"] or row)[name] if row["expected"] and name in row["expected"] else row[name]
        return found

    return value


def cost(name: str) -> Value:
    """A row's cost; a prompt that did not fit cost nothing and says nothing."""

    def value(row: Row) -> float | None:
        found: float | None = row["cost"].get(name)
        return None if row["error"] is not None else found

    return value


class Table(NamedTuple):
    """`rows` by condition, then by item, a row for each seed."""

    items: tuple[Item, ...]
    rows: dict[str, dict[str, list[Row]]]

    def of(self, condition: str) -> list[Row]:
        return [row for item in self.items for row in self.rows[condition].get(item.id, [])]

    def values(self, condition: str, item: Item, value: Value) -> list[float | None]:
        return [value(row) for row in self.rows[condition].get(item.id, [])]

    def pairs(self, one: str, other: str, value: Value, items: Iterable[Item] | None = None) -> list[Paired]:
        """Two conditions on the same items; without any value on one side an item is left out by the statistics."""
        return [
            Paired(item.id, item.company, self.values(one, item, value), self.values(other, item, value))
            for item in (self.items if items is None else items)
        ]

    def means(self, condition: str, value: Value) -> list[Weighed]:
        """Each item with the mean of its seeds, as a part of one."""
        found = []
        for item in self.items:
            known = [one for one in self.values(condition, item, value) if one is not None]
            if known:
                found.append(Weighed(item.company, fsum(known) / len(known)))
        return found


def table_of(items: Sequence[Item], rows: Iterable[Row]) -> Table:
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        found.setdefault(row["condition"], {}).setdefault(row["item"], []).append(row)
    return Table(tuple(items), found)


def average(values: Iterable[float | None]) -> float | None:
    """The mean of what is known."""
    known = [one for one in values if one is not None]
    return fsum(known) / len(known) if known else None


def shares(rows: Sequence[Row], names: Callable[[Row], Iterable[Any]]) -> dict[str, float]:
    """How many of the rows name something, as a share, the most frequent first."""
    counts: dict[str, int] = {}
    for row in rows:
        for name in set(names(row)):
            counts[name] = counts.get(name, 0) + 1
    return {name: count / len(rows) for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))}


__all__ = ["Table", "Value", "average", "cost", "measure", "shares", "table_of"]
