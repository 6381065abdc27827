"""Normalisation: what a reader takes for the same text becomes the same text, and spans lead back."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rubric.text import normalise
from tests.cases import fires

SAME = [
    ("compatibility letters", "ｓｙｎｅｒｇｙ", "synergy"),
    ("mathematical letters", "𝐬𝐲𝐧𝐞𝐫𝐠𝐲", "synergy"),
    ("a ligature", "eﬃcient", "efficient"),
    ("circled letters", "ⓢⓨⓝⓔⓡⓖⓨ", "synergy"),
    ("a superscript", "10ˣ", "10x"),
    ("Cyrillic look-alikes", "wоrld-clаss teams", "world-class teams"),
    ("Greek look-alikes", "Τορ talent in the team", "Top talent in the team"),
    ("a zero-width space", "syn\u200bergy", "synergy"),
    ("a zero-width joiner", "syn\u200dergy", "synergy"),
    ("a zero-width non-joiner", "syn\u200cergy", "synergy"),
    ("a word joiner", "syn\u2060ergy", "synergy"),
    ("a byte order mark", "\ufeffsynergy", "synergy"),
    ("a soft hyphen", "syn\u00adergy", "synergy"),
    ("direction marks", "\u202esynergy\u202c", "synergy"),
    ("a combining mark", "s\u0336y\u0336nergy", "synergy"),
    ("letters set apart by spaces", "s y n e r g y", "synergy"),
    ("letters set apart by hyphens", "s-y-n-e-r-g-y", "synergy"),
    ("letters set apart by dots", "s.y.n.e.r.g.y", "synergy"),
    ("letters set apart by asterisks", "s*y*n*e*r*g*y", "synergy"),
    ("letters set apart by underscores", "s_y_n_e_r_g_y", "synergy"),
    ("a named entity", "you&rsquo;re", "you're"),
    ("a decimal entity", "s&#121;nergy", "synergy"),
    ("a hexadecimal entity", "s&#x79;nergy", "synergy"),
    ("an ampersand entity", "R&amp;D", "R&D"),
    ("a no-break space entity", "world&nbsp;class", "world class"),
    ("an invisible entity", "syn&#8203;ergy", "synergy"),
    ("a curly apostrophe", "you\u2019re", "you're"),
    ("an apostrophe of another kind", "you\u02bcre", "you're"),
    ("curly quotes", "\u201cfine\u201d", '"fine"'),
    ("guillemets", "\u00abfine\u00bb", '"fine"'),
    ("a no-break space", "world\u00a0class", "world class"),
    ("a narrow no-break space", "10\u202f000", "10 000"),
    ("an ideographic space", "world\u3000class", "world class"),
    ("a no-break hyphen", "world\u2011class", "world-class"),
    ("a minus sign", "world\u2212class", "world-class"),
]

UNCHANGED = [
    "We saw 7 open roles (Python, Go) at 14:00 & more.",
    "Plan A or B, then C.",
    "Vitamin C, B and K in a cup.",
    "AT&T and R&D; a & b",
    "Caf\u00e9 M\u00fcnchen, na\u00efve fa\u00e7ade",
    "A dash \u2013 and a longer one \u2014 stay.",
    "U.S. and U.K. teams",
    "line one\nline two\r\n\ttabbed",
    "",
]

# Letters without an entity and without letters that stand alone.
CLEAN = st.text(alphabet=string.ascii_letters + string.digits + " .,:!?'\"()/\n", max_size=200).filter(
    lambda text: not any(len(word) == 1 for word in "".join(c if c.isalnum() else " " for c in text).split())
)
MESSY = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from([raw for _, raw, _ in SAME]),
        st.sampled_from(["&amp;", "&#0;", "&#x110000;", "&bogus;", "&", "\u200b", "\ufdfa", "\u1e9e", "a b c d", "s.y.n.e", "\U0001f680", "שלום", "سلام"]),
    ),
    max_size=8,
).map("".join)


@pytest.mark.parametrize(("raw", "norm"), [(r, n) for _, r, n in SAME], ids=[name for name, _, _ in SAME])
def test_a_disguise_falls(raw: str, norm: str) -> None:
    assert normalise(raw).norm == norm


@pytest.mark.parametrize(("raw", "norm"), [(r, n) for _, r, n in SAME], ids=[name for name, _, _ in SAME])
def test_a_disguise_in_a_sentence_maps_back_to_itself(raw: str, norm: str) -> None:
    before = "We like "
    text = normalise(f"{before}{raw} a lot.")
    at = text.norm.index(norm)
    start, end = text.span(at, at + len(norm))
    assert text.raw[start:end].strip("\ufeff\u202e\u202c") == raw.strip("\ufeff\u202e\u202c")


@pytest.mark.parametrize("raw", UNCHANGED)
def test_plain_writing_stays(raw: str) -> None:
    assert normalise(raw).norm == raw


def test_text_in_another_script_stays_in_it() -> None:
    russian = "Мы видели две открытые вакансии"
    assert normalise(russian).norm == russian


@pytest.mark.parametrize("raw", ["wоrld-clаss", "w o r l d class", "ＷＯＲＬＤ class", "world\u200b-class", "w&#111;rld&nbsp;class"])
def test_no_disguise_gets_round_a_tone_rule(raw: str) -> None:
    assert fires("tone.words", f"Our team has {raw} people in it for you.")


@pytest.mark.parametrize("raw", ["s y n e r g y is here", "synergy s-y-n-e-r-g-y"])
def test_an_empty_span_lies_inside(raw: str) -> None:
    text = normalise(raw)
    for at in (0, 3, len(text.norm)):
        start, end = text.span(at, at)
        assert start == end and 0 <= start <= len(raw)


@given(CLEAN)
def test_plain_ascii_is_identity(raw: str) -> None:
    text = normalise(raw)
    assert text.norm == raw
    assert text.span(0, len(raw)) == (0, len(raw))


@given(MESSY, st.data())
def test_every_span_lies_inside_the_raw_text(raw: str, data: st.DataObject) -> None:
    text = normalise(raw)
    start = data.draw(st.integers(0, len(text.norm)))
    end = data.draw(st.integers(start, len(text.norm)))
    first, last = text.span(start, end)
    assert 0 <= first <= last <= len(raw)
    assert (first < last) == (start < end)


@given(MESSY)
def test_spans_keep_their_order(raw: str) -> None:
    text = normalise(raw)
    spans = [text.span(at, at + 1) for at in range(len(text.norm))]
    assert spans == sorted(spans)


@given(MESSY)
@example("s y n e r g y")
@example("&amp;amp;")
@example("&\u200bamp;")
def test_normalising_is_deterministic(raw: str) -> None:
    assert normalise(raw) == normalise(raw)


def _settled(text: str) -> bool:
    """Whether no letter of another script comes out of a compatibility form, and no entity stands there."""
    folded = unicodedata.normalize("NFKC", text)
    return "&" not in text and (folded == text or not any("\u0370" <= c <= "\u052f" for c in folded))


@given(st.text(max_size=80).filter(_settled))
@example("s\u200b y n e r g y")
@example("a b c d e")
def test_normalising_twice_is_normalising_once(raw: str) -> None:
    once = normalise(raw).norm
    assert normalise(once).norm == once


def test_a_look_alike_behind_a_compatibility_form_falls_too() -> None:
    """Whether a text is Latin is a question about the letters a reader sees."""
    assert normalise("\uff37\u041erld").norm == "WOrld"
    assert normalise("\uff33\u0423\uff2e\uff25\uff32\uff27\u0423").norm.lower() == "synergy"


@given(MESSY)
def test_nothing_invisible_is_left(raw: str) -> None:
    assert not set(normalise(raw).norm) & set("\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e")
