"""What the prospect alone decides: nobody is written to, or a person writes.

These rules never look at the draft, so they hold before a token is spent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rubric.case import Case
from rubric.phrases import Hit
from rubric.rules import Example, Found, rule
from rubric.segments import capacity_of
from rubric.words import Words

US = frozenset({"us", "agent", "seller", "sender", "rep", "sdr", "bot", "assistant", "outbound", "me", "we"})
_STOP_WORDS = frozenset({"stop", "unsubscribe", "remove", "cancel", "quit", "end", "optout"})
_FOR_US = re.compile(r"\b(?:assign|have|get|book|request|lend|give)\s+([A-Z][\w'-]+(?:\s[A-Z][\w'-]+){1,2})\s(?:to|for)\s(?:us|our)\b")
_BOUNCE = re.compile(r"bounce|undeliverable|mailbox_full|invalid_(?:email|address)|no_such_user")


def _thread(*texts: str) -> dict[str, Any]:
    return {"message_type": "warm", "thread": {"messages": [{"from": "prospect", "text": t} for t in texts]}}


def replies(case: Case) -> list[tuple[int, Words, dict[str, list[Hit]]]]:
    """What the prospect wrote in this thread: index, words and phrases of each message."""
    return case.memo(_replies)


def _replies(case: Case) -> list[tuple[int, Words, dict[str, list[Hit]]]]:
    ours = {name.lower() for name in case.playbook.seller.names} | US
    out = []
    for n, message in enumerate(case.prospect.thread.messages):
        if message.sender.strip().lower() in ours:
            continue
        out.append((n, *case.brief.read(message.text)))
    return out


def _said(case: Case, name: str, *, last_only: bool = False) -> Iterator[tuple[str, str]]:
    """Pointer and quote of each phrase of a list in the prospect's messages."""
    messages = replies(case)
    for n, words, hits in messages[-1:] if last_only else messages:
        for hit in hits.get(name, [])[:1]:
            sentence = words.sentences[words.sentence_of[hit.first]]
            yield f"/thread/messages/{n}/text", words.quote(sentence.first, sentence.last)


@rule(
    "gate.opt_out",
    failure="opt_out_ignored",
    dimension="cta_quality",
    severity=4,
    decision="SUPPRESS",
    fix="write to nobody here, on no channel; keep the address on the suppression list",
    draft=False,
    passes=[Example("Hi"), Example("Hi", {"opt_out_channels": []})],
    fails=[
        Example("Hi", {"opt_out_channels": ["email"]}),
        Example("Hi", {"opt_out_channels": ["sms"], "channel": "email"}),
    ],
)
def opt_out(case: Case) -> Iterable[Found]:
    """An opt-out on any channel covers every channel."""
    for channel in case.prospect.opt_out_channels[:1]:
        yield Found(
            f"the prospect opted out of {channel}, and an opt-out on one channel covers them all; "
            f"this message is meant for {case.prospect.channel}",
            evidence="/opt_out_channels/0",
        )


@rule(
    "gate.hard_no",
    failure="opt_out_ignored",
    dimension="cta_quality",
    severity=4,
    decision="SUPPRESS",
    fix="stop writing and add the address to the suppression list",
    draft=False,
    passes=[
        Example("Hi", _thread("Not the right time, maybe in autumn.")),
        Example("Hi", _thread("Interesting, tell me more.")),
    ],
    fails=[
        Example("Hi", _thread("Please remove me from your list.")),
        Example("Hi", _thread("We're not interested, stop emailing.")),
    ],
)
def hard_no(case: Case) -> Iterable[Found]:
    """A hard no anywhere in the thread ends it; a deferral does not."""
    for pointer, quote in _said(case, "reply.hard_no"):
        if re.search(r"\bno thanks? (?:needed|necessary|required)", quote, re.I):
            continue
        yield Found(f'the prospect said no: "{quote}"', evidence=pointer)
        return
    for n, words, _ in replies(case):
        if words.lower and len(words.lower) <= 2 and words.lower[-1] in _STOP_WORDS:
            yield Found(f'the prospect answered "{words.text.strip()}"', evidence=f"/thread/messages/{n}/text")
            return
    for pointer, text in _remarks(case):
        words, found = case.brief.read(text)
        for hit in found.get("reply.hard_no", ()):
            if hit.last - hit.first > 1:
                yield Found(
                    f'a remark asks for no further contact: "{words.quote(hit.first, hit.last)}"', evidence=pointer
                )
                return


