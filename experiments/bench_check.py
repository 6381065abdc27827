"""How fast `winnow check` is and how much memory it takes, on this machine.

    python -m experiments.bench_check [--json] [--quick] [--profile]

Decides whether each figure keeps its target; the exit status is 1 where one does not. Every case
differs from the others, nothing is cached between them, and reading and printing are part of the
rate. A first line on stdout is the JSON, the table follows.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import platform
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from experiments.made_cases import cases, write_cases
from rubric import Email, check, load_playbook, read_prospect

ROOT = Path(__file__).resolve().parents[1]
WINNOW = (sys.executable, "-c", "import sys; from agent.cli import main; sys.exit(main())")
_PEAK = """
import resource, subprocess, sys
with open(sys.argv[1], "rb") as source:
    subprocess.run(sys.argv[2:], stdin=source, stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


class Sizes(NamedTuple):
    """How much is measured."""

    evaluations: int = 2000
    stream: int = 5000
    starts: int = 11
    few: int = 100
    many: int = 100_000


QUICK = Sizes(300, 500, 3, 100, 2000)


class Figure(NamedTuple):
    """One measured value beside the target that it must keep."""

    name: str
    value: float
    unit: str
    target: float
    at_most: bool = True

    @property
    def kept(self) -> bool:
        return self.value <= self.target if self.at_most else self.value >= self.target


def bench(sizes: Sizes) -> list[Figure]:
    """Every figure, the quick ones first."""
    with tempfile.TemporaryDirectory() as folder:
        return [
            *evaluation(sizes.evaluations),
            stream_rate(Path(folder), sizes.stream),
            cold_start(sizes.starts),
            more_memory(Path(folder), sizes.few, sizes.many),
        ]


def evaluation(count: int) -> list[Figure]:
    """Milliseconds of one evaluation of a letter of about 120 words, without reading or printing."""
    playbook = load_playbook()
    made = [(read_prospect(c["prospect"]), Email(c["email"]["body"], c["email"]["subject"])) for c in cases(count + 50, seed=2)]
    for reading, email in made[:50]:  # the first calls import and compile
        check(reading, email, playbook)
    times = []
    for reading, email in made[50:]:
        began = time.perf_counter()
        check(reading, email, playbook)
        times.append(1000 * (time.perf_counter() - began))
    times.sort()
    late = times[min(len(times) - 1, int(0.99 * len(times)))]
    return [
        Figure("one evaluation, median", round(statistics.median(times), 3), "ms", 1.5),
        Figure("one evaluation, 99th percentile", round(late, 3), "ms", 5.0),
    ]


def stream_rate(folder: Path, count: int) -> Figure:
    """Cases a second of `check --jsonl` in one process, its start left out."""
    few, many = folder / "one.jsonl", folder / "stream.jsonl"
    write_cases(few, 1)
    write_cases(many, count + 1)
    start = min(_seconds("check", "--jsonl", str(few)) for _ in range(3))
    whole = _seconds("check", "--jsonl", str(many))
    return Figure("check --jsonl", round(count / (whole - start), 1), "cases/s", 500, at_most=False)


def cold_start(runs: int) -> Figure:
    """Seconds of `winnow check` on one e-mail, from nothing to the prompt."""
    call = ("check", "--prospect", str(ROOT / "examples" / "prospect.json"), str(ROOT / "examples" / "good.txt"))
    _seconds(*call)
    return Figure("cold start, median", round(statistics.median(_seconds(*call) for _ in range(runs)), 3), "s", 0.4)


def more_memory(folder: Path, few: int, many: int) -> Figure:
    """Megabytes that many cases take above what a few take, at their peaks."""
    peaks = []
    for count in (few, many):
        path = folder / f"memory-{count}.jsonl"
        write_cases(path, count, seed=3)
        peaks.append(_peak(path))
        path.unlink()
    return Figure(f"peak memory, {many:,} above {few:,} cases", round(peaks[1] - peaks[0], 1), "MB", 30)


def _seconds(*arguments: str) -> float:
    began = time.perf_counter()
    done = subprocess.run([*WINNOW, *arguments], stdout=subprocess.DEVNULL, env=_environment(), check=False)  # noqa: S603  our own command
    took = time.perf_counter() - began
    if done.returncode != 0:
        raise SystemExit(f"bench: winnow {' '.join(arguments)} ended with status {done.returncode}")
    return took


def _peak(path: Path) -> float:
    """Megabytes at the peak of a process that judges a file."""
    command = [sys.executable, "-c", _PEAK, str(path), *WINNOW, "check", "--jsonl", "-"]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment(), check=True)  # noqa: S603  our own command
    unit = 1 if platform.system() == "Darwin" else 1024
    return int(done.stdout) * unit / 2**20


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def profile(count: int) -> None:
    """Prints where the time of `count` evaluations goes."""
    playbook = load_playbook()
    made = [(read_prospect(c["prospect"]), Email(c["email"]["body"], c["email"]["subject"])) for c in cases(count, seed=2)]
    check(*made[0], playbook)
    profiler = cProfile.Profile()
    profiler.enable()
    for reading, email in made:
        check(reading, email, playbook)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(40)


@lru_cache(maxsize=1)
def reference_loop() -> float:
    """Milliseconds of a million additions in plain Python: the speed that the figures stand beside."""
    began = time.perf_counter()
    total = 0
    for number in range(1_000_000):
        total += number
    return round(1000 * (time.perf_counter() - began), 1)


def report(figures: Sequence[Figure], *, json_only: bool) -> str:
    machine = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "million_additions_ms": reference_loop(),
    }
    rows = [{**f._asdict(), "kept": f.kept} for f in figures]
    line = json.dumps({"machine": machine, "figures": rows})
    if json_only:
        return line
    table = [
        f"{f.name:<44}{f.value:>10g} {f.unit:<8} {'at most' if f.at_most else 'at least'} {f.target:g}  {'kept' if f.kept else 'MISSED'}"
        for f in figures
    ]
    speed = f"a million additions in plain Python took {machine['million_additions_ms']} ms in this run"
    return "\n".join([line, "", *table, speed])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.bench_check", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the JSON line alone")
    parser.add_argument("--quick", action="store_true", help="measure little; the figures are rough")
    parser.add_argument("--profile", action="store_true", help="print where the time of an evaluation goes, and measure nothing")
    given = parser.parse_args(arguments)
    if given.profile:
        profile(1000)
        return 0
    figures = bench(QUICK if given.quick else Sizes())
    sys.stdout.write(report(figures, json_only=given.json) + "\n")
    return 0 if all(f.kept for f in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
