"""The suppression list: who is never written to, consulted before any token is spent.

Decides that an address holds for every tag of it and a domain for all below it, and that in doubt
nobody is written to. Somebody who was forgotten is known by a salted hash alone, so that the list can
refuse an address that it does not hold; such an entry is not removed by accident.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from agent.address import addresses_in, domain_name, known_domain, known_mailbox, mailbox, with_parents
from rubric import coerce
from rubric.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from agent.store import Store

Kind = Literal["address", "domain", "forgotten"]
BY_REQUEST = "forgotten by request"
MAX_REASON = 1000
_HASHED = "sha256:"


class Entry(NamedTuple):
    """A line of the list; the `value` of a forgotten one is a salted hash."""

    value: str
    kind: Kind
    reason: str | None
    on: date


class Match(NamedTuple):
    """The entry that an address or a domain fell under."""

    entry: Entry
    what: str

    @property
    def reason(self) -> str:
        if self.entry.kind == "forgotten":
            return f"suppressed: this person was forgotten by request on {self.entry.on}"
        why = f": {self.entry.reason}" if self.entry.reason else ""
        under = "" if self.what == self.entry.value else f" as part of {self.entry.value}"
        return f"suppressed: {self.what} is on the list{under} since {self.entry.on}{why}"


class Added(NamedTuple):
    entry: Entry
    new: bool


class Suppression:
    """The list within a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._database = store.database

    def add(self, given: str, reason: str | None = None, on: date | None = None) -> Added:
        """Lists an address or a domain; an entry that is there already keeps its reason and day."""
        return self.add_all([self.entry(given, reason, on)])[0]

    def entry(self, given: str, reason: str | None = None, on: date | None = None) -> Entry:
        """The entry that a text stands for, without listing it."""
        kind, value = _kind_of(given)
        why = " ".join((reason or "").replace("\0", "").encode("utf-8", "replace").decode().split())
        return Entry(value, kind, why[:MAX_REASON] or None, on or self._store.today())

    def add_all(self, entries: Iterable[Entry]) -> list[Added]:
        """Lists many in one transaction."""
        with self._database.writing() as connection:
            return [_insert(connection, entry) for entry in entries]

    def remove(self, given: str, *, forgotten: bool = False) -> list[Entry]:
        """Takes an address or domain off the list; `forgotten` takes off the hash of somebody forgotten too."""
        kind, value = _kind_of(given)
        with self._database.writing() as connection:
            hashed = _hash(_salt(connection), value) if kind == "address" else None
            found = _among(connection, [v for v in (value, hashed) if v])
            if any(e.kind == "forgotten" for e in found) and not forgotten:
                raise InputError(f"{value} was forgotten by request; --forgotten takes the entry off the list all the same")
            _delete(connection, [e.value for e in found])
        return found

    def list(self) -> list[Entry]:
        from agent.store_schema import suppression

        with self._database.reading() as connection:
            found = connection.execute(suppression.select().order_by(suppression.c.kind, suppression.c.entry)).all()
        return [_entry(r) for r in found]

    def match(self, email: str | None = None, domain: str | None = None) -> Match | None:
        """The entry that any address in `email`, or else the company's domain, falls under."""
        people = [found for found in map(known_mailbox, addresses_in(email) or [email or ""]) if found is not None]
        hosts = [person.domain for person in people]
        if company := known_domain(domain):
            hosts.append(company)
        with self._database.reading() as connection:
            salt = _salt(connection)
            shown = {value: what for p in people for value, what in ((str(p), str(p)), (_hash(salt, str(p)), ""))}
            for host in hosts:
                shown = dict.fromkeys(with_parents(host), host) | shown
            found = {e.value: e for e in _among(connection, list(shown))}
        order = sorted(found, key=lambda value: "@" not in value and not value.startswith(_HASHED))
        return next((Match(found[value], shown[value]) for value in order), None)

    def reason(self, email: str | None = None, domain: str | None = None) -> str | None:
        """Why somebody may not be written to; None where nothing speaks against it."""
        match = self.match(email, domain)
        return None if match is None else match.reason


def list_forgotten(connection: Connection, address: str, on: date) -> None:
    """Puts the hash of an address on the list in place of the address."""
    _delete(connection, [address])
    _insert(connection, Entry(_hash(_made_salt(connection), address), "forgotten", BY_REQUEST, on))


def is_listed(connection: Connection, address: str) -> bool:
    """Whether the address stands on the list in plain words."""
    return bool(_among(connection, [address]))


def _kind_of(given: str) -> tuple[Kind, str]:
    text = given.strip()
    if "@" in text.lstrip("@") and "/" not in text:
        return "address", str(mailbox(text))
    try:
        return "domain", domain_name(text)
    except InputError:
        raise InputError(f"{given!r:.80} is neither an address nor a domain; give maya@northwind.example or northwind.example") from None


def _insert(connection: Connection, entry: Entry) -> Added:
    from agent.store_schema import insert_new, suppression

    values = {"entry": entry.value, "kind": entry.kind, "reason": entry.reason, "listed_on": entry.on.isoformat()}
    new = insert_new(connection, suppression, values)
    return Added(entry if new else _among(connection, [entry.value])[0], new)


def _among(connection: Connection, values: list[str]) -> list[Entry]:
    from agent.store_schema import suppression

    if not values:
        return []
    return [_entry(r) for r in connection.execute(suppression.select().where(suppression.c.entry.in_(values)))]


def _delete(connection: Connection, values: list[str]) -> None:
    from agent.store_schema import suppression

    connection.execute(suppression.delete().where(suppression.c.entry.in_(values)))


def _entry(row: Any) -> Entry:
    return Entry(row.entry, row.kind, row.reason, coerce.day(row.listed_on))


def _salt(connection: Connection) -> str:
    """The store's salt; empty where nobody has been forgotten yet, and then no hash can match."""
    from agent.store_schema import salts

    return connection.execute(salts.select().with_only_columns(salts.c.salt).where(salts.c.name == "suppression")).scalar() or ""


def _made_salt(connection: Connection) -> str:
    from agent.store_schema import insert_new, salts

    insert_new(connection, salts, {"name": "suppression", "salt": secrets.token_hex(32)})
    return _salt(connection)


def _hash(salt: str, address: str) -> str:
    return _HASHED + hmac.new(salt.encode(), address.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


__all__ = ["Added", "Entry", "Kind", "Match", "Suppression", "is_listed", "list_forgotten"]
