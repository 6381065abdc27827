"""Mutators that say something they should not: a sentence, an ask, a subject line, from `sayings.yaml`.

Decides where it goes: behind the sentence it belongs to, or, more often, in the place of one that asks nothing, so
that a damaged letter is not always the longer one.
"""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from random import Random
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rubric.playbook import Failure
from training.pairs.mutators.anatomy import Anatomy
from training.pairs.mutators.mutator import Mutator, Told
from training.world.patterns import Pattern, parsed, possible, said

_INSTEAD = 0.75


class Saying(BaseModel):
    """Sayings that do one damage; `at` is where: within the text, in the place of the offer, behind the ask, in its place, or the subject."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    failure: Failure
    at: Literal["text", "start", "offer", "behind_ask", "ask", "subject"] = "text"
    when: tuple[str, ...] = ()
    says: tuple[str, ...] = Field(min_length=3)

    def fitting(self, told: Told) -> list[Pattern]:
        holds = all((tag[1:] not in told.tags) if tag.startswith("!") else (tag in told.tags) for tag in self.when)
        return [pattern for pattern in map(parsed, self.says) if possible(pattern, told.facts.slots)] if holds else []


def sayings() -> tuple[Mutator, ...]:
    return tuple(Mutator(saying.name, saying.failure, partial(_damage, saying)) for saying in read_sayings())


def read_sayings() -> list[Saying]:
    import yaml

    text = files("training.pairs.mutators").joinpath("sayings.yaml").read_text(encoding="utf-8")
    rows: list[Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  a safe one
    return [Saying.model_validate(row) for row in rows]


def _damage(saying: Saying, letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    patterns = saying.fitting(told)
    if not patterns:
        return None
    text = said(dice.choice(patterns), told.facts.slots, dice)
    if saying.at == "subject":
        return letter._replace(subject=text) if letter.subject is not None else None
    if saying.at == "start":
        return letter.put((0, 0), (text, letter.paragraphs[0][0])) if letter.paragraphs else None
    if saying.at in {"text", "offer"}:
        return (_within if saying.at == "text" else _for_offer)(letter, text, dice)
    place = letter.ask
    if place is None:
        return None
    asked = letter.paragraphs[place[0]][place[1]]
    return letter.put(place, (asked, text) if saying.at == "behind_ask" else (text,))


def _within(letter: Anatomy, text: str, dice: Random) -> Anatomy | None:
    """Behind a statement or in its place; the first one greets the reader's facts, so it stays where there are others."""
    places = letter.statements()
    if not places:
        return None
    place = dice.choice(places[1:] or places)
    instead = len(places) > 1 and dice.random() < _INSTEAD
    return letter.put(place, (text,) if instead else (letter.paragraphs[place[0]][place[1]], text))


def _for_offer(letter: Anatomy, text: str, dice: Random) -> Anatomy | None:
    """In the place of every statement but the first, so that nothing else is pitched."""
    others = letter.statements()[1:]
    for place in reversed(others[1:]):
        letter = letter.put(place, ())
    return letter.put(others[0], (text,)) if others else None


__all__ = ["Saying", "read_sayings", "sayings"]
