"""The verdict on a case: findings, decision, score, dimensions, tone.

Decides by strength: SUPPRESS over ESCALATE over BLOCK over PENALISE over PASS. A dimension loses by
every finding and never wins, and a sentence at fault earns nothing, so a fault cannot raise a score; whether it can be judged depends on
the prospect and the playbook alone. A rule that crashes ends the case with an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field

from rubric.case import Case
from rubric.email import Email
from rubric.errors import RuleError
from rubric.playbook import DECISIONS, Decision, Dimension, Failure, Marker, Playbook
from rubric.prospect import Reading
from rubric.rules import Found, Rule, chosen

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
_KEEP: dict[Decision, float] = {"PASS": 0.95, "PENALISE": 0.6, "BLOCK": 0.2, "ESCALATE": 1.0, "SUPPRESS": 1.0}
_MARKER_OF: dict[Failure, Marker] = {
    "signal_over_claiming": "grounded",
    "unverified_funding": "grounded",
    "gap_over_claiming": "grounded",
    "generic_peers": "grounded",
    "bench_over_commitment": "honest",
    "pricing_violation": "honest",
}


class Finding(BaseModel):
    """A rule that is broken, where, and what to do about it."""

    model_config = ConfigDict(populate_by_name=True)

    rule: str
    version: int
    decision: Decision
    severity: int = Field(description="1 brand damage, 2 a lost deal, 3 lower reply rates, 4 legal exposure")
    dimension: Dimension
    failure: Failure
    reason: str
    span: tuple[int, int] | None = Field(None, description="characters of the body, or of the part under 'in'")
    part: str = Field("body", alias="in")
    evidence: str | None = Field(None, description="JSON pointer into the prospect, or playbook:/ into the playbook")
    fix: str


class SegmentShown(BaseModel):
    name: str
    confidence: float
    claimed: str | None = Field(None, description="what the brief claims, where that differs")
    filters: list[str] = []
    tried: list[str] = []


class Claim(BaseModel):
    """A statement of the draft and what carries it; `pointer` is null where nothing does."""

    kind: str
    text: str
    span: tuple[int, int]
    part: str = "body"
    pointer: str | None = None


class Verdict(BaseModel):
    decision: Decision
    score: float | None = Field(description="weighted mean of the judged dimensions; null if none could be judged")
    dimensions: dict[Dimension, float | None]
    segment: SegmentShown
    findings: list[Finding]
    tone: dict[Marker, int]
    compliance: dict[str, bool]
    warnings: list[str] = []
    grounding: list[Claim] | None = None


def check(
    reading: Reading,
    email: Email,
    playbook: Playbook,
    *,
    without: frozenset[str] = frozenset(),
    explain: bool = False,
) -> Verdict:
    """Judges one e-mail to one prospect."""
    case = Case(reading, email, playbook)
    return judge(case, chosen(without), explain=explain)


def judge(case: Case, rules: Iterable[Rule], *, explain: bool = False) -> Verdict:
    from rubric.rules.compliance import elements

    findings: list[Finding] = []
    rules = tuple(rules)
    case.alone = len(rules) == 1
    for rule in rules:
        for found in _run(rule, case):
            findings.append(_finding(rule, found, case))
            if found.span and findings[-1].decision != "PASS":
                case.spoil(found.part, found.span[0])
            marker = found.marker or rule.marker or _MARKER_OF.get(findings[-1].failure)
            if marker and findings[-1].decision != "PASS":
                case.lower(marker, found.weight or 2)
    findings.sort(key=lambda f: (-DECISIONS.index(f.decision), f.part, f.span or (-1, -1), f.rule))
    dimensions = _dimensions(case, findings)
    return Verdict.model_construct(
        decision=strongest(f.decision for f in findings),
        score=_score(dimensions, case.playbook),
        dimensions=dimensions,
        segment=_segment(case),
        findings=findings,
        tone=dict(case.tone),
        compliance=elements(case),
        warnings=list(case.reading.warnings),
        grounding=_claims(case) if explain else None,
    )


def prospect_verdict(
    reading: Reading, playbook: Playbook, *, without: frozenset[str] = frozenset()
) -> list[Finding]:
    """What the prospect alone decides, before any draft exists."""
    case = Case(reading, Email(""), playbook)
    rules = (r for r in chosen(without) if not r.draft)
    return [_finding(rule, found, case) for rule in rules for found in _run(rule, case)]


def segment_of(reading: Reading, playbook: Playbook) -> SegmentShown:
    """The segment alone, for a prospect to whom no draft exists."""
    return _segment(Case(reading, Email(""), playbook))


def strongest(decisions: Iterable[Decision]) -> Decision:
    return max(decisions, key=DECISIONS.index, default="PASS")


def _run(rule: Rule, case: Case) -> list[Found]:
    try:
        return list(rule.check(case))
    except Exception as error:
        raise RuleError(rule.id, error) from error


def _finding(rule: Rule, found: Found, case: Case) -> Finding:
    evidence = found.evidence
    if evidence and not evidence.startswith("playbook:"):
        evidence = case.reading.pointer(evidence)
    return Finding.model_construct(
        rule=rule.id,
        version=rule.version,
        decision=found.decision or rule.decision,
        severity=rule.severity,
        dimension=rule.dimension,
        failure=found.failure or rule.failure,
        reason=found.reason,
        span=found.span,
        part=found.part,
        evidence=evidence,
        fix=found.fix or rule.fix,
    )


def _dimensions(case: Case, findings: list[Finding]) -> dict[Dimension, float | None]:
    out: dict[Dimension, float | None] = {
        d: 1.0 if _judgeable(d, case) else None for d in DIMENSIONS if d in case.playbook.dimensions
    }
    for finding in findings:
        value = out.get(finding.dimension)
        if value is not None:
            out[finding.dimension] = value * _KEEP[finding.decision]
    return {d: round(v, 4) if v is not None else None for d, v in out.items()}


def _judgeable(dimension: Dimension, case: Case) -> bool:
    if dimension == "bench_fit_alignment":
        return bool(case.prospect.capacity or case.playbook.capacity)
    if dimension == "personalization_depth":
        return len(case.brief.leaves) > 1
    return True


def _score(dimensions: dict[Dimension, float | None], playbook: Playbook) -> float | None:
    judged = [(v, playbook.dimensions[d]) for d, v in dimensions.items() if v is not None]
    weight = sum(w for _, w in judged)
    return round(sum(v * w for v, w in judged) / weight, 4) if weight else None


def _segment(case: Case) -> SegmentShown:
    from rubric.segments import segment_name

    verdict = case.segment
    claim = case.prospect.segment
    claimed = segment_name(claim.name, case.playbook) or claim.name if claim else None
    return SegmentShown.model_construct(
        name=verdict.name,
        confidence=verdict.confidence,
        claimed=claimed if claimed != verdict.name else None,
        filters=[f.text for f in verdict.fired],
        tried=list(verdict.tried),
    )


def _claims(case: Case) -> list[Claim]:
    from rubric.grounding import claims

    return [
        Claim(
            kind=c.kind,
            text=c.text,
            span=c.span,
            part=c.part,
            pointer=case.reading.pointer(c.pointer) if c.pointer else None,
        )
        for c in claims(case)
    ]


def to_json(verdict: Verdict, id: Any = None) -> dict[str, Any]:
    """One result row, in the order of the contract."""
    row: dict[str, Any] = {
        "id": id,
        "decision": verdict.decision,
        "score": verdict.score,
        "dimensions": verdict.dimensions,
        "segment": {
            "name": verdict.segment.name,
            "confidence": verdict.segment.confidence,
            "claimed": verdict.segment.claimed,
        },
        "findings": [_finding_json(f) for f in verdict.findings],
        "tone": verdict.tone,
        "compliance": verdict.compliance,
        "warnings": verdict.warnings,
    }
    if verdict.grounding is not None:
        row["segment"] |= {"filters": verdict.segment.filters, "tried": verdict.segment.tried}
        row["grounding"] = [c.model_dump(mode="json") for c in verdict.grounding]
    row["error"] = None
    return row


def _finding_json(finding: Finding) -> dict[str, Any]:
    out = {
        "rule": finding.rule,
        "version": finding.version,
        "decision": finding.decision,
        "severity": finding.severity,
        "dimension": finding.dimension,
        "failure": finding.failure,
        "reason": finding.reason,
        "span": list(finding.span) if finding.span else None,
        "evidence": finding.evidence,
        "fix": finding.fix,
    }
    if finding.part != "body":
        out["in"] = finding.part
    return out
