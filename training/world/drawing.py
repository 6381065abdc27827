"""Draws a prospect of the invented world from a seed, with what is true of it.

Decides the mix: types of message, segments, refusals, and on about half of the prospects that get a draft exactly
one temptation. Truth is set by the recipe, never asked of the rubric, so that the two can be compared. A prospect
without a temptation shows none: its need is feasible, its main signals are sure, and no silence of it is in sight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any, Literal, NamedTuple, TypeVar

from training.world import needs, signals, threads
from training.world.cases import ABSTAIN, CAPACITY, CLAIM, GAP, RECIPES, TONE, WRONG_PITCH, Recipe, plain
from training.world.companies import company_name, domain, settle
from training.world.names import person, plain_letters
from training.world.refusals import REFUSALS, Decision, Refusal
from training.world.sketch import Level, Sketch
from training.world.split import split_of
from training.world.stock import stock

Reply = Literal["engaged", "curious", "deferral", "reply"]
FIRST_DAY, DAYS = date(2025, 1, 6), 1085
REFUSED = 0.12
TEMPTED: dict[str | None, float] = {None: 50, CAPACITY: 20, CLAIM: 12, TONE: 8.5, WRONG_PITCH: 2, ABSTAIN: 3.7, GAP: 3.8}
_KINDS = ("cold", "warm", "reengagement", "sms")
TYPES: dict[str | None, tuple[float, ...]] = {  # of each temptation: cold, warm, reengagement, sms
    None: (32.2, 7.7, 4.9, 5.2), CAPACITY: (11.6, 5.2, 1.6, 1.6), CLAIM: (8.0, 1.9, 1.0, 1.1), TONE: (2.4, 2.7, 3.4, 0),
    WRONG_PITCH: (2.1, 0.2, 0.2, 0), ABSTAIN: (2.5, 0.2, 0.3, 0), GAP: (3.3, 0.3, 0.4, 0),
}  # fmt: skip
T = TypeVar("T")
W = TypeVar("W", Recipe, Refusal)


class Truth(NamedTuple):
    """What is so by construction; `reply` is the kind of their last message, `hostile` that notes hold instructions."""

    decision: Decision
    segment: str
    temptation: str | None
    reply: Reply | None
    case: str
    hostile: bool = False


class Drawn(NamedTuple):
    record: dict[str, Any]
    truth: Truth


def draw(seed: int) -> Drawn:
    """The prospect of a seed; the same one in every process."""
    dice = Random(seed)
    refusal = _weighted(dice, REFUSALS) if dice.random() < REFUSED else None
    temptation = None if refusal else _pick(dice, TEMPTED)
    kind = dice.choices(_KINDS, TYPES[temptation])[0]
    recipe = _recipe(dice, temptation, refusal)
    sketch = _begun(dice, kind, seed)
    recipe.build(sketch)
    settle(sketch)
    _recipient(sketch)
    _extras(sketch, recipe)
    case = _people(sketch, recipe, temptation) or recipe.name
    if temptation == GAP and None in recipe.tempts:  # of itself it tempts nobody
        _peers(sketch)
    reply = _written(sketch, kind, temptation)
    _asides(sketch)
    hostile = _notes(sketch)
    if refusal:
        refusal.apply(sketch)
        case, reply = refusal.name, None
    return Drawn(_ordered(sketch.record), Truth(refusal.decision if refusal else "DRAFT", recipe.segment, temptation, reply, case, hostile))


def case_names() -> frozenset[str]:
    """Every name that `Truth.case` can have."""
    special = {*needs.NEEDS_FIT, *needs.NEEDS_ABOVE, *needs.NEEDS_EARLY} - {"need.below", "need.above", "start.early"}
    return frozenset({r.name for r in RECIPES} | {r.name for r in REFUSALS} | special)


def _pick(dice: Random, weights: Mapping[T, float]) -> T:
    return dice.choices(list(weights), list(weights.values()))[0]


def _weighted(dice: Random, rows: Sequence[W]) -> W:
    return dice.choices(rows, [row.weight for row in rows])[0]


@cache
def _tempting(temptation: str | None) -> tuple[Recipe, ...]:
    return tuple(recipe for recipe in RECIPES if temptation in recipe.tempts)


def _recipe(dice: Random, temptation: str | None, refusal: Refusal | None) -> Recipe:
    if refusal and refusal.headcount:
        size = refusal.headcount
        return Recipe(refusal.name, "abstain", lambda sketch: plain(sketch, headcount=size), frozenset())
    return _weighted(dice, _tempting(temptation))


def _begun(dice: Random, kind: str, seed: int) -> Sketch:
    name = company_name(dice)
    stacks = stock("skills")["stacks"]
    stack = dice.choices(list(stacks), [s["weight"] for s in stacks.values()])[0]
    as_of = FIRST_DAY + timedelta(dice.randrange(DAYS))
    record: dict[str, Any] = {"id": f"w{seed}", "as_of": as_of.isoformat(), "message_type": kind}
    record |= {"company": {"name": name, "domain": domain(name)}, "signals": {}}
    if kind == "sms":
        record["channel"] = "sms"
    if dice.random() < 0.3:
        record["buying_stage"] = dice.choice(("researching", "researching", "evaluating", "evaluating", "implementing"))
    return Sketch(dice, as_of, name, split_of(name), stack, record)


_SMALL = {"founder": 3, "cofounder": 2, "ceo": 4, "cto": 6, "vp_eng": 3, "head": 2, "coo": 1}
_MIDDLE = {"cto": 5, "vp_eng": 6, "head": 4, "director": 3, "ceo": 1, "coo": 1, "manager": 1, "cfo": 0.5, "c_level": 1}
_LARGE = {"vp_eng": 6, "head": 5, "director": 5, "manager": 2, "other": 1, "cto": 2, "c_level": 1}
_HUGE = {"vp_eng": 6, "head": 5, "director": 5, "manager": 2, "other": 1}


def _recipient(sketch: Sketch) -> None:
    size, someone = sketch.headcount, person(sketch.dice)
    posts = _SMALL if size <= 80 else _MIDDLE if size <= 300 else _LARGE if size <= 2000 else _HUGE
    taken = sketch.signals.get("leadership", {}).get("role")
    role = "cto" if size == 2000 else _pick(sketch.dice, {post: weight for post, weight in posts.items() if post != taken})
    sketch.record["recipient"] = {
        "name": someone.name, "role": role, "title": sketch.dice.choice(stock("people")["titles"][role]),
        "email": f"{plain_letters(someone.first)}.{plain_letters(someone.last)}@{sketch.record['company']['domain']}",
    }  # fmt: skip


def _extras(sketch: Sketch, recipe: Recipe) -> None:
    """One or two things more about the company, as long as the brief stays short, and what is too weak to be shown."""
    room = 3 - len(sketch.signals) + (sketch.dice.random() < 0.1)
    extras = sketch.dice.sample(("ai", "tech", "fact"), 3)
    for extra in extras[: max(0, min(room, sketch.dice.choice((0, 1, 1, 2))))]:
        if extra == "ai" and "ai_maturity" not in sketch.signals:
            early = recipe.segment == "abstain"
            signals.maturity(sketch, sketch.dice.choice((0, 1) if early else (0, 1, 1, 2, 2, 3)), sketch.dice.choice(("high", "high", "medium")))
        elif extra == "tech" and "tech_stack" not in sketch.signals:
            signals.technologies(sketch)
        elif extra == "fact" and "facts" not in sketch.signals:
            signals.fact(sketch)
    if sketch.chance(0.06):
        _hidden(sketch)


def _hidden(sketch: Sketch) -> None:
    """A signal so weak that nothing may be made of it."""
    none: Level = "insufficient_signal"
    kind = sketch.dice.choice(("funding", "layoff", "restructuring", "leadership", "hiring", "ai_maturity", "capability_gap"))
    if kind in sketch.signals:
        return
    age = sketch.dice.randint(10, 110)
    if kind == "funding":
        signals.funding(sketch, age, none, stage="series_a")
    elif kind == "layoff":
        signals.layoff(sketch, age, none, pct=sketch.dice.randint(4, 30))
    elif kind == "restructuring":
        signals.restructuring(sketch, age, none)
    elif kind == "leadership":
        signals.leadership(sketch, age, none, role="vp_eng")
    elif kind == "hiring":
        signals.hiring(sketch, sketch.dice.randint(3, 12), none, named=False)
    elif kind == "ai_maturity":
        signals.maturity(sketch, 1, none)
    else:
        capability = sketch.dice.choice(stock("skills")["capabilities"])
        signals.gap(sketch, sketch.dice.randint(30, 120), none, capability=capability)


def _people(sketch: Sketch, recipe: Recipe, temptation: str | None) -> str | None:
    """Capacity and need; the name of the boundary that the need stands on, if it does."""
    needs.stock_up(sketch)
    if recipe.segment == "abstain":
        return None
    dice = sketch.dice
    if temptation == CAPACITY:
        kind = dice.choice(needs.NEEDS_ABOVE if dice.random() < 0.7 else needs.NEEDS_EARLY)
        if not needs.need(sketch, kind):  # nobody is there: the need itself is above
            sketch.record["capacity"] = {sketch.stack: {"available": dice.randint(2, 6), "senior": 1, "deploy_days": dice.choice((7, 10, 14))}}
            needs.need(sketch, kind)
    elif dice.random() < 0.45:
        kind = dice.choice(needs.NEEDS_FIT)
        if not needs.need(sketch, kind):
            return None
    else:
        return None
    return kind if kind in case_names() else None


def _peers(sketch: Sketch) -> None:
    level: Level = sketch.dice.choice(("high", "high", "medium"))
    sketch.record["peers"] = [signals.peer(sketch, level) for _ in range(sketch.dice.choice((1, 2, 2)))]


def _written(sketch: Sketch, kind: str, temptation: str | None) -> Reply | None:
    """The thread and the touch that the type of message and the temptation ask for."""
    dice = sketch.dice
    if kind == "warm":
        answer: Reply = "deferral" if temptation == TONE else dice.choice(("engaged", "engaged", "engaged", "curious", "curious", "reply", "reply"))
        threads.reply(sketch, answer)
        return answer
    if kind == "cold":
        sketch.record["touch"] = dice.choice((2, 2, 3)) if temptation == TONE or dice.random() < 0.14 else 1
    if temptation == TONE:
        threads.unanswered(sketch)
    return None


def _asides(sketch: Sketch) -> None:
    if sketch.chance(0.1):
        threads.second_thread(sketch)
    if sketch.chance(0.07):
        threads.rejected(sketch)
    if sketch.chance(0.05):
        needs.commitments(sketch)
    if sketch.chance(0.04):
        sketch.record["segment"] = {"name": sketch.dice.choice(("recently_funded", "Segment 2", "abstain", "Segment 4")), "confidence": 0.7}


def _notes(sketch: Sketch) -> bool:
    """Whether the notes hold instructions."""
    if not sketch.chance(0.1):
        return False
    hostile = sketch.chance(0.3)
    threads.notes(sketch, hostile=hostile)
    return hostile


_ORDER = (
    "id", "as_of", "message_type", "buying_stage", "touch", "channel", "company", "recipient", "signals", "peers", "need", "capacity",
    "prior_commitments", "disqualifiers", "opt_out_channels", "thread", "other_threads", "rejected_suggestions", "segment", "flags", "notes", "extra",
)  # fmt: skip


def _ordered(record: dict[str, Any]) -> dict[str, Any]:
    return {key: record[key] for key in _ORDER if key in record}


__all__ = ["Drawn", "Reply", "Truth", "case_names", "draw"]
