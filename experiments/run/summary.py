"""What a run found: a figure for each condition, and for each comparison that the plan made.

Decides that the measures are score and passing, that Holm corrects over all of both, that strata have intervals and
no p because nobody planned them as tests, and that the rubric as a picker is the ceiling and stands on no front.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from critic.estimates import Item as Weighed
from experiments.conditions.condition import Condition
from experiments.conditions.plan import Compared, Plan
from experiments.run.items import Item
from experiments.run.rows import Row
from experiments.run.table import Table, Value, average, cost, measure, shares
from experiments.stats import (
    Contrast,
    Difference,
    Mcnemar,
    Point,
    compare,
    detectable,
    front,
    holm,
    mcnemar,
    ratio,
    seed_of,
)
from experiments.stats.correction import LEVEL
from rubric.verdict import DIMENSIONS

EFFECTS = {"score": 0.02, "passed": 0.10, "flaw": 0.10}  # the differences for which the needed number of items is told
STRATA = ("mode", "tempts", "difficulty", "message_type")
COSTS = ("tokens", "passes")
_SPENT = ("prompt_computed", "prompt_reused", "decoded", "scored", "passes", "tokens", "flops", "money")


def summary(plan: Plan, table: Table, adapters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Everything but seconds, which differ between two runs of the same."""
    conditions = {one.name: one for one in plan.all}
    tests = sum(len(measures_of(conditions[one.one])) for one in plan.compared)
    compared = [_compared(plan, table, one, conditions, LEVEL / max(1, tests)) for one in plan.compared]
    _corrected(compared)
    return {
        "name": plan.name, "split": plan.split, "items": len(table.items), "tasks": len({item.task for item in table.items}),
        "companies": len({item.company for item in table.items}), "seeds": list(plan.seeds), "adapters": dict(adapters or {}),
        "conditions": {name: _condition(plan, table, one) for name, one in conditions.items()},
        "comparisons": compared, "fronts": list(fronts(plan, table)), "strata": list(_strata(plan, table)),
        "blind": [_blind(plan, table, one, conditions[one.one]) for one in plan.compared if conditions[one.one].blind],
    }  # fmt: skip


def _condition(plan: Plan, table: Table, one: Condition) -> dict[str, Any]:
    rows, draws = table.of(one.name), plan.draws
    sound = [row for row in rows if row["error"] is None]
    lettered = [row for row in sound if row["chosen"] is not None]
    return {
        "condition": one.model_dump(mode="json"), "rows": len(rows), "errors": len(rows) - len(sound),
        "score": _spread(table.means(one.name, measure("score")), draws), "passed": _spread(table.means(one.name, measure("passed")), draws),
        "dimensions": {name: average(row["dimensions"].get(name) for row in lettered) for name in DIMENSIONS},
        "decisions": shares(lettered, lambda row: [row["decision"]]), "failures": shares(lettered, lambda row: row["failures"]),
        "failure_cost": _spread(table.means(one.name, lambda row: row["failure_cost"]), draws),
        "outcomes": shares(rows, lambda row: [row["outcome"]]), "rounds": average(row["rounds"] for row in sound),
        "cost": {name: average(row["cost"].get(name) for row in sound) for name in _SPENT} | {"reckoned": any(row["cost"].get("reckoned") for row in sound)},
        "seeds": _by_seed(plan, one, sound),
        **_of_pools(table, one, draws), "flaw": _flaws(rows, draws) if one.blind else None,
    }  # fmt: skip


def _by_seed(plan: Plan, one: Condition, rows: Sequence[Row]) -> dict[str, Any]:
    seeds: list[int | None] = [None] if one.once else list(plan.seeds)
    return {
        "all" if seed is None else str(seed): {name: average(measure(name)(row) for row in rows if row["seed"] == seed) for name in ("score", "passed")}
        for seed in seeds
    }  # fmt: skip


