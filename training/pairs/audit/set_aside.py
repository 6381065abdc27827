"""Wording that is set aside, as runs of words: what a training file must not say.

Decides by runs that only the wording set aside has, with values of prospects and numbers left out, because a
number is a value to one saying and wording to another. It is never shown: who is told of a violation is told the
pair, not the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from training.pairs.audit.fields import words
from training.pairs.mutators.sayings import read_sayings
from training.world.entries import entries
from training.world.patterns import Choice, Pattern, Slot, parsed

RUN = 7
_VALUE = "\0"


def said_of(text: str) -> bool:
    """Whether a text holds a run that only the wording set aside has."""
    return not set_aside().isdisjoint(_runs(words(text)))


@lru_cache(maxsize=1)
def set_aside() -> frozenset[tuple[str, ...]]:
    known = [*(text for entry in entries() if not entry.unseen for text in entry.says), *(text for saying in read_sayings() for text in saying.says)]
    return frozenset(runs_of(text for entry in entries() if entry.unseen for text in entry.says) - runs_of(known))


def runs_of(patterns: Iterable[str]) -> set[tuple[str, ...]]:
    """The runs without a value in every alternative of patterns."""
    return {run for text in patterns for reading in readings(text) for part in reading.split(_VALUE) for run in _runs(words(part))}


def readings(text: str) -> Iterator[str]:
    """Readings in which each alternative stands at least once."""
    pattern = parsed(text)
    return (_said(pattern, turn) for turn in range(_turns(pattern)))


def _said(pattern: Pattern, turn: int) -> str:
    out = []
    for part in pattern:
        if isinstance(part, Choice):
            inner, place = divmod(turn, len(part.alternatives))
            out.append(_said(part.alternatives[place], inner))
        else:
            out.append(_VALUE if isinstance(part, Slot) else part)
    return "".join(out)


def _turns(pattern: Pattern) -> int:
    choices = [part.alternatives for part in pattern if isinstance(part, Choice)]
    return max((len(found) * max(map(_turns, found)) for found in choices), default=1)


def _runs(found: list[str]) -> set[tuple[str, ...]]:
    every = (tuple(found[n : n + RUN]) for n in range(len(found) - RUN + 1))
    return {run for run in every if not any(letter.isdigit() for word in run for letter in word)}


__all__ = ["RUN", "readings", "runs_of", "said_of", "set_aside"]
