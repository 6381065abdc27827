"""`winnow bench validate`, `seal`, `verify` and `card`: what is said, with which status, and that no task is shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("faker")

from experiments.bench import contamination as tests_of_splits
from experiments.bench.card import figures, strata
from experiments.bench.contamination import contamination
from experiments.bench.files import write
from experiments.bench.task import Task
from rubric.errors import MissingExtra
from tests.bench_tasks import folder, task
from tests.command import winnow

FACT = "moved its nine weighing machines from Porto to a hall beside the harbour in Aveiro last spring, and painted them all in the grey of the old ferry"


@pytest.fixture
def place(tmp_path: Path) -> str:
    made = folder(tmp_path / "tasks")
    assert winnow("bench", "seal", "--tasks", str(made.path), "--reason", "for the tests").status == 0
    return str(made.path)


def run(command: str, place: str, *more: str) -> tuple[int, str]:
    found = winnow("bench", command, "--tasks", place, *more)
    return found.status, found.out + found.err


def far(texts: Sequence[str]) -> list[list[float]]:
    """Every text points in a direction of its own."""
    return [[Random(f"{text}{n}").gauss(0, 1) / 20 for n in range(400)] for text in texts]


def near(texts: Sequence[str]) -> list[list[float]]:
    return [[1.0, 0.0] for _ in texts]


# -- validate ---------------------------------------------------------------------------------------------


def test_good_tasks_are_well_and_the_opening_is_recorded(place: str) -> None:
    status, said = run("validate", place, "--without", "embedding")
    assert status == 0 and said.splitlines()[0] == "6 tasks, 0 faults" and said.count("left out") == 6
    assert "Ines Bauer" not in said and "opened 1 time: 1 check of their form, 0 measurements" in run("verify", place)[1]


def test_train_and_dev_leave_held_out_closed(place: str) -> None:
    assert run("validate", place, "--without", "embedding", "--split", "train", "--split", "dev")[0] == 0
    assert "opened 0 times" in run("verify", place)[1]


@pytest.mark.parametrize(
    ("only", "said"),
    [
        (("dev",), "nothing was held against train and held_out: --split left them out"), (("held_out",), "nothing was held against train and dev: --split left them out"),
        (("train", "dev"), "nothing was held against held_out: --split left it out"),
    ],
)  # fmt: skip
def test_what_was_not_read_is_never_called_ok(place: str, only: tuple[str, ...], said: str) -> None:
    flags = [word for split in only for word in ("--split", split)]
    status, text = run("validate", place, "--without", "embedding", *flags)
    assert status == 0 and text.count(said) == 1 and text.count("not made") == 1
    assert sum(line.startswith("ok ") for line in text.splitlines()) == (2 if len(only) == 2 else 0)
    between = winnow("bench", "validate", "--tasks", place, "--without", "embedding", *flags, "--json").data["contamination"]
    assert len(between) == 9 and all(one["status"] == "not made" for one in between if {one["earlier"], one["later"]} - set(only))


def test_a_split_without_tasks_is_held_against_nothing() -> None:
    found = contamination([task("train"), task("train", 1)], embed=far)
    assert {one.status for one in found} == {"not made"} and found[0].note == "there are no tasks of dev"
    assert contamination([task("dev")], read=["dev", "held_out"], embed=far)[3].note == "train was not read, and there are no tasks of held_out"


@pytest.mark.parametrize("name", ["dev.hand.jsonl", "test.trace.jsonl", "tasks.jsonl"])
def test_a_file_under_another_name_is_not_passed_over(place: str, name: str) -> None:
    (Path(place) / name).write_text("{}\n")
    for command in ("validate", "verify"):
        status, said = run(command, place)
        assert status == 2 and name in said and "a split of train, dev, held_out and a mode of programmatic, adversarial, synthetic, trace" in said


def test_a_folder_without_tasks_is_no_pass(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("nothing here")
    for command in ("validate", "verify", "card"):
        status, said = run(command, str(tmp_path))
        assert status == 2 and "holds no tasks" in said and "SPLIT.MODE.jsonl" in said
    write(tmp_path / "dev.trace.jsonl", [])
    assert run("validate", str(tmp_path), "--split", "dev")[0] == 2


def test_a_folder_without_held_out_tasks_is_asked_for_no_seal(tmp_path: Path) -> None:
    write(tmp_path / "dev.programmatic.jsonl", [task("dev"), task("dev", 1)])
    status, said = run("validate", str(tmp_path))
    assert status == 0 and said.count("not made") == 2 and "held against held_out: the folder holds no tasks of it" in said
    assert run("verify", str(tmp_path)) == (0, "there is no seal, and no held-out task to seal\n")
    assert not (tmp_path / "ledger.jsonl").exists()


def test_the_command_that_seals_names_the_folder(tmp_path: Path) -> None:
    where = folder(tmp_path / "my tasks").path
    for command, status in (("validate", 2), ("verify", 3)):
        found = run(command, str(where))
        assert found[0] == status and f"`winnow bench seal --tasks '{where}' --reason TEXT`" in found[1]
    assert run("seal", str(where), "--reason", "x")[0] == 0
    (where / "held_out.programmatic.jsonl").write_bytes(b"")
    assert f"`winnow bench seal --tasks '{where}' --again --reason TEXT`" in run("verify", str(where))[1]


def test_a_seal_that_was_taken_away_is_told(place: str) -> None:
    for name in ("seal.json", "held_out.programmatic.jsonl"):
        (Path(place) / name).unlink()
    status, said = run("verify", place)
    assert status == 3 and "is not sealed" in said


def test_faults_and_shared_facts_end_with_three(place: str, tmp_path: Path) -> None:
    facts = {"signals": {"hiring": {"open_engineering_roles": 9, "confidence": "high"}, "facts": [FACT]}}
    folder(Path(place), {"dev": [task("dev", prospect=facts), task("dev", 1, difficulty="hard")], "train": [task("train", prospect=facts)]})
    status, said = run("validate", place, "--without", "embedding", "--split", "dev", "--split", "train")
    assert status == 3 and "x-d001 (difficulty): it says hard and the rule counts easy" in said
    assert "violation  ngrams    train and dev: 1 of 2 pairs too near, limit 0.30" in said and "x-d000 and x-t000" in said and "Aveiro" not in said
    assert "and 1 more; --show 1" in run("validate", place, "--without", "embedding", "--split", "dev", "--show", "0")[1]


def test_a_test_that_cannot_be_made_is_no_pass(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tests_of_splits.embedding, "missing", lambda: "the sentence model is not installed: pip install it")
    status, said = run("validate", place)
    assert status == 4 and said.count("not run    embedding") == 3 and "pip install" in said


def test_validation_as_json(place: str) -> None:
    found = winnow("bench", "validate", "--tasks", place, "--without", "embedding", "--json").data
    assert found["tasks"] == 6 and found["faults"] == [] and len(found["contamination"]) == 9


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["validate", "--split", "test"], "expected one of train, dev, held_out"), (["validate", "--without", "luck"], "expected one of companies, ngrams, embedding"),
        (["validate", "--tasks", "none"], "there is no folder of tasks"), (["seal"], "--reason"), (["agree", "none.jsonl"], "there is no file of labels 'none.jsonl'"), (["label", "none.jsonl"], "cannot be read"),
        (["from-receipts", "--out", "x", "--split", "test"], "expected one of train"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WINNOW_STORE", str(tmp_path / "w.db"))
    found = winnow("bench", *arguments)
    assert found.status == 2 and says in found.err and found.err.count("\n") == 1


def test_every_subcommand_has_a_help() -> None:
    for name in ("validate", "seal", "verify", "card", "label", "agree", "synthesise", "from-receipts"):
        found = winnow("bench", name, "--help")
        assert found.status == 0 and f"Usage: winnow bench {name}" in found.out and name in winnow("bench", "--help").out
    assert winnow("bench").status == 2 and winnow("bench", "seall").status == 2


# -- contamination -------------------------------------------------------------------------------------------


def _tasks(**more: object) -> list[Task]:
    return [task(split, n, **more) for split in ("train", "dev", "held_out") for n in range(3)]


def test_every_test_is_made_between_every_two_splits() -> None:
    found = contamination(_tasks(), embed=far)
    assert len(found) == 9 and {one.status for one in found} == {"ok"} and {one.pairs for one in found} == {9}


def test_the_same_meaning_and_the_same_company_are_found() -> None:
    rows = _tasks()
    meaning = [one for one in contamination(rows, embed=near) if one.test == "embedding"]
    assert {one.status for one in meaning} == {"violation"} and meaning[0].hits[0].value == 1.0 and meaning[0].limit == 0.85
    twice = task("dev", prospect={"company": {"name": rows[0].company.upper() + " GmbH"}})
    companies = [one for one in contamination([*rows, twice], embed=far) if one.test == "companies" and one.hits]
    assert [(one.earlier, one.later, one.hits[0].earlier) for one in companies] == [("train", "dev", rows[0].id)]


def test_each_text_is_embedded_once() -> None:
    asked: list[str] = []

    def counting(texts: Sequence[str]) -> list[list[float]]:
        asked.extend(texts)
        return far(texts)

    contamination(_tasks(), embed=counting)
    assert asked and len(asked) == len(set(asked))


def test_what_is_said_in_a_thread_is_compared_too() -> None:
    turn = {"on": "2026-05-08", "ours": "Would a call help?", "theirs": FACT}
    rows = [task("train", turns=[turn], difficulty="medium"), task("dev", turns=[turn], difficulty="medium")]
    assert any(one.hits for one in contamination(rows, without=frozenset({"embedding"})) if one.test == "ngrams")


def test_many_texts_need_the_extra_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise MissingExtra("audit", "comparing many texts")

    monkeypatch.setattr(tests_of_splits.overlap, "overlapping", missing)
    found = [one for one in contamination(_tasks(), embed=far) if one.test == "ngrams"]
    assert {one.status for one in found} == {"not run"} and "winnow[audit]" in found[0].note


# -- seal and card -----------------------------------------------------------------------------------------------


def test_a_changed_task_is_told_by_verify_and_refused_by_validate(place: str) -> None:
    path = Path(place) / "held_out.programmatic.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    status, said = run("verify", place)
    assert status == 3 and "was changed after it was sealed" in said and "the seal does not hold" in said
    assert run("validate", place, "--without", "embedding")[0] == 2
    assert run("seal", place, "--reason", "x")[0] == 2 and run("seal", place, "--reason", "a blank line", "--again")[0] == 0
    found = winnow("bench", "verify", "--tasks", place, "--json").data
    assert found["faults"] == [] and [entry["reason"] for entry in found["entries"]] == ["for the tests", "a blank line"]


def test_a_ledger_elsewhere_is_kept_apart(place: str, tmp_path: Path) -> None:
    other = str(tmp_path / "mine" / "book.jsonl")
    assert run("validate", place, "--without", "embedding", "--ledger", other)[0] == 0
    assert "opened 1 time:" in run("verify", place, "--ledger", other)[1] and "opened 0 times" in run("verify", place)[1]


def test_the_card_counts_and_shows_no_task(place: str, tmp_path: Path) -> None:
    write(Path(place) / "dev.trace.jsonl", [task("dev", 5, mode="trace", id="r-abcdef")])
    status, said = run("card", place, "--out", str(tmp_path / "docs"), "--without", "embedding")
    card, sheet = ((tmp_path / "docs" / name).read_text() for name in ("CARD.md", "DATASHEET.md"))
    assert status == 0 and "CARD.md" in said and "| tasks | 2 | 3 | 2 | " in card and "| trace | 0 | 1 | 0 | " in card
    assert "No synthetic task ships" in card and "No trace-derived task ships" not in card and "Ines" not in card + sheet and "{{" not in card + sheet
    assert "| ngrams | train | dev |" not in card and "| ngrams | train, dev | 0.3 | 0 of 6 | ok |" in card
    for section in ("Motivation", "Composition", "Collection", "Preprocessing", "Uses", "Distribution", "Maintenance"):
        assert f"## {section}" in sheet
    assert not [line for line in card.splitlines() if line.startswith("|") and not line.rstrip().endswith("|")]


def test_the_card_as_json(place: str) -> None:
    found = winnow("bench", "card", "--tasks", place, "--without", "embedding", "--json").data
    assert found["figures"]["tasks"] == {"train": 2, "dev": 2, "held_out": 2} and found["opened"]["checked"] == 1
    assert json.dumps(found).count("Bauer") == 0


def test_figures_count_turns_and_strata() -> None:
    turn = {"on": "2026-05-08", "ours": "Would a call help?", "theirs": "Please remove me from your list.", "decision": "SUPPRESS", "changes": {"capacity": {}}}
    rows = [task("dev", turns=[turn], difficulty="hard", tempts="tone_violation"), task("dev", 1, prospect={"signals": {}})]
    found = figures(rows)
    assert (found.moments["dev"], found.letters["dev"], found.turning["dev"], found.changing["dev"], found.empty["dev"]) == (3, 2, 1, 1, 1)
    assert strata(rows)["dev"]["tone_violation"] == {"easy": 0, "medium": 0, "hard": 1}
