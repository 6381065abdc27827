"""One thing that `winnow doctor` looked at."""

from __future__ import annotations

from typing import Literal, NamedTuple

Status = Literal["ok", "note", "broken"]


class Check(NamedTuple):
    """`fix` says what to do where it is not well."""

    name: str
    status: Status
    found: str
    fix: str | None = None


__all__ = ["Check", "Status"]
