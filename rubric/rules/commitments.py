"""From when people are promised: deployment time, named engineers, committed stacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from rubric.case import Case, Passage
from rubric.offers import WE, YOU, available, entries, evidence, named_stacks, names_in, offering, stacks_near
from rubric.prospect import Commitment, StackCapacity
from rubric.rules import Example, Found, at, at_place, rule
from rubric.rules.regulated import is_regulated
from rubric.segments import capacity_of
from rubric.starts import IDLE, Start, starts
from rubric.words import Sentence, plain


def python(available: int = 7, **more: Any) -> dict[str, Any]:
    return {"capacity": {"python": {"available": available, **more}}}


def dawit(ends: str, **more: Any) -> dict[str, Any]:
    return {"prior_commitments": [{"who": "Dawit Bekele", "stack": "data", "ends": ends, **more}]}


@rule(
    "capacity.start",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="give the earliest day that deployment allows",
    passes=[
        Example("Our Python engineers can start within two weeks.", python(7, deploy_days=14)),
        Example("Would a call next week suit you?", python(7, deploy_days=14)),
        Example("22 April, no: 5 May is the earliest start we can keep for engineers.", python(7, deploy_days=14)),
        Example("Which role is hard to staff today? Our engineers could help.", python(7, deploy_days=14)),
        Example("After a staff reduction in April, our engineers could help.", python(7, deploy_days=14)),
        Example("From 5 May our Python engineers can take tickets from your board.", python(7, deploy_days=14)),
        Example("I read that a new VP Eng started in April.", python(7, deploy_days=14)),
    ],
    fails=[
        Example("On 24 April we could place Python engineers in your team.", python(7, deploy_days=14)),
        Example("They could be with you on 24 April.", python(7, deploy_days=14)),
        Example("Within a week you'd have the team in place.", python(7, deploy_days=14)),
        Example("There is no lead time on our side.", python(7, deploy_days=14)),
        Example(
            "Your start date works for us.",
            {**python(7, deploy_days=14), "need": {"stack": "python", "engineers": 2, "start_by": "2026-04-25"}},
        ),
        Example("If 24 April suits you, our Python engineers could start that day.", python(7, deploy_days=14)),
        Example("Our engineers would be able to start on 24 April.", python(7, deploy_days=14)),
        Example("From 24 April our Python engineers can take tickets from your board.", python(7, deploy_days=14)),
        Example("We can have Python engineers in your team by 24 April.", python(7, deploy_days=14)),
        Example("We can place Python engineers tomorrow.", python(7, deploy_days=14)),
        Example("Our Python engineers can join your stand-ups this very week.", python(7, deploy_days=14)),
        Example("Our Python engineers can start within one week.", python(7, deploy_days=14)),
        Example("We can have Python engineers onboarded tomorrow.", python(7, deploy_days=7)),
        Example(
            "Our Python engineers can start in 10 days.", {**python(7, deploy_days=7), "company": {"regulated": True}}
        ),
    ],
)
def start(case: Case) -> Iterable[Found]:
    """An earlier start than deployment allows, with the extra days of a regulated client."""
    body = case.body
    for sentence in body.words.sentences:
        if (
            not offering(body, sentence)
            or _meeting(case, sentence)
            or names_in(case, sentence)
            or not (_starting(body, sentence) or body.has("covers_all", sentence))
        ):
            continue
        if not (body.has("people", sentence) or _OURS & set(body.words.lower[sentence.first : sentence.last])):
            continue
        known = [e.deploy_days for e in _relevant(case, sentence) if e.deploy_days is not None]
        if not known:
            continue
        extra = case.playbook.policy.regulated_extra_days if is_regulated(case) else 0
        days = min(known) + extra
        for promised in [*starts(case, sentence), *_their_date(case, sentence)]:
            if (promised.day - case.as_of).days < days:
                plus = f" ({min(known)} and {extra} for a regulated client)" if extra else ""
                yield at_place(body, promised,
                    f'promises a start by {promised.day} ("{body.quote(promised)}"), deployment takes {days} days{plus}',
                    evidence=evidence(case, stacks_near(case, body, sentence, None), "deploy_days"),
                )  # fmt: skip
                break


_OURS = WE | frozenset("they they'd they'll them team you'd you'll day".split())


def _their_date(case: Case, sentence: Sentence) -> Iterator[Start]:
    """The day that they asked for, where it is accepted without being named: "your start date works for us"."""
    need, lower = case.prospect.need, case.body.words.lower[sentence.first : sentence.last]
    if need is None or need.start_by is None or not {"date", "start", "deadline", "timing"} & set(lower):
        return
    for hit in case.body.inside("covers_all", sentence):
        if YOU & set(lower) and not case.body.has("negations", sentence) and not sentence.question:
            yield Start(need.start_by, *case.body.words.chars(hit.first, hit.last))
            return


def _relevant(case: Case, sentence: Sentence) -> list[StackCapacity]:
    stacks = stacks_near(case, case.body, sentence, None)
    found = entries(case, stacks)
    if found or stacks:
        return found
    own = list(case.prospect.capacity.values())
    return own or list(case.playbook.capacity.values())


def _meeting(case: Case, sentence: Sentence) -> bool:
    """Whether the time in a sentence is that of a call or a message, not of a start."""
    if case.body.has("ask.call", sentence) and not case.body.has("people", sentence):
        return True
    lower = set(case.body.words.lower[sentence.first : sentence.last])
    return (
        case.is_ask(case.body, sentence) and not {"start", "deploy", "onboard", "deployed", "onboarded", "join"} & lower
    )


def _starting(passage: Passage, sentence: Sentence) -> bool:
    """A word for starting work; being available alone is no start, a "staff reduction" and a role that is
    "hard to staff" are none either."""
    lower = passage.words.lower
    spoken = {"we", "our", "us", "ours"} & set(lower[sentence.first : sentence.last])
    if spoken and passage.has("at_work", sentence) and passage.has("people", sentence):
        return True
    for hit in passage.inside("start_verb", sentence):
        before = lower[max(sentence.first, hit.first - 3) : hit.first]
        if lower[hit.first] == "staff" and (not _STAFFING & set(before[-1:]) or _HARD & set(before)):
            continue
        if lower[hit.first] not in IDLE or _placing(passage, sentence, hit.first):
            return True
    return False


_STAFFING = frozenset("to can could will would we i us and fully".split())
_HARD = frozenset("hard harder hardest difficult easy easier slow tricky".split())


def _placing(passage: Passage, sentence: Sentence, verb: int) -> bool:
    """Whether people are put to work: "on 25 March we could place two engineers in your team"."""
    lower = passage.words.lower
    if lower[verb] not in {"place", "supply", "send"} or not {"we", "i"} & set(lower[max(0, verb - 3) : verb]):
        return False
    return any(verb < h.first <= verb + 6 for h in passage.inside("people", sentence))


@rule(
    "capacity.committed_engineer",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="say until when the person is committed, or propose nobody by name",
    passes=[
        Example("Dawit Bekele could start on 1 August.", dawit("2026-07-31")),
        Example("Dawit Bekele is committed until the end of July, so August is the earliest.", dawit("2026-07-31")),
        Example("Dawit Bekele can start right away.", dawit("2026-04-20")),
        Example("I can't offer Dawit Bekele.", dawit("2026-07-31")),
    ],
    fails=[
        Example("Dawit Bekele can start right away.", dawit("2026-04-21")),
        Example("Dawit Bekele could start on 31 July.", dawit("2026-07-31")),
        Example("Dawit is available to join your team.", dawit("2026-07-31")),
        Example("You'd work with Dawit from the first day.", dawit("2026-07-31")),
        Example("Dawit Bekele is free immediately.", dawit("2024-09-30")),
        Example("Dawit Bekele could start in August.", dawit("2026-07-31", type="renewal")),
    ],
)
def committed_engineer(case: Case) -> Iterable[Found]:
    """An engineer offered by name during a commitment, or on a commitment record too old to tell."""
    for n, commitment in enumerate(case.prospect.prior_commitments):
        if commitment.who and commitment.ends:
            yield from _offered_by_name(case, n, commitment, commitment.who, commitment.ends)


def _offered_by_name(case: Case, number: int, commitment: Commitment, who: str, ends: date) -> Iterator[Found]:
    body = case.body
    places = _sentences_about(case, who)
    if not places:
        return
    evidence = f"/prior_commitments/{number}/ends"
    told = any(body.has("committed_words", s) for s in places)
    promised = [p for s in places for p in starts(case, s) if not _alternative(body, s, who)]
    if commitment.starts and promised and all(p.day < commitment.starts for p in promised):
        return
    early = [p for p in promised if p.day <= ends]
    if early and ends >= case.as_of:
        first = early[0]
        yield at_place(
            body,
            first,
            f'offers {who} "{body.quote(first)}", who is committed until {ends}',
            evidence=evidence,
        )
        return
    offered = [s for s in places if body.has("available_verb", s) or body.has("start_verb", s) or _would(body, s)]
    limit = case.playbook.policy.commitment_freshness_days
    if ends >= case.as_of and offered and not told and not promised:
        yield at(
            body,
            (offered[0].first, offered[0].last),
            f"offers {who} without a word on the commitment until {ends}",
            evidence=evidence,
        )
    elif (
        commitment.type == "renewal"
        and offered
        and ends >= case.as_of
        and not any(body.has("renewal_words", s) for s in body.words.sentences)
    ):
        yield at(
            body,
            (offered[0].first, offered[0].last),
            f"offers {who} after {ends}, while a renewal is under discussion",
            evidence=evidence,
        )
    elif (case.as_of - ends).days > limit and offered and not told:
        yield at(
            body, (offered[0].first, offered[0].last),
            f"says that {who} is free; the only record is a commitment that ended {(case.as_of - ends).days} days ago, and nothing since",
            evidence=evidence,
        )  # fmt: skip


def _would(passage: Passage, sentence: Sentence) -> bool:
    """Whether a person is put to work: "she would lead", "you'd work with her"."""
    lower = set(passage.words.lower[sentence.first : sentence.last])
    return bool(_PUTS & lower) and not passage.has("negations", sentence)


_PUTS = frozenset("would could can will you'd i'd we'd he'd she'd they'd you'll i'll we'll he'll she'll they'll".split())


def _sentences_about(case: Case, who: str) -> list[Sentence]:
    """Sentences with the name, and those that follow with a pronoun."""
    words = plain(who)
    names = {words[0], words[-1]} if len(words) > 1 and len(words[-1]) > 1 else set(words)
    out: list[Sentence] = []
    for sentence in case.body.words.sentences:
        lower = set(case.body.words.lower[sentence.first : sentence.last])
        if (
            names & lower - {"engineer"}
            or set(words) <= lower
            or out
            and {"he", "she", "they", "he's", "she's", "his", "her", "they're", "him"} & lower
        ):
            out.append(sentence)
    return out


def _alternative(passage: Passage, sentence: Sentence, who: str) -> bool:
    """A sentence that offers others: "I have two other profiles that are available now"."""
    lower = set(passage.words.lower[sentence.first : sentence.last])
    return (
        bool({"other", "another", "others", "alternative", "alternatives", "meanwhile"} & lower)
        and plain(who)[0] not in lower
    )


@rule(
    "capacity.committed_stack",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="offer the stack from the day after the commitment ends",
    passes=[
        Example(
            "Our NestJS engineers are committed until the end of September.",
            {"capacity": {"fullstack_nestjs": {"available": 2, "committed_until": "2026-09-30"}}},
        ),
        Example(
            "Our NestJS engineers could start on 1 October 2026.",
            {"capacity": {"fullstack_nestjs": {"available": 2, "committed_until": "2026-09-30"}}},
        ),
        Example("Our NestJS engineers could start on 1 October."),
        Example("If your date can move to 1 October, two NestJS engineers could work with you from that day."),
        Example("If 1 October suits you, two NestJS engineers could start that day."),
        Example("The Senior NestJS Engineer role has been open for 15 days. Is it still open?"),
    ],
    fails=[
        Example("We have two NestJS engineers available now."),
        Example("Our NestJS engineers could start in June."),
        Example("The NestJS role is open, and NestJS engineers are free for it."),
        Example(
            "Our NestJS engineers could start on 30 September 2026.",
            {"capacity": {"fullstack_nestjs": {"available": 2, "committed_until": "2026-09-30"}}},
        ),
    ],
)
def committed_stack(case: Case) -> Iterable[Found]:
    """A stack offered during its commitment window."""
    body = case.body
    for sentence in body.words.sentences:
        if not offering(body, sentence) or names_in(case, sentence) or not body.has("people", sentence):
            continue
        named = named_stacks(case, body, sentence)
        for stack, first, last in named:
            entry = capacity_of(stack, case.prospect, case.playbook)
            if entry is None or entry.committed_until is None or entry.committed_until < case.as_of:
                continue
            if any(s != stack and available(case, (s,)) for s, _, _ in named):
                continue
            promised = list(starts(case, sentence))
            late = [p for p in promised if p.day > entry.committed_until]
            if late or (not promised and body.has("committed_words", sentence)) or body.negated(first):
                continue
            yield at(
                body, (first, last),
                f"offers {stack} before {entry.committed_until}, until when these {case.playbook.seller.people_word} are committed",
                evidence=evidence(case, (stack,), "committed_until"),
            )  # fmt: skip
            return
