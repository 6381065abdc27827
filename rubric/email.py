"""The e-mail: subject and body, and where salutation, prose and signature lie.

Decides what is prose, because word limits and most rules count that alone. Reads a mapping, plain
text with an optional `Subject:` line, and `.eml`. Spans count characters of `body`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rubric.errors import InputError

MAX_BODY = 50_000
MAX_SUBJECT = 2_000

_SUBJECT = re.compile(r"\A\ufeff?\s*subject:[ \t]*(?P<subject>[^\r\n]*)(?:\r?\n|\Z)\s*", re.I)
_GREETING = re.compile(
    r"\s*(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings|selam|salaam)\b"
    r"[ ]?(?P<name>[^\n,!:;?\u2014\u2013]{0,60}?)[ ]*(?:[,!:;\u2014\u2013]|\n|\Z)"
    r"|(?P<bare>[A-Z][\w'\-]+(?: [A-Z][\w'\-]+)?)[ ]*[,\u2014\u2013](?=\s)(?!\s*(?:who|a|an|our|one|the|is|was|has|can|and)\b))",
    re.I,
)
_STARTERS = frozenset(
    """understood noted fair thanks thank congratulations congrats unfortunately however yes no sure
    great regarding following given since if when while as after before also finally first second
    honestly frankly happy sorry absolutely certainly today yesterday tomorrow monday tuesday
    wednesday thursday friday still instead meanwhile separately likewise indeed again okay ok well
    right so now then next last on in at for from to by with our your we you i it that this these
    those there here what why how who where welcome agreed appreciated completely totally perfectly
    quick quickly just rather good hope hoping subject hello hi hey dear based despite although
    though even nevertheless nonetheless otherwise overall lastly additionally furthermore moreover
    plus context question request note resource exciting best regards cheers sincerely warmly
    respectfully cordially yours""".split()
)
_SIGN_OFF = re.compile(
    r"(?:(?:all the|very|with|my|warm|kind|best|many|yours?)\s)*"
    r"(?:best(?: regards| wishes)?|regards|sincerely|truly|cheers|thanks(?: again| so much| in advance)?|"
    r"thank you|warmly|respectfully|yours|cordially|take care|speak soon|talk soon|best wishes|all best)[,.!]?",
    re.I,
)
_NAME_LINE = re.compile(r"[-\u2013\u2014~]{0,2}\s?[A-Z][\w'.\-]+(?: [A-Z][\w'.\-]*){0,2},?")
_TITLE = re.compile(
    r"\b(?:partner|research|manager|director|lead|head|founder|ceo|cto|vp|president|associate|analyst|"
    r"engineer|consultant|representative|executive|officer|specialist|account|sales|delivery|partnerships?|team)\b",
    re.I,
)
_CONTACT = re.compile(
    r"[\w.+-]{1,64}@[\w-]{1,64}\.\w|https?://|www\.|\b[\w-]+\.(?:com|io|org|net|ai|co|example)\b|\+?\d[\d ()-]{7,}\d",
    re.I,
)
_FOOTER = re.compile(
    r"unsubscribe|opt out|opt-out|\bp\.?o\.? box\b|\b\d{1,5} [A-Z]\w+ (?:street|st|road|rd|avenue|ave|lane)\b", re.I
)


class Email(NamedTuple):
    body: str
    subject: str | None = None


class Layout(NamedTuple):
    """Character offsets in a body: prose runs from `prose` to `signature`; `greeting` is the name
    in the salutation, None where there is no salutation."""

    greeting: str | None
    greeting_at: int
    prose: int
    signature: int


def read_email(value: Any) -> Email:
    """The e-mail in `value`: a mapping with `subject` and `body`, or one string."""
    if isinstance(value, str):
        return _checked(*_split_subject(value))
    if not isinstance(value, Mapping):
        raise InputError(f"expected the e-mail as an object or a string, got {type(value).__name__}", "/email")
    body, subject = value.get("body"), value.get("subject")
    if body is None and "text" in value:
        body = value["text"]
    if not isinstance(body, str):
        got = "nothing" if body is None else type(body).__name__
        raise InputError(f"/email/body: got {got}; expected the text of the e-mail", "/email/body")
    if subject is not None and not isinstance(subject, str):
        raise InputError(f"/email/subject: got {type(subject).__name__}; expected text or null", "/email/subject")
    return _checked(body, subject)


def read_eml(data: bytes) -> Email:
    """The e-mail in an `.eml` file: its subject and its first plain text part."""
    from email import message_from_bytes, policy

    message = message_from_bytes(data, policy=policy.default)
    try:
        part = message.get_body(preferencelist=("plain", "html"))
        text = part.get_content() if part is not None else None
        subject = message["subject"]
    except (LookupError, ValueError, KeyError) as error:
        raise InputError(f"the .eml file cannot be decoded: {error}") from None
    if not isinstance(text, str):
        raise InputError("the .eml file has no text part; export the message as plain text")
    if part is not None and part.get_content_subtype() == "html":
        text = re.sub(r"<(script|style|head)\b.*?</\1>", "", text, flags=re.I | re.S)
        text = re.sub(r"<(?:br|/p|/div)[^>]*>", "\n", text, flags=re.I)
        text = re.sub(r"<[^>]+>", "", text)
    return _checked(text.replace("\r\n", "\n"), str(subject) if subject is not None else None)


def _split_subject(text: str) -> tuple[str, str | None]:
    match = _SUBJECT.match(text)
    if match is None:
        return text, None
    return text[match.end() :], match["subject"].strip()


def _checked(body: str, subject: str | None) -> Email:
    if len(body) > MAX_BODY:
        raise InputError(f"/email/body: {len(body):,} characters; the most that is read is {MAX_BODY:,}", "/email/body")
    if subject is not None and len(subject) > MAX_SUBJECT:
        raise InputError(f"/email/subject: {len(subject):,} characters; the most is {MAX_SUBJECT:,}", "/email/subject")
    return Email(body, subject)


def layout(text: str, first_name: str | None, marks: Sequence[str]) -> Layout:
    """Where the parts of `text` lie; `marks` are words that only a signature of the seller has."""
    greeting, at, prose = _greeting(text, first_name)
    return Layout(greeting, at, prose, max(prose, _signature(text, prose, [m.lower() for m in marks])))


def _greeting(text: str, first_name: str | None) -> tuple[str | None, int, int]:
    match = _GREETING.match(text)
    if match is None:
        return None, 0, 0
    bare = match["bare"]
    if bare is not None:
        known = first_name is not None and bare.split()[0].lower() == first_name.lower()
        if not bare[0].isupper() or (bare.split()[0].lower() in _STARTERS and not known):
            return None, 0, 0
        if not known and len(bare.split()) == 2 and not bare.split()[1][0].isupper():
            return None, 0, 0
        return bare, match.start("bare"), match.end()
    name = (match["name"] or "").strip()
    begin = match.start("name") + len(match["name"] or "") - len((match["name"] or "").lstrip())
    if len(name.split()) > 4:  # "Hi I saw that ..." greets nobody
        return "", match.start(), match.start("name")
    return name, begin, match.end()


def _signature(text: str, prose: int, marks: Sequence[str]) -> int:
    """Start of the last lines that look like a signature; the end of the text if none do."""
    lines = [(m.start(), m.group()) for m in re.finditer(r"[^\n]+", text) if m.start() >= prose and m.group().strip()]
    cut, block = len(text), []
    for start, line in reversed(lines[-12:]):
        if _SIGN_OFF.fullmatch(line.strip()):
            return start
        if not _like_signature(line.strip(), marks):
            break
        cut = start
        block.append(line)
    if not block:
        return len(text)
    strong = any(mark in line.lower() for line in block for mark in marks)
    return cut if strong or (len(block) > 1 and any(_CONTACT.search(line) for line in block)) else len(text)


def _like_signature(line: str, marks: Sequence[str]) -> bool:
    if len(line) > 200:
        return False
    words = line.split()
    low = line.lower()
    if _FOOTER.search(line):
        return True
    if len(words) > 14 or (line[-1] in ".?!" and len(words) > 4) or line[0] in "*\u2022":
        return False
    if " / " in line or " | " in line:
        return any(mark in low for mark in marks) or bool(_TITLE.search(line))
    if len(words) > 8:
        return False
    return bool(
        any(mark in low for mark in marks)
        or _NAME_LINE.fullmatch(line)
        or (_TITLE.search(line) and line[0].isupper() and "?" not in line)
        or (_CONTACT.search(line) and len(words) <= 4)
    )
