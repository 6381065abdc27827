"""What the letter asks for: one thing, of a size that fits."""

from __future__ import annotations

from collections.abc import Iterable

from rubric.case import Case
from rubric.phrases import Hit
from rubric.quantities import Quantity
from rubric.rules import Example, Found, at, rule
from rubric.stems import stems
from rubric.words import Sentence

_KINDS = {
    "call": "a call",
    "resource": "material",
    "form": "a form",
    "reply": "a reply",
    "referral": "a referral",
    "commit": "a commitment",
}


def asks(case: Case) -> dict[str, Hit]:
    """The kinds of ask in the body, each with its first place."""
    return case.memo(_asks)


def _asks(case: Case) -> dict[str, Hit]:
    body = case.body
    out: dict[str, Hit] = {}
    for sentence in body.words.sentences:
        if not body.has("ask_frame", sentence) and not sentence.question:
            continue
        kinds = [k for k in _KINDS if body.has(f"ask.{k}", sentence)]
        for kind in kinds:
            hit = body.inside(f"ask.{kind}", sentence)[0]
            if kind == "resource" and "call" in kinds and _calendar(body.words.lower[hit.first : hit.last + 4]):
                continue
            if body.negated(hit.first) or _shown(body.words.lower[sentence.first : sentence.last], kind):
                continue
            out.setdefault(kind, hit)
    return out


def _calendar(words: list[str]) -> bool:
    return bool({"calendar", "invite", "slot", "slots", "link", "times"} & set(words))


def _shown(lower: list[str], kind: str) -> bool:
    """ "let me know if a call suits" asks for the call alone; "reply with a time" too."""
    if kind == "reply":
        return bool(
            {
                "call",
                "minutes",
                "time",
                "times",
                "slot",
                "chat",
                "profile",
                "profiles",
                "send",
                "works",
                "suits",
                "suit",
                "talk",
                "useful",
            }
            & set(lower)
        )
    return False


@rule(
    "ask.stacked",
    failure="one_ask_violation",
    dimension="cta_quality",
    severity=3,
    decision="PENALISE",
    fix="keep the one ask that matters",
    passes=[
        Example("Would 15 minutes next week suit you, or is the week after better?"),
        Example("Could we talk for 15 minutes on how your teams plan?"),
        Example("Please read this as an offer and no more. Would 30 minutes help?"),
        Example("Is that the whole plan? Would a short call help?"),
    ],
    fails=[
        Example("Would a call on Tuesday suit you? Could you also fill out our survey?"),
        Example("Would you read our overview, and could we then talk for 15 minutes?"),
        Example("Can we talk for 15 minutes, and could you introduce me to your head of data?"),
        Example("Please also reply with your roadmap, and read the case study on our site."),
        Example("Could you send me your org chart and fill in the form on our site?"),
    ],
)
def stacked(case: Case) -> Iterable[Found]:
    """Asks of different kinds in one letter; two questions for one thing are one ask."""
    found = asks(case)
    if len(found) > 1:
        *_, last = sorted(found.values(), key=lambda h: h.first)
        yield at(case.body, last, f"asks for {' and '.join(_KINDS[k] for k in found)}; one ask is enough")


@rule(
    "ask.long_meeting",
    failure="one_ask_violation",
    dimension="cta_quality",
    severity=3,
    decision="PENALISE",
    fix="ask for a shorter call; the playbook gives the range",
    passes=[
        Example("Would 30 minutes suit you?"),
        Example("Would 45 minutes suit you?", {"message_type": "warm"}),
        Example("Is it right that builds take 39 minutes?", {"signals": {"facts": ["Builds take 39 minutes."]}}),
    ],
    fails=[
        Example("Would 45 minutes suit you?"),
        Example("Could we take an hour on Tuesday for a call?"),
        Example("Would 39 minutes suit you?", {"signals": {"facts": ["Builds take 39 minutes."]}}),
    ],
)
def long_meeting(case: Case) -> Iterable[Found]:
    """A long meeting asked for in a first letter."""
    most = case.playbook.form.ask_minutes[1]
    for amount in case.body.amounts if case.first_contact else ():
        sentence = case.body.sentence(amount.first)
        minutes = round(min(amount.high, 1e6) * 1440)
        if (
            amount.kind == "duration"
            and most < minutes <= 480
            and amount.unit in {"minute", "hour"}
            and (case.body.has("ask_frame", sentence) or sentence.question)
            and not {"ago", "start", "deploy"} & set(case.body.words.lower[sentence.first : sentence.last])
            and not _of_a_fact(case, sentence, amount)
        ):
            yield at(
                case.body,
                (amount.first, amount.last),
                f"asks for {minutes:g} minutes in a first letter, {most} are the most",
            )
            return
    lower = case.body.words.lower
    for n in range(len(lower) - 1) if case.first_contact else ():
        if (
            lower[n] in {"an", "one", "full"}
            and lower[n + 1] == "hour"
            and lower[n - 1 : n] != ["half"]
            and case.body.has("ask.call", case.body.sentence(n))
        ):
            yield at(case.body, (n, n + 2), f"asks for an hour in a first letter, {most} minutes are the most")
            return


def _of_a_fact(case: Case, sentence: Sentence, amount: Quantity) -> bool:
    """Whether a fact of the brief carries the amount: "is it right that builds take 39 minutes?"."""
    if not (case.brief.trace(amount) or "").startswith("/signals/facts"):
        return False
    said = {t for t in stems(case.body.quote(sentence)) if not t.isdigit()}
    return any(len(said & stems(fact)) >= 2 for fact in case.prospect.signals.facts)


@rule(
    "ask.forced_booking",
    failure="tone_violation",
    dimension="cta_quality",
    severity=3,
    decision="PENALISE",
    marker="professional",
    fix="ask whether a time suits",
    passes=[Example("Would Tuesday suit you?"), Example("Worth a call? A booking link is here if you like.")],
    fails=[
        Example("I've put a slot in your calendar."),
        Example("Let's get you booked in this week."),
        Example("Book a call here: x.example"),
    ],
)
def forced_booking(case: Case) -> Iterable[Found]:
    """A meeting that is taken as agreed before anybody agreed."""
    for passage, hit in case.each("forced_booking"):
        agreed = {"confirmed", "agreed"} & set(passage.words.lower)
        if not agreed and not passage.negated(hit.first) and not passage.sentence(hit.first).question:
            yield at(passage, hit, f'"{passage.quote(hit)}" takes the meeting as agreed')
            return


@rule(
    "ask.missing",
    failure="one_ask_violation",
    dimension="cta_quality",
    severity=3,
    decision="PASS",
    fix="end with one question or one offer of a short call",
    passes=[Example("Would 15 minutes suit you?"), Example("Is that right?")],
    fails=[Example("We place engineers."), Example("We saw two roles. We place engineers.")],
)
def missing(case: Case) -> Iterable[Found]:
    """A cold letter that asks nothing. It is a note and decides nothing."""
    if (
        case.first_contact
        and case.body.words.lower
        and not asks(case)
        and not any(s.question for s in case.body.words.sentences)
    ):
        yield Found("the letter asks nothing")
