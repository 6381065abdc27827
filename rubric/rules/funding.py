"""Money raised: how sure, how much, at which stage."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rubric.brief import carries
from rubric.case import Case, Passage
from rubric.mentions import about_prospect, carries_sum, is_sum, mentions
from rubric.quantities import Quantity
from rubric.rules import Example, Found, at_chars, at_place, rule
from rubric.words import Sentence

_STAGE = re.compile(
    r"\b(?:(pre[ -]?seed)|(seed)(?=[ -](?:round|stage|raise|funding|compan|startup|fund))|series[ -]([a-h])\b|(?-i:(?<=[ \"(])([B-H])[ -]round\b|\b(A)-round\b)|(?:(?<=\bthe )|(?<=\byour )|(?<=\bits )|(?<=\btheir )|(?<=\bour )|(?<=\ban )|(?<=\bnew )|(?<=\blatest ))(?-i:(A) round)\b)",
    re.I,
)
_RAISE = frozenset(
    "round raise raised raising funding investment cheque check injection closed secured landed banked series seed".split()
)
_PRICE_AFTER = re.compile(r"^\s?(?:/|per\b|an? (?:hour|month|day|year|week)|monthly|hourly|daily|each\b)", re.I)


def _funding(confidence: str, **more: Any) -> dict[str, Any]:
    return {"signals": {"funding": {"stage": "series_b", "amount_usd": 14000000, "confidence": confidence} | more}}


@rule(
    "funding.unverified",
    failure="unverified_funding",
    dimension="signal_grounding",
    severity=1,
    decision="BLOCK",
    fix="leave the funding out, or say that no verified figure is known",
    passes=[
        Example("Your $14M Series B gives you options.", _funding("high")),
        Example("You reportedly raised around $14M; is that right?", _funding("low")),
        Example("We could not find verified funding data, so I will leave it aside.", _funding("insufficient_signal")),
    ],
    fails=[
        Example("Your $14M raise is a strong signal.", _funding("low")),
        Example("Your fourteen million dollar round caught my eye.", _funding("low")),
        Example("Based on your recent funding, now may be a good time.", _funding("insufficient_signal")),
        Example("You reportedly raised around $14M.", _funding("low"), playbook={"policy": {"strict_funding": True}}),
    ],
)
def unverified(case: Case) -> Iterable[Found]:
    """A funding figure at low confidence stated as a fact, or any funding at insufficient confidence."""
    funding = case.prospect.signals.funding
    sure = case.level(funding)
    if funding is None or sure not in {"low", "insufficient_signal"}:
        return
    for mention in mentions(case):
        passage, sentence = mention.passage, mention.sentence
        if mention.event != "funding":
            continue
        surely = case.sureness(passage, sentence)
        figures = [a for a in passage.amounts if is_sum(a) and sentence.first <= a.first < sentence.last]
        if surely.denied and not figures:
            continue
        if sure == "insufficient_signal":
            if surely.denied or passage.negated(mention.hit.first) or (surely.doubted and not figures):
                continue
            if _stage_only(passage, sentence.first, sentence.last):
                continue
        elif case.playbook.policy.strict_funding:
            if not figures:
                continue
        elif _hedged(case, passage, sentence) or (not figures and _stage_only(passage, sentence.first, sentence.last)):
            continue
        start, end = (
            (figures[0].start, figures[0].end) if figures else passage.words.chars(mention.hit.first, mention.hit.last)
        )
        yield at_chars(
            passage, start, end,
            f'states "{passage.words.text[start:end]}", the funding is known with {str(sure).replace("_", " ")} confidence only',
            evidence="/signals/funding/confidence",
        )  # fmt: skip
        return


def _hedged(case: Case, passage: Passage, sentence: Sentence) -> bool:
    """A figure is hedged in its own sentence, or doubted beside it; a mere question beside it takes it as given."""
    if case.sureness(passage, sentence).careful:
        return True
    return any(case.sureness(passage, n).doubted for n in passage.neighbours(sentence))


def _stage_only(passage: Passage, first: int, last: int) -> bool:
    """Whether the sentence speaks of companies at a stage and not of the reader's own raise."""
    lower = passage.words.lower[first:last]
    if {"similar", "other", "comparable"} & set(lower):
        return True
    return not {"your", "you", "you've", "congrats", "congratulations", "the", "closed", "raised"} & set(lower)


