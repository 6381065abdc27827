"""The store: once written, whole or absent, typed failures, one writer, and what `forget` reaches."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.dialects import postgresql

from agent import store_schema
from agent.claim import claim, lock_of
from agent.store import Store
from agent.store_database import url_of
from rubric.errors import ConfigError, MissingExtra, StoreError
from tests.command import ROOT
from tests.rows import key, row

NOON = datetime(2026, 4, 21, 12, tzinfo=UTC)
POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and signals")
NOT_ROOT = pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")


def opened(tmp_path: Path) -> Store:
    return Store(tmp_path / "data" / "winnow.db", clock=lambda: NOON)


# -- drafts ---------------------------------------------------------------------------------


def test_a_key_is_written_once(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert store.find(key("one")) is None
        assert store.put(row()) == row()
        assert store.put(row(company="Other")) == row()
        assert store.find(key("one")) == row()
    with opened(tmp_path) as store:
        assert store.find(key("one")) == row()


def test_an_error_gives_way_and_nothing_else_does(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.put(row(outcome="ERROR", error="the model failed"))
        assert store.put(row())["outcome"] == "DRAFT"
        assert store.put(row(outcome="ERROR"))["outcome"] == "DRAFT"
        assert store.counts() == {"DRAFT": 1}


@pytest.mark.parametrize("text", ["\ud800 half", "zero\0byte", "\u2028", "Ünïcödé 株式会社", "'; DROP TABLE drafts; --"])
def test_any_text_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    given = row(id=text, company=text, email={"subject": text, "body": text}, recipient={"name": text, "email": text, "role": None})
    with opened(tmp_path) as store:
        store.put(given)
        assert store.find(given["key"]) == given


def test_rows_stream_in_the_order_asked(tmp_path: Path) -> None:
    names = [f"n{n}" for n in range(450)]
    with opened(tmp_path) as store:
        for name in names:
            store.put(row(name))
        wanted = [key(name) for name in reversed(names)]
        found = [r["key"] for r in store.iterate(iter([*wanted, key("unknown"), wanted[0]]))]
        assert found == [*wanted, wanted[0]]
        assert [r["id"] for r in store.rows([key("n3"), key("n1")])] == ["n3", "n1"]


def test_reviews_wait_and_are_settled(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.put(row("a", outcome="REVIEW"), review={"question": "send?"})
        store.put(row("b"))
        assert [r["id"] for r in store.waiting()] == ["a"]
        assert store.review(key("a")) == {"question": "send?"} and store.review(key("b")) is None
        store.settle(key("a"), row("a", outcome="IGNORED"))
        assert list(store.waiting()) == [] and store.counts() == {"DRAFT": 1, "IGNORED": 1}


def test_a_store_in_memory_is_shared_by_threads() -> None:
    with Store(":memory:") as store:
        threads = [threading.Thread(target=lambda n=n: store.put(row(f"t{n}"))) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.counts() == {"DRAFT": 20}


# -- opening and failures -------------------------------------------------------------------


@POSIX
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.put(row())
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "data", *(tmp_path / "data").iterdir())}
    assert modes.pop("data") == 0o700
    assert set(modes.values()) == {0o600} and "winnow.db" in modes


def _tables_of(engine: Any) -> dict[str, set[str]]:
    found = inspect(engine)
    return {name: {c["name"] for c in found.get_columns(name)} for name in found.get_table_names()}


def test_the_migrations_make_the_tables_that_the_code_reads(tmp_path: Path) -> None:
    opened(tmp_path).close()
    engine = create_engine(f"sqlite:///{tmp_path}/data/winnow.db")
    wanted = {name: set(table.columns.keys()) for name, table in store_schema.metadata.tables.items()}
    assert _tables_of(engine) == wanted
    engine.dispose()


def _sql(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).close()
    _sql(tmp_path / "data" / "winnow.db", "INSERT INTO schema_version VALUES (99)")
    with pytest.raises(StoreError, match="version 99, made by a newer Winnow"):
        opened(tmp_path)


def test_a_step_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_schema, "MIGRATIONS", ((*store_schema.MIGRATIONS[0], "CREATE nonsense"),))
    with pytest.raises(StoreError, match=r"winnow\.db"):
        opened(tmp_path)
    monkeypatch.undo()
    with opened(tmp_path) as store:
        assert store.put(row()) == row()


def test_files_that_are_no_store_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is not a database, it is a letter of some length" * 40)
    with pytest.raises(StoreError, match=r"text\.db: the file is not a store .*move the file away"):
        Store(tmp_path / "text.db")
    with pytest.raises(StoreError, match="is a folder"):
        Store(tmp_path)
    with pytest.raises(StoreError, match=r"cannot be made: Not a directory"):
        Store(tmp_path / "text.db" / "winnow.db")
    _sql(tmp_path / "other.db", "CREATE TABLE drafts (x)")
    with pytest.raises(StoreError, match="tables of another program"):
        Store(tmp_path / "other.db")


@NOT_ROOT
def test_a_store_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    opened(tmp_path).close()
    (tmp_path / "data" / "winnow.db").chmod(0o400)
    with pytest.raises(StoreError, match="permission"), opened(tmp_path) as store:
        store.put(row())


def test_a_store_that_is_held_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.store_database.PATIENCE", 0.05)
    with opened(tmp_path) as store:
        holder = sqlite3.connect(tmp_path / "data" / "winnow.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process has held it"):
            store.put(row())
        holder.execute("ROLLBACK")
        holder.close()
        assert store.put(row()) == row()


def test_a_full_disk_is_named_and_loses_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.put(row("kept"))
        with store.database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")  # the pool hands this connection out again
        with pytest.raises(StoreError, match="the disk is full"):
            store.put(row("big", company="x" * 100_000))
        assert store.find(key("kept")) == row("kept") and store.find(key("big")) is None


def _open_and_put(path: str, name: str) -> None:
    with Store(path) as store:
        store.put(row(name))


def test_processes_that_open_a_new_store_together_agree(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    path = str(tmp_path / "new.db")
    processes = [context.Process(target=_open_and_put, args=(path, f"p{n}")) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 3
    with Store(path) as store:
        assert store.counts() == {"DRAFT": 3}


# -- PostgreSQL, as far as it goes without a server -------------------------------------------


def test_urls_are_read_and_passwords_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    url = url_of("postgresql://winnow:secret@127.0.0.1:1/winnow")
    assert url.drivername == "postgresql+psycopg" and url.database == "winnow"
    assert url_of("postgres://h/d").drivername == "postgresql+psycopg"
    assert url_of("postgresql+pg8000://h/d").drivername == "postgresql+pg8000"
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match="postgres"):
        Store("postgresql://winnow:secret@127.0.0.1:1/winnow")
    for wrong in ("nosuch://x/y", "://", "postgresql://h:port/d"):
        with pytest.raises(ConfigError) as caught:
            Store(wrong)
        assert "secret" not in str(caught.value)


def test_the_statements_are_written_for_postgresql_too() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    statement = postgresql.insert(store_schema.drafts).values(key="k").on_conflict_do_nothing()
    assert "ON CONFLICT DO NOTHING" in str(statement.compile(dialect=dialect))
    assert all("AUTOINCREMENT" not in s and "PRAGMA" not in s for step in store_schema.MIGRATIONS for s in step)


# -- one writer -----------------------------------------------------------------------------


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with claim(tmp_path / "out.jsonl") as lock:
        assert lock.exists()
        with pytest.raises(StoreError, match=rf"being written by another run \(process {os.getpid()} on"):
            claim(tmp_path / "data" / ".." / "out.jsonl").__enter__()
        with claim(tmp_path / "other.jsonl"):
            pass
    assert not lock.exists()
    with claim(tmp_path / "out.jsonl"):
        pass


HOLD = "import sys, time; from agent.claim import claim\nwith claim(sys.argv[1]): print('held', flush=True); time.sleep(600)"


@POSIX
def test_a_killed_owner_blocks_nobody(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(out)], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match=f"process {process.pid} on"), claim(out):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    assert lock_of(out).exists()
    with claim(out):
        pass
    assert not lock_of(out).exists()


@NOT_ROOT
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.raises(StoreError, match=r"shut: Permission denied"), claim(tmp_path / "shut" / "out"):
        pass
