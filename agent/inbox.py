"""What a person is asked about a letter, and how the answer is read.

The request has the shape that agent inboxes share (`action_request`, `config`, `description`); the
answer is one object, or a list that holds one.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from rubric import Reading
from rubric.errors import InputError

Kind = Literal["accept", "edit", "ignore"]
ACTION = "review_letter"


class Answer(NamedTuple):
    kind: Kind
    letter: dict[str, Any] | None = None


def request(reading: Reading, letter: dict[str, Any], verdict: dict[str, Any], complaint: str = "") -> list[dict[str, Any]]:
    """One question about one letter; `complaint` says why the last edit was refused."""
    prospect = reading.prospect
    to = " at ".join(part for part in (prospect.recipient.name, prospect.company.name) if part)
    said = f"A letter to {to}, decision {verdict.get('decision')}, score {verdict.get('score')}, waits for you: accept, edit or ignore it."
    return [
        {
            "action_request": {"action": ACTION, "args": {"subject": letter.get("subject"), "body": letter.get("body")}},
            "config": {"allow_accept": not complaint, "allow_edit": True, "allow_ignore": True, "allow_respond": False},
            "description": f"{said} The edit was refused: {complaint}" if complaint else said,
        }
    ]


def read_answer(value: Any) -> Answer:
    """An answer such as {"type": "accept"} or {"type": "edit", "args": {"subject": …, "body": …}}."""
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    kind = one.get("type") if isinstance(one, dict) else None
    if kind in ("accept", "ignore"):
        return Answer(kind)
    if kind != "edit":
        raise InputError(f"the review's answer is {str(value)[:80]!r}; give {{'type': 'accept'}}, 'ignore', or 'edit' with args")
    args = one.get("args") or {}
    letter = args.get("args", args) if isinstance(args, dict) else {}
    if not isinstance(letter.get("body"), str) or not isinstance(letter.get("subject"), str | None):
        raise InputError("an edit needs args with 'body' as text, and 'subject' as text or null")
    return Answer("edit", {"subject": letter.get("subject"), "body": letter["body"]})


__all__ = ["ACTION", "Answer", "read_answer", "request"]
