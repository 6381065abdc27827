"""What a letter says of the prospect, against what the brief knows and how surely.

A statement is taken as said of the prospect when its sentence speaks to "you" or names the company.
High confidence may assert; medium and low ask or hedge, in the same sentence or one beside it;
what the brief does not hold is not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from rubric.brief import carries
from rubric.case import Case, Passage
from rubric.dates import DateRef
from rubric.phrases import Hit
from rubric.prospect import Signal
from rubric.quantities import Quantity
from rubric.rules import Example, Found, at, at_chars, rule
from rubric.words import Sentence, plain

EVENTS = ("funding", "hiring", "layoff", "restructuring", "leadership")
_TALK = frozenset({"talk", "keynote", "conference", "podcast", "interview", "webinar", "panel", "spoke", "speaker", "said"})
_PUBLICATIONS = dict.fromkeys(_TALK, _TALK) | dict.fromkeys(("post", "article", "blog", "paper", "essay"), frozenset({"post", "blog", "article", "wrote", "paper", "published", "linkedin", "newsletter"}))
_RUNS = frozenset("run runs running use uses using built builds on works relies".split())
_OLD = {"funding": 180, "layoff": 120, "restructuring": 90, "leadership": 90}
_YOU = frozenset({"you", "your", "yours", "you're", "you've", "you'll", "you'd"})
_WE = frozenset({"we", "our", "we've", "we'll", "us", "i", "i've", "i'll"})


def _hiring(confidence: str, roles: int = 7, **more: Any) -> dict[str, Any]:
    return {"signals": {"hiring": {"open_engineering_roles": roles, "confidence": confidence, **more}}}


class Mention(NamedTuple):
    """One event spoken of in one sentence that is about the prospect."""

    event: str
    passage: Passage
    sentence: Sentence
    hit: Hit


def about_prospect(case: Case, passage: Passage, sentence: Sentence) -> bool:
    lower = passage.words.lower[sentence.first : sentence.last]
    if any(w in _YOU for w in lower):
        return True
    name = plain(case.prospect.company.name)[:1]
    return bool(name and name[0] in lower) or passage.has("observed", sentence)


def mentions(case: Case) -> list[Mention]:
    return case.memo(_mentions)


def _mentions(case: Case) -> list[Mention]:
    out = []
    for passage in case.passages:
        for sentence in passage.words.sentences:
            money = _raised(case, passage, sentence)
            if money is not None:
                out.append(Mention("funding", passage, sentence, money))
            if not about_prospect(case, passage, sentence) and not _the_round(passage, sentence):
                continue
            for event in EVENTS:
                hits = [h for h in passage.inside(f"mention.{event}", sentence) if not _ours(passage, h)]
                if hits and not (event == "funding" and money is not None):
                    out.append(Mention(event, passage, sentence, hits[0]))
    return out


def _raised(case: Case, passage: Passage, sentence: Sentence) -> Hit | None:
    """The sum of the brief's funding in a sentence, however the raise is called."""
    funding = case.prospect.signals.funding
    if funding is None or not funding.amount_usd or passage.has("price", sentence):
        return None
    for amount in passage.amounts:
        if sentence.first <= amount.first < sentence.last and is_sum(amount) and carries_sum(funding.amount_usd, amount):
            return Hit("mention.funding", "", amount.first, amount.last)
    return None


def is_sum(amount: Quantity) -> bool:
    """Money, or a bare number so large that it can be nothing else: "eight million"."""
    return amount.kind == "money" or (amount.kind == "count" and not amount.unit and amount.low >= 100_000)


def carries_sum(value: float, amount: Quantity) -> bool:
    return carries(value, amount._replace(kind="money"))


def _the_round(passage: Passage, sentence: Sentence) -> bool:
    lower = passage.words.lower[sentence.first : sentence.last]
    pairs = set(zip(lower, lower[1:], strict=False))
    return bool(pairs & {("the", "round"), ("the", "raise"), ("the", "funding"), ("new", "funding")}) and not _WE & set(lower)


def _ours(passage: Passage, hit: Hit) -> bool:
    """Whether the words just before make it the seller's: "we raise", "our round", "raise a hand"."""
    before = passage.words.lower[max(0, hit.first - 2) : hit.first]
    after = passage.words.lower[hit.last : hit.last + 3]
    if passage.words.lower[hit.first] in {"raise", "raised", "raising", "close", "closed", "closing"} and (
        {"question", "hand", "topic", "point", "concern", "issue", "bar", "thread", "loop", "likely", "file"} & set(after)
    ):
        return True
    return bool(before) and (before[-1] in _WE or (len(before) > 1 and before[-2] in {"we", "i"}))


