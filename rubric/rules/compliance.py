"""Compliance elements: reported on every draft, required where the playbook asks for them.

Says which elements are there; it gives no legal advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rubric.case import Case
from rubric.rules import Example, Found, rule

_ADDRESS = re.compile(
    r"\bp\.?\s?o\.?\s?box\s?\d+|\b\d{1,5}\s+[A-Z][\w'.]+(?:\s[A-Z][\w'.]+)*\s(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|way|square|sq|blvd|boulevard)\b|\b[A-Z]\w+(?:stra(?:ss|\u00df)e|weg|platz)\s\d+|\b\d{5}\s[A-Z]\w+",
    re.I,
)
_OPT_OUT = re.compile(
    r"unsubscribe|opt[ -]?out|stop receiving|reply (?:with )?[\"']?(?:stop|no)\b|prefer not to (?:hear|receive)|(?:not|no longer) (?:want|wish) to (?:hear|receive)|won't (?:write|hear from) (?:you )?again",
    re.I,
)
_SOURCE_WORDS = (
    "found your", "saw your", "read your", "noticed your", "came across your", "found you on", "saw that you",
    "saw the", "i saw", "we saw", "according to", "public post", "public role", "public listing", "public data",
    "publicly", "your careers page", "your job", "source:", "got your",
)  # fmt: skip
_OPT_OUT_WORDS = ("unsub", "opt", "stop", "prefer", "want", "wish", "again", "reply")
_FAKE_REPLY = re.compile(r"\s*(?:re|fwd?|aw|wg)\s*:", re.I)
_HEADERS = frozenset({"list_unsubscribe"})


def elements(case: Case) -> dict[str, bool]:
    """Which elements the draft has; headers are not part of a draft and count as absent."""
    found = case.memo(_elements)
    return {name: found.get(name, False) for name in case.playbook.compliance.elements}


def _elements(case: Case) -> dict[str, bool]:
    seller, text = case.playbook.seller, case.text.norm
    subject = case.email.subject
    thread = case.prospect.message_type == "warm" or bool(case.prospect.thread.messages)
    return {
        "sender_identity": any(n.lower() in text.lower() for n in (*seller.names, seller.domain)),
        "honest_subject": subject is not None and bool(subject.strip()) and (thread or not _FAKE_REPLY.match(subject)),
        "postal_address": bool(_ADDRESS.search(case.signature or text)),
        "visible_opt_out": any(w in case.low for w in _OPT_OUT_WORDS) and bool(_OPT_OUT.search(text)),
        "data_source": any(w in case.low for w in _SOURCE_WORDS),
        "list_unsubscribe": False,
    }


@rule(
    "compliance.required",
    failure="format_violation",
    dimension="cta_quality",
    severity=4,
    decision="PENALISE",
    fix="add the element, or take it from the playbook's compliance.required",
    passes=[
        Example("We saw two roles."),
        Example(
            "We saw two roles. Reply STOP to opt out.",
            playbook={"compliance": {"required": ["visible_opt_out"], "elements": ["visible_opt_out"]}},
        ),
    ],
    fails=[
        Example(
            "We saw two roles.",
            playbook={"compliance": {"required": ["visible_opt_out"], "elements": ["visible_opt_out"]}},
        ),
        Example(
            "We saw two roles.",
            playbook={"compliance": {"required": ["postal_address"], "elements": ["postal_address"]}},
        ),
    ],
)
def required(case: Case) -> Iterable[Found]:
    """An element that the playbook requires and the draft lacks."""
    found = case.memo(_elements)
    for name in case.playbook.compliance.required:
        if name not in _HEADERS and not found.get(name, False):
            yield Found(
                f"the playbook requires {name.replace('_', ' ')}, the draft has none",
                evidence="playbook:/compliance/required",
            )
