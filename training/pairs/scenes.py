"""Scenes: prospects of the invented world with the prompt that the agent would give for them.

Decides the role of each prompt and who signs. A scene depends on its own number alone, so that any part of
a run can be made again. Only companies of the split that is asked for have one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from random import Random
from typing import NamedTuple

from agent.gate import judge
from agent.receipt import Judged
from critic.candidate import Candidate
from prompts.loader import Prompts, Style
from prompts.pieces import Prompt
from rubric.email import Email, read_email
from rubric.errors import InputError
from rubric.playbook import Failure, Playbook, load_playbook
from rubric.prospect import Reading, read_prospect
from rubric.verdict import Finding
from training.pairs.pair import Role
from training.world.drawing import Drawn, draw
from training.world.facts import Facts, Sender, facts
from training.world.letters import Letter, NoRoom, write
from training.world.mix import weights
from training.world.signing import own_sender, senders
from training.world.split import Split, split_of

SHARES: dict[Role, float] = {"baseline": 0.44, "augmented": 0.18, "revision": 0.18, "judge": 0.2}
_SIGNED = 0.5
_REFUSALS = 4


class Scene(NamedTuple):
    """`dice` go on after the drawing; `sender` is the one that the prompt names, if any."""

    seed: int
    split: Split
    drawn: Drawn
    reading: Reading
    role: Role
    sender: Sender | None
    dice: Random

    @property
    def company(self) -> str:
        return str(self.drawn.record["company"]["name"])

    @property
    def tempted(self) -> str | None:
        return self.drawn.truth.temptation

    def known(self) -> Facts:
        """What a letter writer knows; where the prompt names no sender, each letter has its own."""
        return facts(self.drawn, self.sender or own_sender(self.dice), self.dice)


def scenes(split: Split, start: int, seed: int, shares: Mapping[Role, float] = SHARES) -> Iterator[Scene]:
    """Scenes from number `start` on, without end."""
    while True:
        yield scene(split, start, seed, shares)
        start += 1


def scene(split: Split, number: int, seed: int, shares: Mapping[Role, float] = SHARES) -> Scene:
    dice = Random(f"{seed}/{split}/{number}/pairs")
    role = dice.choices(list(shares), list(shares.values()))[0]
    sender = senders(dice) if dice.random() < _SIGNED else None
    while True:
        own = dice.getrandbits(48)
        drawn = draw(own)
        if split_of(drawn.record["company"]["name"]) == split and (role == "judge" or drawn.truth.decision == "DRAFT"):
            return Scene(own, split, drawn, read_prospect(drawn.record), role, sender, dice)


def prompt_of(scene: Scene) -> Prompt:
    """The generator's prompt; that of a revision tells what an earlier letter was refused for."""
    signed = f"{scene.sender.name}, {scene.sender.title}" if scene.sender else None
    found = refused_for(scene) if scene.role == "revision" else ()
    style: Style = "augmented" if scene.role == "augmented" else "baseline"
    return prompts().generator(scene.reading, playbook(), style=style, findings=found, sender=signed)


def judge_prompt(scene: Scene, letter: Letter) -> Prompt:
    return prompts().judge(scene.reading, playbook(), Email(letter.body, letter.subject))


def refused_for(scene: Scene) -> tuple[Finding, ...]:
    """Findings on a flawed letter; none where the rubric has nothing against any of a few."""
    table, known = weights(), scene.known()
    for flaw in scene.dice.choices(list(table), list(table.values()), k=_REFUSALS):
        try:
            letter = write(known, scene.dice, [flaw])
        except NoRoom:
            continue
        found = [f for f in verdict(scene.reading, letter.text).findings if f["decision"] != "PASS"]
        if found:
            return tuple(Finding.model_validate(f) for f in found)
    return ()


def verdict(reading: Reading, text: str, *, by: Playbook | None = None) -> Judged:
    """What the agent's gate says of a letter as a model writes it."""
    return judge(Candidate(text=text, index=0), reading, by or playbook(), frozenset())[0]


def failures_of(judged: Judged) -> tuple[Failure, ...]:
    """The failures that count, the strongest first."""
    return tuple(dict.fromkeys(f["failure"] for f in judged.findings if f["decision"] != "PASS"))


def email_of(text: str) -> Email:
    try:
        return read_email(text)
    except InputError:
        return Email("")


def playbook() -> Playbook:
    return load_playbook("tenacious")


@lru_cache(maxsize=1)
def prompts() -> Prompts:
    return Prompts()


__all__ = ["SHARES", "Scene", "email_of", "failures_of", "judge_prompt", "playbook", "prompt_of", "prompts", "refused_for", "scene", "scenes", "verdict"]
