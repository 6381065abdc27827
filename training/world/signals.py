"""The signals of an invented prospect, one function each: how old, how sure, how large.

Decides how a signal is written into the record; which of them go together is the business of `cases`. Ages are
days before `as_of`, levels are effective ones.
"""

from __future__ import annotations

from typing import Any

from training.world.companies import coined, company_of, investor
from training.world.names import person, plain_letters
from training.world.sketch import Level, Sketch
from training.world.stock import stock

_MILLIONS = {  # smallest and largest sum of a stage, in half millions
    "pre_seed": (1, 3), "seed": (2, 9), "series_a": (10, 36), "series_b": (16, 60), "series_c": (50, 160),
    "series_d": (80, 300), "series_e": (120, 500), "series_f": (200, 800),
}  # fmt: skip
LATE = ("series_c", "series_c", "series_d", "series_d", "series_e", "series_f", "public")


def funding(
    sketch: Sketch, age: int, level: Level = "high", *, stage: str, amount: float | None = None, strategic: bool = False, seen: int | None = None
) -> None:
    signal: dict[str, Any] = {"stage": stage}
    if stage in _MILLIONS:
        millions = amount if amount is not None else sketch.dice.randint(*_MILLIONS[stage]) / 2
        signal |= {"amount_usd": int(millions * 1_000_000), "closed_on": sketch.day(age)}
        if strategic or sketch.chance(0.35):
            signal["investors"] = [investor(sketch.dice)]
    if strategic:
        signal["strategic_only"] = True
    sketch.signals["funding"] = signal | sketch.told(level, age, seen=seen)


def hiring(sketch: Sketch, roles: int, level: Level = "high", *, velocity: str | None = None, named: bool | None = None) -> None:
    """Open roles; a named one has been open for less than 60 days, so that it is no capability gap."""
    signal: dict[str, Any] = {"open_engineering_roles": roles}
    if velocity:
        signal["velocity"] = velocity
        if sketch.chance(0.15) and velocity == "increasing":
            signal["delta_pct"] = sketch.dice.randint(4, 18) * 5
    if named if named is not None else sketch.chance(0.6):
        signal["roles"] = [role(sketch, sketch.stack, sketch.dice.randint(6, 58))]
        if roles > 2 and sketch.chance(0.12):
            signal["roles"].append(role(sketch, sketch.stack, sketch.dice.randint(6, 58)))
    sketch.signals["hiring"] = signal | sketch.told(level, 200)


def role(sketch: Sketch, stack: str, days: int | None) -> dict[str, Any]:
    found: dict[str, Any] = {"title": sketch.dice.choice(stock("skills")["stacks"][stack]["roles"]), "stack": stack}
    if days is not None and sketch.chance(0.85):
        found["days_open"] = days
    return found


def layoff(sketch: Sketch, age: int, level: Level = "high", *, pct: int) -> None:
    sketch.signals["layoff"] = {"on": sketch.day(age), "pct": pct} | sketch.told(level, age)


def restructuring(sketch: Sketch, age: int, level: Level = "high") -> None:
    sketch.signals["restructuring"] = {"on": sketch.day(age)} | sketch.told(level, age)


def leadership(sketch: Sketch, age: int, level: Level = "high", *, role: str, interim: bool = False) -> None:
    signal: dict[str, Any] = {"role": role, "name": person(sketch.dice).name, "started_on": sketch.day(age)}
    if interim:
        signal["interim"] = True
    sketch.signals["leadership"] = signal | sketch.told(level, age)


def maturity(sketch: Sketch, score: int, level: Level = "high") -> None:
    sketch.signals["ai_maturity"] = {"score": score} | sketch.told(level, 300)


def gap(sketch: Sketch, days: int | None, level: Level = "high", *, capability: dict[str, str], evidence: str | None = None) -> None:
    signal: dict[str, Any] = {"capability": capability["name"], "stack": capability["stack"]}
    if days is not None:
        signal["days_open"] = days
    if evidence:
        signal["evidence"] = evidence
    sketch.signals["capability_gap"] = signal | sketch.told(level, days or 90)


def technologies(sketch: Sketch) -> None:
    there: list[str] = stock("skills")["stacks"][sketch.stack]["tech"]
    items = sketch.dice.sample(there, 2 if sketch.chance(0.7) else 1)
    sketch.signals["tech_stack"] = {"items": items, "confirmed": sketch.chance(0.1)}


def fact(sketch: Sketch) -> None:
    dice = sketch.dice
    place, ago = dice.choice(stock("places")), dice.randint(5, 80)
    slots = {
        "company": sketch.company, "city": dice.choice(place["cities"]), "month": sketch.month(ago),
        "n": str(dice.randint(3, 48)), "big": f"{dice.randint(11, 99) * 100:,}", "pct": str(dice.randint(2, 17) * 5),
        "product": product(sketch), "tech": dice.choice(stock("skills")["stacks"][sketch.stack]["tech"]).capitalize(),
        "year": str(sketch.as_of.year + 1),
    }  # fmt: skip
    sketch.signals["facts"] = [sketch.say(dice.choice(stock("facts")), slots)]


def product(sketch: Sketch) -> str:
    """What a product is called: one coined word."""
    return coined(sketch.dice)


def peer(sketch: Sketch, level: Level = "high") -> dict[str, Any]:
    dice, name = sketch.dice, company_of(sketch.split, sketch.dice)
    near = [c["name"] for c in stock("skills")["capabilities"] if c["stack"] == sketch.stack]
    slots = {
        "month": sketch.month(dice.randint(10, 120)), "two": dice.choice(("two", "three", "four")),
        "role": dice.choice(stock("skills")["stacks"][sketch.stack]["roles"]),
        "capability": dice.choice(near or ["search relevance", "pricing engine"]),
    }  # fmt: skip
    practice = sketch.phrase(dice.choice(stock("skills")["practices"]), slots)
    page = dice.choice(("jobs", "careers", "blog", "news", "team"))
    return {
        "name": name, "practice": practice, "source_url": f"https://{plain_letters(name)}.example/{page}",
        "confidence": level,
    }  # fmt: skip


__all__ = [
    "LATE", "fact", "funding", "gap", "hiring", "layoff", "leadership", "maturity", "peer", "product", "restructuring", "role", "technologies",
]  # fmt: skip
