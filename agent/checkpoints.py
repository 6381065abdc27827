"""The checkpointer of the graph, in the same database as the drafts.

Decides where a run that waits for a person is kept: SQLite by default, PostgreSQL by URL as an extra.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from rubric.errors import MissingExtra, StoreError


def checkpointer(store: str) -> Any:
    """A context manager: the checkpointer in the same database as the drafts."""
    if "://" in store and not store.startswith("sqlite"):
        return _postgres(store)
    return _Sqlite(store)


class _Sqlite:
    def __init__(self, store: str) -> None:
        self._path = store.removeprefix("sqlite:///")

    def __enter__(self) -> Any:
        from langgraph.checkpoint.sqlite import SqliteSaver

        try:
            self._connection = sqlite3.connect(self._path, check_same_thread=False, timeout=30)
        except sqlite3.Error as error:
            raise StoreError(f"the store {self._path!r} cannot be opened: {error}; give another with --store FILE") from None
        saver = SqliteSaver(self._connection)
        saver.setup()
        return saver

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _postgres(url: str) -> Any:
    try:
        from langgraph.checkpoint.postgres import PostgresSaver
    except ImportError:
        raise MissingExtra("postgres", "a store on PostgreSQL") from None
    return PostgresSaver.from_conn_string(url)


__all__ = ["checkpointer"]
