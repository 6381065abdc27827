"""The phrase language of the word lists, piece by piece."""

from __future__ import annotations

import pytest

from rubric.errors import PlaybookError
from rubric.phrases import GAP, Lexicon
from rubric.playbook import english, load_playbook
from rubric.words import split


def found(phrase: str, text: str, **lists: list[str]) -> list[str]:
    """What a phrase matches in a text, as quotes."""
    words = split(text)
    hits = Lexicon({"tested": [phrase], **lists}).find(words)
    return [words.quote(h.first, h.last) for h in hits if h.name == "tested"]


PIECES = [
    ("a word", "synergy", "Our synergy is real", ["synergy"]),
    ("capitals do not matter", "synergy", "SYNERGY", ["SYNERGY"]),
    ("a capital in the list does not matter", "Synergy", "synergy", ["synergy"]),
    ("a word inside a word is none", "art", "a party", []),
    ("words in a row", "world class", "a world class team", ["world class"]),
    ("words apart are none", "world class", "a world of class", []),
    ("a hyphen is a space in the text", "world class", "a World-Class team", ["World-Class"]),
    ("a hyphen is a space in the list", "world-class", "a world class team", ["world class"]),
    ("a beginning", "skyrocket*", "it skyrocketed", ["skyrocketed"]),
    ("a beginning is a whole word too", "skyrocket*", "it will skyrocket", ["skyrocket"]),
    ("a beginning stands at the beginning", "rocket*", "it skyrocketed", []),
    ("one of several, the first", "raise|round|funding", "your raise", ["raise"]),
    ("one of several, the last", "raise|round|funding", "your funding", ["funding"]),
    ("none of several", "raise|round|funding", "your team", []),
    ("beginnings among several", "synerg*|leverag*", "we leveraged it", ["leveraged"]),
    ("an optional word that is there", "this is really? good", "this is really good", ["this is really good"]),
    ("an optional word that is not", "this is really? good", "this is good", ["this is good"]),
    ("an optional word among several", "very|really? good", "it is very good", ["very good", "good"]),
    ("an optional word at the end", "good indeed?", "it is good", ["good"]),
    ("a gap of none", "save ... percent", "save percent", ["save percent"]),
    ("a gap of three", "save ... percent", "save you up to percent", ["save you up to percent"]),
    ("a gap of four", "save ... percent", "save you up to ten percent", []),
    ("a number in digits", "only # spots", "only 3 spots", ["only 3 spots"]),
    ("a number in words", "only # spots", "only three spots", ["only three spots"]),
    ("a number that is none", "only # spots", "only few spots", []),
    ("a number first", "# years", "20 years", ["20 years"]),
    ("a number with its suffix", "# faster", "10x faster", ["10x faster"]),
    ("a list by its name", "for <people>", "for engineers", ["for engineers"]),
    ("a list among several", "for <people>|teams", "for teams", ["for teams"]),
    ("an apostrophe", "don't wait", "Don't wait", ["Don't wait"]),
    ("letters replaced by digits", "synergy", "our syn3rgy", ["syn3rgy"]),
    ("a match never leaves its sentence", "world class", "The world. Class begins.", []),
    ("a gap never leaves its sentence", "save ... percent", "We save. Ten percent", []),
    ("twice", "synergy", "synergy and synergy", ["synergy", "synergy"]),
]


@pytest.mark.parametrize(("phrase", "text", "quotes"), [(p, t, q) for _, p, t, q in PIECES], ids=[name for name, *_ in PIECES])
def test_a_piece_of_the_language(phrase: str, text: str, quotes: list[str]) -> None:
    assert found(phrase, text, people=["engineers", "developers"]) == quotes


def test_the_gap_is_three_words() -> None:
    assert GAP == 3


def test_a_named_list_leaves_its_longer_phrases_out() -> None:
    assert found("for <people>", "for site reliability", people=["site reliability", "engineers"]) == []


def test_a_named_list_may_hold_beginnings_and_numbers() -> None:
    assert found("for <people>", "for 7 or for engineering", people=["engineer*", "#"]) == ["for 7", "for engineering"]


def test_hits_come_in_the_order_of_the_text() -> None:
    lexicon = Lexicon({"one": ["beta", "delta"], "two": ["alpha", "gamma"]})
    assert [h.entry for h in lexicon.find(split("alpha beta gamma delta"))] == ["alpha", "beta", "gamma", "delta"]


def test_a_hit_knows_its_list_and_its_entry() -> None:
    (hit,) = Lexicon({"hype": ["world class"]}).find(split("a world class team"))
    assert (hit.name, hit.entry, hit.first, hit.last) == ("hype", "world class", 1, 3)


BROKEN = [
    ("nothing", "", "no first word"),
    ("only a gap", "...", "no first word"),
    ("a gap at the beginning", "... percent", "no first word"),
    ("only optional words", "very? really?", "no first word"),
    ("a beginning of two letters", "re* it", "too short"),
    ("a list that is not there", "for <nobody>", "'nobody', which is not there"),
]


@pytest.mark.parametrize(("phrase", "message"), [(p, m) for _, p, m in BROKEN], ids=[name for name, *_ in BROKEN])
def test_a_broken_phrase_is_refused(phrase: str, message: str) -> None:
    with pytest.raises(PlaybookError, match=message):
        Lexicon({"tested": [phrase]})


def test_the_message_names_the_list_and_the_phrase() -> None:
    with pytest.raises(PlaybookError) as caught:
        Lexicon({"tone.hype": ["... percent"]})
    assert "tone.hype" in str(caught.value) and "... percent" in str(caught.value)


def test_every_entry_of_the_lists_that_ship_can_be_found() -> None:
    lexicon = load_playbook().lexicon
    assert all(lexicon.entries(name) for name in english())


@pytest.mark.parametrize("name", sorted(english()))
def test_a_list_has_no_entry_twice(name: str) -> None:
    entries = english()[name]
    assert sorted({e for e in entries if entries.count(e) > 1}) == []
