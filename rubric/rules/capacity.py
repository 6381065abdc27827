"""How many people are promised, how senior, with which skills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rubric.case import Case, Passage
from rubric.offers import (
    SENIOR,
    WE,
    YOU,
    Offer,
    available,
    entries,
    evidence,
    key,
    named_stacks,
    names_in,
    offering,
    offers,
)
from rubric.rules import Example, Found, at, at_place, rule
from rubric.words import Sentence


def python(available: int = 7, **more: Any) -> dict[str, Any]:
    return {"capacity": {"python": {"available": available, **more}}}


@rule(
    "capacity.over_commitment",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="offer what is available, and a phased start with a stated gate for the rest",
    passes=[
        Example("We have 7 Python engineers available.", python(7)),
        Example("We have 7 Python engineers, short of the 10 you asked for.", python(7)),
    ],
    fails=[
        Example("We can place 8 Python engineers.", python(7)),
        Example("We can send a squad of a dozen.", {**python(7), "need": {"stack": "python"}}),
        Example(
            "We have plenty of capacity and can cover the full request.",
            {**python(7), "need": {"stack": "python", "engineers": 10}},
        ),
    ],
)
def over_commitment(case: Case) -> Iterable[Found]:
    """More people than capacity shows, in digits, in words or as "as many as you need"."""
    for offer in offers(case):
        there = available(case, offer.stacks)
        if there is None or offer.amount.high <= there:
            continue
        what = "/".join(offer.stacks) or "all stacks"
        yield at_place(case.body, offer.amount,
            f'offers {offer.amount.high:g} ("{case.body.quote(offer.amount)}"), {there} are available for {what}',
            evidence=evidence(case, offer.stacks, "available"),
        )  # fmt: skip
    yield from _boundless(case)


def _boundless(case: Case) -> Iterator[Found]:
    need = case.prospect.need
    stacks = (key(need.stack),) if need and need.stack else ()
    there = available(case, stacks)
    for hit in case.body.of("unlimited"):
        sentence = case.body.sentence(hit.first)
        if case.body.negated(hit.first) or not offering(case.body, sentence) or sentence.question:
            continue
        yield at(
            case.body, hit,
            f'"{case.body.quote(hit)}" knows no limit, {there if there is not None else "no"} {case.playbook.seller.people_word} are available',
            evidence=evidence(case, stacks, "available"),
        )  # fmt: skip
        return
    short = need is not None and need.engineers is not None and there is not None and need.engineers > there
    for hit in case.body.of("covers_all") if short else ():
        sentence = case.body.sentence(hit.first)
        if (
            not case.body.negated(hit.first)
            and not case.body.has("negations", sentence)
            and not sentence.question
            and offering(case.body, sentence)
            and not case.body.has("ramp_words", sentence)
        ):
            yield at(
                case.body, hit,
                f'"{case.body.quote(hit)}" covers a need of {need.engineers if need else 0}, {there} are available',
                evidence=evidence(case, stacks, "available"),
            )  # fmt: skip
            return


@rule(
    "capacity.seniority",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="say how many of them are senior",
    passes=[
        Example("We have two senior Python engineers.", python(7, senior=2)),
        Example("We have seven Python engineers, two of them senior.", python(7, senior=2)),
    ],
    fails=[
        Example("We have three senior Python engineers.", python(7, senior=2)),
        Example("We have five Python engineers, all senior.", python(7, senior=2)),
    ],
)
def seniority(case: Case) -> Iterable[Found]:
    """More senior people than capacity shows."""
    for offer in offers(case):
        known = [e.senior for e in entries(case, offer.stacks) if e.senior is not None]
        everyone = case.body.has("all_senior", offer.sentence)
        if (
            not known
            or len(known) < len(entries(case, offer.stacks))
            or not (offer.senior or everyone)
            or offer.amount.high <= max(known)
        ):
            continue
        if not everyone and _senior_part(case, offer):
            continue
        yield at_place(case.body, offer.amount,
            f"offers {offer.amount.high:g} senior, {max(known)} senior are available for {'/'.join(offer.stacks)}",
            evidence=evidence(case, offer.stacks, "senior"),
        )  # fmt: skip


def _senior_part(case: Case, offer: Offer) -> bool:
    """ "seven engineers, two of them senior": the word belongs to the next amount."""
    inside = case.body.words.lower[offer.amount.first : offer.amount.last]
    return bool(offer.amount.unit) and not SENIOR & set(inside)


@rule(
    "capacity.skill",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="offer only skills that capacity shows",
    passes=[
        Example("We have Python engineers available.", python(7)),
        Example("We do not have Rust engineers."),
    ],
    fails=[
        Example("Our Rust engineers can start in May."),
        Example("We have Java developers available.", {"capacity": {"java": {"available": 0}}}),
    ],
)
def skill(case: Case) -> Iterable[Found]:
    """A skill offered that capacity does not show."""
    body = case.body
    for sentence in body.words.sentences:
        lower = body.words.lower[sentence.first : sentence.last]
        if (
            not WE & set(lower)
            or not body.has("people", sentence)
            or body.has("negations", sentence)
            or names_in(case, sentence)
        ):
            continue
        named = named_stacks(case, body, sentence)
        if any(sum(e.available for e in entries(case, (s,))) for s, _, _ in named):
            continue
        for stack, first, last in named:
            if _offered_skill(body, sentence, first, last):
                yield at(
                    body, (first, last),
                    f'offers people for "{body.words.quote(first, last)}", capacity shows no one for {stack}',
                    evidence=evidence(case, (stack,), "available"),
                )  # fmt: skip
                return


def _offered_skill(passage: Passage, sentence: Sentence, first: int, last: int) -> bool:
    """Whether the skill is put on the seller's people and is not the reader's own stack or role."""
    lower = passage.words.lower
    before = set(lower[max(sentence.first, first - 4) : first])
    if YOU & before or {"roles", "role", "openings", "opening", "posting", "postings", "stack"} & set(
        lower[last : last + 3]
    ):
        return False
    people = [h.first for h in passage.inside("people", sentence)]
    near = any(-12 <= p - first <= 4 for p in people) or any(p > last for p in people)
    knows = {
        "know",
        "knows",
        "experience",
        "experienced",
        "write",
        "writes",
        "work",
        "works",
        "cover",
        "covers",
        "speak",
        "background",
        "fluent",
        "skilled",
        "with",
        "who",
        "in",
    }
    direct = any(0 <= p - last <= 2 for p in people)
    return direct or (
        near
        and bool(knows & set(lower[sentence.first : sentence.last]))
        and not {"your", "you"} & set(lower[max(sentence.first, first - 8) : first])
    )


@rule(
    "capacity.ramp_gate",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=3,
    decision="PENALISE",
    fix="state the gate: what is reviewed, and when, before the next phase",
    passes=[
        Example(
            "We could start with 7 now and review capacity in four weeks.",
            {**python(7), "need": {"stack": "python", "engineers": 10}},
        ),
        Example("We have 7 Python engineers.", {**python(7), "need": {"stack": "python", "engineers": 7}}),
    ],
    fails=[
        Example(
            "We suggest a phased ramp: 7 Python engineers, the rest later.",
            {**python(7), "need": {"stack": "python", "engineers": 10}},
        ),
        Example("We can ramp up from 7 Python engineers.", {**python(7), "need": {"stack": "python", "engineers": 12}}),
    ],
)
def ramp_gate(case: Case) -> Iterable[Found]:
    """A phased start for a need above capacity that names no gate."""
    need = case.prospect.need
    if not need or need.engineers is None or not need.stack:
        return
    there = available(case, (key(need.stack),))
    if there is None or need.engineers <= there or case.body.of("gate_words"):
        return
    for hit in case.body.of("ramp_words"):
        if case.body.words.lower[hit.first].startswith(("phase", "ramp", "stage")):
            yield at(
                case.body, hit,
                f"a phased start for {need.engineers} with {there} available names no gate",
                evidence="/need/engineers",
            )  # fmt: skip
            return


@rule(
    "capacity.bench_word",
    failure="tone_violation",
    dimension="tone_compliance",
    severity=3,
    decision="PENALISE",
    marker="professional",
    fix='say "available" or "capacity"',
    passes=[Example("We have engineers available."), Example("The benchmark was run twice.")],
    fails=[Example("Our bench covers Python."), Example("We have two benched engineers.")],
)
def bench_word(case: Case) -> Iterable[Found]:
    """The word "bench" is never said to a prospect."""
    for passage, hit in case.each("bench_word"):
        ours = WE & set(passage.words.lower[max(0, hit.first - 3) : hit.first])
        if ours or passage.words.lower[hit.first] not in case.brief.words:
            yield at(passage, hit, f'"{passage.quote(hit)}" is an inside word for people')
            return
