"""Rows out: whole files, harmless cells, and rows that can be taken out again."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.eml import file_name, message_of
from agent.exports import (
    COLUMNS,
    FORMATS,
    Format,
    exports_at,
    format_of,
    is_folder,
    write_export,
    write_stream,
)
from agent.lines import as_json
from agent.redaction import redact
from agent.row_text import shown
from agent.store_export import Export
from agent.whole_file import unfinished, whole_file
from rubric.errors import ConfigError, StoreError
from tests.command import ROOT
from tests.rows import MAYA, key, row


def streamed(format: Format, *rows: dict[str, Any], one: bool = False) -> str:
    out = io.BytesIO()
    write_stream(iter(rows), out, format, one=one)
    return out.getvalue().decode()


# -- formats --------------------------------------------------------------------------------


def test_json_is_an_array_or_one_object() -> None:
    assert json.loads(streamed("json", row("a"), row("b"))) == [row("a"), row("b")]
    assert json.loads(streamed("json", row("a"))) == [row("a")] and json.loads(streamed("json")) == []
    assert json.loads(streamed("json", row("a"), one=True)) == row("a") and json.loads(streamed("json", one=True)) is None


def test_json_lines_are_one_row_a_line() -> None:
    odd = row("a", company="x\u2028y\x85\n\ud800")
    text = streamed("jsonl", odd, row("b"))
    assert [json.loads(line) for line in text.splitlines()] == [odd, row("b")]
    assert "Lindqvist" in as_json(row()).decode() and as_json({"a": "é"}) == '{"a": "é"}'.encode()


def test_text_is_for_people() -> None:
    text = streamed("text", row("a"), row("b", outcome="ABSTAIN", email=None, decision=None, score=None, reasons=["Too sure."], segment=None))
    assert text == f"""\
[1] Northwind Robotics: DRAFT (PASS, score 0.93, recently_funded)
    to       Maya Lindqvist <{MAYA}>
    subject  Three Python engineers

    Hi Maya,

    Would a call suit you?

    id       a
    key      {key("a")}

[2] Northwind Robotics: ABSTAIN
    to       Maya Lindqvist <{MAYA}>
    because  Too sure.
    id       b
    key      {key("b")}

