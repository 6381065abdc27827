"""What is promised against what is there: numbers, seniority, skills, dates, named engineers.

An offer is an amount of people in a sentence where the seller speaks; what the prospect asked for
or has is no offer. Capacity is the prospect's own entry, else the playbook's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from rubric.case import Case, Passage
from rubric.prospect import Commitment, StackCapacity
from rubric.quantities import Quantity
from rubric.rules import Example, Found, at, at_chars, rule
from rubric.rules.regulated import IDLE, beside_start, is_regulated
from rubric.segments import capacity_of
from rubric.words import Sentence, plain

_YOU = frozenset({"your", "you", "you're", "you've", "yours"})
_WE = frozenset({"we", "our", "we've", "we'll", "we'd", "us", "i", "i've", "i'll", "my"})
_SENIOR = frozenset({"senior", "seniors", "principal"})
_ASKED = frozenset("request requested ask asked need needed needs want wanted require required requirement hiring looking short target".split())


def _python(available: int = 7, **more: Any) -> dict[str, Any]:
    return {"capacity": {"python": {"available": available, **more}}}


def _dawit(ends: str, **more: Any) -> dict[str, Any]:
    return {"prior_commitments": [{"who": "Dawit Bekele", "stack": "data", "ends": ends, **more}]}


class Offer(NamedTuple):
    """So many people, of these stacks (empty where none is named)."""

    amount: Quantity
    sentence: Sentence
    stacks: tuple[str, ...]
    senior: bool


def offers(case: Case) -> list[Offer]:
    return case.memo(_offers)


def _offers(case: Case) -> list[Offer]:
    passage, out = case.body, []
    for amount in passage.amounts:
        if amount.kind != "count" or amount.unit not in {"people", ""} or amount.high < 1:
            continue
        sentence = passage.sentence(amount.first)
        if not _offering(passage, sentence) or _theirs(passage, sentence, amount) or _of_theirs(case, passage, sentence, amount):
            continue
        if passage.negated(amount.first) or _denied(passage, sentence, amount):
            continue
        if not amount.unit and not _people_meant(case, passage, sentence, amount):
            continue
        out.append(Offer(amount, sentence, stacks_near(case, passage, sentence, amount), _senior(passage, sentence, amount)))
    return out


def _denied(passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    """ "I will not promise two people I do not have": a denial of the promise, some words before."""
    before = passage.words.lower[max(sentence.first, amount.first - 6) : amount.first]
    return any(w in {"not", "won't", "cannot", "can't", "never"} and v in {"promise", "offer", "commit", "guarantee", "provide", "quote", "have"} for w, v in zip(before, before[1:], strict=False))


def _senior(passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    """Whether the amount is one of seniors: "three senior engineers", "two of them senior"."""
    lower = passage.words.lower
    inside = lower[max(sentence.first, amount.first - 1) : amount.last + 1]
    behind = lower[amount.last : min(amount.last + 5, sentence.last)] if not amount.unit else []
    return bool(_SENIOR & set(inside)) or bool(behind[:1] == ["of"] and _SENIOR & set(behind))


def _of_theirs(case: Case, passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    """Whether it is a number of the brief, their headcount or open roles, and nobody offers it."""
    hiring = case.prospect.signals.hiring
    own = {case.prospect.company.headcount, hiring.open_engineering_roles if hiring else None}
    before = passage.words.lower[max(sentence.first, amount.first - 6) : amount.first]
    near = passage.words.lower[amount.last : amount.last + 3]
    offered = bool(_WE & set(before)) or bool({"free", "available", "ready", "start", "join"} & set(near))
    return amount.high in own and not offered


def _offering(passage: Passage, sentence: Sentence) -> bool:
    if passage.has("past_work", sentence):
        return False
    return passage.has("offer", sentence) or passage.has("covers_all", sentence) or passage.has("available_verb", sentence) or passage.has("start_verb", sentence)


def _theirs(passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    """Whether the amount is what they asked for, have or seek: "your request of 10", "the 12 you need"."""
    lower = passage.words.lower
    before = lower[max(sentence.first, amount.first - 4) : amount.first]
    after = lower[amount.last : min(amount.last + 4, sentence.last)]
    for n, word in reversed(list(enumerate(before))):
        if word == "you" and n and before[n - 1] in {"give", "offer", "send", "get", "provide", "bring", "lend", "place", "let", "with", "for"}:
            break
        if word in _WE or word in {"offer", "propose", "provide", "deliver", "staff", "place", "send", "give", "add", "with"}:
            break
        if word in _YOU or word in _ASKED:
            return True
    if after[:1] and after[0] in {"you", "you're", "you've"} or after[1:2] == ["you"]:
        return True
    return bool(after[:2] == ["asked", "for"]) or passage.words.quote(amount.first, amount.last).lower().startswith("one of")


def _people_meant(case: Case, passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    after = passage.words.lower[amount.last : amount.last + 2]
    before = set(passage.words.lower[max(sentence.first, amount.first - 8) : amount.first])
    if not (_WE | {"free", "available", "engineers"}) & (before | set(after)):
        return False
    if amount.low < 2 or {"weeks", "minutes", "times", "reasons", "things", "options", "points", "questions", "steps", "areas", "slots"} & set(after):
        return False
    return passage.has("people", sentence) or {"now", "today", "immediately", "more", "available", "ready"} & set(after) != set()


def stacks_near(case: Case, passage: Passage, sentence: Sentence, amount: Quantity | None) -> tuple[str, ...]:
    """Stacks named around an amount; else anywhere in the sentence; else what they need or seek."""
    named = _named_stacks(case, passage, sentence)
    if amount is not None:
        close = [s for s, first, last in named if amount.first - 3 <= first and last <= amount.last + 4]
        if close:
            return tuple(dict.fromkeys(close))
    if named:
        return tuple(dict.fromkeys(s for s, _, _ in named))
    need, hiring, gap = case.prospect.need, case.prospect.signals.hiring, case.prospect.signals.capability_gap
    if need and need.stack:
        return (_key(need.stack),)
    if gap and gap.stack:
        return (_key(gap.stack),)
    sought = {_key(r.stack) for r in (hiring.roles if hiring else []) if r.stack}
    return tuple(sought) if len(sought) == 1 else ()


def _named_stacks(case: Case, passage: Passage, sentence: Sentence) -> list[tuple[str, int, int]]:
    out = [(name, h.first, h.last) for name in case.playbook.stacks for h in passage.inside(f"stack.{name}", sentence) if not _go_verb(passage, name, h.first)]
    for name in case.prospect.capacity:
        if name not in case.playbook.stacks and name.lower() in passage.words.lower[sentence.first : sentence.last]:
            first = passage.words.lower.index(name.lower(), sentence.first)
            out.append((name, first, first + 1))
    return sorted(out, key=lambda s: s[1])


def _go_verb(passage: Passage, name: str, word: int) -> bool:
    """"go" is a language beside engineers, or with a capital; otherwise a verb."""
    if name != "go" or passage.words.lower[word] != "go":
        return False
    after = passage.words.lower[word + 1 : word + 3]
    return not passage.words.is_capitalised(word) and not {"engineers", "engineer", "developers", "developer", "team", "capacity", "squad", "roles", "devs"} & set(after)


def _key(stack: str) -> str:
    return stack.strip().lower().replace(" ", "_")


def entries(case: Case, stacks: Iterable[str]) -> list[StackCapacity]:
    """Capacity entries of the stacks; a stack that is a group stands for its members."""
    out = []
    for stack in stacks:
        entry = capacity_of(stack, case.prospect, case.playbook)
        if entry is not None:
            out.append(entry)
        else:
            members = case.playbook.stack_groups.get(stack, ())
            out += [e for m in members if (e := capacity_of(m, case.prospect, case.playbook)) is not None]
    return out


def available(case: Case, stacks: tuple[str, ...]) -> int | None:
    """How many are there: the best of the named stacks, a group together, all where none is named."""
    if not stacks:
        own = {_key(k): v for k, v in case.prospect.capacity.items()}
        merged = {**case.playbook.capacity, **own} if not own else own
        return sum(e.available for e in merged.values()) if merged else None
    totals = [sum(e.available for e in entries(case, (s,))) for s in stacks if entries(case, (s,))]
    return max(totals) if totals else 0


@rule(
    "capacity.over_commitment",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="offer what is available, and a phased start with a stated gate for the rest",
    passes=[
        Example("We have 7 Python engineers available.", _python(7)),
        Example("We have 7 Python engineers, short of the 10 you asked for.", _python(7)),
    ],
    fails=[
        Example("We can place 8 Python engineers.", _python(7)),
        Example("We can send a squad of a dozen.", {**_python(7), "need": {"stack": "python"}}),
        Example("We have plenty of capacity and can cover the full request.", {**_python(7), "need": {"stack": "python", "engineers": 10}}),
    ],
)
def over_commitment(case: Case) -> Iterable[Found]:
    """More people than capacity shows, in digits, in words or as "as many as you need"."""
    for offer in offers(case):
        there = available(case, offer.stacks)
        if there is None or offer.amount.high <= there:
            continue
        what = "/".join(offer.stacks) or "all stacks"
        yield at_chars(
            case.body, offer.amount.start, offer.amount.end,
            f'offers {offer.amount.high:g} ("{case.body.words.text[offer.amount.start:offer.amount.end]}"), {there} are available for {what}',
            evidence=_evidence(case, offer.stacks, "available"),
        )  # fmt: skip
    yield from _boundless(case)


def _boundless(case: Case) -> Iterator[Found]:
    need = case.prospect.need
    stacks = (_key(need.stack),) if need and need.stack else ()
    there = available(case, stacks)
    for hit in case.body.of("unlimited"):
        sentence = case.body.sentence(hit.first)
        if case.body.negated(hit.first) or not _offering(case.body, sentence) or sentence.question:
            continue
        yield at(
            case.body, hit,
            f'"{case.body.words.quote(hit.first, hit.last)}" knows no limit, {there if there is not None else "no"} {case.playbook.seller.people_word} are available',
            evidence=_evidence(case, stacks, "available"),
        )  # fmt: skip
        return
    short = need is not None and need.engineers is not None and there is not None and need.engineers > there
    for hit in case.body.of("covers_all") if short else ():
        sentence = case.body.sentence(hit.first)
        if not case.body.negated(hit.first) and not case.body.has("negations", sentence) and not sentence.question and _offering(case.body, sentence) and not case.body.has("ramp_words", sentence):
            yield at(
                case.body, hit,
                f'"{case.body.words.quote(hit.first, hit.last)}" covers a need of {need.engineers if need else 0}, {there} are available',
                evidence=_evidence(case, stacks, "available"),
            )  # fmt: skip
            return


def _evidence(case: Case, stacks: tuple[str, ...], field: str) -> str:
    own = {_key(k): k for k in case.prospect.capacity}
    for stack in stacks:
        if stack in own:
            return f"/capacity/{own[stack]}/{field}"
        if stack in case.playbook.capacity:
            return f"playbook:/capacity/{stack}/{field}"
    return "/capacity" if own else "playbook:/capacity"


@rule(
    "capacity.seniority",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="say how many of them are senior",
    passes=[
        Example("We have two senior Python engineers.", _python(7, senior=2)),
        Example("We have seven Python engineers, two of them senior.", _python(7, senior=2)),
    ],
    fails=[
        Example("We have three senior Python engineers.", _python(7, senior=2)),
        Example("We have five Python engineers, all senior.", _python(7, senior=2)),
    ],
)
def seniority(case: Case) -> Iterable[Found]:
    """More senior people than capacity shows."""
    for offer in offers(case):
        known = [e.senior for e in entries(case, offer.stacks) if e.senior is not None]
        everyone = case.body.has("all_senior", offer.sentence)
        if not known or len(known) < len(entries(case, offer.stacks)) or not (offer.senior or everyone) or offer.amount.high <= max(known):
            continue
        if not everyone and _senior_part(case, offer):
            continue
        yield at_chars(
            case.body, offer.amount.start, offer.amount.end,
            f"offers {offer.amount.high:g} senior, {max(known)} senior are available for {'/'.join(offer.stacks)}",
            evidence=_evidence(case, offer.stacks, "senior"),
        )  # fmt: skip


def _senior_part(case: Case, offer: Offer) -> bool:
    """ "seven engineers, two of them senior": the word belongs to the next amount."""
    inside = case.body.words.lower[offer.amount.first : offer.amount.last]
    return bool(offer.amount.unit) and not _SENIOR & set(inside)


@rule(
    "capacity.skill",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="offer only skills that capacity shows",
    passes=[
        Example("We have Python engineers available.", _python(7)),
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
        if not _WE & set(lower) or not body.has("people", sentence) or body.has("negations", sentence) or _names_in(case, sentence):
            continue
        named = _named_stacks(case, body, sentence)
        if any(sum(e.available for e in entries(case, (s,))) for s, _, _ in named):
            continue
        for stack, first, last in named:
            if _offered_skill(body, sentence, first, last):
                yield at(
                    body, (first, last),
                    f'offers people for "{body.words.quote(first, last)}", capacity shows no one for {stack}',
                    evidence=_evidence(case, (stack,), "available"),
                )  # fmt: skip
                return


def _offered_skill(passage: Passage, sentence: Sentence, first: int, last: int) -> bool:
    """Whether the skill is put on the seller's people and is not the reader's own stack or role."""
    lower = passage.words.lower
    before = set(lower[max(sentence.first, first - 4) : first])
    if _YOU & before or {"roles", "role", "openings", "opening", "posting", "postings", "stack"} & set(lower[last : last + 3]):
        return False
    people = [h.first for h in passage.inside("people", sentence)]
    near = any(-12 <= p - first <= 4 for p in people) or any(p > last for p in people)
    knows = {"know", "knows", "experience", "experienced", "write", "writes", "work", "works", "cover", "covers", "speak", "background", "fluent", "skilled", "with", "who", "in"}
    direct = any(0 <= p - last <= 2 for p in people)
    return direct or (near and bool(knows & set(lower[sentence.first : sentence.last])) and not {"your", "you"} & set(lower[max(sentence.first, first - 8) : first]))


def _names_in(case: Case, sentence: Sentence) -> bool:
    said = set(case.body.words.lower[sentence.first : sentence.last])
    return any(c.who and set(plain(c.who)) <= said for c in case.prospect.prior_commitments)


class Start(NamedTuple):
    """A promised start: the latest day it can mean, and its characters."""

    day: date
    start: int
    end: int


def starts(case: Case, sentence: Sentence) -> Iterator[Start]:
    """Every start that a sentence promises: a date, a span of time from now, or "immediately"."""
    body = case.body
    for ref in body.dates:
        if not sentence.start <= ref.start < sentence.end or ref.last_day < case.as_of or ref.kind in {"ago", "only_year", "in"}:
            continue
        word = min(body.words.at(ref.start), sentence.last - 1)
        if _until(body, ref.start) or _too_soon(body, ref.end) or _refused(body, sentence, word) or _in_condition(body, sentence, word):
            continue
        if ref.kind == "day" and (not beside_start(body, sentence, word) or body.words.lower[word - 1 : word] == ["from"]):
            continue
        behind = _behind(body, ref.start)
        yield Start(_later(ref.last_day, int(behind)), ref.start, ref.end)
    for amount in body.amounts:
        if amount.kind == "duration" and sentence.first <= amount.first < sentence.last and _ahead(body, amount):
            yield Start(_later(case.as_of, round(min(amount.high, 1e5) + 0.49)), amount.start, amount.end)
    for hit in body.inside("start_now", sentence):
        if not body.negated(hit.first) and beside_start(body, sentence, hit.first) and not _in_condition(body, sentence, hit.first):
            days = 7 if "week" in body.words.lower[hit.first : hit.last] and "next" not in body.words.lower[hit.first : hit.last] else 0
            if "next" in body.words.lower[hit.first : hit.last]:
                days = 11 - case.as_of.weekday()
            if body.words.lower[hit.first] == "tomorrow":
                days = 1
            yield Start(_later(case.as_of, days), *body.words.chars(hit.first, hit.last))


def _in_condition(passage: Passage, sentence: Sentence, word: int) -> bool:
    """Whether the time is that of a condition: "if we agreed this week, two could start in May"."""
    return bool({"if", "once", "when", "should"} & set(passage.words.lower[max(sentence.first, word - 5) : word])) and "," in passage.words.text[passage.words.starts[word] : sentence.end]


def _refused(passage: Passage, sentence: Sentence, word: int) -> bool:
    """Whether the start is denied: "cannot start in July"."""
    denied = [h.first for h in passage.inside("negations", sentence) if word - 5 <= h.first < word]
    return bool(denied) and passage.words.lower[denied[-1]] in {"cannot", "can't", "not", "won't", "couldn't", "isn't", "unable", "never"}


def _later(day: date, days: int) -> date:
    """Some days on, or the last day of the calendar."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


