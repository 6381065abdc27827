"""The audit: pairs against the tasks that will measure what is trained on them.

Decides what a violation is, check by check. A check that cannot be made says so and is never a pass; only a caller who
names it can leave it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict

from rubric.errors import ConfigError, MissingExtra
from training.pairs.audit import embedding, overlap
from training.pairs.audit.families import family_of
from training.pairs.audit.fields import Fields, Shared
from training.pairs.audit.item import Item
from training.pairs.audit.overlap import Near
from training.pairs.audit.set_aside import said_of
from training.world.split import split_of

Name = Literal["families", "authors", "companies", "set_aside", "ngrams", "embedding", "time"]
NAMES: tuple[Name, ...] = get_args(Name)
Status = Literal["ok", "violation", "not run", "left out"]
PROGRAMS = ("world", "mutator:")
REAL = frozenset({"review", "receipt"})


class Offence(BaseModel):
    """A pair, and the task that it collides with where there is one."""

    model_config = ConfigDict(frozen=True)

    pair: str
    task: str | None = None
    why: str


class Check(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: Name
    status: Status
    found: str
    offences: tuple[Offence, ...] = ()


class Audit(BaseModel):
    pairs: int
    tasks: int
    checks: list[Check]

    @property
    def violations(self) -> list[Check]:
        return [check for check in self.checks if check.status == "violation"]

    @property
    def not_run(self) -> list[Check]:
        return [check for check in self.checks if check.status == "not run"]


class Case(NamedTuple):
    """What an audit is about; `generators` names models by the hash that authors are written with."""

    pairs: Sequence[Item]
    tasks: Sequence[Item]
    judge: str = "rubric"
    generators: Mapping[str, str] = {}
    embed: embedding.Embed | None = None


class NotRun(Exception):
    """The check cannot be made; the message says why and what to do."""


Found = tuple[str, list[Offence]]


def audit(case: Case, without: frozenset[str] = frozenset()) -> Audit:
    for name in without - set(NAMES):
        raise ConfigError(f"there is no check {name!r}; there are {', '.join(NAMES)}")
    shared = Shared([*case.pairs, *case.tasks])
    ours, theirs = [shared.fields(item) for item in case.pairs], [shared.fields(item) for item in case.tasks]
    made: dict[Name, Callable[[], Found]] = {
        "families": lambda: _families(case), "authors": lambda: _authors(case), "companies": lambda: _companies(case),
        "set_aside": lambda: _set_aside(case), "ngrams": lambda: _ngrams(ours, theirs), "embedding": lambda: _embedding(ours, theirs, case.embed),
        "time": lambda: _time(case),
    }  # fmt: skip
    return Audit(pairs=len(case.pairs), tasks=len(case.tasks), checks=[_check(name, make, without) for name, make in made.items()])


def _check(name: Name, make: Callable[[], Found], without: frozenset[str]) -> Check:
    if name in without:
        return Check(name=name, status="left out", found="left out by request")
    try:
        found, offences = make()
    except (NotRun, MissingExtra) as reason:
        return Check(name=name, status="not run", found=str(reason))
    return Check(name=name, status="violation" if offences else "ok", found=found, offences=tuple(offences))


def _families(case: Case) -> Found:
    """No model judges what its own family wrote."""
    judges = {family: name for name in {case.judge, *(j for task in case.tasks for j in task.judges)} if (family := family_of(name))}
    offences, wrote = [], set()
    for item in case.pairs:
        for author in item.authors:
            if author.startswith("model:"):
                name = case.generators.get(author.removeprefix("model:"))
                if name is None:
                    raise NotRun(f"nobody knows which model {author} is; name it with --generator {author.removeprefix('model:')}=NAME")
                wrote.add(family := str(family_of(name)))
                if family in judges:
                    offences.append(Offence(pair=item.id, why=f"{name} wrote it and {judges[family]} judges: both are {family}"))
    return f"wrote: {_list(wrote) or 'no model'}; judge: {_list(judges) or 'rules, no model'}", offences


def _authors(case: Case) -> Found:
    """Nobody wrote both; programs are held apart by their companies and their wording instead."""
    ours = {item.id: {_named(author, case) for author in item.authors if not author.startswith(PROGRAMS)} for item in case.pairs}
    if not any(ours.values()):
        return "programs alone wrote the pairs", []
    theirs = {author.casefold() for task in case.tasks for author in task.authors}
    if not theirs:
        raise NotRun("no task names who wrote it; add an 'author' to the rows")
    offences = [Offence(pair=pair, why=f"{_list(names & theirs)} wrote tasks too") for pair, names in ours.items() if names & theirs]
    return f"{_list({name for names in ours.values() for name in names})} against {_list(theirs)}", offences


def _named(author: str, case: Case) -> str:
    return case.generators.get(author.removeprefix("model:"), author).casefold()


def _companies(case: Case) -> Found:
    """No company on both sides, none in another split than it says, and none that is held out in training."""
    theirs = {task.company: task for task in case.tasks if task.company}
    offences = []
    for item in case.pairs:
        if item.company in theirs:
            offences.append(Offence(pair=item.id, task=theirs[item.company].id, why=f"{item.shown} is in a task too"))
        elif item.pair and item.pair.split != split_of(item.pair.company):
            offences.append(Offence(pair=item.id, why=f"{item.shown} is a company of {split_of(item.pair.company)} and says {item.pair.split}"))
        elif item.pair and item.pair.split == "held_out":
            offences.append(Offence(pair=item.id, why=f"{item.shown} is held out"))
    return f"{len({item.company for item in case.pairs})} companies against {len(theirs)}", offences


def _set_aside(case: Case) -> Found:
    """No wording that is set aside, neither marked as such nor found in a letter."""
    offences = [Offence(pair=item.id, why="it holds wording that is set aside") for item in case.pairs if _aside(item)]
    return f"{len(case.pairs)} pairs looked at", offences


def _aside(item: Item) -> bool:
    return bool(item.pair and item.pair.unseen) or any(map(said_of, item.letters))


def _ngrams(ours: Sequence[Fields], theirs: Sequence[Fields]) -> Found:
    found = overlap.overlapping(ours, theirs)
    return f"runs of 8 words in the variable fields, limit {overlap.MOST:.2f}", list(_near(found, "shares runs"))


def _embedding(ours: Sequence[Fields], theirs: Sequence[Fields], embed: embedding.Embed | None) -> Found:
    if embed is None and (missing := embedding.missing()):
        raise NotRun(missing)
    found = embedding.alike(ours, theirs, embed=embed)
    return f"meaning of the variable fields, limit {embedding.MOST:.2f}", list(_near(found, "means the same"))


def _near(found: Sequence[Near], what: str) -> Iterator[Offence]:
    for near in found:
        yield Offence(pair=near.pair.item.id, task=near.task.item.id, why=f"{what}: {near.value:.2f}")


def _time(case: Case) -> Found:
    """Letters to real people in training are older than every task; the days of invented prospects are drawn and say nothing."""
    real = [item for item in case.pairs if item.pair and item.pair.source in REAL]
    if not real:
        return "all prospects of the pairs are invented, their days are drawn", []
    days = sorted(task.day for task in case.tasks if task.day)
    if not days or any(item.day is None for item in real):
        raise NotRun("a task or a letter to a real person has no day; add 'as_of' to the rows")
    offences = [Offence(pair=item.id, why=f"its day {item.day} is not before the first task's, {days[0]}") for item in real if str(item.day) >= days[0]]
    return f"{len(real)} letters to real people, tasks from {days[0]} on", offences


def _list(names: Mapping[str, str] | set[str]) -> str:
    return ", ".join(sorted(names))


__all__ = ["NAMES", "Audit", "Case", "Check", "NotRun", "Offence", "audit"]
