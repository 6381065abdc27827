"""The files at the end of a run, made from its journal.

Decides the order of the lines, which is that of the plan and of the tasks and not that of the work. Seconds and joules go
into a file of their own, because they are all that differs between two runs of the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from experiments.run import folder as place
from experiments.run.costs import Tariff, whole
from experiments.run.rows import Made, Row, Timed, made, priced
from experiments.run.summary import fronts, summary
from experiments.run.table import Table, average, table_of

if TYPE_CHECKING:
    from experiments.conditions.plan import Plan
    from experiments.run.running import Begun

STAGES = ("sample", "score", "judge", "gate")


def end(found: Begun) -> None:
    halves = [made(work, tariff) for work, tariff in zip(found.works, found.tariffs, strict=True)]
    joined = Made({k: v for one in halves for k, v in one.rows.items()}, {k: v for one in halves for k, v in one.timed.items()}, {})
    items = found.works[0].items
    places = [(one.name, seed, item.id) for one in found.plan.all for seed in found.plan.seeds_of(one) for item in items]
    rows = [joined.rows[place] for place in places]
    priced(iter(rows), found.works[0].rig.playbook.costs_usd)
    table = table_of(items, rows)
    place.write_lines(found.path / place.TRACES, (line for half in halves for lines in half.traces.values() for line in lines))
    place.write_lines(found.path / place.RESULTS, rows)
    place.write_json(found.path / place.TIMINGS, timings(found, table, joined.timed))
    place.write_json(found.path / place.SUMMARY, _figures(found, table))


def _figures(found: Begun, table: Table) -> dict[str, Any]:
    """The summary is written last: a folder that has one is finished."""
    adapters = {name: one.document.hash for name, one in found.works[0].rig.adapters.items()}
    study = found.study.result(found.plan.draws) if found.study else None
    return {**place.stamp(), **summary(found.plan, table, adapters), "threshold_study": study, "spent": _spent(found)}


def _spent(found: Begun) -> dict[str, Any]:
    """What the run took as it was done, with everything shared counted once; and what its conditions would take alone."""
    from critic.candidate import Cost

    costs = [Cost.model_validate(unit.value.get("cost", {})) for unit in found.journal.units() if unit.kind in ("sample", "score")]
    return {"calls": len(costs), **Tariff(found.tariffs[0].parameters, found.tariffs[0].prices).spent(whole(costs)).model_dump(exclude={"reckoned"})}


def timings(found: Begun, table: Table, timed: Mapping[tuple[str, int, str], Timed]) -> dict[str, Any]:
    plan = found.plan
    by_condition = {one.name: [timed[one.name, seed, item.id] for seed in plan.seeds_of(one) for item in table.items] for one in plan.all}
    units = [unit._replace(value=unit.value if unit.kind == "session" else {}) for unit in found.journal.units()]  # their letters would fill the memory
    sessions = [unit.value for unit in units if unit.kind == "session"]
    return {
        "conditions": {name: _seconds(rows) for name, rows in by_condition.items()}, "fronts": list(_fronts(plan, table, timed)),
        "spent": {"seconds": {stage: sum(unit.seconds.get(stage, 0.0) for unit in units) for stage in STAGES}, "joules": _joules([unit.joules for unit in units if unit.kind in ("sample", "score")])},
        "backbone_seconds": _inner(units), "sessions": sessions, "ledger": sessions[0]["ledger"] if sessions else None,
    }  # fmt: skip


def _seconds(rows: Sequence[Timed]) -> dict[str, Any]:
    """The mean seconds of a letter by stage, alone; nothing of a pool smaller than the one drawn."""
    known = [row.seconds for row in rows if row.seconds]
    stages = {stage: average(row.get(stage, 0.0) for row in known) for stage in STAGES} if known else {}
    return {"seconds": stages, "total": average(sum(row.values()) for row in known), "joules": average(row.joules for row in rows), "rows": len(known)}


def _joules(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return sum(known) if known and len(known) == len(values) else None


def _inner(units: Sequence[Any]) -> dict[str, float]:
    """Seconds that the backbone itself tells, by verb and stage."""
    found: dict[str, float] = {}
    for unit in units:
        for stage, took in unit.seconds.items():
            if "." in stage:
                found[stage] = found.get(stage, 0.0) + took
    return dict(sorted(found.items()))


def _fronts(plan: Plan, table: Table, timed: Mapping[tuple[str, int, str], Timed]) -> list[dict[str, Any]]:
    """The fronts by seconds, of the conditions whose seconds were measured."""

    def seconds(row: Row) -> float | None:
        known = timed[row["condition"], plan.seeds[0] if row["seed"] is None else row["seed"], row["item"]].seconds
        return sum(known.values()) if known and row["error"] is None else None

    return list(fronts(plan, table, {"seconds": seconds}))


__all__ = ["STAGES", "end", "timings"]