def _behind(passage: Passage, start: int) -> bool:
    word = passage.words.at(start)
    return bool({"after", "post", "beyond", "past", "following"} & set(passage.words.lower[max(0, word - 2) : word]))


def _too_soon(passage: Passage, end: int) -> bool:
    return bool(re.match(r"\W{0,3}(?:\w+ ){0,3}(?:is|would be|are) (?:too|not)\b", passage.words.text[end:], re.I))


def _until(passage: Passage, start: int) -> bool:
    word = passage.words.at(start)
    before = passage.words.lower[max(0, word - 4) : word]
    return bool({"until", "through", "till", "to", "thru", "ends", "end", "ending", "finishes", "wraps", "rolls"} & set(before))


def _ahead(passage: Passage, amount: Quantity) -> bool:
    """Whether a duration counts from now: "in two weeks", "within 72 hours", "two-week lead time"."""
    lower = passage.words.lower
    before = lower[max(0, amount.first - 3) : amount.first]
    after = lower[amount.last : amount.last + 3]
    if {"ago", "minute", "engagement", "contract", "project", "scope", "sprint", "notice", "trial"} & set(after) or amount.unit == "minute":
        return False
    if {"adds", "add", "adding", "plus", "additional", "extra", "for", "every", "over", "last", "past"} & set(before) or {"longer", "extra", "more", "later"} & set(after):
        return False
    return bool({"in", "within", "under", "inside", "only", "just", "take", "takes", "start"} & set(before)) or bool({"lead", "from", "onboarding", "turnaround"} & set(after))


