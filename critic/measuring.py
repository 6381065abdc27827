"""Pairs, pools and verdicts scored with an adapter and without: what cards and a threshold are made from.

Decides that a pool is scored twice, the second time in another order and with its first candidate
doubled, so that noise is measured and not assumed; and that a judge's prompt is a case once, however many
pairs hold it. What does not fit the model's context is counted and passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from critic.judgement import Judged
from critic.pair_rows import PairRow
from critic.pools import Pool
from critic.reward_ranking import refuse_misaligned
from critic.rewards import Row
from critic.scorer import Scorer, Tokenizer
from critic.verdicts import Calibration, Labelled, label_sums, likeliest, loss, parse, probabilities
from prompts.pieces import Prompt, rendered
from rubric.errors import ContextError
from rubric.playbook import Decision

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
Ids = tuple[int, ...]


class Instrument(Scorer, Tokenizer, Protocol):
    """What scores and knows the model's words: a backbone."""


class Side(NamedTuple):
    """One completion: its log-probabilities with and without the adapter, and where its sentences end."""

    worn: Row
    bare: Row
    breaks: tuple[int, ...] = ()

    @property
    def length(self) -> int:
        return len(self.worn)


class MeasuredPair(NamedTuple):
    company: str
    failures: tuple[str, ...]
    unseen: bool
    chosen: Side
    rejected: Side


class MeasuredPool(NamedTuple):
    """`again` holds the rows of a second scoring in another order, put back into this one; `twin` that of
    the first candidate's double."""

    company: str
    seed: str
    sides: tuple[Side, ...]
    scores: tuple[float | None, ...]
    passed: tuple[bool, ...]
    cut: tuple[bool, ...]
    again: tuple[Row, ...]
    twin: Row


class Skipped:
    """How many of what was given could not be measured."""

    def __init__(self) -> None:
        self.count = 0


def measure_pairs(pairs: Iterable[PairRow], model: Instrument, adapter: str | None, skipped: Skipped) -> Iterator[MeasuredPair]:
    for pair in pairs:
        if pair.role == "judge":
            continue
        ids = [model.tokenize(text, control=True) for text in (pair.chosen, pair.rejected)]
        try:
            worn, bare = both_ways(model, rendered(pair.prompt), ids, adapter)
        except ContextError:
            skipped.count += 1
            continue
        sides = [Side(*rows, breaks(model, text)) for rows, text in zip(zip(worn, bare, strict=True), (pair.chosen, pair.rejected), strict=True)]
        yield MeasuredPair(pair.company or pair.prompt, tuple(pair.failures), pair.unseen, sides[0], sides[1])


def measure_pools(pools: Iterable[Pool], model: Instrument, adapter: str | None, k: int, skipped: Skipped) -> Iterator[MeasuredPool]:
    """The first `k` candidates of each pool; smaller pools are counted and passed over."""
    for pool in pools:
        members = pool.candidates[:k]
        ids = [member.candidate.token_ids for member in members]
        if len(members) < k or not all(ids):
            skipped.count += 1
            continue
        prompt = pool.prompt_value
        worn, bare = both_ways(model, prompt, ids, adapter)
        turned = _scored(model, prompt, [*reversed(ids), ids[0]], adapter)
        sides = [Side(one, other, breaks(model, m.candidate.text)) for one, other, m in zip(worn, bare, members, strict=True)]
        yield MeasuredPool(
            pool.company, f"{pool.prompt_hash}|{[m.candidate.seed for m in members]}", tuple(sides), tuple(m.score for m in members),
            tuple(m.decision == "PASS" for m in members), tuple(m.candidate.finish == "length" for m in members),
            tuple(reversed(turned[:-1])), turned[-1],
        )  # fmt: skip


def measure_verdicts(pairs: Iterable[PairRow], model: Instrument, adapter: str, calibration: Calibration, skipped: Skipped) -> Iterator[Judged]:
    """What the judge says of each case, and what the bare model does, whose likelihoods are read as they are."""
    for pair, right in labelled(pairs):
        try:
            worn, bare = (label_sums(model, model, rendered(pair.prompt), name)[0] for name in (adapter, None))
        except ContextError:
            skipped.count += 1
            continue
        shares = probabilities(worn, calibration)
        yield Judged(
            pair.company or pair.prompt, pair.failures, pair.unseen, right, likeliest(shares), likeliest(probabilities(bare, Calibration())),
            loss([Labelled(worn, right)], calibration), max(abs(a - b) for a, b in zip(worn, bare, strict=True)),
        )  # fmt: skip


def labelled(pairs: Iterable[PairRow]) -> Iterator[tuple[PairRow, Decision]]:
    """Each judge's prompt once, with the decision that its chosen side names."""
    seen: set[str] = set()
    for pair in pairs:
        label = parse(pair.chosen) if pair.role == "judge" else None
        if label is not None and pair.prompt not in seen:
            seen.add(pair.prompt)
            yield pair, label


def both_ways(model: Scorer, prompt: Prompt, ids: Sequence[Ids], adapter: str | None) -> tuple[Sequence[Row], Sequence[Row]]:
    """The rows with the adapter, and without."""
    bare = _scored(model, prompt, ids, None)
    return (bare if adapter is None else _scored(model, prompt, ids, adapter)), bare


def breaks(model: Tokenizer, text: str) -> tuple[int, ...]:
    """The number of tokens at the end of each sentence but the last."""
    return tuple(len(model.tokenize(text[: match.start()])) for match in _SENTENCE.finditer(text) if match.start())


def _scored(model: Scorer, prompt: Prompt, ids: Sequence[Ids], adapter: str | None) -> Sequence[Row]:
    scored = model.score(prompt, ids, adapter)
    refuse_misaligned(scored, ids)
    return scored.logprobs


__all__ = [
    "Instrument", "MeasuredPair", "MeasuredPool", "Side", "Skipped", "both_ways", "breaks", "labelled", "measure_pairs",
    "measure_pools", "measure_verdicts",
]  # fmt: skip
