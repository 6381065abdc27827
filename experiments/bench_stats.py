"""How long the resamples of a comparison take on this machine.

    python -m experiments.bench_stats

Prints one line of JSON for each bench size: the best of several runs, as a share of the target of 0.1 s too. One core is used.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from random import Random

from experiments.stats import Paired, compare
from experiments.stats.comparing import by_company
from experiments.stats.draws import redrawn
from experiments.stats.paired import gather
from experiments.stats.spread import DRAWS

TARGET = 0.1
ITEMS = 300


def pairs(clusters: int, *, items: int = ITEMS, seed: int = 0) -> list[Paired]:
    """Made items: three seeds under the first condition, one under the second."""
    random = Random(seed)
    return [Paired(f"item-{n}", f"company-{n % clusters}", [random.random() for _ in range(3)], [random.random()]) for n in range(items)]


def line(clusters: int, *, runs: int = 9) -> dict[str, float]:
    made = pairs(clusters)
    data = by_company(gather(made).rows)
    drawn = _best(lambda: redrawn(data.parts, data.wholes, draws=DRAWS, seed=0), runs)
    whole = _best(lambda: compare(made), runs)
    return {"items": ITEMS, "companies": clusters, "draws": DRAWS, "resamples_s": drawn, "of_target": round(drawn / TARGET, 3), "compare_s": whole}


def _best(call: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return round(min(times), 5)


def main() -> int:
    for clusters in (300, 100, 30):
        sys.stdout.write(json.dumps(line(clusters)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
