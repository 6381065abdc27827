"""`winnow draft` as its users call it: what goes where, in which form, and how it ends."""

from __future__ import annotations

import csv
import email
import io
import json
import sqlite3
from email import policy
from pathlib import Path
from typing import Any

import pytest

from agent.claim import claim
from agent.cli import drafting
from tests.command import PROSPECT, Result, winnow
from tests.prospects import prospect, write


def _draft(*arguments: str, stdin: bytes = b"", k: str = "4") -> Result:
    return winnow("draft", *arguments, "--backbone", "scripted", "-k", k, stdin=stdin)


@pytest.fixture
def people(tmp_path: Path) -> str:
    return str(write(tmp_path / "people.jsonl", 12))


def test_one_prospect_gives_a_letter_to_read() -> None:
    found = _draft(PROSPECT)
    assert found.status == 0 and found.err == ""
    assert found.out.startswith("DRAFT  northwind  Maya Lindqvist, Northwind Robotics\n\nSubject: ")
    assert "PASS, score" in found.out and "prompt tokens" in found.out


def test_json_is_one_object_with_a_receipt() -> None:
    row = _draft(PROSPECT, "--json").data
    assert row["outcome"] == "DRAFT" and row["receipt"]["key"] == row["key"] and row["error"] is None


def test_many_prospects_are_lines_in_order(people: str) -> None:
    found = _draft(people)
    assert [row["line"] for row in found.rows] == list(range(1, 13))
    outcomes = [row["outcome"] for row in found.rows]
    assert (outcomes[3], outcomes[4], outcomes[7]) == ("SUPPRESS", "ESCALATE", "ERROR")
    assert found.status == 2 and "1 ERROR" in found.err and "line 8" in found.rows[7]["error"]


def test_standard_input_is_recognised(people: str) -> None:
    assert len(_draft("-", stdin=Path(people).read_bytes()).rows) == 12
    assert _draft(stdin=json.dumps(prospect(0)).encode()).out.startswith("DRAFT  p0000")
    many = _draft("-", "--format", "jsonl", stdin=json.dumps([prospect(0), prospect(1)]).encode())
    assert [row["id"] for row in many.rows] == ["p0000", "p0001"]


def test_a_list_of_contacts_as_csv(tmp_path: Path) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text(
        "First Name,last_name,Company,Title,Email,Open Roles,Country,Headcount,Deal\n"
        "Maya,Lindqvist,Northwind,VP Engineering,maya@northwind.example,7,Germany,60,x\n"
        "Jo,Doe,Acme,CTO,jo@acme.example,4,Ireland,many,y\n",
        "utf-8",
    )
    found = _draft(str(file), "--format", "jsonl", "--as-of", "2026-04-21")
    good, bad = found.rows
    assert good["recipient"]["name"] == "Maya Lindqvist" and good["company"] == "Northwind" and good["outcome"] == "DRAFT"
    assert bad["outcome"] == "ERROR" and "line 3" in bad["error"] and found.status == 2
    mapped = _draft(str(file), "--format", "jsonl", "--columns", "{Deal: company.industry}", "--limit", "1")
    assert mapped.rows[0]["receipt"]["prospect"]["company"]["industry"] == "x"


