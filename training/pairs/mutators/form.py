"""Mutators of form: what is too long, asked twice, left over, shouted or gone."""

from __future__ import annotations

import re
from random import Random

from training.pairs.mutators.anatomy import Anatomy
from training.pairs.mutators.mutator import Mutator, Told

_PADDING = (
    "I would be glad to go into any of this in more detail.", "There is of course a good deal more to say about each of these points.",
    "Every team works in a slightly different way, and we take the time to learn yours before anything else.",
    "I have tried to keep to what matters, and there is more where that came from.",
    "What I describe here is one way to go about it, and there are surely others that deserve a thought.",
    "Some of it will be familiar to you, and some of it may be new.",
    "It is the kind of work that looks simple from outside and takes care once one is in it.",
    "We like to begin with a plain conversation about what is on the table, then write it down, and only then plan.",
    "Whoever joins reads first, asks next and writes code after that, in this order.",
    "None of this has to be settled in one go, and each step can be looked at by itself.",
    "Most of what we do comes down to reading tickets, writing code and talking with the people around it.",
    "I will leave it to you which part of this is the more interesting one.",
    "The same goes for the tools, which we take as we find them.",
    "In my experience the first weeks show quite well how the rest will go.",
    "That holds for short pieces of work as it does for longer ones.",
)  # fmt: skip
_EMOJI = ("🚀", "🙂", "🔥", "👋", "🎉", "💡", "✨", ":)")
_SLOTS = ("[Company]", "{{first_name}}", "<insert fact>", "[role]", "{company}", "[FACT]")
_MOST_PADDING = 5
_WORST = {"sms": 160, "touch3": 70, "touch2": 100, "cold": 120, "warm": 200, "reengagement": 100}
_FACT = re.compile(r"\d|\b(?:Series|round|raised|roles?|opening|hiring|appoint|joined|layoffs?|restructur)", re.I)


def _padded(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    """Sentences that say nothing, until the letter is longer than any limit of its kind; none where that takes too many of them."""
    most = next(limit for tag, limit in _WORST.items() if tag in told.tags)
    texts = dice.sample(_PADDING, _MOST_PADDING)
    while _length(letter, told) <= most + 3:
        place = letter.statements()[-1:] or [(0, 0)]
        if not texts or not letter.paragraphs:
            return None
        p, s = place[0]
        letter = letter.put((p, s), (letter.paragraphs[p][s], texts.pop()))
    return letter


def _length(letter: Anatomy, told: Told) -> int:
    """Words of the prose, or characters of a text message."""
    prose = " ".join(" ".join(p) for p in letter.paragraphs)
    return len(letter.text) if "sms" in told.tags else len(prose.split())


def _emoji(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    places = letter.statements()
    if not places or "cold" not in told.tags:
        return None
    p, s = dice.choice(places)
    return letter.put((p, s), (f"{letter.paragraphs[p][s]} {dice.choice(_EMOJI)}",))


def _slot_left(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    """A value that a template should have filled in."""
    slot = dice.choice(_SLOTS)
    name = told["company"]
    found = letter.changed(lambda text: text.replace(name, slot) if name and name in text else None)
    return found or (letter._replace(greeting=letter.greeting.replace(told["first"], "[First name]")) if told["first"] and letter.greeting else None)


def _wrong_name(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    """A greeting to somebody else."""
    others = [name for name in ("Priscilla", "Gerald", "Ottoline", "Wendell", "Marguerite", "Cornelius") if name != told["first"]]
    if not told["first"] or told["first"] not in letter.greeting:
        return None
    return letter._replace(greeting=letter.greeting.replace(told["first"], dice.choice(others)))


def _shouted_subject(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    return letter._replace(subject=f"{letter.subject.upper()}!") if letter.subject else None


def _long_subject(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    """A subject beyond what a reader sees of it."""
    tails = (" and what it could mean for the plans of this year", " with a few thoughts on how the next months might look", " and some remarks on the work that is ahead of your team")
    return letter._replace(subject=f"{letter.subject}{dice.choice(tails)}") if letter.subject and "cold" in told.tags else None


def _no_subject(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    return letter._replace(subject=None) if letter.subject and told.tags & {"cold", "reengagement"} else None


def _nothing_personal(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    """Every sentence with a fact of the reader gone, and general words in their place."""
    if not told.tags & {"cold", "reengagement"} or not letter.paragraphs:
        return None
    names = [told[slot] for slot in ("company", "industry", "location", "stack", "gap", "peer1", "tech1", "leader_name") if told[slot]]
    kept = tuple(tuple(s for s in p if s.endswith("?") or not (_FACT.search(s) or any(n in s for n in names))) for p in letter.paragraphs)
    general = dice.choice(("Teams everywhere have more to do than hands to do it.", "Engineering work rarely gets less as a company goes on.", "Most plans for a product are larger than the team behind them."))
    paragraphs = ((general,), *(tuple(_unnamed(s, names) for s in p) for p in kept if p))
    return letter._replace(subject="Question about engineering", paragraphs=paragraphs)


def _unnamed(text: str, names: list[str]) -> str:
    for name in names:
        text = text.replace(f"{name}'s", "your").replace(name, "your company")
    return text


FORM = (
    Mutator("padded", "word_count_violation", _padded),
    Mutator("emoji", "format_violation", _emoji),
    Mutator("slot_left", "format_violation", _slot_left),
    Mutator("wrong_name", "format_violation", _wrong_name),
    Mutator("shouted_subject", "format_violation", _shouted_subject),
    Mutator("long_subject", "format_violation", _long_subject),
    Mutator("no_subject", "format_violation", _no_subject),
    Mutator("nothing_personal", "personalization_missing", _nothing_personal),
)
__all__ = ["FORM"]
