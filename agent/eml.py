"""A draft as a mail message that a mail program opens for editing.

Decides that a message is addressed only where the prospect has an address, never has a sender, and
says in its headers that it is an unsent draft. Its first line is a hash of all the others, by which a
later export knows whether a person has edited it. No text of a row can add a header, and no company
name can make a file name that a system refuses or follows elsewhere.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from agent.address import bare, known_mailbox

MAX_SLUG = 60
CONTENT = b"X-Winnow-Content: "
_HEX = re.compile(r"[^0-9a-f]")
_KEY = re.compile(rb"^x-winnow-key:[ \t]*(?:\n[ \t]+)?([0-9a-f]+)", re.I | re.M)
OURS = re.compile(r"\d{4,}-[a-z0-9-]+-[0-9a-f]{6}\.eml")


def message_of(row: Mapping[str, Any]) -> bytes | None:
    """The message of a draft; None for a row that is none."""
    letter = row.get("email")
    if row.get("outcome") != "DRAFT" or not letter:
        return None
    to = _address(row.get("recipient") or {})
    readable = to is None or to.addr_spec.isascii()
    message = EmailMessage(policy.SMTP if readable else policy.SMTPUTF8)
    if to is not None:
        message["To"] = to
    if letter.get("subject") is not None:
        message["Subject"] = one_line(letter["subject"])
    message["X-Unsent"] = "1"
    message["X-Winnow-Status"] = "draft"
    message["X-Winnow-Key"] = plain_key(row)
    message.set_content(_body(letter.get("body") or ""), subtype="plain", charset="utf-8", cte="quoted-printable")
    data = message.as_bytes()
    return CONTENT + _hash(data) + b"\r\n" + data


def is_edited(data: bytes) -> bool:
    """Whether a file is not, or no longer, what `message_of` made; other line ends are no edit.

    >>> row = {"outcome": "DRAFT", "key": "3f2a", "email": {"subject": "Hi", "body": "Hi Maya"}}
    >>> is_edited(message_of(row)), is_edited(message_of(row).replace(b"Maya", b"Sam"))
    (False, True)
    """
    first, _, rest = _unix(data).partition(b"\n")
    return first != CONTENT + _hash(rest)


def key_of(data: bytes) -> str | None:
    """The key of the row that a message was made of; None where it does not say."""
    found = _KEY.search(_unix(data).partition(b"\n\n")[0])
    return found[1].decode() if found else None


def recipient_of(data: bytes) -> str | None:
    """The mailbox that a message goes to, in the spelling of the suppression list."""
    message = message_from_bytes(data, policy=policy.SMTPUTF8)
    person = known_mailbox(str(message["To"] or ""))
    return None if person is None else str(person)


def plain_key(row: Mapping[str, Any]) -> str:
    """A row's key as a header and a file name hold it; empty where there is none."""
    return _HEX.sub("", str(row.get("key") or ""))


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(_unix(data)).hexdigest()[:32].encode()


def _unix(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")


def file_name(number: int, company: str, key: str) -> str:
    """The name of a draft's file, the same on every system.

    >>> file_name(1, "Northwind Robotics", "3f2a9c77")
    '0001-northwind-robotics-3f2a9c.eml'
    """
    plain = unicodedata.normalize("NFKD", company).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:MAX_SLUG].strip("-") or "company"
    return f"{number:04d}-{slug}-{_HEX.sub('', key)[:6].ljust(6, '0')}.eml"


def one_line(text: str) -> str:
    """Text that stays within one header: no line breaks, no control or direction characters, and no
    encoded word, as mail libraries decode one into whatever it hides, line breaks included."""
    shown = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text)
    return " ".join("".join(c for c in shown if not _steers(c)).replace("=?", "= ?").split())


def _steers(char: str) -> bool:
    return unicodedata.category(char) == "Cs" or char in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def _address(recipient: Mapping[str, Any]) -> Address | None:
    person = known_mailbox(recipient.get("email"))
    if person is None:
        return None
    local = one_line(bare(recipient["email"])).rpartition("@")[0]
    try:
        return Address(one_line(recipient.get("name") or ""), username=local, domain=person.domain)
    except ValueError:
        return None


def _body(text: str) -> str:
    text = "\n".join(re.split(r"\r\n|\r|\n", text))
    return text.encode("utf-8", "replace").decode("utf-8")


__all__ = ["OURS", "file_name", "is_edited", "key_of", "message_of", "one_line", "plain_key", "recipient_of"]
