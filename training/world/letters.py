"""Letters of the world: a plan of moves for the kind of message, each move in one of many wordings.

Decides which moves a letter has, in which paragraphs they stand, and where a flaw goes. A letter knows
the flaws it was given. Refuses a flaw that the prospect gives no room for: nothing is forced.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from rubric.errors import ConfigError
from rubric.playbook import Failure
from training.world.entries import Entry, wording
from training.world.facts import Facts
from training.world.patterns import Pattern, said

# The moves of each kind of message; those with a chance are left out otherwise. "/" ends a paragraph.
_PLANS: dict[str, tuple[tuple[str, float], ...]] = {
    "cold": (("opening", 1), ("/", 0.75), ("bridge", 0.45), ("offer", 1), ("/", 0.8), ("ask", 1)),
    "warm": (("answer", 1), ("/", 0.6), ("offer", 1), ("/", 0.7), ("ask", 1)),
    "reengagement": (("news", 1), ("/", 0.6), ("bridge", 0.2), ("offer", 1), ("/", 0.7), ("ask", 1)),
}
_SUBJECT, _DRAWS = 60, 20
_PLAIN = frozenset("company first sender sender_title timezone avail_n avail_senior start".split())
_NAMING = frozenset("funding hiring layoff restructuring leadership gap roles few_roles growing days_open trend tech fact".split())
_BRIDGELESS = ("touch2", "touch3")


class Letter(NamedTuple):
    """A letter, the failures it was given on purpose, and the ids of the wording it is made of."""

    subject: str | None
    body: str
    flaws: tuple[Failure, ...] = ()
    families: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    unseen: bool = False

    @property
    def text(self) -> str:
        """As a model writes it."""
        return f"Subject: {self.subject}\n\n{self.body}" if self.subject else self.body


class NoRoom(Exception):
    """The prospect gives no room for a flaw; draw another."""


class _Move(NamedTuple):
    name: str
    text: str
    entry: Entry | None = None


def write(facts: Facts, dice: Random, flaws: Sequence[Failure] = (), *, unseen: bool = False) -> Letter:
    """One letter; with `unseen` the flaws come in wording that is set aside."""
    given = _flawed(facts, dice, flaws, unseen=unseen)
    told = _untold(facts) if "personalization_missing" in flaws else facts
    moves = [_made(move, told, dice, given) for move in _plan(facts, dice, given)]
    used = [move.entry for move in moves if move.entry] + [e for e, _ in given.added]
    subject = next((move.text for move in moves if move.name == "subject"), None)
    return Letter(
        None if "sms" in facts.tags else subject,
        _body(moves, given, facts),
        tuple(flaws),
        tuple(f"{e.flaw}.{e.family}" for e in used if e.flaw),
        tuple(entry.id for entry in used),
        unseen,
    )


def _untold(facts: Facts) -> Facts:
    """What is left to say where nothing of the reader's may be named: names, and what is ours."""
    tags = frozenset(tag for tag in facts.tags if tag.partition(".")[0] not in _NAMING)
    return Facts(tags, {name: value for name, value in facts.slots.items() if name in _PLAIN})


class _Given(NamedTuple):
    """The flawed wording of a letter: what replaces a move, and what is added behind one."""

    replaced: dict[str, Entry]
    added: list[tuple[Entry, str]]


def _flawed(facts: Facts, dice: Random, flaws: Sequence[Failure], *, unseen: bool) -> _Given:
    given = _Given({}, [])
    moves = _names(facts)
    for flaw in flaws:
        fitting = [
            entry for entry in wording().flawed.get(flaw, ())
            if entry.unseen == unseen and entry.holds(facts.tags) and entry.sayings(facts.slots)
            and (entry.move or entry.after) in moves and entry.move not in given.replaced
        ]  # fmt: skip
        if not fitting:
            raise NoRoom(flaw)
        entry = _chosen(fitting, facts, dice)
        if entry.move:
            given.replaced[entry.move] = entry
        else:
            given.added.append((entry, said(dice.choice(entry.sayings(facts.slots)), facts.slots, dice)))
    return given


def _kind(facts: Facts) -> str:
    return next(kind for kind in ("sms", "warm", "reengagement", "cold") if kind in facts.tags)


def _names(facts: Facts) -> set[str]:
    kind = _kind(facts)
    if kind == "sms":
        return {"sms"}
    return {"subject", "greeting", "signoff", "signature"} | {name for name, _ in _PLANS[kind]} - {"/"}


def _plan(facts: Facts, dice: Random, given: _Given) -> list[str]:
    kind = _kind(facts)
    if kind == "sms":
        return ["sms"]
    wanted = set(given.replaced) | {str(entry.after) for entry, _ in given.added}
    brief = any(tag in facts.tags for tag in _BRIDGELESS)
    moves = [
        name for name, chance in _PLANS[kind]
        if name in wanted or (dice.random() < chance and not (brief and name == "bridge"))
    ]  # fmt: skip
    return ["subject", "greeting", *moves, "signoff", "signature"]


def _made(name: str, facts: Facts, dice: Random, given: _Given) -> _Move:
    if name == "/":
        return _Move("/", "")
    if name in given.replaced:
        entry = given.replaced[name]
        return _Move(name, _saying(entry, facts, dice), entry)
    fitting = [e for e in wording().clean.get(name, ()) if e.holds(facts.tags) and e.sayings(facts.slots)]
    if fitting:
        entry = _chosen(fitting, facts, dice)
        return _Move(name, _saying(entry, facts, dice), entry)
    if name == "signature":
        return _Move(name, "\n".join(_signature(facts)))
    if name in {"bridge", "offer"}:
        return _Move(name, "")
    raise ConfigError(f"no clean wording of the move {name!r} fits {sorted(facts.tags)}; add an entry to the wording")


def _signature(facts: Facts) -> list[str]:
    return [facts.slots["sender"], facts.slots["sender_title"], "Tenacious Intelligence Corporation", "gettenacious.com"]


def _chosen(fitting: list[Entry], facts: Facts, dice: Random) -> Entry:
    weights = [entry.weight or len(entry.sayings(facts.slots)) for entry in fitting]
    return dice.choices(fitting, weights)[0]


def _saying(entry: Entry, facts: Facts, dice: Random) -> str:
    patterns: list[Pattern] = entry.sayings(facts.slots)
    for _ in range(_DRAWS):
        text = said(dice.choice(patterns), facts.slots, dice)
        if entry.move != "subject" or entry.flaw or len(text) < _SUBJECT:
            break
    return text


def _body(moves: list[_Move], given: _Given, facts: Facts) -> str:
    if _kind(facts) == "sms":
        return " ".join([*(m.text for m in moves), *(text for _, text in given.added)])
    by_name = {move.name: move.text for move in moves}
    paragraphs: list[list[str]] = [[]]
    for move in moves:
        if move.name == "/":
            paragraphs.append([])
        elif move.name not in {"subject", "greeting", "signoff", "signature"}:
            paragraphs[-1] += [move.text, *(text for entry, text in given.added if entry.after == move.name)]
    prose = [" ".join(filter(None, sentences)) for sentences in paragraphs]
    extra = [text for entry, text in given.added if entry.after in {"greeting", "signoff", "signature"}]
    closing = [by_name["signoff"], by_name["signature"], *(t for t in extra)]
    return "\n\n".join([by_name["greeting"], *filter(None, prose), "\n".join(filter(None, closing))])


__all__ = ["Letter", "NoRoom", "write"]
