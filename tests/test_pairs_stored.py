"""Pairs from the store: what a person mended, what left against what was stopped, and what teaches nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.batch import run
from agent.config import Config
from agent.importers import Incoming
from agent.reviewing import settle
from agent.store import Store
from tests.agents import BLOCKED, OTHER, PASSING, PROSPECT, Parrot, agent_with
from tests.pairs import END, renderer
from training.pairs.rendering import Unfit
from training.pairs.stored import stored_pair, stored_rows
from training.world.split import split_of

SPLIT = split_of(PROSPECT["company"]["name"])
BODY = OTHER.partition("\n\n")[2]
EDIT = {"type": "edit", "args": {"subject": "Question about hiring at Northwind Robotics", "body": BODY}}


def drafted(folder: Path, say: Any, **settings: Any) -> dict[str, Any]:
    with agent_with(Parrot(say), folder, **settings) as agent:
        [done] = run(agent, [Incoming(1, PROSPECT, None)])
    return done.row


def pool(*texts: str) -> Any:
    return lambda _, index, __: texts[index]


def reviewed(folder: Path, answer: dict[str, Any]) -> dict[str, Any]:
    row = drafted(folder, PASSING, review=True, k=1)
    return settle(row, Config(store=str(folder / "winnow.db"), review=True, k=1), answer)


def test_an_edit_beats_what_was_shown(tmp_path: Path) -> None:
    reviewed(tmp_path, EDIT)
    with Store(tmp_path / "winnow.db") as store:
        [row] = stored_rows(store)
    pair = stored_pair(row, SPLIT, renderer())
    assert pair.source == pair.author == "review" and pair.rejected == PASSING + END
    assert pair.chosen == f"Subject: {EDIT['args']['subject']}\n\n{BODY}{END}"  # type: ignore[index]
    assert pair.company == PROSPECT["company"]["name"] and pair.role == "baseline" and pair.chosen_score == row["score"]
    assert "- Company: Northwind Robotics" in pair.prompt


@pytest.mark.parametrize("answer", [{"type": "accept"}, {"type": "edit", "args": {"subject": PASSING.partition("\n")[0][9:], "body": PASSING.partition("\n\n")[2]}}])
def test_an_answer_that_changes_nothing_teaches_nothing(tmp_path: Path, answer: dict[str, Any]) -> None:
    row = reviewed(tmp_path, answer)
    with pytest.raises(Unfit, match=r"worse by the margin|equal sides"):
        stored_pair(row, SPLIT, renderer())


def test_what_left_beats_the_worst_of_its_own_round(tmp_path: Path) -> None:
    row = drafted(tmp_path, pool(BLOCKED, PASSING, OTHER), k=3)
    pair = stored_pair(row, SPLIT, renderer())
    assert pair.source == "receipt" and pair.author == "model:0" and pair.rejected == BLOCKED + END
    assert pair.chosen in {PASSING + END, OTHER + END} and "tone_violation" in pair.failures
    assert (pair.chosen_score or 0) > (pair.rejected_score or 0)


def test_a_letter_of_a_later_round_has_the_prompt_of_that_round(tmp_path: Path) -> None:
    row = drafted(tmp_path, lambda call, index, _: BLOCKED if call == 0 or index else PASSING, k=2)
    pair = stored_pair(row, SPLIT, renderer())
    assert row["receipt"]["chosen"]["round"] == 1 and pair.role == "revision" and "An earlier draft was refused" in pair.prompt


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"company": next(name for n in range(99) if split_of(name := f"Firm {n}") != SPLIT)}, "another split"),
        ({"receipt": {"version": 99}}, "cannot be read"),
        ({"receipt.chosen": None}, "without a letter"),
        ({"receipt.prospect": PROSPECT | {"company": {"name": "Northwind Robotics", "headcount": 31}}}, "no longer the same"),
        ({"receipt.config": {"playbook": "gone.yaml"}}, "cannot be made again"),
    ],
)
def test_a_row_that_teaches_nothing_says_why(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    row = drafted(tmp_path, pool(BLOCKED, PASSING), k=2)
    for path, value in change.items():
        name, _, inner = path.partition(".")
        row[name] = {**row[name], inner: value} if inner else value
    with pytest.raises(Unfit, match=reason):
        stored_pair(row, SPLIT, renderer())


def test_only_letters_that_left_are_looked_at(tmp_path: Path) -> None:
    drafted(tmp_path, BLOCKED, k=1, max_rounds=1)
    with Store(tmp_path / "winnow.db") as store:
        assert sum(store.counts().values()) == 1 and list(stored_rows(store)) == []
