"""How surely a letter may speak of a signal.

High confidence may assert; medium and low ask or hedge, in the same sentence or one beside it;
insufficient is not mentioned. An old event is no news, and few roles are no spree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rubric.case import Case
from rubric.mentions import WE, YOU, Mention, about_prospect, company_words, event_day, mentions, ours, signal_of
from rubric.offers import is_verb
from rubric.rules import Example, Found, at, rule
from rubric.stems import content
from rubric.words import plain

_RUNS = frozenset("run runs running use uses using built builds on works relies".split())
_HOUSES = frozenset("shop house codebase stack estate team".split())
_OLD = {"funding": 180, "layoff": 120, "restructuring": 90, "leadership": 90}


def hiring(confidence: str, roles: int = 7, **more: Any) -> dict[str, Any]:
    return {"signals": {"hiring": {"open_engineering_roles": roles, "confidence": confidence, **more}}}


def _gap(hired: str) -> dict[str, Any]:
    """A sure capability gap beside hiring that is less sure."""
    gap = {"capability": "ML platform", "stack": "ml", "days_open": 75, "confidence": "high"}
    return {"signals": {**hiring(hired)["signals"], "capability_gap": gap}}


def _of(event: str, **known: Any) -> dict[str, Any]:
    return {"signals": {event: {"confidence": "medium"} | known}}


@rule(
    "signal.unhedged",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="PENALISE",
    fix='ask, or hedge: "it appears", "is it right that", "I cannot tell from outside whether"',
    passes=[
        Example("You have 7 open engineering roles.", hiring("high")),
        Example("It looks like you have 7 open roles; is that right?", hiring("medium")),
        Example("I saw 7 open roles. I cannot tell from the outside whether that is all.", hiring("low")),
        Example("Northwind published a post on its ingest service.", hiring("medium")),
        Example("You took on the role of CTO in March.", hiring("medium")),
        Example("You could build faster than hiring allows.", hiring("medium")),
        Example("The ML platform role at Northwind has been open for 75 days.", _gap("medium")),
        Example("Your Series B may have closed in May.", _of("funding", stage="series_b")),
        Example("Teo Lind became CTO on 2 March.", _of("leadership", role="cto", name="Rosa Okafor")),
        Example("Are you looking for 7 engineers?", hiring("medium")),
    ],
    fails=[
        Example("You have 7 open engineering roles.", hiring("medium")),
        Example("Your 7 open roles show that you are building.", hiring("low")),
        Example("You have 7 open roles.", hiring("high", observed_on="2026-03-21")),
        Example("You have 7 open roles beside the ML platform role.", _gap("medium")),
        Example("You are hiring faster.", hiring("medium")),
        Example("Northwind is looking for 7 engineers.", hiring("medium")),
        Example("Northwind has 7 engineers to find.", hiring("medium")),
        Example("You have 7 open roles. If the work is urgent, engineers could help.", hiring("medium")),
        Example("Losing 12% of the staff changes your plans.", _of("layoff", pct=12)),
        Example("Congratulations on the Series A in February.", _of("funding", stage="series_a")),
        Example("Your Series B closed in May.", _of("funding", stage="series_b")),
        Example("Rosa Okafor became CTO on 2 March.", _of("leadership", role="cto", name="Rosa Okafor")),
        Example("The appointment of Rosa Okafor as CTO is why I write.", _of("leadership", role="cto", name="Rosa Okafor")),
    ],
)
def unhedged(case: Case) -> Iterable[Found]:
    """A signal of medium or low confidence stated as a fact. Low confidence is BLOCK."""
    for mention in mentions(case):
        signal = signal_of(case, mention.event)
        sure = case.level(signal)
        if sure not in {"medium", "low"} or mention.passage.part == "subject" or signal is None:
            continue
        if case.careful(mention.passage, mention.sentence) or mention.passage.negated(mention.hit.first):
            continue
        if only_topic(case, mention):
            continue
        stale = signal.observed_on and sure != (signal.confidence or "high")
        why = f", observed {signal.observed_on}" if stale else ""
        yield at(
            mention.passage, (mention.sentence.first, mention.sentence.last),
            f"states the {mention.event} signal as a fact, the brief holds it with {sure} confidence{why}",
            evidence=f"/signals/{mention.event}/confidence", decision="BLOCK" if sure == "low" else None,
        )  # fmt: skip
        return


def only_topic(case: Case, mention: Mention) -> bool:
    """Whether the sentence only names the topic, in an ask or an offer: "15 minutes on your hiring"."""
    passage, sentence = mention.passage, mention.sentence
    if case.is_ask(passage, sentence):
        return True
    lower = passage.words.lower[sentence.first : sentence.last]
    counted = any(sentence.first <= a.first < sentence.last and a.unit == "roles" for a in passage.amounts)
    offering = passage.has("offer", sentence) or lower[:1] in (["we"], ["our"], ["i"])
    return offering and not counted and not passage.has("observed", sentence)


@rule(
    "signal.insufficient",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="BLOCK",
    fix="leave the signal out",
    passes=[
        Example("We see no public signal on hiring.", hiring("insufficient_signal")),
        Example("You have 7 open roles.", hiring("high")),
        Example("The ML platform role at Northwind has been open for 75 days.", _gap("insufficient_signal")),
    ],
    fails=[
        Example("You are hiring for ML platform roles.", _gap("insufficient_signal")),
        Example("You appear to be hiring.", hiring("insufficient_signal")),
        Example("Your layoffs must have been hard.", {"signals": {"layoff": {"confidence": "insufficient_signal"}}}),
    ],
)
def insufficient(case: Case) -> Iterable[Found]:
    """A signal whose confidence is insufficient is not mentioned, hedged or not."""
    for mention in mentions(case):
        if mention.event == "funding" or case.level(signal_of(case, mention.event)) != "insufficient_signal":
            continue
        passage, sentence = mention.passage, mention.sentence
        if (
            case.sureness(passage, sentence).denied
            or passage.negated(mention.hit.first)
            or sentence.question
            or only_topic(case, mention)
        ):
            continue
        yield at(
            passage, mention.hit,
            f'speaks of {mention.event} ("{passage.quote(mention.hit)}"), for which the brief has no sufficient signal',
            evidence=f"/signals/{mention.event}/confidence",
        )  # fmt: skip
        return


@rule(
    "signal.growth_claim",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="BLOCK",
    fix="give the number of open roles and ask what it means",
    passes=[
        Example("You are hiring rapidly.", hiring("high", 5)),
        Example("I would not call two roles aggressive hiring.", hiring("high", 2)),
        Example("You could build faster than hiring at this speed allows.", hiring("high", 2)),
        Example("We see no public sign of a hiring push at Northwind.", hiring("high", 2)),
    ],
    fails=[
        Example("You are hiring aggressively.", hiring("high", 4)),
        Example("You are clearly scaling fast.", hiring("low", 9)),
        Example("Your team is in full growth mode.", {}),
        Example("The rate at which you are adding engineers is hard to miss.", hiring("high", 3)),
        Example("Your headcount is ballooning.", hiring("high", 3)),
    ],
)
def growth_claim(case: Case) -> Iterable[Found]:
    """Talk of aggressive or rapid growth on few open roles or a weak signal."""
    hiring = case.prospect.signals.hiring
    roles = hiring.open_engineering_roles if hiring else None
    sure = case.level(hiring)
    least = case.playbook.policy.min_roles_for_growth
    if roles is not None and roles >= least and sure in {"high", "medium"}:
        return
    for passage, hit in case.each("superlative_growth"):
        sentence = passage.sentence(hit.first)
        if passage.negated(hit.first) or passage.has("innocent", sentence) or sentence.question or case.sureness(passage, sentence).denied:
            continue
        if {"than", "if"} & set(passage.words.lower[sentence.first : hit.last + 2]):
            continue
        if passage.part == "body" and not about_prospect(case, passage, sentence):
            continue
        if (
            passage.words.lower[hit.first] in WE
            or ours(passage, hit)
            or (
                passage.has("offer", sentence)
                and not passage.has("certain", sentence)
                and passage.words.lower[sentence.first] in WE
            )
        ):
            continue
        if any(w in case.brief.words for w in content(passage.quote(hit)) if len(w) > 6) and sure in {
            "high",
            None,
        }:
            continue
        what = "no open roles" if roles is None else f"{roles} open roles at {sure} confidence"
        yield at(
            passage, hit,
            f'"{passage.quote(hit)}" rests on {what}; such words need {least} or more',
            evidence="/signals/hiring",
        )  # fmt: skip
        return


@rule(
    "signal.stale",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=3,
    decision="PENALISE",
    fix="give the date, or leave the event out",
    passes=[
        Example(
            "Your recent Series A caught my eye.",
            {"signals": {"funding": {"stage": "series_a", "closed_on": "2026-02-10"}}},
        ),
        Example(
            "You raised a Series A in June 2025.",
            {"signals": {"funding": {"stage": "series_a", "closed_on": "2025-06-10"}}},
        ),
    ],
    fails=[
        Example(
            "Your recent Series A caught my eye.",
            {"signals": {"funding": {"stage": "series_a", "closed_on": "2025-06-10"}}},
        ),
        Example(
            "Congratulations on your new CTO.", {"signals": {"leadership": {"role": "cto", "started_on": "2025-08-01"}}}
        ),
    ],
)
def stale(case: Case) -> Iterable[Found]:
    """An old event called recent, new or just now."""
    for mention in mentions(case):
        day = event_day(case, mention.event)
        if day is None or (case.as_of - day).days <= _OLD[mention.event]:
            continue
        passage, sentence = mention.passage, mention.sentence
        near = [h for h in passage.inside("recent", sentence) if -4 <= h.first - mention.hit.first <= 4]
        congratulating = {"congratulations", "congrats"} & set(passage.words.lower[sentence.first : sentence.last])
        if near or congratulating:
            yield at(
                passage, near[0] if near else mention.hit,
                f"speaks of the {mention.event} as news, it lies {(case.as_of - day).days} days back ({day})",
                evidence=f"/signals/{mention.event}",
            )  # fmt: skip
            return


@rule(
    "signal.ai_fact",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="PENALISE",
    fix="ask how far the AI work is",
    passes=[
        Example("Your AI team is in place.", _of("ai_maturity", score=2, confidence="high")),
        Example("Your AI team appears to be in place.", _of("ai_maturity", score=2)),
        Example("Is the AI work already in production?", _of("ai_maturity", score=2)),
        Example("Our engineers could join your AI team.", _of("ai_maturity", score=2)),
    ],
    fails=[
        Example("Your AI team is in place.", _of("ai_maturity", score=2)),
        Example("The AI work at Northwind is in production.", _of("ai_maturity", score=2)),
        Example("You have an AI team in place, and that shows.", _of("ai_maturity", score=2)),
        Example("Northwind is well along with AI."),
    ],
)
def ai_fact(case: Case) -> Iterable[Found]:
    """The state of their AI work told as a fact, when the maturity is known with medium or low confidence."""
    signal = case.prospect.signals.ai_maturity
    sure = case.level(signal)
    unknown = signal is None and not {"ai", "ml", "machine"} & case.brief.words.keys()
    if sure not in {"medium", "low"} and not unknown:
        return
    for sentence in case.body.words.sentences:
        for hit in case.body.inside("ai_state", sentence):
            if not about_prospect(case, case.body, sentence) or case.careful(case.body, sentence):
                continue
            if case.body.negated(hit.first) or case.is_ask(case.body, sentence) or WE & {case.body.words.lower[sentence.first]}:
                continue
            yield at(
                case.body, hit,
                f'"{case.body.quote(hit)}" tells their AI work as a fact, the brief {f"holds it with {sure} confidence" if sure else "holds nothing of it"}',
                evidence="/signals/ai_maturity/confidence" if sure else None,
            )  # fmt: skip
            return


@rule(
    "signal.conclusion",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="PENALISE",
    fix="ask what the openings mean",
    passes=[
        Example("Do these openings mean that your roadmap waits?", hiring("high")),
        Example("I cannot tell what the openings mean for your roadmap.", hiring("high")),
        Example("That means one call, and your leads decide.", hiring("high")),
    ],
    fails=[
        Example("These openings prove that your team is short of hands.", hiring("high")),
        Example("So many open roles mean that your releases are late.", hiring("high")),
        Example("That means your roadmap is at risk.", hiring("high")),
        Example("It clearly shows that hiring is going slowly.", hiring("high")),
    ],
)
def conclusion(case: Case) -> Iterable[Found]:
    """What a number of openings is made to prove about the reader's team."""
    for passage, hit in case.each("conclusion"):
        sentence = passage.sentence(hit.first)
        if case.sureness(passage, sentence).careful or passage.negated(hit.first):
            continue
        yield at(passage, hit, f'"{passage.quote(hit)}" draws a conclusion that the brief does not hold', evidence="/signals/hiring")
        return