def signal_of(case: Case, event: str) -> Signal | None:
    found = getattr(case.prospect.signals, event)
    return found if isinstance(found, Signal) else None


def known_elsewhere(case: Case, event: str) -> bool:
    """Whether a fact, a role or a message of the own thread speaks of the event."""
    known = case.memo(_events_in_texts)
    return event in known


def _events_in_texts(case: Case) -> frozenset[str]:
    out = set()
    for pointer, text in case.brief.texts:
        if pointer == "/company/name":
            continue
        out |= {name.removeprefix("mention.") for name in case.brief.read(text)[1] if name.startswith("mention.")}
        if "_roles" in pointer or "job" in pointer or "hiring" in pointer:
            out.add("hiring")
    return frozenset(out)


@rule(
    "signal.unhedged",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="PENALISE",
    fix='ask, or hedge: "it appears", "is it right that", "I cannot tell from outside whether"',
    passes=[
        Example("You have 7 open engineering roles.", _hiring("high")),
        Example("It looks like you have 7 open roles; is that right?", _hiring("medium")),
        Example("I saw 7 open roles. I cannot tell from the outside whether that is all.", _hiring("low")),
    ],
    fails=[
        Example("You have 7 open engineering roles.", _hiring("medium")),
        Example("Your 7 open roles show that you are building.", _hiring("low")),
        Example("You have 7 open roles.", _hiring("high", observed_on="2026-03-21")),
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
        if _only_topic(case, mention):
            continue
        stale = signal.observed_on and sure != (signal.confidence or "high")
        why = f", observed {signal.observed_on}" if stale else ""
        yield at(
            mention.passage, (mention.sentence.first, mention.sentence.last),
            f"states the {mention.event} signal as a fact, the brief holds it with {sure} confidence{why}",
            evidence=f"/signals/{mention.event}/confidence", decision="BLOCK" if sure == "low" else None,
        )  # fmt: skip
        return


def _only_topic(case: Case, mention: Mention) -> bool:
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
        Example("We see no public signal on hiring.", _hiring("insufficient_signal")),
        Example("You have 7 open roles.", _hiring("high")),
    ],
    fails=[
        Example("You appear to be hiring.", _hiring("insufficient_signal")),
        Example("Your layoffs must have been hard.", {"signals": {"layoff": {"confidence": "insufficient_signal"}}}),
    ],
)
def insufficient(case: Case) -> Iterable[Found]:
    """A signal whose confidence is insufficient is not mentioned, hedged or not."""
    for mention in mentions(case):
        if mention.event == "funding" or case.level(signal_of(case, mention.event)) != "insufficient_signal":
            continue
        passage, sentence = mention.passage, mention.sentence
        if case.sureness(passage, sentence).denied or passage.negated(mention.hit.first) or sentence.question or _only_topic(case, mention):
            continue
        yield at(
            passage, mention.hit,
            f'speaks of {mention.event} ("{passage.words.quote(mention.hit.first, mention.hit.last)}"), for which the brief has no sufficient signal',
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
        Example("You are hiring rapidly.", _hiring("high", 5)),
        Example("I would not call two roles aggressive hiring.", _hiring("high", 2)),
    ],
    fails=[
        Example("You are hiring aggressively.", _hiring("high", 4)),
        Example("You are clearly scaling fast.", _hiring("low", 9)),
        Example("Your team is in full growth mode.", {}),
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
        if passage.negated(hit.first) or passage.has("innocent", sentence) or sentence.question:
            continue
        if passage.part == "body" and not about_prospect(case, passage, sentence):
            continue
        if passage.words.lower[hit.first] in _WE or _ours(passage, hit) or (passage.has("offer", sentence) and not passage.has("certain", sentence) and passage.words.lower[sentence.first] in _WE):
            continue
        if any(w in case.brief.words for w in passage.words.lower[hit.first : hit.last] if len(w) > 6) and sure in {"high", None}:
            continue
        what = "no open roles" if roles is None else f"{roles} open roles at {sure} confidence"
        yield at(
            passage, hit,
            f'"{passage.words.quote(hit.first, hit.last)}" rests on {what}; such words need {least} or more',
            evidence="/signals/hiring",
        )  # fmt: skip
        return


@rule(
    "signal.direction",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="BLOCK",
    fix="say which way the signal points, or leave the trend out",
    passes=[
        Example("Your hiring has slowed since spring.", _hiring("high", 7, velocity="decreasing")),
        Example("Your hiring is growing.", _hiring("high", 7, velocity="increasing")),
    ],
    fails=[
        Example("Your hiring is growing month on month.", _hiring("high", 7, velocity="decreasing")),
        Example("Your open roles have dropped.", _hiring("high", 7, delta_pct=40)),
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
            if mention.event != "hiring" or sentence.question:
                continue
            for hit in passage.inside(words, sentence):
                if passage.negated(hit.first) or passage.words.lower[hit.first] in {"up", "down", "fall"} and not _trend(passage, hit):
                    continue
                said = passage.words.quote(hit.first, hit.last)
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
            least = next((n for stem, n in (("doubl", 90), ("tripl", 180), ("quadrupl", 270)) if lower[word].startswith(stem)), None)
            if mention.event == "hiring" and least is not None and delta is not None and delta < least:
                return at(
                    mention.passage, (word, word + 1),
                    f'"{mention.passage.words.quote(word, word + 1)}" is more than the brief shows ({delta:+g}%)',
                    evidence="/signals/hiring/delta_pct",
                )  # fmt: skip
    return None


def _trend(passage: Passage, hit: Hit) -> bool:
    lower = passage.words.lower
    around = lower[max(0, hit.first - 2) : hit.last + 2]
    return bool({"roles", "openings", "hiring", "postings", "headcount", "percent", "from", "is", "are", "trending", "by"} & set(around))


@rule(
    "signal.fabricated",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=1,
    decision="BLOCK",
    fix="say what the brief says, or leave it out",
    passes=[
        Example("You have 7 open roles.", _hiring("high")),
        Example("You cut 12% of staff in January.", {"signals": {"layoff": {"pct": 12, "on": "2026-01-15"}}}),
        Example("Have you had layoffs this year?"),
    ],
    fails=[
        Example("You have 9 open roles.", _hiring("high")),
        Example("You cut 20% of staff in January.", {"signals": {"layoff": {"pct": 12, "on": "2026-01-15"}}}),
        Example("Your recent layoffs must weigh on delivery."),
        Example("You closed your round in March.", {"signals": {"funding": {"stage": "series_a", "closed_on": "2026-02-10"}}}),
    ],
)
def fabricated(case: Case) -> Iterable[Found]:
    """An event, a number or a date that the brief does not hold, or holds differently."""
    yield from _events(case)
    yield from _publications(case)
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
        if event == "hiring" and (_only_topic(case, mention) or not _counted(passage, sentence)):
            continue
        if event == "leadership" and not _dated_or_new(passage, sentence):
            continue
        if event in {"layoff", "restructuring"} and (signal_of(case, "layoff") or signal_of(case, "restructuring")):
            continue
        if _only_topic(case, mention) or (event == "funding" and not _claims_round(passage, sentence)):
            continue
        seen.add(event)
        yield at(
            passage, mention.hit,
            f'speaks of {event} ("{passage.words.quote(mention.hit.first, mention.hit.last)}"), of which the brief holds nothing',
        )  # fmt: skip


def _publications(case: Case) -> Iterator[Found]:
    """A talk, a post, an award of theirs that the brief does not know."""
    for passage, hit in case.each("mention.publication"):
        noun = passage.words.lower[hit.last - 1]
        known = {noun, noun.rstrip("s"), f"{noun}s"} | _PUBLICATIONS.get(noun, frozenset())
        if known & case.brief.words.keys() or passage.negated(hit.first) or passage.sentence(hit.first).question:
            continue
        yield at(passage, hit, f'"{passage.words.quote(hit.first, hit.last)}" stands nowhere in the brief')
        return


def _counted(passage: Passage, sentence: Sentence) -> bool:
    return any(sentence.first <= a.first < sentence.last and a.unit == "roles" for a in passage.amounts)


def _claims_round(passage: Passage, sentence: Sentence) -> bool:
    """Whether the reader's own raise is meant, and not a stage that companies are in."""
    lower = passage.words.lower[sentence.first : sentence.last]
    return bool({"your", "you", "you've", "congratulations", "congrats"} & set(lower))


def _dated_or_new(passage: Passage, sentence: Sentence) -> bool:
    return passage.has("recent", sentence) or any(sentence.start <= d.start < sentence.end for d in passage.dates)


def _counts(case: Case) -> Iterator[Found]:
    for passage in case.passages:
        for amount in passage.amounts:
            sentence = passage.sentence(amount.first)
            if not about_prospect(case, passage, sentence) and amount.unit != "roles":
                continue
            if found := _count(case, passage, sentence, amount):
                yield found


def _count(case: Case, passage: Passage, sentence: Sentence, amount: Quantity) -> Found | None:
    if amount.unit == "roles":
        return _role_count(case, passage, sentence, amount)
    if amount.kind == "percent" and not passage.has("price", sentence) and not _offered(passage, amount):
        layoff = case.prospect.signals.layoff
        if layoff and layoff.pct is not None and passage.has("mention.layoff", sentence):
            if carries(layoff.pct, amount):
                return None
            return at_chars(
                passage, amount.start, amount.end,
                f'says "{passage.words.text[amount.start:amount.end]}" of the layoff, the brief says {layoff.pct:g}%',
                evidence="/signals/layoff/pct",
            )  # fmt: skip
        if case.brief.trace(amount) is None:
            return at_chars(passage, amount.start, amount.end, f'"{passage.words.text[amount.start:amount.end]}" stands nowhere in the brief')
    if passage.words.lower[amount.first - 1 : amount.first] in (["of"], ["from"], ["than"]) and amount.unit == "":
        return None
    if amount.unit == "people" and _your(passage, amount):
        return _headcount(case, passage, amount)
    if amount.kind == "duration" and passage.has("mention.gap", sentence) and not _offered(passage, amount):
        if case.brief.trace(amount) is None:
            return at_chars(passage, amount.start, amount.end, f'"{passage.words.text[amount.start:amount.end]}" stands nowhere in the brief')
    return None


def _offered(passage: Passage, amount: Quantity) -> bool:
    """Whether the amount is the seller's own: a part of an offer and not of a statement about them."""
    before = passage.words.lower[max(passage.sentence(amount.first).first, amount.first - 6) : amount.first]
    return bool(set(before) & _WE) and not set(before) & _YOU


def _your(passage: Passage, amount: Quantity) -> bool:
    before = passage.words.lower[max(0, amount.first - 2) : amount.first]
    after = passage.words.lower[amount.last : amount.last + 2]
    return bool({"your", "you're", "at"} & set(before)) and not {"open", "asked", "need"} & set(after)


def _role_count(case: Case, passage: Passage, sentence: Sentence, amount: Quantity) -> Found | None:
    hiring = case.prospect.signals.hiring
    before = passage.words.lower[max(0, amount.first - 2) : amount.first]
    if (passage.words.lower[amount.first] == "one" and sentence.question) or before == ["instead", "of"] or before[-1:] in (["from"], ["than"]):
        return None
    total = hiring.open_engineering_roles if hiring else None
    if total is not None and carries(float(total), amount):
        return None
    if hiring and (n := _matching_roles(passage, sentence, hiring.roles)) and carries(float(n), amount):
        return None
    if case.brief.trace(amount) is not None and (total is None or _in_texts(case, amount)):
        return None
    if _offered(passage, amount) and not passage.has("observed", sentence):
        return None
    known = "no number of open roles" if total is None else f"{total}"
    return at_chars(
        passage, amount.start, amount.end,
        f'says "{passage.words.text[amount.start:amount.end]}", the brief has {known}',
        evidence="/signals/hiring/open_engineering_roles" if total is not None else None,
    )  # fmt: skip


def _in_texts(case: Case, amount: Quantity) -> bool:
    return any(n.kind == "count" and n.value == amount.low and "/open_engineering_roles" not in n.pointer for n in case.brief.numbers)


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
    return at_chars(
        passage, amount.start, amount.end,
        f'says "{passage.words.text[amount.start:amount.end]}", the brief has {known} people',
        evidence="/company/headcount",
    )  # fmt: skip


def event_day(case: Case, event: str) -> date | None:
    signals = case.prospect.signals
    if event == "funding" and signals.funding:
        return signals.funding.closed_on
    if event == "layoff" and signals.layoff:
        return signals.layoff.on
    if event == "restructuring" and signals.restructuring:
        return signals.restructuring.on
    if event == "leadership" and signals.leadership:
        return signals.leadership.started_on
    return None


def _days(case: Case) -> Iterator[Found]:
    for mention in mentions(case):
        day = event_day(case, mention.event)
        passage, sentence = mention.passage, mention.sentence
        if day is None or sum(m.sentence == sentence and m.passage is passage and m.event != "hiring" for m in mentions(case)) > 1:
            continue
        for ref in passage.dates:
            if not sentence.start <= ref.start < sentence.end or ref.first_day > case.as_of or ref.kind in {"in", "weekday", "end"}:
                continue
            if _fits(ref, day) or case.brief.trace_day(ref.first_day, ref.last_day) or _in_brief_text(case, passage, ref):
                continue
            yield at_chars(
                passage, ref.start, ref.end,
                f'dates the {mention.event} "{passage.words.text[ref.start:ref.end]}", the brief says {day}',
                evidence=f"/signals/{mention.event}",
            )  # fmt: skip
            return


def _fits(ref: DateRef, day: date) -> bool:
    return ref.covers(day, slack=3 if ref.kind in {"ago", "rel"} else 0)


def _in_brief_text(case: Case, passage: Passage, ref: DateRef) -> bool:
    said = [w for w in passage.words.text[ref.start : ref.end].lower().split() if len(w) > 2]
    return bool(said) and all(w.strip(",.") in case.brief.words for w in said)


@rule(
    "signal.stale",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=3,
    decision="PENALISE",
    fix="give the date, or leave the event out",
    passes=[
        Example("Your recent Series A caught my eye.", {"signals": {"funding": {"stage": "series_a", "closed_on": "2026-02-10"}}}),
        Example("You raised a Series A in June 2025.", {"signals": {"funding": {"stage": "series_a", "closed_on": "2025-06-10"}}}),
    ],
    fails=[
        Example("Your recent Series A caught my eye.", {"signals": {"funding": {"stage": "series_a", "closed_on": "2025-06-10"}}}),
        Example("Congratulations on your new CTO.", {"signals": {"leadership": {"role": "cto", "started_on": "2025-08-01"}}}),
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
    "signal.tech_stack",
    failure="signal_over_claiming",
    dimension="signal_grounding",
    severity=3,
    decision="PENALISE",
    fix='hedge: "your postings suggest", or ask',
    passes=[
        Example("Your Kafka pipelines caught my eye.", {"signals": {"tech_stack": {"items": ["kafka"], "confirmed": True}}}),
        Example("Your postings suggest Kafka.", {"signals": {"tech_stack": {"items": ["kafka"]}}}),
    ],
    fails=[
        Example("Your Kafka pipelines caught my eye.", {"signals": {"tech_stack": {"items": ["kafka"]}}}),
        Example("You run Kafka in production.", {"signals": {"tech_stack": {"items": ["kafka"], "confirmed": False}}}),
    ],
)
def tech_stack(case: Case) -> Iterable[Found]:
    """A stack that was only inferred, stated as a fact."""
    stack = case.prospect.signals.tech_stack
    if stack is None or stack.confirmed:
        return
    items = {w for item in stack.items for w in plain(item.replace("_", " ")) if len(w) > 1}
    elsewhere = {w for p, t in case.brief.texts if "tech_stack" not in p for w in plain(t)}
    for sentence in case.body.words.sentences:
        for word in range(sentence.first, sentence.last):
            before = case.body.words.lower[max(sentence.first, word - 6) : word]
            theirs = bool(_YOU & set(before[-3:])) or bool(set(plain(case.prospect.company.name)[:1]) & set(before) and _RUNS & set(before))
            if case.body.words.lower[word] not in items - elsewhere or not theirs or {"if", "whether"} & set(before):
                continue
            if case.careful(case.body, sentence) or case.body.negated(word):
                continue
            yield at(
                case.body, (word, word + 1),
                f'"{case.body.words.quote(word, word + 1)}" is stated as theirs, the brief only infers it',
                evidence="/signals/tech_stack/confirmed",
            )  # fmt: skip
            return


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
        if sentence.question or case.sureness(passage, sentence).doubted or {"if", "whether", "unless", "case"} & set(before):
            continue
        said = set(passage.words.lower[hit.last : hit.last + 4])
        if {"to", "time", "reply", "answer", "need", "worry", "interest"} & (said | {passage.words.lower[hit.last - 1]}) or _prospect_said(case):
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
    name = plain(case.prospect.company.name)[:1]
    denials = {"isn't", "doesn't", "hasn't", "lacks", "aren't", "don't"}
    for passage in case.passages:
        lower = passage.words.lower
        for n in range(len(lower) - len(name)):
            end = n + len(name)
            if name and lower[n:end] == name and (lower[end] in denials or lower[end : end + 2] in (["has", "no"], ["is", "not"], ["does", "not"])):
                yield passage, Hit("absence", "", n, end + 1)
