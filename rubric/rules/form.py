"""Form: length, subject, salutation, signature, and what does not belong in a letter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rubric.case import Case
from rubric.rules import Example, Found, at_chars, rule
from rubric.rules.gates import replies
from rubric.text import bare
from rubric.words import plain

_EMOJI = re.compile(
    "[\U0001f300-\U0001faff\U00002600-\U000027bf\U0001f1e6-\U0001f1ff\u2b50\u2b55\u231a\u231b\u23e9-\u23f3\ufe0f]"
    r"|(?<!\w)(?::-?[)(DPp]|;-?\)|<3|:o\))(?!\w)"
)
_SMILEY_EYES = frozenset(":;<")
_ATTACH = re.compile(
    r"\b(?:attached|attaching|attachment|enclosed|see the (?:pdf|attachment)|find (?:attached|enclosed))\b|\.(?:pdf|docx?|pptx?|xlsx?|zip)\b",
    re.I,
)
_ATTACH_HINTS = ("attach", "enclos", ".pdf", ".doc", ".ppt", ".xls", ".zip")
_MORE_THAN_WANTED = re.compile(r"\+?\d[\d ()\-]{7,18}\d|linkedin\.|twitter\.|calendly\.|https?://|@\w", re.I)
_ALNUM = re.compile(r"[^\W_]")
_MENU = re.compile(
    r"\b(?:offer|provide|deliver|services?|expertise|specialise|specialize|cover|including|help with|solutions?|do|there (?:is|are)|[Oo]ur range (?:has|is))\b"
    r"[^.!?\n]{0,40}?((?:[\w/+#.\- ]{3,40},\s{1,3}){2,12}(?:[\w/+#\- ]{2,40}? )?(?:and |or )?[\w/+#\- ]{2,40})"
)
_OFFERING = frozenset(
    "offer provide deliver service services expertise specialise specialize cover including help solution solutions do there range".split()
)
_LIST_ITEM = re.compile(r"(?m)^[ \t]*(?:[-*\u2022]|\d+[.)])\s+\S")


@rule(
    "form.empty",
    failure="format_violation",
    dimension="tone_compliance",
    severity=3,
    decision="BLOCK",
    fix="write a letter",
    passes=[Example("We saw two open roles."), Example("Hi Maya,\n\nTwo roles.\n\nBest,\nAlex")],
    fails=[Example(""), Example("  \n\t "), Example("Hi Maya,\n\nBest,\nAlex")],
)
def empty(case: Case) -> Iterable[Found]:
    """A draft without a word between salutation and signature."""
    if not case.body.words.lower:
        yield Found("the draft has no text between salutation and signature")


@rule(
    "form.length",
    failure="word_count_violation",
    dimension="cta_quality",
    severity=3,
    decision="PENALISE",
    fix="cut the letter to the limit",
    passes=[Example(" ".join(["word"] * 120)), Example(" ".join(["word"] * 70), {"touch": 3})],
    fails=[Example(" ".join(["word"] * 121)), Example(" ".join(["word"] * 71), {"touch": 3})],
)
def length(case: Case) -> Iterable[Found]:
    """More words than the limit for this type of message and this touch; up to the limit passes."""
    if case.prospect.message_type == "sms" or case.prospect.channel == "sms":
        return
    count = sum(_ALNUM.search(word) is not None for word in case.prose.split())
    limit, what = word_limit(case)
    if limit and count > limit + case.playbook.form.tolerance_words:
        yield Found(f"{count} words, the limit for {what} is {limit}", evidence="playbook:/form/words")


def word_limit(case: Case) -> tuple[int, str]:
    """The most words for this type of message and this touch, with what it is; 0 where there is no limit."""
    prospect, limits = case.prospect, case.playbook.form.words
    if prospect.message_type == "warm":
        kind = _warmth(case)
        return getattr(limits, kind)[0], f"a {kind.replace('_', ' ')} reply"
    by_touch: tuple[int, ...] = getattr(limits, prospect.message_type, ())
    if not by_touch:
        return 0, ""
    touch = min(prospect.touch, len(by_touch))
    return by_touch[touch - 1], f"a {prospect.message_type} letter, touch {prospect.touch}"


def _warmth(case: Case) -> str:
    """What the last reply calls for; a plain warm letter where that is not marked."""
    said = f"{case.prospect.extra.get('reply_intent') or ''} {case.prospect.extra.get('reply_type') or ''}".lower()
    for kind in ("engaged", "curious", "soft_deferral"):
        if kind.replace("_", " ") in said.replace("_", " "):
            return kind
    last = replies(case)[-1:]
    return "soft_deferral" if last and last[0][2].get("reply.defers") else "warm"


@rule(
    "form.sms",
    failure="word_count_violation",
    dimension="cta_quality",
    severity=3,
    decision="PENALISE",
    fix="cut the message",
    passes=[Example("x" * 159, {"message_type": "sms"}), Example("y" * 200)],
    fails=[Example("x" * 160, {"message_type": "sms"}), Example("y" * 161, {"channel": "sms"})],
)
def sms(case: Case) -> Iterable[Found]:
    """A text message that reaches the playbook's number of characters."""
    limit = case.playbook.form.sms_characters
    size = len(case.text.norm.strip())
    if (case.prospect.message_type == "sms" or case.prospect.channel == "sms") and size >= limit:
        yield Found(f"{size} characters, a text message stays under {limit}", evidence="playbook:/form/sms_characters")


