"""An adapter measured on files of pairs and pools: its card, its threshold or calibration, its spot-check.

Decides which data serve what: pairs of letters and pools measure an adapter that ranks, pairs of the role
'judge' one that gives verdicts. Refuses data of the other kind, because they would measure nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from agent.backbones import Backbone
from agent.critics import Wearing
from agent.models import FOLDER
from agent.whole_file import whole_file
from critic.adapter_card import CriticFile, place, written
from critic.card import card
from critic.health import Health
from critic.judgement import Judgement, judgement
from critic.measuring import Skipped, both_ways, labelled, measure_pairs, measure_pools, measure_verdicts
from critic.monitor import DECISIONS_IN_A_SPOT_CHECK, Observation
from critic.pair_rows import PairRow, read_pair_rows
from critic.pools import read_pools
from critic.rewards import reward
from critic.thresholds import Known, Threshold, calibrate
from critic.verdicts import (
    Calibration,
    Labelled,
    balanced_accuracy,
    fit,
    label_sums,
    likeliest,
    loss,
    parse,
    probabilities,
)
from prompts.pieces import rendered
from rubric.errors import ConfigError, ContextError, InputError

MODEL_CARD = "README.md"
_BEGIN, _END = "<!-- measured:begin -->", "<!-- measured:end -->"
_NO_CASE = "the files hold no case for a judge; give pairs of the role 'judge', whose chosen side names a decision"


class Data(NamedTuple):
    """Files of pairs and of pools, and how much of each is looked at."""

    pairs: Sequence[str] = ()
    pools: Sequence[str] = ()
    k: int = 4
    limit: int | None = None

    def read_pairs(self) -> Iterator[PairRow]:
        return islice((pair for path in self.pairs for pair in read_pair_rows(path)), self.limit)


class Fitted(NamedTuple):
    """A calibration of verdicts, and what it does to the cases that it was fitted on."""

    calibration: Calibration
    loss_before: float
    loss_after: float
    balanced_accuracy: float | None


def assess(one: Wearing, model: Backbone, data: Data) -> Health:
    """The health card of an adapter that ranks."""
    skipped = Skipped()
    pairs = list(measure_pairs(data.read_pairs(), model, one.path, skipped))
    pools = [pool for path in data.pools for pool in measure_pools(islice(read_pools(path), data.limit), model, one.path, data.k, skipped)]
    if not pairs and not pools:
        raise InputError("the files hold nothing that measures this adapter; give pairs of letters, or pools of at least k candidates")
    return card(pairs, pools, kind=one.file.reward, beta=one.file.beta, k=data.k, skipped=skipped.count)


def judge(one: Wearing, model: Backbone, data: Data) -> Judgement:
    """The card of an adapter that judges, read with its calibration."""
    if data.pools:
        raise InputError("a judge is measured on pairs of the role 'judge', and pools say nothing of it; leave --pools out")
    skipped, calibration = Skipped(), one.file.calibration or Calibration()
    cases = list(measure_verdicts(data.read_pairs(), model, one.path, calibration, skipped))
    if not cases and skipped.count:
        raise InputError(f"none of the {skipped.count} cases fits the model's context; give shorter ones, or open the backbone with a longer context")
    if not cases:
        raise InputError(_NO_CASE)
    return judgement(cases, calibrated_on=calibration.cases, skipped=skipped.count)


def threshold_of(one: Wearing, model: Backbone, data: Data, *, most: float) -> Threshold:
    """The threshold of an adapter that ranks."""
    known, skipped = [], Skipped()

    def of(side: Any) -> float:
        return reward(one.file.reward, one.file.beta, worn=side.worn, bare=side.bare)

    for pair in measure_pairs(data.read_pairs(), model, one.path, skipped):
        known += [Known(of(pair.chosen), True), Known(of(pair.rejected), False)]
    for path in data.pools:
        for pool in measure_pools(islice(read_pools(path), data.limit), model, one.path, data.k, skipped):
            known += [Known(of(side), passed) for side, passed in zip(pool.sides, pool.passed, strict=True)]
    if not known:
        raise InputError("the files hold nothing that a threshold can be made from; give pairs of letters, or pools of at least k candidates")
    return calibrate(known, most=most)


def calibration_of(one: Wearing, model: Backbone, data: Data) -> Fitted:
    """The calibration of an adapter that judges."""
    cases = list(_labelled_sums(one, model, data))
    if not cases:
        raise InputError(_NO_CASE)
    found = fit(cases)
    said = [likeliest(probabilities(case.sums, found)) for case in cases]
    return Fitted(found, loss(cases, Calibration()), loss(cases, found), balanced_accuracy(said, [case.label for case in cases]))


def _labelled_sums(one: Wearing, model: Backbone, data: Data) -> Iterator[Labelled]:
    """Cases that do not fit the context teach nothing."""
    for pair, label in labelled(data.read_pairs()):
        with suppress(ContextError):
            yield Labelled(label_sums(model, model, rendered(pair.prompt), one.path)[0], label)


def spot_check(one: Wearing, model: Backbone, data: Data, *, day: date, decisions: int = DECISIONS_IN_A_SPOT_CHECK) -> list[Observation]:
    """A probe of each failure by pairs drawn anew every week; a failure without a pair has none."""
    by_failure: dict[Any, list[PairRow]] = {}
    for pair in data.read_pairs():
        for failure in pair.failures:
            if (pair.role == "judge") == (one.file.task == "verdict"):
                by_failure.setdefault(failure, []).append(pair)
    return [_probe(one, model, failure, by_failure[failure], day, decisions) for failure in sorted(by_failure)]


def _probe(one: Wearing, model: Backbone, failure: Any, pairs: list[PairRow], day: date, decisions: int) -> Observation:
    year, week, _ = day.isocalendar()
    drawn = Random(f"{year}-{week}|{failure}").sample(pairs, min(decisions, len(pairs)))  # noqa: S311  a draw of data and no secret
    right = [found for pair in drawn if (found := _is_right(one, model, pair)) is not None]
    return Observation(kind="probe", failure=failure, right=sum(right), total=len(right), note=f"week {week} of {year}")


def _is_right(one: Wearing, model: Backbone, pair: PairRow) -> bool | None:
    """Whether the adapter decides as the pair does; None for a pair that does not fit the context."""
    prompt = rendered(pair.prompt)
    try:
        if one.file.task == "verdict":
            shares = probabilities(label_sums(model, model, prompt, one.path)[0], one.file.calibration or Calibration())
            return likeliest(shares) == parse(pair.chosen)
        worn, bare = both_ways(model, prompt, [model.tokenize(text, control=True) for text in (pair.chosen, pair.rejected)], one.path)
    except ContextError:
        return None
    chosen, rejected = (reward(one.file.reward, one.file.beta, worn=row, bare=other) for row, other in zip(worn, bare, strict=True))
    return chosen > rejected


def keep(one: Wearing, **changes: Any) -> Path:
    """Writes what was found into the adapter's own file; a judge that is calibrated anew has no card any more.

    Refuses to change a shipped file, whose sum would no longer be the one of the list."""
    if "calibration" in changes:
        changes = {"judgement": None} | changes
    path = place(one.path)
    if path.resolve().is_relative_to(FOLDER.resolve()):
        raise ConfigError(f"{path} comes with Winnow and stays as it is; copy its folder to a place of yours and name that, or only look with --dry-run")
    with whole_file(path) as file:
        file.write(written(CriticFile.model_validate({**one.file.model_dump(), **changes})))
    return path


def tell(one: Wearing, lines: Sequence[str]) -> None:
    """Puts the measured figures into the model card beside the adapter, where it has a place for them."""
    path = place(one.path).with_name(MODEL_CARD)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if begin and end:
        with whole_file(path) as file:
            file.write("\n".join([f"{before}{begin}", "```text", *lines, "```", f"{end}{after}"]).encode())


__all__ = ["Data", "Fitted", "assess", "calibration_of", "judge", "keep", "spot_check", "tell", "threshold_of"]
