"""The world's wording: every way to make a move of a letter, clean or with a flaw, as YAML beside this file.

Decides what an entry may be: it fills a move or is added behind one, holds for prospects with certain
tags, and has either no flaw or exactly one, in a family of wording that is seen in training or set aside.
Refuses unknown keys, doubled ids and slots or tags that no prospect can have.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rubric.errors import ConfigError
from rubric.playbook import Failure
from training.world.patterns import Pattern, Slots, parsed, possible, slots_of


class Entry(BaseModel):
    """Sayings that make one move in one situation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    move: str | None = None
    after: str | None = None
    when: tuple[str, ...] = ()
    says: tuple[str, ...] = Field(min_length=1)
    weight: float | None = Field(None, gt=0)
    flaw: Failure | None = None
    family: str | None = None
    unseen: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Entry:
        if (self.move is None) == (self.after is None):
            raise ValueError(f"{self.id}: give either the move it fills or the move it comes after")
        if (self.flaw is None) != (self.family is None) or (self.unseen and self.flaw is None):
            raise ValueError(f"{self.id}: a flaw has a family, and clean wording has neither")
        return self

    def holds(self, tags: frozenset[str]) -> bool:
        return all((tag[1:] not in tags) if tag.startswith("!") else (tag in tags) for tag in self.when)

    def sayings(self, slots: Slots) -> list[Pattern]:
        return [pattern for pattern in map(parsed, self.says) if possible(pattern, slots)]


class Wording(NamedTuple):
    """All entries, by what looks for them."""

    clean: dict[str, tuple[Entry, ...]]
    flawed: dict[str, tuple[Entry, ...]]

    def families(self, *, unseen: bool) -> set[tuple[str, str]]:
        """The failures and families on one side of the line."""
        return {(f, str(e.family)) for f, entries in self.flawed.items() for e in entries if e.unseen == unseen}


@lru_cache(maxsize=1)
def wording() -> Wording:
    clean: dict[str, list[Entry]] = {}
    flawed: dict[str, list[Entry]] = {}
    for entry in entries():
        if entry.flaw:
            flawed.setdefault(entry.flaw, []).append(entry)
        else:
            clean.setdefault(str(entry.move or entry.after), []).append(entry)
    return Wording({k: tuple(v) for k, v in clean.items()}, {k: tuple(v) for k, v in flawed.items()})


def entries(folder: Traversable | None = None) -> list[Entry]:
    """The entries of a folder, or of the wording that is shipped."""
    out: dict[str, Entry] = {}
    for file in sorted((folder or files("training.world").joinpath("wording")).iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        for entry in _read(file):
            if entry.id in out:
                raise ConfigError(f"{file.name}: there is another entry {entry.id!r}; rename one")
            out[entry.id] = entry
    return list(out.values())


def _read(file: Traversable) -> Iterator[Entry]:
    import yaml

    from training.world.facts import SLOTS, TAGS

    for raw in yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or []:  # noqa: S506  a safe one
        entry = _entry(raw, file.name)
        if unknown := {tag.removeprefix("!") for tag in entry.when} - TAGS:
            raise ConfigError(f"{file.name}: {entry.id} asks for the tags {sorted(unknown)}, which no prospect has")
        if unknown := _slots(entry, file.name) - SLOTS:
            raise ConfigError(f"{file.name}: {entry.id} asks for the slots {sorted(unknown)}, which no prospect has")
        yield entry


def _slots(entry: Entry, where: str) -> set[str]:
    try:
        return {slot for says in entry.says for slot in slots_of(parsed(says))}
    except ConfigError as error:
        raise ConfigError(f"{where}: {entry.id}: {error}") from None


def _entry(raw: Any, where: str) -> Entry:
    try:
        return Entry.model_validate(raw)
    except ValidationError as error:
        name = raw.get("id") if isinstance(raw, dict) else raw
        raise ConfigError(f"{where}: the entry {name!r} cannot be used: {error.errors()[0]['msg']}") from None


__all__ = ["Entry", "Wording", "entries", "wording"]
