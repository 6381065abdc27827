"""The demo's script, with letters from a list in place of the embedded model; `make demo` runs it with the model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.command import ROOT


def _demo(**environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "BIN": str(Path(sys.executable).parent), **environment}
    return subprocess.run(["bash", "examples/demo.sh"], cwd=ROOT, env=given, capture_output=True, text=True, check=False)


def test_it_ends_with_a_draft_its_receipt_and_its_time() -> None:
    done = _demo(WINNOW_BACKBONE="scripted")
    assert done.returncode == 0, done.stderr
    drafted, _, rest = done.stdout.partition("Its receipt, in short:")
    assert "DRAFT  northwind" in drafted
    assert "(taken)" in rest and "identical: 1 round, 4 candidates, outcome DRAFT" in rest
    assert "BLOCK  score" in rest and "$ winnow check --prospect examples/prospect.json examples/good.txt" in rest
    last = done.stdout.splitlines()[-1]
    assert last.startswith("The embedded model's draft took ") and " s for 1 x 4 candidates: " in last


def test_a_model_that_ends_without_a_draft_fails_it(tmp_path: Path) -> None:
    (tmp_path / "replies.txt").write_text("Subject: Hello\n\nBuy now!\n", "utf-8")
    done = _demo(WINNOW_BACKBONE=f"scripted:{tmp_path / 'replies.txt'}")
    assert done.returncode == 1 and "should have ended with status 0" in done.stderr
