"""The sweeps: what is laid upon a prospect, which cells are filled, and what is taken out again."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

pytest.importorskip("faker")

from experiments.bench import __main__ as program
from experiments.bench import overlays
from experiments.bench.contamination import Between, Hit, contamination, to_leave_out
from experiments.bench.difficulty import difficulty_of
from experiments.bench.files import Folder
from experiments.bench.gold import faults
from experiments.bench.overlays import (
    Canvas,
    answers,
    capacity_falls,
    confided,
    emptied,
    goes_on,
    noted,
    turned_down,
    unsourced,
)
from experiments.bench.sweeps import SWEEPS, Cell, Sweep, _swept, clean_letter
from experiments.bench.task import Task
from experiments.bench.texts import texts
from rubric.errors import InputError
from tests.bench_tasks import folder, row, task
from training.world.drawing import Truth
from training.world.split import split_of

WARM = {"message_type": "warm", "thread": {"id": "t-1", "messages": [{"from": "prospect", "on": "2026-05-01", "text": "Tell me more."}]}}
PYTHON = {"need": {"stack": "python", "engineers": 4, "seniority": "senior"}, "capacity": {"python": {"available": 6, "senior": 2, "deploy_days": 7}}}


def canvas(**prospect: Any) -> Canvas:
    return Canvas(row("dev", prospect=prospect)["prospect"], "dev", Random(1))


def one(failure: str | None, kind: str = "cold") -> Sweep:
    return next(plan for plan in SWEEPS if plan.failure == failure)._replace(wanted=2, kinds=(kind,))


# -- overlays -------------------------------------------------------------------------------------------------


def test_an_answer_replaces_what_they_said_and_needs_something_to_replace() -> None:
    there = canvas(**WARM)
    assert answers("price")(there) and there.record["thread"]["messages"][0]["text"] in texts()["price"]["dev"] or "budget" in str(there.record)
    assert not answers("price")(canvas())


def test_each_overlay_leaves_its_mark() -> None:
    there = canvas(**PYTHON, **WARM)
    assert confided(there) and there.record["other_threads"][0]["facts"] and noted("hostile")(there) and there.record["notes"]
    assert turned_down(there) and there.record["rejected_suggestions"][0] in there.record["thread"]["messages"][0]["text"]
    assert unsourced(there) and not (peer := there.record["peers"][0]).get("source_url", "").startswith("http:") and (not peer.get("name") or split_of(peer["name"]) == "dev")
    assert not unsourced(canvas(signals={}))
    assert emptied(there) and there.record["signals"] == {} and not {"need", "peers", "capacity"} & set(there.record)


def test_what_peers_did_lies_behind_and_what_is_planned_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    months: dict[str, set[str]] = {}
    monkeypatch.setattr(overlays, "said", lambda kind, split, dice, slots: months.setdefault(kind, set()).add(slots["month"]) or "x")
    there = canvas()
    for _ in range(60):
        there.say("practice"), there.say("confided")
    assert months["practice"] == {"December", "January", "February", "March"} and months["confided"] == {"June", "July", "August", "September", "October"}


def test_capacity_falls_below_what_is_wanted() -> None:
    for seed in range(40):
        [turn] = capacity_falls(canvas(**PYTHON)._replace(dice=Random(seed)))
        left, wanted = turn.changes["capacity"]["python"], turn.changes["need"]["engineers"]
        assert left["available"] < wanted >= 4 and left["senior"] <= left["available"] and str(wanted) in turn.theirs and "seniority" not in turn.changes["need"]
    assert capacity_falls(canvas()) == () and capacity_falls(canvas(need={"stack": "python", "engineers": 1}, capacity=PYTHON["capacity"])) == ()


@pytest.mark.parametrize(("ends", "decision"), [("engaged", "DRAFT"), ("refusal", "SUPPRESS"), ("legal", "ESCALATE")])
def test_a_thread_ends_as_it_was_asked_to(ends: str, decision: str) -> None:
    turns = goes_on(canvas(), ends)
    made = task("dev", turns=[turn.model_dump(mode="json") for turn in turns])
    made = made.model_copy(update={"difficulty": difficulty_of(made)})
    assert turns[-1].decision == decision and faults([made]) == []


# -- cells ----------------------------------------------------------------------------------------------------


def test_tasks_of_a_cell_are_what_the_cell_asks_for() -> None:
    found = list(_swept(one("tone_violation"), "train", 5, set()))
    assert len(found) == 2 and {t.tempts for t in found} == {"tone_violation"} and {t.prospect["message_type"] for t in found} == {"cold"} and faults(found) == []
    assert [t.difficulty for t in found] == ["easy", "medium"] and str(found[0].provenance.recipe).startswith("tone_violation/easy/cold:")
    assert found == list(_swept(one("tone_violation"), "train", 5, set()))
    other = list(_swept(one("tone_violation"), "train", 5, {found[0].company}))
    assert found[0].company not in {t.company for t in other}


def test_a_cell_that_finds_nothing_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.bench.sweeps.TRIES", 50)
    assert list(_swept(one(None)._replace(fits=lambda drawn: False), "dev", 1, set())) == []
    assert Cell(None, "hard", "sms").name == "none/hard/sms"


def test_a_clean_letter_is_one_that_passes() -> None:
    truth = Truth("DRAFT", "abstain", None, None, "plain.roles")
    assert clean_letter(task().prospect, truth, 1) is not None
    assert clean_letter({**task().prospect, "disqualifiers": ["anti_offshore"]}, truth, 1) is None


# -- taking out ------------------------------------------------------------------------------------------------


def between(*hits: tuple[str, str]) -> Between:
    return Between(test="ngrams", earlier="train", later="dev", status="violation", hits=[Hit(later, earlier, 1.0) for later, earlier in hits])


def test_the_task_with_the_most_hits_goes_first() -> None:
    found = [between(("d1", "t1"), ("d2", "t1"), ("d3", "t1"), ("d4", "t2"))]
    assert to_leave_out(found, {"d1", "d2", "d3", "d4", "t1", "t2"}) == ["t1", "d4"]
    assert to_leave_out(found, {"d1", "d4"}) == ["d4", "d1"] and to_leave_out(found, set()) == [] == to_leave_out([], {"d1"})


def test_cleaning_takes_out_notes_it_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    fact = {"signals": {"hiring": {"open_engineering_roles": 9}, "facts": ["It moved nine weighing machines from Porto to a hall beside the harbour in Aveiro last spring."]}}
    place = folder(tmp_path / "tasks", {"train": [task("train", prospect=fact), task("train", 1)], "dev": [task("dev", prospect=fact), task("dev", 1)]})
    monkeypatch.setattr(program, "contamination", lambda tasks: contamination(tasks, without=frozenset({"embedding"})))
    assert program.main(["--out", str(place.path), "--clean"]) == 0
    assert capsys.readouterr().out.splitlines() == ["1 pairs too near, 1 tasks taken out", "0 pairs too near, 0 tasks taken out"]
    assert program.left_out(place) == {"x-d000"} and [t.id for t in place.read("dev")] == ["x-d001"] and len(place.read("train")) == 2


def test_cleaning_without_every_test_takes_out_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(program, "contamination", lambda tasks: [Between(test="embedding", earlier="train", later="dev", status="not run", note="no model")])
    assert program.main(["--out", str(folder(tmp_path).path), "--clean"]) == 2 and "nothing was taken out: no model" in capsys.readouterr().err
    with pytest.raises(InputError):
        program.clean(Folder(tmp_path))


def test_a_sweep_heeds_what_was_taken_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Task] = [task("dev", n) for n in range(3)]
    monkeypatch.setattr(program, "sweep", lambda split, seed: iter(made))
    (tmp_path / program.LEFT_OUT).write_text("x-d001\n")
    assert program.main(["--out", str(tmp_path), "--split", "dev"]) == 0
    assert [t.id for t in Folder(tmp_path).read("dev")] == ["x-d000", "x-d002"]
