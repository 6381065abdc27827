"""Contamination between the splits, by the tests of the leakage audit: companies, runs of words, and meaning.

Decides as the audit decides: the same variable fields, the same limits, nothing moved. The later split is held against the
earlier ones, so that the task to be taken out is the one that came second. A check that cannot be made says so and is no pass,
and neither is one against a split that was not read or has no tasks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple, get_args

from pydantic import BaseModel

from experiments.bench.files import line_of
from experiments.bench.task import SPLITS, Task, moments
from rubric.errors import MissingExtra
from training.pairs.audit import embedding, overlap
from training.pairs.audit.fields import Fields, Shared
from training.pairs.audit.item import Item, item_of
from training.world.split import Split, normalised

Test = Literal["companies", "ngrams", "embedding"]
TESTS: tuple[Test, ...] = get_args(Test)


class Hit(NamedTuple):
    """Two tasks of different splits that are too near; their texts are not shown."""

    later: str
    earlier: str
    value: float


class Between(BaseModel):
    """One test between two splits."""

    test: Test
    earlier: Split
    later: Split
    status: Literal["ok", "violation", "not run", "not made", "left out"]
    limit: float | None = None
    pairs: int = 0
    note: str = ""
    hits: list[Hit] = []


def contamination(
    tasks: Iterable[Task], *, read: Collection[Split] = SPLITS, without: frozenset[Test] = frozenset(), embed: embedding.Embed | None = None
) -> list[Between]:
    """Every test between every two splits; `read` names those that were looked into."""
    by_split: dict[Split, list[Task]] = defaultdict(list)
    for task in tasks:
        by_split[task.split].append(task)
    fields = _fields(by_split)
    vectors = _once(embed)
    found: list[Between] = []
    for one, other in combinations(SPLITS, 2):
        if note := _nothing(one, other, by_split, read):
            found += [Between(test=test, earlier=one, later=other, status="not made", note=note) for test in TESTS]
        else:
            found += [_between(test, one, other, by_split, fields, without, vectors) for test in TESTS]
    return found


def _nothing(one: Split, other: Split, tasks: Mapping[Split, Sequence[Task]], read: Collection[Split]) -> str:
    """Why two splits cannot be held against each other; empty where they can."""
    closed = [split for split in (one, other) if split not in read]
    empty = [split for split in (one, other) if split in read and not tasks.get(split)]
    said = [f"{' and '.join(closed)} {'was' if len(closed) == 1 else 'were'} not read"] if closed else []
    return ", and ".join([*said, *(f"there are no tasks of {split}" for split in empty)])


def _fields(by_split: dict[Split, list[Task]]) -> dict[Split, list[Fields]]:
    items = {split: [_item(task) for task in tasks] for split, tasks in by_split.items()}
    shared = Shared([item for some in items.values() for item in some])
    return {split: [shared.fields(item) for item in some] for split, some in items.items()}


def _item(task: Task) -> Item:
    """A task as the audit reads one; all that was said in its thread is compared like a letter."""
    last = moments(task)[-1].prospect
    said = tuple(message["text"] for message in (last.get("thread") or {}).get("messages", []))
    notes = (str(last["notes"]),) if last.get("notes") else ()
    return item_of(line_of(task).decode(), task.id)._replace(letters=(*said, *notes))


def _once(embed: embedding.Embed | None) -> embedding.Embed | None:
    """The sentence model with a memory: each split is compared twice."""
    if embed is None and embedding.missing():
        return None
    known: dict[str, object] = {}

    def vectors(texts: Sequence[str]) -> object:
        if new := [text for text in dict.fromkeys(texts) if text not in known]:
            known.update(zip(new, (embed or embedding.embedded)(new), strict=True))
        return [known[text] for text in texts]

    return vectors


def _between(
    test: Test, one: Split, other: Split, tasks: dict[Split, list[Task]], fields: dict[Split, list[Fields]], without: frozenset[Test], embed: embedding.Embed | None
) -> Between:  # fmt: skip
    common = {"test": test, "earlier": one, "later": other, "pairs": len(tasks[one]) * len(tasks[other])}
    if test in without:
        return Between(**common, status="left out", note="left out by request")
    ours, theirs = fields.get(other, []), fields.get(one, [])
    found: dict[Test, Callable[[], tuple[float | None, list[Hit]]]] = {
        "companies": lambda: (None, _companies(tasks[other], tasks[one])),
        "ngrams": lambda: (overlap.MOST, _hits(overlap.overlapping(ours, theirs))),
        "embedding": lambda: (embedding.MOST, _hits(_alike(ours, theirs, embed))),
    }
    try:
        limit, hits = found[test]()
    except MissingExtra as reason:
        return Between(**common, status="not run", note=str(reason))
    except _Missing as reason:
        return Between(**common, status="not run", note=str(reason))
    return Between(**common, status="violation" if hits else "ok", limit=limit, hits=hits)


class _Missing(Exception):
    """The sentence model is not installed."""


def _alike(ours: Sequence[Fields], theirs: Sequence[Fields], embed: embedding.Embed | None) -> list[overlap.Near]:
    if embed is None:
        raise _Missing(embedding.missing() or "no sentence model")
    return embedding.alike(ours, theirs, embed=embed)


def _companies(later: Sequence[Task], earlier: Sequence[Task]) -> list[Hit]:
    """A company, as it is compared, that stands on both sides."""
    known = {normalised(task.company): task.id for task in earlier}
    return [Hit(task.id, known[name], 1.0) for task in later if (name := normalised(task.company)) in known]


def to_leave_out(between: Iterable[Between], may: Collection[str]) -> list[str]:
    """The fewest tasks, greedily, without which no hit is left: always the one with the most hits, the later one of equals.

    Only tasks in `may` are chosen; a hit between two others stays.
    """
    left = {(hit.later, hit.earlier) for one in between for hit in one.hits}
    chosen: list[str] = []
    while counts := Counter(name for hit in sorted(left) for name in hit if name in may):
        worst = max(counts, key=lambda name: (counts[name], any(name == later for later, _ in left), name))
        chosen.append(worst)
        left = {hit for hit in left if worst not in hit}
    return chosen


def _hits(found: Sequence[overlap.Near]) -> list[Hit]:
    return [Hit(near.pair.item.id, near.task.item.id, round(near.value, 3)) for near in found]


__all__ = ["TESTS", "Between", "Hit", "Test", "contamination", "to_leave_out"]
