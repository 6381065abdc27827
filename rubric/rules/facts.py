"""What a letter states, against what the brief holds: trends, events, numbers, dates, absences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from rubric.brief import carries
from rubric.case import Case, Passage
from rubric.dates import DateRef
from rubric.deeds import deeds, ungrounded
from rubric.mentions import WE, YOU, about_prospect, company_words, event_day, known_elsewhere, mentions, signal_of
from rubric.phrases import Hit
from rubric.quantities import Quantity
from rubric.rules import Example, Found, at, at_place, rule
from rubric.rules.signals import hiring, only_topic
from rubric.stems import stem, stems
from rubric.words import Sentence

_TALK = frozenset(
    {"talk", "keynote", "conference", "podcast", "interview", "webinar", "panel", "spoke", "speaker", "said"}
)
_HONOURS = frozenset({"award", "book", "whitepaper", "launch", "release", "partnership", "expansion"})
_PUBLICATIONS = dict.fromkeys(_TALK, _TALK) | dict.fromkeys(
    ("post", "article", "blog", "paper", "essay"),
    frozenset({"post", "blog", "article", "wrote", "paper", "published", "linkedin", "newsletter"}),
)

_EXPECTS = {"signals": {"facts": ["Northwind expects 8,400 orders a day in July."]}}
_BENCH = {"capacity": {"go": {"available": 11, "senior": 2, "deploy_days": 7}}}


@rule(
    "signal.direction",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="BLOCK",
    fix="say which way the signal points, or leave the trend out",
    passes=[
        Example("Your hiring has slowed since spring.", hiring("high", 7, velocity="decreasing")),
        Example("Your hiring is growing.", hiring("high", 7, velocity="increasing")),
        Example(
            "Slow 12 has 7 open roles.", {"company": {"name": "Slow 12"}, **hiring("high", 7, velocity="increasing")}
        ),
        Example("Doubled Up has 7 open roles.", {"company": {"name": "Doubled Up"}, **hiring("high", 7, delta_pct=5)}),
    ],
    fails=[
        Example("Your hiring is growing month on month.", hiring("high", 7, velocity="decreasing")),
        Example("Your open roles have dropped.", hiring("high", 7, delta_pct=40)),
        Example(
            "Slow hiring at Slow 12.", {"company": {"name": "Slow 12"}, **hiring("high", 7, velocity="increasing")}
        ),
        Example(
            "Hiring is slow 12 weeks on.", {"company": {"name": "Slow 12"}, **hiring("high", 7, velocity="increasing")}
        ),
    ],
)
def direction(case: Case) -> Iterable[Found]:
    """A trend that points the other way in the brief."""
    hiring = case.prospect.signals.hiring
    if hiring is None:
        return
    delta = hiring.delta_pct
    falls = hiring.velocity == "decreasing" or (hiring.velocity is None and delta is not None and delta < 0)
    rises = hiring.velocity == "increasing" or (hiring.velocity is None and delta is not None and delta > 0)
    flat = hiring.velocity == "stable"
    if found := _multiplied(case, delta):
        yield found
        return
    for wrong, words in ((falls or flat, "growth_words"), (rises or flat, "decline_words")):
        for mention in mentions(case) if wrong else ():
            passage, sentence = mention.passage, mention.sentence
            if mention.event != "hiring" or sentence.question or only_topic(case, mention):
                continue
            for hit in passage.inside(words, sentence):
                if abs(hit.first - mention.hit.first) > 7:  # it speaks of something else
                    continue
                if (
                    passage.negated(hit.first)
                    or passage.words.lower[hit.first] in {"up", "down", "fall"}
                    and not _trend(passage, hit)
                ):
                    continue
                said = passage.quote(hit)
                shown = hiring.velocity or f"{delta:+g}%"
                yield at(
                    passage, hit,
                    f'says "{said}" of the hiring, the brief shows it {shown}',
                    evidence="/signals/hiring/velocity" if hiring.velocity else "/signals/hiring/delta_pct",
                )  # fmt: skip
                return


def _multiplied(case: Case, delta: float | None) -> Found | None:
    """ "Doubled" or "tripled" where the brief has a smaller change."""
    for mention in mentions(case) if delta is not None else ():
        lower = mention.passage.words.lower
        for word in range(mention.sentence.first, mention.sentence.last):
            least = next(
                (n for stem, n in (("doubl", 90), ("tripl", 180), ("quadrupl", 270)) if lower[word].startswith(stem)),
                None,
            )
            if least is None or mention.passage.in_name(word, word + 1):
                continue
            if mention.event == "hiring" and delta is not None and delta < least:
                return at(
                    mention.passage, (word, word + 1),
                    f'"{mention.passage.words.quote(word, word + 1)}" is more than the brief shows ({delta:+g}%)',
                    evidence="/signals/hiring/delta_pct",
                )  # fmt: skip
    return None


def _trend(passage: Passage, hit: Hit) -> bool:
    lower = passage.words.lower
    around = lower[max(0, hit.first - 2) : hit.last + 2]
    return bool(
        {"roles", "openings", "hiring", "postings", "headcount", "percent", "from", "is", "are", "trending", "by"}
        & set(around)
    )


@rule(
    "signal.fabricated",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=1,
    decision="BLOCK",
    fix="say what the brief says, or leave it out",
    passes=[
        Example("You have 7 open roles.", hiring("high")),
        Example("You cut 12% of staff in January.", {"signals": {"layoff": {"pct": 12, "on": "2026-01-15"}}}),
        Example("Have you had layoffs this year?"),
        Example("Your note arrived, and your engineers could plan the work."),
        Example("Your load fell by half.", {"signals": {"facts": ["Load fell by half."]}}),
        Example("You are hiring 7 engineers, and have been hiring 3 months.", hiring("high")),
        Example("Northwind is hiring 7.", hiring("high")),
        Example("You are hiring three times as fast as last year.", hiring("high")),
        Example("You are hiring 2 at a time.", hiring("high")),
        Example("Northwind is hiring 9 engineers.", {"need": {"engineers": 9, "stack": "go"}, **hiring("high")}),
        Example("Northwind expects 8,400 orders a day in July.", _EXPECTS),
        Example("Northwind has 11 open roles.", {"signals": {"facts": ["Northwind posted 11 roles in May."]}}),
    ],
    fails=[
        Example("You have 9 open roles.", hiring("high")),
        Example("Northwind is hiring 8,400 orders a day.", _EXPECTS),
        Example("You are hiring 8,400 in July.", _EXPECTS),
        Example("You have 11 open roles.", {**_BENCH, **hiring("high", 6)}),
        Example("You have 11 open roles.", _BENCH),
        Example("You cut 20% of staff in January.", {"signals": {"layoff": {"pct": 12, "on": "2026-01-15"}}}),
        Example("Your recent layoffs must weigh on delivery."),
        Example("Your release cadence has slowed since the summer."),
        Example("Northwind signed its largest customer."),
        Example("Your launch in Brazil brings load."),
        Example("You are recruiting developers in three cities."),
        Example(
            "You closed your round in March.",
            {"signals": {"funding": {"stage": "series_a", "closed_on": "2026-02-10"}}},
        ),
    ],
)
def fabricated(case: Case) -> Iterable[Found]:
    """An event, a number or a date that the brief does not hold, or holds differently."""
    yield from _events(case)
    yield from _publications(case)
    yield from _deeds(case)
    yield from _counts(case)
    yield from _days(case)


def _events(case: Case) -> Iterator[Found]:
    seen: set[str] = set()
    for mention in mentions(case):
        event, passage, sentence = mention.event, mention.passage, mention.sentence
        if event in seen or signal_of(case, event) is not None or known_elsewhere(case, event):
            continue
        surely = case.sureness(passage, sentence)
        if sentence.question or surely.denied or surely.doubted or passage.negated(mention.hit.first):
            continue
        if event == "hiring" and (only_topic(case, mention) or not (_counted(passage, sentence) or passage.has("hiring_state", sentence))):
            continue
        if event == "leadership" and not _dated_or_new(passage, sentence):
            continue
        if event in {"layoff", "restructuring"} and (signal_of(case, "layoff") or signal_of(case, "restructuring")):
            continue
        if only_topic(case, mention) or (event == "funding" and not _claims_round(passage, sentence)):
            continue
        seen.add(event)
        yield at(
            passage, mention.hit,
            f'speaks of {event} ("{passage.quote(mention.hit)}"), of which the brief holds nothing',
        )  # fmt: skip


def _deeds(case: Case) -> Iterator[Found]:
    """Something that they opened, launched or won, of which the brief has neither the deed nor the thing."""
    for passage, hit in case.each("mention.deed"):
        sentence = passage.sentence(hit.first)
        told = stems(passage.words.quote(hit.last - 1, min(hit.last + 6, sentence.last)))
        told -= {stem(passage.words.lower[hit.last - 1])} if len(told) > 1 else set()
        known = {stem(w) for w in case.brief.words}
        if told & known or sentence.question or passage.negated(hit.first):
            continue
        yield at(passage, hit, f'"{passage.quote(hit)}" tells of something that stands nowhere in the brief')
        return
    for passage, sentence, first, last in deeds(case):
        if ungrounded(case, passage, sentence, first):
            yield at(passage, (first, last), f'"{passage.words.quote(first, last)}" tells of something that stands nowhere in the brief')
            return


def _counted(passage: Passage, sentence: Sentence) -> bool:
    return any(sentence.first <= a.first < sentence.last and a.unit == "roles" for a in passage.amounts)


def _publications(case: Case) -> Iterator[Found]:
    """A talk, a post, an award of theirs that the brief does not know."""
    for passage, hit in case.each("mention.publication"):
        said = passage.words.lower[hit.first : hit.last]
        noun = next((w for w in reversed(said) if w in _PUBLICATIONS or w in _HONOURS), said[-1])
        known = {noun, noun.rstrip("s"), f"{noun}s"} | _PUBLICATIONS.get(noun, frozenset())
        if known & case.brief.words.keys() or passage.negated(hit.first) or passage.sentence(hit.first).question:
            continue
        yield at(passage, hit, f'"{passage.quote(hit)}" stands nowhere in the brief')
        return


def _claims_round(passage: Passage, sentence: Sentence) -> bool:
    """Whether the reader's own raise is meant, and not a stage that companies are in."""
    lower = passage.words.lower[sentence.first : sentence.last]
    return bool({"your", "you", "you've", "congratulations", "congrats"} & set(lower))