def _of_pools(table: Table, one: Condition, draws: int) -> dict[str, Any]:
    """What pools say, and how much of what picking could win it won."""
    rows = [row for row in table.of(one.name) if row["pool"]]
    gains = [Weighed(row["company"], row["gain"]["won"], row["gain"]["best"]) for row in rows if row["gain"]]
    tied = [Weighed(row["company"], row["pool"]["tied"]) for row in rows if row["pool"]["tied"] is not None]
    return {
        "pass_at_k": average(row["pool"]["pass_at_k"] for row in rows), "best": average(row["pool"]["best"] for row in rows),
        "similarity": average(row["pool"]["similarity"] for row in rows), "ties": _spread(tied, draws) if tied else None,
        "selection_efficiency": _spread(gains, draws) if gains and one.picker not in ("first", "random") else None,
    }  # fmt: skip


def _flaws(rows: Sequence[Row], draws: int) -> dict[str, Any]:
    """The flaw that the gate could not see, among the letters delivered."""
    return _spread([Weighed(row["company"], row["flaw"]) for row in rows if row["flaw"] is not None], draws)


def _spread(items: Iterable[Weighed], draws: int) -> dict[str, Any]:
    return ratio(items, draws=draws).model_dump(mode="json")


def measures_of(one: Condition) -> tuple[str, ...]:
    """The whole agent delivers what passes or nothing, so of its letters the score says little and of the rest nothing."""
    if one.blind:
        return ("flaw",)
    return ("passed",) if one.gate else ("score", "passed")


def _compared(plan: Plan, table: Table, one: Compared, conditions: Mapping[str, Condition], level: float) -> dict[str, Any]:
    """The measures of one comparison; of a flaw, the first condition is hoped to have fewer, so it is taken away. What
    would be found is told for the level that Holm asks of the smallest p."""
    first, second = conditions[one.one], conditions[one.other]
    found: dict[str, Any] = {"one": one.one, "other": one.other, "kind": one.kind, "measures": {}}
    for name in measures_of(first):
        pairs = table.pairs(*((one.other, one.one) if name == "flaw" else (one.one, one.other)), measure(name))
        found["measures"][name] = {
            "difference": compare(pairs, draws=plan.draws).model_dump(mode="json"),
            "detectable": detectable(pairs, effect=EFFECTS[name], level=level).model_dump(mode="json"),
        }  # fmt: skip
    found["mcnemar"] = None if first.blind else _mcnemar(plan, table, first, second)
    found["cost"] = {name: compare(table.pairs(one.one, one.other, cost(name)), draws=plan.draws).model_dump(mode="json", exclude={"p"}) for name in COSTS}
    return found


def _mcnemar(plan: Plan, table: Table, one: Condition, other: Condition) -> dict[str, Any]:
    """Pass and fail of the letters that were picked, seed by seed; the mean over parts of a pool is no pass or fail."""
    pairs = table.pairs(one.name, other.name, lambda row: None if row["error"] else row["passed"])
    seeds = [None] if one.once and other.once else plan.seeds
    found: dict[str, Mcnemar] = {"all" if seed is None else str(seed): mcnemar(seed_of(pairs, n)) for n, seed in enumerate(seeds)}
    return {name: test.model_dump(mode="json") for name, test in found.items()}


def _corrected(compared: Sequence[dict[str, Any]]) -> None:
    """Holm over every comparison and measure of the plan."""
    tests = {f"{n}/{name}": value["difference"]["p"] for n, one in enumerate(compared) for name, value in one["measures"].items()}
    for key, found in holm(tests).items():
        number, _, name = key.partition("/")
        compared[int(number)]["measures"][name]["holm"] = found.model_dump(mode="json")


