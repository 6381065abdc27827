"""Two hundred prospects through the whole graph, and every receipt drawn again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import winnow
from tests.prospects import write


def _replayed(tmp_path: Path, count: int) -> list[str]:
    people = write(tmp_path / "people.jsonl", count)
    drafted = winnow("draft", str(people), "--backbone", "scripted", "--out", str(tmp_path / "out"))
    assert drafted.status == 2 and f"{count} prospects" in drafted.err  # some lines are broken on purpose
    replayed = winnow("replay", str(tmp_path / "out" / "drafts.jsonl"), "--json")
    rows = [json.loads(line) for line in (tmp_path / "out" / "drafts.jsonl").read_text("utf-8").splitlines()]
    assert [row["key"] for row in replayed.rows] == [row["key"] for row in rows if row["receipt"]]
    assert replayed.status == 0 and all(row["identical"] for row in replayed.rows)
    return [row["outcome"] for row in rows]


def test_receipts_of_a_batch_replay(tmp_path: Path) -> None:
    assert set(_replayed(tmp_path, 12)) == {"DRAFT", "SUPPRESS", "ESCALATE", "ABSTAIN", "ERROR"}


@pytest.mark.slow
def test_receipts_of_two_hundred_replay_identically(tmp_path: Path) -> None:
    assert len(_replayed(tmp_path, 200)) == 200
