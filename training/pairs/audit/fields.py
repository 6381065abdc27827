"""The variable parts of pairs and tasks: what a template did not write.

Decides by what many companies share: a value of a brief, or a run of words in a letter, that stands with several
companies is wording and no fact, whoever wrote it. What is left is compared. The parts of a prompt are those of the
brief: `- Label: value` lines and what they hold.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from training.pairs.audit.item import Item

GRAM = 8
_SHARED_BY = 3
_RUN = 5
_LINE = re.compile(r"^- [^:\n]{1,60}: (.+)$", re.M)
_WORD = re.compile(r"[\w$%'’.+#-]*\w[\w$%+#]*")


class Fields(NamedTuple):
    """`facts` are the values of the brief, `said` the words of letters and messages, both without what is shared."""

    item: Item
    facts: str
    said: str

    @property
    def text(self) -> str:
        return " ".join(filter(None, (self.facts, self.said)))


def values(brief: str) -> list[str]:
    """
    >>> values("Brief\\n- Company: Tessaly\\n- Headcount: 40")
    ['Tessaly', '40']
    """
    return [match.strip() for match in _LINE.findall(brief)]


def words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def grams(text: str, length: int = GRAM) -> frozenset[tuple[str, ...]]:
    found = words(text)
    return frozenset(tuple(found[n : n + length]) for n in range(len(found) - length + 1))


class Shared:
    """What several companies have word for word."""

    def __init__(self, items: Iterable[Item]) -> None:
        of_value: dict[str, set[str]] = defaultdict(set)
        of_run: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for item in items:
            for value in values(item.brief):
                of_value[value.casefold()].add(item.company)
            for letter in item.letters:
                for run in grams(letter, _RUN):
                    of_run[run].add(item.company)
        self._values = {value for value, companies in of_value.items() if len(companies) >= _SHARED_BY}
        self._runs = {run for run, companies in of_run.items() if len(companies) >= _SHARED_BY}

    def fields(self, item: Item) -> Fields:
        facts = [value for value in values(item.brief) if value.casefold() not in self._values]
        own = [" ".join(self._own(words(letter))) for letter in item.letters]
        return Fields(item, "; ".join(facts), "; ".join(dict.fromkeys(filter(None, own))))

    def _own(self, found: list[str]) -> Iterator[str]:
        """The words that stand in no shared run."""
        covered: set[int] = set()
        for n in range(len(found) - _RUN + 1):
            if tuple(found[n : n + _RUN]) in self._runs:
                covered.update(range(n, n + _RUN))
        return (word for n, word in enumerate(found) if n not in covered)


__all__ = ["GRAM", "Fields", "Shared", "grams", "values", "words"]
