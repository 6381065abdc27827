"""What stands on a plot of quality against cost: a dot for each condition that has both.

Decides that the score is plotted for conditions that pick, because the whole agent's is of delivered letters alone;
that the rubric as a picker is drawn as the ceiling and stands on no front; and that a dot is called dominated only
where the summary says so. The line of a front joins the means and claims nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from experiments.report.tables import Estimate, level
from experiments.run.folder import Run
from rubric.errors import MissingExtra

QUALITIES = {"score": "score", "passed": "share that passes"}
COSTS = {
    "flops": "operations for a letter", "tokens": "tokens for a letter", "passes": "forward passes for a letter", "seconds": "seconds for a letter", "money": "money for a letter",
}  # fmt: skip
_DRAWS = 1000


class Dot(NamedTuple):
    """A condition; `place` is where it stands in the run, which decides colour and shape."""

    name: str
    place: int
    cost: Estimate
    quality: Estimate
    standing: str
    by: tuple[str, ...] = ()


class Plot(NamedTuple):
    quality: str
    cost: str
    dots: tuple[Dot, ...]
    front: tuple[Dot, ...]
    absent: tuple[str, ...]

    @property
    def said(self) -> str:
        """Where each condition stands, in words."""
        found: dict[str, list[str]] = {}
        for dot in self.dots:
            found.setdefault(dot.standing, []).append(f"{dot.name} (by {', '.join(dot.by)})" if dot.by else dot.name)
        return "; ".join(f"{standing}: {', '.join(names)}" for standing, names in sorted(found.items()))


def plots(run: Run) -> Iterator[Plot]:
    """A plot for each quality and each cost of which anything is known."""
    spent = {cost: _spent(run, cost) for cost in COSTS}
    for quality in QUALITIES:
        names = [name for name, one in run.summary["conditions"].items() if not one["condition"]["blind"] and not (quality == "score" and one["condition"]["gate"])]
        for cost, known in spent.items():
            if (plot := _plot(run, quality, cost, names, known)).dots:
                yield plot


def _plot(run: Run, quality: str, cost: str, names: Sequence[str], known: dict[str, Estimate]) -> Plot:
    places = list(run.summary["conditions"])
    found: dict[str, Estimate | None] = {name: level(run.summary["conditions"][name][quality]) for name in names if name in known}
    standings = _standings(run, quality, cost)
    dots = tuple(
        Dot(name, places.index(name), known[name], worth, *standings.get(name, _unranked(run, name))) for name, worth in found.items() if worth is not None
    )
    absent = tuple(name for name in names if name not in {dot.name for dot in dots})
    return Plot(quality, cost, dots, tuple(_front([dot for dot in dots if not is_ceiling(run, dot.name)])), absent)


def is_ceiling(run: Run, name: str) -> bool:
    return bool(run.summary["conditions"][name]["condition"]["picker"] == "oracle")


def _unranked(run: Run, name: str) -> tuple[str, tuple[str, ...]]:
    return ("ceiling, on no front" if is_ceiling(run, name) else "not compared", ())


def _standings(run: Run, quality: str, cost: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What the summary says of each condition; with one model, operations and tokens are the same but for a factor."""
    asked = "tokens" if cost == "flops" and len(run.manifest["backbones"]) == 1 else cost
    fronts = [*run.summary["fronts"], *run.timings.get("fronts", ())]
    found: list[dict[str, Any]] = next((front["standings"] for front in fronts if front["quality"] == quality and front["cost"] == asked), [])
    return {one["name"]: (one["verdict"], tuple(one["by"])) for one in found}


def _front(dots: Sequence[Dot]) -> Iterator[Dot]:
    """The dots than which no cheaper one is as good, by their means."""
    best: float | None = None
    for dot in sorted(dots, key=lambda one: (_value(one.cost), -_value(one.quality))):
        if best is None or _value(dot.quality) > best:
            best = _value(dot.quality)
            yield dot


def _value(found: Estimate) -> float:
    return 0.0 if found.value is None else found.value


def _spent(run: Run, cost: str) -> dict[str, Estimate]:
    """The mean cost of a letter by condition; its interval over companies, where rows have the cost."""
    if cost == "seconds":
        means = {name: one["total"] for name, one in run.timings.get("conditions", {}).items()}
    else:
        means = {name: one["cost"].get(cost) for name, one in run.summary["conditions"].items()}
    return {name: _estimate(run, name, cost, value) for name, value in means.items() if value is not None}


def _estimate(run: Run, name: str, cost: str, value: float) -> Estimate:
    rows = [] if cost == "seconds" else [row for row in run.results if row["condition"] == name and row["error"] is None and row["cost"].get(cost) is not None]
    found = _ratio(rows, cost)
    edges: dict[str, float] = (found["bca"] or found["percentile"] or {}) if found else {}
    return Estimate(value, edges.get("low"), edges.get("high"))


def _ratio(rows: Sequence[dict[str, Any]], cost: str) -> dict[str, Any] | None:
    """The interval of a mean cost; none without rows, and none where the statistics are not installed."""
    if not rows:
        return None
    try:
        from critic.estimates import Item
        from experiments.stats import ratio
    except MissingExtra:
        return None
    return ratio([Item(row["company"], row["cost"][cost]) for row in rows], draws=_DRAWS).model_dump(mode="json")


__all__ = ["COSTS", "QUALITIES", "Dot", "Plot", "is_ceiling", "plots"]
