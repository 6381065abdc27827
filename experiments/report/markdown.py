"""The report as Markdown: the verdict first, then the tables that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from experiments.report.lines import interval, notes, number, verdict_lines
from experiments.run.folder import Run
from rubric.verdict import DIMENSIONS

_MEASURES = ("score", "passed")


def render(run: Run) -> Iterator[bytes]:
    for part in (
        [f"# {run.summary['name']}", ""], *_listed("Verdict", verdict_lines(run)), *_listed("What to know", notes(run)),
        _conditions(run), _pools(run), _comparisons(run), _mcnemar(run), _fronts(run), _costs(run), _dimensions(run), _failures(run), _strata(run), _made_of(run),
    ):  # fmt: skip
        yield ("\n".join(part) + "\n").encode("utf-8", "replace") if part else b""


def _listed(title: str, lines: Iterable[str]) -> Iterator[list[str]]:
    yield [f"## {title}", "", *(f"* {line}" for line in lines), ""]


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """A table under its title; without rows there is neither."""
    lines = ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]
    return [f"## {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines, ""] if lines else []


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _spread(found: Mapping[str, Any] | None) -> str | None:
    return None if not found or found["value"] is None else f"{found['value']:.3f}{interval(found).replace('+', '')}"


def _conditions(run: Run) -> list[str]:
    head = ("condition", "score", "passes", "best of pool", "pass@k", "failure cost, USD", "delivered", "rounds", "by seed: score / passes")
    return table("Conditions", head, [
        (
            name, _spread(one["score"]), _spread(one["passed"]), one["best"], one["pass_at_k"], one["failure_cost"]["value"], one["outcomes"].get("DRAFT"), one["rounds"],
            ", ".join(f"{seed}: {number(v['score'])} / {number(v['passed'])}" for seed, v in one["seeds"].items()),
        )
        for name, one in run.summary["conditions"].items()
    ])  # fmt: skip


def _pools(run: Run) -> list[str]:
    rows = [(name, one) for name, one in run.summary["conditions"].items() if one["ties"]]
    return table("Pools", ("condition", "selection efficiency", "all letters of one score", "similarity"), [
        (name, _spread(one["selection_efficiency"]), _spread(one["ties"]), one["similarity"]) for name, one in rows
    ])  # fmt: skip


def _comparisons(run: Run) -> list[str]:
    head = ("comparison", "measure", "difference", "p", "Holm", "wins", "losses", "ties", "left out", "would be found", "items needed")
    return table("Comparisons", head, [
        (
            f"{one['one']} - {one['other']}" if name != "flaw" else f"{one['other']} - {one['one']}", name, _difference(found["difference"]),
            number(found["difference"]["p"]), number(found["holm"]["adjusted"]), *(found["difference"][key] for key in ("wins", "losses", "ties", "left_out")),
            found["detectable"]["smallest"], _needed(found["detectable"]),
        )
        for one in run.summary["comparisons"] for name, found in one["measures"].items()
    ])  # fmt: skip


def _difference(found: Mapping[str, Any]) -> str:
    return str(found["reason"]) if found["value"] is None else f"{found['value']:+.3f}{interval(found)}"


def _needed(found: Mapping[str, Any]) -> str | None:
    return None if found["items_needed"] is None else f"{found['items_needed']} for {found['effect']}"


def _mcnemar(run: Run) -> list[str]:
    return table("McNemar, seed by seed", ("comparison", "seed", "both pass", "first only", "second only", "neither", "p"), [
        (f"{one['one']} - {one['other']}", seed, found["both"], found["only_one"], found["only_other"], found["neither"], number(found["p"]))
        for one in run.summary["comparisons"] for seed, found in (one["mcnemar"] or {}).items()
    ])  # fmt: skip


def _fronts(run: Run) -> list[str]:
    return table("Fronts", ("quality", "cost", "condition", "mean quality", "mean cost", "verdict", "dominated by"), [
        (front["quality"], front["cost"], one["name"], one["quality"], one["cost"], one["verdict"], ", ".join(one["by"]))
        for front in [*run.summary["fronts"], *run.timings["fronts"]] for one in front["standings"]
    ])  # fmt: skip


def _costs(run: Run) -> list[str]:
    names = ("prompt_computed", "prompt_reused", "decoded", "scored", "passes", "flops", "money")
    seconds = run.timings["conditions"]
    stages = ("sample", "score", "judge", "gate")
    return table("Cost of a letter", ("condition", *(name.replace("_", " ") for name in names), *(f"{stage}, s" for stage in stages), "together, s", "J"), [
        (
            name, *(_amount(one["cost"][key]) for key in names), *(seconds[name]["seconds"].get(stage) for stage in stages), seconds[name]["total"],
            seconds[name]["joules"],
        )
        for name, one in run.summary["conditions"].items()
    ])  # fmt: skip


def _amount(value: float | None) -> str | None:
    return None if value is None else f"{value:.3g}" if value and (value >= 1e6 or value < 0.1) else f"{value:.1f}"


def _dimensions(run: Run) -> list[str]:
    return table("Dimensions", ("condition", *(name.replace("_", " ") for name in DIMENSIONS)), [
        (name, *(one["dimensions"][key] for key in DIMENSIONS)) for name, one in run.summary["conditions"].items()
    ])  # fmt: skip


def _failures(run: Run) -> list[str]:
    known = run.summary["conditions"]
    names = sorted({failure for one in known.values() for failure in one["failures"]})
    return table("Failures, share of letters", ("failure", *known), [(name, *(one["failures"].get(name, 0.0) for one in known.values())) for name in names])


def _strata(run: Run) -> list[str]:
    return table("Strata", ("comparison", "by", "value", "items", "score", "passing"), [
        (f"{one['one']} - {one['other']}", one["by"], one["value"], one["items"], *(_difference(one[name]) for name in _MEASURES))
        for one in run.summary["strata"]
    ])  # fmt: skip


def _made_of(run: Run) -> list[str]:
    manifest = run.manifest
    rows = [
        ("Winnow", f"{manifest['winnow']}, code {manifest['code']}, format {manifest['format']}"), ("tasks", manifest["tasks"]["sha"]),
        ("playbook", f"{manifest['playbook']['name']}, {manifest['playbook']['hash']}"), ("prompts", manifest["prompts"]),
        *(("model", f"{one['model']}, {one['hash']}") for one in manifest["backbones"]),
        *(("adapter", f"{_last(given)}, {one['hash']}") for given, one in manifest["adapters"].items()),
    ]  # fmt: skip
    return table("Made of", ("what", "which"), rows)


def _last(given: str) -> str:
    """The name of an adapter without the folders before it."""
    return given.rstrip("/").rpartition("/")[2]


__all__ = ["render", "table"]
