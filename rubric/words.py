"""Words and sentences of a normalised text.

Decides where a word and a sentence begin and end. A hyphen parts words ("world-class" is two),
an apostrophe does not ("don't" is one), and "%" reads as "percent". A line break ends a sentence unless the line was only
wrapped.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*|%")
_BREAK = re.compile(r"[.!?\u2026]+[\"')\]]*(?=\s|$)|\n[ \t]*(?:\n\s*)?|;(?=\s)")
_ABBREVIATIONS = frozenset("inc ltd corp co llc dr mr mrs ms prof st vs eg ie e.g i.e approx no etc jr sr dept".split())

_LETTERED = frozenset({"series", "plan", "option", "round", "tier", "class", "grade", "phase", "team", "part"})
_NEVER_LAST = frozenset({"dr", "mr", "mrs", "ms", "prof", "vs", "e.g", "i.e", "eg", "ie", "approx", "st"})


class Sentence(NamedTuple):
    """Characters `start` to `end` of the text, words `first` to `last` (exclusive)."""

    start: int
    end: int
    first: int
    last: int
    question: bool


class Words(NamedTuple):
    """The words of a text in parallel tuples, and its sentences."""

    text: str
    lower: list[str]
    starts: list[int]
    ends: list[int]
    sentences: list[Sentence]
    sentence_of: list[int]

    def chars(self, first: int, last: int) -> tuple[int, int]:
        """Character span of words `first` to `last` (exclusive)."""
        return self.starts[first], self.ends[last - 1]

    def quote(self, first: int, last: int) -> str:
        return self.text[self.starts[first] : self.ends[last - 1]]

    def at(self, char: int) -> int:
        """Index of the first word that ends behind `char`."""
        return bisect_right(self.ends, char)

    def is_capitalised(self, word: int) -> bool:
        return self.text[self.starts[word]].isupper()


def lowered(text: str) -> str:
    """The text in lower case, of the same length: a few letters would grow and shift every span."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def plain(text: str) -> list[str]:
    """The lower-case words of a text, without their places.

    >>> plain("Node.js, 7%")
    ['node', 'js', '7', 'percent']
    """
    return ["percent" if w == "%" else w for w in _WORD.findall(text.lower())]


def split(text: str) -> Words:
    low = lowered(text)
    spans = [match.span() for match in _WORD.finditer(low)]
    starts = [start for start, _ in spans]
    ends = [end for _, end in spans]
    lower = [low[start:end] for start, end in spans]
    if "%" in low:
        lower = ["percent" if word == "%" else word for word in lower]
    sentences, sentence_of = _sentences(text, starts, ends)
    return Words(text, lower, starts, ends, sentences, sentence_of)


def _sentences(text: str, starts: list[int], ends: list[int]) -> tuple[list[Sentence], list[int]]:
    sentences: list[Sentence] = []
    sentence_of: list[int] = []
    word = 0
    for end in _boundaries(text):
        first = word
        while word < len(starts) and starts[word] < end:
            word += 1
        if word > first:
            sentence_of.extend([len(sentences)] * (word - first))
            question = "?" in text[ends[word - 1] : end]
            sentences.append(Sentence(starts[first], end, first, word, question))
    return sentences, sentence_of


def _boundaries(text: str) -> list[int]:
    """Ends of the sentences, the last one being the end of the text."""
    out = []
    for match in _BREAK.finditer(text):
        if match.group()[0] == "\n":
            if not _is_wrap(text, match):
                out.append(match.end())
        elif not _is_abbreviation(text, match):
            out.append(match.end())
    out.append(len(text))
    return out


def _is_wrap(text: str, match: re.Match[str]) -> bool:
    """A single line break between two lower-case words of a long line is only a wrap."""
    if match.group().count("\n") > 1:
        return False
    before, after = (
        text[max(0, match.start() - 90) : match.start()].rstrip(" \t\r")[-1:],
        text[match.end() : match.end() + 1],
    )
    line_start = text.rfind("\n", 0, match.start()) + 1
    return (
        match.start() - line_start > 45
        and bool(before)
        and (before.isalnum() or before in ",-'\u2013\u2014")
        and bool(after)
        and (after.islower() or after.isdigit())
    )


def _is_abbreviation(text: str, match: re.Match[str]) -> bool:
    if match.group() != ".":
        return False
    word_start = match.start()
    while word_start and (text[word_start - 1].isalnum() or text[word_start - 1] == "."):
        word_start -= 1
    word = text[word_start : match.start()].lower()
    if len(word) == 1 and text[word_start].isupper() and word != "i":  # an initial: R. Okafor, not Series A.
        return text[:word_start].rstrip().rpartition(" ")[2].lower() not in _LETTERED
    rest = text[match.end() : match.end() + 2].lstrip()
    return word in _ABBREVIATIONS and (rest[:1].islower() or word in _NEVER_LAST)
