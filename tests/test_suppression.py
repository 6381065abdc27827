"""Addresses in one spelling, and the list that keeps letters back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.address import domain_name, known_domain, known_mailbox, mailbox, mentions, with_parents
from agent.store import Store
from agent.suppression import Suppression
from agent.suppression_files import import_list
from rubric.errors import InputError
from tests.rows import MAYA

TODAY = date(2026, 4, 21)


@pytest.fixture
def listed(tmp_path: Path) -> Iterator[Suppression]:
    with Store(tmp_path / "s.db", clock=lambda: datetime(2026, 4, 21, 12, tzinfo=UTC)) as store:
        yield Suppression(store)


# -- spelling -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelt",
    [
        "maya@northwind.example", " MAYA@Northwind.Example. ", "maya+news@northwind.example", "Maya L <maya@northwind.example>",
        "mailto:maya@northwind.example", "m\u200baya@northwind.example", "ｍａｙａ＠northwind.example", "maya+a+b@NORTHWIND.example",
    ],
)  # fmt: skip
def test_spellings_of_one_mailbox_meet(spelt: str) -> None:
    assert str(mailbox(spelt)) == MAYA


@pytest.mark.parametrize("wrong", ["", "maya", "@x.example", "maya@", "maya@localhost", "a b@x.example", "a@b@c.example", "a@x..example", "a@-x.example", "a\n@x.example", "a@x.example, b@x.example", "m" * 400 + "@x.example"])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(InputError, match=r"is not an e-mail address|is not a domain"):
        mailbox(wrong)
    assert known_mailbox(wrong) is None and known_mailbox(None) is None


@pytest.mark.parametrize(
    ("spelt", "domain"),
    [
        ("Northwind.Example", "northwind.example"), ("https://www.northwind.example/jobs?x=1", "northwind.example"),
        ("@northwind.example", "northwind.example"), ("*.northwind.example", "northwind.example"),
        ("bücher.example", "xn--bcher-kva.example"), ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("northwind.example:8080", "northwind.example"), ("//northwind.example", "northwind.example"),
    ],
)  # fmt: skip
def test_spellings_of_one_domain_meet(spelt: str, domain: str) -> None:
    assert domain_name(spelt) == domain


@pytest.mark.parametrize("wrong", ["", "com", "northwind", "a b.example", ".example", "x" * 70 + ".example", "http://"])
def test_what_is_no_domain_is_refused(wrong: str) -> None:
    with pytest.raises(InputError, match="is not a domain"):
        domain_name(wrong)
    assert known_domain(wrong) is None


@given(st.text(max_size=12), st.text(max_size=12))
def test_reading_a_mailbox_twice_changes_nothing(local: str, domain: str) -> None:
    found = known_mailbox(f"{local}@{domain}.example")
    if found is not None:
        assert mailbox(str(found)) == found
        assert mentions(f"Write to <{found}>, please.", found)


@given(st.text(max_size=30))
def test_reading_a_domain_twice_changes_nothing(text: str) -> None:
    found = known_domain(text)
    if found is not None:
        assert domain_name(found) == found and found in with_parents(found)


@given(st.text(alphabet="abc.+@-<>, \n", max_size=40))
def test_mentions_never_fails(text: str) -> None:
    assert mentions(text, mailbox("b@c.ca")) in {True, False}


@pytest.mark.parametrize("text", ["x" + MAYA, "a." + MAYA, MAYA + ".org", MAYA + "s", "maya@northwind", "maya @northwind.example"])
def test_others_are_not_the_person(text: str) -> None:
    assert not mentions(text, mailbox(MAYA))


# -- the list -------------------------------------------------------------------------------


def test_an_address_holds_for_its_tags_only(listed: Suppression) -> None:
    added = listed.add("Maya+x@Northwind.example", "asked us  to\nstop")
    assert added.new and added.entry == (MAYA, "address", "asked us to stop", TODAY)
    assert not listed.add(MAYA, "again", date(2026, 5, 1)).new
    match = listed.match("maya+y@northwind.example")
    assert match is not None and match.reason == f"suppressed: {MAYA} is on the list since 2026-04-21: asked us to stop"
    assert listed.match("sam@northwind.example", "northwind.example") is None


def test_a_domain_holds_for_all_below_it(listed: Suppression) -> None:
    listed.add("https://bücher.example/", on=date(2025, 1, 1))
    for email, domain in (("a@bücher.example", None), ("a@mail.xn--bcher-kva.example", None), (None, "shop.bücher.example"), ("broken", "www.BÜCHER.example")):
        assert listed.match(email, domain) is not None
    assert listed.match("a@notbücher.example", "example") is None and listed.match() is None
    match = listed.match("a@mail.xn--bcher-kva.example")
    assert match is not None and "as part of xn--bcher-kva.example since 2025-01-01" in match.reason


def test_the_address_speaks_before_the_domain(listed: Suppression) -> None:
    listed.add("northwind.example", "company")
    listed.add(MAYA, "person")
    assert "person" in str(listed.reason(MAYA, "northwind.example"))
    assert "company" in str(listed.reason("sam@northwind.example"))
    assert listed.reason("sam@other.example", "other.example") is None


def test_removing_takes_off_one_entry(listed: Suppression) -> None:
    listed.add(MAYA)
    listed.add("northwind.example")
    assert [e.value for e in listed.remove("MAYA@northwind.example")] == [MAYA]
    assert listed.remove(MAYA) == []
    assert [e.value for e in listed.list()] == ["northwind.example"]


def test_somebody_forgotten_is_known_by_a_hash_alone(listed: Suppression, tmp_path: Path) -> None:
    listed._store.forget(MAYA)
    match = listed.match("maya+z@northwind.example")
    assert match is not None and match.reason == "suppressed: this person was forgotten by request on 2026-04-21"
    assert all("maya" not in e.value for e in listed.list())
    with pytest.raises(InputError, match="--forgotten"):
        listed.remove(MAYA)
    assert [e.kind for e in listed.remove(MAYA, forgotten=True)] == ["forgotten"]
    assert listed.match(MAYA) is None
    with Store(tmp_path / "other.db") as other:
        other.forget(MAYA)
        first = Suppression(other).list()[0].value
    listed._store.forget(MAYA)
    assert listed.list()[0].value != first


# -- files ----------------------------------------------------------------------------------


def test_a_file_with_a_header_is_read(listed: Suppression) -> None:
    lines = ["\ufeffReason;E-Mail;Date\r\n", "asked; MAYA@northwind.example ;2025-03-04\r\n", ";sam@x.example;\r\n", '"a; b";lee@x.example;soon\n', ";;\n", "x;nobody;\n", "late;ada@x.example\n"]
    done = import_list(listed, lines, "import", date(2024, 1, 1))
    assert (done.added, done.known) == (4, 0)
    assert [e[:6] for e in done.errors] == ["line 6"] and done.warnings == ("line 4: 'soon' is not a day, listed as of 2024-01-01",)
    entries = {e.value: e for e in listed.list()}
    assert entries[MAYA].reason == "asked" and entries[MAYA].on == date(2025, 3, 4)
    assert entries["sam@x.example"].reason == "import" and entries["sam@x.example"].on == date(2024, 1, 1)
    assert entries["ada@x.example"].reason == "late" and entries["lee@x.example"].on == date(2024, 1, 1)


def test_a_file_without_a_header_is_read(listed: Suppression) -> None:
    lines = ["# people who asked\n", "\n", f"{MAYA}\n", "northwind.example, closed shop, 2025-03-04\n", f"{MAYA}\n", "not an entry at all\n"]
    done = import_list(listed, lines)
    assert (done.added, done.known, len(done.errors)) == (2, 1, 1) and done.errors[0].startswith("line 6: ")
    domain = next(e for e in listed.list() if e.kind == "domain")
    assert domain.reason == "closed shop" and domain.on == date(2025, 3, 4)


DAYS = [("31/12/2026", date(2026, 12, 31)), ("12/31/2026", date(2026, 12, 31)), ("5/5/2026", date(2026, 5, 5)), ("03/04/2026", None), ("31/02/2026", None), ("2026-99-01", None), ("00/00/0000", None)]


@pytest.mark.parametrize(("text", "wanted"), DAYS)
@pytest.mark.parametrize("header", ["email,date\n", ""])
def test_a_day_that_cannot_be_read_drops_no_opt_out(listed: Suppression, header: str, text: str, wanted: date | None) -> None:
    done = import_list(listed, [header, f"{MAYA},{text}\n"])
    assert (done.added, done.errors) == (1, ()) and listed.list()[0].on == (wanted or TODAY)
    assert done.warnings == (() if wanted else (f"line 2: '{text}' is not a day, listed as of today",))


@pytest.mark.parametrize("header", ["Opt-out", "opted_out", "Unsubscribed", "Do Not Contact", "DNC"])
def test_a_column_that_says_no_is_believed(listed: Suppression, header: str) -> None:
    cells = {"a": "no", "b": "FALSE", "c": "0", "d": "yes", "e": "", "f": "asked 3 March", "g": "1"}
    done = import_list(listed, [f"email,{header},note\n", *(f"{name}@x.example,{cell},\n" for name, cell in cells.items())])
    assert (done.added, done.skipped, done.errors) == (4, 3, ())
    assert "".join(sorted(entry.value[0] for entry in listed.list())) == "defg"


def test_one_yes_among_several_columns_is_an_opt_out(listed: Suppression) -> None:
    done = import_list(listed, ["email,unsubscribed,do not contact\n", "a@x.example,no,yes\n", "b@x.example,no,no\n", "c@x.example,no,\n"])
    assert (done.added, done.skipped) == (1, 2) and listed.reason("a@x.example") is not None


def test_a_file_in_utf16_is_refused(listed: Suppression) -> None:
    with pytest.raises(InputError, match="UTF-16"):
        import_list(listed, ["\udcff\udcfee\0m\0"])


@given(st.lists(st.text(max_size=20), max_size=8))
def test_any_file_is_read_or_told_line_by_line(lines: list[str]) -> None:
    with Store(":memory:") as store:
        try:
            done = import_list(Suppression(store), lines)
        except InputError as error:
            assert "UTF-16" in str(error)
        else:
            assert done.added + done.known + done.skipped + len(done.errors) <= len(lines)
