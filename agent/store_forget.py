"""Forgetting one person: what goes, and what is left to show that they must not be written to.

Decides that every row goes whose recipient they are or that holds their address anywhere, with its
review, its checkpoints and its lines in the exports that the store remembers. The hash is listed first
and the rows go last, so that a run that is killed in between is finished by the same command. Files
that were copied elsewhere, and the input files, are not known here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, LargeBinary, MetaData, Table, delete, func, inspect, or_, select

from agent.address import Mailbox, lies_in, mailbox, mentions
from agent.redaction import Redacted, redact
from agent.store import Store
from agent.store_export import Export
from agent.store_schema import drafts, exports, observations, reviews
from agent.suppression import is_listed, list_forgotten

_CHUNK = 200
_CHECKPOINTS = ("checkpoints", "writes", "checkpoint_blobs", "checkpoint_writes")


class Forgotten(NamedTuple):
    """What was removed, or with a dry run would be: rows by table, and what became of the exports."""

    tables: Mapping[str, int]
    exports: tuple[Redacted, ...] = ()
    compacted: bool = True

    @property
    def touched(self) -> tuple[Redacted, ...]:
        """The exports that held something of the person, or could not be looked into."""
        return tuple(one for one in self.exports if one.removed or one.error)

    @property
    def failed(self) -> tuple[Redacted, ...]:
        return tuple(one for one in self.exports if one.error)


def forget(store: Store, address: str, *, on: date | None = None, dry_run: bool = False) -> Forgotten:
    person = mailbox(address)
    with store.database.reading() as connection:
        keys = list(_keys(connection, person))
        threads = set(_threads(connection, set(keys), person))
        counts = _counted(connection, person, keys, threads)
    if dry_run:
        return Forgotten(counts, _redacted(store, person, frozenset(keys), dry_run=True))
    with store.database.writing() as connection:
        list_forgotten(connection, str(person), on or store.today())
    touched = _redacted(store, person, frozenset(keys), dry_run=False)
    with store.database.writing() as connection:
        _remove(connection, keys, threads)
        _drop_exports(connection, [one for one in touched if one.gone])
    return Forgotten(counts, touched, store.database.compact())


def _keys(connection: Connection, person: Mailbox) -> Iterator[str]:
    """The keys of the rows that are the person's or hold their address."""
    local = json.dumps(person.local)[1:-1]
    held = drafts.c.document.icontains(local, autoescape=True) & drafts.c.document.contains("@")
    query = select(drafts.c.key, drafts.c.address, drafts.c.document).where(or_(drafts.c.address == str(person), held))
    for key, own, document in connection.execute(query):
        if own == str(person) or holds(json.loads(document), person):
            yield key


def holds(value: Any, person: Mailbox) -> bool:
    """Whether any text within a JSON value names the person's address."""
    if isinstance(value, str):
        return mentions(value, person)
    if isinstance(value, Mapping):
        return any(holds(key, person) or holds(item, person) for key, item in value.items())
    return isinstance(value, list) and any(holds(item, person) for item in value)


def _threads(connection: Connection, keys: set[str], person: Mailbox) -> Iterator[str]:
    """The runs that LangGraph keeps: those of the person's rows, whose names begin with the key, and those
    that never became a row, where their bytes hold the address."""
    others = set(connection.execute(select(drafts.c.key)).scalars()) - keys
    for kept in _tables(connection):
        blobs = [c for c in kept.c if isinstance(c.type, LargeBinary)]
        for thread, *values in connection.execute(select(kept.c.thread_id, *blobs)):
            key = thread.partition(".")[0]
            if key in keys or (key not in others and any(lies_in(bytes(v), person) for v in values if v is not None)):
                yield thread


def _tables(connection: Connection) -> list[Table]:
    present = set(inspect(connection).get_table_names())
    return [Table(name, MetaData(), autoload_with=connection) for name in _CHECKPOINTS if name in present]


def _counted(connection: Connection, person: Mailbox, keys: list[str], threads: set[str]) -> dict[str, int]:
    counts = {
        "drafts": len(keys),
        "reviews": _count(connection, reviews, "key", keys),
        "suppression": int(is_listed(connection, str(person))),
    }
    return counts | {t.name: _count(connection, t, "thread_id", sorted(threads)) for t in _tables(connection)}


def _count(connection: Connection, where: Table, name: str, values: list[str]) -> int:
    query = select(func.count()).select_from(where)
    return sum(connection.execute(query.where(where.c[name].in_(chunk))).scalar_one() for chunk in _chunks(values))


def _remove(connection: Connection, keys: list[str], threads: set[str]) -> None:
    for where, name, values in ((reviews, "key", keys), (observations, "key", keys), (drafts, "key", keys), *((t, "thread_id", sorted(threads)) for t in _tables(connection))):
        for chunk in _chunks(values):
            connection.execute(delete(where).where(where.c[name].in_(chunk)))


def _drop_exports(connection: Connection, gone: list[Redacted]) -> None:
    for one in gone:
        connection.execute(exports.delete().where(exports.c.path == str(one.path)))


def _redacted(store: Store, person: Mailbox, keys: frozenset[str], *, dry_run: bool) -> tuple[Redacted, ...]:
    found = (_one(export, person, keys, dry_run) for export in store.exports())
    return tuple(one for one in found if one.removed or one.gone or one.error)


def _one(export: Export, person: Mailbox, keys: frozenset[str], dry_run: bool) -> Redacted:
    return redact(export.path, export.format, lambda row: row.get("key") in keys or holds(row, person), dry_run=dry_run)


def _chunks(values: list[str]) -> Iterator[list[str]]:
    yield from (values[n : n + _CHUNK] for n in range(0, len(values), _CHUNK))


__all__ = ["Forgotten", "forget", "holds"]
