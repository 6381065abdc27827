"""The tables of the store, and the numbered steps that make them.

Decides what a database of each version looks like: a step is never edited once it has been released,
a change is a further step. Refuses a database that a newer Winnow has made, because an old one would
write what the new one cannot read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, Table, Text, inspect, text
from sqlalchemy.dialects import postgresql, sqlite

from rubric.errors import StoreError

metadata = MetaData()

drafts = Table(
    "drafts", metadata,
    Column("key", Text, primary_key=True),
    Column("prospect_id", Text),
    Column("company", Text, nullable=False),
    Column("address", Text),
    Column("domain", Text),
    Column("outcome", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("created_at", Text, nullable=False),
)  # fmt: skip
reviews = Table(
    "reviews", metadata,
    Column("key", Text, ForeignKey("drafts.key", ondelete="CASCADE"), primary_key=True),
    Column("payload", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("decided_at", Text),
)  # fmt: skip
suppression = Table(
    "suppression", metadata,
    Column("entry", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("reason", Text),
    Column("listed_on", Text, nullable=False),
)  # fmt: skip
salts = Table("salts", metadata, Column("name", Text, primary_key=True), Column("salt", Text, nullable=False))
exports = Table(
    "exports", metadata,
    Column("path", Text, primary_key=True),
    Column("format", Text, nullable=False),
    Column("kind", Text, nullable=False),
)  # fmt: skip
observations = Table(
    "observations", metadata,
    Column("entry", Text, primary_key=True),
    Column("adapter", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("document", Text, nullable=False),
)  # fmt: skip
trips = Table(
    "trips", metadata,
    Column("adapter", Text, primary_key=True),
    Column("tripped_at", Text, nullable=False),
    Column("reason", Text, nullable=False),
)  # fmt: skip
schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

_DRAFTS = """
CREATE TABLE drafts (
    "key" TEXT PRIMARY KEY, prospect_id TEXT, company TEXT NOT NULL, address TEXT, domain TEXT,
    outcome TEXT NOT NULL, document TEXT NOT NULL, created_at TEXT NOT NULL
)"""
_REVIEWS = """
CREATE TABLE reviews (
    "key" TEXT PRIMARY KEY REFERENCES drafts ("key") ON DELETE CASCADE,
    payload TEXT NOT NULL, state TEXT NOT NULL, decided_at TEXT
)"""
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        _DRAFTS,
        "CREATE INDEX drafts_address ON drafts (address)",
        "CREATE INDEX drafts_outcome ON drafts (outcome)",
        _REVIEWS,
        "CREATE TABLE suppression (entry TEXT PRIMARY KEY, kind TEXT NOT NULL, reason TEXT, listed_on TEXT NOT NULL)",
        "CREATE TABLE salts (name TEXT PRIMARY KEY, salt TEXT NOT NULL)",
        "CREATE TABLE exports (path TEXT PRIMARY KEY, format TEXT NOT NULL, kind TEXT NOT NULL)",
    ),
    (
        'CREATE TABLE observations (entry TEXT PRIMARY KEY, adapter TEXT NOT NULL, kind TEXT NOT NULL, "key" TEXT NOT NULL, document TEXT NOT NULL)',
        "CREATE INDEX observations_kind ON observations (adapter, kind, entry)",
        "CREATE TABLE trips (adapter TEXT PRIMARY KEY, tripped_at TEXT NOT NULL, reason TEXT NOT NULL)",
    ),
)
VERSION = len(MIGRATIONS)
_MIGRATING = 0x77696E6E  # any number of our own: PostgreSQL's lock for the length of a migration


def is_current(connection: Connection) -> bool:
    """Whether the tables are those of this version; a newer database is refused."""
    if not inspect(connection).has_table("schema_version"):
        return False
    return _version(connection) == VERSION


def migrate(connection: Connection) -> None:
    """Takes the steps that are missing, within the transaction that the caller has begun."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
    connection.execute(text("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY)"))
    for number, step in enumerate(MIGRATIONS[_version(connection) :], _version(connection) + 1):
        for statement in step:
            connection.execute(text(statement))
        connection.execute(schema_version.insert().values(version=number))


def _version(connection: Connection) -> int:
    found = connection.execute(text("SELECT max(version) FROM schema_version")).scalar() or 0
    if found > VERSION:
        raise StoreError(
            f"the store has version {found}, made by a newer Winnow; this one knows versions up to {VERSION}: "
            "upgrade it (pip install -U winnow), or give another --store"
        )
    return int(found)


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Inserts a row unless its key is there already; whether it did."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return connection.execute(dialect.insert(table).values(**values).on_conflict_do_nothing()).rowcount > 0


__all__ = [
    "MIGRATIONS", "VERSION", "drafts", "exports", "insert_new", "is_current", "metadata", "migrate", "observations", "reviews", "salts",
    "suppression", "trips",
]  # fmt: skip