@rule(
    "form.salutation",
    failure="format_violation",
    dimension="personalization_depth",
    severity=3,
    decision="PENALISE",
    fix="greet by the recipient's first name",
    passes=[
        Example("Hi Maya,\nwe saw two roles.", {"recipient": {"name": "Maya Lindqvist"}}),
        Example("We saw two roles.", {"recipient": {"name": "Maya Lindqvist"}}),
        Example("Hello,\nwe saw two roles."),
        Example("Hi there,\nwe saw two roles."),
        Example("Hi Anna de la Cruz,\nwe saw two roles."),
        Example("Hi Maya and Tom,\nwe saw two roles."),
        Example("hi maya lindqvist,\nwe saw two roles.", {"recipient": {"name": "Maya Lindqvist"}}),
        Example("Hello Northwind team,\nwe saw two roles."),
    ],
    fails=[
        Example('Hi not known, so greet with "Hello",\nwe saw two roles.'),
        Example("Dear unknown recipient,\nwe saw two roles."),
        Example("Hi not known Maya,\nwe saw two roles.", {"recipient": {"name": "Maya Lindqvist"}}),
        Example("Hi Anna,\nwe saw two roles.", {"recipient": {"name": "Maya Lindqvist"}}),
        Example("Hi there,\nwe saw two roles.", {"recipient": {"name": "Maya Lindqvist"}}),
    ],
)
def salutation(case: Case) -> Iterable[Found]:
    """A salutation with another name than the recipient's first, or with none though it is known. Words that
    are no name are no salutation, whoever is written to."""
    greeting, recipient = case.layout.greeting, case.prospect.recipient
    if greeting is None:
        return
    known = set(plain(bare(recipient.name or ""))) if recipient.first_name else set()
    said = plain(bare(greeting))
    span = case.text.span(case.layout.greeting_at, case.layout.greeting_at + len(greeting))
    if recipient.first_name and not known & set(said):
        yield Found(
            f'greets "{greeting or "nobody"}", the recipient is {recipient.name}', span, evidence="/recipient/name"
        )
    elif said and said[0] not in known and (word := _no_name(case, greeting, known)):
        fix = None if recipient.first_name else "greet with Hello alone, no first name is known"
        yield Found(f'greets "{greeting}", and "{word}" is no part of a name', span, fix=fix)


def _no_name(case: Case, greeting: str, known: set[str]) -> str | None:
    """An ordinary word in small letters among several of a greeting, where none belongs."""
    words, hits = case.brief.read(greeting)
    if len(words.lower) < 2:
        return None
    usual = {hit.first for hit in hits.get("salutation_words", ())}
    for n, (start, end) in enumerate(zip(words.starts, words.ends, strict=True)):
        word = greeting[start:end]
        if word.islower() and n not in usual and bare(word) not in known and greeting[start - 1 : start] != "-":
            return word
    return None


@rule(
    "form.signature",
    failure="format_violation",
    dimension="personalization_depth",
    severity=3,
    decision="PASS",
    fix="sign with first name, title, company and domain; it can be added on delivery",
    passes=[
        Example("We saw two roles.\n\nAlex\nResearch Partner\nTenacious Intelligence Corporation\ngettenacious.com"),
        Example("We saw two roles.\n\nAlex / Research Partner / Tenacious Intelligence Corporation / gettenacious.com"),
        Example("We saw two roles.", {"message_type": "sms"}),
    ],
    fails=[Example("We saw two roles."), Example("We saw two roles.\n\nBest,\nAlex")],
)
def signature(case: Case) -> Iterable[Found]:
    """A missing part of the signature, or a phone number or profile beside it. It is a note and decides nothing."""
    if case.prospect.message_type == "sms" or not case.body.words.lower:
        return
    low, seller = case.signature.lower(), case.playbook.seller
    missing = []
    if "company" in seller.signature and seller.company.lower() not in low:
        missing.append("company")
    if "domain" in seller.signature and seller.domain.lower() not in low:
        missing.append("domain")
    lines = [x for x in re.split(r"[\n/|]", case.signature) if x.strip()]
    if "first_name" in seller.signature and not lines:
        missing.append("name")
    if missing:
        yield Found(f"the signature lacks {', '.join(missing)}", evidence="playbook:/seller/signature")
    if extra := next((x.strip() for x in lines if _MORE_THAN_WANTED.search(x)), None):
        yield Found(f'the signature carries more than it needs: "{extra[:40]}"', evidence="playbook:/seller/signature")


