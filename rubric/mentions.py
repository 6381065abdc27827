"""Events that a letter speaks of, sentence by sentence, when it speaks of the reader.

Decides what counts as a mention: the phrases of `english.yaml`, or the sum of the brief's funding
however the raise is called. A sentence is about the reader when it speaks to "you", names the
company or reports what was seen. What the mention is worth is for the rules.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import NamedTuple

from rubric.brief import carries
from rubric.case import Case, Passage
from rubric.phrases import Hit
from rubric.prospect import Signal
from rubric.quantities import Quantity
from rubric.words import Sentence, plain

EVENTS = ("funding", "hiring", "layoff", "restructuring", "leadership")
_LISTS = {event: f"mention.{event}" for event in EVENTS}
YOU = frozenset({"you", "your", "yours", "you're", "you've", "you'll", "you'd"})
WE = frozenset({"we", "our", "we've", "we'll", "us", "i", "i've", "i'll"})


_WISHES = frozenset({"congratulations", "congrats"})


class Mention(NamedTuple):
    """One event spoken of in one sentence that is about the prospect."""

    event: str
    passage: Passage
    sentence: Sentence
    hit: Hit


def about_prospect(case: Case, passage: Passage, sentence: Sentence) -> bool:
    lower = passage.words.lower[sentence.first : sentence.last]
    if any(w in YOU or w in _WISHES for w in lower):
        return True
    name = case.memo(company_words)
    return bool(name and (name[0] in lower or f"{name[-1]}'s" in lower)) or passage.has("observed", sentence)


def company_words(case: Case) -> list[str]:
    return plain(case.prospect.company.name)


def mentions(case: Case) -> list[Mention]:
    return case.memo(_mentions)


def _mentions(case: Case) -> list[Mention]:
    out = []
    for passage in case.passages:
        sums = _sums(case, passage)
        for sentence in passage.words.sentences:
            events = [e for e in EVENTS if passage.has(_LISTS[e], sentence)]
            money = _raised(passage, sentence, sums) if sums else None
            if money is not None:
                out.append(Mention("funding", passage, sentence, money))
                events = [e for e in events if e != "funding"]
            counted = _counted(case, passage, sentence)
            out += [Mention(event, passage, sentence, hit) for event, hit in counted.items()]
            events = [e for e in events if e not in counted]
            if not (about_prospect(case, passage, sentence) or _the_round(passage, sentence)):
                events = [e for e in events if e == "leadership" and leader_named(case, passage, sentence)]
            for event in events:
                hits = [h for h in passage.inside(_LISTS[event], sentence) if not ours(passage, h)]
                if event == "hiring":
                    hits = _of_hiring(case, passage, sentence, hits)
                hit = next(iter(hits), None)
                if hit is not None:
                    out.append(Mention(event, passage, sentence, hit))
    return out


_ONE_ROLE = frozenset("role opening position vacancy req requisition job posting post listing ad seat search".split())
_LEADERS = frozenset("cto vp head chief ceo cfo coo director lead leader".split())
_WRITES = frozenset("published publishes publish wrote writes read reading blog article recent".split())


def _of_hiring(case: Case, passage: Passage, sentence: Sentence, hits: list[Hit]) -> list[Hit]:
    """The hits that speak of hiring: no post that somebody wrote, no post that somebody took up, no "faster than
    hiring" of a pitch, and not the one role in which a sure capability gap shows."""
    hits = [h for h in hits if not _other_post(passage, h) and "than" not in passage.words.lower[h.first - 2 : h.first]]
    gap = case.prospect.signals.capability_gap
    only_role = all(passage.words.lower[h.first] in _ONE_ROLE for h in hits)
    if gap is None or not only_role or case.level(gap) != "high":
        return hits
    named = set(plain(gap.capability or "")) & set(passage.words.lower[sentence.first : sentence.last])
    counted = any(a.unit == "roles" for a in passage.amounts if sentence.first <= a.first < sentence.last)
    return hits if counted or not named else []


