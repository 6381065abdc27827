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
    stacks_near,
)
from rubric.phrases import Hit
from rubric.rules import Example, Found, at, at_place, rule
from rubric.words import Sentence, plain


def python(available: int = 7, **more: Any) -> dict[str, Any]:
    return {"capacity": {"python": {"available": available, **more}}}


def _need(engineers: int) -> dict[str, Any]:
    return {**python(7), "need": {"stack": "python", "engineers": engineers}}


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
        Example("I can offer 7 of the 10 Python engineers.", python(7)),
        Example("7 Python engineers out of the 10 can come from us.", python(7)),
        Example("Of the 11 Python engineers we can offer 3.", python(7)),
        Example("We have 5 Python engineers, fewer than 8.", python(7)),
        Example("I would rather offer 6 engineers than promise 15.", python(7)),
        Example("You are planning with 18 engineers and we have 7.", python(7)),
        Example(
            "12 open roles at a company of 69 people is where we could help.", {**python(7), "company": {"headcount": 69}}
        ),
        Example("As I read, Northwind, with 616 people, works with Python.", {**python(7), "company": {"headcount": 616}}),
        Example("A part of it is possible with our engineers.", _need(10)),
        Example("The choice is yours, and our engineers are free.", _need(10)),
        Example("That is easy to describe: our engineers join your sprints.", _need(10)),
        Example("The people work for us and in your team.", _need(10)),
        Example("We provide the engineers, and all of us see how it goes.", _need(10)),
    ],
    fails=[
        Example("We can place 8 Python engineers.", python(7)),
        Example("I can offer 8 of the 10 Python engineers.", python(7)),
        Example("We have 9 Python engineers, no fewer than 9.", python(7)),
        Example("We can bring slightly fewer than 20 engineers.", python(7)),
        Example("I would rather offer 15 engineers than promise 3.", python(7)),
        Example("You are planning with 18 engineers and we have 18.", python(7)),
        Example("The 10 Python engineers you need can all come from us.", _need(10)),
        Example("We can cover your roles with engineers, and add as many again whenever you ask.", _need(10)),
        Example("That is possible, our engineers are free.", _need(10)),
        Example("The engineers you asked for are yours.", _need(10)),
        Example("Your 10 engineers, no problem, we have them.", _need(10)),
        Example("We have 8 Python engineers, more than 5.", python(7)),
        Example("Ten engineers would work for us.", _need(10)),
        Example("You'd have nine Python developers on your code.", python(7)),
        Example("Five pairs of Python engineers could join.", python(7)),
        Example("Our Python group, nine strong, can take it.", python(7)),
        Example("Our pool has no ceiling.", python(7)),
        Example("The team can double whenever you say.", python(7)),
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
        if case.body.negated(hit.first) or case.body.has("past_work", sentence) or sentence.question:
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
            and not any(h.first not in range(hit.first, hit.last) for h in case.body.inside("negations", sentence))
            and not sentence.question
            and offering(case.body, sentence)
            and not case.body.has("ramp_words", sentence)
            and not _of_another(case.body, sentence, hit)
        ):
            yield at(
                case.body, hit,
                f'"{case.body.quote(hit)}" covers a need of {need.engineers if need else 0}, {there} are available',
                evidence=evidence(case, stacks, "available"),
            )  # fmt: skip
            return


def _of_another(passage: Passage, sentence: Sentence, hit: Hit) -> bool:
    """Whether "is possible" or "is yours" is said of a part or of another thing than the people asked for:
    "a part of it is possible", "the choice is yours", "that is easy to describe"."""
    lower = passage.words.lower
    if "," in passage.quote(hit) and "and" in lower[hit.first : hit.last]:
        return True  # "we provide the engineers, and all of us plan": two clauses
    if not {"is", "are", "be", "that's"} & set(lower[hit.first : hit.last]):
        return False
    before = set(lower[max(sentence.first, hit.first - 6) : hit.first])
    telling = lower[hit.last : hit.last + 2]
    return bool(_PARTS & before) or (telling[:1] == ["to"] and bool(_TELLING & set(telling)))


