"""Labels in two passes, and Cohen's kappa: worked by hand, resumable, and said for what they are."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from experiments.bench.kappa import CONSTANT, EMPTY, kappa
from experiments.bench.labels import (
    DIMENSIONS,
    SCALE,
    Case,
    Label,
    add_label,
    agreement,
    in_order,
    read_cases,
    read_labels,
    waiting,
)
from rubric.errors import InputError
from tests.command import winnow

ANSWERS = b"4\n3\n-\n5\n2\npa\n"


def case(n: int) -> dict[str, Any]:
    return {"id": f"c{n}", "prospect": {"company": {"name": f"Firm {n}"}}, "email": {"subject": "Question", "body": f"Letter {n}."}}


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    path = tmp_path / "letters.jsonl"
    path.write_text("".join(json.dumps(case(n)) + "\n" for n in range(6)))
    return path


def label(n: int, mark: int | None, decision: str = "PASS", number: int = 1, who: str = "ada") -> Label:
    sha = Case.model_validate(case(n)).sha
    return Label.model_validate({"id": f"c{n}", "sha": sha, "rater": who, "pass": number, "dimensions": dict.fromkeys(DIMENSIONS, mark), "decision": decision})


# -- kappa ---------------------------------------------------------------------------------------------------


def test_kappa_by_hand() -> None:
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: 70% agree, 50% by chance."""
    first, second = ["y"] * 25 + ["n"] * 25, ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    found = kappa(first, second, ("y", "n"))
    assert (found.n, found.agreed, found.kappa) == (50, 0.7, 0.4)


def test_weights_forgive_the_neighbour_and_not_the_far_end() -> None:
    near, far = kappa([1, 2, 3, 4, 5], [2, 2, 3, 4, 5], SCALE, "quadratic"), kappa([1, 2, 3, 4, 5], [5, 2, 3, 4, 5], SCALE, "quadratic")
    assert near.kappa is not None and far.kappa is not None and near.agreed == far.agreed == 0.8
    assert near.kappa == round(1 - (1 / 5) / ((sum((a - b) ** 2 for a in (1, 2, 3, 4, 5) for b in (2, 2, 3, 4, 5))) / 25), 4) > far.kappa


def test_kappa_agrees_with_another_closed_form() -> None:
    dice = Random(3)
    for weights in ("none", "quadratic"):
        first = [dice.choice(SCALE) for _ in range(60)]
        second = [a if dice.random() < 0.6 else dice.choice(SCALE) for a in first]
        cost = [[float(a != b) if weights == "none" else (a - b) ** 2 / 16 for b in SCALE] for a in SCALE]
        seen = sum(cost[a - 1][b - 1] for a, b in zip(first, second, strict=True)) / 60
        chance = sum(cost[a - 1][b - 1] for a in first for b in second) / 3600
        assert kappa(first, second, SCALE, weights).kappa == pytest.approx(1 - seen / chance, abs=1e-4)  # type: ignore[arg-type]


def test_the_ends_of_the_scale() -> None:
    assert kappa(list("ab"), list("ab"), "ab").kappa == 1 and kappa(list("ab"), list("ba"), "ab").kappa == -1
    assert kappa(list("aabb"), list("abab"), "ab").kappa == 0
    assert kappa(list("aaaa"), list("aaab"), "ab").kappa == 0  # one side never varies


def test_where_there_is_no_kappa_it_is_said() -> None:
    same = kappa([5, 5, 5], [5, 5, 5], SCALE, "quadratic")
    assert (same.kappa, same.agreed, same.note) == (None, 1.0, CONSTANT)
    assert kappa([], [], SCALE).note == EMPTY and kappa([], [], SCALE).kappa is None
    with pytest.raises(ValueError, match="each item"):
        kappa([1], [], SCALE)


# -- agreement -----------------------------------------------------------------------------------------------


