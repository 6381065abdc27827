"""Text and rows that keep to their line, whatever a letter or a company's name holds.

Decides which characters a terminal may be sent, and that one row of JSON is one line for every reader.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_STEERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARK = "\ufffd"
_LINE_END = re.compile("[\x85\u2028\u2029]")
_plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_ascii = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode
_plain_indented = json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=2).encode
_ascii_indented = json.JSONEncoder(ensure_ascii=True, allow_nan=False, indent=2).encode


def safe(text: str) -> str:
    """`text` with the same number of characters and nothing that a terminal would obey."""
    return "".join(map(_safe, text)) if not (text.isascii() and text.isprintable()) else text


def _safe(char: str) -> str:
    if char in "\t\n\r\u2028\u2029":
        return " "
    return _MARK if char in _STEERING or unicodedata.category(char) in {"Cc", "Cs"} else char


def as_json(row: Mapping[str, Any], *, indented: bool = False) -> bytes:
    """A row in UTF-8, on one line whatever a reader takes for the end of one, or indented; half a
    surrogate pair is escaped, as UTF-8 has no bytes for it."""
    try:
        text = (_plain_indented if indented else _plain)(row)
        return (_LINE_END.sub(_escaped, text) if _LINE_END.search(text) else text).encode()
    except UnicodeEncodeError:
        return (_ascii_indented if indented else _ascii)(row).encode()


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


__all__ = ["as_json", "safe"]
