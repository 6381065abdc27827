"""The verdict of a run in words, and what has to be said beside it.

Decides what is called better: a difference whose interval lies above 0 and whose p holds after the correction for all
comparisons. Anything else is not shown to differ, and says which difference the tasks would have found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from experiments.run.folder import Run

EMBEDDED = (
    "The letters are the embedded model's: how often it is wrong, and what the style guide does for it, were set by the mix that it was trained on; "
    "the figures say whether the method works on this model, and nothing of how often another one is wrong."
)
Shown = Literal["better", "worse", "open", "nothing"]
NAMES = {"score": "score", "passed": "passing", "flaw": "the flaw removed"}


def verdict_lines(run: Run) -> Iterator[str]:
    """A line for each comparison and measure, and the ceiling."""
    for one in run.summary["comparisons"]:
        for name, found in one["measures"].items():
            yield f"{one['one']} against {one['other']}, {NAMES[name]}: {judged(found)}"
    for one in run.summary["blind"]:
        flaws, delivered, removed = one["flaws"], one["delivered"], one["removed"]["value"]
        counts = ", ".join(f"{name} {flaws[name]:.0f} of {delivered[name]} letters" for name in (one["one"], one["other"]))
        yield f"{one['failure']} with its rules off: {counts}; {'nothing to remove' if removed is None else f'{removed:.0%} fewer flaws'}{interval(one['removed'])}"
    if study := run.summary["threshold_study"]:
        yield from _study(study)


def _study(study: Mapping[str, Any]) -> Iterator[str]:
    for reader in study["readers"]:
        for kind in ("seen", "unseen"):
            found = reader[kind]
            if found["past_rules"]:
                yield (
                    f"threshold, {reader['reader']}, {kind} wording: stops {found['share']['value']:.0%}{interval(found['share'])} of {found['past_rules']} flawed letters "
                    f"that no rule stopped, at {reader['clean_refused']['value']:.1%}{interval(reader['clean_refused'])} of clean ones refused"
                )


def shown(found: Mapping[str, Any]) -> Shown:
    """What one difference shows, in a word."""
    difference, corrected = found["difference"], found.get("holm") or {}
    if difference["value"] is None:
        return "nothing"
    edges = difference["bca"] or difference["percentile"]
    if corrected.get("rejected") and edges and edges["low"] > 0:
        return "better"
    return "worse" if edges and edges["high"] < 0 else "open"


def judged(found: Mapping[str, Any]) -> str:
    """What one difference shows, with its figures."""
    difference, corrected, word = found["difference"], found.get("holm") or {}, shown(found)
    if word == "nothing":
        return f"nothing to compare: {difference['reason']}"
    figures = f"{difference['value']:+.3f}{interval(difference)}, p {number(difference['p'])}, corrected {number(corrected.get('adjusted'))}"
    if word != "open":
        return f"{word}, {figures}"
    smallest = found["detectable"]["smallest"]
    return f"not shown to be better, {figures}" + (f"; these tasks would find {smallest:.3f}" if smallest is not None else "")


def interval(spread: Mapping[str, Any]) -> str:
    edges = spread["bca"] or spread["percentile"]
    return f" ({edges['low']:+.3f} to {edges['high']:+.3f})" if edges else ""


def number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}" if value < 0.1 else f"{value:.2f}"


def notes(run: Run) -> Iterator[str]:
    """What a reader has to know before believing a figure."""
    summary, manifest = run.summary, run.manifest
    yield f"{summary['items']} letters called for by {summary['tasks']} tasks of {summary['companies']} companies, split {summary['split']}, seeds {', '.join(map(str, summary['seeds']))}."
    if any(one["model"] == "embedded.gguf" for one in manifest["backbones"]):
        yield EMBEDDED
    if ledger := run.timings.get("ledger"):
        yield f"Held-out tasks had been opened for {ledger['measured']} measurements, {ledger['checked']} checks of their form and {ledger['read']} readings by a person when this run began."
    yield f"Operations are reckoned as {manifest['flops']}."
    if any(one["cost"]["reckoned"] for one in summary["conditions"].values()):
        yield "Where a condition takes fewer letters than its pool has, its figures are means over all parts of that size and its cost is reckoned from the whole pool."
    yield "Conditions share what they have in common; the cost of each is what it would have taken alone."


__all__ = ["EMBEDDED", "NAMES", "Shown", "interval", "judged", "notes", "number", "shown", "verdict_lines"]
