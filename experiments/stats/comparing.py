"""One condition against another on the same items.

The p is of sign flips: were the two conditions of the same worth, then swapping their names within a company would
change nothing, so the sign of each company's summed difference is drawn again and the p is the share of draws that
reach what was found. A share of bootstrap draws below 0 was not taken, because it is centred on what was found and not on
no difference, and is too small where companies are few. The flips are exact for any number of companies where swapping
changes nothing, and need no variance to be equal. One company has one sign however many letters it has, so resemblance
within a company does not make the p too small. Where the conditions have the same mean but the differences lean to one
side, they hold only nearly: with 30 companies and differences as lopsided as waiting times, a test at 5% errs in 2% or in
8%, by the side.

Decides on one side: that the first condition is better. Which one is first is for the plan to say, before the figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum

from scipy.special import bdtrc

from critic.estimates import Item
from experiments.stats.draws import flipped_p
from experiments.stats.paired import Paired, Row, Values, gather
from experiments.stats.results import Difference, Mcnemar
from experiments.stats.spread import DRAWS, LEVEL, Clustered, clustered, spread
from rubric.errors import InputError

TIE = 1e-9  # differences by rounding are ties, and no others


def compare(pairs: Iterable[Paired], *, draws: int = DRAWS, seed: int = 0, level: float = LEVEL, tolerance: float = TIE) -> Difference:
    """The mean difference over items, first condition minus second."""
    rows, left_out, missing = gather(pairs)
    data = by_company(rows)
    wins, losses = sum(row.difference > tolerance for row in rows), sum(row.difference < -tolerance for row in rows)
    found = spread(data, scale=scale_of(rows), draws=draws, seed=seed, level=level)
    return Difference(
        **dict(found), one=_mean([row.one for row in rows]), other=_mean([row.other for row in rows]),
        p=flipped_p(data.parts, draws=draws, seed=seed) if rows else None,
        wins=wins, losses=losses, ties=len(rows) - wins - losses, tolerance=tolerance, left_out=left_out, missing=missing,
    )  # fmt: skip


def by_company(rows: Iterable[Row]) -> Clustered:
    return clustered(Item(row.cluster, row.difference) for row in rows)


def scale_of(rows: Iterable[Row]) -> float:
    """The largest value, by which a difference is told from rounding."""
    return max((max(abs(row.one), abs(row.other)) for row in rows), default=0.0)


def mcnemar(pairs: Iterable[Paired]) -> Mcnemar:
    """Exact McNemar of passes (1) and fails (0): a binomial test on the items where only one condition passes."""
    rows, left_out, _ = gather(_of_one_seed(pairs))
    counts = {cell: sum((row.one, row.other) == cell for row in rows) for cell in ((1, 1), (1, 0), (0, 1), (0, 0))}
    if sum(counts.values()) < len(rows):
        raise InputError("McNemar's test takes passes and fails, as 1 and 0, and got other values; use compare for scores")
    wins, losses = counts[1, 0], counts[0, 1]
    reason = "no items" if not rows else "the conditions agree on every item" if not wins + losses else None
    return Mcnemar(
        both=counts[1, 1], only_one=wins, only_other=losses, neither=counts[0, 0], p=_at_least(wins, wins + losses) if rows else None,
        p_two_sided=min(1.0, 2 * _at_least(max(wins, losses), wins + losses)) if rows else None, items=len(rows),
        clusters=len({row.cluster for row in rows}), left_out=left_out, reason=reason,
    )  # fmt: skip


def seed_of(pairs: Iterable[Paired], n: int) -> list[Paired]:
    """The pairs with the values of seed `n` alone; a condition that ran once stands against each seed.

    >>> seed_of([Paired("a", "acme", [1, 0], [0])], 1)
    [Paired(item='a', cluster='acme', one=(0,), other=(0,))]
    """
    return [pair._replace(one=_nth(pair.item, pair.one, n), other=_nth(pair.item, pair.other, n)) for pair in pairs]


def _nth(item: str, values: Values, n: int) -> Values:
    if len(values) == 1:
        return tuple(values)
    if not 0 <= n < len(values):
        raise InputError(f"item {item!r} has {len(values)} seeds, and the one at position {n} was asked for")
    return (values[n],)


def _of_one_seed(pairs: Iterable[Paired]) -> Iterable[Paired]:
    for pair in pairs:
        if max(len(pair.one), len(pair.other)) > 1:
            raise InputError(f"item {pair.item!r} has several seeds, and McNemar's test takes one: give it seed_of(pairs, n)")
        yield pair


def _mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None


def _at_least(wins: int, of: int) -> float:
    """The chance of as many heads or more."""
    return float(bdtrc(wins - 1, of, 0.5)) if wins else 1.0


__all__ = ["TIE", "by_company", "compare", "mcnemar", "scale_of", "seed_of"]
