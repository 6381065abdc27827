"""What becomes of one prospect: a draft, or the reasons why there is none.

The outcome is never a bare text: SUPPRESS, ESCALATE and ABSTAIN are results, and ERROR is a row that
the next run tries again.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from agent.receipt import Receipt
from rubric.playbook import Decision, Dimension

Outcome = Literal["DRAFT", "ABSTAIN", "SUPPRESS", "ESCALATE", "REVIEW", "IGNORED", "ERROR"]
MEANING: dict[Outcome, str] = {
    "DRAFT": "a letter that passed the gate",
    "ABSTAIN": "no candidate passed in any round; the reasons are the best one's findings",
    "SUPPRESS": "nobody may be written to; no token was spent",
    "ESCALATE": "a person must write; no token was spent",
    "REVIEW": "a letter passed and waits for a person: `winnow review`",
    "IGNORED": "a person turned the letter down",
    "ERROR": "the prospect could not be read, or the model failed; the next run tries again",
}


class Person(BaseModel):
    name: str | None = None
    email: str | None = None
    role: str | None = None
    title: str | None = None


class Letter(BaseModel):
    subject: str | None = None
    body: str


class Draft(BaseModel):
    """One result row, as `winnow draft --json` prints it."""

    id: str | None = None
    key: str = Field("", description="hash of prospect, day, config, prompts, model and seed")
    line: int | None = Field(None, description="line of the input that the prospect begins on")
    outcome: Outcome
    company: str = ""
    recipient: Person | None = None
    email: Letter | None = None
    decision: Decision | None = Field(None, description="the rubric's on the letter; of an ABSTAIN, on the candidate that came nearest")
    score: float | None = None
    dimensions: dict[Dimension, float | None] | None = None
    segment: dict[str, Any] | None = None
    findings: list[dict[str, Any]] = []
    reasons: list[str] = Field([], description="why there is no draft, in words")
    warnings: list[str] = []
    receipt: Receipt | None = None
    error: str | None = None
    review: dict[str, Any] | None = Field(None, exclude=True, description="the thread that waits and what it asks; not part of a row")

    @property
    def row(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


__all__ = ["MEANING", "Draft", "Letter", "Outcome", "Person"]
