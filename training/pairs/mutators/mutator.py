"""What a mutator is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import NamedTuple

from rubric.playbook import Failure
from training.pairs.mutators.anatomy import Anatomy
from training.world.facts import Facts


@dataclass(frozen=True)
class Told:
    """What a mutator knows: tags and values of the prospect, and the day of the brief."""

    facts: Facts
    as_of: date

    @property
    def tags(self) -> frozenset[str]:
        return self.facts.tags

    def __getitem__(self, slot: str) -> str:
        return self.facts.slots.get(slot, "")


Damage = Callable[[Anatomy, Told, Random], Anatomy | None]


class Mutator(NamedTuple):
    """`damage` gives None where there is no room."""

    name: str
    failure: Failure
    damage: Damage


__all__ = ["Damage", "Mutator", "Told"]
