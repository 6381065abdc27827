"""The checkpointer of the graph, in the same database as the drafts.

Decides where a run that waits for a person is kept, and types what a database does to it: SQLite by
default, PostgreSQL by URL as an extra.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from rubric.errors import MissingExtra, StoreError

if TYPE_CHECKING:
    from agent.store_database import Database

PATIENCE = 10.0


@contextmanager
def checkpointer(database: Database) -> Iterator[Any]:
    """The checkpointer of an open store."""
    with typed(database.shown):
        opened = _postgres(database) if database.url.get_backend_name() == "postgresql" else _sqlite(database)
        with opened as saver:
            saver.setup()
            yield saver


@contextmanager
def typed(shown: str) -> Iterator[None]:
    """The drivers' own errors as one that names the store and the fix."""
    try:
        yield
    except Exception as error:
        if isinstance(error, sqlite3.Error) or type(error).__module__.split(".")[0] == "psycopg":
            said = " ".join(str(error).split())
            raise StoreError(
                f"the store {shown} cannot keep a run: {said}; make room, end what holds it, or give another --store, and run again"
            ) from None
        raise


@contextmanager
def _sqlite(database: Database) -> Iterator[Any]:
    from langgraph.checkpoint.sqlite import SqliteSaver

    place = str(database.path) if database.path else ":memory:"
    with closing(sqlite3.connect(place, check_same_thread=False, timeout=PATIENCE)) as connection:
        yield SqliteSaver(connection)


@contextmanager
def _postgres(database: Database) -> Iterator[Any]:
    try:
        from langgraph.checkpoint.postgres import PostgresSaver
    except ImportError:
        raise MissingExtra("postgres", "a store on PostgreSQL") from None
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with PostgresSaver.from_conn_string(url) as saver:
        yield saver


__all__ = ["checkpointer", "typed"]
