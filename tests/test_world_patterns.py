"""The wording of the invented world: the pattern language, and what the shipped entries keep."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rubric.errors import ConfigError
from rubric.playbook import Failure
from tests.command import ROOT
from training.world import letters
from training.world.entries import Entry, entries, wording
from training.world.mix import PROSPECTS_ONLY
from training.world.patterns import Choice, Part, Pattern, Slot, parsed, possible, said, slots_of

SLOTS = {"company": "Tessaly", "roles": "7", "stage": ""}
# Failures of a prospect rather than of a letter: no wording can commit them.
COMMITTED = set(get_args(Failure)) - PROSPECTS_ONLY
SHARED_RUN = 6


def readings(text: str, slots: dict[str, str] | None = None) -> set[str]:
    """What fifty draws of a pattern say."""
    return {said(parsed(text), slots or SLOTS, Random(seed)) for seed in range(50)}


# -- the language ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A [fast|slow] start", {"A fast start", "A slow start"}),
        ("A [very |]short note", {"A very short note", "A short note"}),
        ("[One [two|three]|Four]", {"One two", "One three", "Four"}),
        ("[Nobody|{company}] hires", {"Nobody hires", "Tessaly hires"}),
        ("{company} has {roles} roles", {"Tessaly has 7 roles"}),
        ("It closed[ its {stage}| a round]", {"It closed a round"}),
        ("It closed[ its [{stage}|{amount}]| a round]", {"It closed a round"}),
        ("[|]", {""}),
        ("One\nTwo", {"One\nTwo"}),
    ],
)
def test_every_possible_alternative_is_said_and_no_other(text: str, wanted: set[str]) -> None:
    assert readings(text) == wanted


def test_alternatives_are_equally_likely_among_the_possible_ones() -> None:
    pattern, dice = parsed("[a one|{stage}|[b|c]]"), Random(3)
    found = Counter(said(pattern, SLOTS, dice) for _ in range(4000))
    assert {text: count / 4000 for text, count in found.items()} == {
        "A one": pytest.approx(0.5, abs=0.03), "B": pytest.approx(0.25, abs=0.03), "C": pytest.approx(0.25, abs=0.03),
    }  # fmt: skip


@pytest.mark.parametrize("text", ["{stage} closed", "{unknown}", "Of [{stage}|{unknown}]", "[{company} {stage}]"])
def test_a_pattern_without_a_reading_is_not_possible(text: str) -> None:
    assert not possible(parsed(text), SLOTS)


def test_slots_are_named_wherever_they_stand() -> None:
    assert list(slots_of(parsed("{a} [b|{c} [{d}|]]"))) == ["a", "c", "d"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("we need a ML role", "We need an ML role"), ("a [engineering] role", "An engineering role"), ("as a one-off", "As a one-off"),
        ("Series A on 3 May", "Series A on 3 May"), ("a $8 million round", "An $8 million round"), ("in a 18-month plan", "In an 18-month plan"),
        ("a $14 million round", "A $14 million round"), ("a 110-person team", "A 110-person team"), ("a unusual idea", "An unusual idea"),
        ("a union", "A union"), ("a used car", "A used car"), ("an A role. A AI role", "An A role. An AI role"), ("such a European rule", "Such a European rule"),
        ("under a EU rule", "Under a EU rule"), ("plan A or plan B", "Plan A or plan B"), ("ends.\nA idea", "Ends.\nAn idea"),
    ],
)  # fmt: skip
def test_articles_follow_the_sound(text: str, wanted: str) -> None:
    assert readings(text) == {wanted}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("roles [ |] , and  more [|] .", "Roles, and more."), ("  is it so ?", "Is it so?"), ("ünder way", "Ünder way"),
        ("we need .NET people .", "We need .NET people."), ("7 roles", "7 roles"), ("a line ;\nnext", "A line;\nnext"),
    ],
)  # fmt: skip
def test_spaces_and_the_first_letter_are_put_right(text: str, wanted: str) -> None:
    assert readings(text) == {wanted}


@pytest.mark.parametrize("text", ["a [b", "a [b|c", "[a [b]", "a b]", "a | b", "a } b", "a { b", "a {b c} d", "[a]]"])
def test_a_sign_out_of_place_is_refused_with_its_pattern(text: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(repr(text))):
        parsed(text)


WORDS = st.sampled_from(["plan", "review", "team", "one of", "a role", ".", ",", " "])
NAMES = st.sampled_from(sorted({*SLOTS, "unknown"}))
TEXTS = st.recursive(
    WORDS | NAMES.map(lambda name: f"{{{name}}}"),
    lambda inner: st.lists(st.lists(inner, max_size=3).map("".join), min_size=1, max_size=3).map(lambda found: f"[{'|'.join(found)}]"),
    max_leaves=12,
)


@given(text=st.lists(TEXTS, max_size=4).map("".join), seed=st.integers(0, 99))
def test_what_is_drawn_holds_no_sign_of_the_language_and_only_values_that_are_there(text: str, seed: int) -> None:
    pattern = parsed(text)
    if not possible(pattern, SLOTS):
        return
    found = said(pattern, SLOTS, Random(seed))
    assert not set(found) & set("[]{}|")
    assert "  " not in found and found == found.strip(" ")
    assert found == said(pattern, SLOTS, Random(seed))


# -- entries -----------------------------------------------------------------------------------

CLEAN = {"id": "opening.one", "move": "opening", "says": ["{company} closed."]}
FLAWED = {"id": "offer.bad", "after": "offer", "flaw": "tone_violation", "family": "hype", "says": ["Wow."]}


def read(folder: Path, *rows: Mapping[str, object], name: str = "some.yaml") -> list[Entry]:
    (folder / name).write_text(yaml.safe_dump([*rows]), "utf-8")
    return entries(folder)


def test_a_folder_of_entries_is_read_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no entries", "utf-8")
    (tmp_path / "empty.yaml").write_text("# none yet\n", "utf-8")
    assert [entry.id for entry in read(tmp_path, CLEAN, FLAWED)] == ["opening.one", "offer.bad"]


@pytest.mark.parametrize(
    ("row", "patch", "wanted"),
    [
        (CLEAN, {"when": ["funding.hihg"]}, "tags.*funding.hihg"),
        (CLEAN, {"when": ["!kold"]}, "tags.*kold"),
        (CLEAN, {"says": ["[{compony}|it] closed."]}, "slots.*compony"),
        (CLEAN, {"says": ["{company} [closed."]}, "never closed"),
        (CLEAN, {"says": []}, "at least 1"),
        (CLEAN, {"weight": 0}, "greater than 0"),
        (CLEAN, {"sayings": ["x"]}, "not permitted"),
        (CLEAN, {"after": "offer"}, "either the move"),
        (CLEAN, {"move": None}, "either the move"),
        (CLEAN, {"family": "hype"}, "clean wording has neither"),
        (CLEAN, {"unseen": True}, "clean wording has neither"),
        (FLAWED, {"family": None}, "a flaw has a family"),
        (FLAWED, {"flaw": "tone_violence"}, "Input should be"),
    ],
)
def test_what_no_letter_could_use_is_refused_with_file_and_entry(
    tmp_path: Path, row: Mapping[str, object], patch: Mapping[str, object], wanted: str
) -> None:
    with pytest.raises(ConfigError, match=f"(?s)some.yaml.*{row['id']}.*{wanted}"):
        read(tmp_path, {**row, **patch})


def test_an_id_is_given_once_over_all_files(tmp_path: Path) -> None:
    read(tmp_path, CLEAN, name="first.yaml")
    with pytest.raises(ConfigError, match=r"second\.yaml.*opening\.one"):
        read(tmp_path, CLEAN, name="second.yaml")


def test_something_else_than_an_entry_is_refused(tmp_path: Path) -> None:
    (tmp_path / "some.yaml").write_text("- a sentence\n", "utf-8")
    with pytest.raises(ConfigError, match=r"some\.yaml.*a sentence"):
        entries(tmp_path)


def test_an_entry_holds_for_its_tags_and_against_the_others() -> None:
    entry = Entry.model_validate(CLEAN | {"when": ["cold", "!quiet"]})
    assert entry.holds(frozenset({"cold", "small"}))
    assert not entry.holds(frozenset({"cold", "quiet"})) and not entry.holds(frozenset())


# -- the wording that is shipped -----------------------------------------------------------------


@cache
def shipped() -> tuple[Entry, ...]:
    return tuple(entries())


def test_every_entry_fills_or_follows_a_move_that_some_letter_has() -> None:
    moves = {"sms", "subject", "greeting", "signoff", "signature"} | {move for plan in letters._PLANS.values() for move, _ in plan}
    assert {str(entry.move or entry.after) for entry in shipped()} <= moves - {"/"}


def test_no_family_is_both_seen_and_set_aside() -> None:
    assert not wording().families(unseen=False) & wording().families(unseen=True)


@pytest.mark.parametrize("failure", sorted(COMMITTED))
@pytest.mark.parametrize("unseen", [False, True])
def test_each_failure_of_a_letter_has_several_families(failure: str, unseen: bool) -> None:
    assert len([family for flaw, family in wording().families(unseen=unseen) if flaw == failure]) >= 2


def test_no_failure_of_a_prospect_has_wording() -> None:
    assert set(wording().flawed) == COMMITTED


def test_no_saying_stands_on_both_sides() -> None:
    seen = {text for entry in shipped() if not entry.unseen for text in entry.says}
    assert not seen & {text for entry in shipped() if entry.unseen for text in entry.says}


def test_all_wording_is_drawn_from() -> None:
    """A saying whose slots no prospect has at once would stand there for nothing."""
    everything = {slot: "x" for entry in shipped() for text in entry.says for slot in slots_of(parsed(text))}
    assert all(possible(parsed(text), everything) for entry in shipped() for text in entry.says)


def words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())


def runs(found: list[str]) -> set[tuple[str, ...]]:
    return {tuple(found[n : n + SHARED_RUN]) for n in range(len(found) - SHARED_RUN + 1)}


def spelled(pattern: Pattern, turn: int) -> str:
    """One reading: each choice takes the alternative of that turn, those within it the turns that are left; a value is one word."""
    return "".join(_spelled(part, turn) for part in pattern)


def _spelled(part: Part, turn: int) -> str:
    if isinstance(part, Choice):
        left, place = divmod(turn, len(part.alternatives))
        return spelled(part.alternatives[place], left)
    return f"_{part.name}_" if isinstance(part, Slot) else part


def turns(pattern: Pattern) -> int:
    """How many turns it takes for every alternative to be read at least once."""
    choices = [part.alternatives for part in pattern if isinstance(part, Choice)]
    return max((len(found) * max(turns(inner) for inner in found) for found in choices), default=1)


def expanded(text: str) -> Iterator[str]:
    return (spelled(parsed(text), turn) for turn in range(turns(parsed(text))))


def said_in_rubric() -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for file in (ROOT / "rubric").rglob("*"):
        if file.suffix in {".py", ".yaml", ".md"}:
            found |= dict.fromkeys(runs(words(file.read_text("utf-8"))), str(file.relative_to(ROOT)))
    return found


def test_every_alternative_is_read_once() -> None:
    assert set(expanded("a [b|c [d|e|]] {f}")) == {"a b _f_", "a c d _f_", "a c e _f_", "a c  _f_"}


def test_the_rubric_holds_no_wording_that_is_set_aside() -> None:
    """What is set aside measures the rubric, so neither its lists nor its examples may know it."""
    known = said_in_rubric()
    assert len(known) > 10_000
    shared = {
        f"{entry.id}: {' '.join(run)!r} stands in {known[run]}"
        for entry in shipped() if entry.unseen
        for text in entry.says for reading in expanded(text)
        for run in runs(words(reading)) if run in known
    }  # fmt: skip
    assert not shared, "give these rules other examples:\n" + "\n".join(sorted(shared))
