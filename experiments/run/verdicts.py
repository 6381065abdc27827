"""What the rubric says of the letters of a pool, by all of its rules, kept as a unit.

Decides that the gate's own word counts: a letter that was cut off or lacks its subject is blocked here too. A rule
that crashes on a letter leaves it without a score and says so; it is never read as a pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from pydantic import BaseModel, ConfigDict

from agent.gate import judge
from agent.receipt import content_hash
from critic.candidate import Candidate
from experiments.run.journal import Journal, Unit
from rubric import Playbook, Reading
from rubric.errors import RuleError
from rubric.playbook import Decision, Dimension, Failure


class Verdict(BaseModel):
    """The rubric's word on one letter; `findings` are those that count, as the rubric prints them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Decision
    score: float | None
    dimensions: dict[Dimension, float | None] = {}
    failures: tuple[Failure, ...] = ()
    findings: tuple[dict[str, Any], ...] = ()
    error: str | None = None

    @property
    def passed(self) -> float | None:
        return None if self.error else float(self.decision == "PASS")


class Judged(BaseModel):
    verdicts: tuple[Verdict, ...]
    seconds: float = 0.0


def verdicts_of(journal: Journal, pool: str, candidates: Sequence[Candidate], reading: Reading, origin: str, playbook: Playbook) -> Judged:
    """The verdicts on a pool, as they were kept or made now."""
    key = content_hash(["verdicts", pool, origin, playbook.hash])
    unit = journal.read(key)
    if unit is None:
        began = perf_counter()
        found = [verdict_on(one, reading, playbook).model_dump(mode="json") for one in candidates]
        unit = journal.add(Unit(key, "verdicts", {"verdicts": found}, {"judge": perf_counter() - began}))
    return Judged(verdicts=tuple(map(Verdict.model_validate, unit.value["verdicts"])), seconds=unit.seconds["judge"])


def verdict_on(candidate: Candidate, reading: Reading, playbook: Playbook) -> Verdict:
    try:
        short, row = judge(candidate, reading, playbook, frozenset())
    except RuleError as error:
        return Verdict(decision="BLOCK", score=None, error=str(error))
    counted = [finding for finding in short.findings if finding["decision"] != "PASS"]
    failures = tuple(dict.fromkeys(finding["failure"] for finding in counted))
    return Verdict(decision=short.decision, score=short.score, dimensions=row["dimensions"], failures=failures, findings=tuple(counted))


__all__ = ["Judged", "Verdict", "verdict_on", "verdicts_of"]
