"""The drafts of a run as one JSON document for the page: every letter once, and who picked it.

Decides that a letter is the text with its findings, so that the same text to two tasks is two letters where the rules
say two things; that spans count characters and not the units of a browser; and that no `<` stands in the document,
so that a letter cannot end the element that holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agent.lines import as_json
from experiments.report.tables import made_as
from experiments.run.folder import Run
from rubric.email import Email, read_email
from rubric.errors import InputError

_OUTCOMES = {"PICKED": "", "DRAFT": "delivered", "ERROR": "no letter: "}
_ITEM = ("id", "company", "message_type", "turn", "mode", "difficulty", "tempts", "hostile", "brief")


class _Shelf:
    """Things numbered in the order in which they were first seen."""

    def __init__(self) -> None:
        self.held: list[Any] = []
        self._places: dict[Any, int] = {}

    def place(self, key: Any, value: Any) -> int:
        if key not in self._places:
            self._places[key] = len(self.held)
            self.held.append(value)
        return self._places[key]


def drafts(run: Run) -> dict[str, Any]:
    """What the browser of drafts shows; `rows` are by condition, seed and item."""
    reasons, letters = _Shelf(), _Shelf()
    traces = {(line["pool"], line["index"]): line for line in run.traces}
    seen: dict[tuple[str, int], int] = {}
    rows: dict[str, dict[str, list[Any]]] = {}
    places = {item.id: n for n, item in enumerate(run.items)}
    for row in run.results:
        known = rows.setdefault(row["condition"], {}).setdefault("all" if row["seed"] is None else str(row["seed"]), [None] * len(places))
        chosen = (row["chosen"]["pool"], row["chosen"]["index"]) if row["chosen"] else None
        if chosen is not None and chosen in traces and chosen not in seen:
            seen[chosen] = _letter(traces[chosen], letters, reasons)
        known[places[row["item"]]] = [seen.get(chosen, -1) if chosen else -1, _said(row)]
    return {
        "conditions": [{"name": name, "made": made_as(one["condition"])} for name, one in run.summary["conditions"].items()],
        "seeds": [str(seed) for seed in run.summary["seeds"]], "items": [_item(item.model_dump()) for item in run.items],
        "letters": letters.held, "reasons": reasons.held, "rows": rows,
    }  # fmt: skip


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in _ITEM if item[name] not in (None, "")}


def _letter(line: Mapping[str, Any], letters: _Shelf, reasons: _Shelf) -> int:
    """The number of a letter: subject, body, decision, score, findings as [reason, start, end, part], and a last word."""
    email, findings = _email(line["text"]), [_finding(one, reasons) for one in line["findings"]]
    cut = "cut off at the token limit" if line["finish"] == "length" else ""
    held = [email.subject, email.body, line["decision"], line["score"], findings, line["error"] or cut]
    return letters.place(repr(held), held)


def _email(text: str) -> Email:
    """The letter as the rules read it; one that they cannot read stands as it is."""
    try:
        return read_email(text)
    except InputError:
        return Email(text)


def _finding(one: Mapping[str, Any], reasons: _Shelf) -> list[Any]:
    said = [one[name] for name in ("rule", "decision", "failure", "reason", "fix")]
    start, end = one["span"] or (-1, -1)
    return [reasons.place(tuple(said), said), start, end, *([one["in"]] if one.get("in", "body") != "body" else [])]


def _said(row: Mapping[str, Any]) -> str:
    """How the letter came to be the condition's, or why there is none."""
    if row["outcome"] == "PICKED":
        k = row["pool"]["k"] if row["pool"] else 1
        means = "; its figures are means over the pool" if row["expected"] else ""
        return (f"letter {row['chosen']['index'] + 1} of {k}" if k > 1 else "the one letter") + means
    rounds = f" after {row['rounds']} round{'s' if row['rounds'] != 1 else ''}" if row["rounds"] else ""
    return f"{_OUTCOMES.get(row['outcome'], 'nothing delivered: ' + row['outcome'].lower())}{row['error'] or ''}{rounds}"


def embedded(documents: Iterable[Mapping[str, Any]]) -> str:
    """JSON that may stand within a script element."""
    return "".join(as_json(one).decode().replace("<", "\\u003c") for one in documents)


__all__ = ["drafts", "embedded"]
