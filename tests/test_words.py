"""Words and sentences: where they begin and end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubric.words import split


def _sentences(text: str) -> list[str]:
    words = split(text)
    return [words.quote(s.first, s.last) for s in words.sentences]


WORDS = [
    ("world-class", ["world", "class"]),
    ("don't", ["don't"]),
    ("Maya's Go-team", ["maya's", "go", "team"]),
    ("snake_case", ["snake", "case"]),
    ("14:00 or 2pm", ["14", "00", "or", "2pm"]),
    ("$14M", ["14m"]),
    ("'quoted'", ["quoted"]),
    ("K\u00f6ln", ["k\u00f6ln"]),
    ("\U0001f680 \u2022 --", []),
    ("", []),
]

SENTENCES = [
    ("one", "We saw two roles.", ["We saw two roles"]),
    ("two", "We saw two roles. Is that all?", ["We saw two roles", "Is that all"]),
    ("no full stop", "We saw two roles", ["We saw two roles"]),
    ("an exclamation", "Great! We saw two.", ["Great", "We saw two"]),
    ("an ellipsis", "Well\u2026 we saw two.", ["Well", "we saw two"]),
    ("a semicolon", "We saw two; one is Go.", ["We saw two", "one is Go"]),
    ("a colon does not end one", "We saw two: Go and Python.", ["We saw two: Go and Python"]),
    ("a quoted end", 'He said "yes." Then he left.', ['He said "yes', "Then he left"]),
    ("a decimal point", "It took 2.5 weeks in all.", ["It took 2.5 weeks in all"]),
    ("a domain", "See gettenacious.com for more.", ["See gettenacious.com for more"]),
    ("an initial", "Your CTO is R. Okafor now.", ["Your CTO is R. Okafor now"]),
    ("a title", "Thanks to Dr. Lindqvist for it.", ["Thanks to Dr. Lindqvist for it"]),
    ("an abbreviation", "Stacks (e.g. Python) are open.", ["Stacks (e.g. Python) are open"]),
    ("a short company", "At Acme Inc. you have roles.", ["At Acme Inc. you have roles"]),
    ("an abbreviation at the end", "We met Acme Inc. You have roles.", ["We met Acme Inc", "You have roles"]),
    ("against", "Think Go vs. Rust here.", ["Think Go vs. Rust here"]),
    ("a paragraph", "We saw two roles\n\nIs that all", ["We saw two roles", "Is that all"]),
    ("a short line", "Two roles\nOne question", ["Two roles", "One question"]),
    ("a list", "- Python\n- Go", ["Python", "Go"]),
    ("nothing but marks", "... !!! ???", []),
]

QUESTIONS = [
    ("Is that all?", True),
    ("That is all.", False),
    ('Did she say "yes"?', True),
    ("Is that all?!", True),
    ("Is that all", False),
]


@pytest.mark.parametrize(("text", "words"), WORDS)
def test_words(text: str, words: list[str]) -> None:
    assert split(text).lower == words


@pytest.mark.parametrize(("text", "sentences"), [(t, s) for _, t, s in SENTENCES], ids=[name for name, _, _ in SENTENCES])
def test_sentences(text: str, sentences: list[str]) -> None:
    assert _sentences(text) == sentences


@pytest.mark.parametrize(("text", "question"), QUESTIONS)
def test_a_question_is_told(text: str, question: bool) -> None:
    assert split(text).sentences[0].question is question


class TestWrap:
    """A line that was only wrapped goes on."""

    LONG = "We saw that you have two open Python roles in Berlin"

    def test_a_long_line_before_a_small_letter_goes_on(self) -> None:
        assert len(_sentences(f"{self.LONG}\nand wondered whether that is all.")) == 1

    def test_a_long_line_before_a_capital_ends(self) -> None:
        assert len(_sentences(f"{self.LONG}\nWe wondered whether that is all.")) == 2

    def test_a_blank_line_always_ends(self) -> None:
        assert len(_sentences(f"{self.LONG}\n\nand wondered whether that is all.")) == 2

    def test_a_short_line_ends(self) -> None:
        assert len(_sentences("Two roles\nand a question")) == 2

    def test_a_wrap_of_another_system_goes_on_too(self) -> None:
        assert len(_sentences(f"{self.LONG}\r\nand wondered whether that is all.")) == 1


def test_a_letter_that_grows_when_lowered_moves_nothing() -> None:
    words = split("\u0130stanbul has roles")
    assert [words.text[a:b] for a, b in zip(words.starts, words.ends, strict=True)] == ["\u0130stanbul", "has", "roles"]


@given(st.text(max_size=300))
def test_words_and_sentences_tile_the_text(text: str) -> None:
    words = split(text)
    assert len(words.lower) == len(words.starts) == len(words.ends) == len(words.sentence_of)
    assert all(a < b <= len(text) for a, b in zip(words.starts, words.ends, strict=True))
    at = 0
    for number, sentence in enumerate(words.sentences):
        assert sentence.first == at < sentence.last
        assert set(words.sentence_of[sentence.first : sentence.last]) == {number}
        at = sentence.last
    assert at == len(words.lower)


@given(st.text(max_size=300))
def test_words_lie_inside_their_sentence(text: str) -> None:
    words = split(text)
    for word, number in enumerate(words.sentence_of):
        sentence = words.sentences[number]
        assert sentence.start <= words.starts[word] and words.ends[word] <= sentence.end


@given(st.text(max_size=100), st.integers(0, 120))
def test_the_word_at_a_character_ends_behind_it(text: str, char: int) -> None:
    words = split(text)
    at = words.at(char)
    assert all(end <= char for end in words.ends[:at]) and all(end > char for end in words.ends[at:])
