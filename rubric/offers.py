"""What a letter offers: so many people, of which stacks; and what capacity there is.

An offer is an amount of people in a sentence where the seller speaks; what the reader asked for or
has is no offer. Capacity is the prospect's own entry, else the playbook's. From when people are
promised is in `starts.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
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
            or _beside_less(passage, sentence, amount)
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
    """Whether the seller may be offering in a sentence; a role of theirs that is open is no offer."""
    if passage.has("past_work", sentence):
        return False
    lower = passage.words.lower
    said = [h for name in _OFFERING for h in passage.inside(name, sentence)]
    if passage.has("roles", sentence) and not WE & set(lower[sentence.first : sentence.last]):
        said = [h for h in said if lower[h.first] not in {"open", "live", "running"}]
    return bool(said)


_OFFERING = ("offer", "covers_all", "available_verb", "start_verb")


def _theirs(passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    """Whether the amount is what they asked for, have or seek: "your request of 10", "the 12 you need"."""
    lower = passage.words.lower
    before = lower[max(sentence.first, amount.first - 4) : amount.first]
    after = lower[amount.last : min(amount.last + 4, sentence.last)]
    if after[:2] in (["from", "us"], ["of", "ours"]):
        return False
    for n, word in reversed(list(enumerate(before))):
        if word == "with" and n and before[n - 1].startswith(("plan", "reckon", "count")):
            continue
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
    lower = passage.words.lower[max(sentence.first, amount.first - 3) : amount.first]
    company = {*plain(case.prospect.company.name)[:1], "company", "firm", "business", "organisation"}
    if amount.high == case.prospect.company.headcount and company & set(lower) and not WE & set(lower):
        return True
    own = {case.prospect.company.headcount, hiring.open_engineering_roles if hiring else None}
    before = passage.words.lower[max(sentence.first, amount.first - 6) : amount.first]
    near = passage.words.lower[amount.last : amount.last + 4]
    offered = bool(WE & set(before + near)) or bool(_GIVEN & set(near))
    names = {n.lower() for n in case.playbook.seller.short_names}
    whole = passage.words.lower[sentence.first : sentence.last]
    could = {"could", "can", "would"} & set(passage.words.lower[amount.last : min(amount.last + 7, sentence.last)])
    offered = offered or bool(names & set(before)) or bool(could and {"us", "ours", "our"} & set(whole))
    return amount.high in own and not offered


def _beside_less(passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    """Whether a smaller number is offered and this one only measures it: "3 of the 10", "of 11 we can offer 3",
    "5, fewer than 8", "rather 6 than promise 15"."""
    lower = passage.words.lower
    others = [a for a in passage.amounts if a.kind == "count" and sentence.first <= a.first < sentence.last]
    if not any(1 <= a.high < amount.high for a in others):
        return False
    before = lower[max(sentence.first, amount.first - 4) : amount.first]
    near = [w for w in before if w not in {"the", "your", "those", "these", "all", "about", "asked"}]
    if near[-2:] in (["fewer", "than"], ["less", "than"]):
        return not {"no", "not", "nothing"} & set(lower[max(sentence.first, amount.first - 5) : amount.first])
    if near[-2:-1] == ["than"] and near[-1].startswith(("promis", "offer", "claim", "pretend", "quot")):
        return "rather" in lower[sentence.first : amount.first]
    smaller_before = any(a.high < amount.high and 0 < amount.first - a.first <= 8 for a in others)
    return near[-1:] == ["of"] and (smaller_before or amount.first - sentence.first <= 2)


def _denied(passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    """ "I will not promise two people I do not have": a denial of the promise, some words before."""
    before = passage.words.lower[max(sentence.first, amount.first - 6) : amount.first]
    after = passage.words.lower[amount.last : min(amount.last + 7, sentence.last)]
    than = after.index("than") if ("more", "than") in pairwise(after) else len(after)
    if set(after[than + 1 : than + 2]) & _MEASURES or ("too", "many") in pairwise(after) or "exceeds" in after:
        return True
    return any(
        w in {"not", "won't", "cannot", "can't", "never"}
        and v in {"promise", "offer", "commit", "guarantee", "provide", "quote", "have"}
        for w, v in pairwise(before)
    )


_MEASURES = frozenset("we i our what is the can us capacity".split())


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
    if after[:1] == ["strong"]:
        return amount.low >= 2
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


def evidence(case: Case, stacks: tuple[str, ...], field: str) -> str:
    own = {key(k): k for k in case.prospect.capacity}
    for stack in stacks:
        if stack in own:
            return f"/capacity/{own[stack]}/{field}"
        if stack in case.playbook.capacity:
            return f"playbook:/capacity/{stack}/{field}"
    return "/capacity" if own else "playbook:/capacity"