def _dated_or_new(passage: Passage, sentence: Sentence) -> bool:
    return passage.has("recent", sentence) or any(sentence.start <= d.start < sentence.end for d in passage.dates)


def _counts(case: Case) -> Iterator[Found]:
    for passage in case.passages:
        concerned: dict[int, bool] = {}
        for amount in passage.amounts:
            sentence = passage.sentence(amount.first)
            if sentence.first not in concerned:
                concerned[sentence.first] = _concerned(case, passage, sentence)
            if not concerned[sentence.first] and amount.unit != "roles":
                continue
            if found := _count(case, passage, sentence, amount):
                yield found


def _concerned(case: Case, passage: Passage, sentence: Sentence) -> bool:
    """Whether a sentence speaks of the reader or of a peer of the brief."""
    if about_prospect(case, passage, sentence):
        return True
    text = passage.words.text[sentence.start : sentence.end].lower()
    return any(p.name and p.name.lower() in text for p in case.prospect.peers)


def _count(case: Case, passage: Passage, sentence: Sentence, amount: Quantity) -> Found | None:
    if amount.unit == "roles" or _hired(passage, sentence, amount):
        return _role_count(case, passage, sentence, amount)
    if amount.kind == "percent" and not passage.has("price", sentence) and not _offered(passage, amount):
        layoff = case.prospect.signals.layoff
        if layoff and layoff.pct is not None and passage.has("mention.layoff", sentence):
            if carries(layoff.pct, amount):
                return None
            return at_place(passage, amount,
                f'says "{passage.quote(amount)}" of the layoff, the brief says {layoff.pct:g}%',
                evidence="/signals/layoff/pct",
            )  # fmt: skip
        if case.brief.trace(amount) is None:
            return at_place(
                passage,
                amount,
                f'"{passage.quote(amount)}" stands nowhere in the brief',
            )
    if passage.words.lower[amount.first - 1 : amount.first] in (["of"], ["from"], ["than"]) and amount.unit == "":
        return None
    if amount.unit == "people" and _your(passage, amount):
        return _headcount(case, passage, amount)
    if amount.unit == "people" and _of_company(case, passage, sentence) and case.brief.trace(amount) is None:
        return at_place(passage, amount, f'"{passage.quote(amount)}" stands nowhere in the brief')
    gap = amount.kind == "duration" and passage.has("mention.gap", sentence) and not _offered(passage, amount)
    if gap and case.brief.trace(amount) is None:
        return at_place(
            passage,
            amount,
            f'"{passage.quote(amount)}" stands nowhere in the brief',
        )
    return None


