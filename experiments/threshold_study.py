"""Letters with known flaws meet the rules and then a threshold: what does the critic stop that no rule caught?

Decides that the truth is the world's and not the rubric's; that a threshold is set on the clean letters of one half of
the companies, so that it refuses a given share of them, and that everything is measured on the other half; and that the
model without an adapter gets a threshold by the same rule, with its own share of clean letters refused told beside it.
Letters that the rules stop are not scored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from math import fsum
from random import Random
from typing import Any, NamedTuple

from agent.critics import worn
from agent.gate import judge, walk
from critic.candidate import Candidate
from critic.estimates import Item as Weighed
from critic.rewards import reward
from experiments.conditions.plan import Study
from experiments.escapes import Flawed, flawed
from experiments.run.rig import Rig
from experiments.run.work import Step
from prompts.pieces import Prompt
from rubric import read_prospect
from rubric.errors import InputError
from training.world.drawing import draw
from training.world.facts import facts
from training.world.letters import write
from training.world.signing import senders
from training.world.split import split_of

END = "<|im_end|>"  # a letter is scored with the end of its turn, as it is sampled
BARE = "bare"
_CLEAN = 1_000_000  # clean letters are for other prospects


class Known(NamedTuple):
    """A letter that the rules let go or not, and the rewards that it got by reader; none where it was stopped."""

    company: str
    flaw: str | None
    unseen: bool
    past_rules: bool
    rewards: dict[str, float]


class Thresholds:
    """The study on one rig; `readers` are adapters by the seed that they go with."""

    def __init__(self, rig: Rig, study: Study, readers: Mapping[str, str]) -> None:
        self._rig, self._study, self._readers = rig, study, dict(readers)
        self._found: dict[int, Known] = {}

    def __len__(self) -> int:
        return self._study.letters + self._study.clean

    def steps(self) -> Iterator[Step]:
        """One step for each letter."""
        for number, one in enumerate(self._letters()):
            yield Step("letter", lambda number=number, one=one: self._look(number, one))  # type: ignore[misc]

    def _letters(self) -> Iterator[Flawed]:
        yield from flawed(self._study.letters, self._study.seed, self._study.split)
        yield from clean(self._study.clean, self._study.seed + _CLEAN, self._study.split)

    def _look(self, number: int, one: Flawed) -> None:
        reading = read_prospect(one.drawn.record, self._rig.config.as_of)
        judged, _ = judge(Candidate(text=one.letter.text, index=0), reading, self._rig.playbook, frozenset(self._rig.config.without))
        past = walk([judged], [0], self._rig.config.accept) is not None
        prompt = self._rig.prompts.generator(reading, self._rig.playbook, style=self._rig.config.prompt, sender=self._rig.config.sender)
        flaw = one.letter.flaws[0] if one.letter.flaws else None
        self._found[number] = Known(
            str(one.drawn.record["company"]["name"]), flaw, one.letter.unseen, past, self._rewards(prompt, one.letter.text) if past else {}
        )

    def _rewards(self, prompt: Prompt, text: str) -> dict[str, float]:
        """What each reader thinks of a letter, and what the model thinks without one."""
        ids = [self._rig.backbone.tokenize(text + END, control=True)]
        bare = self._rig.backbone.score(prompt, ids).logprobs[0]
        found = {BARE: reward("base", 1.0, worn=bare, bare=bare)}
        for name, given in self._readers.items():
            read = worn(self._rig.config, self._rig.adapters[given])
            found[name] = reward(read.reward, read.beta, worn=self._rig.backbone.score(prompt, ids, read.adapter).logprobs[0], bare=bare)
        return found

    def result(self, draws: int) -> dict[str, Any]:
        letters = [self._found[number] for number in sorted(self._found)]
        good = [one for one in letters if one.flaw is None and one.past_rules]
        halves = [[one for one in good if half(one.company) == n] for n in (0, 1)]
        measured = [one for one in letters if half(one.company) == 1]
        if not all(halves):
            raise InputError("the threshold study has no clean letter in one half of the companies; give it more clean letters")
        edges = {name: threshold([one.rewards[name] for one in halves[0]], self._study.refused) for name in (*self._readers, BARE)}
        return {
            "split": self._study.split, "refused_at_most": self._study.refused, "clean": sum(one.flaw is None for one in letters),
            "clean_past_rules": len(good), "readers": [self._reader(name, edge, measured, halves[1], draws) for name, edge in edges.items()],
            "critic": {kind: _stopped(_of(measured, kind), {n: e for n, e in edges.items() if n != BARE}, draws) for kind in ("seen", "unseen")} if self._readers else None,
        }  # fmt: skip

    def _reader(self, name: str, edge: float, letters: Sequence[Known], held: Sequence[Known], draws: int) -> dict[str, Any]:
        from experiments.stats import ratio

        given = self._readers.get(name)
        refused = ratio([Weighed(one.company, float(one.rewards[name] < edge)) for one in held], draws=draws)
        return {
            "reader": name, "adapter": self._rig.adapters[given].document.hash if given else None, "threshold": edge,
            "clean_refused": refused.model_dump(mode="json"), "clean_measured": len(held),
            **{kind: _stopped(_of(letters, kind), {name: edge}, draws) for kind in ("seen", "unseen")},
        }  # fmt: skip


def clean(wanted: int, seed: int, split: str) -> Iterator[Flawed]:
    """Letters of the world without a flaw, for companies of a split."""
    made = 0
    for number in count(seed):
        if made == wanted:
            return
        drawn = draw(number)
        if drawn.truth.decision == "DRAFT" and split_of(drawn.record["company"]["name"]) == split:
            dice = Random(number)
            made += 1
            yield Flawed(drawn, write(facts(drawn, senders(dice), dice), dice))


def half(company: str) -> int:
    """Which half of the companies one belongs to."""
    return hashlib.sha256(f"half|{company}".encode()).digest()[0] % 2


def threshold(rewards: Sequence[float], refused: float) -> float:
    """The highest value below which lies no more than a share of the rewards.

    >>> threshold([4.0, 1.0, 3.0, 2.0], 0.25)
    2.0
    """
    ordered = sorted(rewards)
    return ordered[min(int(refused * len(ordered)), len(ordered) - 1)]


def _of(letters: Sequence[Known], kind: str) -> list[Known]:
    return [one for one in letters if one.flaw is not None and one.unseen == (kind == "unseen")]


def _stopped(letters: Sequence[Known], edges: Mapping[str, float], draws: int) -> dict[str, Any]:
    """Of the flawed letters that no rule stopped, how many a threshold does; several readers are repeats of a letter."""
    from experiments.stats import ratio

    past = [one for one in letters if one.past_rules]
    shares = [fsum(one.rewards[name] < edge for name, edge in edges.items()) / len(edges) for one in past]
    by_failure: dict[str, list[float]] = {}
    for one, share in zip(past, shares, strict=True):
        row = by_failure.setdefault(str(one.flaw), [0.0, 0])
        row[0], row[1] = row[0] + share, row[1] + 1
    return {
        "letters": len(letters), "past_rules": len(past), "stopped": fsum(shares), "by_failure": dict(sorted(by_failure.items())),
        "share": ratio([Weighed(one.company, share) for one, share in zip(past, shares, strict=True)], draws=draws).model_dump(mode="json"),
    }  # fmt: skip


__all__ = ["BARE", "END", "Known", "Thresholds", "clean", "half", "threshold"]
