"""How long the page of an experiment takes on this machine, and how large it is.

    python -m experiments.bench_report

Decides whether a run of 300 letters under 6 conditions with 3 seeds, and under 2 that are drawn once, keeps its targets; prints one line of JSON, and the
exit status is 1 where it does not. The run is invented, and making it is not measured.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from experiments.made_runs import Sizes, write_run
from experiments.report import write

SECONDS, MEGABYTES = 10.0, 15.0


def measured(sizes: Sizes) -> dict[str, float]:
    """Seconds and megabytes of one page, from the folder to the file."""
    with tempfile.TemporaryDirectory() as folder:
        run = write_run(Path(folder, "run"), sizes)
        began = time.perf_counter()
        [page] = write(run, ["html"], Path(folder))
        took = time.perf_counter() - began
        return {"items": sizes.items, "conditions": len(sizes.conditions), "seeds": sizes.seeds, "seconds": round(took, 2), "megabytes": round(page.stat().st_size / 1e6, 2)}


def main() -> int:
    found = measured(Sizes())
    sys.stdout.write(json.dumps({**found, "seconds_target": SECONDS, "megabytes_target": MEGABYTES}) + "\n")
    return 0 if found["seconds"] <= SECONDS and found["megabytes"] <= MEGABYTES else 1


if __name__ == "__main__":
    raise SystemExit(main())
