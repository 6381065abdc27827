"""Wrong copies: names, numbers and dates of a letter that its prompt does not hold."""

from __future__ import annotations

import ast
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.loader import Prompts
from rubric.playbook import load_playbook
from rubric.prospect import read_prospect
from tests.command import ROOT
from tests.test_layers import imports
from training.world.copying import WrongCopy, wrong_copies
from training.world.drawing import draw
from training.world.facts import facts
from training.world.letters import write
from training.world.signing import senders

BRIEF = """Brief
- Company: Tessaly Freight
- First name: Maya
- Location: Rotterdam, Netherlands
- Today: 21 April 2026
- Funding: Series B, $14 million, closed 10 February 2026 (state)
- Open roles: 7, Senior Python Engineer open 35 days (state)
- Capacity: Python: 1,200 hours, 8 available, start 28 April 2026 at the earliest"""
SIGNED = "Best,\nSelam\nDelivery Lead\nTenacious Intelligence Corporation\ngettenacious.com"


def wrong(prose: str, *, to: str = "Hi Maya,", brief: str = BRIEF) -> list[tuple[str, str]]:
    return [tuple(found) for found in wrong_copies(brief, f"Subject: Question about roles\n\n{to}\n\n{prose}\n\n{SIGNED}")]  # type: ignore[misc]


@pytest.mark.parametrize(
    "prose",
    [
        "Tessaly Freight closed its Series B, $14 million, on 10 February.",
        "You list 7 roles; the Senior Python Engineer has been open for 35 days.",
        "We have 8 engineers, from 28 April 2026 at the earliest. Would a call suit you?",
        "There are 1200 hours in it, or 1,200. Tessaly's plan is yours to say.",
        "The 10th February round and the 28th April start are in the brief.",
        "Would 15 minutes help, or a 30-minute call on Tuesday?",
        "May I ask what is next? It closed in February. Nothing else is known.",
        "We are in Addis Ababa and Nairobi. I'm with Tenacious, an East African company.",
        "Python-based work from Rotterdam: The rest follows.",
    ],
)
def test_what_stands_in_the_prompt_is_copied_right(prose: str) -> None:
    assert wrong(prose) == []


@pytest.mark.parametrize(
    ("prose", "found"),
    [
        ("You list 9 roles.", [("number", "9")]),
        ("It closed at $15 million.", [("number", "$15")]),
        ("It has been open for 3.5 weeks.", [("number", "3.5")]),
        ("We have 12 hours, not 1,200.", [("number", "12")]),
        ("It closed on 10 March.", [("date", "10 March")]),
        ("It closed on 28 February.", [("date", "28 February")]),
        ("It closed on 11 February.", [("number", "11"), ("date", "11 February")]),
        ("It closed on 1 April, and by 8 February.", [("number", "1"), ("date", "1 April"), ("date", "8 February")]),
        ("It closed in March.", [("date", "March")]),
        ("Since May you are hiring.", [("date", "May")]),
        ("Is it for Karlsson to say?", [("name", "Karlsson")]),
        ("Your Java search is known.", [("name", "Java")]),
        ("We spoke with Osei’s team.", [("name", "Osei’s")]),
        ("It was in Utrecht and Ghent.", [("name", "Utrecht"), ("name", "Ghent")]),
    ],
)
def test_what_does_not_is_a_wrong_copy(prose: str, found: list[tuple[str, str]]) -> None:
    assert wrong(prose) == found


@pytest.mark.parametrize("name", ["Tessally", "Tessalya", "Tess", "Freigt", "Freights"])
def test_a_near_miss_of_the_company_is_found_even_where_a_sentence_begins(name: str) -> None:
    assert wrong(f"{name} is growing.") == [("name", name)]


@pytest.mark.parametrize("word", ["Teams", "Two", "Freedom"])
def test_other_words_may_begin_a_sentence(word: str) -> None:
    assert wrong(f"{word} may say. That is so.") == ([("name", word)] if word[:3] == "Fre" else [])


@pytest.mark.parametrize("to", ["Hi Mia,", "Dear Maya Lindqvist,", "Hello maya,"])
def test_another_first_name_is_a_wrong_copy(to: str) -> None:
    said = to.partition(" ")[2].rstrip(",")
    assert wrong("Nothing else.", to=to) == [("first name", said)]


@pytest.mark.parametrize("to", ["Hi Maya,", "Hello,", "Hi there,", "Good morning Maya,", "Dear Maya"])
def test_the_right_first_name_or_none_is_not(to: str) -> None:
    assert wrong("Nothing else.", to=to) == []


def test_a_name_where_the_prompt_has_none_is_made_up() -> None:
    assert wrong("Nothing else.", brief="- Company: Tessaly Freight") == [("first name", "Maya")]


def test_the_signature_needs_no_source_and_a_text_message_has_none() -> None:
    assert wrong("Nothing else.") == []
    assert wrong_copies(BRIEF, "Hi Maya, Selam from Tenacious. You list 7 roles. Would 15 minutes help?") == []
    assert wrong_copies(BRIEF, "Hi Maya, Selam from Rotterdam.") == [WrongCopy("name", "Selam")]
    assert wrong_copies(BRIEF, "Hi Maya, 9 roles at Tessaly Freight. Would 15 minutes help?") == [WrongCopy("number", "9")]


@given(number=st.integers(2, 9_999).filter(lambda n: n not in {7, 35, 8, 14, 10, 21, 28, 2026, 1200}))
def test_no_number_is_made_up_unseen(number: int) -> None:
    assert ("number", str(number)) in wrong(f"We have {number} engineers.")
    assert wrong(f"We have {number} engineers.", brief=f"{BRIEF}\n- Note: {number:,}") == []


def test_clean_letters_of_the_world_copy_right() -> None:
    """The measure asks for nothing that the writer's own letters do not keep."""
    wrongly = 0
    letters = 0
    for seed in range(70):
        drawn, dice = draw(seed), Random(seed)
        if drawn.truth.decision != "DRAFT":
            continue
        sender = senders(dice)
        prompt = Prompts().generator(read_prospect(drawn.record), load_playbook("tenacious"), sender=f"{sender.name}, {sender.title}")
        letters += 1
        wrongly += bool(wrong_copies(prompt.text, write(facts(drawn, sender, dice), dice).text))
    assert letters > 50 and wrongly / letters < 0.02


def test_it_asks_nothing_of_the_rubric() -> None:
    tree = ast.parse((ROOT / "training/world/copying.py").read_text("utf-8"))
    assert not [name for name in imports(tree) if name.split(".")[0] in {"rubric", "critic", "agent", "training"}]
