"""Regulated clients: a timeline needs the background-check caveat."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rubric.case import Case
from rubric.dates import DateRef
from rubric.offers import WE
from rubric.quantities import Quantity
from rubric.rules import Example, Found, at, rule
from rubric.starts import ahead, beside_start, happened, together
from rubric.stems import stems
from rubric.words import Sentence, split


def is_regulated(case: Case) -> bool:
    """By the brief's own word, else by its industry and its regulatory context."""
    return case.memo(_is_regulated)


def _is_regulated(case: Case) -> bool:
    company = case.prospect.company
    if company.regulated is not None:
        return company.regulated
    context = (company.regulatory_context or "").strip().lower()
    text = f"{company.industry or ''} . {'' if context in case.playbook.unregulated else context}".replace("_", " ")
    return any(h.name == "regulated" for h in case.playbook.lexicon.find(split(text)))


def _waiting(days: int) -> dict[str, Any]:
    gap = {"capability": "deployment automation", "stack": "infra", "days_open": days, "confidence": "high"}
    return {"company": {"regulated": True}, "signals": {"capability_gap": gap}}


@rule(
    "regulated.caveat",
    failure="regulatory_caveat_missing",
    dimension="bench_fit_alignment",
    severity=4,
    decision="BLOCK",
    fix="add that background checks come first and add days to the timeline",
    passes=[
        Example(
            "We can onboard in three weeks; background checks for your sector add seven days.",
            {"company": {"industry": "health care"}},
        ),
        Example("We place engineers with health care companies.", {"company": {"industry": "health care"}}),
        Example("We can onboard engineers in three weeks.", {"company": {"industry": "games"}}),
        Example("Our engineers work in your sprints, with a review after four weeks.", {"company": {"regulated": True}}),
        Example("After 92 days the infra role is still listed and the work waits.", _waiting(92)),
        Example(
            "By the public record, Northwind put a test bed of Saarero online in May, to work on.",
            {
                "as_of": "2026-05-10",
                "company": {"regulated": True},
                "signals": {"facts": ["Northwind put a test bed of Saarero online in May."]},
            },
        ),
        Example("Northwind started a pilot in May.", {"as_of": "2026-05-10", "company": {"regulated": True}}),
        Example("The rewrite took 4 months, and your team is at work.", {"company": {"regulated": True}}),
        Example("Not too much at once: our engineers work in your team.", {"company": {"regulated": True}}),
    ],
    fails=[
        Example("We can onboard engineers in three weeks.", {"company": {"industry": "health care"}}),
        Example("After 92 days our engineers could have filled the role and be at work.", _waiting(92)),
        Example("Engineers could start in November.", {"company": {"regulated": True}}),
        Example("From 1 June on, engineers could take tickets from your board.", {"company": {"regulated": True}}),
        Example("You closed a round, and engineers could start at once.", {"company": {"regulated": True}}),
        Example("Engineers can start on 1 June; no special checks needed.", {"company": {"regulated": True}}),
    ],
)
def caveat(case: Case) -> Iterable[Found]:
    """A timeline to a regulated client without the background-check caveat."""
    if not is_regulated(case):
        return
    body = case.body
    waved = body.of("no_caveat")
    given = [
        h
        for h in body.of("caveat")
        if not any(w.first - 1 <= h.first < w.last + 1 for w in waved) and not body.negated(h.first)
    ]
    for sentence in body.words.sentences:
        place = _timeline(case, sentence)
        if place is not None and (not given or waved):
            why = case.prospect.company.industry or case.prospect.company.regulatory_context or "regulated"
            evidence = (
                "/company/industry"
                if case.prospect.company.industry
                else "/company/regulatory_context"
                if case.prospect.company.regulatory_context
                else "/company/regulated"
            )
            yield at(
                body,
                place,
                f'gives a timeline ("{body.words.quote(*place)}") to a regulated client ({why}) without the background-check caveat',
                evidence=evidence,
            )
            return


def _timeline(case: Case, sentence: Sentence) -> tuple[int, int] | None:
    """The words of a start or delivery time that a sentence promises."""
    body = case.body
    if not body.has("timeline_words", sentence) or body.has("past_work", sentence):
        return None
    call = body.has("ask.call", sentence) and not body.has("people", sentence)
    for amount in body.amounts:
        here = sentence.first <= amount.first < sentence.last
        if not here or amount.kind != "duration" or amount.unit == "minute" or call:
            continue
        around = set(body.words.lower[max(0, amount.first - 3) : amount.last + 2])
        if not _NO_START & around and not happened(body, sentence, amount.first) and not _waited(case, sentence, amount):
            return amount.first, amount.last
    for ref in body.dates:
        first = body.words.at(ref.start)
        if not sentence.start <= ref.start < sentence.end or call or ref.kind == "only_year":
            continue
        if _in_a_fact(case, sentence, ref):
            continue
        if ahead(case, sentence, ref) >= case.as_of and not happened(body, sentence, first):
            return first, max(first + 1, body.words.at(ref.end - 1) + 1)
    for hit in body.inside("start_now", sentence):
        if not call and not body.negated(hit.first) and not together(body, hit) and beside_start(body, sentence, hit.first):
            return hit.first, hit.last
    return None


def _waited(case: Case, sentence: Sentence, amount: Quantity) -> bool:
    """Whether it is how long a role of theirs has been open: "after 92 days the role is still listed"."""
    traced = case.brief.trace(amount) or ""
    lower = case.body.words.lower[sentence.first : sentence.last]
    return traced.endswith("/days_open") and case.body.has("roles", sentence) and not WE & set(lower)


def _in_a_fact(case: Case, sentence: Sentence, ref: DateRef) -> bool:
    """Whether a sentence without the seller retells a fact of the brief, its date included."""
    said, date = stems(case.body.quote(sentence)), case.body.words.text[ref.start : ref.end].lower()
    if WE & set(case.body.words.lower[sentence.first : sentence.last]):
        return False
    return any(date in fact.lower() and len(said & stems(fact)) >= 4 for fact in case.prospect.signals.facts)


_NO_START = frozenset("ago open review reviews checkpoint retrospective".split())
