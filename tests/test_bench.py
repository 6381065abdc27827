"""The pieces of the speed bench work on tiny sizes; what they measure is not looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.bench_check import Figure, cold_start, evaluation, main, more_memory, report, stream_rate
from experiments.made_cases import cases, write_cases
from rubric import read_email, read_prospect


def test_made_cases_are_repeatable_different_and_readable(tmp_path: Path) -> None:
    made = list(cases(60))
    assert made == list(cases(60))
    assert made != list(cases(60, seed=2))
    assert len({c["email"]["body"] for c in made}) == 60
    assert all(not read_prospect(c["prospect"]).warnings and read_email(c["email"]) for c in made)
    words = sorted(len(c["email"]["body"].split()) for c in made)
    assert 100 <= words[len(words) // 2] <= 150
    path = tmp_path / "cases.jsonl"
    write_cases(path, 5)
    assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == made[:5]


def test_every_piece_gives_a_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def seconds(command: str, flag: str, file: str, *_: str) -> float:
        """A machine that starts in 0.3 s and judges a hundred cases a second."""
        return 0.3 + 0.01 * len(Path(file).read_text("utf-8").splitlines()) if flag == "--jsonl" else 0.3

    monkeypatch.setattr("experiments.bench_check._seconds", seconds)
    figures = [*evaluation(5), stream_rate(tmp_path, 20), cold_start(1), more_memory(tmp_path, 2, 4)]
    assert [f.unit for f in figures] == ["ms", "ms", "cases/s", "s", "MB"]
    assert [f.value for f in figures[2:4]] == [100.0, 0.3] and all(f.value >= 0 for f in figures[:2])


@pytest.mark.parametrize(("value", "at_most", "kept"), [(1.0, True, True), (3.0, True, False), (3.0, False, True)])
def test_a_figure_keeps_its_target_or_not(value: float, at_most: bool, kept: bool) -> None:
    assert Figure("name", value, "ms", 2.0, at_most).kept is kept


def test_the_report_opens_with_one_line_of_json() -> None:
    figures = [Figure("one", 1.0, "ms", 2.0), Figure("two", 1.0, "s", 0.5)]
    first, _, *table = report(figures, json_only=False).splitlines()
    assert [row["kept"] for row in json.loads(first)["figures"]] == [True, False]
    assert table[1].endswith("MISSED")
    assert report(figures, json_only=True) == first


def test_help_names_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "--profile" in capsys.readouterr().out
