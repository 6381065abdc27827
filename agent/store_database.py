"""The database behind the store: how it is opened, and the one place where its errors are typed.

Decides that a path is a SQLite file (write-ahead log, ten seconds of patience, readable by its owner
alone) and a URL is whatever SQLAlchemy makes of it. Every failure becomes a `StoreError` that names
the store, what happened and what to do; passwords are never in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from agent.store_schema import is_current, migrate
from rubric.errors import ConfigError, MissingExtra, StoreError, WinnowError

PATIENCE = 10.0
MEMORY = ":memory:"
_SQLITE = b"SQLite format 3\0"
_FIXES = (
    ("not a database", "the file is not a store", "give another --store, or move the file away to begin a new one"),
    ("malformed", "the file is damaged", "restore it from a copy, or move it away to begin a new one"),
    ("locked", "another process has held it for too long", "wait for the other run to end, then run again"),
    ("disk is full", "the disk is full", "make room and run again; what was finished is kept"),
    ("readonly", "it may not be written to", "give it write permission, or give another --store"),
    ("read-only", "it may not be written to", "give it write permission, or give another --store"),
    ("unable to open", "it cannot be opened", "look at the permissions of the file and its folder, or give another --store"),
    ("disk i/o", "the disk failed", "look at the disk, then run again; what was finished is kept"),
    ("no such table", "a table is missing", "the file is of another program; give another --store"),
    ("already exists", "it holds tables of another program", "give another --store"),
)


class Database:
    """One open database; `reading` and `writing` are the only ways in."""

    def __init__(self, place: str | Path) -> None:
        self.url = url_of(place)
        self.path = _file_of(self.url)
        self.shown = str(self.path or self.url.render_as_string(hide_password=True))
        # a database in memory is one connection, which threads must take in turns
        self._alone: AbstractContextManager[Any] = Lock() if self.url.database == MEMORY else nullcontext()
        if self.path is not None:
            _make_file(self.path)
        with self._typed():
            self._engine = _engine(self.url)
            self._writer = self._engine.execution_options(immediate=True)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._alone, self._typed(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: whole or not at all."""
        with self._alone, self._typed(), self._writer.begin() as connection:
            yield connection

    def compact(self) -> bool:
        """Rewrites a SQLite file, so that nothing deleted can be read from it; False while others use it."""
        if self.path is None:
            return True
        try:
            with self.reading() as connection:
                raw: Any = connection.connection.dbapi_connection
                raw.execute("VACUUM")
                left = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except Exception as error:  # noqa: BLE001  the raw driver's errors, which are not SQLAlchemy's
            if "locked" in str(error) or "too long" in str(error):
                return False
            raise self._error(str(error)) from None
        return not left[0]

    def close(self) -> None:
        self._engine.dispose()

    def _prepare(self) -> None:
        with self.reading() as connection:
            if is_current(connection):
                return
        with self.writing() as connection:
            migrate(connection)

    @contextmanager
    def _typed(self) -> Iterator[None]:
        try:
            yield
        except WinnowError:
            raise
        except ModuleNotFoundError as error:
            raise _missing(error.name or "") from None
        except (NoSuchModuleError, ArgumentError) as error:
            raise ConfigError(f"the store {self.shown} is no database that can be used: {error}; give a file or a postgresql:// URL") from None
        except DBAPIError as error:
            raise self._error(str(error.orig)) from None
        except SQLAlchemyError as error:
            raise self._error(str(error)) from None

    def _error(self, said: str) -> StoreError:
        low = said.lower()
        for words, what, fix in _FIXES:
            if words in low:
                return StoreError(f"the store {self.shown}: {what} ({_line(said)}); {fix}")
        return StoreError(f"the store {self.shown} failed: {_line(said)}; look whether it can be reached, then run again")


def url_of(place: str | Path) -> URL:
    """The URL of a path or of a URL; PostgreSQL goes through psycopg unless a driver is named."""
    given = str(place)
    if "://" not in given:
        return URL.create("sqlite", database=given if given == MEMORY else str(Path(given).expanduser()))
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise ConfigError("the store's URL cannot be read; give a file, or postgresql://user@host/database") from None
    if url.drivername in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    return url


def _file_of(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite" or url.database in {None, "", MEMORY}:
        return None
    return Path(str(url.database))


def _make_file(path: Path) -> None:
    """The file and the folders above it, for their owner alone where they are new."""
    try:
        for folder in reversed([p for p in path.parents if not p.exists()]):
            folder.mkdir(mode=0o700, exist_ok=True)
        if path.is_dir():
            raise StoreError(f"the store {path} is a folder; give a file in it, such as {path / 'winnow.db'}")
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        elif not _may_be_sqlite(path):  # SQLite itself overwrites a foreign file of a few bytes
            raise StoreError(f"the store {path}: the file is not a store (file is not a database); give another --store, or move the file away to begin a new one")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"the store {path} cannot be made: {reason}; give another --store, in a folder that you may write to") from None


def _may_be_sqlite(path: Path) -> bool:
    """Whether a file is empty or begins as SQLite's do; what may not be read is told apart later."""
    if not os.access(path, os.R_OK):
        return True
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) in (b"", _SQLITE)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if _file_of(url) is None:
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(url, connect_args={"timeout": PATIENCE})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(raw: Any, _record: Any) -> None:
    raw.isolation_level = None  # transactions begin where `_begin` says, and not where the driver guesses
    raw.execute(f"PRAGMA busy_timeout={int(PATIENCE * 1000)}")
    if raw.execute("PRAGMA journal_mode").fetchone()[0] not in {"wal", "memory"}:
        raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=NORMAL")
    raw.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    """A writer takes its lock at the start: one that grew from a reader could be refused half-way."""
    writes = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _missing(module: str) -> WinnowError:
    if module.startswith(("psycopg", "asyncpg", "pg8000")):
        return MissingExtra("postgres", "a store in PostgreSQL")
    return ConfigError(f"the store needs the Python package {module!r}, which is not installed")


def _line(said: str) -> str:
    return " ".join(said.split())[:300]


__all__ = ["MEMORY", "Database", "url_of"]
