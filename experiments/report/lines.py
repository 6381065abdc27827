"""The verdict of a run in words, and what has to be said beside it.

Decides what is called better: a difference whose interval lies above 0 and whose p holds after the correction for all
comparisons. Worse is what lies below 0 by its interval, which no correction makes stricter, because nobody hoped for it.
What lies above 0 by its interval and falls to the correction is told apart from the rest, which is not shown to be better and
says which difference the tasks would have found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from experiments.bench.counts import number_of
from experiments.run.folder import Run

EMBEDDED = (
    "The letters are the embedded model's: how often it is wrong, and what the style guide does for it, were set by the mix that it was trained on; "
    "the figures say whether the method works on this model, and nothing of how often another one is wrong."
)
SET_ASIDE = (
    "In the threshold study flaws in wording that is set aside are of sentences that neither model nor critic has read, and the clean letters beside them are of sentences that both have. "
    "A threshold on likelihood tells those apart for their strangeness alone, and would refuse good letters in strange words as well."
)
Shown = Literal["better", "almost", "worse", "open", "nothing"]
NAMES = {"score": "score", "passed": "passing", "flaw": "the flaw removed"}


def verdict_lines(run: Run) -> Iterator[str]:
    """A line for each comparison and measure, then what choosing won, the blind spots and the thresholds."""
    for one in run.summary["comparisons"]:
        for name, found in one["measures"].items():
            yield f"{one['one']} against {one['other']}, {NAMES[name]}: {judged(found)}"
    yield from _choosing(run)
    for one in run.summary["blind"]:
        yield f"{one['failure']} with its rules off: {delivered(one)}; {removed(one)}"
    if study := run.summary["threshold_study"]:
        yield from _study(study)


def _choosing(run: Run) -> Iterator[str]:
    """How much of what choosing can win was won, and how often there was nothing to choose."""
    for name, one in run.summary["conditions"].items():
        won, tied = one["selection_efficiency"], one["ties"]
        if won and won["value"] is not None and one["condition"]["picker"] != "oracle":
            ties = f"; all letters of a pool have one score in {percent(tied)}" if tied and tied["value"] is not None else ""
            yield f"{name} wins {percent(won)} of the score that the rubric itself would win by choosing{ties}"


def delivered(one: Mapping[str, Any]) -> str:
    """How many letters with the flaw either side of a blind comparison delivered."""
    return ", ".join(f"{name} {one['flaws'][name]:.0f} of {one['delivered'][name]} letters" for name in (one["one"], one["other"]))


def removed(one: Mapping[str, Any]) -> str:
    """How many flaws fewer, where both sides delivered a letter."""
    share = one["removed"]
    if share["value"] is None:
        return f"nothing to remove: {share['reason']}"
    return f"{percent(share)} of the flaw removed, where both delivered one ({one['both']} letters each)"


def percent(spread: Mapping[str, Any]) -> str:
    edges = spread["bca"] or spread["percentile"]
    return f"{spread['value']:.0%}" + (f" ({edges['low']:.0%} to {edges['high']:.0%})" if edges else "")


def _study(study: Mapping[str, Any]) -> Iterator[str]:
    for reader in study["readers"]:
        for kind in ("seen", "unseen"):
            found = reader[kind]
            if found["past_rules"]:
                yield (
                    f"threshold, {'the model alone' if reader['adapter'] is None else reader['reader']}, {kind} wording: stops {percent(found['share'])} of {found['past_rules']} "
                    f"flawed letters that no rule stopped, and refuses {percent(reader['clean_refused'])} of clean ones"
                )


def shown(found: Mapping[str, Any]) -> Shown:
    """What one difference shows, in a word."""
    difference, corrected = found["difference"], found.get("holm") or {}
    if difference["value"] is None:
        return "nothing"
    edges = difference["bca"] or difference["percentile"]
    low = edges["low"] if edges else difference["value"] if difference["constant"] else None
    if low is not None and low > 0 and corrected.get("rejected"):
        return "better"
    if edges and edges["low"] > 0:
        return "almost"
    return "worse" if edges and edges["high"] < 0 else "open"


def judged(found: Mapping[str, Any]) -> str:
    """What one difference shows, with its figures."""
    difference, corrected, word = found["difference"], found.get("holm") or {}, shown(found)
    if word == "nothing":
        return f"nothing to compare: {difference['reason']}"
    figures = f"{difference['value']:+.3f}{interval(difference)}, p {number(difference['p'])}, corrected {number(corrected.get('adjusted'))}"
    if word == "better":
        return f"better, {figures}"
    if word == "almost":
        return f"not shown to be better once all comparisons are corrected for, {figures}{_findable(found)}"
    if word == "worse":
        return f"worse by its interval, {difference['value']:+.3f}{interval(difference)}"
    if not (difference["bca"] or difference["percentile"]):
        return f"not shown to be better, {figures}; {difference['reason']}"
    return f"not shown to be better, {figures}{_findable(found)}"


def _findable(found: Mapping[str, Any]) -> str:
    smallest = found["detectable"]["smallest"]
    return "" if smallest is None else f"; these tasks would find {smallest:.3f} four times in five"


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
        counts = number_of(ledger["measured"], "measurement"), number_of(ledger["checked"], "check of their form", "checks of their form"), number_of(ledger["read"], "reading by a person", "readings by a person")
        yield f"Held-out tasks had been opened for {counts[0]}, {counts[1]} and {counts[2]} when this run began, its own opening included."
    if summary["threshold_study"]:
        yield SET_ASIDE
    yield f"Operations are reckoned as {manifest['flops']}."
    if any(one["cost"]["reckoned"] for one in summary["conditions"].values()):
        yield "Where a condition takes fewer letters than its pool has, its figures are means over all parts of that size and its cost is reckoned from the whole pool."
    yield "Conditions share what they have in common; the cost of each is what it would have taken alone, behind a static part of the prompt that is in memory."


__all__ = ["EMBEDDED", "NAMES", "SET_ASIDE", "Shown", "delivered", "interval", "judged", "notes", "number", "percent", "removed", "shown", "verdict_lines"]
