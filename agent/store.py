"""The store: every draft that was made, under the key that says what made it.

Decides that a key is written once, so that no prospect is drafted twice, and that a row is whole or
absent. Only a row with the outcome ERROR gives way to a later one, as an error is no result. Files are
exports of what is here; the store remembers where it put them, so that `forget` reaches them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, func

from agent.address import known_mailbox
from agent.store_database import Database
from agent.store_export import Export
from agent.store_schema import drafts, exports, insert_new, reviews

if TYPE_CHECKING:
    from agent.store_forget import Forgotten

Row = dict[str, Any]
CHUNK = 200
_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """Drafts, reviews, suppressions and exports in one database.

    with Store("winnow.db") as store:
        row = store.find(key) or store.put(row)
    """

    def __init__(self, place: str | Path, *, clock: Callable[[], datetime] = _now) -> None:
        self.database = Database(place)
        self._clock = clock

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.database.close()

    @property
    def shown(self) -> str:
        """The store's name for messages, without a password."""
        return self.database.shown

    def now(self) -> str:
        return self._clock().isoformat(timespec="seconds")

    def today(self) -> date:
        return self._clock().astimezone().date()

    # -- drafts -----------------------------------------------------------------------------

    def find(self, key: str) -> Row | None:
        with self.database.reading() as connection:
            return _stored(connection, key)

    def put(self, row: Mapping[str, Any], *, review: Any = None) -> Row:
        """Keeps a row and returns it; where the key has one already, that one is returned unchanged.

        `review` is what a person is asked about a REVIEW row.
        """
        with self.database.writing() as connection:
            if not insert_new(connection, drafts, {**_columns(row), "created_at": self.now()}):
                stored = _stored(connection, row["key"])
                if stored is not None and stored["outcome"] != "ERROR":
                    return stored
                _replace(connection, row)
            self._note(connection, row, review)
            return dict(row)

    def settle(self, key: str, row: Mapping[str, Any], *, review: Any = None) -> None:
        """Replaces a row, such as one in review by what the person decided."""
        with self.database.writing() as connection:
            _replace(connection, {**row, "key": key})
            self._note(connection, row, review)

    def _note(self, connection: Connection, row: Mapping[str, Any], review: Any) -> None:
        """What a REVIEW row asks, or how a review ended."""
        this = reviews.c.key == row["key"]
        if row["outcome"] == "REVIEW":
            connection.execute(reviews.delete().where(this))
            connection.execute(reviews.insert().values(key=row["key"], payload=_encode(review), state="waiting"))
        else:
            connection.execute(reviews.update().where(this).values(state=row["outcome"], decided_at=self.now()))

    def iterate(self, keys: Iterable[str]) -> Iterator[Row]:
        """The rows of many keys in their order, in constant memory; keys without a row are passed over."""
        wanted = iter(keys)
        while chunk := list(islice(wanted, CHUNK)):
            yield from self.rows(chunk)

    def rows(self, keys: Sequence[str]) -> list[Row]:
        found: dict[str, str] = {}
        with self.database.reading() as connection:
            for start in range(0, len(keys), CHUNK):
                query = drafts.select().where(drafts.c.key.in_(keys[start : start + CHUNK]))
                found |= {r.key: r.document for r in connection.execute(query)}
        return [json.loads(found[key]) for key in keys if key in found]

    def counts(self) -> dict[str, int]:
        """How many rows there are of each outcome."""
        query = drafts.select().with_only_columns(drafts.c.outcome, func.count()).group_by(drafts.c.outcome)
        with self.database.reading() as connection:
            return {r[0]: int(r[1]) for r in connection.execute(query.order_by(drafts.c.outcome))}

    def waiting(self) -> Iterator[Row]:
        """The rows that wait for a person, the oldest first."""
        query = drafts.select().with_only_columns(drafts.c.key).where(drafts.c.outcome == "REVIEW")
        with self.database.reading() as connection:
            keys = connection.execute(query.order_by(drafts.c.created_at, drafts.c.key)).scalars().all()
        return self.iterate(keys)

    def review(self, key: str) -> Any:
        """What a person is asked about a row; None where nothing was kept."""
        with self.database.reading() as connection:
            payload = connection.execute(reviews.select().with_only_columns(reviews.c.payload).where(reviews.c.key == key)).scalar()
        return None if payload is None else json.loads(payload)

    # -- exports ----------------------------------------------------------------------------

    def remember(self, written: Iterable[Export]) -> None:
        """Notes where rows are about to be written; call it before the writing."""
        with self.database.writing() as connection:
            for one in written:
                path = str(one.path.expanduser().resolve())
                connection.execute(exports.delete().where(exports.c.path == path))
                connection.execute(exports.insert().values(path=path, format=one.format, kind=one.kind))

    def exports(self) -> list[Export]:
        with self.database.reading() as connection:
            found = connection.execute(exports.select().order_by(exports.c.path)).all()
        return [Export(Path(r.path), r.format, r.kind) for r in found]

    def forget(self, address: str, *, on: date | None = None, dry_run: bool = False) -> Forgotten:
        """Removes a person's traces and leaves a salted hash on the suppression list."""
        from agent.store_forget import forget

        return forget(self, address, on=on, dry_run=dry_run)


def _stored(connection: Connection, key: str) -> Row | None:
    query = drafts.select().with_only_columns(drafts.c.document).where(drafts.c.key == key)
    document = connection.execute(query).scalar()
    return None if document is None else json.loads(document)


def _replace(connection: Connection, row: Mapping[str, Any]) -> None:
    values = _columns(row)
    connection.execute(drafts.update().where(drafts.c.key == values.pop("key")).values(**values))


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    person = known_mailbox((row.get("recipient") or {}).get("email"))
    return {
        "key": row["key"],
        "prospect_id": _plain(row.get("id")),
        "company": _plain(row.get("company")) or "",
        "address": None if person is None else str(person),
        "domain": None if person is None else person.domain,
        "outcome": row["outcome"],
        "document": _encode(dict(row)),
    }


def _plain(value: Any) -> str | None:
    """Text that every database takes: no half surrogates and no zero bytes."""
    return None if value is None else str(value).replace("\0", "").encode("utf-8", "replace").decode("utf-8")


__all__ = ["Export", "Row", "Store"]
