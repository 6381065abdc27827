"""A prospect while it is being drawn: its record so far, its day, and what later steps have to keep.

Decides how an unsure signal is written down: its effective confidence is given, and whether it stands so in the
record or one level higher with an observation that is too old is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Literal

from training.world.patterns import parsed, said
from training.world.split import Split

Level = Literal["high", "medium", "low", "insufficient_signal"]
LEVELS: tuple[Level, ...] = ("insufficient_signal", "low", "medium", "high")
FRESH = 30
MONTHS = "January February March April May June July August September October November December".split()


@dataclass
class Sketch:
    """See the module. `record` grows into the canonical nested form."""

    dice: Random
    as_of: date
    company: str
    split: Split
    stack: str
    record: dict[str, Any] = field(default_factory=dict)
    headcount: int = 0
    target_region: bool | None = None

    @property
    def signals(self) -> dict[str, Any]:
        found: dict[str, Any] = self.record["signals"]
        return found

    def day(self, ago: int) -> str:
        """The day so many days before the brief's own."""
        return (self.as_of - timedelta(ago)).isoformat()

    def month(self, ago: int) -> str:
        return MONTHS[(self.as_of - timedelta(ago)).month - 1]

    def say(self, pattern: str, slots: Mapping[str, str] | None = None) -> str:
        return said(parsed(pattern), slots or {}, self.dice)

    def phrase(self, pattern: str, slots: Mapping[str, str] | None = None) -> str:
        """Like `say`, for what stands within a sentence: the first letter stays as the pattern has it."""
        text = self.say(pattern, slots)
        return text[0].lower() + text[1:] if pattern[0].islower() else text

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def told(self, level: Level, since: int, *, seen: int | None = None) -> dict[str, Any]:
        """Confidence and observation of something that happened `since` days ago and is now as sure as `level`."""
        stale = seen is None and level != "high" and since > FRESH and self.chance(0.2)
        if seen is None:
            seen = self.dice.randint(FRESH + 1, min(since, FRESH + 40)) if stale else self.dice.randint(0, min(since, FRESH))
        given = LEVELS[LEVELS.index(level) + (seen > FRESH)]
        if seen <= FRESH and self.chance(0.12):
            return {"confidence": given}
        return {"confidence": given, "observed_on": self.day(seen)}


__all__ = ["FRESH", "LEVELS", "MONTHS", "Level", "Sketch"]