def test_a_folder_gets_all_rows_and_the_mails(people: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = _draft(people, "--out", str(out), "--format", "eml")
    rows = [json.loads(line) for line in (out / "drafts.jsonl").read_text("utf-8").splitlines()]
    mails = sorted((out / "eml").iterdir())
    drafts = [row for row in rows if row["outcome"] == "DRAFT"]
    assert found.out == "" and len(rows) == 12 and len(mails) == len(drafts) > 5
    message: Any = email.message_from_bytes(mails[0].read_bytes(), policy=policy.default)
    assert (message["X-Unsent"], message["X-Winnow-Status"], message["From"]) == ("1", "draft", None)
    assert message["To"] == drafts[0]["recipient"]["email"] or drafts[0]["recipient"]["email"] in str(message["To"])
    assert message.get_content().replace("\r\n", "\n").strip() == drafts[0]["email"]["body"].strip()


def test_a_file_takes_its_format_from_its_name(people: str, tmp_path: Path) -> None:
    _draft(people, "--out", str(tmp_path / "d.csv"))
    table = list(csv.DictReader(io.StringIO((tmp_path / "d.csv").read_text("utf-8-sig"))))
    assert len(table) == 12 and table[0]["outcome"] == "DRAFT" and table[0]["subject"]
    _draft(people, "--out", str(tmp_path / "d.json"))
    assert len(json.loads((tmp_path / "d.json").read_text("utf-8"))) == 12


def test_a_second_run_keeps_and_no_resume_draws_again(people: str) -> None:
    first = _draft(people)
    again = _draft(people)
    assert again.rows == first.rows and "10 kept from an earlier run" in again.err
    fresh = _draft(people, "--no-resume")
    assert "kept" not in fresh.err and [r["email"] for r in fresh.rows] == [r["email"] for r in first.rows]


def test_a_dry_run_spends_nothing_and_shows_the_prompt(people: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.backbones.scripted.ScriptedBackbone.sample", None)
    shown = _draft(PROSPECT, "--dry-run")
    assert shown.status == 0 and "of them the same for every prospect" in shown.out and "Northwind Robotics" in shown.out
    rows = _draft(people, "--dry-run", "--format", "jsonl").rows
    assert rows[3]["outcome"] == "SUPPRESS" and rows[3]["prompt"] is None
    assert rows[0]["prompt_tokens"] > rows[0]["static_tokens"] > 0 and rows[0]["most_new_tokens"] == 1280


def test_explain_shows_the_candidates_side_by_side() -> None:
    shown = _draft(PROSPECT, "--explain").out
    assert all(f"candidate {n}" in shown for n in range(4)) and "mean_logprob -" in shown and "(taken)" in shown


def test_fail_on_makes_results_failures(people: str, tmp_path: Path) -> None:
    one = tmp_path / "one.json"
    one.write_text(json.dumps(prospect(3)), "utf-8")
    assert _draft(str(one)).status == 0
    assert _draft(str(one), "--fail-on", "suppress").status == 3
    assert _draft(str(one), "--fail-on", "abstain").status == 0
    assert "expected one of" in _draft(str(one), "--fail-on", "rain").err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("no.json",), 2, "there is no such file"),
        ((PROSPECT, "-k", "0"), 2, "--k is 0"),
        ((PROSPECT, "--temperature", "9"), 2, "--temperature is 9"),
        ((PROSPECT, "--backbone", "llama:no.gguf"), 2, "no.gguf"),
        ((PROSPECT, "--backbone", "wings"), 2, "known kinds are"),
        ((PROSPECT, "--format", "pdf"), 2, "expected one of text, json"),
        ((PROSPECT, "--json", "--format", "csv"), 2, "say different things"),
        ((PROSPECT, "--templates", "no-folder"), 2, "no-folder"),
        ((PROSPECT, "--playbook", "no-playbook"), 2, "no-playbook"),
        ((PROSPECT, "--without", "no.rule"), 2, "no.rule"),
        ((PROSPECT, "--ranker", "wings"), 2, "--ranker is 'wings'"),
        ((PROSPECT, "--limit", "0"), 2, "--limit"),
    ],
)
def test_what_is_wrong_is_said_before_any_work(arguments: tuple[str, ...], status: int, said: str) -> None:
    given = arguments if "--backbone" in arguments else (*arguments, "--backbone", "scripted")
    found = winnow("draft", *given)
    assert found.status == status and said in found.err and found.out == "" and found.err.count("\n") == 1


def test_an_empty_input_says_what_to_give(tmp_path: Path) -> None:
    (tmp_path / "e.jsonl").write_text("\n\n", "utf-8")
    found = _draft(str(tmp_path / "e.jsonl"))
    assert found.status == 2 and "e.jsonl" in found.err


