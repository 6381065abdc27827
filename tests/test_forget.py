"""`forget`: every table, checkpoint and export, and nobody else's."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypedDict

import pytest

from agent.claim import claim
from agent.exports import FORMATS, exports_at, write_export
from agent.store import Store
from agent.store_export import Export
from agent.suppression import Suppression
from rubric.errors import InputError
from tests.rows import MAYA, key, row, to

NOON = datetime(2026, 4, 21, 12, tzinfo=UTC)


def opened(tmp_path: Path) -> Store:
    return Store(tmp_path / "data" / "winnow.db", clock=lambda: NOON)


def _sql(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def _with_exports(store: Store, folder: Path) -> None:
    rows = [
        row("maya"),
        row("tagged", **to("Maya+Work@Northwind.Example")),
        row("mention", **to("cto@other.example"), receipt={"prospect": {"thread": ["write to\nmaya@northwind.example."]}}),
        row("sam", **to("sam@northwind.example")),
        row("like", **to("maya@northwind.example.org")),
        row("anya", **to("anya.maya@northwind.example")),
    ]
    for one in rows:
        store.put(one)
    for form in FORMATS:
        out = folder / form
        store.remember(exports_at(out, form))
        write_export(rows, out, form)


def _checkpoints(path: Path, *threads: str) -> None:
    _sql(
        path,
        "CREATE TABLE checkpoints (thread_id TEXT, checkpoint BLOB, metadata BLOB)",
        "CREATE TABLE writes (thread_id TEXT, value BLOB)",
        *(f"INSERT INTO checkpoints VALUES ('{t}', X'00', X'00')" for t in threads),
        *(f"INSERT INTO writes VALUES ('{t}', X'00')" for t in threads),
        f"INSERT INTO checkpoints VALUES ('unfinished', CAST('unseen {MAYA}' AS BLOB), X'00')",
    )


def _holding(folder: Path, text: str) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and text.encode() in p.read_bytes().lower())


def test_forget_reaches_every_table_and_export(tmp_path: Path) -> None:
    store = opened(tmp_path)
    _with_exports(store, tmp_path / "out")
    store.put(row("open", outcome="REVIEW"), review={"to": MAYA})
    _checkpoints(tmp_path / "data" / "winnow.db", key("maya"), key("sam"))
    Suppression(store).add(MAYA, "asked")
    kept_sizes = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}

    planned = store.forget("MAYA+x@northwind.example", dry_run=True)
    assert planned.tables == {"drafts": 4, "reviews": 1, "suppression": 1, "checkpoints": 2, "writes": 1}
    assert {p: p.read_bytes() for p in kept_sizes} == kept_sizes and store.find(key("maya")) is not None

    done = store.forget("MAYA+x@northwind.example")
    assert done.tables == planned.tables and done.failed == () and done.compacted
    assert {(t.path, t.removed) for t in done.touched} == {(t.path, t.removed) for t in planned.touched}
    assert {t.removed for t in done.touched} == {3} and len(done.touched) == 9
    assert sorted(r["id"] for r in store.iterate(map(key, ("maya", "tagged", "mention", "sam", "like", "anya")))) == ["anya", "like", "sam"]
    assert [e.kind for e in Suppression(store).list()] == ["forgotten"]
    assert Suppression(store).match(MAYA) is not None
    store.close()

    for spelt in (' maya@northwind.example"', "<maya@northwind.example>", '"maya@northwind.example"', "maya+work", "unseen "):
        assert _holding(tmp_path, spelt) == []
    assert "anya.maya@northwind.example" in (tmp_path / "out" / "text" / "drafts.txt").read_text()
    assert [json.loads(line)["id"] for line in (tmp_path / "out" / "csv" / "drafts.jsonl").read_text().splitlines()] == ["sam", "like", "anya"]
    assert len(list((tmp_path / "out" / "eml" / "eml").glob("*.eml"))) == 3


def test_forget_takes_one_object_away_and_forgets_lost_files(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        one, lost = Export(tmp_path / "one.json", "json"), Export(tmp_path / "lost.jsonl", "jsonl")
        store.remember([one, lost, Export(tmp_path / "broken.json", "json")])
        write_export([store.put(row())], one.path, "json", one=True)
        (tmp_path / "broken.json").write_text("not json")
        done = store.forget(MAYA)
        assert not one.path.exists()
        assert [t.path.name for t in done.failed] == ["broken.json"] and "by hand" in str(done.failed[0].error)
        assert [e.path.name for e in store.exports()] == ["broken.json"]
        assert store.forget(MAYA).tables["drafts"] == 0


def test_forget_leaves_an_output_that_is_being_written(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        out = tmp_path / "out"
        store.remember(exports_at(out, "csv"))
        write_export([store.put(row())], out, "csv")
        with claim(out):
            assert ["being written" in str(t.error) for t in store.forget(MAYA).failed] == [True, True]
        assert store.forget(MAYA).failed == () and _holding(out, MAYA) == []


def test_forget_needs_an_address_and_takes_a_day(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        with pytest.raises(InputError, match="is not an e-mail address"):
            store.forget("northwind.example")
        store.forget(MAYA, on=date(2026, 1, 2))
        assert Suppression(store).list()[0].on == date(2026, 1, 2)


class _Asked(TypedDict):
    email: str
    answer: str


def test_forget_reaches_a_run_that_never_became_a_row(tmp_path: Path) -> None:
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.graph import START, StateGraph
    from langgraph.types import interrupt

    path = tmp_path / "data" / "winnow.db"
    with opened(tmp_path) as store:
        store.put(row("anya", outcome="REVIEW", **to("anya.maya@northwind.example")))
        connection = sqlite3.connect(path, check_same_thread=False)
        builder = StateGraph(_Asked).add_node("ask", lambda state: {"answer": interrupt(state["email"])}).add_edge(START, "ask")
        graph = builder.compile(checkpointer=SqliteSaver(connection))
        threads = {"open": "Maya+Work@Northwind.example", key("anya"): "anya.maya@northwind.example", "sam": "sam@northwind.example"}
        for thread, address in threads.items():
            graph.invoke({"email": address, "answer": ""}, {"configurable": {"thread_id": thread}}, durability="exit")
        connection.close()
        done = store.forget(MAYA)
        assert done.tables["checkpoints"] == 1 and done.tables["writes"] >= 1 and done.tables["drafts"] == 0
    connection = sqlite3.connect(path)
    left = {thread for (thread,) in connection.execute("SELECT thread_id FROM checkpoints")}
    connection.close()
    assert left == {"sam", key("anya")} and _holding(tmp_path, "maya+work") == []
