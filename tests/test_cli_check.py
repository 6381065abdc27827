"""`winnow check` on one letter: statuses, output, and what bad input gets."""

from __future__ import annotations

import json
import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.command import BAD, EXAMPLES, GOOD, PROSPECT, winnow

CASES = {row["id"]: row for row in map(json.loads, (EXAMPLES / "cases.jsonl").read_text("utf-8").splitlines())}
STATUS = {"pass": 0, "tone": 3, "flat": 4, "capacity": 4, "chief": 5, "opt-out": 6}
DECISION = {0: "PASS", 3: "PENALISE", 4: "BLOCK", 5: "ESCALATE", 6: "SUPPRESS"}


def _files(folder: Path, case: dict[str, Any]) -> tuple[str, str]:
    prospect, letter = folder / "p.json", folder / "letter.txt"
    prospect.write_text(json.dumps(case["prospect"]), "utf-8")
    email = case["email"]
    letter.write_text(email if isinstance(email, str) else f"Subject: {email['subject']}\n\n{email['body']}", "utf-8")
    return str(prospect), str(letter)


@pytest.mark.parametrize("name", CASES)
def test_each_decision_has_its_status(name: str, tmp_path: Path) -> None:
    prospect, letter = _files(tmp_path, CASES[name])
    day = CASES[name].get("as_of", "2026-06-02")
    result = winnow("check", "--prospect", prospect, letter, "--json", "--as-of", day)
    assert result.status == STATUS[name], result
    assert result.data["decision"] == DECISION[STATUS[name]]
    assert result.data["error"] is None


def test_the_examples_come_out_as_the_demo_says() -> None:
    assert winnow("check", "--prospect", PROSPECT, GOOD).status == 0
    bad = winnow("check", "--prospect", PROSPECT, BAD, "--json")
    assert bad.status == 4
    assert len({f["failure"] for f in bad.data["findings"]}) >= 4
    assert bad.data["id"] == "northwind"
    assert bad.data["segment"]["name"] == "recently_funded"


@pytest.mark.parametrize(
    ("fail_on", "status"), [("PENALISE", 4), ("block", 4), ("BLOCK", 4), ("ESCALATE", 0), ("suppress", 0)]
)
def test_fail_on_is_a_threshold(fail_on: str, status: int) -> None:
    assert winnow("check", "--prospect", PROSPECT, BAD, "--fail-on", fail_on).status == status


def test_the_report_underlines_what_each_finding_quotes() -> None:
    shown = winnow("check", "--prospect", PROSPECT, BAD).out
    findings = winnow("check", "--prospect", PROSPECT, BAD, "--json").data["findings"]
    text = Path(BAD).read_text("utf-8")
    body = text.split("\n\n", 1)[1]
    wanted = {(f["rule"], body[slice(*f["span"])]) for f in findings if f["span"] and "in" not in f}
    lines = shown.splitlines()
    found = set()
    for n, line in enumerate(lines):
        carets = re.search(r"\| +(\^+)", line)
        if carets and "(subject)" not in lines[n - 2]:
            quoted = lines[n - 1][slice(*carets.span(1))]
            assert quoted in text.splitlines()[int(lines[n - 2].split(":")[1]) - 1]
            found.add((lines[n - 3].split()[1], quoted))
    assert found == wanted
    assert "evidence: playbook:/capacity/python/available is 8" in shown
    assert "fix:" in shown and shown.endswith("must not be sent\n")


def test_explain_lists_traced_and_ungrounded_claims() -> None:
    good = winnow("check", "--prospect", PROSPECT, GOOD, "--explain").out
    assert re.search(r'"\$14M" \(money\): /signals/funding/amount_usd is 14000000', good)
    assert "ungrounded" not in good
    bad = winnow("check", "--prospect", PROSPECT, BAD, "--explain").out
    assert "ungrounded" in bad and "nothing in the prospect or the playbook carries it" in bad


def test_only_explain_adds_the_grounding() -> None:
    assert "grounding" not in winnow("check", "--prospect", PROSPECT, BAD, "--json").data
    explained = winnow("check", "--prospect", PROSPECT, BAD, "--json", "--explain").data
    assert {c["pointer"] is None for c in explained["grounding"]} == {True, False}


def test_colour_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    call = ("check", "--prospect", PROSPECT, BAD)
    assert "\x1b" not in winnow(*call).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in winnow(*call).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in winnow(*call).out


