"""Mutators: what each does to a letter, that the rubric hears it, and that none says what is set aside."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cache
from random import Random
from typing import NamedTuple, get_args

import pytest

from rubric.playbook import Failure
from tests.pairs import some_scenes
from training.pairs.audit.set_aside import runs_of, set_aside
from training.pairs.drafts import clean
from training.pairs.mutators import Mutator, Told, mutators
from training.pairs.mutators.anatomy import Anatomy, anatomy
from training.pairs.mutators.numbers import day_of
from training.pairs.mutators.sayings import read_sayings
from training.pairs.scenes import Scene, failures_of, verdict
from training.world.facts import SLOTS, TAGS, Facts
from training.world.letters import write
from training.world.mix import PROSPECTS_ONLY
from training.world.patterns import parsed, slots_of

MUTATORS = {mutator.name: mutator for mutator in mutators()}
SCENES, LOOKED_AT = 45, 3
FOUND, FOUND_OF_ONE = 0.9, 0.5
LETTER = """Subject: Request: 4 Python engineers

Hi Maya,

Tessaly closed a $12 million Series A in March, and it seems to be hiring. We could place four Python engineers in your team; they start on 9 May.

The checks come first. Would a 15-minute call help?

Best,
Selam
Delivery Lead
gettenacious.com"""
TAGS_OF = frozenset("cold touch1 first capacity senior start need need.fits funding.medium regulated rejected small".split())
SLOTS_OF = {
    "company": "Tessaly", "first": "Maya", "avail_n": "4", "more_n": "9", "avail_senior": "1", "more_senior": "3", "start": "9 May", "early": "2 May",
    "stack": "Python", "roles": "6", "amount": "$12 million", "rejected": "a weekly report",
}  # fmt: skip
TOLD = Told(Facts(TAGS_OF, SLOTS_OF), date(2026, 4, 21))


def damaged(name: str, text: str = LETTER, told: Told = TOLD, seed: int = 0) -> str | None:
    found = MUTATORS[name].damage(anatomy(text), told, Random(seed))
    return found.text if found is not None else None


def told(*, without: str = "", tags: str = "", **slots: str) -> Told:
    return Told(Facts(TAGS_OF - set(without.split()) | set(tags.split()), SLOTS_OF | slots), TOLD.as_of)


# -- anatomy ----------------------------------------------------------------------------------------


def test_a_letter_in_parts_is_the_letter() -> None:
    parts = anatomy(LETTER)
    assert parts.text == LETTER and parts.subject == "Request: 4 Python engineers" and parts.greeting == "Hi Maya,"
    assert [len(p) for p in parts.paragraphs] == [2, 2] and parts.closing.startswith("Best,\nSelam") and parts.ask == (1, 1)
    assert parts.statements() == [(0, 0), (0, 1), (1, 0)]


@pytest.mark.parametrize("text", ["Maya, this is Selam. May I call?", "", "One line\nand another", "Hi,\n\n\n\nBody.\n\nBest,\nA", "Subject: \n\nHi Jo,\n\nx"])
def test_any_text_comes_back(text: str) -> None:
    assert anatomy(text).text.replace("\n\n\n\n", "\n\n") == text.replace("\n\n\n\n", "\n\n")


def test_every_letter_of_the_world_comes_back() -> None:
    for one in cases():
        assert one.whole.text == one.text


def test_a_sentence_gives_way_or_is_joined_and_an_empty_paragraph_goes() -> None:
    parts = anatomy("Hi Jo,\n\nOne.\n\nTwo. Three?\n\nBest,\nA")
    assert parts.put((1, 0), ("A.", "B.")).paragraphs == (("One.",), ("A.", "B.", "Three?"))
    assert parts.put((0, 0), ()).paragraphs == (("Two.", "Three?"),)
    assert parts.changed(lambda text: text.replace("Two", "2")) == parts.put((1, 0), ("2.",)) and parts.changed(lambda text: text) is None


# -- what each does -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "was", "now"),
    [
        ("more_people", "place four Python", "place 9 Python"),
        ("one_more", "place four Python", "place 5 Python"),
        ("day_before", "start on 9 May", "start on 8 May"),
        ("surer", "it seems to be hiring", "it is hiring"),
        ("no_caveat", "The checks come first. ", ""),
        ("wrong_name", "Hi Maya,", None),
        ("shouted_subject", "Request: 4 Python engineers", "REQUEST: 4 PYTHON ENGINEERS!"),
        ("no_subject", "Subject: Request: 4 Python engineers\n\n", ""),
        ("other_amount", "$12 million", None),
    ],
)
def test_a_change_touches_one_thing(name: str, was: str, now: str | None) -> None:
    found = damaged(name)
    assert found is not None and found != LETTER
    if now is None:
        before, _, after = LETTER.partition(was)
        assert found.startswith(before) and found.endswith(after) and was not in found
    else:
        assert found == LETTER.replace(was, now)


@pytest.mark.parametrize(
    ("name", "room"),
    [
        ("more_people", told(without="capacity")),
        ("day_before", told(start="")),
        ("day_before", Told(TOLD.facts, date(2026, 5, 8))),
        ("surer", told(without="funding.medium")),
        ("no_caveat", told(without="regulated")),
        ("wrong_name", told(first="")),
        ("no_subject", told(without="cold")),
        ("emoji", told(without="cold")),
        ("idea_again", told(without="rejected")),
        ("sooner", told(early="")),
        ("talk_to_giants", told(without="small")),
        ("pitch_at_nobody", told(tags="seg.recently_funded")),
    ],
)
def test_without_room_there_is_no_damage(name: str, room: Told) -> None:
    assert damaged(name, told=room) is None


def test_padding_goes_beyond_the_limit_or_is_not_done() -> None:
    prose = "It is so. " * 32
    long = f"Hi Maya,\n\n{prose}Is it?\n\nBest,\nSelam"
    found = damaged("padded", long)
    assert found is not None and len(" ".join(" ".join(p) for p in anatomy(found).paragraphs).split()) > 120
    assert damaged("padded", "Hi Maya,\n\nShort. Is it?\n\nBest,\nSelam") is None


def test_nothing_personal_is_left() -> None:
    found = damaged("nothing_personal") or ""
    assert found and not any(word in found for word in ("Tessaly", "$12", "Series A")) and "Would a 15-minute call help?" in found


def test_a_saying_stands_behind_a_sentence_or_in_its_place() -> None:
    lengths = {len(damaged("bench_said", seed=seed) or "") > len(LETTER) for seed in range(12)}
    assert lengths == {True, False}


@pytest.mark.parametrize(("text", "day"), [("9 May", date(2026, 5, 9)), ("10 February", date(2027, 2, 10)), ("21 April", date(2026, 4, 21))])
def test_a_day_without_a_year_is_the_next_one(text: str, day: date) -> None:
    assert day_of(text, TOLD.as_of) == day


@pytest.mark.parametrize("text", ["", "May", "9 Mai", "nine May", "29 February"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert day_of(text, TOLD.as_of) is None
    assert day_of("29 February", date(2027, 12, 1)) == date(2028, 2, 29)


# -- all of them ----------------------------------------------------------------------------------------


class Case(NamedTuple):
    scene: Scene
    text: str
    whole: Anatomy
    told: Told


@cache
def cases() -> tuple[Case, ...]:
    """Clean letters of the world with what is true of their prospects."""
    out = []
    for one in [*some_scenes(SCENES), *_rare()]:
        known = one.known()
        text = write(known, one.dice).text
        out.append(Case(one, text, anatomy(text), Told(known, date.fromisoformat(one.drawn.record["as_of"]))))
    return tuple(out)


def _rare() -> list[Scene]:
    """Prospects with an idea that they turned down, which few have."""
    return [one for one in some_scenes(260)[SCENES:] if "rejected_suggestions" in one.drawn.record][:5]


def tried(mutator: Mutator) -> list[bool]:
    """For the first letters with room, whether the rubric finds the failure."""
    found = []
    for number, case in enumerate(cases()):
        parts = mutator.damage(case.whole, case.told, Random(f"{number}{mutator.name}"))
        if parts is not None and parts != case.whole and len(found) < LOOKED_AT:
            found.append(mutator.failure in failures_of(verdict(case.scene.reading, parts.text)))
    return found


@pytest.mark.slow
def test_the_rubric_finds_the_failure_in_nearly_all() -> None:
    results = {name: tried(mutator) for name, mutator in MUTATORS.items()}
    every = [hit for hits in results.values() for hit in hits]
    deaf = {name: hits for name, hits in results.items() if hits and sum(hits) / len(hits) < FOUND_OF_ONE and len(hits) == LOOKED_AT}
    assert sum(every) / len(every) >= FOUND and len(deaf) <= 2, deaf
    assert sum(not hits for hits in results.values()) <= 6


@pytest.mark.parametrize("failure", sorted(set(get_args(Failure)) - PROSPECTS_ONLY))
def test_every_failure_that_a_letter_can_have_has_a_mutator_the_rubric_hears(failure: Failure) -> None:
    mine = [mutator for mutator in MUTATORS.values() if mutator.failure == failure]
    assert mine
    for number, case in enumerate(cases()):
        for mutator in mine:
            parts = mutator.damage(case.whole, case.told, Random(number))
            if parts is not None and failure in failures_of(verdict(case.scene.reading, parts.text)):
                return
    pytest.fail(f"none of {SCENES} prospects has a letter in which the rubric hears {failure}")


def test_a_mutator_is_a_function_of_what_it_is_given() -> None:
    case = cases()[0]
    for mutator in MUTATORS.values():
        assert mutator.damage(case.whole, case.told, Random(3)) == mutator.damage(case.whole, case.told, Random(3))


def test_names_are_unique_and_failures_are_a_letters() -> None:
    assert len(MUTATORS) == len(mutators()) >= 50
    assert not {mutator.failure for mutator in mutators()} & PROSPECTS_ONLY
    assert Counter(mutator.failure for mutator in mutators())["bench_over_commitment"] >= 5


def test_sayings_ask_only_for_what_a_prospect_can_have() -> None:
    for saying in read_sayings():
        assert {tag.removeprefix("!") for tag in saying.when} <= TAGS, saying.name
        assert {slot for text in saying.says for slot in slots_of(parsed(text))} <= SLOTS, saying.name


def test_no_mutator_says_what_is_set_aside() -> None:
    """Only names are shown; set_aside() leaves out what sayings say, so it is compared with the world's side alone."""
    from training.world.entries import entries

    aside = runs_of(text for entry in entries() if entry.unseen for text in entry.says)
    known = runs_of(text for entry in entries() if not entry.unseen for text in entry.says)
    guilty = [saying.name for saying in read_sayings() if not (runs_of(saying.says) - known).isdisjoint(aside)]
    assert len(aside) > 1000 and guilty == [] and set_aside() == aside - known


def test_a_clean_letter_is_not_damaged_by_being_taken_apart() -> None:
    one = some_scenes(1)[0]
    letter = clean(one)
    assert verdict(one.reading, anatomy(letter.text).text) == verdict(one.reading, letter.text)
