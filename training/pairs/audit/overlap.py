"""Pairs of texts that share many runs of eight words.

Decides exactly while the comparisons are few, and by MinHash beyond: candidates come from the hash tables and are
then compared exactly, so that nothing is refused on an estimate. Both ways know only texts that share a run at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rubric.errors import MissingExtra
from training.pairs.audit.fields import Fields, grams

MOST = 0.30
EXACT = 4_000
_PERMUTATIONS = 128
_SAFETY = 0.6  # the tables look for somewhat less than the limit, so that an estimate misses little
Grams = frozenset[tuple[str, ...]]


class Near(NamedTuple):
    pair: Fields
    task: Fields
    value: float


def jaccard(a: Grams, b: Grams) -> float:
    return len(a & b) / len(a | b) if a and b else 0.0


def overlapping(pairs: Sequence[Fields], tasks: Sequence[Fields], most: float = MOST, exact: int = EXACT) -> list[Near]:
    """Pairs and tasks whose runs overlap by `most` or more; all of a text's fields together."""
    ours, theirs = [grams(one.text) for one in pairs], [grams(one.text) for one in tasks]
    candidates = _by_run(ours, theirs) if len(pairs) + len(tasks) <= exact else _by_hash(ours, theirs, most)
    found = [Near(pairs[p], tasks[t], jaccard(ours[p], theirs[t])) for p, t in sorted(candidates)]
    return [near for near in found if near.value >= most]


def _by_run(ours: Sequence[Grams], theirs: Sequence[Grams]) -> set[tuple[int, int]]:
    """Every pair that shares a run."""
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for t, runs in enumerate(theirs):
        for run in runs:
            places[run].append(t)
    return {(p, t) for p, runs in enumerate(ours) for run in runs for t in places.get(run, ())}


def _by_hash(ours: Sequence[Grams], theirs: Sequence[Grams], most: float) -> set[tuple[int, int]]:
    try:
        from datasketch import MinHashLSH
    except ImportError:
        raise MissingExtra("audit", f"comparing more than {EXACT:,} texts") from None
    tables = MinHashLSH(threshold=most * _SAFETY, num_perm=_PERMUTATIONS)
    for t, sketch in _sketches(theirs):
        tables.insert(t, sketch)
    return {(p, int(t)) for p, sketch in _sketches(ours) for t in tables.query(sketch)}


def _sketches(texts: Sequence[Grams]) -> Iterator[tuple[int, object]]:
    from datasketch import MinHash

    for place, runs in enumerate(texts):
        if runs:
            sketch = MinHash(num_perm=_PERMUTATIONS)
            sketch.update_batch([" ".join(run).encode("utf-8", "surrogatepass") for run in runs])
            yield place, sketch


__all__ = ["EXACT", "MOST", "Near", "jaccard", "overlapping"]
