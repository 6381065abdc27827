"""A prospect and a letter from files or standard input.

Refuses what cannot be judged, in one line that names the file and the way out: missing files,
folders, binary files, text that is not UTF-8, files of many megabytes, letters without words.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

from rubric import Email, read_email, read_eml
from rubric.errors import InputError
from rubric.prospect import parse_json
from rubric.text import normalise

MAX_BYTES = 20 * 1024 * 1024
STDIN = "-"
_HEADER = re.compile(rb"\A(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+", re.M)
_MAIL = re.compile(rb"^(?:MIME-Version|Received|Message-ID|From):", re.I | re.M)


class Letter(NamedTuple):
    """An e-mail, where it came from, and the line its body begins on."""

    name: str
    email: Email
    first_line: int = 1


def shown(name: str) -> str:
    return "<stdin>" if name == STDIN else name


def read_bytes(name: str, what: str, most: int = MAX_BYTES) -> bytes:
    """What a file holds, or standard input for `-`."""
    if name == STDIN:
        return _checked(sys.stdin.buffer.read(most + 1), "<stdin>", what, most)
    path = Path(name)
    try:
        with path.open("rb") as file:
            return _checked(file.read(most + 1), name, what, most)
    except FileNotFoundError:
        raise InputError(f"{name}: there is no such file; give the path of {what}, or - for standard input") from None
    except IsADirectoryError:
        raise InputError(f"{name} is a folder; give the path of {what} in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{name} cannot be read: {reason}; give the path of {what} that you may read") from None


def _checked(data: bytes, name: str, what: str, most: int) -> bytes:
    if len(data) > most:
        raise InputError(f"{name} is larger than {most // 2**20} MB; is it {what}?")
    return data


def decode(data: bytes, name: str, what: str) -> str:
    """UTF-8 text, with or without a byte order mark."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise InputError(f"{name} is UTF-16; save it as UTF-8")
    if b"\0" in data:
        raise InputError(f"{name} is a binary file; give {what} as UTF-8 text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name} is not UTF-8: byte 0x{data[error.start]:02x} in line {line}; save it as UTF-8"
        ) from None


def read_document(name: str) -> Any:
    """The JSON of a prospect."""
    what = "the prospect's JSON"
    text = decode(read_bytes(name, what), shown(name), what)
    if not text.strip():
        raise InputError(f"{shown(name)} is empty; give {what}, at the least {{\"company\": {{\"name\": \"…\"}}}}")
    data = parse_json(text, shown(name))
    if isinstance(data, dict) and "prospect" in data and "company" not in data:
        raise InputError(f"{shown(name)} is a case and not a prospect; judge it with --jsonl {name}")
    return data


def read_letter(name: str) -> Letter:
    """A letter as text with an optional `Subject:` line, or as `.eml`."""
    what = "a letter as text or .eml"
    data = read_bytes(name, what)
    if name.lower().endswith(".eml") or _is_mail(data):
        email, first = _named(name, lambda: read_eml(data)), 1
    else:
        text = decode(data, shown(name), what)
        email = _named(name, lambda: read_email(text))
        first = 1 + text.count("\n", 0, len(text) - len(email.body))
    if is_blank(email.body):
        raise InputError(f"{shown(name)} holds no letter: its body is empty; write it, or give another file")
    return Letter(shown(name), email, first)


def is_blank(body: str) -> bool:
    """Whether a body has nothing to read, invisible characters included."""
    if any(map(str.isalnum, body)):
        return False
    return not normalise(body).norm.strip()


def _is_mail(data: bytes) -> bool:
    head = _HEADER.match(data.replace(b"\r\n", b"\n", 60))
    return head is not None and len(_MAIL.findall(head.group())) > 1


def _named(name: str, read: Any) -> Email:
    try:
        email: Email = read()
    except InputError as error:
        raise InputError(f"{shown(name)}: {error}", error.pointer) from None
    return email


__all__ = ["Letter", "decode", "is_blank", "read_bytes", "read_document", "read_letter", "shown"]