def _remarks(case: Case) -> Iterator[tuple[str, str]]:
    """What somebody noted about the prospect: facts and notes."""
    for n, fact in enumerate(case.prospect.signals.facts):
        yield f"/signals/facts/{n}", fact
    if case.prospect.notes:
        yield "/notes", case.prospect.notes


@rule(
    "gate.bounce",
    failure="opt_out_ignored",
    dimension="cta_quality",
    severity=3,
    decision="SUPPRESS",
    fix="find a valid address before anything is written",
    draft=False,
    passes=[Example("Hi", {"flags": ["weak_hiring_velocity_signal"]}), Example("Hi")],
    fails=[Example("Hi", {"flags": ["hard_bounce"]}), Example("Hi", {"flags": ["email bounced"]})],
)
def bounce(case: Case) -> Iterable[Found]:
    """An address that bounced is not written to again."""
    for n, flag in enumerate(case.prospect.flags):
        if _BOUNCE.search(flag.lower().replace(" ", "_")):
            yield Found(f"the address is flagged {flag!r}, so a message would not arrive", evidence=f"/flags/{n}")


@rule(
    "gate.disqualifier",
    failure="disqualifier_ignored",
    dimension="cta_quality",
    severity=1,
    decision="SUPPRESS",
    fix="write to nobody at this company",
    draft=False,
    passes=[Example("Hi"), Example("Hi", {"disqualifiers": []})],
    fails=[
        Example("Hi", {"disqualifiers": ["anti_offshore"]}),
        Example("Hi", {"disqualifiers": ["a_flag_nobody_knows"]}),
    ],
)
def disqualifier(case: Case) -> Iterable[Found]:
    """Any disqualifier ends it, one with an unknown name too."""
    for n, name in enumerate(case.prospect.disqualifiers):
        known = name.strip().lower() in case.playbook.disqualifiers
        note = "" if known else ", which the playbook does not know and therefore takes seriously"
        yield Found(f"the prospect is disqualified: {name}{note}", evidence=f"/disqualifiers/{n}")


@rule(
    "gate.stance",
    failure="disqualifier_ignored",
    dimension="cta_quality",
    severity=1,
    decision="SUPPRESS",
    fix="write to nobody at this company",
    draft=False,
    passes=[
        Example("Hi", {"signals": {"facts": ["Their engineers are spread over three countries."]}}),
        Example("Hi", {"signals": {"facts": ["They work with contractors happily."]}}),
        Example("Hi", {"signals": {"facts": ["The test suite was written in house."]}}),
    ],
    fails=[
        Example("Hi", {"signals": {"facts": ["The CTO wrote: we never outsource engineering."]}}),
        Example("Hi", {"signals": {"facts": ["Northwind calls itself proudly onshore."]}}),
        Example("Hi", {"signals": {"facts": ["Northwind states that all of its code is written in house."]}}),
        Example("Hi", _thread("We only hire people who come into our office.")),
    ],
)
def stance(case: Case) -> Iterable[Found]:
    """A stance against what is sold, in a fact, a quote or a reply, disqualifies."""
    if not case.playbook.stances:
        return
    for pointer, text in _public_texts(case):
        words, hits = case.brief.read(text)
        for hit in hits.get("stance", ()):
            sentence = words.sentences[words.sentence_of[hit.first]]
            yield Found(
                f'a stance against working with outside teams: "{words.quote(sentence.first, sentence.last)}"',
                evidence=pointer,
            )
            return


def _public_texts(case: Case) -> Iterator[tuple[str, str]]:
    for n, fact in enumerate(case.prospect.signals.facts):
        yield f"/signals/facts/{n}", fact
    for n, words, _ in replies(case):
        yield f"/thread/messages/{n}/text", words.text


