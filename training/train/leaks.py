"""No training on what will measure the critic: the audit of the pairs, before a run begins.

Decides that a violation ends the run with the offending pairs named. A check that could not be made is no
violation; `winnow train audit` tells of those too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rubric.errors import InputError
from training.train.config import TrainConfig

_NAMED = 10


class Offence(NamedTuple):
    pair: str
    why: str


Audited = Callable[[TrainConfig], list[Offence]]


def refuse_leaks(config: TrainConfig, audited: Audited | None = None) -> None:
    """Holds the pairs against the config's `bench`; without one there is nothing to hold them against."""
    if not config.bench:
        return
    found = (audited or _audited)(config)
    if found:
        named = "; ".join(f"{one.pair}: {one.why}" for one in found[:_NAMED])
        more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        command = f"winnow train audit {config.pairs} {' '.join(f'--bench {path}' for path in config.bench)}"
        raise InputError(f"{config.pairs} overlaps with what will measure the critic ({named}{more}); nothing was trained: take these pairs out, `{command}` lists them")


def _audited(config: TrainConfig) -> list[Offence]:
    from training.pairs.audit.audit import Case, audit
    from training.pairs.audit.item import of_pair, read_bench
    from training.pairs.pair import read_pairs
    from training.pairs.report import read_report

    pairs = [of_pair(pair) for pair in read_pairs(config.pairs)]
    beside = read_report(config.pairs)
    tasks = [task for path in config.bench for task in read_bench(path)]
    checks = audit(Case(pairs, tasks, generators=beside.models if beside else {})).checks
    return [Offence(one.pair, f"{one.why} ({check.name})") for check in checks for one in check.offences]


__all__ = ["Audited", "Offence", "refuse_leaks"]