def _hired(passage: Passage, sentence: Sentence, amount: Quantity) -> bool:
    """Whether they are said to be hiring that many of what is no person and no span of time: "hiring 8,400 orders a day"."""
    lower = passage.words.lower
    before = lower[max(sentence.first, amount.first - 4) : amount.first]
    if lower[amount.last : amount.last + 1] == ["times"] or lower[amount.last : amount.last + 3] == ["at", "a", "time"] or passage.words.text[amount.end : amount.end + 1] == "/":
        return False  # how fast, and no number of people
    if sentence.question or amount.unit == "people" or before[-1:] not in (["hiring"], ["recruiting"]):
        return False
    counted = amount.kind == "count" or (amount.kind == "duration" and {"a", "an", "per", "each"} & set(lower[amount.first : amount.last]))
    return bool(counted) and bool({"is", "are", "you're"} & set(before))


def _of_company(case: Case, passage: Passage, sentence: Sentence) -> bool:
    """Whether a sentence names the reader's company and speaks neither of us nor of an offer."""
    lower = passage.words.lower[sentence.first : sentence.last]
    name = case.memo(company_words)[:1]
    return bool(name) and name[0] in lower and not WE & set(lower) and not sentence.question


def _offered(passage: Passage, amount: Quantity) -> bool:
    """Whether the amount is the seller's own: a part of an offer and not of a statement about them."""
    before = passage.words.lower[max(passage.sentence(amount.first).first, amount.first - 6) : amount.first]
    return bool(set(before) & WE) and not set(before) & YOU


