"""The mail messages of an export, some of which a person has edited since.

Decides that what a person has edited is neither overwritten nor taken away, but for one thing: a
message whose row is no draft any more goes, edited or not, and so does one to somebody whose row says
SUPPRESS, as they must not be written to. One letter is one message, on however many lines it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from agent.address import known_mailbox
from agent.eml import OURS, file_name, is_edited, key_of, message_of, plain_key, recipient_of
from agent.whole_file import whole_file, writing_to

Row = Mapping[str, Any]
NO_RESULT = "ERROR"


class Settled(NamedTuple):
    """How many edited messages were kept, and how many messages went because their row is no draft."""

    kept_edits: int = 0
    withdrawn: int = 0


class MailFolder:
    """The messages below an export's folder while its rows come in; without `writes` none is added."""

    def __init__(self, folder: Path, *, writes: bool) -> None:
        self._folder, self._writes = folder, writes
        self._numbers = count(1)
        self._names: set[str] = set()
        self._drafts: set[str] = set()
        self._gone = Gone()
        with writing_to(folder):
            if writes:
                folder.mkdir(parents=True, exist_ok=True)
            self._edited = {key_of(data) for _, data in _messages(folder) if is_edited(data)} if writes else set()

    def take(self, row: Row) -> None:
        """Numbered by its row; a letter that an edited message holds already is not written beside it."""
        number, key = next(self._numbers), plain_key(row)
        self._gone.take(row)
        data = message_of(row)
        if data is None or key in self._drafts:
            return
        self._drafts.update({key} - {""})
        if self._writes and (not key or key not in self._edited):
            name = file_name(number, str(row.get("company") or ""), key)
            self._names.add(name)
            write_message(self._folder / name, data)

    def settle(self) -> Settled:
        """Takes away what is stale, once every row is written."""
        kept = withdrawn = 0
        with writing_to(self._folder):
            for path, data in _messages(self._folder):
                if self._gone.has(data, self._drafts):
                    path.unlink()
                    withdrawn += 1
                elif is_edited(data):
                    kept += self._writes and (key_of(data) is not None or path.name in self._names)
                elif self._writes and path.name not in self._names and OURS.fullmatch(path.name):
                    path.unlink()
        return Settled(kept, withdrawn)


class Gone:
    """Which messages no row stands behind any more; an ERROR is no result and takes nothing away."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._people: set[str] = set()

    def take(self, row: Row) -> None:
        if row.get("outcome") in ("DRAFT", NO_RESULT):
            return
        self._keys.update({plain_key(row)} - {""})
        person = known_mailbox((row.get("recipient") or {}).get("email"))
        if row.get("outcome") == "SUPPRESS" and person is not None:
            self._people.add(str(person))

    def has(self, data: bytes, drafts: set[str]) -> bool:
        """Whether a message goes; one that is a draft of the same export stays."""
        key = key_of(data)
        if key in self._keys:
            return True
        return bool(self._people) and key is not None and key not in drafts and recipient_of(data) in self._people


def write_message(path: Path, data: bytes) -> bool:
    """Writes one message unless it is there; False where an edited one stands in its way and is kept."""
    if path.is_file() and (there := path.read_bytes()).strip():
        if there == data:
            return True
        if is_edited(there):
            return False
    with whole_file(path) as file:
        file.write(data)
    return True


def _messages(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(folder.glob("*.eml")):
        if path.is_file():
            yield path, path.read_bytes()


__all__ = ["Gone", "MailFolder", "Settled", "write_message"]
