"""A preference pair: what a trainer reads, with where it comes from.

Decides the form on disk: one JSON object a line, text as it is tokenised, and an id that is a hash of the
text. Refuses an empty side, two equal sides, an id that does not fit, and unknown keys, with file and line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from agent.lines import as_json
from agent.whole_file import whole_file
from rubric.errors import InputError
from rubric.playbook import Failure
from training.world.split import Split

Role = Literal["baseline", "augmented", "revision", "judge"]
Source = Literal["best_worst", "mutator", "on_policy", "excellence", "review", "receipt"]


class Pair(BaseModel):
    """`prompt` ends with the header of the assistant's turn; each side is text and one end of turn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    prompt: str = Field(min_length=1)
    chosen: str = Field(min_length=1)
    rejected: str = Field(min_length=1)
    role: Role
    source: Source
    failures: tuple[Failure, ...] = Field((), description="of the rejected side")
    chosen_score: float | None = Field(None, description="the rubric's, 0 to 1; null: not judged")
    rejected_score: float | None = None
    company: str
    split: Split
    seed: int
    author: str = Field(description="what wrote the pair: world, mutator:NAME, model:HASH, review or receipt:HASH")
    unseen: bool = Field(False, description="made to measure with: flaws are in wording that is set aside; never in a training file")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.chosen == self.rejected:
            raise ValueError("both sides are the same text")
        if self.id != pair_id(self.prompt, self.chosen, self.rejected):
            raise ValueError("the id is not the hash of the text; the line was changed by hand or is damaged")
        return self

    @property
    def longer(self) -> int:
        """Characters that the chosen side has more than the rejected one."""
        return len(self.chosen) - len(self.rejected)


def pair_id(prompt: str, chosen: str, rejected: str) -> str:
    text = json.dumps([prompt, chosen, rejected], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_pairs(path: str | Path) -> list[Pair]:
    """The pairs of a file; a line that is none ends the reading with its place."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            pairs = [_read(line, f"{path}, line {number}") for number, line in enumerate(file, 1) if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InputError(f"the pairs {path} cannot be read: {reason}; make them with `winnow train pairs --out {path}`") from None
    if not pairs:
        raise InputError(f"{path} holds no pair; make some with `winnow train pairs --out {path}`")
    return pairs


def _read(line: str, where: str) -> Pair:
    try:
        return Pair.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = f" at /{'/'.join(map(str, first['loc']))}" if first["loc"] else ""
        raise InputError(f"{where}{place}: {first['msg'].removeprefix('Value error, ')}; make the file again with `winnow train pairs`") from None


def write_pairs(path: str | Path, pairs: Iterable[Pair]) -> None:
    """The file is whole or absent."""
    with whole_file(Path(path)) as file:
        for line in _lines(pairs):
            file.write(line)


def _lines(pairs: Iterable[Pair]) -> Iterator[bytes]:
    for pair in pairs:
        yield as_json(pair.model_dump(mode="json")) + b"\n"


__all__ = ["Pair", "Role", "Source", "pair_id", "read_pairs", "write_pairs"]
