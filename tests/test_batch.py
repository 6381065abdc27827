"""Many prospects: order, what is kept, what is tried again, and when the run gives up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from agent.batch import FAILURES, run
from agent.importers import Incoming
from agent.suppression import Suppression
from rubric.errors import ContextError, ServerError, WorldError
from tests.agents import PASSING, PROSPECT, Parrot, agent_with
from tests.cases import merge
from tests.prospects import prospect


def _incoming(prospects: Iterable[dict[str, Any] | None]) -> list[Incoming]:
    return [Incoming(n, one, None if one is not None else f"line {n}: not JSON") for n, one in enumerate(prospects, 1)]


def _people(count: int) -> list[dict[str, Any]]:
    return [merge(PROSPECT, {"id": str(number)}) for number in range(count)]


@pytest.mark.parametrize("jobs", [1, 3])
def test_results_come_in_the_order_of_the_input(jobs: int, tmp_path: Path) -> None:
    with agent_with(Parrot(PASSING), tmp_path, jobs=jobs, k=1) as agent:
        rows = [done.row for done in run(agent, _incoming(_people(10)))]
    assert [row["id"] for row in rows] == [str(n) for n in range(10)]
    assert [row["line"] for row in rows] == list(range(1, 11))
    assert {row["outcome"] for row in rows} == {"DRAFT"}


def test_a_second_run_keeps_what_the_first_one_finished(tmp_path: Path) -> None:
    parrot = Parrot(PASSING)
    with agent_with(parrot, tmp_path, k=1) as agent:
        first = list(run(agent, _incoming(_people(3))))
        again = list(run(agent, _incoming(_people(5))))
    assert [done.kept for done in again] == [True, True, True, False, False]
    assert [done.row for done in again[:3]] == [done.row for done in first] and len(parrot.prompts) == 5


@pytest.mark.parametrize("jobs", [1, 4])
def test_the_same_prospect_on_several_lines_is_drafted_once(jobs: int, tmp_path: Path) -> None:
    parrot = Parrot(PASSING)
    with agent_with(parrot, tmp_path, k=1, jobs=jobs) as agent:
        rows = [done.row for done in run(agent, _incoming([PROSPECT] * 4))]
    assert len(parrot.prompts) == 1 and [row["line"] for row in rows] == [1, 2, 3, 4]
    assert {row["key"] for row in rows} == {rows[0]["key"]}


def test_the_suppression_list_holds_for_what_was_drafted_before(tmp_path: Path) -> None:
    with agent_with(Parrot(PASSING), tmp_path, k=1) as agent:
        listed = Suppression(agent.store)
        [first] = run(agent, _incoming([PROSPECT]))
        listed.add("maya@northwind.example", "asked by phone")
        [then] = run(agent, _incoming([PROSPECT]))
        stored = agent.store.find(first.row["key"])
        listed.remove("maya@northwind.example")
        [again] = run(agent, _incoming([PROSPECT]))
    assert [d.row["outcome"] for d in (first, then, again)] == ["DRAFT", "SUPPRESS", "DRAFT"]
    assert stored is not None and stored["outcome"] == "SUPPRESS" and stored["email"] is None


def test_without_resume_it_is_drawn_again_and_replaced(tmp_path: Path) -> None:
    parrot = Parrot(PASSING)
    with agent_with(parrot, tmp_path, k=1) as agent:
        list(run(agent, _incoming([PROSPECT])))
        parrot.say = lambda *_: PASSING.replace("Alex", "Sam")
        [done] = run(agent, _incoming([PROSPECT]), resume=False)
        stored = agent.store.find(done.row["key"])
    assert not done.kept and done.row["email"]["body"].endswith("Sam")
    assert stored is not None and stored["email"] == done.row["email"]


def test_a_failure_is_a_row_and_is_tried_again_by_the_next_run(tmp_path: Path) -> None:
    parrot = Parrot(PASSING, fail=[ServerError("down")] * 2)
    with agent_with(parrot, tmp_path, k=1) as agent:
        first = [done.row["outcome"] for done in run(agent, _incoming(_people(2)))]
        again = [(done.row["outcome"], done.kept) for done in run(agent, _incoming(_people(2)))]
    assert first == ["ERROR", "DRAFT"] and again == [("DRAFT", False), ("DRAFT", True)]


def test_a_line_that_cannot_be_read_does_not_end_the_batch(tmp_path: Path) -> None:
    broken = {"company": {"name": "Acme", "headcount": -1}}
    with agent_with(Parrot(PASSING), tmp_path, k=1) as agent:
        done = list(run(agent, _incoming([None, broken, PROSPECT])))
    assert [d.row["outcome"] for d in done] == ["ERROR", "ERROR", "DRAFT"]
    assert [d.unread for d in done] == [True, True, False]
    assert done[1].row["error"].startswith("line 2: /company/headcount")


@pytest.mark.parametrize("jobs", [1, 2])
def test_failures_in_a_row_end_the_run(jobs: int, tmp_path: Path) -> None:
    parrot = Parrot(PASSING, fail=[ServerError("connection refused")] * 100)
    with agent_with(parrot, tmp_path, k=1, jobs=jobs) as agent, pytest.raises(WorldError, match="connection refused") as raised:
        list(run(agent, _incoming(_people(40))))
    assert f"{FAILURES} prospects in a row" in str(raised.value) and len(parrot.fail) > 50


def test_prospects_that_fail_for_their_own_reasons_do_not_end_the_run(tmp_path: Path) -> None:
    parrot = Parrot(PASSING, fail=[ContextError("too long")] * 8)
    with agent_with(parrot, tmp_path, k=1) as agent:
        done = list(run(agent, _incoming(_people(9))))
    assert [d.row["outcome"] for d in done] == ["ERROR"] * 8 + ["DRAFT"] and all(d.unread for d in done[:8])


def test_a_defect_takes_one_prospect_and_not_the_others(tmp_path: Path) -> None:
    parrot = Parrot(PASSING, fail=[KeyError("a defect")])
    with agent_with(parrot, tmp_path, k=1) as agent:
        done = list(run(agent, _incoming([merge(PROSPECT, {"crm_number": 10**20}), *_people(2)])))
    assert [d.row["outcome"] for d in done] == ["ERROR", "ERROR", "DRAFT"]
    assert "/crm_number: got a whole number of 21 digits" in done[0].row["error"] and "a defect" in done[1].row["error"]
    with sqlite3.connect(tmp_path / "winnow.db") as connection:
        assert connection.execute("select count(*) from checkpoints").fetchone() == (0,)


def test_results_do_not_depend_on_jobs(tmp_path: Path) -> None:
    def rows(folder: str, **settings: Any) -> list[Any]:
        with agent_with(Parrot(lambda _, index, __: PASSING + "!" * index), tmp_path / folder, max_similarity=1, **settings) as agent:
            found = [done.row for done in run(agent, _incoming(prospect(n) for n in range(12)))]
        for row in found:
            row["receipt"] = row["receipt"] and [(c["text"], c["seed"]) for r in row["receipt"]["rounds"] for c in r["candidates"]]
        return found

    assert rows("one") == rows("four", jobs=4)