@rule(
    "capacity.start",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="give the earliest day that deployment allows",
    passes=[
        Example("Our Python engineers can start within two weeks.", _python(7, deploy_days=14)),
        Example("Would a call next week suit you?", _python(7, deploy_days=14)),
    ],
    fails=[
        Example("Our Python engineers can start within one week.", _python(7, deploy_days=14)),
        Example("We can have Python engineers onboarded tomorrow.", _python(7, deploy_days=7)),
        Example("Our Python engineers can start in 10 days.", {**_python(7, deploy_days=7), "company": {"regulated": True}}),
    ],
)
def start(case: Case) -> Iterable[Found]:
    """An earlier start than deployment allows, with the extra days of a regulated client."""
    body = case.body
    for sentence in body.words.sentences:
        if not _offering(body, sentence) or _meeting(case, sentence) or _names_in(case, sentence) or not _starting(body, sentence):
            continue
        if not (body.has("people", sentence) or _WE & set(body.words.lower[sentence.first : sentence.last])):
            continue
        known = [e.deploy_days for e in _relevant(case, sentence) if e.deploy_days is not None]
        if not known:
            continue
        extra = case.playbook.policy.regulated_extra_days if is_regulated(case) else 0
        days = min(known) + extra
        for promised in starts(case, sentence):
            if (promised.day - case.as_of).days < days:
                plus = f" ({min(known)} and {extra} for a regulated client)" if extra else ""
                yield at_chars(
                    body, promised.start, promised.end,
                    f'promises a start by {promised.day} ("{body.words.text[promised.start:promised.end]}"), deployment takes {days} days{plus}',
                    evidence=_evidence(case, stacks_near(case, body, sentence, None), "deploy_days"),
                )  # fmt: skip
                break


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
    return case.is_ask(case.body, sentence) and not {"start", "deploy", "onboard", "deployed", "onboarded", "join"} & lower


