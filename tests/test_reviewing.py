"""The answers of a person: only the letter that was shown, only once, and never to somebody suppressed since."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from agent.batch import run
from agent.config import Config
from agent.importers import Incoming
from agent.reviewing import settle
from agent.store import Store
from agent.suppression import Suppression
from rubric.errors import InputError, ServerError
from tests.agents import OTHER, PASSING, PROSPECT, Parrot, agent_with

ACCEPT, IGNORE = {"type": "accept"}, {"type": "ignore"}


def _config(folder: Path, **settings: Any) -> Config:
    return Config(store=str(folder / "winnow.db"), review=True, k=1, **settings)


def _waiting(folder: Path, parrot: Parrot | None = None, **more: Any) -> dict[str, Any]:
    with agent_with(parrot or Parrot(PASSING), folder, review=True, k=1) as agent:
        [done] = run(agent, [Incoming(1, PROSPECT, None)], **more)
    return done.row


def _threads(folder: Path) -> int:
    with sqlite3.connect(folder / "winnow.db") as connection:
        found: int = connection.execute("select count(distinct thread_id) from checkpoints").fetchone()[0]
    return found


def test_accepting_makes_a_draft_and_clears_the_checkpoint(tmp_path: Path) -> None:
    row = _waiting(tmp_path)
    assert row["outcome"] == "REVIEW" and "review" not in row and _threads(tmp_path) == 1
    settled = settle(row, _config(tmp_path), ACCEPT)
    assert settled["outcome"] == "DRAFT" and settled["email"] == row["email"] and _threads(tmp_path) == 0
    assert settled["receipt"]["path"][-1] == "review: accepted" and settled["receipt"]["model"] == row["receipt"]["model"]


def test_somebody_suppressed_meanwhile_is_not_written_to(tmp_path: Path) -> None:
    row = _waiting(tmp_path)
    with Store(tmp_path / "winnow.db") as store:
        Suppression(store).add("maya@northwind.example", "asked by phone")
    settled = settle(row, _config(tmp_path), ACCEPT)
    assert settled["outcome"] == "SUPPRESS" and settled["email"] is None and "asked by phone" in settled["reasons"][0]


def test_a_new_attempt_that_fails_leaves_the_waiting_letter_as_it_was(tmp_path: Path) -> None:
    row = _waiting(tmp_path)
    assert _waiting(tmp_path, Parrot(OTHER, fail=[ServerError("down")] * 2), resume=False)["outcome"] == "ERROR"
    assert settle(row, _config(tmp_path), ACCEPT)["email"] == row["email"] and _threads(tmp_path) == 0


def test_a_new_letter_takes_the_place_of_the_one_that_waited(tmp_path: Path) -> None:
    old = _waiting(tmp_path)
    new = _waiting(tmp_path, Parrot(OTHER), resume=False)
    assert new["email"] != old["email"]
    with pytest.raises(InputError, match="no longer in the store"):
        settle(old, _config(tmp_path), ACCEPT)
    assert settle(new, _config(tmp_path), ACCEPT)["email"] == new["email"]


def test_of_two_processes_only_the_letter_in_the_store_waits(tmp_path: Path) -> None:
    with agent_with(Parrot(PASSING), tmp_path, review=True, k=1) as one, agent_with(Parrot(OTHER), tmp_path, review=True, k=1) as two:
        task = one.task(PROSPECT)
        first, second = one.attempt(task), two.attempt(task)
        one.store.put(first.row, review=first.review)
        [done] = run(two, [Incoming(1, PROSPECT, None)])
        assert second.review is not None
        two.forget(second.review["thread"])
    assert done.kept and done.row["email"] == first.row["email"]
    assert settle(done.row, _config(tmp_path), ACCEPT)["email"] == first.row["email"]


def test_an_answer_that_was_given_before_a_crash_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = _waiting(tmp_path)

    def crash(*_: object, **__: object) -> None:
        raise OSError("the power went")

    whole = Store.settle
    monkeypatch.setattr(Store, "settle", crash)
    with pytest.raises(OSError, match="power"):
        settle(row, _config(tmp_path), ACCEPT)
    monkeypatch.setattr(Store, "settle", whole)
    with pytest.raises(InputError, match=r"answered before \(review: accepted\); its row is now DRAFT"):
        settle(row, _config(tmp_path), IGNORE)
    with Store(tmp_path / "winnow.db") as store:
        stored = store.find(row["key"])
    assert stored is not None and stored["outcome"] == "DRAFT"


def test_a_letter_whose_run_is_gone_says_so(tmp_path: Path) -> None:
    row = _waiting(tmp_path)
    with sqlite3.connect(tmp_path / "winnow.db") as connection:
        connection.execute("delete from checkpoints")
    with pytest.raises(InputError, match="no longer in the store"):
        settle(row, _config(tmp_path), ACCEPT)


def test_after_a_refused_edit_only_an_edit_or_ignoring_is_left(tmp_path: Path) -> None:
    row, config = _waiting(tmp_path), _config(tmp_path)
    bad = {"type": "edit", "args": {"subject": "Quick chat", "body": "Hi Maya,\n\nOur world-class rockstars skyrocket growth."}}
    for answer in (bad, ACCEPT):
        with pytest.raises(InputError, match=r"The edit was refused: .*tone"):
            settle(row, config, answer)
    good = {"type": "edit", "args": {"subject": row["email"]["subject"], "body": row["email"]["body"].replace("the plan", "your plan")}}
    settled = settle(row, config, good)
    assert settled["outcome"] == "DRAFT" and "your plan" in settled["email"]["body"]


@pytest.mark.parametrize("answer", [{}, {"type": "shrug"}, {"type": "edit"}, {"type": "edit", "args": {"body": 7}}])
def test_an_answer_that_is_none_is_refused_and_the_letter_waits(answer: dict[str, Any], tmp_path: Path) -> None:
    row = _waiting(tmp_path)
    with pytest.raises(InputError):
        settle(row, _config(tmp_path), answer)
    assert settle(row, _config(tmp_path), ACCEPT)["outcome"] == "DRAFT"
