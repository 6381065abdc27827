"""A verdict as a person reads it: each fault beside the line that it stands in.

Decides layout only. Every text that came from outside goes through `safe` first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from agent.cli.inputs import Letter
from agent.cli.judging import MEANING
from agent.cli.terminal import Terminal, safe, width
from rubric import Finding, Playbook, Reading, Verdict
from rubric.playbook import Decision
from rubric.verdict import Claim

_COLOUR: dict[Decision, str] = {
    "PASS": "green", "PENALISE": "yellow", "BLOCK": "red", "ESCALATE": "magenta", "SUPPRESS": "red",
}  # fmt: skip
_SEVERITY = {1: "brand damage", 2: "a lost deal", 3: "lower reply rates", 4: "legal exposure"}
_LABEL = 12


class Sheet(NamedTuple):
    """All that a rendering looks at."""

    verdict: Verdict
    letter: Letter
    reading: Reading
    document: Any
    playbook: Playbook


class Place(NamedTuple):
    """A span as a line of the letter: its number, text, and the columns to underline."""

    name: str
    line: int
    text: str
    first: int
    last: int
    goes_on: bool


def render(sheet: Sheet, terminal: Terminal) -> str:
    """The whole report, ending in a line that says what to do."""
    lines = [*_head(sheet, terminal), ""]
    for finding in sheet.verdict.findings:
        lines += [*_finding(finding, sheet, terminal), ""]
    if sheet.verdict.grounding is not None:
        lines += [*_claims(sheet.verdict.grounding, sheet, terminal), ""]
    lines.append(_tail(sheet.verdict, terminal))
    return "\n".join(lines) + "\n"


def _head(sheet: Sheet, terminal: Terminal) -> Iterator[str]:
    verdict, prospect = sheet.verdict, sheet.reading.prospect
    score = "not judged" if verdict.score is None else f"{verdict.score:.2f}"
    to = f"{sheet.letter.name} to {prospect.company.name}"
    decision = terminal.paint(verdict.decision, _COLOUR[verdict.decision], bold=True)
    yield f"{decision}  score {score}  {safe(to)}, as of {prospect.as_of}"
    dimensions = [f"{name} {'not judged' if v is None else f'{v:.2f}'}" for name, v in verdict.dimensions.items()]
    yield from _labelled("dimensions", ", ".join(dimensions), terminal)
    yield from _labelled("tone", ", ".join(f"{m.replace('_', '-')} {v}" for m, v in verdict.tone.items()) + " (of 5)", terminal)
    segment = verdict.segment
    claimed = f"; the brief claims {segment.claimed}" if segment.claimed else ""
    yield from _labelled("segment", f"{segment.name}, confidence {segment.confidence:.2f}{claimed}", terminal)
    for text in segment.filters:
        yield from _labelled("", f"+ {text}", terminal)
    for text in segment.tried if verdict.grounding is not None or not segment.filters else ():
        yield from _labelled("", f"- {text}", terminal)
    if verdict.grounding is not None:
        present = [name for name, there in verdict.compliance.items() if there]
        absent = [name for name, there in verdict.compliance.items() if not there]
        yield from _labelled("compliance", f"has {', '.join(present) or 'nothing'}; lacks {', '.join(absent) or 'nothing'}", terminal)


def _labelled(label: str, text: str, terminal: Terminal) -> list[str]:
    lines = terminal.wrap(text, " " * _LABEL, " " * (_LABEL + 2))
    return [terminal.paint(label, dim=True) + " " * (_LABEL - len(label)) + lines[0][_LABEL:], *lines[1:]]


def _finding(finding: Finding, sheet: Sheet, terminal: Terminal) -> Iterator[str]:
    decision = terminal.paint(finding.decision, _COLOUR[finding.decision], bold=True)
    severity = _SEVERITY.get(finding.severity, "")
    yield f"{decision} {terminal.paint(finding.rule, bold=True)}  {finding.failure}, severity {finding.severity} ({severity})"
    place = place_of(finding.span, finding.part, sheet.letter)
    if place is None:
        gutter = "  "
        yield from terminal.wrap(finding.reason, gutter, gutter)
    else:
        gutter = " " * (len(str(place.line)) + 2) + "| "
        yield f"  {safe(place.name)}:{place.line}:{place.first + 1}"
        yield from _quote(place, finding, gutter, terminal)
    notes = [] if finding.evidence is None else [f"evidence: {_evidence(finding.evidence, sheet)}"]
    for note in (*notes, f"fix: {finding.fix}"):
        first = gutter.replace("|", "=")
        yield from terminal.wrap(note, first, " " * (len(first) + 2))


def _quote(place: Place, finding: Finding, gutter: str, terminal: Terminal) -> Iterator[str]:
    """The line with its faulty columns underlined, the reason beside them or below."""
    text, first, last = _window(place, terminal.width - len(gutter))
    before, faulty = text[:first], text[first:last]
    carets = "^" * max(1, width(faulty)) + ("..." if place.goes_on else "")
    indent = " " * width(before)
    yield f" {place.line} | {before}{terminal.paint(faulty, _COLOUR[finding.decision])}{text[last:]}"
    marked = gutter + indent + terminal.paint(carets, _COLOUR[finding.decision], bold=True)
    reason = safe(finding.reason)
    if len(gutter) + width(indent + carets) + 1 + width(reason) <= terminal.width:
        yield f"{marked} {reason}"
    else:
        yield marked
        yield from terminal.wrap(reason, gutter, gutter)


def _window(place: Place, room: int) -> tuple[str, int, int]:
    """As much of a long line as fits, with the span in view."""
    text = safe(place.text)
    if width(text) <= room:
        return text, place.first, place.last
    start = max(0, min(place.first - room // 3, len(text) - room + 2))
    end = min(len(text), start + room - 2)
    left, right = "…" if start else "", "…" if end < len(text) else ""
    shift = len(left) - start
    return left + text[start:end] + right, place.first + shift, min(place.last, end) + shift


def place_of(span: tuple[int, int] | None, part: str, letter: Letter) -> Place | None:
    """Where a span stands; None for a finding about the letter as a whole."""
    text = letter.email.body if part == "body" else letter.email.subject
    if span is None or text is None:
        return None
    start, end = span
    opens = text.rfind("\n", 0, start) + 1
    closes = text.find("\n", start)
    closes = len(text) if closes < 0 else closes
    name = letter.name if part == "body" else f"{letter.name} ({part})"
    line = 1 if part != "body" else letter.first_line + text.count("\n", 0, start)
    return Place(name, line, text[opens:closes].rstrip("\r"), start - opens, min(end, closes) - opens, end > closes)


def _evidence(pointer: str, sheet: Sheet) -> str:
    if pointer.startswith("playbook:"):
        value = _resolve(sheet.playbook.model_dump(mode="json", by_alias=True), pointer.removeprefix("playbook:"))
    else:
        value = _resolve(sheet.document, pointer)
        if value is _NOTHING:
            value = _resolve(sheet.reading.prospect.model_dump(mode="json", by_alias=True), pointer)
    if value is _NOTHING:
        return pointer
    shown = json.dumps(value, ensure_ascii=False)
    if isinstance(value, (dict, list)) and len(shown) > 60:
        return pointer
    return f"{pointer} is {shown if len(shown) <= 120 else shown[:117] + '...'}"


_NOTHING = object()


def _resolve(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer; a key with a slash of its own is found too."""
    if not pointer:
        return document
    if isinstance(document, list):
        index, _, rest = pointer[1:].partition("/")
        inside = index.isdecimal() and int(index) < len(document)
        return _resolve(document[int(index)], f"/{rest}" if rest else "") if inside else _NOTHING
    if isinstance(document, dict):
        for key in sorted(map(str, document), key=len, reverse=True):
            name = f"/{key}"
            if pointer == name or pointer.startswith(f"{name}/"):
                return _resolve(document[key], pointer[len(name) :])
    return _NOTHING