def _other_post(passage: Passage, hit: Hit) -> bool:
    """Whether it is a text, or the office of a leader: "published a post", "took on the role of CTO"."""
    lower = passage.words.lower
    before, after = set(lower[max(0, hit.first - 3) : hit.first]), lower[hit.last : hit.last + 2]
    if lower[hit.first] in {"post", "posts"}:
        return bool(_WRITES & before) or after[:1] in (["on"], ["about"])
    if lower[hit.first] not in {"role", "position", "job", "seat"}:
        return False
    return (after[:1] in (["of"], ["as"]) and bool(_LEADERS & set(after))) or bool(_LEADERS & set(lower[hit.first - 1 : hit.first]))


def leader_named(case: Case, passage: Passage, sentence: Sentence) -> bool:
    """Whether a sentence names the appointment of the brief: the new leader's own name, the title with the
    day or the month, or "the appointment"."""
    leader = case.prospect.signals.leadership
    if leader is None:
        return False
    lower = passage.words.lower[sentence.first : sentence.last]
    if set(plain(leader.name or "")[-1:]) & set(lower):
        return True
    title = (leader.role or "").split("_")[0].lower()
    days = [d for d in passage.dates if sentence.start <= d.start < sentence.end]
    dated = leader.started_on is not None and any(d.covers(leader.started_on, slack=4) for d in days)
    return bool(title) and title in lower and (dated or "appointment" in lower)


def _counted(case: Case, passage: Passage, sentence: Sentence) -> dict[str, Hit]:
    """Events that are told by the brief's own number: so many engineers to find, so many percent of the people."""
    hiring, layoff, need = case.prospect.signals.hiring, case.prospect.signals.layoff, case.prospect.need
    lower = passage.words.lower[sentence.first : sentence.last]
    if (WE | {"us", "ours"}) & set(lower):
        return {}
    about = about_prospect(case, passage, sentence)
    told: dict[tuple[str, float | None], str] = {("people", hiring.open_engineering_roles): "hiring"} if hiring and about else {}
    told |= {("%", layoff.pct): "layoff"} if layoff and layoff.pct else {}
    asked = need.engineers if need else None
    return {
        told[a.unit, a.high]: Hit("mention.counted", "", a.first, a.last)
        for a in passage.amounts
        if sentence.first <= a.first < sentence.last and (a.unit, a.high) in told and a.high != asked
    }


def _sums(case: Case, passage: Passage) -> list[Quantity]:
    """The amounts that are the sum of the brief's funding, however the raise is called."""
    funding = case.prospect.signals.funding
    if funding is None or not funding.amount_usd:
        return []
    return [a for a in passage.amounts if is_sum(a) and carries_sum(funding.amount_usd, a)]


def _raised(passage: Passage, sentence: Sentence, sums: list[Quantity]) -> Hit | None:
    if passage.has("price", sentence):
        return None
    found = next((a for a in sums if sentence.first <= a.first < sentence.last), None)
    return Hit("mention.funding", "", found.first, found.last) if found else None


def is_sum(amount: Quantity) -> bool:
    """Money, or a bare number so large that it can be nothing else: "eight million"."""
    return amount.kind == "money" or (amount.kind == "count" and not amount.unit and amount.low >= 100_000)


def carries_sum(value: float, amount: Quantity) -> bool:
    return carries(value, amount._replace(kind="money"))


def _the_round(passage: Passage, sentence: Sentence) -> bool:
    lower = passage.words.lower[sentence.first : sentence.last]
    pairs = set(pairwise(lower))
    return bool(pairs & {("the", "round"), ("the", "raise"), ("the", "funding"), ("new", "funding"), ("the", "series")}) and not WE & set(
        lower
    )


def ours(passage: Passage, hit: Hit) -> bool:
    """Whether the words just before make it the seller's: "we raise", "our round", "raise a hand"."""
    before = passage.words.lower[max(0, hit.first - 2) : hit.first]
    after = passage.words.lower[hit.last : hit.last + 3]
    if passage.words.lower[hit.first] in {"raise", "raised", "raising", "close", "closed", "closing"} and (
        {"question", "hand", "topic", "point", "concern", "issue", "bar", "thread", "loop", "likely", "file"}
        & set(after)
    ):
        return True
    return bool(before) and (before[-1] in WE or (len(before) > 1 and before[-2] in {"we", "i"}))


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
