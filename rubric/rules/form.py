"""Form: length, subject, salutation, signature, and what does not belong in a letter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rubric.case import Case
from rubric.rules import Example, Found, at, at_chars, rule
from rubric.rules.gates import replies
from rubric.text import bare
from rubric.words import plain

_EMOJI = re.compile(
    "[\U0001f300-\U0001faff\U00002600-\U000027bf\U0001f1e6-\U0001f1ff\u2b50\u2b55\u231a\u231b\u23e9-\u23f3\ufe0f]"
    r"|(?<!\w)(?::-?[)(DPp]|;-?\)|<3|:o\))(?!\w)"
)
_GARBLED = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
_SMILEY_EYES = frozenset(":;<")
_ATTACH = re.compile(
    r"\b(?:attached|attaching|attachment|enclosed|see the (?:pdf|attachment)|find (?:attached|enclosed))\b|\.(?:pdf|docx?|pptx?|xlsx?|zip)\b",
    re.I,
)
_ATTACH_HINTS = ("attach", "enclos", ".pdf", ".doc", ".ppt", ".xls", ".zip")
_SLOT = re.compile(
    r"\{\{[^{}\n]{0,60}\}\}|\{%[^%\n]{0,60}%\}|\{[A-Za-z_][\w .]{0,40}\}|<<[^<>\n]{1,40}>>|<[A-Z][A-Z_ ]{1,30}>|%[A-Z_]{2,30}%|\$\{[^}\n]{1,40}\}"
    r"|\[(?!\d)[^\[\]\n]{0,50}?(?:name|company|title|role|date|number|insert|your|prospect|first|last|recipient|link|topic|industry|city|amount|stack|x+|tbd|todo|sender|specific|signal|n)\b[^\[\]\n]{0,50}\]"
    r"|\[[A-Z][A-Z _]{1,30}\]|\bX{2,}\b|\bx{3,}\b|\b(?:TBD|TODO|FIXME|Lorem ipsum)\b|\bX, Y,?(?: and| or)? Z\b|_{3,}",
    re.I,
)
_SLOT_CASED = re.compile(r"(?m:^(?:Hi|Hello|Hey|Dear) First ?[Nn]ame\b)|\bXX+\b|\bFNAME\b|\bLNAME\b|\bINSERT [A-Z]+\b")
_LOWER_ONLY = re.compile(r"\bx{3,}\b|\btbd\b|\btodo\b|\bfixme\b", re.I)
_JSONISH = re.compile(
    r"\{\s*\"\w+\"\s*:|\"(?:confidence|segment|score|signals?)\"\s*:|\b(?:confidence|score|maturity)\s*[:=]\s*\d|\b[a-z]+(?:_[a-z]+){2,}\b|\b(?:null|None|NaN|undefined)\b(?=[\s,.}])|/signals/|\btask[_-]id\b"
)
_MORE_THAN_WANTED = re.compile(r"\+?\d[\d ()\-]{7,18}\d|linkedin\.|twitter\.|calendly\.|https?://|@\w", re.I)
_ALNUM = re.compile(r"[^\W_]")
_SLOT_HINTS = ("{", "[", "<", "%", "___", "xx", "tbd", "todo", "fixme", "lorem", "x, y", "first", "fname", "lname", "insert")  # fmt: skip
_JSON_HINTS = ("{", "_", "=", '"', "null", "none", "nan", "undefined", "confidence", "maturity", "score", "/signals")
_ABOUT_ITSELF = re.compile(
    r"(?im)^[ \t]*(?:subject|to|from|body|greeting|first name)[ \t]*:\s"
    r"|\b(?:here(?:'s| is) (?:the|a|your) (?:draft|email|revised|rewritten)|draft email|as an ai|rewritten version)\b"
)
_ABOUT_HINTS = ("subject", "to:", "from:", "body", "greeting", "first name", "here's", "here is", "draft", "as an ai", "rewritten")  # fmt: skip
_MENU = re.compile(
    r"\b(?:offer|provide|deliver|services?|expertise|specialise|specialize|cover|including|help with|solutions?|do)\b"
    r"[^.!?\n]{0,40}?((?:[\w/+#.\- ]{3,40},\s{1,3}){2,12}(?:[\w/+#\- ]{2,40}? )?(?:and |or )?[\w/+#\- ]{2,40})"
)
_OFFERING = frozenset(
    "offer provide deliver service services expertise specialise specialize cover including help solution solutions do".split()
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
    "form.garbled",
    failure="format_violation",
    dimension="tone_compliance",
    severity=1,
    decision="BLOCK",
    fix="write the letter anew, in characters that a reader can read",
    passes=[Example("We saw two open roles.\n\tAnd a third \u2014 in M\u00fcnchen."), Example("Nice work \U0001f600")],
    fails=[Example("We saw \ufffd\ufffd roles."), Example("We saw two\x08 roles."), Example("Hello \ue000.")],
)
def garbled(case: Case) -> Iterable[Found]:
    """Characters that stand for nothing: broken encoding, control characters, private ones."""
    for part, text in (("body", case.email.body), ("subject", case.email.subject or "")):
        match = _GARBLED.search(text)
        if match:
            yield Found(f"the {part} holds the character U+{ord(match.group()):04X}, which no reader can read", match.span(), part)


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
    "form.placeholder",
    failure="format_violation",
    dimension="tone_compliance",
    severity=1,
    decision="BLOCK",
    fix="fill the placeholder or take the sentence out",
    passes=[Example("We read [1] and the note (see below)."), Example("Your Go <-> Rust bridge is neat.")],
    fails=[
        Example("Hi {{first_name}}, hello."),
        Example("Hi [Name], hello."),
        Example("Hi <NAME>, hello."),
        Example("Hi First Name, hello."),
        Example("We saw XX roles."),
    ],
)
def placeholder(case: Case) -> Iterable[Found]:
    """A template slot that was not filled, of any style."""
    for part, text in (("subject", case.subject.text if case.subject else None), ("body", case.text)):
        if text is None or not any(hint in case.low for hint in _SLOT_HINTS):
            continue
        match = _slot(text.norm) or _SLOT_CASED.search(text.norm)
        if match and text:
            yield Found(f'"{match.group()}" is an unfilled placeholder', text.span(*match.span()), part)


def _slot(text: str) -> re.Match[str] | None:
    for match in _SLOT.finditer(text):
        said = match.group()
        if said.lower().startswith("x") and (said.isalpha() and not said.isupper() and not _LOWER_ONLY.fullmatch(said)):
            continue
        return match
    return None


@rule(
    "form.internal",
    failure="format_violation",
    dimension="tone_compliance",
    severity=1,
    decision="BLOCK",
    fix="take inside words out: scores, segments, confidences, field names",
    passes=[
        Example("We saw two open roles."),
        Example("Your segment of the market is small."),
        Example("May I only ask whether two roles are open? We could start on 28 April at the earliest."),
    ],
    fails=[
        Example("Your AI maturity score is 2."),
        Example("Working angle: Segment 3."),
        Example("We rate it confidence: 0.73."),
        Example("You have 7 open roles (high confidence: state)."),
        Example("You run Kafka (inferred: hedge or ask)."),
        Example("No first name is known; open with Hello. We saw two roles."),
        Example('Hi not known, so greet with "Hello", we saw two roles.'),
        Example("We offer none: name one fact, ask one question, offer no pitch."),
    ],
)
def internal(case: Case) -> Iterable[Found]:
    """Words of the sender's own pipeline that the reader should never see."""
    for passage, hit in case.each("internal"):
        quote = " ".join(passage.words.lower[hit.first : hit.last])
        if not any(
            quote in t.lower() for p, t in case.brief.texts if p.startswith(("/signals/facts", "/thread", "/company"))
        ):
            yield at(passage, hit, f'"{passage.quote(hit)}" is a word of our own pipeline')
            return
    match = _JSONISH.search(case.body.words.text) if any(hint in case.low for hint in _JSON_HINTS) else None
    if (
        match
        and match.group().lower() not in (case.prospect.company.name.lower())
        and not _known_text(case, match.group())
    ):
        yield at_chars(case.body, match.start(), match.end(), f'"{match.group()}" is raw data, not prose')