@rule(
    "gate.chief",
    failure="escalation_missed",
    dimension="cta_quality",
    severity=2,
    decision="ESCALATE",
    fix="hand this prospect to a person",
    draft=False,
    passes=[
        Example("Hi", {"company": {"headcount": 2000}, "recipient": {"role": "cto"}}),
        Example("Hi", {"company": {"headcount": 9000}, "recipient": {"role": "vp_eng"}}),
    ],
    fails=[
        Example("Hi", {"company": {"headcount": 2001}, "recipient": {"role": "cto"}}),
        Example("Hi", {"company": {"headcount": 4000}, "recipient": {"title": "Chief Data Officer"}}),
    ],
)
def chief(case: Case) -> Iterable[Found]:
    """A chief officer at a company above the playbook's size is written to by a person."""
    limit = case.playbook.policy.escalate_headcount
    headcount = case.prospect.company.headcount
    recipient = case.prospect.recipient
    if headcount is not None and headcount > limit and recipient.chief:
        title = recipient.title or (recipient.role or "").upper()
        yield Found(
            f"the recipient is a chief officer ({title}) and the company has {headcount:,} people, above {limit:,}",
            evidence="/company/headcount",
        )


@rule(
    "gate.legal",
    failure="escalation_missed",
    dimension="cta_quality",
    severity=4,
    decision="ESCALATE",
    fix="let a person with authority answer",
    draft=False,
    passes=[
        Example("Hi", _thread("What does onboarding look like?")),
        Example("Hi", _thread("Our legal-tech product needs two engineers.")),
    ],
    fails=[
        Example("Hi", _thread("Can you send your DPA first?")),
        Example("Hi", _thread("How do you handle our customers' data?")),
    ],
)
def legal(case: Case) -> Iterable[Found]:
    """Legal, data-protection and contract questions go to a person."""
    for pointer, quote in _said(case, "reply.legal"):
        yield Found(f'the prospect raises a legal or data question: "{quote}"', evidence=pointer)
        return


@rule(
    "gate.price_question",
    failure="escalation_missed",
    dimension="cta_quality",
    severity=2,
    decision="ESCALATE",
    fix="let a person quote; nothing beyond the public bands is written by a machine",
    draft=False,
    passes=[
        Example("Hi", _thread("How does your pricing work in general?")),
        Example("Hi", _thread("What are the next steps?")),
    ],
    fails=[
        Example("Hi", _thread("What are your rates exactly?")),
        Example("Hi", _thread("Can we get a 15% discount for two years?")),
    ],
)
def price_question(case: Case) -> Iterable[Found]:
    """A question for an exact price, a total or a discount lies outside the public bands."""
    for n, words, hits in replies(case)[-1:]:
        for hit in hits.get("reply.price_exact", ())[:1]:
            if (
                hits.get("reply.price_any")
                or hits.get("price")
                or "discount" in words.lower
                or "discounts" in words.lower
                or "percent" in words.lower
            ):
                yield Found(
                    f'the prospect asks for a price outside the public bands: "{words.quote(hit.first, hit.last)}"',
                    evidence=f"/thread/messages/{n}/text",
                )


@rule(
    "gate.named_engineer",
    failure="escalation_missed",
    dimension="bench_fit_alignment",
    severity=2,
    decision="ESCALATE",
    fix="let a person say who is free",
    draft=False,
    passes=[
        Example("Hi", {"need": {"stack": "python", "engineers": 2}}),
        Example("Hi", _thread("We need two Python engineers.")),
        Example("Hi", _thread("Could you assign Senior Engineers to us?")),
    ],
    fails=[
        Example("Hi", {"need": {"named_engineer": "Amina Diallo"}}),
        Example("Hi", _thread("Can we have Amina specifically?")),
        Example("Hi", _thread("Could you assign Hiwot Tadesse to us personally?")),
        Example("Hi", _thread("Please assign Hiwot Tadesse to us.")),
    ],
)
def named_engineer(case: Case) -> Iterable[Found]:
    """A request for one person by name is answered by a person."""
    need = case.prospect.need
    if need and need.named_engineer:
        yield Found(f"the prospect asks for {need.named_engineer} by name", evidence="/need/named_engineer")
        return
    for pointer, quote in _said(case, "reply.named", last_only=True):
        yield Found(f'the prospect asks for a named person: "{quote}"', evidence=pointer)
        return
    for n, words, _ in replies(case)[-1:]:
        found = next((m for m in _FOR_US.finditer(words.text) if not _is_trade(case, m[1])), None)
        if found:
            yield Found(f'the prospect asks for a named person: "{found.group()}"', evidence=f"/thread/messages/{n}/text")


