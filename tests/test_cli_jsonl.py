"""`winnow check --jsonl`: one row a line, in order, whatever the lines hold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.cli import jsonl
from agent.cli.jsonl import MAX_LINE
from agent.cli.judging import Judge
from agent.cli.schema import Row
from tests.command import EXAMPLES, ROOT, winnow

GOOD = {"company": {"name": "Acme"}}
LINE = json.dumps({"id": "ok", "prospect": GOOD, "email": "Hi Maya,\n\nWould a call suit you?"}).encode()


def stream(*lines: bytes, arguments: tuple[str, ...] = ()) -> Any:
    return winnow("check", "--jsonl", "-", *arguments, stdin=b"\n".join(lines))


def test_the_example_cases_keep_order_ids_and_shape() -> None:
    result = winnow("check", "--jsonl", str(EXAMPLES / "cases.jsonl"))
    assert result.status == 0 and result.err == ""
    assert [row["id"] for row in result.rows] == ["pass", "flat", "capacity", "tone", "chief", "opt-out"]
    assert [row["decision"] for row in result.rows] == ["PASS", "BLOCK", "BLOCK", "PENALISE", "ESCALATE", "SUPPRESS"]
    for row in result.rows:
        Row.model_validate(row)


BROKEN: dict[str, tuple[bytes, Any, str]] = {
    "not json": (b'{"id": "b1", nope}', "b1", "not JSON"),
    "not an object": (b"[1, 2]", None, "expected an object"),
    "no prospect": (b'{"id": 7, "email": "x"}', 7, "/prospect is missing"),
    "no email": (b'{"id": 7, "prospect": {"company": {"name": "x"}}}', 7, "/email is missing"),
    "email null": (b'{"id": 7, "prospect": {"company": {"name": "x"}}, "email": null}', 7, "/email is missing"),
    "email number": (b'{"id": 7, "prospect": {"company": {"name": "x"}}, "email": 5}', 7, "expected the e-mail"),
    "body number": (b'{"id": 7, "prospect": {"company": {"name": "x"}}, "email": {"body": 5}}', 7, "/email/body"),
    "empty body": (b'{"id": 7, "prospect": {"company": {"name": "x"}}, "email": {"body": " "}}', 7, "/email/body is empty"),
    "wrong type": (b'{"id": 7, "prospect": {"company": {"name": "x", "headcount": -1}}, "email": "x"}', 7, "/prospect/company/headcount: got -1"),
    "no company": (b'{"id": 7, "prospect": {}, "email": "x"}', 7, "/prospect/company"),
    "prospect list": (b'{"id": 7, "prospect": [], "email": "x"}', 7, "/prospect: expected a JSON object"),
    "day": (b'{"id": 7, "as_of": "soon", "prospect": {"company": {"name": "x"}}, "email": "x"}', 7, "/as_of: got 'soon'"),
    "nan": (b'{"id": 7, "prospect": {"company": {"name": "x"}}, "email": "x", "n": NaN}', 7, "NaN"),
    "latin-1": (b'{"id": "b1", "email": "\xe9"}', "b1", "not UTF-8: byte 0xe9"),
    "deep": (b'{"id": "b1", "prospect": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "b1", "nested too deeply"),
    "binary": (b"\x00\x01\x02", None, "not JSON"),
    "id infinite": (b'{"id": 1e999, "prospect": {"company": {"name": "x"}}, "email": "x"}', None, "/id"),
    "ten megabytes": (b'{"id": "big", "email": "' + b"a" * 10_000_000 + b'"}', "big", "longer than 4 MB"),
    "a long body": (b'{"id": "big", "prospect": {"company": {"name": "x"}}, "email": "' + b"a " * 30_000 + b'"}', "big", "/email/body"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_line_that_cannot_be_judged_is_a_row(name: str) -> None:
    line, identity, said = BROKEN[name]
    result = stream(LINE, line, LINE)
    assert result.status == 2
    first, row, last = result.rows
    assert first == last and first["id"] == "ok" and first["error"] is None
    assert row["id"] == identity and row["line"] == 2
    assert row["decision"] is None and row["score"] is None and row["findings"] == []
    assert row["error"].startswith("line 2: ") and said in row["error"]
    assert "Traceback" not in result.err and "1 not judged for an error" in result.err
    Row.model_validate(row)


def test_blank_lines_a_mark_and_a_missing_last_newline_are_read() -> None:
    result = stream(b"\xef\xbb\xbf" + LINE, b"", b"  \t", LINE + b"\r", b"{}", b"")
    assert [row["id"] for row in result.rows] == ["ok", "ok", None]
    assert result.rows[2]["line"] == 5


@pytest.mark.parametrize("identity", [None, "", "\u00e9\U0001f600", 0, -5, 1.5, True, ["a", 1], {"k": None}])
def test_ids_come_back_as_they_were(identity: Any) -> None:
    line = json.dumps({"id": identity, "prospect": GOOD, "email": "Hi Maya,\n\nWould a call suit you?"}).encode()
    assert stream(line).rows[0]["id"] == identity


def test_no_character_but_the_newline_ends_a_line() -> None:
    identity = "a\u0085b\u2028c\u2029d\x0b\x1c"
    result = stream(json.dumps({"id": identity, "prospect": GOOD, "email": "Hi,\n\nA call?"}).encode())
    assert len(result.out.splitlines()) == 1 and result.rows[0]["id"] == identity


def test_half_a_surrogate_pair_is_written_as_valid_utf8() -> None:
    line = b'{"id": "\\ud800", "prospect": {"company": {"name": "x"}}, "email": "Hi,\\n\\nworld-class \\udfff team"}'
    assert stream(line).rows[0]["id"] == "\ud800"


@pytest.mark.parametrize(
    ("fail_on", "status"), [("PENALISE", 6), ("SUPPRESS", 6), ("ESCALATE", 6), (None, 0)]
)
def test_fail_on_gives_the_strongest_decision(fail_on: str | None, status: int) -> None:
    flag = ("--fail-on", fail_on) if fail_on else ()
    assert winnow("check", "--jsonl", str(EXAMPLES / "cases.jsonl"), *flag).status == status
    assert stream(LINE, b"{}", arguments=flag).status == 2


def test_fail_on_lets_weaker_decisions_pass() -> None:
    lines = (EXAMPLES / "cases.jsonl").read_bytes().splitlines()[:4]
    assert stream(*lines, arguments=("--fail-on", "ESCALATE")).status == 0
    assert stream(*lines, arguments=("--fail-on", "BLOCK")).status == 4


def test_a_wrong_setting_stops_at_once() -> None:
    result = stream(LINE, LINE, arguments=("--without", "no.rule"))
    assert result.status == 2 and result.out == "" and "no.rule" in result.err


def test_a_crash_is_an_error_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> Any:
        raise KeyError("boom")

    monkeypatch.setattr(Judge, "verdict", crash)
    row = stream(LINE).rows[0]
    assert row["decision"] is None and "internal error: KeyError: 'boom'" in row["error"]


def test_rows_are_written_one_by_one() -> None:
    command = [sys.executable, "-c", "import sys; from agent.cli import main; sys.exit(main())", "check", "--jsonl", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin is not None and process.stdout is not None
        for _ in range(3):
            process.stdin.write(LINE + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == "ok"
        process.stdin.close()
        assert process.wait(20) == 0


def test_a_long_line_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"a" * (3 * MAX_LINE) + b"\n" + b"b\n")
    with path.open("rb") as source:
        found = list(jsonl.lines(source))
    assert [(line.number, line.whole, len(line.data)) for line in found] == [(1, False, MAX_LINE), (2, True, 2)]


lines_of_anything = st.lists(
    st.one_of(
        st.binary(max_size=60).map(lambda b: b.replace(b"\n", b" ")),
        st.just(LINE),
        st.builds(
            lambda value: json.dumps({"id": "x", "prospect": value, "email": value}).encode(),
            st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda c: st.lists(c, max_size=3)),
        ),
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines_of_anything)
def test_there_is_one_row_for_every_line_in_order(given_lines: list[bytes]) -> None:
    result = stream(*given_lines)
    wanted = [n for n, line in enumerate(given_lines, 1) if (line.removeprefix(b"\xef\xbb\xbf") if n == 1 else line).strip()]
    assert len(result.rows) == len(wanted)
    for row, number in zip(result.rows, wanted, strict=True):
        assert row["error"] is None or row["line"] == number
    assert result.status == (2 if any(row["error"] for row in result.rows) else 0)