def _your(passage: Passage, amount: Quantity) -> bool:
    before = passage.words.lower[max(0, amount.first - 2) : amount.first]
    after = passage.words.lower[amount.last : amount.last + 2]
    return bool({"your", "you're", "at"} & set(before)) and not {"open", "asked", "need"} & set(after)


def _role_count(case: Case, passage: Passage, sentence: Sentence, amount: Quantity) -> Found | None:
    hiring = case.prospect.signals.hiring
    before = passage.words.lower[max(0, amount.first - 2) : amount.first]
    if (
        (passage.words.lower[amount.first] == "one" and (sentence.question or _one_of_many(passage, amount)))
        or before == ["instead", "of"]
        or before[-1:] in (["from"], ["than"])
    ):
        return None
    total = hiring.open_engineering_roles if hiring else None
    if total is not None and carries(float(total), amount):
        return None
    if hiring and (n := _matching_roles(passage, sentence, hiring.roles)) and carries(float(n), amount):
        return None
    if _counted_elsewhere(case, amount):
        return None
    if _offered(passage, amount) and not passage.has("observed", sentence):
        return None
    known = "no number of open roles" if total is None else f"{total}"
    return at_place(passage, amount,
        f'says "{passage.quote(amount)}", the brief has {known}',
        evidence="/signals/hiring/open_engineering_roles" if total is not None else None,
    )  # fmt: skip


def _one_of_many(passage: Passage, amount: Quantity) -> bool:
    """Whether a number follows that counts them all: "one of 13 open roles"."""
    after = passage.words.lower[amount.first + 1 : amount.first + 4]
    return after[:1] == ["of"] and any(w[0].isdigit() for w in after[1:])


def _counted_elsewhere(case: Case, amount: Quantity) -> bool:
    """Whether another place of the brief has the number; a bench and a headcount count no roles."""
    return any(
        n.kind == "count" and carries(n.value, amount) and not n.pointer.startswith(_NO_ROLES) for n in case.brief.numbers
    )


_NO_ROLES = ("/capacity/", "/company/", "/signals/ai_maturity/", "/signals/hiring/open_engineering_roles")


def _matching_roles(passage: Passage, sentence: Sentence, roles: list[Any]) -> int:
    said = set(passage.words.lower[sentence.first : sentence.last])
    return sum(bool(set(f"{r.title or ''} {r.stack or ''}".lower().split()) & said) for r in roles)


