"""The first name in a name as people write it into a record.

Decides by what a letter would say behind "Hi": what stands in brackets, titles, degrees and initials are no
first name, "Last, First" is turned round, and a name in capitals or in small letters is written as names are.
Refuses nothing: a text without a name in it has no first name.
"""

from __future__ import annotations

import re
import unicodedata

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>")
_OPEN = re.compile(r"[(\[{<].*", re.S)
_TITLES = frozenset("dr prof professor mr mrs ms miss mx".split())
_GLUED = re.compile(r"\b(dr|prof|mr|mrs|ms)\.(?=\w)", re.I)
_DEGREES = frozenset(
    """jr sr ii iii iv phd dphil edd mba emba mpa mph msc bsc meng beng mphil llb llm esq cpa cfa cissp pmp dds dvm obe mbe cbe""".split()
)
_SHORT_DEGREES = frozenset("ma ba ms bs md jd pe rn v".split())
_POSTS = frozenset(
    """ceo cto cfo coo cio cpo cmo cro ciso vp svp evp avp head chief director manager founder cofounder co-founder president
    lead officer partner owner principal""".split()
)
_LETTERS = re.compile(r"[^\W\d_]+")


def first_name(name: str | None) -> str | None:
    """The first name in `name`, or the only name there is; None where there is none.

    >>> first_name("Lindqvist, Maya (she/her)"), first_name("DR. MAYA LINDQVIST"), first_name("Maya Lindqvist, PhD")
    ('Maya', 'Maya', 'Maya')
    """
    parts = _parts(_without_brackets(unicodedata.normalize("NFC", name or "")))
    if not parts:
        return None
    last, *behind = parts
    given = [part for part in behind if not _is_addition(part, last)]
    words = [word for part in (*given[:1], last) for word in _words(part)]
    return _as_written(words[0]) if words else None


def _without_brackets(text: str) -> str:
    """What stands outside of brackets, also of nested ones and of one that is never closed."""
    shorter = _BRACKETS.sub(" ", text)
    while shorter != text:
        text, shorter = shorter, _BRACKETS.sub(" ", shorter)
    return re.sub(r"[)\]}>]", " ", _OPEN.sub(" ", text))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if _LETTERS.search(part)]


def _is_addition(part: str, before: str) -> bool:
    """Whether what stands behind a comma is a degree, a rank or a post, and no first name."""
    low = {word.strip(".").replace(".", "").lower() for word in part.split()}
    if low & _POSTS or low <= _DEGREES | _TITLES:
        return True
    if low <= _DEGREES | _SHORT_DEGREES:  # "Lin, Ma" is a person, "Lin, MA" and "Ann Lin, Ma" a degree
        return part.isupper() and not before.isupper() or "." in part or " " in before
    return " " in before and part.isupper() and not before.isupper() and len(part) > 1


def _words(part: str) -> list[str]:
    """The words of a name without the titles before it and without initials."""
    words = [word for word in _GLUED.sub(r"\1. ", part).split() if _LETTERS.search(word)]
    while words and words[0].strip(".").lower() in _TITLES:
        words = words[1:]
    return [word for word in words if not word.endswith(".")]


def _as_written(word: str) -> str:
    """Ordinary capitals for a word that has none or nothing else; "JP" may well be a name."""
    letters = "".join(_LETTERS.findall(word))
    if word.islower() or (word.isupper() and len(letters) > 2):
        return _LETTERS.sub(lambda found: found.group()[0].title() + found.group()[1:].lower(), word)
    return word


__all__ = ["first_name"]
