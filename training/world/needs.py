"""What a prospect needs and what is there: people, start dates, running commitments.

Decides by plain arithmetic on capacity: a feasible need is at or below it and starts no earlier than deployment,
checks and commitments allow; a tempting one goes beyond it, by one or by many, or by a day or by weeks.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from rubric.playbook import load_playbook
from training.world.names import person
from training.world.sketch import Sketch

NEEDS_FIT = ("need.below", "need.below", "need.below", "need.below", "need.equal", "start.on", "start.day_after", "commitment.day_before")
NEEDS_ABOVE = ("need.one_above", "need.above", "need.above", "need.above", "need.far_above", "need.far_above")
NEEDS_EARLY = ("start.early", "start.early", "start.day_before", "commitment.on", "commitment.day_after")
_SCARCE = frozenset({"backend", "java", "rust"})


class There(NamedTuple):
    """What is there of one stack on the day of the brief."""

    available: int
    senior: int
    deploy_days: int
    committed_until: date | None


def stock_up(sketch: Sketch) -> None:
    """An own entry for this prospect, for some; always where the playbook has none that could be offered soon."""
    if sketch.record.get("capacity"):
        return
    standard = _standard(sketch.stack)
    blocked = standard is None or (standard.committed_until is not None and standard.committed_until > sketch.as_of)
    if blocked or sketch.chance(0.75):
        dice, available = sketch.dice, sketch.dice.randint(1, 12)
        entry = {"available": available, "senior": dice.randint(0, min(3, available)), "deploy_days": dice.choice((5, 7, 9, 10, 12, 14, 18, 21, 28))}
        sketch.record["capacity"] = {sketch.stack: entry}


def _standard(stack: str) -> There | None:
    entry = load_playbook("tenacious").capacity.get(stack)
    if entry is None or stack in _SCARCE:
        return None
    return There(entry.available, entry.senior or 0, entry.deploy_days or 0, entry.committed_until)


def there(sketch: Sketch) -> There | None:
    """What is there of the prospect's stack; None for one that nobody has."""
    own: dict[str, Any] | None = sketch.record.get("capacity", {}).get(sketch.stack)
    if own is None:
        return _standard(sketch.stack)
    until = own.get("committed_until")
    return There(own["available"], own["senior"], own["deploy_days"], date.fromisoformat(until) if until else None)


def earliest(sketch: Sketch, found: There) -> date:
    """The first day that deployment, background checks and commitments allow."""
    extra = load_playbook("tenacious").policy.regulated_extra_days if sketch.record["company"].get("regulated") else 0
    first = sketch.as_of + timedelta(found.deploy_days + extra)
    return max(first, found.committed_until + timedelta(1)) if found.committed_until else first


def need(sketch: Sketch, kind: str) -> bool:
    """Writes a need of this kind down; False where the capacity has no room for the kind."""
    found = there(sketch)
    if found is None or not found.available:
        return False
    if kind.startswith("commitment."):
        return _committed(sketch, found, kind)
    wanted: dict[str, Any] = {"stack": sketch.stack, "engineers": _engineers(sketch, found, kind)}
    if kind.startswith("start.") or sketch.chance(0.4):
        wanted["start_by"] = _start(sketch, found, kind).isoformat()
    if wanted["engineers"] <= found.senior and sketch.chance(0.3):
        wanted["seniority"] = "senior"
    sketch.record["need"] = wanted
    return True


def _engineers(sketch: Sketch, found: There, kind: str) -> int:
    dice, most = sketch.dice, found.available
    if kind == "need.equal":
        return most
    if kind == "need.one_above":
        return most + 1
    if kind == "need.above":
        return most + dice.randint(1, 5)
    if kind == "need.far_above":
        return 2 * most + dice.randint(1, 12)
    return dice.randint(1, max(1, most - 1))


def _start(sketch: Sketch, found: There, kind: str) -> date:
    first, dice = earliest(sketch, found), sketch.dice
    if kind == "start.on":
        return first
    if kind == "start.day_after":
        return first + timedelta(1)
    if kind == "start.day_before":
        return first - timedelta(1)
    if kind == "start.early":
        return first - timedelta(dice.randint(1, max(1, min((first - sketch.as_of).days - 2, 20))))
    return first + timedelta(dice.randint(2, 50))


def _committed(sketch: Sketch, found: There, kind: str) -> bool:
    """A commitment that ends the day before, on or after the day on which the prospect wants to start."""
    first = earliest(sketch, found._replace(committed_until=None))
    wanted = first + timedelta(sketch.dice.randint(3, 40))
    ends = wanted + timedelta({"commitment.day_before": -1, "commitment.on": 0, "commitment.day_after": 1}[kind])
    sketch.record["capacity"] = {
        sketch.stack: {
            "available": found.available, "senior": found.senior, "deploy_days": found.deploy_days, "committed_until": ends.isoformat(),
        }
    }  # fmt: skip
    sketch.record["need"] = {
        "stack": sketch.stack, "engineers": sketch.dice.randint(1, found.available), "start_by": wanted.isoformat(),
    }  # fmt: skip
    return True


def commitments(sketch: Sketch) -> None:
    """One engineer's running engagement; it ends around the day on which the prospect wants to start, if it names one."""
    dice, wanted = sketch.dice, sketch.record.get("need", {}).get("start_by")
    about = date.fromisoformat(wanted) if wanted else sketch.as_of + timedelta(dice.randint(10, 120))
    ends = about + timedelta(dice.choice((-1, 0, 1)))
    entry: dict[str, Any] = {"who": person(dice).name, "stack": sketch.stack, "ends": ends.isoformat(), "type": "engagement"}
    if sketch.chance(0.5):
        entry["starts"] = (ends - timedelta(dice.randint(60, 400))).isoformat()
    if sketch.chance(0.15):
        entry["type"] = "renewal"
    sketch.record["prior_commitments"] = [entry]


__all__ = ["NEEDS_ABOVE", "NEEDS_EARLY", "NEEDS_FIT", "There", "commitments", "earliest", "need", "stock_up", "there"]