@rule(
    "form.emoji",
    failure="format_violation",
    dimension="tone_compliance",
    severity=3,
    decision="PENALISE",
    fix="take the emoji out",
    passes=[Example("Two roles (Python, Go)."), Example("Great \U0001f44d", {"message_type": "warm"})],
    fails=[Example("Two roles \U0001f680"), Example("Two roles :)")],
)
def emoji(case: Case) -> Iterable[Found]:
    """An emoji or a smiley in a cold letter."""
    if case.prospect.message_type == "warm":
        return
    for part, raw in (("subject", case.email.subject or ""), ("body", case.email.body)):
        match = None if raw.isascii() and not _SMILEY_EYES & set(raw) else _EMOJI.search(raw)
        if match:
            yield Found(f'"{match.group()}" is an emoji', match.span(), part)
            return


@rule(
    "form.attachment",
    failure="format_violation",
    dimension="cta_quality",
    severity=3,
    decision="PENALISE",
    fix="offer to send the document when they ask",
    passes=[
        Example("I can send a one-page overview."),
        Example("As attached as I am to Go, Rust wins.", {"message_type": "warm"}),
    ],
    fails=[Example("Please find attached our deck."), Example("See overview.pdf for more.")],
)
def attachment(case: Case) -> Iterable[Found]:
    """A cold letter that comes with an attachment."""
    if case.prospect.message_type == "warm" and "attached as" in case.body.words.text:
        return
    for passage in case.passages if any(hint in case.low for hint in _ATTACH_HINTS) else ():
        match = _ATTACH.search(passage.words.text)
        if match and not passage.negated(min(passage.words.at(match.start()), len(passage.words.lower) - 1)):
            yield at_chars(passage, match.start(), match.end(), f'"{match.group()}" speaks of an attachment')
            return


@rule(
    "form.service_menu",
    failure="format_violation",
    dimension="personalization_depth",
    severity=3,
    decision="PENALISE",
    fix="name the one service that the brief calls for",
    passes=[
        Example("We place Python and Go engineers."),
        Example("We offer engineers, in your sprints, in your repository, in your reviews."),
        Example("We provide engineers who plan, write, test, and review with you."),
        Example("There are two roles, one in Berlin, one in London, and one in Paris."),
        Example("Agenda:\n1. scope\n2. stack", {"message_type": "warm"}),
    ],
    fails=[
        Example("We offer web development, mobile apps, cloud migration, data engineering and QA."),
        Example("Beyond that there is consulting, design, testing, hosting and training."),
        Example("Our range has mobile apps, web development, cloud services, analytics, QA and support."),
        Example("Our services:\n- staffing\n- consulting\n- audits\n- training"),
    ],
)
def service_menu(case: Case) -> Iterable[Found]:
    """A list of services instead of the one that fits."""
    least = case.playbook.form.service_menu
    items = list(_LIST_ITEM.finditer(case.body.words.text))
    offers = {
        "services",
        "offer",
        "offering",
        "offerings",
        "capabilities",
        "solutions",
        "expertise",
        "practices",
        "provide",
    }
    menu = offers & set(case.body.words.lower) or "we do:" in case.low
    if len(items) >= least and menu:
        yield at_chars(case.body, items[0].start(), items[-1].end(), f"{len(items)} services in a list")
        return
    for start, end, count in _series(case):
        if count >= least:
            yield at_chars(case.body, start, end, f"{count} services in a row")
            return


def _series(case: Case) -> Iterator[tuple[int, int, int]]:
    """Runs of comma-separated items behind a word of offering, in sentences of a sane length."""
    body = case.body
    for sentence in body.words.sentences:
        text = body.words.text[sentence.start : min(sentence.end, sentence.start + 800)]
        if text.count(",") < 2 or not _OFFERING & set(body.words.lower[sentence.first : sentence.last]):
            continue
        for match in _MENU.finditer(text):
            yield from _menu(match, sentence.start)


def _phrases(before: str, listed: str) -> bool:
    """Whether the commas part phrases and no services: "in your sprints, in your reviews", "who plan, write, test"."""
    items = [item.split() for item in re.sub(r"\b(?:and|or)\s+", ", ", listed).lower().split(",") if item.strip()]
    loose = sum(item[0] in _NO_SERVICE for item in items)
    return loose * 2 >= len(items) or bool(re.search(r"\b(?:who|that|which)\b", before + " ".join(items[0])))


_NO_SERVICE = frozenset(
    """in on at with from by for of to as the a an your our their its you we i it they he she who which that this so but
    no not none each one two three then when where if is are""".split()
)


def _menu(match: re.Match[str], offset: int) -> Iterator[tuple[int, int, int]]:
    if "depend" in match.group():
        return
    listed = match.group(1)
    if _phrases(match.group()[: match.start(1) - match.start()], listed):
        return
    joined = bool(re.search(r",[^,]*\b(?:and|or)\b[^,]*$", listed)) and not re.search(r",\s+(?:and|or)\b", listed)
    yield offset + match.start(1), offset + match.end(1), listed.count(",") + 1 + joined


