"""What a letter offers: so many people, of which stacks, from when; and what capacity there is.

An offer is an amount of people in a sentence where the seller speaks; what the reader asked for or
has is no offer. Capacity is the prospect's own entry, else the playbook's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from rubric.case import Case, Passage
from rubric.prospect import StackCapacity
from rubric.quantities import Quantity
from rubric.segments import capacity_of
from rubric.words import Sentence, plain

YOU = frozenset({"your", "you", "you're", "you've", "yours"})
WE = frozenset({"we", "our", "we've", "we'll", "we'd", "us", "i", "i've", "i'll", "my"})
_GIVEN = frozenset({"free", "available", "ready", "start", "join", "works", "yes", "problem", "yours", "fine"})
_ASKED = frozenset(
    "request requested ask asked need needed needs want wanted require required requirement hiring looking short target".split()
)
SENIOR = frozenset({"senior", "seniors", "principal"})
IDLE = frozenset(
    {
        "available",
        "free",
        "open",
        "spare",
        "set",
        "working",
        "work",
        "place",
        "supply",
        "send",
        "commit",
        "committed",
        "commitment",
        "hand",
        "shipping",
        "shipped",
        "live",
    }
)


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
        if (
            not offering(passage, sentence)
            or _theirs(passage, sentence, amount)
            or _of_theirs(case, passage, sentence, amount)
        ):
            continue
        if passage.negated(amount.first) or _denied(passage, sentence, amount):
            continue
        if _is_sum(passage, sentence, amount):
            continue
        if not amount.unit and not _people_meant(passage, sentence, amount):
            continue
        out.append(
            Offer(amount, sentence, stacks_near(case, passage, sentence, amount), _senior(passage, sentence, amount))
        )
    return out


def offering(passage: Passage, sentence: Sentence) -> bool:
    if passage.has("past_work", sentence):
        return False
    return (
        passage.has("offer", sentence)
        or passage.has("covers_all", sentence)
        or passage.has("available_verb", sentence)
        or passage.has("start_verb", sentence)
    )


def _theirs(passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    """Whether the amount is what they asked for, have or seek: "your request of 10", "the 12 you need"."""
    lower = passage.words.lower
    before = lower[max(sentence.first, amount.first - 4) : amount.first]
    after = lower[amount.last : min(amount.last + 4, sentence.last)]
    for n, word in reversed(list(enumerate(before))):
        if (
            word == "you"
            and n
            and before[n - 1]
            in {"give", "offer", "send", "get", "provide", "bring", "lend", "place", "let", "with", "for"}
        ):
            break
        if word in WE or word in {
            "offer",
            "propose",
            "provide",
            "deliver",
            "staff",
            "place",
            "send",
            "give",
            "add",
            "with",
        }:
            break
        if word in YOU or word in _ASKED:
            return True
    if after[:1] and (after[0] in {"you", "you're", "you've"} or after[:2] in (["that", "you"], ["which", "you"])):
        return True
    return bool(after[:2] == ["asked", "for"]) or passage.words.quote(amount.first, amount.last).lower().startswith(
        "one of"
    )


def _of_theirs(case: Case, passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    """Whether it is a number of the brief, their headcount or open roles, and nobody offers it."""
    hiring = case.prospect.signals.hiring
    own = {case.prospect.company.headcount, hiring.open_engineering_roles if hiring else None}
    before = passage.words.lower[max(sentence.first, amount.first - 6) : amount.first]
    near = passage.words.lower[amount.last : amount.last + 4]
    offered = bool(WE & set(before + near)) or bool(_GIVEN & set(near))
    return amount.high in own and not offered


def _denied(passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    """ "I will not promise two people I do not have": a denial of the promise, some words before."""
    before = passage.words.lower[max(sentence.first, amount.first - 6) : amount.first]
    after = passage.words.lower[amount.last : min(amount.last + 7, sentence.last)]
    if ("more", "than") in pairwise(after) or ("too", "many") in pairwise(after) or "exceeds" in after:
        return True
    return any(
        w in {"not", "won't", "cannot", "can't", "never"}
        and v in {"promise", "offer", "commit", "guarantee", "provide", "quote", "have"}
        for w, v in pairwise(before)
    )


def _is_sum(passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    """Whether the counts behind it add up to it: "ten engineers: 8 in Python and 2 in Go"."""
    parts = [a.high for a in passage.amounts if amount.first < a.first < sentence.last and a.kind == "count"]
    return len(parts) > 1 and sum(parts) == amount.high


def _senior(passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    """Whether the amount is one of seniors: "three senior engineers", "two of them senior"."""
    lower = passage.words.lower
    inside = lower[max(sentence.first, amount.first - 1) : amount.last + 1]
    behind = lower[amount.last : min(amount.last + 5, sentence.last)] if not amount.unit else []
    return bool(SENIOR & set(inside)) or bool(behind[:1] == ["of"] and SENIOR & set(behind))


def _people_meant(passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    after = passage.words.lower[amount.last : amount.last + 2]
    before = set(passage.words.lower[max(sentence.first, amount.first - 8) : amount.first])
    if not (WE | {"free", "available", "engineers"}) & (before | set(after)):
        return False
    if amount.low < 2 or {
        "weeks",
        "minutes",
        "times",
        "reasons",
        "things",
        "options",
        "points",
        "questions",
        "steps",
        "areas",
        "slots",
    } & set(after):
        return False
    return (
        passage.has("people", sentence)
        or {"now", "today", "immediately", "more", "available", "ready"} & set(after) != set()
    )


def stacks_near(case: Case, passage: Passage, sentence: Sentence, amount: Quantity | None) -> tuple[str, ...]:
    """Stacks named with an amount; else anywhere in the sentence; else what they need or seek."""
    named = named_stacks(case, passage, sentence)
    if amount is not None and (close := _with_amount(passage, named, amount)):
        return close
    if named:
        return tuple(dict.fromkeys(s for s, _, _ in named))
    need, hiring, gap = case.prospect.need, case.prospect.signals.hiring, case.prospect.signals.capability_gap
    if need and need.stack:
        return (key(need.stack),)
    if gap and gap.stack:
        return (key(gap.stack),)
    sought = {key(r.stack) for r in (hiring.roles if hiring else []) if r.stack}
    return tuple(sought) if len(sought) == 1 else ()


def _with_amount(passage: Passage, named: list[tuple[str, int, int]], amount: Quantity) -> tuple[str, ...]:
    """The stacks inside an amount's own words, else close behind it, else close before it; the next
    amount's stacks are not its own."""
    following = min((a.first for a in passage.amounts if a.first > amount.first), default=10**9)
    reaches = (
        (amount.first, amount.last),
        (amount.last, min(amount.last + 5, following)),
        (amount.first - 3, amount.first),
    )
    for low, high in reaches:
        found = tuple(dict.fromkeys(s for s, first, last in named if low <= first and last <= high))
        if found:
            return found
    return ()