def _headcount(case: Case, passage: Passage, amount: Quantity) -> Found | None:
    known = case.prospect.company.headcount
    if known is None or case.brief.trace(amount) is not None:
        return None
    if amount.low * 0.9 <= known <= amount.high * 1.1:
        return None
    if not {"company", "team", "person", "people", "organisation", "organization", "employees", "headcount"} & set(
        passage.words.lower[amount.first : amount.last + 2]
    ):
        return None
    if "engineer" in " ".join(passage.words.lower[amount.first : amount.last + 3]):
        return None
    return at_place(passage, amount,
        f'says "{passage.quote(amount)}", the brief has {known} people',
        evidence="/company/headcount",
    )  # fmt: skip


def _days(case: Case) -> Iterator[Found]:
    for mention in mentions(case):
        day = event_day(case, mention.event)
        passage, sentence = mention.passage, mention.sentence
        if (
            day is None
            or sum(m.sentence == sentence and m.passage is passage and m.event != "hiring" for m in mentions(case)) > 1
        ):
            continue
        for ref in passage.dates:
            if (
                not sentence.start <= ref.start < sentence.end
                or ref.first_day > case.as_of
                or ref.kind in {"in", "weekday", "end", "day"}
            ):
                continue
            if (
                _fits(ref, day)
                or case.brief.trace_day(ref.first_day, ref.last_day)
                or _in_brief_text(case, passage, ref)
            ):
                continue
            yield at_place(passage, ref,
                f'dates the {mention.event} "{passage.quote(ref)}", the brief says {day}',
                evidence=f"/signals/{mention.event}",
            )  # fmt: skip
            return


def _fits(ref: DateRef, day: date) -> bool:
    return ref.covers(day, slack=3 if ref.kind in {"ago", "rel"} else 0)


def _in_brief_text(case: Case, passage: Passage, ref: DateRef) -> bool:
    said = [w for w in passage.quote(ref).lower().split() if len(w) > 2]
    return bool(said) and all(w.strip(",.") in case.brief.words for w in said)


@rule(
    "signal.absence",
    failure="gap_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="BLOCK",
    fix='say "we see no public signal of ..." and ask',
    passes=[
        Example("We see no public signal of an ML team; is that a deliberate choice?"),
        Example("If you don't have time this week, next week works too."),
    ],
    fails=[
        Example("Your competitors have ML teams and you don't."),
        Example("Northwind isn't investing in ML infrastructure."),
    ],
)
def absence(case: Case) -> Iterable[Found]:
    """The absence of a signal stated as the absence of the thing."""
    for passage, hit in [*case.each("absence"), *_named_absence(case)]:
        sentence = passage.sentence(hit.first)
        before = passage.words.lower[max(sentence.first, hit.first - 3) : hit.first]
        if (
            sentence.question
            or case.sureness(passage, sentence).doubted
            or {"if", "whether", "unless", "case"} & set(before)
        ):
            continue
        said = set(passage.words.lower[hit.last : hit.last + 4])
        if passage.words.lower[hit.first] in {"nobody", "no", "not"}:
            said -= {"to"}
        if {"to", "time", "reply", "answer", "need", "worry", "interest"} & (
            said | {passage.words.lower[hit.last - 1]}
        ) or _prospect_said(case):
            continue
        yield at(
            passage, hit,
            f'"{passage.words.quote(hit.first, min(hit.last + 3, sentence.last))}" states an absence, the brief can only show no signal',
        )  # fmt: skip
        return


def _prospect_said(case: Case) -> bool:
    return case.prospect.message_type == "warm" and bool(case.prospect.thread.messages)


def _named_absence(case: Case) -> Iterator[tuple[Passage, Hit]]:
    """The company's name followed by a denial: "Northwind isn't", "Northwind has no"."""
    name = case.memo(company_words)
    denials = {"isn't", "doesn't", "hasn't", "lacks", "aren't", "don't"}
    for passage in case.passages:
        lower = passage.words.lower
        places = [n for n, word in enumerate(lower) if name and word == name[0]]
        for n, size in ((place, width) for width in {1, len(name)} for place in places if place + width < len(lower)):
            end = n + size
            denied = lower[end] in denials or lower[end : end + 2] in (["has", "no"], ["is", "not"], ["does", "not"])
            if lower[n:end] == name[:size] and denied:
                yield passage, Hit("absence", "", n, end + 1)
