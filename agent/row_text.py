"""A row as a person reads it.

Decides that each row begins at the margin with its number in brackets and that all else of it is
indented, so that rows can be told apart whatever a letter says. Characters that steer a terminal are
shown as a mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agent.lines import safe

BEGINS = re.compile(r"^\[\d+\] ")


def shown(row: Mapping[str, Any], number: int) -> str:
    """The row's block of lines, a blank one at the end."""
    return "\n".join([f"[{number}] {_title(row)}", *(f"    {line}".rstrip() for line in _lines(row)), "", ""])


def _title(row: Mapping[str, Any]) -> str:
    judged = ", ".join(_judged(row))
    return f"{safe(row.get('company') or 'unknown company')}: {row.get('outcome')}{f' ({judged})' if judged else ''}"


def _judged(row: Mapping[str, Any]) -> Iterator[str]:
    if row.get("decision"):
        yield str(row["decision"])
    if row.get("score") is not None:
        yield f"score {row['score']}"
    segment = row.get("segment") or {}
    if segment.get("name"):
        yield safe(segment["name"])


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    person, letter = row.get("recipient") or {}, row.get("email") or {}
    address = f"<{person['email']}>" if person.get("email") else None
    yield from _labelled("to", " ".join(filter(None, (person.get("name"), address))))
    yield from _labelled("subject", letter.get("subject"))
    if letter.get("body"):
        yield ""
        yield from (safe(line) for line in re.split(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]", letter["body"].rstrip()))
        yield ""
    for reason in row.get("reasons") or []:
        yield from _labelled("because", reason)
    for warning in row.get("warnings") or []:
        yield from _labelled("warning", warning)
    yield from _labelled("error", row.get("error"))
    yield from _labelled("id", row.get("id"))
    yield from _labelled("key", row.get("key"))


def _labelled(label: str, text: Any) -> Iterator[str]:
    if text:
        yield f"{label:<9}{safe(str(text))}"


__all__ = ["BEGINS", "shown"]
