"""What a machine or a writer left in the letter: slots, words of the pipeline, remarks, broken characters.

Decides also that a text in another language, or in none, is not judged and so never passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rubric.case import Case
from rubric.rules import Example, Found, at, at_chars, rule

_GARBLED = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
_SLOT = re.compile(
    r"\{\{[^{}\n]{0,60}\}\}|\{%[^%\n]{0,60}%\}|\{[A-Za-z_][\w .]{0,40}\}|<<[^<>\n]{1,40}>>|<[A-Z][A-Z_ ]{1,30}>|%[A-Z_]{2,30}%|\$\{[^}\n]{1,40}\}"
    r"|\[(?!\d)[^\[\]\n]{0,50}?(?:name|company|title|role|date|number|insert|your|prospect|first|last|recipient|link|topic|industry|city|amount|stack|x+|tbd|todo|sender|specific|signal|n)\b[^\[\]\n]{0,50}\]"
    r"|\[[A-Z][A-Z _]{1,30}\]|\bX{2,}\b|\bx{3,}\b|\b(?:TBD|TODO|FIXME|Lorem ipsum)\b|\bX, Y,?(?: and| or)? Z\b|_{3,}",
    re.I,
)
_SLOT_CASED = re.compile(r"(?m:^(?:Hi|Hello|Hey|Dear) First ?[Nn]ame\b)|\bXX+\b|\bFNAME\b|\bLNAME\b|\bINSERT [A-Z]+\b")
_LOWER_ONLY = re.compile(r"\bx{3,}\b|\btbd\b|\btodo\b|\bfixme\b", re.I)
_JSONISH = re.compile(
    r"\{\s*\"\w+\"\s*:|\"(?:confidence|segment|score|signals?)\"\s*:|\b(?:confidence|score|maturity)\s*[:=]\s*\d|\b[a-z]+(?:_[a-z]+){2,}\b|\b(?:null|NaN|undefined)\b(?=[\s,.}])|(?<![.!?]\s)(?<!\n)(?<!^)\bNone\b(?=[\s,.}])|\bNone\b(?=[,.}])|/signals/|\btask[_-]id\b"
)
_SLOT_HINTS = ("{", "[", "<", "%", "___", "xx", "tbd", "todo", "fixme", "lorem", "x, y", "first", "fname", "lname", "insert")  # fmt: skip
_JSON_HINTS = ("{", "_", "=", '"', "null", "none", "nan", "undefined", "confidence", "maturity", "score", "/signals")
_ABOUT_ITSELF = re.compile(
    r"(?im)^[ \t]*(?:subject|to|from|body|greeting|first name)[ \t]*:\s"
    r"|\b(?:here(?:'s| is) (?:the|a|your) (?:draft|email|revised|rewritten)|draft email|as an ai|rewritten version)\b"
)
_ABOUT_HINTS = ("subject", "to:", "from:", "body", "greeting", "first name", "here's", "here is", "draft", "as an ai", "rewritten")  # fmt: skip


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
        Example("None of this is pressing. None of it needs an answer."),
        Example("May I only ask whether two roles are open? We could start on 28 April at the earliest."),
    ],
    fails=[
        Example("Your AI maturity score is 2."),
        Example("Working angle: Segment 3."),
        Example("We rate it confidence: 0.73."),
        Example("The start is null for now."),
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
    own = case.brief.words  # names of the brief are of no language
    lower = [w for w in case.body.words.lower if w not in own or w in _COMMON]
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