def test_a_letter_cannot_steer_the_terminal() -> None:
    letter = "Hi Maya,\n\nOur world-class\x1b]0;owned\x07 \u202eteam\u2066 \x1b[2Jhelps.\n".encode()
    shown = winnow("check", "--prospect", PROSPECT, "-", "--explain", stdin=letter)
    assert shown.status in DECISION
    assert not set("\x1b\x07\u202e\u2066") & set(shown.out + shown.err)


@pytest.mark.parametrize("columns", ["10", "60", "100", "500"])
def test_long_lines_keep_the_span_in_view(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    letter = f"Hi Maya,\n\n{'plain words ' * 60}world-class {'and more ' * 60}\u4f60\u597d.\n".encode()
    lines = winnow("check", "--prospect", PROSPECT, "-", stdin=letter).out.splitlines()
    marked = [n for n, line in enumerate(lines) if "^" * len("world-class") in line and "world-class" in lines[n - 1]]
    assert marked
    column = lines[marked[0]].index("^")
    assert lines[marked[0] - 1][column:].startswith("world-class")
    assert max(map(len, lines)) <= 125


def test_both_inputs_can_come_from_standard_input_one_at_a_time() -> None:
    assert winnow("check", "--prospect", PROSPECT, "-", stdin=Path(GOOD).read_bytes()).status == 0
    assert winnow("check", "--prospect", "-", GOOD, stdin=Path(PROSPECT).read_bytes()).status == 0
    both = winnow("check", "--prospect", "-", "-")
    assert both.status == 2 and "cannot both come from standard input" in both.err


@pytest.mark.parametrize("name", ["message.eml", "message"])
def test_an_eml_message_is_read_by_name_or_by_its_headers(name: str, tmp_path: Path) -> None:
    subject, _, body = Path(GOOD).read_text("utf-8").partition("\n\n")
    message = EmailMessage()
    message["From"], message["To"] = "selam@gettenacious.com", "maya@northwind.example"
    message["Subject"] = subject.removeprefix("Subject: ")
    message.set_content(body + "\u00e9\n")
    path = tmp_path / name
    path.write_bytes(message.as_bytes())
    result = winnow("check", "--prospect", PROSPECT, str(path), "--json")
    assert result.status == 0, result
    with_fault = path.read_bytes().replace(b"Would a", b"Our world-class team. Would a")
    assert winnow("check", "--prospect", PROSPECT, "-", "--json", stdin=with_fault).status in {3, 4}


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    text = Path(GOOD).read_text("utf-8").replace("\n", "\r\n")
    result = winnow("check", "--prospect", PROSPECT, "-", stdin=text.encode("utf-8-sig"))
    assert result.status == 0, result.out


BAD_LETTERS = {
    "binary": (b"\x00\x01\x02PNG", "is a binary file"),
    "latin-1": ("Caf\u00e9 time".encode("latin-1"), "is not UTF-8: byte 0xe9 in line 1"),
    "utf-16": ("Hi Maya".encode("utf-16"), "is UTF-16; save it as UTF-8"),
    "empty": (b"", "its body is empty"),
    "blank": (b" \n\t\n", "its body is empty"),
    "invisible": ("\u200b\u2060\ufeff \u00ad".encode(), "its body is empty"),
    "subject alone": (b"Subject: Question: roles\n\n", "its body is empty"),
    "long": (b"word " * 2_100_000, "the most that is read is"),
    "huge": (b"word " * 4_300_000, "is larger than 20 MB"),
    "eml without text": (b"From: a@b.example\nMIME-Version: 1.0\nContent-Type: image/png\n\nxx", "no text part"),
}


@pytest.mark.parametrize("name", BAD_LETTERS)
def test_a_letter_that_cannot_be_judged_is_one_clear_line(name: str, tmp_path: Path) -> None:
    data, said = BAD_LETTERS[name]
    path = tmp_path / "letter.txt"
    path.write_bytes(data)
    _is_one_line(winnow("check", "--prospect", PROSPECT, str(path)), said, str(path))
    _is_one_line(winnow("check", "--prospect", PROSPECT, "-", stdin=data), said, "<stdin>")


BAD_PROSPECTS = {
    "not json": (b"{nope", "is not JSON"),
    "empty": (b"  ", "is empty"),
    "a list": (b"[1, 2]", "expected a JSON object"),
    "nan": (b'{"company": {"name": "x", "headcount": NaN}}', "NaN is not a number that JSON knows"),
    "infinity": (b'{"company": {"name": "x"}, "signals": {"funding": {"amount_usd": 1e999}}}', "/signals/funding/amount_usd"),
    "negative": (b'{"company": {"name": "x", "headcount": -3}}', "/company/headcount: got -3"),
    "year 0": (b'{"company": {"name": "x"}, "as_of": "0000-01-01"}', "/as_of"),
    "pct": (b'{"company": {"name": "x"}, "signals": {"layoff": {"pct": 140}}}', "/signals/layoff/pct: got 140"),
    "deep": (b'{"company": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    "binary": (b"\x00\xff", "is a binary file"),
    "no company": (b"{}", "/company"),
    "a case": (b'{"prospect": {}, "email": "x"}', "is a case and not a prospect"),
}


@pytest.mark.parametrize("name", BAD_PROSPECTS)
def test_a_prospect_that_cannot_be_read_is_one_clear_line(name: str, tmp_path: Path) -> None:
    data, said = BAD_PROSPECTS[name]
    path = tmp_path / "p.json"
    path.write_bytes(data)
    _is_one_line(winnow("check", "--prospect", str(path), GOOD), said, str(path))


def _is_one_line(result: Any, said: str, name: str) -> None:
    assert result.status == 2, result
    assert result.out == ""
    assert result.err.count("\n") == 1 and result.err.startswith("winnow: ")
    assert said in result.err and name in result.err


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    for arguments in (("--prospect", "no.json", GOOD), ("--prospect", PROSPECT, "no.txt"), ("--jsonl", "no.jsonl")):
        result = winnow("check", *arguments)
        assert result.status == 2 and "there is no such file" in result.err
    for arguments in (("--prospect", str(tmp_path), GOOD), ("--prospect", PROSPECT, str(tmp_path)), ("--jsonl", str(tmp_path))):
        result = winnow("check", *arguments)
        assert result.status == 2 and str(tmp_path) in result.err and result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--prospect FILE is missing"),
        (("--prospect", PROSPECT), "the LETTER is missing"),
        (("--jsonl", "-", "--prospect", PROSPECT), "leave out LETTER and --prospect"),
        (("--prospect", PROSPECT, GOOD, "--as-of", "soon"), "--as-of is 'soon'; expected a day such as 2026-04-21"),
        (("--prospect", PROSPECT, GOOD, "--fail-on", "PASS"), "--fail-on is 'PASS'; expected one of PENALISE"),
        (("--prospect", PROSPECT, GOOD, "--without", "tone.word"), "the nearest is 'tone.words'"),
        (("--prospect", PROSPECT, GOOD, "--playbook", "tenacios"), "there is no playbook 'tenacios'"),
        (("--prospect", PROSPECT, GOOD, "--capacity", "no.yaml"), "no.yaml"),
        (("--prospect", PROSPECT, GOOD, "--colour"), "No such option: --colour"),
    ],
)
def test_wrong_usage_says_what_to_do(arguments: tuple[str, ...], said: str) -> None:
    result = winnow("check", *arguments)
    assert result.status == 2 and said in result.err and result.err.count("\n") == 1


