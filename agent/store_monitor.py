"""What was seen of a critic, and whether its switch is off, kept in the store.

Implements `critic.monitor.MonitorStore`. Decides that an observation is a row of its own which nobody
rewrites, and that a trip is written once until a reset, so that processes at work at the same time lose nothing.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from critic.monitor import Kind, Observation, Trip

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from agent.store import Store

_RESET = "reset"


class MonitorTable:
    """The monitor's part of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._database = store.database

    def add(self, adapter: str, seen: Observation) -> None:
        with self._database.writing() as connection:
            self._insert(connection, adapter, seen.kind, seen.key, seen.model_copy(update={"at": seen.at or self._store.now()}).model_dump_json())

    def latest(self, adapter: str, kind: Kind, limit: int | None = None) -> list[Observation]:
        from sqlalchemy import func, select

        from agent.store_schema import observations as rows

        since = select(func.max(rows.c.entry)).where(rows.c.adapter == adapter, rows.c.kind == _RESET).scalar_subquery()
        query = select(rows.c.document).where(rows.c.adapter == adapter, rows.c.kind == kind, rows.c.entry > func.coalesce(since, ""))
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(rows.c.entry.desc()).limit(limit)).scalars().all()
        return [Observation.model_validate_json(document) for document in found]

    def tripped(self, adapter: str) -> Trip | None:
        with self._database.reading() as connection:
            return _trip(connection, adapter)

    def trip(self, adapter: str, reason: str) -> Trip:
        from agent.store_schema import insert_new, trips

        made = Trip(at=self._store.now(), reason=reason)
        with self._database.writing() as connection:
            if insert_new(connection, trips, {"adapter": adapter, "tripped_at": made.at, "reason": reason}):
                return made
            return _trip(connection, adapter) or made

    def reset(self, adapter: str, by: str, reason: str) -> Trip | None:
        from agent.store_schema import trips

        with self._database.writing() as connection:
            standing = _trip(connection, adapter)
            connection.execute(trips.delete().where(trips.c.adapter == adapter))
            told = {"at": self._store.now(), "by": by, "reason": reason, "was": standing and standing.model_dump()}
            self._insert(connection, adapter, _RESET, "", json.dumps(told))
        return standing

    def adapters(self) -> list[str]:
        """Every adapter that something was seen of."""
        from sqlalchemy import select

        from agent.store_schema import observations, trips

        with self._database.reading() as connection:
            found = [set(connection.execute(select(table.c.adapter).distinct()).scalars()) for table in (observations, trips)]
        return sorted(found[0] | found[1])

    def _insert(self, connection: Connection, adapter: str, kind: str, key: str, document: str) -> None:
        from agent.store_schema import observations

        entry = f"{time.time_ns():020d}-{uuid4().hex}"  # the order of writing, whatever a clock in the store says
        connection.execute(observations.insert().values(entry=entry, adapter=adapter, kind=kind, key=key, document=document))


def _trip(connection: Connection, adapter: str) -> Trip | None:
    from agent.store_schema import trips

    row = connection.execute(trips.select().where(trips.c.adapter == adapter)).first()
    return None if row is None else Trip(at=row.tripped_at, reason=row.reason)


__all__ = ["MonitorTable"]
