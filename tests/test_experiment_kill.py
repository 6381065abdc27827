"""A run that is killed with no warning, and one that a person stops, from the command line."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.command import ROOT
from tests.experiments import contents, plan, tasks

WINNOW = "import sys; from agent.cli import main; sys.exit(main())"


def written(where: Path, count: int) -> Path:
    """A plan in a file, on tasks beside it."""
    tasks(where / "tasks", count)
    path = where / "plan.yaml"
    found = plan(where, conditions=["baseline", "critic_rs", "random_rs", "gate_critic", "gate_random"], draws=200).model_dump(mode="json")
    path.write_text(yaml.safe_dump({name: value for name, value in found.items() if name not in ("parameters", "prices", "threshold_study")}), "utf-8")
    return path


def start(path: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WINNOW, "experiment", "run", "--preset", str(path), "--backbone", "scripted", "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lines(out: Path) -> int:
    return (out / "units.jsonl").read_bytes().count(b"\n") if (out / "units.jsonl").exists() else 0


def stopped(path: Path, out: Path, by: signal.Signals, chance: random.Random) -> tuple[int, str]:
    """Sends a signal once the run has done some more units, and a random moment later."""
    enough, one = lines(out) + chance.randrange(5, 40), start(path, out)
    while lines(out) < enough and one.poll() is None:
        time.sleep(0.002)
    time.sleep(chance.random() * 0.02)
    one.send_signal(by)
    _, said = one.communicate(timeout=120)
    return one.returncode, said


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_as_a_calm_one(tmp_path: Path) -> None:
    path, chance = written(tmp_path, 12), random.Random(11)
    calm = start(path, tmp_path / "calm")
    assert calm.communicate(timeout=300)[0].strip() == str(tmp_path / "calm") and calm.returncode == 0
    counts = [0]
    for _ in range(5):
        assert stopped(path, tmp_path / "killed", signal.SIGKILL, chance)[0] == -signal.SIGKILL
        counts.append(lines(tmp_path / "killed"))
    assert counts == sorted(counts) and counts[-1] > counts[1], "each run went on"
    last = start(path, tmp_path / "killed")
    assert last.communicate(timeout=300)[0].strip() == str(tmp_path / "killed") and last.returncode == 0
    assert contents(tmp_path / "killed") == contents(tmp_path / "calm")


@pytest.mark.slow
def test_a_person_who_stops_a_run_is_told_how_to_go_on(tmp_path: Path) -> None:
    path = written(tmp_path, 12)
    status, said = stopped(path, tmp_path / "run", signal.SIGINT, random.Random(2))
    assert status == 130 and "run the same command to go on" in said and "Traceback" not in said
    assert (tmp_path / "run" / "units.jsonl").read_bytes().endswith(b"\n") and not (tmp_path / "run" / "summary.json").exists()
