"""The seal and the ledger: what was changed is found, and nobody opens held-out tasks unseen."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Thread

import pytest

from agent.claim import claim
from experiments.bench import ledger as ledgers
from experiments.bench.files import Folder, write
from experiments.bench.ledger import NAME, PURPOSES, START, Ledger, counted, faults, place
from experiments.bench.seal import SEAL, open_held_out, read_seal, recorded, seal, verify
from rubric.errors import ConfigError, InputError, StoreError
from tests.bench_tasks import NOON, folder, ledger, task


@pytest.fixture
def sealed(tmp_path: Path) -> Folder:
    made = folder(tmp_path / "tasks")
    seal(made, "first version", ledger=ledger(made.path / NAME))
    return made


def opened(where: Folder, reason: str = "a test", **more: str) -> list[str]:
    return [one.id for one in open_held_out(reason, folder=where, ledger=ledger(where.path / NAME), **more)]  # type: ignore[arg-type]


# -- the seal -----------------------------------------------------------------------------------------------


def test_sealed_tasks_are_opened_as_they_are_and_the_ledger_knows(sealed: Folder) -> None:
    assert opened(sealed) == ["x-h000", "x-h001"] and opened(sealed, purpose="check")
    found = verify(sealed)
    assert found.faults == [] and [e.purpose for e in found.entries] == ["seal", "measure", "check"]
    assert found.entries[1].reason == "a test" and found.entries[1].at == NOON.isoformat() and found.entries[1].sha == found.seal.sha  # type: ignore[union-attr]
    assert counted(recorded(sealed)).said == "opened 2 times: 1 check of their form, 1 measurement, 0 readings by a person"


def test_the_seal_counts_bytes_and_tasks_of_every_file(sealed: Folder) -> None:
    found = read_seal(sealed)
    assert found is not None and set(found.files) == {f"{split}.programmatic.jsonl" for split in ("train", "dev", "held_out")}
    assert {one.tasks for one in found.files.values()} == {2}


def test_tasks_without_a_seal_are_not_opened(tmp_path: Path) -> None:
    bare = folder(tmp_path)
    with pytest.raises(InputError, match="not sealed; run `winnow bench seal"):
        opened(bare)
    assert not (tmp_path / NAME).exists() and "not sealed" in verify(bare).faults[0]


def test_changed_missing_and_added_files_are_told_and_not_opened(sealed: Folder) -> None:
    path = sealed.place("held_out", "programmatic")
    before = path.read_bytes()
    path.write_bytes(before.replace(b"Ines", b"Inez"))
    with pytest.raises(InputError, match="was changed after it was sealed"):
        opened(sealed)
    path.unlink()
    with pytest.raises(InputError, match="is sealed and missing"):
        opened(sealed)
    path.write_bytes(before)
    write(sealed.place("held_out", "trace"), [task("held_out", 3, mode="trace")])
    with pytest.raises(InputError, match="is not in the seal"):
        opened(sealed)
    assert len(verify(sealed).entries) == 1


def test_other_splits_may_change_and_are_told(sealed: Folder) -> None:
    write(sealed.place("dev", "programmatic"), [task("dev", 5)])
    assert opened(sealed) and ["dev.programmatic.jsonl was changed" in f for f in verify(sealed).faults] == [True]


def test_a_second_seal_over_other_tasks_is_asked_for(sealed: Folder) -> None:
    first = read_seal(sealed)
    assert seal(sealed, "the same again", ledger=ledger(sealed.path / NAME)).sha == first.sha  # type: ignore[union-attr]
    write(sealed.place("held_out", "programmatic"), [task("held_out", 5)])
    with pytest.raises(ConfigError, match="cannot be compared"):
        seal(sealed, "changed my mind", ledger=ledger(sealed.path / NAME))
    second = seal(sealed, "a wrong label", ledger=ledger(sealed.path / NAME), again=True)
    assert second.sha != first.sha and verify(sealed).faults == []  # type: ignore[union-attr]
    assert [e.reason for e in verify(sealed).entries] == ["first version", "the same again", "a wrong label"]


def test_a_seal_that_cannot_be_read_or_that_the_ledger_does_not_know(sealed: Folder) -> None:
    (sealed.path / NAME).unlink()
    assert "does not know this seal" in verify(sealed).faults[0]
    (sealed.path / SEAL).write_text("{}")
    with pytest.raises(InputError, match="cannot be read as a seal"):
        verify(sealed)


def test_nothing_to_seal_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no held-out tasks"):
        seal(Folder(tmp_path), "x")


# -- reading -------------------------------------------------------------------------------------------------


def test_a_folder_reads_train_and_dev_and_refuses_held_out(sealed: Folder) -> None:
    assert [one.id for one in sealed.read("dev")] == ["x-d000", "x-d001"]
    with pytest.raises(ConfigError, match="open_held_out"):
        sealed.read("held_out")


def test_a_task_in_the_wrong_file_is_refused(sealed: Folder) -> None:
    write(sealed.place("dev", "programmatic"), [task("train")])
    with pytest.raises(InputError, match=r"line 1: x-t000 says train and programmatic; move it to train\.programmatic\.jsonl"):
        sealed.read("dev")


def test_no_folder_and_a_broken_line_are_told(tmp_path: Path, sealed: Folder) -> None:
    with pytest.raises(InputError, match="there is no folder of tasks"):
        Folder(tmp_path / "none")
    sealed.place("dev", "programmatic").write_text('{"id": 1}\n')
    with pytest.raises(InputError, match="line 1: /id"):
        sealed.read("dev")


# -- the ledger ----------------------------------------------------------------------------------------------


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_line_holds_the_hash_of_the_one_before(tmp_path: Path) -> None:
    book = ledger(tmp_path / "book.jsonl")
    for purpose in PURPOSES:
        book.add(purpose, "why", who="winnow test", sha="0")
    rows = _lines(book.path)
    assert rows[0]["before"] == START and [r["before"] for r in rows[1:]] == [r["hash"] for r in rows[:-1]]
    assert faults(book.entries()) == [] and counted(book.entries()).model_dump() == {"checked": 1, "measured": 1, "read": 1}


@pytest.mark.parametrize(("change", "why"), [("edit", "line 2 was changed"), ("drop", "line 2 does not follow"), ("swap", "line 2 does not follow"), ("head", "line 1 does not follow")])
def test_a_changed_chain_shows_and_is_not_written_on(tmp_path: Path, change: str, why: str) -> None:
    book = ledger(tmp_path / "book.jsonl")
    for n in range(4):
        book.add("measure", f"run {n}", who="x", sha="0")
    lines = book.path.read_text().splitlines()
    kept = {"edit": [lines[0], lines[1].replace("run 1", "run 9"), *lines[2:]], "drop": [lines[0], *lines[2:]], "swap": [lines[0], lines[2], lines[1], lines[3]], "head": lines[1:]}
    book.path.write_text("\n".join(kept[change]) + "\n")
    assert why in faults(book.entries())[0]
    with pytest.raises(InputError, match="restore it from version control"):
        book.add("measure", "more", who="x", sha="0")


def test_an_opening_needs_a_reason_and_keeps_to_one_line(tmp_path: Path) -> None:
    book = ledger(tmp_path / "book.jsonl")
    with pytest.raises(InputError, match="needs a reason"):
        book.add("read", "  ", who="x", sha="0")
    assert book.add("read", "two\nlines " + "x" * 400, who="x", sha="0").reason.startswith("two lines x")
    assert len(_lines(book.path)) == 1 and len(str(_lines(book.path)[0]["reason"])) == 300


def test_several_at_once_wait_for_one_another(tmp_path: Path) -> None:
    book = ledger(tmp_path / "book.jsonl")
    many = [Thread(target=book.add, args=("measure", f"run {n}"), kwargs={"who": "x", "sha": "0"}) for n in range(6)]
    for one in many:
        one.start()
    for one in many:
        one.join()
    assert len(book.entries()) == 6 and faults(book.entries()) == []


def test_who_holds_the_ledger_for_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "_TRIES", 2)
    with claim(tmp_path / "book.jsonl"), pytest.raises(StoreError, match="book"):
        ledger(tmp_path / "book.jsonl").add("measure", "x", who="x", sha="0")


def test_a_broken_line_is_told_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "book.jsonl").write_text("not json\n")
    with pytest.raises(InputError, match="line 1"):
        Ledger(tmp_path / "book.jsonl").entries()


def test_where_the_ledger_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, shipped = folder(tmp_path / "mine"), Folder()
    assert place(mine) == mine.path / NAME and place(mine, given="elsewhere") == Path("elsewhere")
    assert place(shipped) == shipped.path / NAME  # a checkout
    installed = folder(tmp_path / "site" / "experiments" / "bench" / "tasks")
    monkeypatch.setattr(ledgers, "Folder", lambda: installed)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert place(installed).parent == tmp_path / "state" / "winnow"


def test_openings_by_a_user_and_those_that_came_along_count_together(sealed: Folder, tmp_path: Path) -> None:
    open_held_out("mine", folder=sealed, ledger=ledger(tmp_path / "mine.jsonl"))
    assert counted(recorded(sealed, ledger(tmp_path / "mine.jsonl"))).measured == 1 and counted(recorded(sealed)).measured == 0
    assert verify(sealed, ledger(tmp_path / "mine.jsonl")).faults == []