def _claims(claims: list[Claim], sheet: Sheet, terminal: Terminal) -> Iterator[str]:
    """What the letter claims, traced claims first."""
    for title, wanted in (("traced", True), ("ungrounded", False)):
        group = [c for c in claims if (c.pointer is not None) is wanted]
        if group:
            yield terminal.paint(f"{title} ({len(group)})", bold=True)
        for claim in group:
            place = place_of(claim.span, claim.part, sheet.letter)
            where = f"{place.line}:{place.first + 1}" if place and claim.part == "body" else claim.part
            carried = _evidence(claim.pointer, sheet) if claim.pointer else "nothing in the prospect or the playbook carries it"
            yield from terminal.wrap(f'{where}  "{claim.text}" ({claim.kind}): {carried}', "  ", "      ")


def _tail(verdict: Verdict, terminal: Terminal) -> str:
    counts = Counter(f.decision for f in verdict.findings)
    listed = ", ".join(f"{n} {decision}" for decision, n in counts.items())
    total = sum(counts.values())
    found = f"{total} finding{'s' * (total != 1)} ({listed})" if total else "no findings"
    return f"{found}: {terminal.paint(MEANING[verdict.decision], _COLOUR[verdict.decision])}"


__all__ = ["Sheet", "place_of", "render"]
