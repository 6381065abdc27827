"""How often and how soon, and that each touch brings something new."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from rapidfuzz import fuzz

from rubric.case import Case
from rubric.rules import Example, Found, rule
from rubric.rules.gates import US
from rubric.rules.personal import tokens

_SAID = "We saw four open Go roles at Northwind and wondered whether that is the whole plan for this year."


def _earlier(text: str, on: str, **more: Any) -> dict[str, Any]:
    return {"thread": {"messages": [{"from": "us", "on": on, "text": text}]}, **more}


def _ours(case: Case) -> list[tuple[int, str, date | None]]:
    names = {n.lower() for n in case.playbook.seller.names} | US
    return [(n, m.text, m.on) for n, m in enumerate(case.prospect.thread.messages) if m.sender.strip().lower() in names]


@rule(
    "cadence.touches",
    failure="tone_violation",
    dimension="cta_quality",
    severity=3,
    decision="BLOCK",
    marker="professional",
    fix="wait for the rest period, then re-engage with a new fact",
    draft=False,
    passes=[Example("Hi", {"touch": 3}), Example("Hi", _earlier("Hello", "2026-03-01", touch=4))],
    fails=[Example("Hi", {"touch": 4}), Example("Hi", _earlier("Hello", "2026-04-10", touch=4))],
)
def touches(case: Case) -> Iterable[Found]:
    """More cold touches than the playbook allows, within its rest period."""
    cadence, prospect = case.playbook.cadence, case.prospect
    if prospect.message_type != "cold" or prospect.touch <= cadence.max_cold_touches:
        return
    days = [on for _, _, on in _ours(case) if on]
    if days and (case.as_of - max(days)).days >= cadence.rest_days:
        return
    last = f", the last on {max(days)}" if days else ""
    yield Found(
        f"touch {prospect.touch}{last}; {cadence.max_cold_touches} cold touches are the most within {cadence.rest_days} days",
        evidence="/touch",
    )


@rule(
    "cadence.too_soon",
    failure="tone_violation",
    dimension="cta_quality",
    severity=3,
    decision="PENALISE",
    marker="professional",
    fix="wait until the gap has passed",
    draft=False,
    passes=[
        Example("Hi", _earlier("Hello", "2026-03-07", message_type="reengagement")),
        Example("Hi", _earlier("Hello", "2026-04-20")),
    ],
    fails=[
        Example("Hi", _earlier("Hello", "2026-03-08", message_type="reengagement")),
        Example("Hi", _earlier("Hello", "2026-04-20", message_type="reengagement")),
    ],
)
def too_soon(case: Case) -> Iterable[Found]:
    """A re-engagement sooner after the last message than the playbook allows."""
    days = [(n, m.on) for n, m in enumerate(case.prospect.thread.messages) if m.on]
    if case.prospect.message_type != "reengagement" or not days:
        return
    n, last = max(days, key=lambda d: d[1])
    gap = case.playbook.cadence.reengagement_gap_days
    if 0 <= (case.as_of - last).days < gap:
        yield Found(
            f"the last message is {(case.as_of - last).days} days old ({last}), re-engagement waits {gap}",
            evidence=f"/thread/messages/{n}/on",
        )


@rule(
    "cadence.nothing_new",
    failure="personalization_missing",
    dimension="personalization_depth",
    severity=3,
    decision="PENALISE",
    lacks=True,
    fix="bring a fact that the earlier messages did not have",
    passes=[
        Example(
            "Your new CTO started in March; is team shape a topic?",
            _earlier(_SAID, "2026-02-01", message_type="reengagement"),
        ),
        Example(_SAID, {"touch": 1}),
    ],
    fails=[
        Example(_SAID, _earlier(_SAID, "2026-02-01", message_type="reengagement")),
        Example(_SAID.replace("wondered", "asked"), _earlier(_SAID, "2026-04-10", touch=2)),
    ],
)
def nothing_new(case: Case) -> Iterable[Found]:
    """A later touch that repeats an earlier message."""
    if case.prospect.message_type not in {"cold", "reengagement"}:
        return
    for n, text, _ in _ours(case):
        if len(text) > 40 and fuzz.token_set_ratio(case.prose, text) >= 92:
            yield Found("repeats an earlier message nearly word for word", evidence=f"/thread/messages/{n}/text")
            return
    if (
        case.prospect.message_type == "reengagement"
        and case.prospect.signals.model_dump(exclude_none=True, exclude_defaults=True)
        and not tokens(case)
    ):
        yield Found("a re-engagement without a fact of the brief", evidence="/signals")