"""


@given(st.text(max_size=60), st.text(max_size=30))
def test_text_keeps_rows_apart_and_steers_nothing(body: str, name: str) -> None:
    block = shown(row(company=name, email={"subject": name, "body": body}, error=name), 1)
    lines = block.split("\n")
    assert all(line == "" or line.startswith("    ") for line in lines[1:])
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", block)


def test_csv_has_a_row_for_every_outcome() -> None:
    found = list(csv.DictReader(io.StringIO(streamed("csv", row("a"), row("b", outcome="SUPPRESS", email=None, recipient=None, segment=None, score=None, reasons=["one", "two"])))))
    assert found[0]["first name"] == "Maya" and found[0]["body"].startswith("Hi Maya,\n") and found[0]["score"] == "0.93"
    assert found[1] | {"email": "", "subject": "", "reasons": "one; two", "outcome": "SUPPRESS", "score": ""} == found[1]


def test_csv_names_title_and_line_and_greets_as_the_letter_does() -> None:
    person = {"name": "Lindqvist, Maya (she/her)", "email": MAYA, "role": "vp_eng", "title": "VP Engineering"}
    found = next(csv.DictReader(io.StringIO(streamed("csv", row(recipient=person, line=7)))))
    assert tuple(found) == COLUMNS and found["first name"] == "Maya" and found["title"] == "VP Engineering" and found["line"] == "7"
    assert found["name"] == "Lindqvist, Maya (she/her)"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")', "＝1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    found = next(csv.DictReader(io.StringIO(streamed("csv", row(company=cell, email={"subject": cell, "body": cell})), newline="")))
    assert found["company"] == found["subject"] == found["body"] == f"'{cell}"


@given(st.text(max_size=20))
def test_every_cell_is_harmless(text: str) -> None:
    found = next(csv.reader(io.StringIO(streamed("csv", row(id=text, company=text)).split("\r\n", 1)[1], newline="")))
    assert not found[0].startswith(("=", "+", "-", "@", "\t", "\r"))


# -- places ---------------------------------------------------------------------------------


def test_what_an_output_is(tmp_path: Path) -> None:
    assert [format_of(Path(n)) for n in ("a.JSONL", "a.json", "a.csv", "a.txt", "a.eml", "a")] == ["jsonl", "json", "csv", "text", "eml", None]
    assert is_folder(tmp_path, "csv") and is_folder(tmp_path / "new", "csv") and is_folder(tmp_path / "v1.2", "eml")
    assert not is_folder(tmp_path / "v1.2", "csv") and not is_folder(tmp_path / "a.eml", "eml")
    (tmp_path / "file").write_text("x")
    assert not is_folder(tmp_path / "file", "csv")
    with pytest.raises(ConfigError, match="no place for mail messages"):
        exports_at(tmp_path / "a.csv", "eml")


@pytest.mark.parametrize("format", FORMATS)
def test_a_folder_has_all_rows_and_what_was_asked(tmp_path: Path, format: Format) -> None:
    rows = [row("a"), row("b", outcome="ABSTAIN", email=None), row("c")]
    out = tmp_path / "deep" / "out"
    assert write_export(iter(rows), out, format).exports == exports_at(out, format)
    names = {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()}
    more = {"text": {"drafts.txt"}, "json": {"drafts.json"}, "jsonl": set(), "csv": {"drafts.csv"}}
    mails = {f"eml/{file_name(n, 'Northwind Robotics', key(k))}" for n, k in ((1, "a"), (3, "c"))}
    assert names == {"drafts.jsonl"} | more.get(format, mails)
    assert [json.loads(line) for line in (out / "drafts.jsonl").read_text().splitlines()] == rows


def test_mail_of_an_earlier_export_is_cleared_and_other_files_stay(tmp_path: Path) -> None:
    write_export([row("a"), row("b")], tmp_path, "eml")
    (tmp_path / "eml" / "mine.eml").write_text("X-Winnow-Key: 1")
    (tmp_path / "eml" / "0001-mine-000000.eml").write_text("Subject: mine\n\nX")
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "eml").iterdir()}
    write_export([row("a"), row("c", outcome="ABSTAIN")], tmp_path, "eml")
    kept = file_name(1, "Northwind Robotics", key("a"))
    assert {p.name for p in (tmp_path / "eml").iterdir()} == {kept, "mine.eml", "0001-mine-000000.eml"}
    assert (tmp_path / "eml" / kept).stat().st_mtime_ns == before[kept]


def test_one_draft_is_one_message(tmp_path: Path) -> None:
    write_export([row(), row("b", outcome="ABSTAIN")], tmp_path / "a.eml", "eml")
    assert b"X-Unsent: 1" in (tmp_path / "a.eml").read_bytes()
    assert streamed("eml", row()) == (message_of(row()) or b"").decode()
    with pytest.raises(ConfigError, match="2 drafts; give --out FOLDER"):
        write_export([row("a"), row("b")], tmp_path / "b.eml", "eml")
    with pytest.raises(ConfigError, match="standard output holds one"):
        streamed("eml", row("a"), row("b"))


def test_a_file_for_a_spreadsheet_says_that_it_is_utf8(tmp_path: Path) -> None:
    write_export([row(company="Zürich")], tmp_path / "a.csv", "csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbfid,outcome")
    assert not streamed("csv", row()).startswith("\ufeff")


# -- whole or absent ------------------------------------------------------------------------


def _fails_after_one() -> Iterator[dict[str, Any]]:
    yield row("new")
    raise KeyboardInterrupt


@pytest.mark.parametrize("format", ["jsonl", "json", "csv", "text"])
def test_an_interrupted_export_leaves_the_old_file(tmp_path: Path, format: Format) -> None:
    out = tmp_path / f"a.{format}"
    out.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_export(_fails_after_one(), out, format)
    assert [p.name for p in tmp_path.iterdir()] == [out.name] and out.read_text() == "old"


class FullDisk(io.BytesIO):
    """A file on a disk without room."""

    def write(self, data: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "a.jsonl"
    out.write_text("old")
    really = Path.open

    def full(self: Path, *arguments: Any, **more: Any) -> Any:
        return FullDisk() if self == unfinished(out) else really(self, *arguments, **more)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(StoreError, match=r"writing .*a\.jsonl failed: No space left on device; make room"):
        write_export([row()], out, "jsonl")
    monkeypatch.undo()
    assert out.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_device_is_written_through() -> None:
    with pytest.raises(StoreError, match="No space left"):
        write_export([row()], Path("/dev/full"), "jsonl")
    write_export([row()], Path(os.devnull), "jsonl")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


LIMITED = """
import resource, signal, sys
from pathlib import Path
from agent.exports import write_export
from tests.rows import row
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
write_export((row(f"r{n}") for n in range(1000)), Path(sys.argv[1]), "jsonl")
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no limits on files")
def test_a_file_that_may_not_grow_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path / "a.jsonl")], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert "rubric.errors.StoreError: writing" in done.stderr and "File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for out, format in ((tmp_path / "file" / "a.csv", "csv"), (tmp_path / "file" / "out" / "x", "eml")):
        with pytest.raises(StoreError, match=r"cannot be written: .*; give an --out"):
            write_export([row()], out, format)  # type: ignore[arg-type]
    (tmp_path / "a.json").mkdir()
    with pytest.raises(StoreError, match="Is a directory"), whole_file(tmp_path / "a.json" / "..") as file:
        file.write(b"x")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.raises(StoreError, match="Permission denied"):
        write_export([row()], tmp_path / "shut" / "a.csv", "csv")


