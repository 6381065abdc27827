"""The answer on top of a report: is picking by the critic worth its compute?

Decides which condition the question is about (the first that picks by the critic in one round), what it is held
against (a single draft, a better prompt, a pick by chance from the same letters), and that the answer is in words first
and in figures second. Where a run does not ask that question, it says what the run asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from experiments.report.lines import NAMES, Shown, delivered, interval, number, removed, shown
from experiments.run.folder import Run

_WORDS: dict[Shown, str] = {"better": "better", "almost": "once corrected, not shown to be better", "worse": "worse", "open": "not shown to be better", "nothing": "nothing to compare"}
_THAN: dict[Shown, str] = {"better": "better than {}", "almost": "not shown, once all comparisons are corrected for, to be better than {}", "worse": "worse than {}", "open": "not shown to be better than {}", "nothing": "not comparable with {}"}
_CONJUNCTIONS: dict[Shown, str] = {"better": " and ", "almost": " or ", "worse": " and ", "open": " or ", "nothing": " or "}
_COSTS = (("tokens", "tokens"), ("flops", "operations"), ("passes", "forward passes"))


class Part(NamedTuple):
    """What one measure shows: a word to see at once, and the figures."""

    shown: Shown
    word: str
    figures: str


class Answer(NamedTuple):
    """One question with its parts, and what the answer costs."""

    question: str
    parts: tuple[Part, ...]
    cost: str = ""


class Headline(NamedTuple):
    lead: str
    answers: tuple[Answer, ...]


def headline(run: Run) -> Headline:
    subject = subject_of(run)
    rivals = list(_rivals(run, subject)) if subject else []
    beside = (*_blind(run), *_threshold(run))
    if subject is None or not rivals:
        return Headline(_of_the_blind(run) if run.summary["blind"] else _counted(run), beside)
    answers = [Answer(f"{subject} against {said} ({other})", _parts(measures), times(run, subject, other)) for said, other, measures in rivals]
    return Headline(_lead(run, subject, rivals), (*answers, *_behind_the_gate(run, subject), *beside))


def subject_of(run: Run) -> str | None:
    """The condition that the run is about."""
    known = {name: one["condition"] for name, one in run.summary["conditions"].items()}
    return next((name for name, one in known.items() if one["picker"] == "critic" and not one["gate"] and one["prompt"] == "baseline"), None)


def _behind_the_gate(run: Run, subject: str) -> Iterator[Answer]:
    """What the picker is worth where the gate decides after it; and what the whole agent does for the price of the subject."""
    known = run.summary["conditions"]
    for one in run.summary["comparisons"]:
        ours, theirs = known[one["one"]]["condition"], known[one["other"]]["condition"]
        if ours["gate"] and ours["picker"] == "critic" and not ours["blind"] and theirs["picker"] in ("random", "logprob"):
            found = (known[subject], known[one["other"]])
            shares, tokens = [each["passed"]["value"] for each in found], [each["cost"]["tokens"] for each in found]
            beside = ""
            if None not in (*shares, *tokens):
                beside = f". {one['other']} delivers what passes to {shares[1]:.0%} for {tokens[1]:.0f} tokens; {subject}, without a gate, passes in {shares[0]:.0%} for {tokens[0]:.0f}"
            yield Answer(f"The whole agent, by the critic ({one['one']}) or not ({one['other']})", _parts(one["measures"]), times(run, one["one"], one["other"]) + beside)


def _rivals(run: Run, subject: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """What the subject is compared with, in the order in which a sceptic asks."""
    known = {name: one["condition"] for name, one in run.summary["conditions"].items()}
    found = {_kind(known[one["other"]]): (one["other"], one["measures"]) for one in reversed(run.summary["comparisons"]) if one["one"] == subject}
    for kind in ("a single draft", "a better prompt", "a pick by chance", "a pick by likelihood"):
        if kind in found:
            yield kind, *found[kind]


def _kind(one: Mapping[str, Any]) -> str:
    if one["k"] == 1 and one["picker"] == "first":
        return "a single draft" if one["prompt"] == "baseline" else "a better prompt"
    return {"random": "a pick by chance", "logprob": "a pick by likelihood"}.get(one["picker"], "another")


def _lead(run: Run, subject: str, rivals: Sequence[tuple[str, str, Mapping[str, Any]]]) -> str:
    said = [f"{'It' if n else f'Picking by the critic ({subject})'} is {_together(kind, measures)}." for n, (kind, _, measures) in enumerate(rivals[:2])]
    cost = times(run, subject, rivals[0][1])
    return " ".join([*said, *([f"It takes {cost}."] if cost else [])])


def _together(kind: str, measures: Mapping[str, Any]) -> str:
    """Both measures in a sentence, those that show the same under one word."""
    found: dict[Shown, list[str]] = {}
    for name, one in measures.items():
        found.setdefault(shown(one), []).append(f"in {NAMES[name]}{_short(one)}")
    return "; it is ".join(f"{_THAN[word].format(kind)} {_CONJUNCTIONS[word].join(parts)}".rstrip(",") for word, parts in found.items())


def _short(found: Mapping[str, Any]) -> str:
    difference = found["difference"]
    return "" if difference["value"] is None else f", {difference['value']:+.3f}{interval(difference)},"


def _parts(measures: Mapping[str, Any]) -> tuple[Part, ...]:
    return tuple(Part(shown(one), f"{_WORDS[shown(one)]} in {NAMES[name]}", _figures(one)) for name, one in measures.items())


def _figures(found: Mapping[str, Any]) -> str:
    """The means, their difference with its interval, and how sure it is."""
    difference, smallest = found["difference"], found["detectable"].get("smallest")
    if difference["value"] is None:
        return str(difference["reason"])
    means = f"{difference['one']:.3f} against {difference['other']:.3f}: " if difference.get("one") is not None else ""
    if not (difference["bca"] or difference["percentile"]) and difference["reason"]:
        return f"{means}{difference['value']:+.3f}; {difference['reason']}"
    missed = f"; a true difference of {smallest:.3f} would be found four times in five" if shown(found) in ("open", "almost") and smallest is not None else ""
    return f"{means}{difference['value']:+.3f}{interval(difference)}, corrected p {number((found.get('holm') or {}).get('adjusted'))}{missed}"


def times(run: Run, one: str, other: str) -> str:
    """How many times the cost of one condition is that of the other."""
    costs = {name: run.summary["conditions"][name]["cost"] for name in (one, other)}
    found = [(said, _ratio(costs[one][key], costs[other][key])) for key, said in _COSTS]
    if found[0][1] is not None and found[1][1] is not None and abs(found[0][1] - found[1][1]) < 1e-6:  # one model: operations follow the tokens
        found[:2] = [("tokens and operations", found[0][1])]
    seconds = [run.timings.get("conditions", {}).get(name, {}).get("total") for name in (one, other)]
    found.append(("seconds", _ratio(*seconds)))
    known = [f"{value:.1f} times the {said}" for said, value in found if value is not None]
    return f"{' and '.join(part for part in (', '.join(known[:-1]), known[-1]) if part)} of {other}" if known else ""


def _ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other


def _blind(run: Run) -> Iterator[Answer]:
    for one in run.summary["blind"]:
        pair = [one["one"], one["other"]]
        found = next((each["measures"].get("flaw") for each in run.summary["comparisons"] if [each["one"], each["other"]] == pair), None)
        yield Answer(f"{one['failure']}, with its rules off in the gate", (Part(shown(found) if found else "nothing", removed(one), delivered(one)),))


def _of_the_blind(run: Run) -> str:
    """What is delivered with the flaw that the gate could not see."""
    said = []
    for one in run.summary["blind"]:
        first, second = (f"{name} in {one['flaws'][name]:.0f} of {one['delivered'][name]}" for name in (one["one"], one["other"]))
        said.append(f"{one['failure']} is left by {first} letters and by {second}")
    return f"With its rules off in the gate, {'; '.join(said)}."


def _threshold(run: Run) -> Iterator[Answer]:
    """What a threshold on the reward stops of the flawed letters that no rule stopped."""
    study = run.summary["threshold_study"] or {}
    sides = [("the critic", study.get("critic") or {}), *(("the model without an adapter", one) for one in study.get("readers", ()) if one["adapter"] is None)]
    parts = [_stopped(reader, kind, found[kind]) for kind in ("unseen", "seen") for reader, found in sides if kind in found]
    if parts:
        refused = [value for reader in study["readers"] if (value := reader["clean_refused"]["value"]) is not None]
        measured = f"; it refuses {min(refused):.1%} to {max(refused):.1%} of those it was not set on" if refused else ""
        yield Answer(f"A threshold behind all rules, set to refuse {study['refused_at_most']:.0%} of clean letters{measured}", tuple(parts))


def _stopped(reader: str, kind: str, found: Mapping[str, Any]) -> Part:
    share = found["share"]
    word = f"{reader} stops nothing that can be counted" if share["value"] is None else f"{reader} stops {share['value']:.0%}"
    said = f"{found['past_rules']} flawed letters got past all rules; " + (share["reason"] if share["value"] is None else f"{share['value']:.3f}{interval(share)} of them".replace("+", ""))
    return Part("open", f"{word} in {kind} wording", said)


def _counted(run: Run) -> str:
    """What a run found that is about something else."""
    words = [shown(found) for one in run.summary["comparisons"] for found in one["measures"].values()]
    if not words:
        return "This run compares no two conditions; its figures stand below, each for itself."
    return f"Differences tested: {len(words)}. Shown to be for the better: {words.count('better')}; for the worse: {words.count('worse')}; the rest is not told apart."


__all__ = ["Answer", "Headline", "Part", "headline", "subject_of", "times"]