@rule(
    "signal.tech_stack",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=3,
    decision="PENALISE",
    fix='hedge: "your postings suggest", or ask',
    passes=[
        Example(
            "Your Kafka pipelines caught my eye.", {"signals": {"tech_stack": {"items": ["kafka"], "confirmed": True}}}
        ),
        Example("Your postings suggest Kafka.", {"signals": {"tech_stack": {"items": ["kafka"]}}}),
        Example("You go on with the roadmap.", {"signals": {"tech_stack": {"items": ["go"]}}}),
    ],
    fails=[
        Example("Your Kafka pipelines caught my eye.", {"signals": {"tech_stack": {"items": ["kafka"]}}}),
        Example("Your services run on Go.", {"signals": {"tech_stack": {"items": ["go"]}}}),
        Example("Northwind is a Kafka shop.", {"signals": {"tech_stack": {"items": ["kafka"]}}}),
        Example("You run Kafka in production.", {"signals": {"tech_stack": {"items": ["kafka"], "confirmed": False}}}),
    ],
)
def tech_stack(case: Case) -> Iterable[Found]:
    """A stack that was only inferred, stated as a fact."""
    stack = case.prospect.signals.tech_stack
    if stack is None or stack.confirmed:
        return
    items = {w for item in stack.items for w in plain(item.replace("_", " ")) if len(w) > 1}
    items &= set(case.body.words.lower)
    if not items:
        return
    elsewhere = {w for p, words in case.brief.lists if "tech_stack" not in p for w in words}
    for sentence in case.body.words.sentences:
        for word in range(sentence.first, sentence.last):
            before = case.body.words.lower[max(sentence.first, word - 6) : word]
            theirs = bool(YOU & set(before[-3:])) or bool(
                (YOU | set(case.memo(company_words)[:1])) & set(before) and _RUNS & set(before)
            )
            after = set(case.body.words.lower[word + 1 : word + 2])
            theirs = theirs or bool(_HOUSES & after and (YOU | set(case.memo(company_words)[:1])) & set(before))
            if case.body.words.lower[word] not in items - elsewhere or not theirs or {"if", "whether"} & set(before):
                continue
            if case.careful(case.body, sentence) or case.body.negated(word) or is_verb(case.body, "go", word):
                continue
            yield at(
                case.body, (word, word + 1),
                f'"{case.body.words.quote(word, word + 1)}" is stated as theirs, the brief only infers it',
                evidence="/signals/tech_stack/confirmed",
            )  # fmt: skip
            return
