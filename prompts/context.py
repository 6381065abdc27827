"""What the templates are given: guide, brief, findings, an earlier draft, the draft to be judged.

Decides the names that a template may use; a template that uses another is refused when it is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

from prompts.brief import BriefLines, brief
from prompts.guide import Guide, guide
from prompts.neutral import neutral_lines, neutralise
from prompts.trust import Trusted
from rubric.email import Email
from rubric.playbook import Failure, Playbook
from rubric.prospect import Reading
from rubric.verdict import Finding

FINDINGS = 12
NOTHING = BriefLines((), (), (), ())
FAILURES = Trusted(", ".join(get_args(Failure)))


class Complaint(NamedTuple):
    """Why a draft was refused; it may quote the prospect or the draft."""

    rule: str
    reason: str
    fix: str


class DraftLines(NamedTuple):
    subject: str
    lines: tuple[str, ...]


class Context(NamedTuple):
    """Every name that a template may use; what a message has no use for, or may not see, is empty."""

    guide: Guide
    brief: BriefLines = NOTHING
    findings: tuple[Complaint, ...] = ()
    previous: tuple[str, ...] = ()
    draft: DraftLines = DraftLines("", ())
    failures: Trusted = FAILURES

    def names(self) -> dict[str, Any]:
        return self._asdict()


def for_generator(
    reading: Reading,
    playbook: Playbook,
    findings: Sequence[Finding] = (),
    previous: str | None = None,
    sender: str | None = None,
) -> Context:
    return Context(guide(playbook, sender), brief(reading, playbook), complaints(findings), neutral_lines(previous or ""))


def for_judge(reading: Reading, playbook: Playbook, email: Email) -> Context:
    draft = DraftLines(neutralise(email.subject or "", 200), neutral_lines(email.body))
    return Context(guide(playbook), brief(reading, playbook), draft=draft)


def complaints(findings: Sequence[Finding]) -> tuple[Complaint, ...]:
    """Each finding that another draft can mend, once; no notes, and nothing that is a person's to decide."""
    mendable = [f for f in findings if f.decision in {"PENALISE", "BLOCK"}]
    mendable.sort(key=lambda f: (f.span is None, f.decision != "BLOCK"))  # what points at a place says most
    told = [Complaint(f.rule, _reason(f), neutralise(f.fix, 200)) for f in mendable]
    return tuple(dict.fromkeys(told))[:FINDINGS]


def _reason(finding: Finding) -> str:
    """Why; a leak is named without its words, which may be those of another thread."""
    return "says what is known from elsewhere" if finding.failure == "thread_leakage" else neutralise(finding.reason, 300)


__all__ = ["Complaint", "Context", "DraftLines", "complaints", "for_generator", "for_judge"]
