"""The names that flat records give to things, and the shapes of their values.

Decides by words inside a key what it may mean (`flat.py` decides what is done with it), and reads
days, threads and people out of free values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from rubric.dates import dates

META = re.compile(
    r"severity|risk|rule|strength|count|sentiment|probability|source$|date|_id$|rate$|last_(?:email|open|click|engagement)|note_type"
)
SCALE = frozenset({"low", "medium", "high", "critical", "none", "soft", "hard", "true", "false", "yes", "no"})
ROLE_IN_NAME = re.compile(
    r"(?<![a-z])(ceo|cto|cfo|coo|cio|cpo|co_?founder|founder|vp_?eng(?:ineering)?|vp|board|head|director|hr|procurement|legal|product)(?![a-z])"
)
Path = tuple[str, ...]
PERSON = re.compile(r"[A-Z][\w'\-]+(?: [A-Z][\w'\-]*\.?){1,2}")
SPOKEN = frozenset({"sender", "from", "role", "author", "speaker", "content", "message"})
ENGINEER = re.compile(r"engineer|candidate|developer|consultant|bench_|profile|specialist")
ENGINEER_NAME = re.compile(r"(?:engineer|candidate|developer|consultant|specialist|profile)(?:_?name)?$")
ENGINEER_ROLE = re.compile(r"role|stack|skill|discipline|title|speciality")
UNTIL = re.compile(
    r"until|commit\w*_(?:to|through|end)|engagement_end|booked|contract_end|ends?(?:_on|_date)?$|busy|assigned_(?:to|through)|rolls?_off|through|end_date"
)
BOUND = re.compile(r"\b(?:until|through|till|committed|engaged|booked|another (?:client|project)|on a project)\b", re.I)
FREE = re.compile(r"\b(?:available|free|from)\b.{0,12}\b(?:from|on|after)\b", re.I)
FROM = re.compile(
    r"available_(?:from|on|after|date)|free_(?:from|on)|earliest|availability(?:_date)?$|next_available|available$"
)
IDEA = re.compile(r"suggest|gap|pitch|idea|proposal|proposed_(?!eng)|topic|offer|recommend|initiative")
NO = re.compile(
    r"reject|declin|refus|turned_down|pushback|objection|response|reply|answer|said_no|feedback|dismiss|reason"
)


def party_in(name: str) -> str:
    role = ROLE_IN_NAME.search(name)
    return role[0] if role else "another thread"


def names_thread(text: str) -> bool:
    """An id, a role, or "conversation with the founder": a name for a thread and not its content."""
    return bool(
        re.fullmatch(
            r"[\w.\-]+|[\w.\-]+ \([^()]+\)|(?:the |a )?(?:thread|conversation|chat|call|exchange) (?:with|to) [\w \-]{2,30}",
            text.strip(),
            re.I,
        )
    )


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.replace("_", " ") if re.fullmatch(r"[a-z0-9_]+", value) else value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def last_day(value: Any, as_of: Any) -> date | None:
    """The last day that a date in words or digits can mean."""
    if not isinstance(value, str):
        return None
    try:
        base = date.fromisoformat(str(as_of)[:10])
    except ValueError:
        base = date.today()
    found = [d for d in dates(value, base) if d.kind in {"calendar", "only_year", "end", "rel"}]
    return found[-1].last_day if found else None


def pointer_of(path: Path) -> str:
    return "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in path)
