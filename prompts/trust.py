"""Which characters of a rendered template are ours and which are somebody else's.

Decides that by default nothing is ours: whatever a template prints is neutralised and marked, unless
it is a `Trusted` text. A filter or a macro makes a plain string of a trusted one, which errs on the
safe side. The marks are private characters that neutralised text cannot contain.
"""

from __future__ import annotations

import re

from prompts.neutral import neutralise
from prompts.pieces import Piece

LONGEST = 4000
_OPEN, _CLOSE = "\ue010", "\ue011"
_MARKED = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_MARKS = dict.fromkeys(map(ord, _OPEN + _CLOSE))


class Trusted(str):
    """Our own text: of a playbook, or of this package."""

    __slots__ = ()


def finalize(value: object) -> str:
    """What a template prints for a value; an undefined one raises here."""
    if isinstance(value, Trusted):
        return str(value).translate(_MARKS)
    text = "" if value is None else neutralise(str(value), LONGEST)
    return f"{_OPEN}{text}{_CLOSE}" if text else ""


def unmarked(source: str) -> str:
    """The source of a template without characters that would mark its text."""
    return source.translate(_MARKS)


def pieces(rendered: str) -> tuple[Piece, ...]:
    """The rendered text cut where trust begins or ends."""
    tidy = re.sub(r"[ \t]+\n", "\n", rendered.strip())
    tidy = re.sub(r"\n{3,}", "\n\n", tidy)
    parts = _MARKED.split(tidy)
    return tuple(Piece(text, trusted=n % 2 == 0) for n, text in enumerate(parts) if text)


__all__ = ["LONGEST", "Trusted", "finalize", "pieces", "unmarked"]
