"""Two runs side by side: each condition that both have, on the items that both have.

Decides that items are the same where prospect and turn are; a condition is taken by its name, or by two names. Refuses
runs that share no item, items of one name that are different tasks, and scores by different playbooks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from experiments.report.lines import interval, number
from experiments.run.folder import Run
from experiments.run.table import Table, measure, table_of
from rubric.errors import InputError

_MEASURES = ("score", "passed")


def compared(one: Run, other: Run, conditions: Sequence[str] = ()) -> dict[str, Any]:
    """Run `one` minus run `other`, corrected over all comparisons made."""
    from experiments.stats import compare, holm

    items = _shared(one, other)
    tables = table_of(items, one.results), table_of(items, other.results)
    draws = min(one.manifest["plan"]["draws"], other.manifest["plan"]["draws"])
    rows: list[dict[str, Any]] = []
    for first, second in _names(one, other, conditions):
        gated = any(run.summary["conditions"][name]["condition"]["gate"] for run, name in ((one, first), (other, second)))
        joined = Table(items, {"one": tables[0].rows[first], "other": tables[1].rows[second]})
        measures = {name: compare(joined.pairs("one", "other", measure(name)), draws=draws).model_dump(mode="json") for name in (("passed",) if gated else _MEASURES)}
        rows.append({"one": first, "other": second, "measures": measures})
    corrected = holm({f"{n}/{name}": found["p"] for n, row in enumerate(rows) for name, found in row["measures"].items()})
    for key, found in corrected.items():
        number_, _, name = key.partition("/")
        rows[int(number_)]["measures"][name]["holm"] = found.model_dump(mode="json")
    return {"run_a": str(one.path), "run_b": str(other.path), "items": len(items), "differs": _differing(one, other), "comparisons": rows}


def _shared(one: Run, other: Run) -> tuple[Any, ...]:
    """The items of both runs."""
    if one.manifest["playbook"]["hash"] != other.manifest["playbook"]["hash"]:
        raise InputError(f"{one.path} and {other.path} were judged by different playbooks, so their scores cannot be compared; run one of them again")
    there = {item.id: item for item in other.items}
    both = [item for item in one.items if item.id in there]
    if not both:
        said = " and ".join(f"{run.path} (split {run.summary['split']}, limit {run.manifest['plan']['limit'] or 'none'})" for run in (one, other))
        raise InputError(f"{said} have no task in common; compare runs on the same split, tasks and limit")
    if changed := [item.id for item in both if item.prospect != there[item.id].prospect]:
        raise InputError(f"{changed[0]} is another task in {one.path} than in {other.path}, and so are {len(changed) - 1} more; compare runs on the same tasks")
    return tuple(both)


def _names(one: Run, other: Run, wanted: Sequence[str]) -> list[tuple[str, str]]:
    known = one.summary["conditions"], other.summary["conditions"]
    pairs = [(name, rest or name) for name, _, rest in (text.partition("=") for text in wanted)] or [(name, name) for name in known[0] if name in known[1]]
    for names, there, run in zip(zip(*pairs, strict=True), known, (one, other), strict=False):
        if unknown := [name for name in names if name not in there]:
            raise InputError(f"{run.path} has no condition {unknown[0]!r}; it has {', '.join(there)}")
    if not pairs:
        raise InputError(f"no condition stands in both {one.path} and {other.path}; name two with --condition NAME=OTHER")
    return pairs


def _differing(one: Run, other: Run) -> list[str]:
    """What else than chance may be behind a difference."""
    keys = ("winnow", "code", "config", "prompts", "backbones", "adapters")
    found = [key for key in keys if one.manifest.get(key) != other.manifest.get(key)]
    return found + (["seeds"] if one.summary["seeds"] != other.summary["seeds"] else [])


def lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['run_a']} minus {found['run_b']}, on {found['items']} items that both have"
    yield f"the runs differ in {', '.join(found['differs'])}" if found["differs"] else "the runs were made by the same code, settings and models"
    for row in found["comparisons"]:
        name = row["one"] if row["one"] == row["other"] else f"{row['one']} against {row['other']}"
        for measured, one in row["measures"].items():
            if one["value"] is None:
                yield f"  {name}, {measured}: nothing to compare: {one['reason']}"
            else:
                counts = f"{one['wins']} better, {one['losses']} worse, {one['ties']} equal"
                yield f"  {name}, {measured}: {one['one']:.3f} and {one['other']:.3f}, difference {one['value']:+.3f}{interval(one)}, corrected p {number(one['holm']['adjusted'])}; {counts}"


__all__ = ["compared", "lines"]
