"""A draft as a mail message that a mail program opens for editing.

Decides that a message is addressed only where the prospect has an address, never has a sender, and
says in its headers that it is an unsent draft. No text of a row can add a header, and no company name
can make a file name that a system refuses or follows elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from agent.address import bare, known_mailbox

MAX_SLUG = 60
_HEX = re.compile(r"[^0-9a-f]")
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
    message["X-Winnow-Key"] = _HEX.sub("", str(row.get("key")))
    message.set_content(_body(letter.get("body") or ""), subtype="plain", charset="utf-8", cte="quoted-printable")
    return message.as_bytes()


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


__all__ = ["OURS", "file_name", "message_of", "one_line"]