@rule(
    "funding.amount",
    failure="unverified_funding",
    dimension="signal_grounding",
    severity=1,
    decision="BLOCK",
    fix="give the amount of the brief, or none",
    passes=[
        Example("Your $14M round closed in February.", _funding("high", closed_on="2026-02-10")),
        Example("We have seen figures around $13-15M for your round.", _funding("medium")),
        Example("Your $14.5M round closed.", _funding("high", amount_usd=14_480_000)),
        Example("You raised about $15M.", _funding("high", amount_usd=14_200_000)),
    ],
    fails=[
        Example("Your $40M round is a strong signal.", _funding("high")),
        Example("Your $66M round is a strong signal.", _funding("high", amount_usd=70_000_000)),
        Example("Your raise of five million dollars stands out.", {"signals": {"funding": {"stage": "seed"}}}),
    ],
)
def amount(case: Case) -> Iterable[Found]:
    """A sum said to be raised that the brief does not hold."""
    funding = case.prospect.signals.funding
    for passage in case.passages:
        for money in passage.amounts:
            if not is_sum(money) or not _is_raise(case, passage, money):
                continue
            if funding and funding.amount_usd is not None and carries_sum(funding.amount_usd, money):
                continue
            if _in_texts(case, money):
                continue
            known = f"${funding.amount_usd:,.0f}" if funding and funding.amount_usd is not None else "no amount"
            yield at_place(passage, money,
                f'says "{passage.quote(money)}" was raised, the brief has {known}',
                evidence="/signals/funding/amount_usd" if funding and funding.amount_usd is not None else None,
            )  # fmt: skip


def _is_raise(case: Case, passage: Passage, money: Quantity) -> bool:
    sentence = passage.sentence(money.first)
    said = set(passage.words.lower[sentence.first : sentence.last])
    if not (passage.has("mention.funding", sentence) or said & _RAISE) or passage.has("price", sentence):
        return False
    return about_prospect(case, passage, sentence) and not _PRICE_AFTER.match(passage.words.text[money.end :])


def _in_texts(case: Case, money: Quantity) -> bool:
    return any(
        n.kind == "money" and n.pointer != "/signals/funding/amount_usd" and carries(n.value, money)
        for n in case.brief.numbers
    )


@rule(
    "funding.stage",
    failure="funding_tier_mismatch",
    dimension="signal_grounding",
    severity=2,
    decision="BLOCK",
    fix="name the stage of the brief",
    passes=[
        Example("Congratulations on your Series B.", _funding("high")),
        Example("We work with Series A and Series B teams.", _funding("high")),
        Example("A round pays for people. After a round the roadmap grows.", _funding("high")),
    ],
    fails=[
        Example("Congratulations on your Series A.", _funding("high")),
        Example("Your A round closed in February.", _funding("high")),
        Example("The news of an A-round reached us.", _funding("high")),
        Example("I saw the C round.", _funding("high")),
        Example(
            "We help seed and Series A companies build their first team.",
            {"signals": {"funding": {"stage": "series_c"}}},
        ),
    ],
)
def stage(case: Case) -> Iterable[Found]:
    """Another funding stage than the brief's, said of the reader or of the companies served."""
    funding = case.prospect.signals.funding
    if funding is None or funding.stage is None:
        return
    for passage in case.passages:
        stages = _STAGE.finditer(passage.words.text) if any(w in case.low for w in ("seed", "series", "round")) else ()
        named = [(m, _stage_of(m)) for m in stages]
        if not named or any(s == funding.stage for _, s in named):
            continue
        match = named[0][0]
        if _known_stage(case, match.group()):
            continue
        word = passage.words.at(match.start())
        sentence = passage.sentence(min(word, len(passage.words.lower) - 1))
        lower = passage.words.lower[sentence.first : sentence.last]
        if sentence.question or passage.negated(word) or {"next", "towards", "before", "since", "until"} & set(lower):
            continue
        shown = funding.stage.replace("_", " ")
        yield at_chars(
            passage, match.start(), match.end(),
            f'says "{match.group()}", the brief has {shown}',
            evidence="/signals/funding/stage",
        )  # fmt: skip


def _stage_of(match: re.Match[str]) -> str:
    if match[1]:
        return "pre_seed"
    if match[2]:
        return "seed"
    return f"series_{next(g for g in match.groups()[2:] if g).lower()}"


def _known_stage(case: Case, said: str) -> bool:
    low = said.lower()
    return any(low in text.lower() for pointer, text in case.brief.texts if pointer != "/signals/funding/stage")
