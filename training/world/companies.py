"""Invented companies: names put together from large stocks, their places, trades and web domains.

Decides what a company may be called: nothing that a known firm is called, and nothing out of the playbook's
word lists. A name has to be copied, it cannot be guessed: there are some hundred thousand of each form.
"""

from __future__ import annotations

import re
from functools import cache
from random import Random
from typing import Any

from training.world.names import plain_letters, surname
from training.world.sketch import Sketch
from training.world.split import Split, split_of
from training.world.stock import stock

_UNSEEMLY = re.compile(r"^(?:field|staff|land)|anus|rape|nazi|puta|merd|porn|penis|coon|homo|slut|fica|caca|pipi")
_TARGET = frozenset({"germany", "united_kingdom", "ireland", "france", "nordics", "north_america"})


def company_name(dice: Random) -> str:
    """A name that no firm in the list of known ones has."""
    while True:
        name = _form(dice)
        if name not in stock("companies")["taken"] and name.partition(" ")[0] not in stock("companies")["taken"]:
            return name


def company_of(split: Split, dice: Random) -> str:
    """Another company of the same part of the world."""
    while True:
        name = company_name(dice)
        if split_of(name) == split:
            return name


@cache
def _words(kind: str) -> tuple[str, ...]:
    return tuple(stock("companies")[kind].split())


def _form(dice: Random) -> str:
    kind = dice.random()
    if kind < 0.30:
        return coined(dice)
    if kind < 0.55:
        return f"{coined(dice)} {dice.choice(_words('second'))}"
    if kind < 0.70:
        return _compound(dice)
    if kind < 0.90:
        return f"{_compound(dice)} {dice.choice(_words('second'))}"
    return f"{coined(dice)} & {dice.choice((coined, _compound, surname))(dice)}"


def coined(dice: Random) -> str:
    while True:
        name = dice.choice(_words("starts")) + dice.choice(("", *_words("middles"))) + dice.choice(_words("ends"))
        if 5 <= len(name) <= 10 and not _stutters(name.lower()) and not _UNSEEMLY.search(name.lower()):
            return name


def _stutters(name: str) -> bool:
    """Whether a letter stands three times in a row, or three vowels do."""
    return any(set(name[n : n + 3]) <= set("aeiouy") or len(set(name[n : n + 3])) == 1 for n in range(len(name) - 2))


def _compound(dice: Random) -> str:
    fore, aft = dice.choice(_words("fore")), dice.choice(_words("aft"))
    return fore + (aft[1:] if fore[-1] == aft[0] else aft)


def investor(dice: Random) -> str:
    return f"{dice.choice((coined, _compound))(dice)} {dice.choice(stock('companies')['investors'])}"


def domain(name: str) -> str:
    return f"{plain_letters(name)}.example"


def settle(sketch: Sketch, *, regulated: bool | None = None) -> None:
    """Gives the company its place and trade."""
    company = sketch.record["company"]
    place = _place(sketch)
    company["hq"] = f"{sketch.dice.choice(place['cities'])}, {place['hq']}" if sketch.chance(0.55) else place["hq"]
    company["timezone"] = place["zone"]
    company["headcount"] = sketch.headcount
    if regulated if regulated is not None else sketch.chance(0.16):
        trade = sketch.dice.choice(stock("industries")["regulated"])
        company |= {"industry": trade["name"], "regulated": True}
        if trade["context"] and sketch.chance(0.5):
            company["regulatory_context"] = trade["context"]
    else:
        company["industry"] = sketch.dice.choice(stock("industries")["plain"])


def _place(sketch: Sketch) -> dict[str, Any]:
    places: list[dict[str, Any]] = stock("places")
    if sketch.target_region is not None:
        places = [place for place in places if (place["region"] in _TARGET) is sketch.target_region]
    return sketch.dice.choice(places)


__all__ = ["coined", "company_name", "company_of", "domain", "investor", "settle"]
