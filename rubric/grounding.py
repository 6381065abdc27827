"""Claims of a letter, each traced to the value that carries it.

Decides what counts as a claim: amounts, dates, events, technologies, roles and names. What nothing
carries is reported with its span; whether that breaks a rule is for the rules to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rubric.case import Case, Passage
from rubric.mentions import mentions, signal_of
from rubric.offers import evidence, is_verb, stacks_near
from rubric.words import plain

_TITLE = re.compile(
    r"\b(?:CEO|CTO|CFO|COO|CIO|VP(?: of)?(?: \w+)?|Head of \w+|Director of \w+|Chief \w+ Officer|co-?founder|founder)\b",
    re.I,
)
_PLAIN = frozenset(
    "I Hi Hello Dear Best Regards Thanks Series Seed AI ML API APIs SaaS UK US EU Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August September October November December CTO CEO CFO COO VP GMT UTC CET CEST EAT ET PT".split()
)


class Traced(NamedTuple):
    kind: str
    text: str
    span: tuple[int, int]
    part: str
    pointer: str | None


def claims(case: Case) -> list[Traced]:
    """Every claim in subject and prose, in the order of the text."""
    out: list[Traced] = []
    for passage in case.passages:
        found = [*_amounts(case, passage), *_dates(case, passage), *_events(case, passage), *_titles(case, passage)]
        found += _technologies(case, passage)
        taken = [c.span for c in found]
        found += [c for c in _names(case, passage) if not any(a < c.span[1] and c.span[0] < b for a, b in taken)]
        out += sorted(found, key=lambda c: c.span)
    return out


def _claim(passage: Passage, kind: str, start: int, end: int, pointer: str | None) -> Traced:
    return Traced(kind, passage.words.text[start:end], passage.text.span(start, end), passage.part, pointer)


def _amounts(case: Case, passage: Passage) -> Iterator[Traced]:
    for amount in passage.amounts:
        pointer = case.brief.trace(amount)
        if pointer and pointer.startswith("playbook:/capacity") and amount.kind == "duration":
            stacks = stacks_near(case, passage, passage.sentence(amount.first), None)
            pointer = evidence(case, stacks, "deploy_days")
        yield _claim(passage, amount.kind, amount.start, amount.end, pointer)


def _dates(case: Case, passage: Passage) -> Iterator[Traced]:
    for ref in passage.dates:
        word = min(passage.words.at(ref.start), len(passage.words.lower) - 1)
        if ref.last_day >= case.as_of and case.is_ask(passage, passage.sentence(word)):
            continue  # a day that is proposed claims nothing
        pointer = case.brief.trace_day(ref.first_day, ref.last_day)
        if pointer is None:
            pointer = next((p for p, day in case.brief.days if ref.covers(day, slack=3)), None)
        yield _claim(passage, "date", ref.start, ref.end, pointer)


def _events(case: Case, passage: Passage) -> Iterator[Traced]:
    for mention in mentions(case):
        if mention.passage is passage:
            pointer = f"/signals/{mention.event}" if signal_of(case, mention.event) is not None else None
            yield _claim(
                passage, f"event: {mention.event}", *passage.words.chars(mention.hit.first, mention.hit.last), pointer
            )


def _titles(case: Case, passage: Passage) -> Iterator[Traced]:
    for match in _TITLE.finditer(passage.words.text):
        words = plain(match.group().replace("-", ""))
        pointer = next((case.brief.words[w] for w in words if w in case.brief.words), None)
        yield _claim(passage, "role", *match.span(), pointer)


def _technologies(case: Case, passage: Passage) -> Iterator[Traced]:
    names = [n for n in passage.hits if n.startswith("stack.") or n == "technology"]
    for name in names:
        for hit in passage.of(name):
            if is_verb(passage, name.removeprefix("stack."), hit.first):
                continue
            said = passage.words.lower[hit.first : hit.last]
            pointer = next((case.brief.words[w] for w in said if w in case.brief.words), None)
            stack = name.removeprefix("stack.")
            if pointer is None and stack in case.playbook.capacity:
                pointer = f"playbook:/capacity/{stack}"
            yield _claim(passage, "technology", *passage.words.chars(hit.first, hit.last), pointer)


def _names(case: Case, passage: Passage) -> Iterator[Traced]:
    """Capitalised words inside a sentence: people, companies, products."""
    words = passage.words
    own = case.playbook.seller
    seller = {w for name in (*own.names, *own.own_words) for w in plain(name)}
    at = 0
    while at < len(words.lower):
        opens = words.sentences[words.sentence_of[at]].first == at
        if not words.is_capitalised(at) or words.quote(at, at + 1) in _PLAIN or opens or len(words.lower[at]) == 1:
            at += 1
            continue
        last = at + 1
        while (
            last < len(words.lower)
            and words.is_capitalised(last)
            and words.text[words.ends[last - 1] : words.starts[last]] == " "
        ):
            last += 1
        said = words.lower[at:last]
        pointer = next((case.brief.words[w] for w in said if w in case.brief.words), None)
        if pointer is None and all(w in seller for w in said):
            pointer = "playbook:/seller"
        yield _claim(passage, "name", *words.chars(at, last), pointer)
        at = last


__all__ = ["Traced", "claims"]