def test_two_passes_of_one_person_are_called_that() -> None:
    rows = [label(n, 1 + n % 5, number=number) for number in (1, 2) for n in range(6)]
    found = agreement(rows)
    assert found.kind == "one person with themselves" and found.letters == 6 and {one.kappa for one in found.dimensions.values()} == {1.0}
    assert found.decision.note == CONSTANT


def test_two_people_are_compared_by_their_first_passes() -> None:
    rows = [*(label(n, 1 + n % 5) for n in range(6)), *(label(n, 5 - n % 5, "BLOCK", who="bo") for n in range(5)), label(0, 3, who="bo", number=2)]
    found = agreement(rows, ["ada", "bo"])
    assert found.kind == "two people" and found.letters == 5 and found.decision.agreed == 0 and found.decision.kappa == 0
    with pytest.raises(InputError, match="of ada, bo"):
        agreement(rows, ["cy"])
    with pytest.raises(InputError, match="of nobody"):
        agreement([])


def test_the_last_label_of_a_pass_counts_and_one_of_a_changed_letter_does_not() -> None:
    old = label(0, 1).model_copy(update={"sha": "0" * 16})
    rows = [old, label(0, 1), label(0, 4), label(1, 2), label(0, 4, number=2), label(1, 2, number=2)]
    found = agreement(rows)
    assert found.letters == 2 and found.dimensions["cta_quality"].kappa == 1.0


def test_what_a_pass_could_not_judge_is_left_out_and_counted() -> None:
    rows = [label(0, None), label(1, 2), label(2, 4), *(label(n, m, number=2) for n, m in ((0, 3), (1, 2), (2, 4)))]
    found = agreement(rows).dimensions["tone_compliance"]
    assert found.n == 2 and found.kappa == 1.0 and found.note == "1 left out: a pass could not judge them"


# -- order and resuming -----------------------------------------------------------------------------------------


def test_the_second_pass_comes_in_another_order_always_the_same(letters: Path) -> None:
    cases = read_cases(letters)
    second = in_order(cases, 2, "ada")
    assert in_order(cases, 1, "ada") == cases != second == in_order(cases, 2, "ada") and sorted(c.id for c in second) == [c.id for c in cases]
    assert in_order(cases[:2], 2, "ada") == cases[1::-1] and in_order(cases[:1], 2, "ada") == cases[:1]