def test_a_place_that_cannot_be_written_is_named(people: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    found = _draft(people, "--out", str(tmp_path / "file" / "sub" / "d.jsonl"))
    assert found.status == 1 and "file" in found.err
    broken = winnow("draft", PROSPECT, "--backbone", "scripted", "--store", str(tmp_path / "file"))
    assert broken.status == 1 and "not a database" in broken.err
    assert (tmp_path / "file").read_text("utf-8") == "x"


def test_a_second_writer_on_one_output_is_refused(people: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with claim(out):
        found = _draft(people, "--out", str(out))
    assert found.status == 1 and str(out) in found.err


def test_ctrl_c_says_how_to_go_on(people: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = drafting.run

    def interrupted(*arguments: Any, **more: Any) -> Any:
        for number, done in enumerate(whole(*arguments, **more)):
            if number == 3:
                raise KeyboardInterrupt
            yield done

    monkeypatch.setattr(drafting, "run", interrupted)
    found = _draft(people)
    assert found.status == 130 and "the same command goes on" in found.err and len(found.rows) == 3
    _draft(people, "--out", str(tmp_path / "part.jsonl"))
    assert len((tmp_path / "part.jsonl").read_text("utf-8").splitlines()) == 3


def test_a_replay_says_identical_or_where_not(tmp_path: Path) -> None:
    receipt = tmp_path / "row.json"
    receipt.write_text(_draft(PROSPECT, "--json").out, "utf-8")
    same = winnow("replay", str(receipt))
    assert (same.status, same.err) == (0, "") and same.out.startswith("identical: 1 round, 4 candidates")
    row = json.loads(receipt.read_text("utf-8"))
    row["receipt"]["rounds"][0]["candidates"][2]["text"] = "x"
    other = winnow("replay", "-", "--json", stdin=json.dumps(row).encode())
    assert other.status == 3 and other.data["difference"]["where"] == "/rounds/0/candidates/2/text"
    assert winnow("replay", "-", stdin=b"{}").status == 2


def test_a_letter_waits_for_a_person(tmp_path: Path) -> None:
    waits = _draft(PROSPECT, "--review", "--json").data
    assert waits["outcome"] == "REVIEW" and waits["email"]
    listed = winnow("review", "list")
    key = waits["key"][:12]
    assert key in listed.out and "Northwind Robotics" in listed.out
    assert winnow("review", "show", key).out.startswith("Subject: ")
    refused = winnow("review", "edit", key, "-", stdin=b"Subject: Quick chat\n\nHi Maya,\n\nOur world-class rockstars skyrocket growth.\n")
    assert refused.status == 2 and "the letter still waits" in refused.err
    mended = waits["email"]["body"].replace("a 15-minute call", "15 minutes on the phone")
    taken = winnow("review", "edit", key, "-", stdin=f"Subject: {waits['email']['subject']}\n\n{mended}".encode())
    assert taken.status == 0 and taken.out.startswith("DRAFT"), taken.err
    kept = _draft(PROSPECT, "--review", "--json").data
    assert kept["outcome"] == "DRAFT" and "15 minutes on the phone" in kept["email"]["body"] and kept["receipt"]["path"][-1] == "review: edited"
    assert winnow("review", "list").out == ""
    assert "no letter of that key" in winnow("review", "accept", key).err


def test_a_letter_is_accepted_or_ignored() -> None:
    keys = [_draft(PROSPECT, "--review", "--json", "--seed", seed).data["key"] for seed in ("1", "2")]
    assert winnow("review", "accept", keys[0]).out.startswith("DRAFT")
    assert winnow("review", "ignore", keys[1]).out.startswith("IGNORED")
    assert _draft(PROSPECT, "--review", "--json", "--seed", "2").data["outcome"] == "IGNORED"


def test_forgetting_a_person_suppresses_and_empties_the_store(tmp_path: Path) -> None:
    store = tmp_path / "own.db"
    _draft(PROSPECT, "--store", str(store))
    assert winnow("forget", "maya@northwind.example", "--store", str(store)).status == 0
    with sqlite3.connect(store) as connection:
        assert connection.execute("select count(*) from drafts").fetchone() == (0,)
    again = _draft(PROSPECT, "--store", str(store), "--json").data
    assert again["outcome"] == "SUPPRESS" and again["receipt"] is None and "forgotten" in again["reasons"][0]
    assert "Maya" not in json.dumps(again) and "Northwind" not in json.dumps(again)
    with sqlite3.connect(store) as connection:
        assert connection.execute("select count(*) from drafts").fetchone() == (0,)


def test_no_foreign_file_is_replaced(people: str, tmp_path: Path) -> None:
    before = Path(people).read_bytes()
    assert "is the list of prospects itself" in _draft(people, "--out", people).err
    mine = tmp_path / "mine.csv"
    mine.write_text("a,b\n", "utf-8")
    assert "is no export of this store" in _draft(people, "--out", str(mine)).err
    assert Path(people).read_bytes() == before and mine.read_text("utf-8") == "a,b\n"
    out = str(tmp_path / "own.jsonl")
    assert [_draft(people, "--out", out).status for _ in range(2)] == [2, 2]  # its own export is replaced


def test_a_batch_says_what_a_person_should_hear_of(tmp_path: Path) -> None:
    same = [{**prospect(n), "recipient": {**prospect(n)["recipient"], "email": "Maya@x.example"}} for n in (0, 1)]
    file = tmp_path / "p.jsonl"
    file.write_text("\n".join(map(json.dumps, [*same, {"company": {"name": "Acme", "headcount": -1}}])), "utf-8")
    said = _draft(str(file)).err
    assert "line 2 goes to the same address as line 1" in said and "line 3: /company/headcount" in said


def test_the_graph_is_printed_as_mermaid() -> None:
    shown = winnow("graph").out
    assert shown.startswith("graph TD") or "graph TD;" in shown
    assert "qualify" in shown and "review" in shown
