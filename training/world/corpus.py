"""The training corpus: prompts as the agent renders them, each with several letters of the mix.

Decides which role each prompt has and which labels a judge gives. Only prospects of the split that is
asked for are used, and wording that is set aside never is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import NamedTuple

from agent.backbones.chat import ChatTemplate
from prompts.loader import Prompts, Style
from prompts.pieces import Prompt
from rubric.email import Email
from rubric.playbook import Failure, load_playbook
from rubric.prospect import Reading, read_prospect
from rubric.verdict import check
from training.world.drawing import Drawn, draw
from training.world.facts import Facts, Sender, facts
from training.world.letters import Letter, NoRoom, write
from training.world.mix import Role, letter, weights
from training.world.signing import own_sender, senders
from training.world.split import Split, split_of

ROLES: dict[Role, float] = {"baseline": 0.44, "augmented": 0.3, "revision": 0.16, "judge": 0.1}
_LEAVES = 4
_SIGNED = 0.5
# Failures that a careful colleague mends or lets through rather than throws away.
MILD: frozenset[Failure] = frozenset({
    "tone_violation", "word_count_violation", "one_ask_violation", "generic_peers", "format_violation", "personalization_missing",
})  # fmt: skip


class Tree(NamedTuple):
    """A static prefix, the pieces of one prompt (text, and whether control tokens are read in it), and completions."""

    prefix: str
    body: tuple[tuple[str, bool], ...]
    leaves: tuple[str, ...]


def rows(split: Split, start: int, stop: int, seed: int) -> Iterator[Tree]:
    """Trees `start` to `stop` of the corpus of a seed; each is the same whatever was drawn before."""
    for index in range(start, stop):
        yield _tree(split, index, seed)


def _tree(split: Split, index: int, seed: int) -> Tree:
    dice = Random(f"{seed}/{split}/{index}/tree")
    role = dice.choices(list(ROLES), list(ROLES.values()))[0]
    sender, signed = senders(dice), dice.random() < _SIGNED
    drawn = _drawn(split, dice, any_decision=role == "judge")
    reading = read_prospect(drawn.record)
    known = facts(drawn, sender, dice)
    said = f"{sender.name}, {sender.title}" if signed else None
    if role == "judge":
        return _judged(drawn, reading, known, dice)
    prompt = _revision(reading, known, drawn, dice, said) if role == "revision" else _prompts().generator(
        reading, load_playbook("tenacious"), style=role, sender=said
    )  # fmt: skip
    leaves = tuple(_letter(drawn, sender if signed else None, role, dice).text for _ in range(_LEAVES))
    return _planted(prompt, leaves)


def _letter(drawn: Drawn, sender: Sender | None, role: Role, dice: Random) -> Letter:
    """Where the prompt names no sender, each letter has its own."""
    return letter(facts(drawn, sender or own_sender(dice), dice), drawn.truth.temptation, role, dice)


def _drawn(split: Split, dice: Random, *, any_decision: bool) -> Drawn:
    while True:
        drawn = draw(dice.getrandbits(48))
        if split_of(drawn.record["company"]["name"]) == split and (any_decision or drawn.truth.decision == "DRAFT"):
            return drawn


def _revision(reading: Reading, known: Facts, drawn: Drawn, dice: Random, sender: str | None) -> Prompt:
    """The prompt behind a draft that was refused; where the rubric finds nothing to refuse, a first one."""
    playbook = load_playbook("tenacious")
    table = weights()
    wanted = [drawn.truth.temptation] if drawn.truth.temptation and dice.random() < 0.8 else []
    for failure in [*wanted, *dice.choices(list(table), list(table.values()), k=4)]:
        try:
            refused = write(known, dice, [failure])  # type: ignore[list-item]
        except NoRoom:
            continue
        found = check(reading, Email(refused.body, refused.subject), playbook).findings
        if any(f.decision in {"BLOCK", "PENALISE"} for f in found):
            style: Style = "augmented" if dice.random() < 1 / 6 else "baseline"
            return _prompts().generator(reading, playbook, style=style, findings=found, sender=sender)
    return _prompts().generator(reading, playbook, sender=sender)


def _judged(drawn: Drawn, reading: Reading, known: Facts, dice: Random) -> Tree:
    draft = letter(known, drawn.truth.temptation, "judge", dice)
    prompt = _prompts().judge(reading, load_playbook("tenacious"), Email(draft.body, draft.subject))
    return _planted(prompt, (label(drawn.truth.decision, draft.flaws),))


def label(decision: str, flaws: tuple[Failure, ...]) -> str:
    """What a judge answers: the strongest decision, and the first failure that calls for it.

    >>> label("DRAFT", ("tone_violation", "pricing_violation")), label("DRAFT", ())
    ('BLOCK pricing_violation', 'PASS')
    """
    if decision != "DRAFT":
        return decision
    hard = [flaw for flaw in flaws if flaw not in MILD]
    return f"BLOCK {hard[0]}" if hard else f"PENALISE {flaws[0]}" if flaws else "PASS"


def _planted(prompt: Prompt, leaves: tuple[str, ...]) -> Tree:
    spans = _chat().spans(prompt)
    still = [span for span in spans if span.static]
    return Tree(
        "".join(span.text for span in still), tuple((span.text, span.special) for span in spans if not span.static), leaves
    )


@lru_cache(maxsize=1)
def _prompts() -> Prompts:
    return Prompts()


@lru_cache(maxsize=1)
def _chat() -> ChatTemplate:
    return ChatTemplate(None)


__all__ = ["MILD", "ROLES", "Tree", "label", "rows"]
