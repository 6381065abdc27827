"""A run that is killed at any moment goes on where it was: nothing twice, nothing lost."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.command import ROOT
from tests.prospects import write

WINNOW = "import sys; from agent.cli import main; sys.exit(main())"


def _start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WINNOW, "draft", str(folder / "in.jsonl"), "--backbone", "scripted", *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WINNOW_STORE": str(folder / "winnow.db")}
    with (folder / "printed.jsonl").open("wb") as out:
        return subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.PIPE)


def _finish(folder: Path) -> list[dict[str, Any]]:
    run = _start(folder, "--out", str(folder / "out"))
    _, error = run.communicate(timeout=120)
    assert run.returncode == 2, error  # some lines of the input are broken on purpose
    return [json.loads(line) for line in (folder / "out" / "drafts.jsonl").read_text("utf-8").splitlines()]


def _stored(folder: Path) -> int:
    """Rows in the store; 0 while there is none."""
    try:
        with closing(sqlite3.connect(f"file:{folder / 'winnow.db'}?mode=ro", uri=True)) as connection:
            found: int = connection.execute("select count(*) from drafts").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    return found


def _killed(folder: Path, chance: random.Random) -> list[dict[str, Any]]:
    """Starts a run and kills it once it has made some more rows; gives the rows it had printed."""
    enough = _stored(folder) + chance.randrange(1, 9)
    run = _start(folder)
    while _stored(folder) < enough and run.poll() is None:
        time.sleep(0.002)  # looks again; what is asserted does not depend on how long it takes
    time.sleep(chance.random() * 0.02)  # and a random moment later, within the work
    run.send_signal(signal.SIGKILL)
    run.communicate(timeout=60)
    lines = (folder / "printed.jsonl").read_bytes().split(b"\n")[:-1]
    return [json.loads(line) for line in lines]


def _without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_seconds(v) for k, v in value.items() if k != "seconds"}
    return [_without_seconds(v) for v in value] if isinstance(value, list) else value


def _compare(tmp_path: Path, kills: int, prospects: int) -> None:
    killed, calm = tmp_path / "killed", tmp_path / "calm"
    for folder in (killed, calm):
        folder.mkdir()
        write(folder / "in.jsonl", prospects)
    chance, seen, counts = random.Random(7), {}, [0]
    for _ in range(kills):
        seen |= {row["key"]: row for row in _killed(killed, chance) if row["key"]}
        counts.append(_stored(killed))
    assert sorted(set(counts)) == counts and counts[-1] < prospects - prospects // 20, "each kill hit a run that was at work"
    final, expected = _finish(killed), _finish(calm)
    by_key = {row["key"]: row for row in final}
    assert seen and all(by_key[key] == row for key, row in seen.items())  # seconds too: nothing was drawn twice
    assert len(final) == prospects and _without_seconds(final) == _without_seconds(expected)


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    _compare(tmp_path, kills=2, prospects=40)


@pytest.mark.slow
def test_a_run_killed_at_twenty_moments_equals_one_that_was_not(tmp_path: Path) -> None:
    _compare(tmp_path, kills=20, prospects=400)
