"""Mail messages beside the rows: what a person edited stays, and nobody gone is written to."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from agent.eml import file_name, is_edited, key_of, message_of, recipient_of
from agent.exports import Format, Written, exports_at, write_export, write_stream
from rubric.errors import ConfigError
from tests.rows import MAYA, key, row, to

Row = dict[str, Any]


def suppressed(name: str, **more: Any) -> Row:
    return row(name, outcome="SUPPRESS", email=None, decision=None, score=None, **more)


def place(out: Path, number: int, name: str) -> Path:
    return out / "eml" / file_name(number, "Northwind Robotics", key(name))


def edit(path: Path) -> bytes:
    path.write_bytes(path.read_bytes().replace(b"Hi Maya", b"Dear Maya"))
    return path.read_bytes()


def names(out: Path) -> set[str]:
    return {path.name for path in (out / "eml").iterdir()}


# -- the mark of an edit --------------------------------------------------------------------


def test_a_message_knows_whether_it_was_edited() -> None:
    data = message_of(row()) or b""
    assert data.startswith(b"X-Winnow-Content: ") and not is_edited(data)
    assert not is_edited(data.replace(b"\r\n", b"\n"))
    for old, new in ((b"Hi", b"Ho"), (b"Three", b"Four"), (b"To: Maya", b"To: Sam"), (b"X-Unsent: 1\r\n", b""), (b"X-Unsent", b"Cc: a@b.example\r\nX-Unsent")):
        assert is_edited(data.replace(old, new, 1))
    assert is_edited(data.partition(b"\r\n")[2]) and is_edited(b"") and is_edited(b"mine")


def test_a_message_says_whose_it_is() -> None:
    data = message_of(row()) or b""
    assert key_of(data) == key("one") and recipient_of(data) == MAYA
    assert key_of(data.replace(b"X-Winnow-Key: ", b"X-Winnow-Key:\r\n ")) == key("one")
    body = message_of(row(key="", **to(None), email={"subject": "x", "body": f"X-Winnow-Key: {key('a')}"})) or b""
    assert key_of(body) is None and recipient_of(body) is None


# -- edits are kept -------------------------------------------------------------------------


def test_an_edited_message_is_kept_and_counted(tmp_path: Path) -> None:
    assert write_export([row("a"), row("b")], tmp_path, "eml") == Written(exports_at(tmp_path, "eml"))
    mine = edit(place(tmp_path, 1, "a"))
    new = row("b", email={"subject": "New", "body": "x"})
    assert write_export([row("a", company="Northwind Robotics"), new], tmp_path, "eml").kept_edits == 1
    assert place(tmp_path, 1, "a").read_bytes() == mine and b"Subject: New" in place(tmp_path, 2, "b").read_bytes()


def test_an_edited_message_is_the_letter_wherever_its_row_stands(tmp_path: Path) -> None:
    write_export([row("a")], tmp_path, "eml")
    mine = edit(place(tmp_path, 1, "a"))
    assert write_export([row("b"), row("a")], tmp_path, "eml").kept_edits == 1
    assert names(tmp_path) == {place(tmp_path, 1, "a").name, place(tmp_path, 1, "b").name}
    assert write_export([row("b")], tmp_path, "eml").kept_edits == 1 and place(tmp_path, 1, "a").read_bytes() == mine


def test_a_file_that_lost_its_headers_is_a_persons(tmp_path: Path) -> None:
    write_export([row("a")], tmp_path, "eml")
    place(tmp_path, 1, "a").write_text("my own words")
    assert write_export([row("a")], tmp_path, "eml").kept_edits == 1
    assert place(tmp_path, 1, "a").read_text() == "my own words"
    assert write_export([], tmp_path, "eml") == Written(exports_at(tmp_path, "eml")) and names(tmp_path) == {place(tmp_path, 1, "a").name}


def test_an_edited_file_for_one_draft_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "a.eml"
    out.touch()
    assert write_export([row()], out, "eml").kept_edits == 0
    assert write_export([row(email={"subject": "New", "body": "x"})], out, "eml").kept_edits == 0
    out.write_bytes(mine := out.read_bytes().replace(b"New", b"Newer"))
    assert write_export([row()], out, "eml").kept_edits == 1 and out.read_bytes() == mine


# -- nobody gone is written to --------------------------------------------------------------


@pytest.mark.parametrize("format", ["csv", "jsonl", "json", "text", "eml"])
def test_a_message_to_somebody_gone_goes_with_any_export(tmp_path: Path, format: Format) -> None:
    write_export([row("a"), row("b", **to("sam@x.example")), row("c", **to("lee@x.example")), row("d", **to("ada@x.example"))], tmp_path, "eml")
    edit(place(tmp_path, 1, "a"))
    left = [suppressed("a"), row("b", **to("sam@x.example")), row("c", outcome="ABSTAIN", email=None)]
    done = write_export(left, tmp_path, format)
    stale = set() if format == "eml" else {place(tmp_path, 4, "d").name}
    assert (done.withdrawn, done.kept_edits) == (2, 0) and names(tmp_path) == {place(tmp_path, 2, "b").name} | stale


def test_other_messages_stay_beside_another_format(tmp_path: Path) -> None:
    write_export([row("a", **to("sam@x.example")), row("b", **to("lee@x.example"))], tmp_path, "eml")
    mine = edit(place(tmp_path, 2, "b"))
    (tmp_path / "eml" / "mine.eml").write_text("X")
    assert write_export([row("a"), suppressed("z")], tmp_path, "csv") == Written(exports_at(tmp_path, "csv"))
    assert len(names(tmp_path)) == 3 and place(tmp_path, 2, "b").read_bytes() == mine


def test_somebody_suppressed_is_known_by_address_under_another_key(tmp_path: Path) -> None:
    write_export([row("monday"), row("sam", **to("sam@x.example"))], tmp_path, "eml")
    edit(place(tmp_path, 1, "monday"))
    tuesday = suppressed("tuesday", recipient={"name": "Maya", "email": "MAYA+x@northwind.example", "role": None})
    assert write_export([tuesday], tmp_path, "csv").withdrawn == 1 and names(tmp_path) == {place(tmp_path, 2, "sam").name}
    error = suppressed("wednesday", **to("sam@x.example")) | {"outcome": "ERROR"}
    assert write_export([error], tmp_path, "csv").withdrawn == 0


def test_one_message_of_somebody_gone_goes(tmp_path: Path) -> None:
    out = tmp_path / "a.eml"
    write_export([row()], out, "eml")
    assert write_export([row(outcome="ERROR", email=None)], out, "eml").withdrawn == 0 and out.exists()
    assert write_export([suppressed("one")], out, "eml").withdrawn == 1 and not out.exists()


# -- one letter, one message ----------------------------------------------------------------


def test_a_row_on_two_lines_is_one_message(tmp_path: Path) -> None:
    write_export([row("a"), row("b"), row("a", line=3)], tmp_path, "eml")
    assert names(tmp_path) == {place(tmp_path, 1, "a").name, place(tmp_path, 2, "b").name}
    assert len((tmp_path / "drafts.jsonl").read_text().splitlines()) == 3
    out = io.BytesIO()
    write_stream([row("a"), row("a")], out, "eml")
    assert out.getvalue() == message_of(row("a"))
    with pytest.raises(ConfigError, match="2 drafts"):
        write_stream([row(key=""), row(key="")], io.BytesIO(), "eml")
