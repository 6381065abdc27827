"""The file of pools: what was sampled for a prospect, with what the rubric says of each candidate.

One JSON object a line. Decides that the prompt is kept piece by piece beside its hash, so that a pool can
be scored again by any adapter without the templates that made it; what else a writer keeps in a line is passed
over. Refuses a prompt that is not the one of the hash; errors name file and line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from critic.candidate import Candidate
from prompts.pieces import Prompt, unpacked
from rubric.errors import InputError
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
    for number, line in lines_of(path, "pools"):
        try:
            yield Pool.model_validate_json(line)
        except ValidationError as error:
            raise InputError(f"{path}, line {number}: {said(error)}; sample it with `winnow train pairs --on-policy N`") from None


def lines_of(path: str | Path, what: str) -> Iterator[tuple[int, str]]:
    """The lines of a file that hold something, with their numbers."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the file of {what} {str(path)!r} cannot be read: {error}; give a file of JSON lines") from None


def said(error: ValidationError) -> str:
    """The first fault of a line."""
    first = error.errors(include_url=False)[0]
    where = "/" + "/".join(map(str, first["loc"])) if first["loc"] else "the line"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"


__all__ = ["Member", "Pool", "lines_of", "read_pools", "said"]
