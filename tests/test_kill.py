"""A run that is killed at any moment goes on where it was: nothing twice, nothing lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.command import ROOT
from tests.prospects import write

WINNOW = "import sys; from agent.cli import main; sys.exit(main())"


def _start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WINNOW, "draft", str(folder / "in.jsonl"), "--backbone", "scripted", *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WINNOW_STORE": str(folder / "winnow.db")}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _finish(folder: Path) -> list[dict[str, Any]]:
    run = _start(folder, "--out", str(folder / "out"))
    _, error = run.communicate(timeout=120)
    assert run.returncode == 2, error  # some lines of the input are broken on purpose
    return [json.loads(line) for line in (folder / "out" / "drafts.jsonl").read_text("utf-8").splitlines()]


def _killed(folder: Path, chance: random.Random) -> list[dict[str, Any]]:
    """Starts a run, kills it after a few rows and a moment more; gives the rows it had printed."""
    run = _start(folder)
    assert run.stdout is not None
    seen = [json.loads(run.stdout.readline()) for _ in range(chance.randrange(6))]
    time.sleep(chance.random() * 0.03)  # a random moment within the work; no assertion depends on its length
    run.send_signal(signal.SIGKILL)
    rest, _ = run.communicate(timeout=60)
    assert run.returncode == -signal.SIGKILL
    whole = [line for line in rest.split(b"\n")[:-1] if line.strip()]
    return seen + [json.loads(line) for line in whole]


def _without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_seconds(v) for k, v in value.items() if k != "seconds"}
    return [_without_seconds(v) for v in value] if isinstance(value, list) else value


def _compare(tmp_path: Path, kills: int, prospects: int) -> None:
    killed, calm = tmp_path / "killed", tmp_path / "calm"
    for folder in (killed, calm):
        folder.mkdir()
        write(folder / "in.jsonl", prospects)
    chance, seen = random.Random(7), {}
    for _ in range(kills):
        seen |= {row["key"]: row for row in _killed(killed, chance) if row["key"]}
    final = _finish(killed)
    assert len(final) == prospects
    by_key = {row["key"]: row for row in final}
    assert seen and all(by_key[key] == row for key, row in seen.items())  # seconds too: nothing was drawn twice
    receipts = {"config": {"store": ""}}
    expected = _finish(calm)
    for row in [*final, *expected]:
        if row["receipt"]:
            row["receipt"]["config"] |= receipts["config"]
    assert _without_seconds(final) == _without_seconds(expected)


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    _compare(tmp_path, kills=2, prospects=12)


@pytest.mark.slow
def test_a_run_killed_at_twenty_moments_equals_one_that_was_not(tmp_path: Path) -> None:
    _compare(tmp_path, kills=20, prospects=200)
