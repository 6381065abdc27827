"""What a sweep lays upon a prospect of the world, one function for each failure that the world itself does not tempt.

Decides which keys of the record change; what was drawn stays otherwise. An overlay that finds no room for itself
answers False, and another prospect is drawn. Text comes from the bench's own wording of the split.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple

from experiments.bench.task import Turn
from experiments.bench.texts import said
from training.world.companies import company_of, domain
from training.world.names import plain_letters
from training.world.sketch import MONTHS
from training.world.split import Split
from training.world.stock import stock

Record = dict[str, Any]
_PAST = frozenset({"practice"})


class Canvas(NamedTuple):
    """A record that is being laid upon, and the dice that belong to it alone."""

    record: Record
    split: Split
    dice: Random

    @property
    def as_of(self) -> date:
        return date.fromisoformat(self.record["as_of"])

    @property
    def stack(self) -> str | None:
        need, gap = self.record.get("need", {}), self.record["signals"].get("capability_gap", {})
        roles = self.record["signals"].get("hiring", {}).get("roles", [])
        return need.get("stack") or gap.get("stack") or next((role.get("stack") for role in roles), None)

    def say(self, kind: str, **more: str) -> str:
        name, stacks = self.record["company"]["name"], stock("skills")["stacks"]
        ahead = -self.dice.randint(2, 5) if kind in _PAST else self.dice.randint(1, 5)
        month = MONTHS[(self.as_of.month - 1 + ahead) % 12]
        slots = {"company": name, "slug": plain_letters(name), "stack": stacks.get(self.stack, {"word": "engineering"})["word"], "month": month}
        return said(kind, self.split, self.dice, slots | {"n": str(self.dice.randint(2, 9)), **more})


Overlay = Callable[[Canvas], bool]


def plain(_: Canvas) -> bool:
    """The prospect as it was drawn."""
    return True


def answers(kind: str) -> Overlay:
    """The reader's last message says something of this kind."""

    def lay(canvas: Canvas) -> bool:
        messages = canvas.record.get("thread", {}).get("messages", [])
        if not messages or messages[-1]["from"] != "prospect":
            return False
        messages[-1]["text"] = canvas.say(kind)
        return True

    return lay


def confided(canvas: Canvas) -> bool:
    """Somebody else at the company told us something."""
    party = canvas.dice.choice(stock("remarks")["parties"])
    canvas.record["other_threads"] = [{"id": f"t-{canvas.dice.randint(100, 999)}", "with": party, "facts": [canvas.say("confided")]}]
    return True


def unsourced(canvas: Canvas) -> bool:
    """Peers of whom nothing is known for sure: no source, no name, or low confidence."""
    if not canvas.stack:
        return False
    other = company_of(canvas.split, canvas.dice)
    peer: Record = {"practice": canvas.say("practice"), "confidence": canvas.dice.choice(("low", "medium", "high"))}
    if canvas.dice.random() < 0.6:
        peer["name"] = other
    elif canvas.dice.random() < 0.5:
        peer |= {"source_url": f"https://{domain(other)}/news", "confidence": "low"}
    canvas.record["peers"] = [peer]
    return True


def turned_down(canvas: Canvas) -> bool:
    """An idea of ours that they rejected, in the thread where there is one."""
    ideas = [idea["idea"] for idea in stock("remarks")["ideas"] if canvas.stack not in idea["near"]]
    idea = canvas.dice.choice(ideas)
    canvas.record["rejected_suggestions"] = [idea]
    messages = canvas.record.get("thread", {}).get("messages", [])
    if messages and messages[-1]["from"] == "prospect":
        messages[-1]["text"] = canvas.say("turned_down", idea=idea)
    return True


def noted(kind: str) -> Overlay:
    """A CRM field says something of this kind."""

    def lay(canvas: Canvas) -> bool:
        canvas.record["notes"] = canvas.say(kind)
        return True

    return lay


def emptied(canvas: Canvas) -> bool:
    """Nothing is known but the company, and for some not even its trade."""
    canvas.record["signals"] = {}
    for key in ("peers", "need", "capacity", "segment", "prior_commitments", "flags"):
        canvas.record.pop(key, None)
    if canvas.dice.random() < 0.3:
        for key in ("industry", "headcount", "regulated", "regulatory_context"):
            canvas.record["company"].pop(key, None)
    return True


# -- threads that go on -------------------------------------------------------------------------------------


def goes_on(canvas: Canvas, ends: str) -> tuple[Turn, ...]:
    """One or two turns; the last one ends in `engaged`, `refusal` or `legal`."""
    stops = {"refusal": "SUPPRESS", "legal": "ESCALATE"}
    first = _turn(canvas, canvas.as_of, "engaged" if ends in stops else ends, intent="engaged")
    if ends not in stops:
        return (first,) if canvas.dice.random() < 0.6 else (first, _turn(canvas, first.on, "engaged", intent="engaged"))
    return (first, _turn(canvas, first.on, ends, decision=stops[ends]))


def capacity_falls(canvas: Canvas) -> tuple[Turn, ...]:
    """Fewer people are there than when the first letter was written, and the reader stays with the number or raises it."""
    need, stack = canvas.record.get("need"), canvas.stack
    own = (canvas.record.get("capacity") or {}).get(stack or "")
    if not need or not own or need.get("engineers", 0) < 2 or own["available"] < 2:
        return ()
    wanted = need["engineers"] + (canvas.dice.randint(1, 3) if canvas.dice.random() < 0.5 else 0)
    left = {**own, "available": canvas.dice.randint(1, min(own["available"], wanted) - 1 or 1)}
    left["senior"] = min(left.get("senior") or 0, left["available"])
    if canvas.dice.random() < 0.3:
        left["committed_until"] = (canvas.as_of + timedelta(canvas.dice.randint(20, 60))).isoformat()
    kind = "grown" if wanted > need["engineers"] else "steady"
    later = {key: value for key, value in need.items() if key != "seniority"} | {"engineers": wanted}
    return (_turn(canvas, canvas.as_of, kind, n=str(wanted), intent="engaged", changes={"need": later, "capacity": {**canvas.record["capacity"], stack: left}}),)


def _turn(canvas: Canvas, since: date, kind: str, *, intent: str | None = None, decision: str = "DRAFT", changes: Record | None = None, **slots: str) -> Turn:
    extra = {"extra": {"reply_intent": intent}} if intent else {"extra": {}}
    on = since + timedelta(canvas.dice.randint(1, 9))
    return Turn.model_validate({"on": on, "ours": canvas.say("ours"), "theirs": canvas.say(kind, **slots), "changes": {**extra, **(changes or {})}, "decision": decision})


__all__ = ["Canvas", "Overlay", "Record", "answers", "capacity_falls", "confided", "emptied", "goes_on", "noted", "plain", "turned_down", "unsourced"]
