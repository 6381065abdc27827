"""`winnow suppress` and `winnow forget` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.exports import exports_at, write_export
from agent.store import Store
from agent.store_database import Database
from tests.command import Result, winnow
from tests.rows import MAYA, key, row


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "winnow.db")


def suppress(place: str, *arguments: str, stdin: bytes = b"") -> Result:
    return winnow("suppress", *arguments, "--store", place, stdin=stdin)


def test_add_list_check_and_remove(place: str) -> None:
    added = suppress(place, "add", "Maya+x@northwind.example", "--reason", "asked", "--on", "2026-04-21")
    assert added.status == 0 and added.out == f"listed: 2026-04-21  address    {MAYA}  asked\n" and added.err == ""
    assert suppress(place, "add", MAYA).out.startswith("was listed already: 2026-04-21")
    assert suppress(place, "list").out == f"2026-04-21  address    {MAYA}  asked\n"
    wanted = {"entry": MAYA, "kind": "address", "reason": "asked", "on": "2026-04-21"}
    assert suppress(place, "list", "--json").data == [wanted]
    checked = suppress(place, "check", MAYA)
    assert checked.status == 6 and "since 2026-04-21: asked" in checked.out
    assert suppress(place, "check", "sam@x.example", "--json").data == {"listed": False, "reason": None, "entry": None}
    assert suppress(place, "remove", MAYA, "--json").data == [wanted]
    assert suppress(place, "check", MAYA).status == 0


def test_removing_says_what_still_holds(place: str) -> None:
    suppress(place, "add", MAYA)
    suppress(place, "add", "northwind.example")
    assert suppress(place, "check", "mail.northwind.example").status == 6
    removed = suppress(place, "remove", MAYA)
    assert removed.status == 0 and f"still suppressed: {MAYA.partition('@')[2]} is on the list" in removed.err
    again = suppress(place, "remove", MAYA)
    assert again.status == 2 and "is not on the list itself; suppressed: northwind.example" in again.err


def test_a_mail_provider_is_listed_with_a_word_of_warning(place: str) -> None:
    assert "everybody with an address at gmail.com" in suppress(place, "add", "gmail.com").err


def test_import_takes_what_can_be_read(place: str, tmp_path: Path) -> None:
    (tmp_path / "gone.csv").write_text(f"email,reason\n{MAYA},asked\nnonsense here,x\n")
    done = suppress(place, "import", str(tmp_path / "gone.csv"))
    assert done.status == 2 and done.out == "1 listed, 0 were listed already, 1 not read\n" and "line 3: 'nonsense here'" in done.err
    piped = suppress(place, "import", "-", "--json", stdin=f"{MAYA}\nx.example\n".encode())
    assert piped.status == 0 and piped.data == {"added": 1, "known": 1, "errors": [], "warnings": [], "skipped": 0}


def test_import_tells_which_day_it_could_not_read(place: str) -> None:
    done = suppress(place, "import", "-", stdin=f"email,date,unsubscribed\n{MAYA},03/04/2026,yes\nsam@x.example,,no\n".encode())
    assert done.status == 0 and done.err == "winnow: warning: line 2: '03/04/2026' is not a day, listed as of today\n"
    assert done.out == "1 listed, 0 were listed already, 1 without a day of their own, 1 no opt-out\n"
    assert suppress(place, "check", MAYA).status == 6 and suppress(place, "check", "sam@x.example").status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "nobody"), "is neither an address nor a domain"), (("add", "a@"), "is not"), (("add", MAYA, "--on", "soon"), "--on is 'soon'"),
        (("import", "missing.csv"), "missing.csv cannot be read"), (("check", "??"), "is neither"), (("remove", "sam@x.example"), "is not on the list"),
    ],
)  # fmt: skip
def test_wrong_use_ends_in_one_line(place: str, arguments: tuple[str, ...], said: str) -> None:
    result = suppress(place, *arguments)
    assert result.status == 2 and result.out == "" and said in result.err and result.err.count("\n") == 1


def test_the_store_comes_from_the_configuration_too(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suppress(place, "add", MAYA)
    (tmp_path / "config.yaml").write_text("store: winnow.db\n")
    assert winnow("suppress", "check", MAYA, "--config", str(tmp_path / "config.yaml")).status == 6
    monkeypatch.setenv("WINNOW_STORE", place)
    assert winnow("suppress", "check", MAYA).status == 6
    assert winnow("suppress").status == 2


def test_a_broken_store_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("no database" * 200)
    result = suppress(str(tmp_path / "x.db"), "list")
    assert result.status == 1 and "the file is not a store" in result.err and result.err.count("\n") == 1


def _filled(place: str, out: Path) -> None:
    with Store(place) as store:
        rows = [store.put(row("maya")), store.put(row("sam", recipient=None))]
        store.remember(exports_at(out, "eml"))
        write_export(rows, out, "eml")


def test_forget_says_what_goes_and_what_it_cannot_reach(place: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _filled(place, out)
    dry = winnow("forget", MAYA, "--store", place, "--dry-run")
    assert dry.status == 0 and "would remove 1 from drafts" in dry.out and len(list((out / "eml").iterdir())) == 2
    done = winnow("forget", MAYA, "--store", place, "--json")
    assert done.status == 0 and done.data["tables"]["drafts"] == 1 and done.data["compacted"] and "not covered" in done.data["not_covered"]
    assert [e["removed"] for e in done.data["exports"]] == [1, 1]
    again = winnow("forget", MAYA, "--store", place)
    assert again.status == 0 and "nothing about this address was kept" in again.out and "not covered: input files" in again.out
    refused = suppress(place, "remove", MAYA)
    assert refused.status == 2 and "--forgotten" in refused.err
    assert suppress(place, "list").out.split()[1] == "forgotten"
    assert suppress(place, "remove", MAYA, "--forgotten").status == 0


def test_forget_tells_what_it_could_not_do(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _filled(place, tmp_path / "out")
    (tmp_path / "out" / "drafts.jsonl").unlink()
    (tmp_path / "out" / "drafts.jsonl").mkdir()

    def busy(_self: Any) -> bool:
        return False

    monkeypatch.setattr(Database, "compact", busy)
    result = winnow("forget", MAYA, "--store", place)
    assert result.status == 1 and "by hand" in result.err and "the store is in use" in result.err
    with Store(place) as store:
        assert store.find(key("maya")) is None


def test_forget_needs_an_address(place: str) -> None:
    result = winnow("forget", "northwind.example", "--store", place)
    assert result.status == 2 and "is not an e-mail address" in result.err


def test_what_is_listed_cannot_steer_a_terminal(place: str) -> None:
    suppress(place, "add", MAYA, "--reason", "red \x1b[31m text")
    assert "\x1b" not in suppress(place, "list").out
    assert json.loads(suppress(place, "list", "--json").out)[0]["reason"] == "red \x1b[31m text"