def test_a_pass_goes_on_where_it_was(letters: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "labels.jsonl"
    add_label(out, label(0, 3))
    add_label(out, label(2, 3))
    left = waiting(read_cases(letters), read_labels(out), 1, "ada")
    assert [one.id for one in left] == ["c1", "c3", "c4", "c5"] and len(waiting(read_cases(letters), read_labels(out), 1, "bo")) == 6


def test_letters_of_one_id_are_refused(letters: Path) -> None:
    letters.write_text(letters.read_text() * 2)
    with pytest.raises(InputError, match="several letters with one id"):
        read_cases(letters)


# -- the terminal ---------------------------------------------------------------------------------------------------


def test_labelling_by_hand_is_kept_letter_by_letter(letters: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "labels.jsonl")
    arguments = ("bench", "label", str(letters), "--out", out, "--rater", "ada")
    done = winnow(*arguments, stdin=ANSWERS * 2 + b"7\n9\nq\n")
    assert done.status == 0 and "Letter 0." in done.out and "Subject: Question" in done.out and "give 1, 2" in done.err and "4 letters are left" in done.err
    rows = read_labels(out)
    assert [one.id for one in rows] == ["c0", "c1"] and rows[0].decision == "PASS" and rows[0].dimensions["bench_fit_alignment"] is None
    assert "pass 1 of ada is not finished: 4 letters" in winnow(*arguments, "--pass", "2").err
    again = winnow(*arguments, stdin=ANSWERS * 4)
    assert again.status == 0 and "letter 1 of 4" in again.out and "Letter 0." not in again.out and "is finished: 6 letters" in again.out


def test_a_missing_file_of_labels_is_told_beside_one_that_is_there(tmp_path: Path) -> None:
    out = tmp_path / "labels.jsonl"
    for number in (1, 2):
        add_label(out, label(0, 3, number=number))
    found = winnow("bench", "agree", str(out), str(tmp_path / "nosuch.jsonl"))
    assert found.status == 2 and "nosuch.jsonl" in found.err and found.out == "" and winnow("bench", "agree", str(out)).status == 0
    assert read_labels(tmp_path / "nosuch.jsonl", absent=True) == []


@pytest.mark.parametrize(("count", "note"), [(1, "1 letter: kappa of fewer than 10 says little"), (9, "9 letters: kappa of fewer than 10"), (10, "")])
def test_kappa_of_few_letters_is_said_to_say_little(tmp_path: Path, count: int, note: str) -> None:
    out = tmp_path / "labels.jsonl"
    for one in (label(n, 1 + n % 5, number=number) for number in (1, 2) for n in range(count)):
        add_label(out, one)
    shown = winnow("bench", "agree", str(out)).out.splitlines()
    assert shown[0].endswith(f", {count} letter{'s' if count > 1 else ''}") and note in shown[-1] and (len(shown) == 8) is bool(note)
    assert winnow("bench", "agree", str(out), "--json").data["note"].startswith(note)


def test_a_dimension_that_was_seldom_judged_is_named() -> None:
    rows = [label(n, 1 + n % 5, number=number) for number in (1, 2) for n in range(12)]
    unjudged = {**rows[0].dimensions, "tone_compliance": None}
    rows[:4] = [one.model_copy(update={"dimensions": unjudged}) for one in rows[:4]]
    assert agreement(rows).note == "fewer than 10 letters were judged in both passes for tone_compliance: kappa of so few says little"
    assert agreement([label(0, 3)]).note == ""


def test_one_letter_is_called_one(letters: Path, tmp_path: Path) -> None:
    letters.write_text(letters.read_text().splitlines()[0])
    arguments = ("bench", "label", str(letters), "--out", str(tmp_path / "labels.jsonl"), "--rater", "ada")
    assert "stopped; 1 letter is left" in winnow(*arguments, stdin=b"q\n").err
    assert "not finished: 1 letter is left" in winnow(*arguments, "--pass", "2").err
    assert "is finished: 1 letter, in" in winnow(*arguments, stdin=ANSWERS).out


def test_the_second_pass_shows_nothing_of_the_first(letters: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "labels.jsonl")
    arguments = ("bench", "label", str(letters), "--out", out, "--rater", "ada")
    winnow(*arguments, stdin=ANSWERS.replace(b"pa", b"suppress") * 6)
    second = winnow(*arguments, "--pass", "2", stdin=ANSWERS.replace(b"pa", b"x\np\nb") * 6)
    assert "SUPPRESS" not in second.out and "give pass, penalise" in second.err
    shown = winnow("bench", "agree", out)
    assert shown.out.splitlines()[0] == "ada: agreement of one person with themselves, which is no agreement between raters, 6 letters"
    assert "decision              kappa 0.00   of 6    0% the same" in shown.out and "not defined" in shown.out
    assert winnow("bench", "agree", out, "--json").data["kind"] == "one person with themselves"


def test_a_letter_cannot_steer_the_terminal(tmp_path: Path) -> None:
    row = {**case(0), "email": "Subject: Hi\n\nRed \x1b[31mletter\x1b[0m.", "prospect": {"company": {"name": "A\x1b]0;x\x07"}}}
    (tmp_path / "l.jsonl").write_text(json.dumps(row))
    shown = winnow("bench", "label", str(tmp_path / "l.jsonl"), "--out", str(tmp_path / "o.jsonl"), "--rater", "ada").out
    assert "letter" in shown and "\x1b" not in shown and "\x07" not in shown
