"""The phrase language of the word lists, and one pass over a text that finds all of them.

    world class          these words, whatever the case; a hyphen counts as a space
    skyrocket*           any word that begins so
    raise|round|funding  one of these words
    (do not|never) call  one of these phrases
    really?              this word or none
    ...                  up to three words of any kind
    #                    a number, in digits or in words
    <people>             one of the words of the list `people`

A match never leaves its sentence. Lists are data (`english.yaml` and the playbook), so a seller
changes them without touching code, and a thousand phrases cost one look at each word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rubric.errors import PlaybookError
from rubric.words import Words

GAP = 3
_PREFIX = 3
NUMBER_WORDS = frozenset(
    """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety
    hundred thousand million billion dozen couple half""".split()
)
_LEET = str.maketrans("013457@$", "oieastas")
_GROUP = re.compile(r"\(([^()]*)\)(\?)?")
_LEETISH = re.compile(r"[a-z][0134578][a-z]")


class Element(NamedTuple):
    words: frozenset[str]
    prefixes: tuple[str, ...]
    optional: bool
    gap: bool
    number: bool

    @property
    def is_words(self) -> bool:
        """Whether it stands for known words and nothing else."""
        return bool(self.words) and not (self.prefixes or self.optional or self.gap or self.number)

    def fits(self, word: str) -> bool:
        return (
            word in self.words
            or (bool(self.prefixes) and word.startswith(self.prefixes))
            or (self.number and is_number(word))
        )


class Hit(NamedTuple):
    """Words `first` to `last` (exclusive) are an entry of the list `name`."""

    name: str
    entry: str
    first: int
    last: int


class _Phrase(NamedTuple):
    name: str
    entry: str
    elements: tuple[Element, ...]


def is_number(word: str) -> bool:
    return word[0].isdigit() or word in NUMBER_WORDS


class _Bucket:
    """The phrases that can begin with one word, by what must come next: nothing, one known word
    and no more, a known word, a known word close by, a kind of word, or something that only a full
    match can tell."""

    __slots__ = ("couples", "gaps", "kinds", "pairs", "rest", "singles")

    def __init__(self) -> None:
        self.singles: list[_Phrase] = []
        self.couples: dict[str, list[_Phrase]] = {}
        self.pairs: dict[str, list[_Phrase]] = {}
        self.gaps: list[tuple[frozenset[str], _Phrase]] = []
        self.kinds: list[tuple[Element, _Phrase]] = []
        self.rest: list[_Phrase] = []

    def add(self, phrase: _Phrase, *, first: bool) -> None:
        second = phrase.elements[1] if len(phrase.elements) > 1 else None
        if first and second is None:
            self.singles.append(phrase)
        elif first and second is not None and second.is_words:
            whole = self.couples if len(phrase.elements) == 2 else self.pairs
            for word in second.words:
                whole.setdefault(word, []).append(phrase)
        elif first and second is not None and second.gap and phrase.elements[2].is_words:
            self.gaps.append((phrase.elements[2].words, phrase))
        elif first and second is not None and not second.gap and not second.optional:
            self.kinds.append((second, phrase))
        else:
            self.rest.append(phrase)


class Lexicon:
    """Named lists of phrases, compiled for `find`."""

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        self._singles = {name: tuple(entries) for name, entries in lists.items()}
        self._by_word: dict[str, _Bucket] = {}
        self._by_prefix: dict[str, list[_Phrase]] = {}
        self._by_number: list[_Phrase] = []
        for name, entries in self._singles.items():
            for entry in entries:
                for plain in _without_groups(entry, name):
                    self._add(_Phrase(name, entry, self._compile(name, plain)))

    def entries(self, name: str) -> tuple[str, ...]:
        return self._singles.get(name, ())

    def find(self, words: Words) -> list[Hit]:
        """Every phrase in `words`, in the order of their first word."""
        hits: list[Hit] = []
        lower = words.lower
        by_word, by_prefix = self._by_word, self._by_prefix
        for sentence in words.sentences:
            stop = sentence.last
            for at in range(sentence.first, stop):
                word = lower[at]
                bucket = by_word.get(word)
                if bucket is not None:
                    _look(bucket, lower, at, stop, hits)
                found = by_prefix.get(word[:_PREFIX])
                if found is not None:
                    _match(found, 0, lower, at, at, stop, hits)
                if word.isalpha():
                    if word in NUMBER_WORDS:
                        _match(self._by_number, 0, lower, at, at, stop, hits)
                elif word[0].isdigit():
                    _match(self._by_number, 0, lower, at, at, stop, hits)
                elif _LEETISH.search(word):
                    plain = by_word.get(word.translate(_LEET))
                    if plain is not None:
                        _look(plain, [*lower[:at], word.translate(_LEET), *lower[at + 1 :]], at, stop, hits)
        return hits

    def _add(self, phrase: _Phrase) -> None:
        words: set[str] = set()
        prefixes: set[str] = set()
        for index, element in enumerate(_openers(phrase.elements)):
            for word in element.words - words:
                self._by_word.setdefault(word, _Bucket()).add(phrase, first=index == 0 and not element.optional)
            words |= element.words
            prefixes |= {prefix[:_PREFIX] for prefix in element.prefixes}
            if element.number:
                self._by_number.append(phrase)
        for prefix in prefixes:
            self._by_prefix.setdefault(prefix, []).append(phrase)

    def _compile(self, name: str, entry: str) -> tuple[Element, ...]:
        elements = []
        for part in entry.lower().replace("-", " ").split():
            elements.append(self._element(part, name, entry))
        if not elements or all(e.optional or e.gap for e in elements) or elements[0].gap:
            raise PlaybookError(
                f"word list {name!r}: the phrase {entry!r} has no first word to look for; "
                "begin it with a word and not with '...'"
            )
        return tuple(elements)

    def _element(self, part: str, name: str, entry: str) -> Element:
        if part == "...":
            return Element(frozenset(), (), optional=True, gap=True, number=False)
        optional = part.endswith("?")
        words: set[str] = set()
        prefixes: list[str] = []
        number = False
        for choice in self._choices(part.rstrip("?"), name, entry):
            if choice == "#":
                number = True
            elif choice.endswith("*"):
                if len(choice) <= _PREFIX:
                    raise PlaybookError(
                        f"word list {name!r}: {choice!r} in {entry!r} is too short; "
                        f"give at least {_PREFIX} letters before '*'"
                    )
                prefixes.append(choice[:-1])
            else:
                words.add(choice)
        return Element(frozenset(words), tuple(prefixes), optional, gap=False, number=number)

    def _choices(self, part: str, name: str, entry: str) -> list[str]:
        out: list[str] = []
        for choice in part.split("|"):
            if choice.startswith("<"):
                other = choice.strip("<>")
                if other not in self._singles:
                    raise PlaybookError(f"word list {name!r}: {entry!r} names the list {other!r}, which is not there")
                singles = (e.lower() for e in self._singles[other])
                for single in singles:
                    if " " not in single and "-" not in single:
                        out += self._choices(single, name, entry)
            else:
                out.append(choice)
        return out


def _without_groups(entry: str, name: str) -> list[str]:
    """The entry once for each choice of its groups: "(do not|never) call" gives two."""
    match = _GROUP.search(entry)
    if match is None:
        if "(" in entry or ")" in entry:
            raise PlaybookError(f"word list {name!r}: {entry!r} has a bracket without its partner")
        return [entry]
    choices = match[1].split("|")
    words = [c for c in choices if " " not in c and c != "..."]  # kept together: one phrase, not many
    choices = [c for c in choices if c not in words] + (["|".join(words)] if words else [])
    if match[2]:
        choices.append("")
    return [
        plain
        for choice in choices
        for plain in _without_groups(f"{entry[: match.start()]}{choice}{entry[match.end() :]}", name)
    ]


def _openers(elements: tuple[Element, ...]) -> Iterable[Element]:
    """The elements that a match can begin with: the first, and those behind optional ones."""
    for element in elements:
        yield element
        if not element.optional:
            return


def _look(bucket: _Bucket, lower: list[str], at: int, stop: int, hits: list[Hit]) -> None:
    for phrase in bucket.singles:
        hits.append(Hit(phrase.name, phrase.entry, at, at + 1))
    if at + 1 < stop:
        for phrase in bucket.couples.get(lower[at + 1], ()):
            hits.append(Hit(phrase.name, phrase.entry, at, at + 2))
        found = bucket.pairs.get(lower[at + 1])
        if found is not None:
            _match(found, 2, lower, at, at + 2, stop, hits)
        for element, phrase in bucket.kinds:
            if element.fits(lower[at + 1]):
                _match([phrase], 2, lower, at, at + 2, stop, hits)
    if bucket.gaps:
        near = lower[at + 1 : min(at + GAP + 2, stop)]
        for words, phrase in bucket.gaps:
            if not words.isdisjoint(near):
                _match([phrase], 1, lower, at, at + 1, stop, hits)
    if bucket.rest:
        _match(bucket.rest, 0, lower, at, at, stop, hits)


def _match(
    phrases: list[_Phrase], index: int, lower: list[str], first: int, at: int, stop: int, hits: list[Hit]
) -> None:
    """Adds the phrases that match from their element `index` on at word `at`."""
    for phrase in phrases:
        end = _end(phrase.elements, index, lower, at, stop)
        if end is not None:
            hits.append(Hit(phrase.name, phrase.entry, first, end))


def _end(elements: tuple[Element, ...], index: int, lower: list[str], at: int, stop: int) -> int | None:
    """Where the match ends that begins at word `at`; None if there is none."""
    count = len(elements)
    while index < count:
        element = elements[index]
        if at < stop and lower[at] in element.words and not element.optional:
            at += 1
            index += 1
            continue
        if element.gap:
            for skip in range(GAP + 1):
                end = _end(elements, index + 1, lower, at + skip, stop)
                if end is not None:
                    return end
            return None
        if at < stop and element.fits(lower[at]):
            if element.optional:
                with_it = _end(elements, index + 1, lower, at + 1, stop)
                if with_it is not None:
                    return with_it
            else:
                at += 1
        elif not element.optional:
            return None
        index += 1
    return at
