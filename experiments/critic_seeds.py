"""What adapters of several seeds are worth together, one row for each way they were trained.

    python -m experiments.critic_seeds --run simpo=build/critic/rank --run orpo=build/critic/orpo --run dpo=build/critic/dpo \\
        --pairs build/critic/dev.jsonl --pairs build/critic/unseen.jsonl --pools build/critic/dev.pools.jsonl

Each figure is the mean over the seeds of a run. Its interval is of that mean, companies drawn again; the figures of the
single seeds stand behind it. `lead over X` is what the critic has more than X on the same letters, so that an interval
above 0 says that it beats X. A run of judges gives their figures instead. The configured backbone scores, absent one
the embedded model.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from agent.assessing import Data
from agent.backbones import Backbone, open_backbone
from agent.critics import Wearing, wear
from agent.settings import load_config
from critic.card import Method, at_zero, gain, methods, picked, sides_of, won
from critic.estimates import Estimate, Item, correlation, mean_share
from critic.judgement import FEW, Judged
from critic.measuring import MeasuredPair, MeasuredPool, Skipped, measure_pairs, measure_pools, measure_verdicts
from critic.pools import read_pools
from critic.verdicts import Calibration, stops
from rubric.errors import InputError, WinnowError

CONTROLS = ("base", "shortest", "longest", "sum", "worst_sentence")
Rows = list[Item]


class Figure(NamedTuple):
    """A mean over seeds, and that of each seed."""

    whole: Estimate
    seeds: tuple[float | None, ...]

    def __str__(self) -> str:
        return f"{self.whole}; seeds {' '.join('none' if one is None else f'{one:.3f}' for one in self.seeds)}"


class Seed(NamedTuple):
    pairs: list[MeasuredPair]
    pools: list[MeasuredPool]
    critic: Method
    ways: dict[str, Method]


def ranked(seeds: Sequence[Seed]) -> dict[str, Any]:
    """The figures of adapters that rank."""
    found: dict[str, Any] = {}
    for name, unseen in (("seen wording", False), ("unseen wording", True)):
        chosen = [s._replace(pairs=[p for p in s.pairs if p.unseen == unseen]) for s in seeds]
        found[name] = figure([_won(s, s.critic) for s in chosen])
        found |= {f"{name}, lead over {way}": figure([_ahead(_won(s, s.critic), _won(s, s.ways[way])) for s in chosen]) for way in CONTROLS}
    found["selection efficiency"] = figure([_gains(s, s.critic) for s in seeds])
    found |= {f"selection efficiency, lead over {way}": figure([_ahead(_gains(s, s.critic), _gains(s, s.ways[way])) for s in seeds]) for way in CONTROLS}
    found["correlation with length"] = [_by_length(s) for s in seeds]
    found["implicit reward at 0"] = [at_zero(s.pairs) for s in seeds]
    return found


def judged(seeds: Sequence[Sequence[Judged]]) -> dict[str, Any]:
    """The figures of judges, by wording."""
    return {name: _judged([[c for c in cases if c.unseen == unseen] for cases in seeds]) for name, unseen in (("seen", False), ("unseen", True))}


def _judged(seeds: Sequence[Sequence[Judged]]) -> dict[str, Any]:
    must, may = [[c for c in cases if stops(c.right)] for cases in seeds], [[c for c in cases if not stops(c.right)] for cases in seeds]
    sides = [[[_stopped(c, True) for c in bad], [_stopped(c, False) for c in good]] for bad, good in zip(must, may, strict=True)]
    found: dict[str, Any] = {
        "balanced accuracy": Figure(mean_share(chain.from_iterable(sides)), tuple(mean_share(both, draws=0).value for both in sides)),
        "always block": 0.5, "stopped, of what must be": figure([side[0] for side in sides]), "passed, of what may": figure([side[1] for side in sides]),
    }  # fmt: skip
    for name in sorted({name for case in must[0] for name in case.failures}) if must else ():
        rows = [[_stopped(c, True) for c in bad if name in c.failures] for bad in must]
        if len(rows[0]) >= FEW:
            found[f"stopped, of {name}"] = figure(rows)
    return found


def figure(seeds: Sequence[Rows]) -> Figure:
    """
    >>> print(figure([[Item("a", 1.0)], [Item("a", 0.0)]]))
    0.500, 2 of 1 companies; seeds 1.000 0.000
    """
    return Figure(mean_share(seeds), tuple(mean_share([rows], draws=0).value for rows in seeds))


def _won(seed: Seed, way: Method) -> Rows:
    return [Item(pair.company, won(way(pair.chosen), way(pair.rejected))) for pair in seed.pairs]


def _gains(seed: Seed, way: Method) -> Rows:
    return [item for pool in seed.pools if (item := gain(pool, lambda one: picked(one, way)))]


def _by_length(seed: Seed) -> float | None:
    sides = sides_of(seed.pairs, seed.pools)
    return correlation([seed.critic(side) for side in sides], [float(side.length) for side in sides])


def _ahead(one: Rows, other: Rows) -> Rows:
    return [a._replace(part=a.part - b.part) for a, b in zip(one, other, strict=True)]


def _stopped(case: Judged, right: bool) -> Item:
    return Item(case.company, float(stops(case.said) == right))


def of_run(folder: Path, data: Data) -> dict[str, Any]:
    """The figures of the adapters `seed-*` in a folder; they were trained for one task."""
    places = sorted(path.parent for path in folder.glob("seed-*/winnow.json"))
    if not places:
        raise InputError(f"{folder} holds no finished seed; train some with `winnow train run --out {folder} --seeds 0,1,2`")
    config = load_config({})
    model = open_backbone(config.backbone)
    try:
        worn = [wear(str(place), config) for place in places]
        if worn[0].file.task == "verdict":
            return judged([list(_verdicts(one, model, data)) for one in worn])
        return ranked([_seed(one, model, data) for one in worn])
    finally:
        model.close()


def _verdicts(one: Wearing, model: Backbone, data: Data) -> Iterator[Judged]:
    return measure_verdicts(data.read_pairs(), model, one.path, one.file.calibration or Calibration(), Skipped())


def _seed(one: Wearing, model: Backbone, data: Data) -> Seed:
    pairs = list(measure_pairs(data.read_pairs(), model, one.path, Skipped()))
    pools = [pool for path in data.pools for pool in measure_pools(read_pools(path), model, one.path, data.k, Skipped())]
    ways = methods(one.file.reward, one.file.beta)
    return Seed(pairs, pools, ways["critic"], ways)


def main(arguments: Sequence[str] | None = None, show: Callable[[str], object] = print) -> int:
    given = _parser().parse_args(arguments)
    data = Data(given.pairs, given.pools)
    try:
        for name, _, folder in (run.partition("=") for run in given.run):
            found = of_run(Path(folder or name), data)
            show(json.dumps({name: found}, default=str) if given.json else "\n".join([name, *_lines(found)]))
    except WinnowError as error:
        sys.stderr.write(f"winnow: {error}\n")
        return error.status
    return 0


def _lines(found: dict[str, Any], indent: str = "  ") -> Iterator[str]:
    for name, value in found.items():
        if isinstance(value, dict):
            yield f"{indent}{name}"
            yield from _lines(value, indent + "  ")
        else:
            yield f"{indent}{name:<44} {value}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments.critic_seeds", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", action="append", required=True, metavar="NAME=FOLDER", help="folder of the seeds of one recipe; may be given several times")
    parser.add_argument("--pairs", action="append", default=[], metavar="FILE", help="pairs to measure on; may be given several times")
    parser.add_argument("--pools", action="append", default=[], metavar="FILE", help="pools to choose from; may be given several times")
    parser.add_argument("--json", action="store_true", help="print one line of JSON for each run")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
