"""The file of pools: what was sampled for a prospect, with what the rubric says of each candidate.

One JSON object a line. Decides that the prompt is kept piece by piece beside its hash, so that a pool can
be scored again by any adapter without the templates that made it; what else a writer keeps in a line is passed
over. Refuses a prompt that is not the one of the hash; errors name file and line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from critic.candidate import Candidate
from critic.row_files import read_rows
from prompts.pieces import Prompt, unpacked
from rubric.playbook import Decision, Failure


class Member(BaseModel):
    """A candidate and the rubric's word on it; a null score is not judged and never read as 0."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidate: Candidate
    decision: Decision
    score: float | None = Field(None, ge=0, le=1)
    failures: tuple[Failure, ...] = ()


class Pool(BaseModel):
    """The candidates of one round; `prompt` is the packed one that they were sampled behind."""

    model_config = ConfigDict(frozen=True)

    company: str
    prompt_hash: str
    prompt: list[Any]
    candidates: tuple[Member, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _its_own_prompt(self) -> Self:
        try:
            found = self.prompt_value.hash
        except (TypeError, ValueError):
            raise ValueError("its prompt cannot be read") from None
        if found != self.prompt_hash:
            raise ValueError(f"its prompt has the hash {found} and prompt_hash is {self.prompt_hash}")
        return self

    @property
    def prompt_value(self) -> Prompt:
        return unpacked(self.prompt)


def read_pools(path: str | Path) -> Iterator[Pool]:
    """The pools of a file, one after the other."""
    return read_rows(path, Pool, "pools", "sample it with `winnow train pairs --on-policy N`")


__all__ = ["Member", "Pool", "read_pools"]
