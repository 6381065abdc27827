"""How many letters with known flaws leave the whole graph: measured against the world's truth, not the rubric's.

    python -m experiments.escapes --count 5000

Each letter is the only one that a scripted backbone has to offer; it leaves where the graph calls it a draft.
Half of the letters are in wording that is set aside: no training and no rule has seen it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from agent.backbones.scripted import ScriptedBackbone
from agent.backbones.spec import ScriptedSpec
from agent.drafting import Agent
from agent.settings import load_config
from rubric.errors import WinnowError
from training.arguments import a_count
from training.world.drawing import Drawn, draw
from training.world.entries import wording
from training.world.facts import facts
from training.world.letters import Letter, NoRoom, write
from training.world.signing import senders
from training.world.split import Split, split_of

FIRST_SEED = 90_000_000


class Flawed(NamedTuple):
    drawn: Drawn
    letter: Letter


class OneLetter(ScriptedBackbone):
    """A backbone that has one letter, whatever the prompt."""

    def __init__(self) -> None:
        super().__init__(ScriptedSpec())

    def give(self, text: str) -> None:
        self._replies = (text,)


def flawed(count: int, seed: int, split: Split | None = None) -> Iterator[Flawed]:
    """Letters with one flaw each; failures and both kinds of wording take turns, families as their wording weighs.
    With a split, only its companies get one."""
    turns = {unseen: _Turns(unseen=unseen) for unseen in (False, True)}
    made = 0
    while made < count:
        drawn = draw(seed)
        seed += 1
        if drawn.truth.decision != "DRAFT" or (split is not None and split_of(drawn.record["company"]["name"]) != split):
            continue
        letter = turns[made % 2 == 1].letter(drawn, Random(seed))
        if letter is not None:
            made += 1
            yield Flawed(drawn, letter)


class _Turns:
    """Takes the failure that has had the fewest letters so far and that the prospect gives room for."""

    def __init__(self, *, unseen: bool) -> None:
        self._unseen = unseen
        self._had: Counter[str] = Counter(dict.fromkeys({failure for failure, _ in wording().families(unseen=unseen)}, 0))

    def letter(self, drawn: Drawn, dice: Random) -> Letter | None:
        known = facts(drawn, senders(dice), dice)
        for failure, _ in sorted(self._had.items(), key=lambda item: (item[1], item[0])):
            try:
                made = write(known, dice, [failure], unseen=self._unseen)  # type: ignore[list-item]
            except NoRoom:
                continue
            self._had[failure] += 1
            return made
        return None


def escapes(letters: Iterator[Flawed]) -> dict[str, Any]:
    sent: Counter[tuple[str, str]] = Counter()
    left: Counter[tuple[str, str]] = Counter()
    by_family: Counter[str] = Counter()
    backbone = OneLetter()
    with tempfile.TemporaryDirectory() as folder:
        config = load_config({"backbone": "scripted", "k": 1, "max_rounds": 1, "store": str(Path(folder, "winnow.db"))})
        with Agent(config, backbone=backbone) as agent:
            for drawn, letter in letters:
                backbone.give(letter.text)
                name = ("unseen" if letter.unseen else "seen", letter.flaws[0])
                sent[name] += 1
                if agent.draft(drawn.record).outcome == "DRAFT":
                    left[name] += 1
                    by_family[f"{name[0]} {letter.families[0]}"] += 1
    return _table(sent, left) | {"families": dict(by_family.most_common())}


def _table(sent: Counter[tuple[str, str]], left: Counter[tuple[str, str]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for kind in ("seen", "unseen"):
        names = sorted(failure for wording, failure in sent if wording == kind)
        total, gone = sum(sent[kind, n] for n in names), sum(left[kind, n] for n in names)
        out[kind] = {
            "letters": total, "left": gone, "share": round(gone / total, 4) if total else None,
            "by_failure": {n: f"{left[kind, n]} of {sent[kind, n]}" for n in names},
        }  # fmt: skip
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.escapes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=a_count, default=5000, help="letters, half of them in wording that is set aside")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="seed of the first prospect")
    options = parser.parse_args(arguments)
    try:
        found = escapes(flawed(options.count, options.seed))
    except WinnowError as error:
        sys.stderr.write(f"winnow: {error}\n")
        return 2
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