def _known_text(case: Case, said: str) -> bool:
    return any(
        said in t for p, t in case.brief.texts if p.startswith(("/signals/tech_stack", "/signals/facts", "/thread"))
    )


@rule(
    "form.service_menu",
    failure="format_violation",
    dimension="personalization_depth",
    severity=3,
    decision="PENALISE",
    fix="name the one service that the brief calls for",
    passes=[
        Example("We place Python and Go engineers."),
        Example("Agenda:\n1. scope\n2. stack", {"message_type": "warm"}),
    ],
    fails=[
        Example("We offer web development, mobile apps, cloud migration, data engineering and QA."),
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


def _menu(match: re.Match[str], offset: int) -> Iterator[tuple[int, int, int]]:
    if "depend" in match.group():
        return
    listed = match.group(1)
    joined = bool(re.search(r",[^,]*\b(?:and|or)\b[^,]*$", listed)) and not re.search(r",\s+(?:and|or)\b", listed)
    yield offset + match.start(1), offset + match.end(1), listed.count(",") + 1 + joined


@rule(
    "form.language",
    failure="format_violation",
    dimension="tone_compliance",
    severity=3,
    decision="PENALISE",
    fix="let a person who reads the language judge it",
    passes=[
        Example("We saw that you have two open roles and wondered whether that is all."),
        Example("Hej, two roles."),
    ],
    fails=[
        Example("Gb pt qzx wrr lo."),
        Example(
            "Wir haben gesehen, dass Sie zwei offene Stellen haben, und fragen uns, ob das alles ist oder noch mehr kommt."
        ),
        Example("Мы видели, что у вас есть две открытые вакансии, и хотели бы узнать, нужна ли вам помощь."),
    ],
)
def language(case: Case) -> Iterable[Found]:
    """A draft in a language that the rules do not cover is not judged, and so never passes."""
    letters = [] if case.prose.isascii() else [c for c in case.prose if c.isalpha()]
    foreign = sum(c > "\u024f" for c in letters)
    if letters and foreign * 2 > len(letters):
        yield Found("not judged: most letters are of a script that the rules do not cover")
    elif _foreign_words(case) or _unlike_the_language(case):
        yield Found(f"not judged: the text is not in the language of the playbook ({case.playbook.language})")


def _unlike_the_language(case: Case) -> bool:
    """Whether too few words, or in a short first letter none, are the little words of this language."""
    lower = case.body.words.lower
    common = sum(word in _COMMON for word in lower)
    if len(lower) >= 12:
        return common * 100 < 14 * len(lower)
    return len(lower) >= 3 and common == 0 and case.prospect.message_type in {"cold", "reengagement"}


def _foreign_words(case: Case) -> bool:
    """Whether the little words of other languages outnumber those of this one."""
    lower = set(case.body.words.lower)
    foreign = len(lower.intersection(case.playbook.lexicon.entries("other_language")))
    return foreign >= 2 and foreign > len(lower & _COMMON)


_COMMON = frozenset(
    """the a an and or but to of in on for with at by from as is are was were be been have has had do does did
    will would can could should may might i we you he she it they me us him her them my our your his their its
    this that these those what which who when where why how if not no so than then there here about into over
    after before up out just more most some any all each one two new now also only very too""".split()
)


@rule(
    "form.note_to_self",
    failure="format_violation",
    dimension="tone_compliance",
    severity=1,
    decision="BLOCK",
    fix="send the letter and not a description of it",
    passes=[
        Example("I am writing about your two open roles."),
        Example("Sending the overview today.", {"message_type": "warm"}),
    ],
    fails=[
        Example("Subject: hello\nHi"),
        Example("Greeting: Hello\nTwo roles."),
        Example("Here is a draft email to the prospect: Hi Maya"),
    ],
)
def note_to_self(case: Case) -> Iterable[Found]:
    """A remark of the writer about the letter, in the letter."""
    text = case.body.words.text
    match = _ABOUT_ITSELF.search(text) if any(hint in case.low for hint in _ABOUT_HINTS) else None
    if match:
        yield at_chars(
            case.body,
            match.start(),
            match.end(),
            f'"{match.group().strip()}" speaks about the letter and not to the reader',
        )