def fronts(plan: Plan, table: Table, costs: Mapping[str, Value] | None = None) -> Iterator[dict[str, Any]]:
    """Where each condition stands by quality and cost: those that pick by score, and all by passing."""
    known = [one for one in plan.all if one.picker != "oracle" and not one.blind]
    picking, between = [one.name for one in known if not one.gate], _Between(plan, table)
    for name, value in (costs or {name: cost(name) for name in COSTS}).items():
        for quality, names in (("score", picking), ("passed", [one.name for one in known])):
            if len(names) > 1:
                yield {"cost": name, "quality": quality, "standings": _front(table, names, between, _Axis(name, value), _Axis(quality, measure(quality)))}


class _Axis(NamedTuple):
    name: str
    value: Value


class _Between:
    """Differences of two conditions, each made once however many fronts need it."""

    def __init__(self, plan: Plan, table: Table) -> None:
        self._plan, self._table = plan, table
        self._found: dict[tuple[str, str, str], Difference] = {}

    def __call__(self, one: str, other: str, axis: _Axis) -> Difference:
        key = (one, other, axis.name)
        if key not in self._found:
            self._found[key] = compare(self._table.pairs(one, other, axis.value), draws=self._plan.draws)
        return self._found[key]


def _front(table: Table, names: Sequence[str], between: _Between, price: _Axis, quality: _Axis) -> list[dict[str, Any]]:
    points = [
        Point(name, paid, worth)
        for name in names
        if (paid := average(price.value(row) for row in table.of(name))) is not None and (worth := average(quality.value(row) for row in table.of(name))) is not None
    ]
    contrasts = [Contrast(a.name, b.name, between(a.name, b.name, price), between(a.name, b.name, quality)) for a, b in combinations(points, 2)]
    return [standing.model_dump(mode="json") for standing in front(points, contrasts)]


def _strata(plan: Plan, table: Table) -> Iterator[dict[str, Any]]:
    for one in plan.compared:
        first = next(condition for condition in plan.all if condition.name == one.one)
        for by in () if first.blind else STRATA:
            for value in sorted({str(getattr(item, by) or "none") for item in table.items}):
                items = [item for item in table.items if str(getattr(item, by) or "none") == value]
                yield {"one": one.one, "other": one.other, "by": by, "value": value, "items": len(items), **_stratum(plan, table, one, items, measures_of(first))}


def _stratum(plan: Plan, table: Table, one: Compared, items: Sequence[Item], measures: Sequence[str]) -> dict[str, Any]:
    draws = max(1000, plan.draws // 5)
    found: dict[str, Difference] = {name: compare(table.pairs(one.one, one.other, measure(name), items), draws=draws) for name in measures}
    return {name: difference.model_dump(mode="json", exclude={"p"}) for name, difference in found.items()}


def _blind(plan: Plan, table: Table, one: Compared, condition: Condition) -> dict[str, Any]:
    """How much of the flaw the first condition takes away, where both delivered a letter: one that delivers less would
    otherwise seem to remove what it never wrote."""
    sides = {name: {(row["item"], row["seed"]): row for row in table.of(name) if row["flaw"] is not None} for name in (one.one, one.other)}
    both = [(sides[one.one][place], sides[one.other][place]) for place in sides[one.one] if place in sides[one.other]]
    by_company: dict[str, list[float]] = {}
    for here, there in both:
        row = by_company.setdefault(here["company"], [0.0, 0.0])
        row[0], row[1] = row[0] + here["flaw"], row[1] + there["flaw"]
    removed = ratio([Weighed(company, there - here, there) for company, (here, there) in sorted(by_company.items())], draws=plan.draws)
    return {
        "failure": condition.blind, "one": one.one, "other": one.other, "both": len(both),
        "flaws": {name: sum(row["flaw"] for row in rows.values()) for name, rows in sides.items()},
        "delivered": {name: len(rows) for name, rows in sides.items()}, "removed": removed.model_dump(mode="json"),
    }  # fmt: skip


__all__ = ["COSTS", "EFFECTS", "STRATA", "fronts", "measures_of", "summary"]