def test_rules_are_switched_off_and_capacity_is_replaced(tmp_path: Path) -> None:
    call = ("check", "--prospect", PROSPECT, BAD, "--json")
    assert "price.figure" in _rules(winnow(*call))
    assert not {"price.figure", "price.total"} & _rules(winnow(*call, "--without", "price.figure", "--without", "price.total"))
    capacity = tmp_path / "capacity.yaml"
    capacity.write_text("python: {available: 40, senior: 40, deploy_days: 1}\n", "utf-8")
    assert "capacity.over_commitment" in _rules(winnow(*call))
    assert not {"capacity.over_commitment", "capacity.seniority"} & _rules(winnow(*call, "--capacity", str(capacity)))


def _rules(result: Any) -> set[str]:
    return {f["rule"] for f in result.data["findings"]}


def test_unknown_keys_are_warned_of_on_stderr(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text('{"company": {"name": "x", "headcuont": 5}}', "utf-8")
    result = winnow("check", "--prospect", str(path), GOOD, "--json")
    assert "winnow: warning: /company/headcuont" in result.err and "'headcount'" in result.err
    assert result.data["warnings"]


def test_as_of_serves_a_prospect_without_a_day(tmp_path: Path) -> None:
    document = json.loads(Path(PROSPECT).read_text("utf-8"))
    del document["as_of"]
    path = tmp_path / "p.json"
    path.write_text(json.dumps(document), "utf-8")
    fresh = winnow("check", "--prospect", str(path), GOOD, "--json", "--as-of", "2026-04-21")
    stale = winnow("check", "--prospect", str(path), GOOD, "--json", "--as-of", "2027-04-21")
    assert fresh.data["segment"]["name"] == "recently_funded"
    assert stale.data["segment"]["name"] != "recently_funded"
