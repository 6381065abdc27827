"""Drills: prompts whose answer is their own content, so that copying is learned before writing is.

Decides nothing about letters. A model this small guesses names and numbers by frequency unless it is made
to look them up; a drill asks for nothing else, with values that no frequency can predict. They begin with
three words and grow: among eight tokens a random start finds the right one within two hundred steps, among
fifty it does not in thousands. Later most are runs of names and numbers, the others quote lines of a brief.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from training.world.companies import coined, company_name
from training.world.corpus import Tree
from training.world.names import first_name, person, surname

_MONTHS = "January February March April May June July August September October November December".split()
_OPENING = "<|im_start|>user\n"
_CLOSING = "<|im_end|>\n<|im_start|>assistant\n"
_SKILLS = ("Python", "Go", "data", "ML", "infrastructure", "frontend", "full-stack NestJS", "Rust", "Java", "backend")
_LETTERS = 4
_RUNS = 0.7


class Phase(NamedTuple):
    """So many drills of so many words each."""

    words: int
    drills: int


PHASES = (Phase(3, 8000), Phase(6, 5000), Phase(12, 2500), Phase(24, 1200), Phase(48, 800))


def drill(dice: Random) -> Tree:
    """One of those that are strewn among the letters."""
    return run(dice, dice.randint(12, 60)) if dice.random() < _RUNS else _quotes(dice)


def run(dice: Random, length: int) -> Tree:
    """Names, numbers, dates and sums in a row; each answer says a stretch of them again."""
    words = [dice.choices(_MADE, _WEIGHTS)[0](dice) for _ in range(length)]
    leaves = []
    for _ in range(_LETTERS):
        said = dice.randint(max(length // 3, 2), max(length // 2, 3))
        start = dice.randint(0, length - said)
        leaves.append(" " + " ".join(words[start : start + said]))
    return Tree(_OPENING, ((f" {' '.join(words)}", False), (_CLOSING, True)), tuple(leaves))


def _number(dice: Random) -> str:
    return f"{dice.randint(2, 40)}"


def _date(dice: Random) -> str:
    return f"{dice.randint(1, 31)} {dice.choice(_MONTHS)}"


def _money(dice: Random) -> str:
    return f"${dice.randint(1, 80) / 2:g} million"


_MADE: tuple[Callable[[Random], str], ...] = (first_name, surname, coined, _number, _date, _money)
_WEIGHTS = (3, 1, 2, 2, 1, 1)


def _quotes(dice: Random) -> Tree:
    """A brief of values drawn at random, and answers that quote some of its lines."""
    values = _values(dice)
    lines = "\n".join(f"- {label}: {value}" for label, value in values.items())
    leaves = tuple(_answer(values, dice) for _ in range(_LETTERS))
    return Tree(_OPENING, ((f"Brief\n{lines}", False), (_CLOSING, True)), leaves)


def _values(dice: Random) -> dict[str, str]:
    day, month = dice.randint(1, 28), dice.choice(_MONTHS)
    who = person(dice)
    values = {
        "Company": company_name(dice),
        "First name": who.first,
        "Headcount": f"{dice.randint(11, 3000):,}",
        "Today": f"{day} {month} {dice.randint(2024, 2028)}",
        "Funding": f"${dice.randint(1, 40) / 2:g} million, closed {dice.randint(1, 28)} {dice.choice(_MONTHS)} {dice.randint(2024, 2027)}",
        "Open roles": str(dice.randint(1, 60)),
        "New leader": f"{person(dice).name}, CTO, since {dice.randint(1, 28)} {dice.choice(_MONTHS)} 2026",
        "Need": f"{dice.randint(1, 30)} engineers, {dice.choice(_SKILLS)}",
        "Capacity": f"{dice.choice(_SKILLS)}: {dice.randint(1, 30)} available, start {dice.randint(1, 28)} {dice.choice(_MONTHS)} 2026",
    }
    kept = dice.sample(list(values), dice.randint(4, len(values)))
    return {label: values[label] for label in kept}


def _answer(values: dict[str, str], dice: Random) -> str:
    chosen = dice.sample(list(values), dice.randint(2, len(values)))
    return "\n".join(_quoted(label, values[label]) for label in chosen)


def _quoted(label: str, value: str) -> str:
    return f"{label}: {value}."


__all__ = ["PHASES", "Phase", "drill", "run"]
