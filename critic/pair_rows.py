"""The part of a preference pair that measuring needs.

Decides nothing: which pairs there are is the business of who wrote the file, and fields of theirs that
are not needed here are passed over. Refuses a pair whose sides are equal, because it measures nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from critic.row_files import read_rows
from rubric.playbook import Failure


class PairRow(BaseModel):
    """`prompt` is rendered through the assistant's header; both sides end in one end of turn."""

    model_config = ConfigDict(frozen=True)

    prompt: str = Field(min_length=1)
    chosen: str = Field(min_length=1)
    rejected: str = Field(min_length=1)
    role: str = "baseline"
    failures: tuple[Failure, ...] = ()
    company: str = ""
    unseen: bool = False

    @model_validator(mode="after")
    def _two_sides(self) -> Self:
        if self.chosen == self.rejected:
            raise ValueError("chosen and rejected are the same text")
        return self


def read_pair_rows(path: str | Path) -> Iterator[PairRow]:
    return read_rows(path, PairRow, "pairs", "write it with `winnow train pairs`")


__all__ = ["PairRow", "read_pair_rows"]
