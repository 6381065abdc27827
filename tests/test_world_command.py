"""The command that shows the invented world: what it prints, and what it refuses."""

from __future__ import annotations

import json
import re

import pytest

from training.world.__main__ import main
from training.world.repetition import repetition


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments]) == 0
    return capsys.readouterr().out


def test_prospects_come_as_json_with_their_truth(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "prospects", "--count", "3").splitlines()
    assert len(lines) == 6 and all(line.startswith("--- seed ") and "Truth(" in line for line in lines[::2])
    assert len({json.loads(line)["company"]["name"] for line in lines[1::2]}) == 3


def test_letters_are_shown_with_what_the_rubric_says(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "letters", "--count", "2", "--flaw", "pricing_violation", "--prompt")
    assert out.count("--- seed ") == 2 and out.count("- Company: ") == 2 and "(pricing_violation)" in out


def test_letters_of_one_tag_and_one_wording(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "letters", "--count", "2", "--tag", "warm", "--entry", "answer.")
    assert out.count("--- seed ") == 2 and "answer." in out and "'warm'" not in out


def test_a_check_counts_the_letters_that_were_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert re.search(r"^seen wording: .*\d+", said(capsys, "check", "--count", "6"), re.M)


def test_repetition_is_that_of_the_prose(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "repetition", "--count", "12", "--seed", "500")
    assert re.fullmatch(r"12 letters: [\d.]+% share twelve words in a row with another, [\d.]+% of such runs come twice\n", out)
    assert repetition(["Tenacious Intelligence Corporation gettenacious.com " * 4] * 2).sharing == 1
    assert not out.startswith("12 letters: 100")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["letters", "--count", "0"], "'0' is no count; give a whole number from 1 on"),
        (["letters", "--count", "-3"], "--count"),
        (["letters", "--count", "many"], "'many' is no count"),
        (["check", "--flaw", "rudeness"], "rudeness"),
        (["poems"], "poems"),
    ],
)
def test_what_cannot_be_shown_is_refused(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2 and says in capsys.readouterr().err