def _is_trade(case: Case, said: str) -> bool:
    """Whether capitals belong to a trade and to no person: "assign Senior Engineers to us"."""
    hits = case.brief.read(said)[1]
    return any(name in {"people", "senior_word", "roles"} or name.startswith("stack.") for name in hits)


@rule(
    "gate.references",
    failure="escalation_missed",
    dimension="cta_quality",
    severity=2,
    decision="ESCALATE",
    fix="let a person clear which clients may be named",
    draft=False,
    passes=[
        Example("Hi", _thread("Could you reference the ticket number?")),
        Example("Hi", _thread("Our clients are banks.")),
    ],
    fails=[
        Example("Hi", _thread("Can we speak with two of your existing clients?")),
        Example("Hi", _thread("Please share client references.")),
    ],
)
def references(case: Case) -> Iterable[Found]:
    """A request for client references goes to a person."""
    for pointer, quote in _said(case, "reply.references", last_only=True):
        yield Found(f'the prospect asks for references: "{quote}"', evidence=pointer)


@rule(
    "gate.unclear",
    failure="escalation_missed",
    dimension="cta_quality",
    severity=3,
    decision="ESCALATE",
    fix="let a person read the reply",
    draft=False,
    passes=[Example("Hi", _thread("Not the right time.")), Example("Hi", _thread("Sure."))],
    fails=[Example("Hi", _thread("??")), Example("Hi", _thread("I don't understand, who are you?"))],
)
def unclear(case: Case) -> Iterable[Found]:
    """A last reply whose meaning cannot be told goes to a person."""
    for n, message in enumerate(case.prospect.thread.messages):
        if n != len(case.prospect.thread.messages) - 1 or message.sender.strip().lower() in US:
            continue
        text = message.text.strip()
        if text and not any(c.isalnum() for c in text):
            yield Found(f'the last reply is only "{text[:20]}"', evidence=f"/thread/messages/{n}/text")
    for pointer, quote in _said(case, "reply.unclear", last_only=True):
        yield Found(f'the meaning of the last reply is unclear: "{quote}"', evidence=pointer)
    intent = case.prospect.extra.get("reply_intent")
    if isinstance(intent, str) and re.search(r"unclear|unknown|ambiguous", intent, re.I):
        yield Found(f"the last reply is marked {intent!r}", evidence="/extra/reply_intent")


@rule(
    "gate.need_above_capacity",
    failure="escalation_missed",
    dimension="bench_fit_alignment",
    severity=2,
    decision="ESCALATE",
    fix="let a person decide, or set policy.above_capacity to ramp",
    draft=False,
    passes=[
        Example(
            "Hi", {"need": {"stack": "python", "engineers": 8}}, playbook={"policy": {"above_capacity": "escalate"}}
        ),
        Example("Hi", {"need": {"stack": "python", "engineers": 9}}),
    ],
    fails=[
        Example(
            "Hi", {"need": {"stack": "python", "engineers": 9}}, playbook={"policy": {"above_capacity": "escalate"}}
        ),
        Example(
            "Hi",
            {"need": {"stack": "go", "engineers": 3}, "capacity": {"go": {"available": 2}}},
            playbook={"policy": {"above_capacity": "escalate"}},
        ),
    ],
)
def need_above_capacity(case: Case) -> Iterable[Found]:
    """Where the playbook says so, a need above capacity goes to a person instead of a phased start."""
    need = case.prospect.need
    if case.playbook.policy.above_capacity != "escalate" or not need or not need.stack or need.engineers is None:
        return
    entry = capacity_of(need.stack, case.prospect, case.playbook)
    available = entry.available if entry else 0
    if need.engineers > available:
        yield Found(
            f"they need {need.engineers} for {need.stack}, {available} are available",
            evidence="/need/engineers",
        )