def _starting(passage: Passage, sentence: Sentence) -> bool:
    """A word for starting work; being available alone is no start."""
    verbs = [passage.words.lower[h.first] for h in passage.inside("start_verb", sentence)]
    return any(v not in IDLE for v in verbs)


@rule(
    "capacity.committed_engineer",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="say until when the person is committed, or propose nobody by name",
    passes=[
        Example("Dawit Bekele could start on 1 August.", _dawit("2026-07-31")),
        Example("Dawit Bekele is committed until the end of July, so August is the earliest.", _dawit("2026-07-31")),
        Example("Dawit Bekele can start right away.", _dawit("2026-04-20")),
    ],
    fails=[
        Example("Dawit Bekele can start right away.", _dawit("2026-04-21")),
        Example("Dawit Bekele could start on 31 July.", _dawit("2026-07-31")),
        Example("Dawit is available to join your team.", _dawit("2026-07-31")),
        Example("Dawit Bekele is free immediately.", _dawit("2024-09-30")),
        Example("Dawit Bekele could start in August.", _dawit("2026-07-31", type="renewal")),
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
        yield at_chars(body, first.start, first.end, f'offers {who} "{body.words.text[first.start:first.end]}", who is committed until {ends}', evidence=evidence)
        return
    offered = [s for s in places if body.has("available_verb", s) or body.has("start_verb", s)]
    limit = case.playbook.policy.commitment_freshness_days
    if ends >= case.as_of and offered and not told and not promised:
        yield at(body, (offered[0].first, offered[0].last), f"offers {who} without a word on the commitment until {ends}", evidence=evidence)
    elif commitment.type == "renewal" and offered and ends >= case.as_of and not any(body.has("renewal_words", s) for s in body.words.sentences):
        yield at(body, (offered[0].first, offered[0].last), f"offers {who} after {ends}, while a renewal is under discussion", evidence=evidence)
    elif (case.as_of - ends).days > limit and offered and not told:
        yield at(
            body, (offered[0].first, offered[0].last),
            f"says that {who} is free; the only record is a commitment that ended {(case.as_of - ends).days} days ago, and nothing since",
            evidence=evidence,
        )  # fmt: skip


def _sentences_about(case: Case, who: str) -> list[Sentence]:
    """Sentences with the name, and those that follow with a pronoun."""
    words = plain(who)
    names = {words[0], words[-1]} if len(words) > 1 and len(words[-1]) > 1 else set(words)
    out: list[Sentence] = []
    for sentence in case.body.words.sentences:
        lower = set(case.body.words.lower[sentence.first : sentence.last])
        if names & lower - {"engineer"} or set(words) <= lower:
            out.append(sentence)
        elif out and {"he", "she", "they", "he's", "she's", "his", "her", "they're", "him"} & lower:
            out.append(sentence)
    return out


def _alternative(passage: Passage, sentence: Sentence, who: str) -> bool:
    """A sentence that offers others: "I have two other profiles that are available now"."""
    lower = set(passage.words.lower[sentence.first : sentence.last])
    return bool({"other", "another", "others", "alternative", "alternatives", "meanwhile"} & lower) and plain(who)[0] not in lower


@rule(
    "capacity.committed_stack",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="offer the stack from the day after the commitment ends",
    passes=[
        Example("Our NestJS engineers are committed until the end of September.", {"capacity": {"fullstack_nestjs": {"available": 2, "committed_until": "2026-09-30"}}}),
        Example("Our NestJS engineers could start on 1 October 2026.", {"capacity": {"fullstack_nestjs": {"available": 2, "committed_until": "2026-09-30"}}}),
    ],
    fails=[
        Example("We have two NestJS engineers available now."),
        Example("Our NestJS engineers could start on 30 September 2026.", {"capacity": {"fullstack_nestjs": {"available": 2, "committed_until": "2026-09-30"}}}),
    ],
)
def committed_stack(case: Case) -> Iterable[Found]:
    """A stack offered during its commitment window."""
    body = case.body
    for sentence in body.words.sentences:
        if not _offering(body, sentence) or _names_in(case, sentence) or not body.has("people", sentence):
            continue
        named = _named_stacks(case, body, sentence)
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
                evidence=_evidence(case, (stack,), "committed_until"),
            )  # fmt: skip
            return


@rule(
    "capacity.ramp_gate",
    failure="bench_over_commitment",
    dimension="bench_fit_alignment",
    severity=3,
    decision="PENALISE",
    fix="state the gate: what is reviewed, and when, before the next phase",
    passes=[
        Example("We could start with 7 now and review capacity in four weeks.", {**_python(7), "need": {"stack": "python", "engineers": 10}}),
        Example("We have 7 Python engineers.", {**_python(7), "need": {"stack": "python", "engineers": 7}}),
    ],
    fails=[
        Example("We suggest a phased ramp: 7 Python engineers, the rest later.", {**_python(7), "need": {"stack": "python", "engineers": 10}}),
        Example("We can ramp up from 7 Python engineers.", {**_python(7), "need": {"stack": "python", "engineers": 12}}),
    ],
)
def ramp_gate(case: Case) -> Iterable[Found]:
    """A phased start for a need above capacity that names no gate."""
    need = case.prospect.need
    if not need or need.engineers is None or not need.stack:
        return
    there = available(case, (_key(need.stack),))
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
        if passage.words.lower[hit.first] not in case.brief.words or passage.sentence(hit.first) and _WE & set(passage.words.lower[max(0, hit.first - 3) : hit.first]):
            yield at(passage, hit, f'"{passage.words.quote(hit.first, hit.last)}" is an inside word for people')
            return
