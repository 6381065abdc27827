"""Prospects in: JSON, JSON Lines and CSV, however people make them."""

from __future__ import annotations

import csv
import io
import json
import sys
import tracemalloc
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import importers
from agent.csv_columns import NAMES, normal, paths
from agent.importers import Incoming, read_prospects
from rubric import read_prospect
from rubric.errors import ConfigError, InputError

ACME = {"company": {"name": "Acme"}}


def read(tmp_path: Path, name: str, data: str | bytes, columns: Mapping[str, str] | None = None) -> list[Incoming]:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read_prospects(str(path), columns))


def one(tmp_path: Path, header: str, line: str, columns: Mapping[str, str] | None = None) -> Incoming:
    (found,) = read(tmp_path, "p.csv", f"{header}\n{line}\n", columns)
    return found


def data_of(tmp_path: Path, header: str, line: str, columns: Mapping[str, str] | None = None) -> dict[str, Any]:
    found = one(tmp_path, header, line, columns)
    assert found.error is None and found.data is not None
    read_prospect(found.data)
    return dict(found.data)


# -- JSON -----------------------------------------------------------------------------------


def test_a_document_holds_one_or_many(tmp_path: Path) -> None:
    assert read(tmp_path, "p.json", json.dumps(ACME, indent=2)) == [Incoming(1, ACME)]
    many = read(tmp_path, "p.json", json.dumps([ACME, 5, ACME]))
    assert [i.number for i in many] == [1, 2, 3] and many[1].error == "item 2: expected an object with a prospect, got int"
    assert len(read(tmp_path, "p.json", "[" + ", ".join([json.dumps(ACME)] * 160_000) + "]")) == 160_000


def test_lines_are_prospects_or_wrappers(tmp_path: Path) -> None:
    wrapped = {"id": "w", "as_of": "2026-04-21", "prospect": ACME}
    lines = ["\ufeff" + json.dumps(ACME) + "\r", "", json.dumps(wrapped), '{"nope', "[1]", '{"prospect": 5}', json.dumps({**wrapped, "as_of": "soon"})]
    found = read(tmp_path, "p.jsonl", "\n".join(lines))
    assert found[0] == Incoming(1, ACME)
    assert found[1] == Incoming(3, {"id": "w", **ACME}, as_of=date(2026, 4, 21))
    assert [i.number for i in found[2:]] == [4, 5, 6, 7] and all(i.data is None for i in found[2:])
    said = ["line 4: the line is not JSON", "line 5: expected an object", "line 6: /prospect", "line 7: /as_of: got 'soon'"]
    assert all(str(i.error).startswith(text) for i, text in zip(found[2:], said, strict=True))


