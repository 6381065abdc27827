"""Whether a letter copies names, numbers and dates from its prompt as they stand there.

Decides by the two texts alone, without any rule or word list of the rubric: a number, a day, a month or
a name that the prompt does not hold is a wrong copy. Says nothing about whether a letter may be sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_MONTHS = "January February March April May June July August September October November December".split()
_MONTH = "|".join(_MONTHS)
_DAY = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)? ({_MONTH})\b")
_BARE_MONTH = re.compile(rf"\b({_MONTH})\b")
_NUMBER = re.compile(r"\$?\d[\d,.]*\d|\$?\d")
_ASKED = re.compile(r"\b\d{2}(?=[- ]min)")
_GREETING = re.compile(r"^(?:Hi|Hello|Dear|Good morning|Good afternoon)(?: there)?(?: ([^,\n]+))?,?$", re.M)
_SIGNED = re.compile(r" (?:from|at|with) Tenacious\b")  # who writes, where a text message says it
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_FIRST_NAME = re.compile(r"^- First name: (.+)$", re.M)
_COMPANY = re.compile(r"^- Company: (.+)$", re.M)
# Capitalised words that are the seller's or the language's and need no source.
_OURS = frozenset(
    "i i'm i'd i've i'll tenacious intelligence corporation gettenacious east africa african africans addis ababa ethiopia "
    "ethiopian nairobi kenya kenyan subject re series ai ml cto ceo cfo coo vp gdpr hr qa it sla mlops monday tuesday wednesday "
    "thursday friday saturday sunday european us uk english".split()
)


class WrongCopy(NamedTuple):
    kind: str
    said: str


def wrong_copies(prompt: str, letter: str) -> list[WrongCopy]:
    """What the letter has that the prompt has not.

    >>> brief = "- Company: Tessaly Freight\\n- First name: Maya\\n- Open roles: 7"
    >>> wrong_copies(brief, "Hi Maya,\\n\\nTessaly Freight has 9 open roles.\\n\\nBest,\\nSelam")
    [WrongCopy(kind='number', said='9')]
    """
    prose = _prose(letter)
    return [
        *_greeted(prompt, letter),
        *(WrongCopy("number", said) for said in _numbers(prompt, prose)),
        *(WrongCopy("date", said) for said in _dates(prompt, prose)),
        *(WrongCopy("name", said) for said in _names(prompt, prose)),
    ]


def _prose(letter: str) -> str:
    """The letter without greeting and signature; a signature is the last paragraph."""
    parts = letter.strip().split("\n\n")
    body = [part for part in parts if not _GREETING.match(part)]
    signed = len(body) > 1 and "\n" in body[-1] and not body[-1].startswith("Subject:")
    return "\n\n".join(body[:-1] if signed else body)


def _greeted(prompt: str, letter: str) -> Iterator[WrongCopy]:
    wanted, found = _FIRST_NAME.search(prompt), _GREETING.search(letter)
    if found and found[1] and (wanted is None or found[1] != wanted[1].strip()):
        yield WrongCopy("first name", found[1])


def _numbers(prompt: str, prose: str) -> Iterator[str]:
    known = {_bare(number) for number in _NUMBER.findall(prompt)}
    asked = {match.start() for match in _ASKED.finditer(prose)}
    for match in _NUMBER.finditer(prose):
        if match.start() not in asked and _bare(match[0]) not in known:
            yield match[0]


def _bare(number: str) -> str:
    return number.strip("$.,").replace(",", "")


def _dates(prompt: str, prose: str) -> Iterator[str]:
    known, months = set(_DAY.findall(prompt)), set(_BARE_MONTH.findall(prompt))
    for match in _DAY.finditer(prose):
        if match.groups() not in known:
            yield match[0]
    days = {match.start(2) for match in _DAY.finditer(prose)}
    for match in _BARE_MONTH.finditer(prose):
        if match.start() not in days and match[1] not in months and not (match[1] == "May" and _opens(prose, match.start())):
            yield match[1]


def _names(prompt: str, prose: str) -> Iterator[str]:
    """Capitalised words within a sentence that the prompt does not have, and near misses of the company's name."""
    known = {word.lower() for word in _WORD.findall(prompt)}
    company = _COMPANY.search(prompt)
    parts = [word for word in _WORD.findall(company[1]) if len(word) > 3] if company else []
    for match in _WORD.finditer(prose):
        word = match[0].removesuffix("'s").removesuffix("’s").strip("'’-")
        if not word[:1].isupper() or word in _MONTHS or {word.lower(), *word.lower().split("-")} & (known | _OURS):
            continue
        if _SIGNED.match(prose, match.end()):
            continue
        if not _opens(prose, match.start()) or any(_near(word, part) for part in parts):
            yield match[0]


def _opens(prose: str, at: int) -> bool:
    """Whether a sentence or a line begins there."""
    before = prose[:at].rstrip(" \"'(“")
    return not before or before[-1] in ".!?:\n"


def _near(word: str, part: str) -> bool:
    return word != part and word[:3] == part[:3]


__all__ = ["WrongCopy", "wrong_copies"]