def test_links_and_modes_are_kept(tmp_path: Path) -> None:
    target, link = tmp_path / "target.jsonl", tmp_path / "link.jsonl"
    target.touch(0o600)
    link.symlink_to(target)
    write_export([row()], link, "jsonl")
    assert link.is_symlink() and target.stat().st_size > 100 and stat.S_IMODE(target.stat().st_mode) == 0o600


# -- taking rows out again ------------------------------------------------------------------


@pytest.mark.parametrize("format", ["jsonl", "json", "csv", "text"])
def test_a_redacted_file_is_as_if_the_row_had_never_been(tmp_path: Path, format: Format) -> None:
    odd = row("b", company='=a;"b"\n[9] x', email={"subject": "Ünï", "body": f"[1] x\nkey      {key('a')}\n{{}}"})
    out, wanted = tmp_path / "a", tmp_path / "b"
    export = Export(out, format)
    for path, rows in ((out, [row("a"), odd, row("c")]), (wanted, [odd])):
        write_export(rows, path.with_suffix(".x"), format)
        path.with_suffix(".x").rename(path)
    gone = {key("a"), key("c")}
    planned = redact(export.path, format, lambda found: found.get("key") in gone, dry_run=True)
    done = redact(export.path, format, lambda found: found.get("key") in gone)
    assert planned == done and done.removed == 2 and done.error is None
    assert re.sub(r"^\[\d\]", "[n]", out.read_text()) == re.sub(r"^\[\d\]", "[n]", wanted.read_text())


def test_lines_that_are_no_rows_are_looked_into(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'not json\n[1]\n{"key": "x"}\n\xff\n')
    done = redact(tmp_path / "a.jsonl", "jsonl", lambda found: found == {"line": "not json\n"})
    assert done.removed == 1 and (tmp_path / "a.jsonl").read_bytes() == b'[1]\n{"key": "x"}\n\xff\n'
    (tmp_path / "a.json").write_text("{")
    assert "left as it is" in str(redact(tmp_path / "a.json", "json", lambda _: True).error)
    assert redact(tmp_path / "none", "csv", lambda _: True).gone
