"""Mutators: named ways to damage a good letter, one for each failure at the least.

Decides which mutators there are. Each is a function of the letter, of what is true of the prospect, and of
dice; it gives None where the letter or the prospect has no room for the damage. None uses wording that is set aside.
"""

from __future__ import annotations

from functools import lru_cache

from training.pairs.mutators.form import FORM
from training.pairs.mutators.mutator import Mutator, Told
from training.pairs.mutators.numbers import NUMBERS
from training.pairs.mutators.sayings import sayings


@lru_cache(maxsize=1)
def mutators() -> tuple[Mutator, ...]:
    return (*NUMBERS, *FORM, *sayings())


__all__ = ["Mutator", "Told", "mutators"]