_PARTS = frozenset(
    """whatever whichever either decide direction control management part parts some half share portion fewer less smaller more later start date pause call calls minutes change
    step choice lead decision plan code roadmap reading question answer reply say word pace order end exit""".split()
)
_TELLING = frozenset("describe explain say tell see show understand check read follow picture answer imagine".split())


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
        Example("None of our Python engineers is a senior engineer.", python(7, senior=0)),
        Example("A Senior Python Engineer role is open at Northwind.", python(7, senior=0)),
    ],
    fails=[
        Example("We have three senior Python engineers.", python(7, senior=2)),
        Example("We have five Python engineers, all senior.", python(7, senior=2)),
        Example("A senior Python engineer would lead the pair.", python(7, senior=0)),
        Example("All of our Python engineers would be senior.", python(7, senior=2)),
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
    yield from _uncounted(case)


def _uncounted(case: Case) -> Iterator[Found]:
    """Seniors promised without a number: "a senior engineer would lead", "each of ours is a senior"."""
    for sentence in case.body.words.sentences:
        led = {"would", "could", "will"} & set(case.body.words.lower[sentence.first : sentence.last])
        if any(o.sentence == sentence for o in offers(case)) or not (led or offering(case.body, sentence)):
            continue
        stacks = stacks_near(case, case.body, sentence, None)
        known = [e for e in entries(case, stacks) if e.senior is not None]
        for name, most in (("one_senior", 0), ("all_senior", sum(e.available for e in known) - 1)):
            for hit in case.body.inside(name, sentence):
                seniors = max((e.senior or 0 for e in known), default=most + 1)
                if seniors <= most and not _their_senior(case.body, sentence, hit):
                    yield at(
                        case.body, hit,
                        f'"{case.body.quote(hit)}" promises seniors, {seniors} senior are available for {"/".join(stacks)}',
                        evidence=evidence(case, stacks, "senior"),
                    )  # fmt: skip
                    return


def _their_senior(passage: Passage, sentence: Sentence, hit: Hit) -> bool:
    """Whether it is a role of the reader, or denied."""
    before = passage.words.lower[max(sentence.first, hit.first - 5) : hit.first]
    return passage.has("roles", sentence) or bool(YOU & set(before)) or passage.has("negations", sentence)


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
        Example("Tenacious has Python engineers on hand.", python(7)),
        Example("Our engineers are taken as far as Rust goes."),
        Example("Our Ethiopian engineers work your hours."),
    ],
    fails=[
        Example("Our Rust engineers can start in May."),
        Example("Two of our COBOL engineers are free."),
        Example("Tenacious has Rust engineers on hand."),
        Example("We have Java developers available.", {"capacity": {"java": {"available": 0}}}),
    ],
)
def skill(case: Case) -> Iterable[Found]:
    """A skill offered that capacity does not show."""
    body = case.body
    for sentence in body.words.sentences:
        lower = body.words.lower[sentence.first : sentence.last]
        if (
            not (WE | {n.lower() for n in case.playbook.seller.short_names}) & set(lower)
            or not body.has("people", sentence)
            or body.has("negations", sentence)
            or names_in(case, sentence)
            or _taken(lower)
        ):
            continue
        named = named_stacks(case, body, sentence) or list(_unknown(case, sentence))
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


def _unknown(case: Case, sentence: Sentence) -> Iterator[tuple[str, int, int]]:
    """A skill that no list knows, put before our people with a capital: "our COBOL engineers"."""
    words, known = case.body.words, case.memo(_no_skills)
    for hit in case.body.inside("people", sentence):
        word = hit.first - 1
        before = set(words.lower[max(sentence.first, word - 5) : word])
        if word <= sentence.first or words.lower[hit.first] not in case.playbook.seller.people and words.lower[hit.first] not in _PEOPLE:
            continue
        if words.is_capitalised(word) and words.lower[word] not in known and before & (WE | {"of"}) and not before & YOU:
            yield words.lower[word], word, word + 1


_PEOPLE = frozenset("people specialists pair".split())


def _no_skills(case: Case) -> frozenset[str]:
    """Words with a capital that are no skill: our own places and names, ranks, the reader's company."""
    seller = case.playbook.seller
    own = " ".join([*seller.own_words, *seller.short_names, seller.company, case.prospect.company.name])
    return frozenset({*plain(own), "senior", "junior", "principal", "lead", "staff", "i"})


def _taken(lower: list[str]) -> bool:
    """Whether a sentence says that nobody is free: "our Rust engineers are taken"."""
    taken = [n for n, w in enumerate(lower) if w in {"taken", "busy", "booked", "occupied", "unavailable"}]
    return any({"are", "is", "be"} & set(lower[max(0, n - 3) : n]) for n in taken)


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
        Example("7 Python engineers would come first, and the others could follow after a review.", _need(10)),
        Example("7 Python engineers would come first and the others will follow.", _need(7)),
    ],
    fails=[
        Example(
            "We suggest a phased ramp: 7 Python engineers, the rest later.",
            {**python(7), "need": {"stack": "python", "engineers": 10}},
        ),
        Example("7 Python engineers would come first and the others will follow, so that you have all 10.", _need(10)),
        Example("We would start with 7 Python engineers and bring you to the full 10.", _need(10)),
        Example("A phased start works well: 7 Python engineers first, then the others.", _need(10)),
        Example("We can ramp up from 7 Python engineers.", {**python(7), "need": {"stack": "python", "engineers": 12}}),
    ],
)
def ramp_gate(case: Case) -> Iterable[Found]:
    """A phased start for a need above capacity that names no gate."""
    need = case.prospect.need
    if not need or need.engineers is None or not need.stack:
        return
    there = available(case, (key(need.stack),))
    if there is None or need.engineers <= there or _gated(case):
        return
    for hit in case.body.of("remainder"):
        yield at(
            case.body, hit,
            f'"{case.body.quote(hit)}" takes the rest of {need.engineers} as coming, {there} are available and no gate is named',
            evidence="/need/engineers",
        )  # fmt: skip
        return
    for hit in case.body.of("ramp_words"):
        if case.body.words.lower[hit.first].startswith(("phase", "ramp", "stage")):
            yield at(
                case.body, hit,
                f"a phased start for {need.engineers} with {there} available names no gate",
                evidence="/need/engineers",
            )  # fmt: skip
            return


def _gated(case: Case) -> bool:
    """Whether a gate is named; "then" alone only orders the steps."""
    return any(case.body.words.lower[h.first : h.last] != ["then"] for h in case.body.of("gate_words"))


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
