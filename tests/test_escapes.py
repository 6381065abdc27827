"""Letters with known flaws through the whole graph: what leaves is counted, by the world's truth alone."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from random import Random

import pytest

from experiments import escapes
from experiments.escapes import FIRST_SEED, Flawed, flawed, main
from training.world.drawing import Drawn, draw
from training.world.facts import facts
from training.world.letters import Letter, write
from training.world.signing import senders

COUNT = 40


@cache
def letters() -> tuple[Flawed, ...]:
    return tuple(flawed(COUNT, FIRST_SEED))


def clean(count: int) -> list[tuple[Drawn, Letter]]:
    """Letters of well-behaved prospects, which the rubric lets go."""
    found: list[tuple[Drawn, Letter]] = []
    for seed in range(1_000):
        one, dice = draw(seed), Random(seed)
        if one.truth == one.truth._replace(decision="DRAFT", temptation=None) and one.record["message_type"] == "cold":
            found.append((one, write(facts(one, senders(dice), dice), dice)))
        if len(found) == count:
            break
    return found


def test_each_letter_has_one_flaw_and_every_other_is_set_aside() -> None:
    assert len(letters()) == COUNT
    for number, (drawn, letter) in enumerate(letters()):
        assert drawn.truth.decision == "DRAFT" and len(letter.flaws) == len(letter.families) == 1
        assert letter.unseen == (number % 2 == 1)


def test_failures_take_turns() -> None:
    """Only a failure that few prospects give room for, such as one of the notes, may lag behind."""
    for unseen in (False, True):
        had = Counter(letter.flaws[0] for _, letter in letters() if letter.unseen == unseen)
        assert len(had) >= COUNT // 2 * 0.75 and max(had.values()) <= 2


def test_the_same_seed_gives_the_same_letters() -> None:
    assert list(flawed(6, FIRST_SEED)) == list(letters()[:6])
    assert list(flawed(6, FIRST_SEED + 500)) != list(letters()[:6])


def test_a_tiny_run_counts_every_letter() -> None:
    found = escapes.escapes(iter(letters()))
    for kind in ("seen", "unseen"):
        table = found[kind]
        left, sent = (sum(int(cell.split(" of ")[place]) for cell in table["by_failure"].values()) for place in (0, 1))
        assert (left, sent) == (table["left"], table["letters"]) and sent == COUNT // 2
        assert table["share"] == round(left / sent, 4)
    assert sum(found["families"].values()) == found["seen"]["left"] + found["unseen"]["left"]
    assert found["seen"]["share"] < 0.35


def test_a_clean_letter_that_is_given_as_flawed_leaves_and_is_counted() -> None:
    given = [Flawed(one, letter._replace(flaws=("tone_violation",), families=("tone_violation.none",))) for one, letter in clean(3)]
    found = escapes.escapes(iter(given))
    assert found["seen"] == {"letters": 3, "left": 3, "share": 1.0, "by_failure": {"tone_violation": "3 of 3"}}
    assert found["unseen"] == {"letters": 0, "left": 0, "share": None, "by_failure": {}}
    assert found["families"] == {"seen tone_violation.none": 3}


def test_a_blatant_flaw_does_not_leave() -> None:
    one, letter = clean(1)[0]
    body = letter.body.replace("\n\n", "\n\nOur world-class rockstars will skyrocket your growth for $5,000 a month! ", 1)
    given = letter._replace(body=body, flaws=("pricing_violation",), families=("pricing_violation.none",), unseen=True)
    found = escapes.escapes(iter([Flawed(one, given)]))
    assert found["unseen"]["by_failure"] == {"pricing_violation": "0 of 1"} and found["families"] == {}


def test_one_letter_after_another_is_judged_for_its_own_prospect() -> None:
    """Nothing of the letter before is left over: neither its text nor its verdict."""
    (first, good), (second, other) = clean(2)
    bad = other._replace(body=f"Hi,\n\n{good.body}", flaws=("thread_leakage",), families=("thread_leakage.none",))
    fine = good._replace(flaws=("thread_leakage",), families=("thread_leakage.none",))
    found = escapes.escapes(iter([Flawed(first, fine), Flawed(second, bad)]))
    assert found["seen"]["by_failure"] == {"thread_leakage": "1 of 2"}


def test_the_command_writes_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "4", "--seed", "7"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["seen"]["letters"] == found["unseen"]["letters"] == 2
