"""One output by whatever name: a folder, or a file in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.claim import claim, claim_all, holder, lock_of
from agent.exports import claim_export, is_folder
from rubric.errors import StoreError


def test_a_folder_holds_the_files_in_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with claim_export(out, "csv"):
        for path in (out, out / "drafts.jsonl", out / "drafts.csv", out / "eml", out / "other.csv"):
            with pytest.raises(StoreError, match="is being written by another run"), claim(path):
                pass
        with claim(tmp_path / "beside.csv"):
            pass
    assert not out.exists()


def test_a_file_holds_against_its_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with claim_export(out / "drafts.jsonl", "jsonl"):
        with pytest.raises(StoreError, match=r"drafts\.jsonl is being written by another run"), claim_export(out, "eml"):
            pass
        assert holder(out) is None
        with claim_export(out / "mine.csv", "csv"):
            pass
    with claim_export(out, "eml"):
        assert holder(out / "drafts.jsonl") is not None
    assert list(out.iterdir()) == []


def test_a_folder_that_a_run_filled_stays(tmp_path: Path) -> None:
    out = tmp_path / "v1.2"
    with claim_export(out, "eml"):
        assert is_folder(out, "eml")
        (out / "drafts.jsonl").write_text("x")
    assert [path.name for path in out.iterdir()] == ["drafts.jsonl"]


def test_claims_of_one_output_twice_are_one(tmp_path: Path) -> None:
    with claim_all([tmp_path / "a", tmp_path / "b" / ".." / "a", Path("/dev/null")]):
        assert lock_of(tmp_path / "a").exists()
    assert list(tmp_path.iterdir()) == []
