"""The tasks that ship: they hold what they say, the seal holds, the splits share nothing, and every failure is there.

Held-out tasks are opened into a ledger of the test's own, and no test prints one: a fault is told by its kind and count.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

pytest.importorskip("faker")

from experiments.bench.__main__ import SEED, main
from experiments.bench.card import figures
from experiments.bench.contamination import contamination
from experiments.bench.files import Folder, line_of
from experiments.bench.gold import faults
from experiments.bench.ledger import NAME, Ledger
from experiments.bench.ledger import faults as broken
from experiments.bench.seal import open_held_out, verify
from experiments.bench.sweeps import SWEEPS, sweep
from experiments.bench.task import FAILURES, HOSTILE, LEVELS, SPLITS, Task, moments
from experiments.bench.texts import texts
from training.world.split import normalised, split_of

SHIPPED = Folder()


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> list[Task]:
    own = Ledger(tmp_path_factory.mktemp("ledger") / NAME)
    return [*SHIPPED.read("train"), *SHIPPED.read("dev"), *open_held_out("tests of what ships", purpose="check", ledger=own)]


def of(tasks: list[Task], split: str) -> list[Task]:
    return [task for task in tasks if task.split == split]


def test_every_task_holds_what_it_says(tasks: list[Task]) -> None:
    assert Counter((fault.task, fault.check) for fault in faults(tasks)) == Counter()


def test_the_seal_and_the_ledger_hold() -> None:
    found = verify(SHIPPED)
    assert found.faults == [] and found.entries[0].purpose == "seal" and broken(found.entries) == []


def test_each_split_has_enough_of_everything(tasks: list[Task]) -> None:
    counts = figures(tasks)
    for number, split in enumerate(SPLITS):
        assert counts.tasks[split] >= 300 and counts.companies[split] == counts.tasks[split] and counts.letters[split] >= 300
        assert min(counts.turning[split], counts.changing[split], counts.empty[split]) >= 10
        levels = Counter(task.difficulty for task in of(tasks, split))
        assert min(levels.values()) >= 0.25 * counts.tasks[split] and set(levels) == set(LEVELS)
        refused = sum(task.decision != "DRAFT" for task in of(tasks, split))
        assert 15 <= refused <= 0.15 * counts.tasks[split]
        [failures] = [table for table in counts.tables if table.title == "failure that it tempts"]
        assert min(row[number] for row in failures.rows.values()) >= 8


def test_the_tasks_by_hand_cover_every_failure_and_every_hostile_kind(tasks: list[Task]) -> None:
    by_hand = [task for task in tasks if task.mode == "adversarial"]
    assert len(by_hand) >= 60 and min(len(of(by_hand, split)) for split in SPLITS) >= 20
    assert {task.tempts for task in by_hand} >= set(FAILURES) and {task.hostile for task in by_hand} >= set(HOSTILE)
    for split in SPLITS:
        assert {task.tempts for task in of(by_hand, split)} >= set(FAILURES)


def test_the_splits_share_no_company_and_no_words(tasks: list[Task]) -> None:
    found = contamination(tasks, without=frozenset({"embedding"}))
    assert {(one.test, one.earlier, one.later, one.status) for one in found if one.status not in {"ok", "left out"}} == set()
    assert {split_of(task.company) == task.split for task in tasks} == {True}


def test_peers_belong_to_the_split_of_their_task(tasks: list[Task]) -> None:
    """Otherwise a company of training would stand in a held-out brief."""
    known = {normalised(task.company): task.split for task in tasks}
    peers = [(normalised(peer["name"]), task.split) for task in tasks for peer in task.prospect.get("peers", []) if peer.get("name")]
    assert peers and sum(known.get(name, split) != split for name, split in peers) == 0


def test_the_wording_of_the_sweeps_is_apart() -> None:
    for kind in texts().values():
        assert set(kind) == set(SPLITS)
        said = [text for split in SPLITS for text in kind[split]]
        assert len(said) == len(set(said))


def test_the_same_seed_gives_the_tasks_that_ship(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The first ones of train; the whole sweep takes minutes."""
    shipped = SHIPPED.place("train", "programmatic").read_bytes().splitlines(keepends=True)
    monkeypatch.setattr("experiments.bench.__main__.sweep", lambda split, seed: islice(sweep(split, seed), 8))
    assert main(["--out", str(tmp_path), "--split", "train"]) == 0 and "train: 8 tasks" in capsys.readouterr().out
    assert (tmp_path / "train.programmatic.jsonl").read_bytes().splitlines(keepends=True) == shipped[:8] and SEED == 1
    assert main(["--out", str(tmp_path / "none")]) == 2 and "no folder of tasks" in capsys.readouterr().err


def test_the_sweep_knows_every_failure() -> None:
    assert {plan.failure for plan in SWEEPS} == {None, *FAILURES} and sum(plan.wanted for plan in SWEEPS) >= 300


def test_files_are_compact_and_whole(tasks: list[Task]) -> None:
    for split in SPLITS:
        data = b"".join(path.read_bytes() for path in SHIPPED.files(split))
        assert sum(map(len, map(line_of, of(tasks, split)))) == len(data) < 1_000_000


def test_every_thread_that_goes_on_can_be_followed(tasks: list[Task]) -> None:
    ends = Counter(moments(task)[-1].decision for task in tasks if task.turns)
    assert set(ends) == {"DRAFT", "SUPPRESS", "ESCALATE"} and ends["DRAFT"] > ends["SUPPRESS"]


def test_card_and_datasheet_are_of_these_tasks(tasks: list[Task]) -> None:
    card, counts = (SHIPPED.path / "CARD.md").read_text("utf-8"), figures(tasks)
    rows = {name: [int(cell) for cell in cells] for name, *cells in re.findall(r"^\| ([^|]+) \| (\d+) \| (\d+) \| (\d+) \| ?$", card, re.M)}
    for table in counts.tables:
        assert {name: rows[name] for name in table.rows if name != "none"} == {name: row for name, row in table.rows.items() if name != "none"}
    assert rows["tasks"] == list(counts.tasks.values()) and "Held-out is sealed" in card and (SHIPPED.path / "DATASHEET.md").exists()
    assert verify(SHIPPED).seal.sha[:16] in card  # type: ignore[union-attr]