def named_stacks(case: Case, passage: Passage, sentence: Sentence) -> list[tuple[str, int, int]]:
    out = [
        (name, h.first, h.last)
        for name in case.playbook.stacks
        for h in passage.inside(f"stack.{name}", sentence)
        if not is_verb(passage, name, h.first)
    ]
    for name in case.prospect.capacity:
        if name not in case.playbook.stacks and name.lower() in passage.words.lower[sentence.first : sentence.last]:
            first = passage.words.lower.index(name.lower(), sentence.first)
            out.append((name, first, first + 1))
    return sorted(out, key=lambda s: s[1])


def is_verb(passage: Passage, name: str, word: int) -> bool:
    """ "go" is a language beside engineers, or with a capital; otherwise a verb."""
    if name != "go" or passage.words.lower[word] != "go":
        return False
    after = passage.words.lower[word + 1 : word + 3]
    return not passage.words.is_capitalised(word) and not {
        "engineers",
        "engineer",
        "developers",
        "developer",
        "team",
        "capacity",
        "squad",
        "roles",
        "devs",
    } & set(after)


def key(stack: str) -> str:
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
        own = {key(k): v for k, v in case.prospect.capacity.items()}
        whole = own or case.playbook.capacity
        return sum(e.available for e in whole.values()) if whole else None
    totals = [sum(e.available for e in entries(case, (s,))) for s in stacks if entries(case, (s,))]
    return max(totals) if totals else 0


