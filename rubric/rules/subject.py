"""The subject line: its length, its first word, its volume and its honesty."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rubric.case import Case
from rubric.rules import Example, Found, rule
from rubric.words import plain


@rule(
    "form.subject_length",
    failure="format_violation",
    dimension="cta_quality",
    severity=3,
    decision="PENALISE",
    fix="shorten the subject",
    passes=[Example("Hi", subject="Request: " + "x" * 50), Example("Hi")],
    fails=[Example("Hi", subject="Request: " + "x" * 51), Example("Hi", subject="Question: " + "word " * 20)],
)
def subject_length(case: Case) -> Iterable[Found]:
    """A subject of the playbook's number of characters or more."""
    limit = case.playbook.form.subject_characters
    if case.subject and len(case.subject.text.norm) >= limit:
        yield Found(
            f"the subject has {len(case.subject.text.norm)} characters, it stays under {limit}",
            (0, len(case.subject.text.raw)),
            "subject",
        )


@rule(
    "form.subject_opener",
    failure="format_violation",
    dimension="cta_quality",
    severity=3,
    decision="PENALISE",
    fix="open the subject with one of the playbook's words of intent",
    passes=[
        Example("Hi", subject="Question: your Python roles"),
        Example("Hi", {"message_type": "warm"}, subject="Re: your note"),
    ],
    fails=[Example("Hi", subject="Quick note about your team"), Example("Hi", subject="Engineering support")],
)
def subject_opener(case: Case) -> Iterable[Found]:
    """A cold subject opens with a word of intent and never with "Quick", "Just" or "Hey"."""
    if case.subject is None or not case.first_contact or not case.playbook.form.subject_openers:
        return
    lower = case.subject.words.lower
    span = (0, len(case.subject.text.raw))
    if not lower:
        yield Found("the subject is empty", None, "subject")
    elif lower[0] in case.playbook.form.subject_never:
        yield Found(f'the subject opens with "{case.subject.words.quote(0, 1)}"', span, "subject")
    elif not any(lower[: len(w)] == w for w in (plain(o) for o in case.playbook.form.subject_openers)) and lower[
        0
    ] not in {"re", "fwd", "fw"}:
        yield Found(f'the cold subject "{case.subject.text.norm[:60]}" opens with no word of intent', span, "subject")
    elif "quick" in lower[1:] and _quick(lower):
        yield Found('the subject says "quick"', span, "subject")


def _quick(lower: list[str]) -> bool:
    after = lower[lower.index("quick") + 1 :][:1]
    return bool(after) and after[0] in {"note", "question", "chat", "call", "one", "sync", "intro", "favour", "favor"}


@rule(
    "form.subject_shouting",
    failure="format_violation",
    dimension="tone_compliance",
    severity=3,
    decision="PENALISE",
    fix="write the subject in lower case, without exclamation marks",
    passes=[Example("Hi", subject="Question: your API roles"), Example("Hi", subject="Context: HIPAA and ML")],
    fails=[Example("Hi", subject="REQUEST: CALL US"), Example("Hi", subject="Request: talk today!")],
)
def subject_shouting(case: Case) -> Iterable[Found]:
    """Capitals or an exclamation mark in the subject."""
    if case.subject is None:
        return
    text = case.subject.text.norm
    own = case.prospect.company.name
    loud = [w for w in re.findall(r"\b[A-Z]{4,}\b", text) if w not in own and w.lower() not in case.brief.words]
    if "!" in text or len(loud) > 1 or (len(text) > 8 and text.isupper()):
        yield Found("the subject shouts", (0, len(case.subject.text.raw)), "subject")


@rule(
    "form.subject_reply",
    failure="format_violation",
    dimension="cta_quality",
    severity=1,
    decision="PENALISE",
    fix="take the prefix out: there is no thread to reply to",
    passes=[
        Example("Hi", {"message_type": "warm"}, subject="Re: your question"),
        Example("Hi", {"thread": {"messages": [{"from": "us", "text": "Hello"}]}}, subject="Re: hello"),
    ],
    fails=[Example("Hi", subject="Re: our talk"), Example("Hi", subject="Fwd: engineers")],
)
def subject_reply(case: Case) -> Iterable[Found]:
    """ "Re:" or "Fwd:" where there is no thread."""
    if case.subject is None or case.prospect.message_type in {"warm"} or case.prospect.thread.messages:
        return
    if re.match(r"\s*(?:re|fwd?|aw|wg)\s*:", case.subject.text.norm, re.I):
        yield Found("the subject pretends to a reply, there is no thread", (0, len(case.subject.text.raw)), "subject")
