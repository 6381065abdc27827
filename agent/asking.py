"""The critic within a run: whether it is on, and what becomes of a call that fails.

Decides that a run goes on by the rules alone where the switch is off, and for the rest of a prospect once a
call has failed: an adapter that cannot be put on, or an answer that is malformed. A model or server that
fails by itself is not the critic's fault and is raised as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from agent.parts import Parts
from rubric.errors import ModelError, ScoreError

T = TypeVar("T")
Standing = dict[str, Any]
_FRESH: Standing = {"state": "on", "reason": None, "calls": 0, "failed": 0, "stopped": False}


class Asked(NamedTuple):
    """An answer, or None, and how the critic stands after it."""

    answer: Any
    standing: Standing | None


def standing(parts: Parts, again: Standing | None) -> Standing | None:
    """How the critic stands when a prospect begins; None without an adapter. A run that is drawn again
    stands as the first one did, whatever the switch says now."""
    if parts.critics.name is None:
        return None
    if again is not None:
        return dict(again) if again["state"] == "off" else dict(_FRESH)
    trip = parts.monitor.tripped() if parts.monitor else None
    return dict(_FRESH) if trip is None else _FRESH | {"state": "off", "reason": f"switched off on {trip.at}: {trip.reason}"}


def is_on(found: Standing | None) -> bool:
    return found is not None and found["state"] == "on"


def ask(found: Standing, call: Callable[[], T]) -> Asked:
    """The answer of one call to the critic."""
    counted = found | {"calls": found["calls"] + 1}
    try:
        return Asked(call(), counted)
    except (ModelError, ScoreError) as error:
        return Asked(None, counted | {"failed": found["failed"] + 1, "state": "off", "reason": f"a call failed: {error}"})


def warning(found: Standing | None) -> list[str]:
    """What a draft says of a critic that is off."""
    return [] if found is None or is_on(found) else [f"the critic is off, the rules alone decide; {found['reason']}"]


__all__ = ["Asked", "Standing", "ask", "is_on", "standing", "warning"]
