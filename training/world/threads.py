"""What has been written so far: the prospect's own thread, other threads, rejected ideas, notes of a CRM.

Decides which of it is shown: a reply always has the message that it answers; an earlier letter of ours that
nobody answered is shown only where silence is meant to tempt.
"""

from __future__ import annotations

from training.world import signals
from training.world.names import person, surname
from training.world.patterns import parsed, possible
from training.world.sketch import MONTHS, Sketch
from training.world.stock import stock

TOUCH_DAYS = {2: (5,), 3: (12, 7)}


def reply(sketch: Sketch, kind: str) -> None:
    """Their answer, mostly with our letter before it; how it is classified upstream is known for most."""
    theirs = sketch.dice.randint(0, 6)
    if sketch.chance(0.55):
        _add(sketch, "us", theirs + sketch.dice.randint(1, 9), _earlier(sketch))
    _add(sketch, "prospect", theirs, said_by(sketch, kind))
    if kind != "reply" and sketch.chance(0.75):
        sketch.record["extra"] = {"reply_intent": {"deferral": "soft_deferral"}.get(kind, kind)}


def said_by(sketch: Sketch, kind: str) -> str:
    """What a prospect writes, of one of the kinds in the stock; a number of engineers is that of the need."""
    slots = _slots(sketch)
    texts = [text for text in stock("threads")[kind] if possible(parsed(text), slots)]
    return sketch.say(sketch.dice.choice(texts), slots)


def unanswered(sketch: Sketch) -> None:
    """Our earlier letter of a later touch or of a thread that fell silent."""
    touch = sketch.record.get("touch", 1)
    ago = sketch.dice.choice(TOUCH_DAYS[touch]) if touch in TOUCH_DAYS else sketch.dice.choice((45, 46, sketch.dice.randint(47, 200)))
    _add(sketch, "us", ago, _earlier(sketch))


def _earlier(sketch: Sketch) -> str:
    return sketch.say(sketch.dice.choice(stock("threads")["ours"]), _slots(sketch))


def _add(sketch: Sketch, sender: str, ago: int, text: str) -> None:
    thread = sketch.record.setdefault("thread", {"id": f"t-{sketch.dice.randint(100, 999)}", "messages": []})
    thread["messages"].append({"from": sender, "on": sketch.day(ago), "text": text})


def _slots(sketch: Sketch) -> dict[str, str]:
    """`n` is the number of the need and there is none without one, so that a reply tempts nobody beyond the need."""
    dice, ahead, wanted = sketch.dice, sketch.dice.randint(2, 7), sketch.record.get("need", {}).get("engineers", 0)
    stacks = stock("skills")["stacks"]
    return {
        "company": sketch.company, "stack": stacks[sketch.stack]["word"], "n": str(wanted) if wanted > 1 else "", "few": str(dice.randint(2, 9)),
        "role": dice.choice(stacks[sketch.stack]["roles"]), "later": MONTHS[(sketch.as_of.month - 1 + ahead) % 12],
        "quarter": f"Q{((sketch.as_of.month - 1) // 3 + dice.randint(1, 2)) % 4 + 1}", "who": surname(dice),
        "product": signals.product(sketch), "engineer": person(dice).name,
    }  # fmt: skip


def notes(sketch: Sketch, *, hostile: bool) -> None:
    """Hostile ones hold the signs of the pattern language as they stand, so only their slots are filled."""
    text = sketch.dice.choice(stock("remarks")["hostile" if hostile else "notes"])
    sketch.record["notes"] = text.format_map(_slots(sketch)) if hostile else sketch.say(text, _slots(sketch))


def second_thread(sketch: Sketch) -> None:
    """What somebody else at the company told us; it is never shown."""
    dice = sketch.dice
    slots = _slots(sketch) | {"k": str(dice.randint(6, 60) * 10)}
    facts = [sketch.say(text, slots) for text in dice.sample(stock("remarks")["confided"], 1 if sketch.chance(0.8) else 2)]
    sketch.record["other_threads"] = [
        {"id": f"t-{dice.randint(100, 999)}", "with": dice.choice(stock("remarks")["parties"]), "facts": facts}
    ]


def rejected(sketch: Sketch) -> None:
    """An idea that was turned down, of another field than the people on offer."""
    ideas = [idea["idea"] for idea in stock("remarks")["ideas"] if sketch.stack not in idea["near"]]
    sketch.record["rejected_suggestions"] = [sketch.dice.choice(ideas)]


__all__ = ["notes", "rejected", "reply", "said_by", "second_thread", "unanswered"]