def test_a_long_line_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importers, "MAX_LINE", 2**20)
    found = read(tmp_path, "p.jsonl", json.dumps(ACME) + "\n" + "x" * 3_000_000 + "\n" + json.dumps(ACME))
    assert [i.number for i in found] == [1, 2, 3] and "longer than 1 MB" in str(found[1].error)
    found = read(tmp_path, "p.csv", "company\nAcme\n" + "x," * 1_500_000 + "\nBeta\n")
    assert [(i.number, i.error is None) for i in found] == [(2, True), (3, False), (4, True)]


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        (json.dumps(ACME), [1]), (json.dumps(ACME, indent=1), [1]), (f"[\n{json.dumps(ACME)},{json.dumps(ACME)}]", [1, 2]),
        (f"{json.dumps(ACME)}\n\n{json.dumps(ACME)}\n", [1, 3]), ("\n\ncompany\nAcme\n", [4]), ('{"company": {"name": x\n' + json.dumps(ACME), [1, 2]),
    ],
)  # fmt: skip
def test_standard_input_is_known_by_its_content(monkeypatch: pytest.MonkeyPatch, content: str, numbers: list[int]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    found = list(read_prospects("-"))
    assert [i.number for i in found] == numbers and found[-1].data == ACME


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "empty": ("p.csv", b"", "p.csv is empty"),
    "blank": ("p.jsonl", b"\xef\xbb\xbf\n \n", "is empty"),
    "utf-16": ("p.csv", "company\nAcme".encode("utf-16"), "UTF-16; save it as UTF-8"),
    "utf-16 without a mark": ("p.csv", "company\nAcme".encode("utf-16-le"), "binary"),
    "excel": ("p.xlsx", b"PK\x03\x04", "spreadsheet; save it as CSV"),
    "excel by content": ("p.csv", b"PK\x03\x04abc", "spreadsheet"),
    "empty array": ("p.json", b"[]", "array is empty"),
    "lines in json": ("p.json", b"{}\n{}", "name it .jsonl"),
    "latin-1 json": ("p.json", b'{"a": "\xe9"}', "not UTF-8: byte 0xe9"),
    "no header": ("p.csv", b"Acme,maya@x.example\n", "no column names but data"),
    "no company": ("p.csv", b"email,plan\n", "no column holds the company's name"),
    "twins": ("p.csv", b"company,Email,EMAIL\n", "'email' twice, in columns 2 and 3"),
    "latin-1 header": ("p.csv", b"company,soci\xe9t\xe9\n", "header is not UTF-8"),
    "broken header": ("p.csv", b'company,"email\nAcme', "header cannot be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_files_that_cannot_be_read_are_named(tmp_path: Path, name: str) -> None:
    file, data, said = REFUSED[name]
    with pytest.raises(InputError) as caught:
        read(tmp_path, file, data)
    assert said in str(caught.value) and file in str(caught.value)


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.csv", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(InputError, match=said):
            list(read_prospects(str(path)))


# -- CSV: columns ---------------------------------------------------------------------------


def test_the_usual_columns_fill_the_prospect(tmp_path: Path) -> None:
    header = "Lead-ID,First Name,last_name,E-Mail,Job Title,Organization,Website,LinkedIn URL,# Employees,Industry,Company Country,Time Zone"
    header += ",Latest Funding,Last Raised Amount,Last Raised Date,Open Roles,Unsubscribed,Notes,as_of"
    line = "7,Maya,Lindqvist,maya@northwind.example,VP Engineering,Northwind,https://www.northwind.example/about,https://l.example/in/m,"
    line += '51-200,logistics,Germany,Europe/Berlin,Series B,$14M,2026-02-10,7,no,"met, briefly",2026-04-21'
    assert data_of(tmp_path, header, line) == {
        "id": "7", "as_of": "2026-04-21", "notes": "met, briefly",
        "company": {"name": "Northwind", "domain": "northwind.example", "industry": "logistics", "headcount": 51, "hq": "Germany"},
        "recipient": {"name": "Maya Lindqvist", "email": "maya@northwind.example", "title": "VP Engineering", "timezone": "Europe/Berlin"},
        "signals": {"funding": {"stage": "Series B", "amount_usd": 14_000_000, "closed_on": "2026-02-10"}, "hiring": {"open_engineering_roles": 7}},
        "extra": {"linkedin_url": "https://l.example/in/m"},
    }  # fmt: skip


def test_columns_by_config_come_first(tmp_path: Path) -> None:
    columns = {"Prospect Company": "company.name", "hiring": "signals.hiring.open_engineering_roles", "Tech": "/signals/tech_stack/items", "x.y": "extra.a.b", "Absent": "notes"}
    found = one(tmp_path, "prospect company,Hiring,Tech,Company,x.y,need.stack", 'Acme,"1,200",python; kafka,Other,z,python', columns)
    assert found.data == {
        "company": {"name": "Acme"}, "signals": {"hiring": {"open_engineering_roles": 1200}, "tech_stack": {"items": ["python", "kafka"]}},
        "extra": {"a.b": "z", "company": "Other"}, "need": {"stack": "python"},
    }  # fmt: skip
    assert found.warnings == ("the setting 'columns' names 'Absent', and the list has no such column",)
    with pytest.raises(ConfigError, match=r"nearest is 'company\.headcount'"):
        one(tmp_path, "company,size", "Acme,5", {"size": "company.headcont"})
    with pytest.raises(ConfigError, match="no place in the prospect"):
        one(tmp_path, "company,size", "Acme,5", {"size": "extra."})


def test_what_is_unknown_is_kept_and_told_once(tmp_path: Path) -> None:
    found = read(tmp_path, "p.csv", "Company,Phone,City,\nAcme,+49 1,Berlin,z\nBeta,,,\n")
    assert found[0].data == {**ACME, "extra": {"phone": "+49 1", "city": "Berlin", "column_4": "z"}}
    assert found[0].warnings == ("columns without a place in the prospect are kept under extra: Phone, City",)
    assert found[1] == Incoming(3, {"company": {"name": "Beta"}})
    assert read_prospect(found[0].data).warnings == ()


@pytest.mark.parametrize("header", ["linkedin_url", "LinkedIn", "LinkedIn Profile", "Person Linkedin Url"])
def test_a_column_of_linkedin_addresses_is_known(tmp_path: Path, header: str) -> None:
    found = one(tmp_path, f"company,{header},City", "Acme,https://l.example/in/m,Berlin")
    key = header.lower().replace(" ", "_")
    assert found.data == {**ACME, "extra": {key: "https://l.example/in/m", "city": "Berlin"}}
    assert found.warnings == ("columns without a place in the prospect are kept under extra: City",)


def test_the_more_telling_column_fills_a_place(tmp_path: Path) -> None:
    found = data_of(tmp_path, "Country,Full Name,First Name,HQ,Company,Account", "Spain,Maya L,M,Germany,Acme,Acme")
    assert found == {"company": {"name": "Acme", "hq": "Germany"}, "recipient": {"name": "Maya L"}, "extra": {"country": "Spain"}}


def test_funding_that_is_no_stage_is_set_aside(tmp_path: Path) -> None:
    found = one(tmp_path, "company,Latest Funding", "Acme,Debt Financing")
    assert found.data == {**ACME, "extra": {"latest_funding": "Debt Financing"}} and "kept under extra" in found.warnings[0]


@pytest.mark.parametrize(("cell", "wanted"), [("TRUE", ["email"]), ("no", None), ("", None), ("sms; phone", ["sms", "phone"]), ("asked 3 March", ["email"])])
def test_an_opt_out_is_never_lost(tmp_path: Path, cell: str, wanted: list[str] | None) -> None:
    assert data_of(tmp_path, "company,Do Not Contact", f"Acme,{cell}").get("opt_out_channels") == wanted


def test_every_known_name_is_unambiguous() -> None:
    spelt = [(normal(name), target) for target, names in NAMES.items() for name in names.split(",")]
    assert len(dict(spelt)) == len(set(spelt))
    assert {target for target in NAMES if "." in target} <= set(paths())


# -- CSV: records ---------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, end: str) -> None:
    lines = ["\ufeffcompany,first name", "Acme,Maya", "", "Beta,Sam"]
    found = read(tmp_path, "p.csv", end.join(line.replace(",", delimiter) for line in lines))
    assert [i.number for i in found] == [2, 4] and found[1].data == {"company": {"name": "Beta"}, "recipient": {"name": "Sam"}}


def test_quoted_cells_keep_lines_and_numbers(tmp_path: Path) -> None:
    found = read(tmp_path, "p.csv", 'sep=;\n"company";"notes"\n"A; B";"one\r\ntwo ""x"""\nBeta;\n;x\n"Gam\nma";y\n')
    assert [i.number for i in found] == [3, 5, 6, 7]
    assert found[0].data == {"company": {"name": "A; B"}, "notes": 'one\r\ntwo "x"'}
    assert found[2].error == "line 6: the company's name is empty, and nothing can be written without it"


def test_ragged_rows(tmp_path: Path) -> None:
    found = read(tmp_path, "p.csv", "company,name,notes\nAcme\nAcme,Maya,n,,\nAcme, Inc.,Maya,n\n")
    assert [i.error is None for i in found] == [True, True, False]
    assert found[2].error == "line 4: 4 cells where the header has 3; put quotes around the cell that holds a delimiter"


def test_an_open_quote_does_not_swallow_prospects_in_silence(tmp_path: Path) -> None:
    found = read(tmp_path, "p.csv", 'company,notes\nAcme,"open\nBeta,x\nGamma,y\n')
    assert len(found) == 1 and "line 2: a quote is opened here and never closed (the record goes on to line 4)" in str(found[0].error)
    found = read(tmp_path, "p.csv", 'company,notes\nAcme,"open\nBeta,"x"\nGamma,y\n')
    assert "the quotes cannot be read (the record goes on to line 3)" in str(found[0].error) and found[1].data == {"company": {"name": "Gamma"}, "notes": "y"}
    found = read(tmp_path, "p.csv", 'company,notes\nAcme,"' + "x" * 200_000 + '"\nBeta,x\n')
    assert "is a quote left open?" in str(found[0].error) and found[1].data is not None


WRONG: dict[str, tuple[str, str, str]] = {
    "email": ("email", "maya at x", "column 'email': got 'maya at x'; expected one e-mail address"),
    "two emails": ("email", "a@x.example; b@x.example", "expected one e-mail address"),
    "headcount": ("Employees", "many", "column 'Employees': got 'many'; expected a whole number"),
    "excel range": ("company size", "10-Feb", "a spreadsheet has turned a range into a date"),
    "euros": ("funding amount", "€3M", "expected US dollars"),
    "day": ("funding date", "03/04/2026", "can be read in two ways"),
    "domain": ("website", "not yet", "expected a domain"),
    "too long": ("title", "x" * 400, "column 'title': got"),
    "latin-1": ("notes", "caf\udce9", "column 'notes': byte 0xe9 is not UTF-8"),
    "zero": ("notes", "a\0b", "zero byte"),
    "stage": ("buying_stage", "lost", "column 'buying_stage'"),
    "infinite": ("funding amount", "9" * 400, "column 'funding amount'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_cells_name_line_and_column(tmp_path: Path, name: str) -> None:
    header, cell, said = WRONG[name]
    content = f"company,{header}\nAcme,{cell}\nBeta,\n".encode("utf-8", "surrogateescape")
    first, second = read(tmp_path, "p.csv", content)
    assert first.data is None and str(first.error).startswith("line 2: column ") and said in str(first.error)
    assert second.data == {"company": {"name": "Beta"}}


def test_placeholders_are_empty(tmp_path: Path) -> None:
    assert data_of(tmp_path, "company,email,headcount,website,Custom", "None,N/A,-,unknown,N/A") == {"company": {"name": "None"}, "extra": {"custom": "N/A"}}


def test_a_long_list_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    with path.open("w") as file:
        file.write("company,email\n")
        file.writelines(f"Acme {n},m{n}@x.example\n" for n in range(5000))
    next(iter(read_prospects(str(path))))
    tracemalloc.start()
    assert sum(1 for _ in read_prospects(str(path))) == 5000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


# -- anything -------------------------------------------------------------------------------


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)


named = cells.filter(lambda text: any(char.isprintable() and not char.isspace() for char in text))


@given(st.lists(st.tuples(named, cells), min_size=1, max_size=6))
def test_what_a_csv_writer_wrote_is_read_again(pairs: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("company", "notes"), *pairs])
    lines = importers._lines(io.BytesIO(out.getvalue().encode()))
    found = list(importers._csv(1, lines, {}))
    assert [i.data["company"]["name"] for i in found if i.data] == [name.strip() for name, _ in pairs]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    lines = importers._lines(io.BytesIO(b"company,notes,email,headcount\n" + data))
    for incoming in importers._csv(1, lines, {}):
        assert (incoming.data is None) != (incoming.error is None)
