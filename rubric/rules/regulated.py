"""Regulated clients: a timeline needs the background-check caveat."""

from __future__ import annotations

from collections.abc import Iterable

from rubric.case import Case
from rubric.offers import beside_start
from rubric.rules import Example, Found, at, rule
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
    ],
    fails=[
        Example("We can onboard engineers in three weeks.", {"company": {"industry": "health care"}}),
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
        if not {"ago", "open"} & set(body.words.lower[max(0, amount.first - 2) : amount.last + 2]):
            return amount.first, amount.last
    for ref in body.dates:
        if (
            sentence.start <= ref.start < sentence.end
            and ref.last_day >= case.as_of
            and not call
            and ref.kind != "only_year"
        ):
            first = body.words.at(ref.start)
            return first, max(first + 1, body.words.at(ref.end - 1) + 1)
    for hit in body.inside("start_now", sentence):
        if not call and not body.negated(hit.first) and beside_start(body, sentence, hit.first):
            return hit.first, hit.last
    return None
