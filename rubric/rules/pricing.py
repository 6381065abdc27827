"""Prices: bands may be named when the playbook has them; everything else is routed to a call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rubric.brief import carries
from rubric.case import Case, Passage
from rubric.playbook import Band
from rubric.quantities import Quantity
from rubric.rules import Example, Found, at, at_chars, at_place, rule

_PER = re.compile(r"^\s?(?:/|per\b|an? (?:hour|month|day|week|year)\b|monthly|hourly|daily|each\b|a head)", re.I)
_TIMES = re.compile(r"(?:x|\u00d7|\*|times)\s?\d|=\s?[$\u20ac\u00a3]", re.I)
_BANDS: dict[str, Any] = {
    "pricing": {
        "bands": [{"what": "senior engineer", "unit": "month", "low": 4000, "high": 6500}],
        "words": ["rate", "rates", "price", "month"],
    }
}


@rule(
    "price.figure",
    failure="pricing_violation",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="take the figure out and route the question to a scoping call",
    passes=[
        Example("A quote depends on stack and seniority; a scoping call is the way."),
        Example("Our band is $4,000 to $6,500 per month.", playbook=_BANDS),
        Example("Two roles.", {"signals": {"funding": {"amount_usd": 14000000}}}, "Context: $14 million and the team"),
    ],
    fails=[
        Example("Our rate is $4,500 per month."),
        Example("Our senior engineers cost $7,000 per month.", playbook=_BANDS),
        Example("The whole project comes to $240,000."),
        Example("Two roles.", {"signals": {"funding": {"amount_usd": 14000000}}}, "Context: $240,000 for the team"),
    ],
)
def figure(case: Case) -> Iterable[Found]:
    """A price that the playbook's bands do not hold, or a total."""
    for passage in case.passages:
        for money in passage.amounts:
            bare = money.kind == "count" and money.high >= 500 and not money.unit  # "4k a month", "four grand each"
            per = _PER.match(passage.words.text[money.end :])
            if not (bare and per) and (money.kind != "money" or not _is_price(case, passage, money)):
                continue
            bands = case.playbook.pricing.bands
            if any(_within(b, money, passage.words.text[money.end : money.end + 20].lower()) for b in bands):
                continue
            said = passage.quote(money)
            why = "the playbook has no public bands" if not bands else "it lies outside the public bands or is a total"
            yield at_place(passage, money, f'names a price ("{said}"); {why}', evidence="playbook:/pricing/bands")
            return


def _within(band: Band, money: Quantity, behind: str) -> bool:
    """Whether a price lies in a band, in its currency and for its unit."""
    per = re.match(r"\s?(?:/|per |an? |each )?\s?(\w+)", behind)
    unit = per[1].removesuffix("ly") if per else ""
    return band.low <= money.low and money.high <= band.high and money.unit == band.currency and unit == band.unit


def _is_price(case: Case, passage: Passage, money: Quantity) -> bool:
    if _PER.match(passage.words.text[money.end :]):
        return True
    sentence = passage.sentence(money.first)
    raised = passage.has("mention.funding", sentence)
    if raised and any(n.kind == "money" and carries(n.value, money) for n in case.brief.numbers):
        return False
    if passage.part == "subject" and _is_theirs(case, money) and not passage.has("price", sentence):
        return False
    lower = set(passage.words.lower[sentence.first : sentence.last])
    if passage.has("mention.funding", sentence) and not passage.has("price", sentence):
        return False
    return passage.has("price", sentence) or bool(
        lower
        & {
            "total",
            "contract",
            "deal",
            "engagement",
            "project",
            "comes",
            "costs",
            "pay",
            "investment",
            "save",
            "package",
            "team",
            "retainer",
            "we",
            "our",
        }
    )


def _is_theirs(case: Case, money: Quantity) -> bool:
    """Whether it is the sum of the brief's funding."""
    funding = case.prospect.signals.funding
    return funding is not None and funding.amount_usd is not None and carries(funding.amount_usd, money)


@rule(
    "price.discount",
    failure="pricing_violation",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="offer no discount, no free work and no special terms",
    passes=[
        Example("We do not give discounts by e-mail."),
        Example("A scoping call is free of obligation."),
    ],
    fails=[
        Example("We can offer a 15% discount."),
        Example("The first month is free of charge."),
        Example("Sign for two years and the rate falls."),
    ],
)
def discount(case: Case) -> Iterable[Found]:
    """A discount, free work, or terms of several years."""
    for passage, hit in case.each("discount"):
        sentence = passage.sentence(hit.first)
        if (
            passage.negated(hit.first)
            or (passage.has("negations", sentence) and not passage.amounts)
            or passage.has("mention.layoff", sentence)
        ):
            continue
        said = passage.words.lower[sentence.first : sentence.last]
        if "percent" in passage.words.lower[hit.first : hit.last] and not {
            "we",
            "our",
            "off",
            "discount",
        } & set(said):
            continue
        yield at(
            passage,
            hit,
            f'"{passage.quote(hit)}" offers terms that no letter may offer',
            evidence="playbook:/pricing",
        )
        return


@rule(
    "price.total",
    failure="pricing_violation",
    dimension="bench_fit_alignment",
    severity=1,
    decision="BLOCK",
    fix="leave totals and multiplied rates to a person",
    passes=[
        Example("I should not quote a full contract value from e-mail."),
        Example("The total depends on scope."),
    ],
    fails=[
        Example("The total contract value would be about 200k."),
        Example("That is 4 engineers x 12 months x $4,500."),
    ],
)
def total(case: Case) -> Iterable[Found]:
    """A total or a multiplied rate."""
    for passage, hit in case.each("total_price"):
        sentence = passage.sentence(hit.first)
        figures = [
            a
            for a in passage.amounts
            if sentence.first <= a.first < sentence.last and a.kind in {"money", "count"} and a.high >= 1000
        ]
        if figures and not passage.negated(hit.first):
            yield at(passage, hit, f'"{passage.quote(hit)}" with a figure names a total')
            return
    match = _TIMES.search(case.body.words.text) if any(a.kind == "money" for a in case.body.amounts) else None
    if match:
        yield at_chars(case.body, match.start(), match.end(), f'"{match.group()}" multiplies a rate')


@rule(
    "price.band_promise",
    failure="pricing_violation",
    dimension="bench_fit_alignment",
    severity=2,
    decision="BLOCK",
    fix="promise no fixed price, no price match and no best price",
    passes=[Example("A specific quote depends on stack and seniority."), Example("Prices are a matter for a call.")],
    fails=[Example("We will beat any quote you have."), Example("We can lock in a fixed price for you.")],
)
def promise(case: Case) -> Iterable[Found]:
    """A promise about the price: fixed, lowest, matched."""
    for passage, hit in case.each("price_promise"):
        if not passage.negated(hit.first):
            yield at(
                passage,
                hit,
                f'"{passage.quote(hit)}" promises a price',
                evidence="playbook:/pricing",
            )
            return
