"""Which outputs are refused before a run begins."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.exports import Format, check_out
from rubric.errors import ConfigError

OUTPUTS: list[tuple[str, Format | None, bool, str]] = [
    ("p.foo", None, False, r"p\.foo ends in \.foo, which names no format; give one of \.jsonl \.json \.csv \.txt \.eml, a folder, or --format"),
    ("full.foo", None, False, "names no format"),
    ("a.eml", None, True, r"a\.eml holds one mail message; give --out FOLDER"),
    ("a.eml", "eml", True, "holds one mail message"),
    ("file/", None, False, "file/ is a file; give --out without the slash"),
    ("p.foo/", "csv", False, "names a folder that is not there"),
    ("a.csv", "eml", False, "no place for mail messages"),
]


@pytest.mark.parametrize(("out", "format", "many", "said"), OUTPUTS)
def test_an_output_that_cannot_be_is_refused_before_the_run(tmp_path: Path, out: str, format: Format | None, many: bool, said: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "full.foo").write_text("notes")
    with pytest.raises(ConfigError, match=said):
        check_out(f"{tmp_path}/{out}", format, many)
    assert {path.name for path in tmp_path.iterdir()} == {"file", "full.foo"}


def test_outputs_that_can_be_pass(tmp_path: Path) -> None:
    (tmp_path / "v1.2").mkdir()
    (tmp_path / "tmp.x1").touch()
    good: list[tuple[str, Format | None, bool]] = [
        ("new/", None, True), ("v1.2/", None, True), ("v1.2", "eml", True), ("v1.3/", "eml", True), ("p.foo", "csv", True),
        ("a.eml", None, False), ("a.jsonl", None, True), ("tmp.x1", None, True),
    ]  # fmt: skip
    for out, format, many in good:
        check_out(f"{tmp_path}/{out}", format, many)
    check_out(os.devnull, None, True)
