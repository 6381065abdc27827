"""The tables of a report, as values; each form writes them in its own way.

Decides which tables there are, in which order, and what a cell says where a figure is missing. A table without rows is
left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from experiments.report.lines import Shown, interval, number, shown
from experiments.run.folder import Run
from rubric.verdict import DIMENSIONS

STAGES = ("sample", "score", "judge", "gate")
_MEASURES = ("score", "passed")
_SPENT = ("prompt_computed", "prompt_reused", "decoded", "scored", "passes", "flops", "money")


class Estimate(NamedTuple):
    """A figure with its interval, or the reason why there is none; `shown` is what a difference was tested for and shows."""

    value: float | None
    low: float | None = None
    high: float | None = None
    said: str = ""
    shown: Shown = "open"

    def __str__(self) -> str:
        return self.said


class Table(NamedTuple):
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""
    drawn: int | None = None  # the column of differences that a form may draw beside the figures


def tables(run: Run) -> Iterator[Table]:
    """Every table that has a row."""
    makers: tuple[Callable[[Run], Table], ...] = (
        _conditions, _pools, _comparisons, _mcnemar, _blind, _thresholds, _stopped, _fronts, _costs, _dimensions, _failures, _strata, _made_of,
    )  # fmt: skip
    for maker in makers:
        table = maker(run)
        if table.rows:
            yield table


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "", drawn: int | None = None) -> Table:
    return Table(title, tuple(head), tuple(map(tuple, rows)), note, drawn)


def text(cell: Any) -> str:
    """A cell in words."""
    if cell is None:
        return ""
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)


def level(found: Mapping[str, Any] | None) -> Estimate | None:
    """A mean or a share with its interval."""
    if not found or found["value"] is None:
        return None
    edges = found["bca"] or found["percentile"] or {}
    said = f"{found['value']:.3f}{interval(found).replace('+', '')}"
    return Estimate(found["value"], edges.get("low"), edges.get("high"), said)


def difference(found: Mapping[str, Any], word: Shown = "open") -> Estimate:
    """A difference with its interval, or why there is none."""
    if found["value"] is None:
        return Estimate(None, said=str(found["reason"]))
    edges = found["bca"] or found["percentile"] or {}
    return Estimate(found["value"], edges.get("low"), edges.get("high"), f"{found['value']:+.3f}{interval(found)}", word)


def made_as(one: Mapping[str, Any]) -> str:
    """How a condition makes its letter."""
    drawn = "1 letter" if one["k"] == 1 else f"{one['k']} letters"
    picked = {"first": "", "random": ", one by chance", "logprob": ", likeliest picked", "critic": ", critic picks", "oracle": ", rubric picks"}[one["picker"]]
    style = "" if one["prompt"] == "baseline" else f", {one['prompt']} prompt"
    whole = ", whole agent" if one["gate"] else ""
    return f"{drawn} at T={one['temperature']:g}{picked}{style}{whole}" + (f", blind to {one['blind']}" if one["blind"] else "")


def _conditions(run: Run) -> Table:
    seeds = [str(seed) for seed in run.summary["seeds"]]
    head = ("condition", "made as", "score", "passes", *(f"seed {seed}: score / passes" for seed in seeds), "best of pool", "pass@k", "failure cost, USD", "delivered", "rounds", "errors")
    return _table("Conditions", head, [
        (
            name, made_as(one["condition"]), None if one["condition"]["gate"] else level(one["score"]), level(one["passed"]), *_by_seed(one, seeds), one["best"], one["pass_at_k"],
            None if one["condition"]["gate"] else amount(one["failure_cost"]["value"]), one["outcomes"].get("DRAFT", 0.0) if one["condition"]["gate"] else None,
            one["rounds"], one["errors"],
        )
        for name, one in run.summary["conditions"].items()
    ], "One row for each condition, its seeds side by side. At temperature 0 every seed gives the same letters, which were made once. The whole agent delivers what passes or nothing, so a score and a cost of its letters alone would flatter it; 'delivered' is the share of tasks for which it has a draft.")  # fmt: skip


def _by_seed(one: Mapping[str, Any], seeds: Sequence[str]) -> list[str]:
    found, measures = one["seeds"], _MEASURES[1:] if one["condition"]["gate"] else _MEASURES
    if "all" in found:
        return [_together(found["all"], measures), *("the same" for _ in seeds[1:])]
    return [_together(found[seed], measures) if seed in found else "" for seed in seeds]


def _together(found: Mapping[str, Any], measures: Sequence[str]) -> str:
    return " / ".join("none" if found[name] is None else f"{found[name]:.3f}" for name in measures)


def _pools(run: Run) -> Table:
    rows = [(name, one) for name, one in run.summary["conditions"].items() if one["ties"]]
    return _table("Pools", ("condition", "selection efficiency", "all letters of one score", "similarity"), [
        (name, level(one["selection_efficiency"]), level(one["ties"]), one["similarity"]) for name, one in rows
    ], "Selection efficiency is what picking won over chance, as a share of what the best pick would have won.")  # fmt: skip


def _comparisons(run: Run) -> Table:
    head = ("comparison", "measure", "difference", "p", "Holm", "wins", "losses", "ties", "left out", "would be found", "items needed")
    return _table("Comparisons", head, [
        (
            f"{one['one']} - {one['other']}" if name != "flaw" else f"{one['other']} - {one['one']}", name, difference(found["difference"], shown(found)),
            number(found["difference"]["p"]), number(found["holm"]["adjusted"]), *(found["difference"][key] for key in ("wins", "losses", "ties", "left_out")),
            found["detectable"]["smallest"], _needed(found["detectable"]),
        )
        for one in run.summary["comparisons"] for name, found in one["measures"].items()
    ], "Paired by task, the companies drawn again; 95% intervals, one-sided p, corrected by Holm over this whole table; seeds are repeats, and how much critics of other seeds differ is not in the intervals. Better is what holds after the correction, worse what lies below 0 by its interval alone. 'Would be found' is the smallest true difference that these tasks find four times in five.", drawn=2)  # fmt: skip


def _needed(found: Mapping[str, Any]) -> str | None:
    return None if found["items_needed"] is None else f"{found['items_needed']} for {found['effect']}"


def _mcnemar(run: Run) -> Table:
    return _table("McNemar, seed by seed", ("comparison", "seed", "both pass", "first only", "second only", "neither", "p"), [
        (f"{one['one']} - {one['other']}", seed, found["both"], found["only_one"], found["only_other"], found["neither"], number(found["p"]))
        for one in run.summary["comparisons"] for seed, found in (one["mcnemar"] or {}).items()
    ], "It takes tasks for independent; where companies have several, the p above is the one to quote.")  # fmt: skip


def _blind(run: Run) -> Table:
    return _table("Blind gate", ("failure", "comparison", "flaws of the first", "delivered by the first", "flaws of the second", "delivered by the second", "both delivered", "share removed"), [
        (
            one["failure"], f"{one['one']} against {one['other']}", *(_count(one[key][name]) for name in (one["one"], one["other"]) for key in ("flaws", "delivered")), one["both"],
            level(one["removed"]) or one["removed"]["reason"],
        )
        for one in run.summary["blind"]
    ], "The failure's rules are off in the gate; the letters delivered are then judged by all rules. What is removed is counted where both delivered a letter.")  # fmt: skip


def _count(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _thresholds(run: Run) -> Table:
    study = run.summary["threshold_study"] or {"readers": []}
    rows = [(reader, kind, reader[kind]) for reader in study["readers"] for kind in ("seen", "unseen")]
    return _table("Threshold study", ("reader", "wording", "flawed letters", "past the rules", "share stopped", "threshold", "clean refused"), [
        (reader["reader"], kind, found["letters"], found["past_rules"], level(found["share"]) or found["share"]["reason"], reader["threshold"], level(reader["clean_refused"]))
        for reader, kind, found in rows
    ], "Letters with known flaws that no rule stopped meet a threshold on the reward, set on the clean letters of one half of the companies and measured on the other.")  # fmt: skip


def _stopped(run: Run) -> Table:
    critic = (run.summary["threshold_study"] or {}).get("critic") or {}
    return _table("Threshold study, flaw by flaw", ("wording", "flaw", "past the rules", "stopped by the critic, mean of seeds"), [
        (kind, failure, count, stopped) for kind, found in critic.items() for failure, (stopped, count) in found["by_failure"].items()
    ])  # fmt: skip


def _fronts(run: Run) -> Table:
    return _table("Fronts", ("quality", "cost", "condition", "mean quality", "mean cost", "verdict", "dominated by"), [
        (front["quality"], front["cost"], one["name"], one["quality"], amount(one["cost"]), one["verdict"], ", ".join(one["by"]))
        for front in [*run.summary["fronts"], *run.timings.get("fronts", ())] for one in front["standings"]
    ], "A condition is dominated only where another costs no more and is better, both by the interval of the paired difference; where the intervals leave it open it is not distinguishable.")  # fmt: skip


def _costs(run: Run) -> Table:
    seconds = run.timings.get("conditions", {})
    rows = [(name, one["cost"], seconds.get(name, {"seconds": {}, "total": None, "joules": None})) for name, one in run.summary["conditions"].items()]
    return _table("Cost of a letter", ("condition", *(name.replace("_", " ") for name in _SPENT), *(f"{stage}, s" for stage in STAGES), "together, s", "J"), [
        (name, *(amount(cost[key]) for key in _SPENT), *(took["seconds"].get(stage) for stage in STAGES), took["total"], took["joules"])
        for name, cost, took in rows
    ], "What each condition would take alone, in the mean of its letters; empty where nothing was measured.")  # fmt: skip


def amount(value: float | None) -> str | None:
    return None if value is None else f"{value:.3g}" if value and (value >= 1e6 or value < 10) else f"{value:.1f}"


def _dimensions(run: Run) -> Table:
    return _table("Dimensions", ("condition", *(name.replace("_", " ") for name in DIMENSIONS)), [
        (name, *(one["dimensions"].get(key) for key in DIMENSIONS)) for name, one in run.summary["conditions"].items()
    ])  # fmt: skip


def _failures(run: Run) -> Table:
    known = run.summary["conditions"]
    names = sorted({failure for one in known.values() for failure in one["failures"]})
    rows = [(name, *(one["failures"].get(name, 0.0) for one in known.values())) for name in names]
    return _table("Failures, share of letters", ("failure", *known), rows)


def _strata(run: Run) -> Table:
    return _table("Strata", ("comparison", "by", "value", "items", "score", "passing"), [
        (f"{one['one']} - {one['other']}", one["by"], one["value"], one["items"], *(difference(one[name]) if name in one else None for name in _MEASURES))
        for one in run.summary["strata"]
    ], "Looked at and not tested: intervals without p, uncorrected. A stratum that stands out by itself is a question and no finding.", drawn=4)  # fmt: skip


def _made_of(run: Run) -> Table:
    manifest = run.manifest
    return _table("Made of", ("what", "which"), [
        ("Winnow", f"{manifest['winnow']}, code {manifest['code']}, format {manifest['format']}"), ("tasks", manifest["tasks"]["sha"] or "none"),
        ("playbook", f"{manifest['playbook']['name']}, {manifest['playbook']['hash']}"), ("prompts", manifest["prompts"]),
        *(("model", f"{one['model']}, {one['hash']}") for one in manifest["backbones"]),
        *(("adapter", f"{_last(given)}, seed {one.get('seed')}, {one['hash']}") for given, one in manifest["adapters"].items()),
    ])  # fmt: skip


def _last(given: str) -> str:
    """The name of an adapter with the folder that it lies in, and without those before."""
    return "/".join(given.rstrip("/").split("/")[-2:])


__all__ = ["STAGES", "Estimate", "Table", "amount", "difference", "level", "made_as", "tables", "text"]