def names_in(case: Case, sentence: Sentence) -> bool:
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
    explicit = any(r.kind == "calendar" and sentence.start <= r.start < sentence.end for r in body.dates)
    for ref in body.dates:
        if (
            not sentence.start <= ref.start < sentence.end
            or ref.last_day < case.as_of
            or ref.kind in {"ago", "only_year", "in"}
        ):
            continue
        word = min(body.words.at(ref.start), sentence.last - 1)
        if (
            _until(body, ref.start)
            or _too_soon(body, ref.end)
            or _refused(body, sentence, word)
            or _in_condition(body, sentence, word)
        ):
            continue
        if ref.kind == "day" and (
            explicit or not beside_start(body, sentence, word) or body.words.lower[word - 1 : word] == ["from"]
        ):
            continue
        behind = _behind(body, ref.start)
        yield Start(_later(ref.last_day, int(behind)), ref.start, ref.end)
    for amount in body.amounts:
        if amount.kind == "duration" and sentence.first <= amount.first < sentence.last and _ahead(body, amount):
            yield Start(_later(case.as_of, round(min(amount.high, 1e5) + 0.49)), amount.start, amount.end)
    for hit in body.inside("start_now", sentence) if not explicit else ():
        if (
            not body.negated(hit.first)
            and body.words.lower[hit.first - 1 : hit.first] != ["from"]
            and beside_start(body, sentence, hit.first)
            and not _in_condition(body, sentence, hit.first)
        ):
            days = (
                7
                if "week" in body.words.lower[hit.first : hit.last]
                and "next" not in body.words.lower[hit.first : hit.last]
                else 0
            )
            if "next" in body.words.lower[hit.first : hit.last]:
                days = 11 - case.as_of.weekday()
            if body.words.lower[hit.first] == "tomorrow":
                days = 1
            yield Start(_later(case.as_of, days), *body.words.chars(hit.first, hit.last))


def _until(passage: Passage, start: int) -> bool:
    word = passage.words.at(start)
    before = passage.words.lower[max(0, word - 4) : word]
    return bool(
        {"until", "through", "till", "to", "thru", "ends", "end", "ending", "finishes", "wraps", "rolls"} & set(before)
    )


def _ahead(passage: Passage, amount: Quantity) -> bool:
    """Whether a duration counts from now: "in two weeks", "within 72 hours", "two-week lead time"."""
    lower = passage.words.lower
    before = lower[max(0, amount.first - 3) : amount.first]
    after = lower[amount.last : amount.last + 3]
    if {"ago", "minute", "engagement", "contract", "project", "scope", "sprint", "notice", "trial"} & set(
        after
    ) or amount.unit == "minute":
        return False
    if {"adds", "add", "adding", "plus", "additional", "extra", "for", "every", "over", "last", "past"} & set(
        before
    ) or {"longer", "extra", "more", "later"} & set(after):
        return False
    return bool({"in", "within", "under", "inside", "only", "just", "take", "takes", "start"} & set(before)) or bool(
        {"lead", "from", "onboarding", "turnaround"} & set(after)
    )


def beside_start(passage: Passage, sentence: Sentence, word: int) -> bool:
    """Whether the nearest verb is one of starting and not one of being free: "free today, start in May"."""
    verbs = [*passage.inside("start_verb", sentence), *passage.inside("available_verb", sentence)]
    if not verbs:
        return True
    nearest = min(verbs, key=lambda h: (abs(h.first - word), h.first > word))
    return passage.words.lower[nearest.first] not in IDLE or word in range(nearest.first, nearest.last)


def _later(day: date, days: int) -> date:
    """Some days on, or the last day of the calendar."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


def _behind(passage: Passage, start: int) -> bool:
    word = passage.words.at(start)
    return bool({"after", "post", "beyond", "past", "following"} & set(passage.words.lower[max(0, word - 2) : word]))


def _refused(passage: Passage, sentence: Sentence, word: int) -> bool:
    """Whether the start is denied: "cannot start in July"."""
    denied = [h.first for h in passage.inside("negations", sentence) if word - 5 <= h.first < word]
    return bool(denied) and passage.words.lower[denied[-1]] in {
        "cannot",
        "can't",
        "not",
        "won't",
        "couldn't",
        "isn't",
        "unable",
        "never",
    }


def _in_condition(passage: Passage, sentence: Sentence, word: int) -> bool:
    """Whether the time is that of a condition: "if we agreed this week, two could start in May"."""
    return (
        bool({"if", "once", "when", "should"} & set(passage.words.lower[max(sentence.first, word - 5) : word]))
        and "," in passage.words.text[passage.words.starts[word] : sentence.end]
    )


def _too_soon(passage: Passage, end: int) -> bool:
    return bool(re.match(r"\W{0,3}(?:\w+ ){0,3}(?:is|would be|are) (?:too|not)\b", passage.words.text[end:], re.I))


def evidence(case: Case, stacks: tuple[str, ...], field: str) -> str:
    own = {key(k): k for k in case.prospect.capacity}
    for stack in stacks:
        if stack in own:
            return f"/capacity/{own[stack]}/{field}"
        if stack in case.playbook.capacity:
            return f"playbook:/capacity/{stack}/{field}"
    return "/capacity" if own else "playbook:/capacity"
