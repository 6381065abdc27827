"""What a terminal may be shown: colour where it is wanted, and no text that could steer it.

Decides colour by `NO_COLOR`, `FORCE_COLOR`, `TERM` and whether stdout is a terminal. Control and
direction characters of a letter are shown as a replacement mark and never sent on.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import unicodedata
from typing import Any, NamedTuple

import typer

from agent.lines import safe

MIN_WIDTH, MAX_WIDTH = 60, 120


class Terminal(NamedTuple):
    """Where output goes: how wide it is and whether colour is wanted."""

    width: int = 100
    colour: bool = False

    def paint(self, text: str, fg: str | None = None, *, bold: bool = False, dim: bool = False) -> str:
        if not self.colour or not text:
            return text
        return typer.style(text, fg=fg, bold=bold or None, dim=dim or None)

    def wrap(self, text: str, first: str, rest: str) -> list[str]:
        """`text` in lines of this width behind `first` and then `rest`."""
        room = max(20, self.width - width(first))
        lines = textwrap.wrap(safe(text), room, break_long_words=False, break_on_hyphens=False) or [""]
        return [first + lines[0], *(rest + line for line in lines[1:])]


def here() -> Terminal:
    """The terminal that stdout is, or a plain one of 100 columns."""
    columns = shutil.get_terminal_size((100, 24)).columns
    return Terminal(min(max(columns, MIN_WIDTH), MAX_WIDTH), _wants_colour(sys.stdout))


def _wants_colour(stream: Any) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


def width(text: str) -> int:
    """Columns that `text` takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


__all__ = ["Terminal", "here", "safe", "width"]
