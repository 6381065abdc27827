"""A plain prospect, the default playbook, and what the tests patch over them.

Every test says only what matters to it: a patch is merged key by key into the plain prospect or
the default playbook; lists and values replace what was there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from rubric import Email, Finding, Playbook, Reading, Rule, Verdict, check, read_prospect
from rubric.case import Case
from rubric.playbook import parse_playbook
from rubric.rules import all_rules
from rubric.verdict import judge as judge_by

PLAIN: Mapping[str, Any] = {"company": {"name": "Northwind Robotics"}, "as_of": "2026-04-21"}
SIGNED = "\n\nBest regards,\nAlex\nResearch Partner\nTenacious Intelligence Corporation\ngettenacious.com"

FUNDED: Mapping[str, Any] = {
    "company": {"headcount": 60, "hq": "Germany"},
    "signals": {
        "funding": {"stage": "series_b", "amount_usd": 14_000_000, "closed_on": "2026-02-10", "confidence": "high"},
        "hiring": {"open_engineering_roles": 7, "confidence": "high"},
    },
}
RESTRUCTURED: Mapping[str, Any] = {
    "company": {"headcount": 600},
    "signals": {
        "funding": {"stage": "series_c", "confidence": "high"},
        "layoff": {"on": "2026-03-01", "pct": 12, "confidence": "high"},
        "hiring": {"open_engineering_roles": 4, "confidence": "high"},
    },
}
LED: Mapping[str, Any] = {
    "company": {"headcount": 200},
    "signals": {"leadership": {"role": "cto", "started_on": "2026-03-02", "confidence": "high"}},
}
GAPPED: Mapping[str, Any] = {
    "company": {"headcount": 120},
    "signals": {
        "capability_gap": {"capability": "ML platform", "stack": "ml", "days_open": 75, "confidence": "high"},
        "ai_maturity": {"score": 2, "confidence": "high"},
    },
}


def merge(base: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `patch` over it, mapping by mapping."""
    out = dict(base)
    for key, value in patch.items():
        inner = out.get(key)
        out[key] = merge(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return out


def merged(*patches: Mapping[str, Any]) -> dict[str, Any]:
    """Several patches, each over the one before."""
    out: dict[str, Any] = {}
    for patch in patches:
        out = merge(out, patch)
    return out


def brief(**patch: Any) -> Reading:
    """The plain prospect with a patch over it."""
    return read_prospect(merge(PLAIN, patch))


def flat(**patch: Any) -> Reading:
    """A flat prospect whose `available_signals` are the patch."""
    return read_prospect({"company": "Northwind Robotics", "as_of": "2026-04-21", "available_signals": patch})


def letter(prose: str, *, to: str = "Maya") -> str:
    """A whole body around some prose."""
    return f"Hi {to},\n\n{prose}{SIGNED}"


def playbook_data() -> dict[str, Any]:
    """What stands in the file of the default playbook."""
    text = files("rubric").joinpath("playbooks", "tenacious.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    return data


def playbook_with(patch: Mapping[str, Any] | None = None) -> Playbook:
    """The default playbook with a patch over it."""
    return _parsed(json.dumps(patch or {}, default=str, sort_keys=True))


@cache
def _parsed(patch: str) -> Playbook:
    return parse_playbook(merge(playbook_data(), json.loads(patch)), "of the tests")


def judge(
    body: str,
    prospect: Mapping[str, Any] | None = None,
    subject: str | None = None,
    playbook: Mapping[str, Any] | None = None,
) -> Verdict:
    """The verdict of every rule on a body."""
    return check(brief(**(prospect or {})), Email(body, subject), playbook_with(playbook))


def judge_with(
    rule: Rule,
    body: str,
    prospect: Mapping[str, Any] | None = None,
    subject: str | None = None,
    playbook: Mapping[str, Any] | None = None,
) -> Verdict:
    """The verdict of one rule alone."""
    return judge_by(Case(brief(**(prospect or {})), Email(body, subject), playbook_with(playbook)), [rule])


def rule_named(id: str) -> Rule:
    return next(rule for rule in all_rules() if rule.id == id)


def fires(
    id: str,
    body: str,
    prospect: Mapping[str, Any] | None = None,
    subject: str | None = None,
    playbook: Mapping[str, Any] | None = None,
) -> bool:
    """Whether one rule finds something, whatever the others say."""
    return any(f.rule == id for f in judge_with(rule_named(id), body, prospect, subject, playbook).findings)


def rules_of(verdict: Verdict) -> set[str]:
    return {finding.rule for finding in verdict.findings}


def quotes(verdict: Verdict, email: Email) -> Iterator[tuple[Finding, str]]:
    """Each finding that has a span, with the text that lies there."""
    for finding in verdict.findings:
        if finding.span is not None:
            text = email.body if finding.part == "body" else email.subject or ""
            yield finding, text[slice(*finding.span)]
