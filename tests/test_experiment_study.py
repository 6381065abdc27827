"""The threshold study, and held-out tasks that are opened once and through their ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.receipt import content_hash
from critic.scorer import Scored
from experiments.bench.seal import recorded, seal
from experiments.conditions.plan import Study
from experiments.escapes import flawed
from experiments.run.running import Stopped
from experiments.threshold_study import BARE, END, clean, half, threshold
from prompts.pieces import Prompt
from rubric.errors import ConfigError, InputError
from tests.experiments import Scripted, Stopping, contents, plan, ran, rows, tasks
from training.world.split import split_of

SEED = Study().seed
STUDY = {"letters": 24, "clean": 24, "split": "dev", "refused": 0.1}


class Seeing(Scripted):
    """With an adapter it likes letters in the order in which it first sees them, flawed ones least; without one it likes all."""

    def __init__(self, bad: set[tuple[int, ...]]) -> None:
        super().__init__()
        self.bad = bad

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        cost = super().score(prompt, completions, adapter).cost
        worth = [-1.0 if adapter is None else -5.0 if tuple(ids) in self.bad else -0.1 - (ids[0] % 100) / 1000 for ids in completions]
        return Scored(tuple((value,) * len(ids) for value, ids in zip(worth, completions, strict=True)), cost)


def seeing() -> Seeing:
    words = Scripted()
    return Seeing({words.tokenize(one.letter.text + END, control=True) for one in flawed(24, SEED, "dev")})


def test_a_critic_that_sees_flaws_stops_what_no_rule_did(tmp_path: Path) -> None:
    given = plan(tmp_path, conditions=[], baseline=None, threshold_study=STUDY)
    out = ran(tmp_path / "run", given, seeing())
    found = json.loads((out / "summary.json").read_text("utf-8"))["threshold_study"]
    readers = {one["reader"]: one for one in found["readers"]}
    assert set(readers) == {"critic, seed 0", "critic, seed 1", BARE} and found["clean"] == 24
    for name in ("critic, seed 0", "critic, seed 1"):
        assert readers[name]["unseen"]["stopped"] == readers[name]["unseen"]["past_rules"] > 0
        assert -5 < readers[name]["threshold"] < 0
    assert readers[BARE]["unseen"]["stopped"] == 0 == readers[BARE]["clean_refused"]["value"], "a model that likes all letters stops none"
    assert found["critic"]["unseen"]["share"]["value"] == 1.0
    elsewhere = [one for one in flawed(24, SEED, "dev") if half(str(one.drawn.record["company"]["name"])) == 1]
    assert readers[BARE]["unseen"]["letters"] + readers[BARE]["seen"]["letters"] == len(elsewhere) < 24, "where the threshold was set, nothing is measured"


def test_a_study_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    given = plan(tmp_path, conditions=[], baseline=None, threshold_study=STUDY)
    calm, model = ran(tmp_path / "calm", given, seeing()), seeing()
    with pytest.raises(Stopped):
        ran(tmp_path / "run", given, model, asked=Stopping(20))
    before = len(model.calls)
    assert contents(ran(tmp_path / "run", given, model)) == contents(calm)
    assert before > 0 and len(model.calls) == sum(unit["kind"] == "score" for unit in rows(calm, "units.jsonl"))


def test_letters_are_for_companies_of_the_split() -> None:
    bad, good = list(flawed(4, 90_000_000, "dev")), list(clean(4, 91_000_000, "dev"))
    assert {split_of(one.drawn.record["company"]["name"]) for one in (*bad, *good)} == {"dev"}
    assert all(len(one.letter.flaws) == 1 for one in bad) and all(one.letter.flaws == () for one in good)
    assert [one.letter.unseen for one in bad] == [False, True, False, True]


@pytest.mark.parametrize("refused", [0.01, 0.05, 0.2, 0.5])
def test_a_threshold_refuses_no_more_than_the_share(refused: float) -> None:
    rewards = [float(n * 7 % 40) for n in range(40)]
    assert sum(one < threshold(rewards, refused) for one in rewards) / 40 == pytest.approx(refused, abs=1 / 40)
    assert sum(one < threshold(rewards, refused) for one in rewards) <= refused * 40
    assert threshold([1.0] * 9, refused) == 1.0


def test_the_halves_are_halves_of_companies() -> None:
    sides = [half(f"Company {n}") for n in range(400)]
    assert 160 < sum(sides) < 240 and half("Acme") == half("Acme")


def test_too_few_clean_letters_are_told(tmp_path: Path) -> None:
    given = plan(tmp_path, conditions=[], baseline=None, threshold_study={**STUDY, "clean": 4, "letters": 4, "seed": 90_000_321})
    companies = {half(str(one.drawn.record["company"]["name"])) for one in clean(4, 91_000_321, "dev")}
    if len(companies) == 2:
        assert ran(tmp_path / "run", given, seeing()).exists()
    else:
        with pytest.raises(InputError, match="more clean letters"):
            ran(tmp_path / "run", given, seeing())


# -- held-out tasks -----------------------------------------------------------------------------------------


def test_held_out_tasks_are_opened_once_however_often_the_run_is_stopped(tmp_path: Path) -> None:
    made = tasks(tmp_path / "tasks")
    seal(made, "first")
    given = plan(tmp_path, split="held_out", reason="a test", conditions=["baseline", "random_rs"])
    for stop in (0, 1, 3):
        with pytest.raises(Stopped):
            ran(tmp_path / "run", given, asked=Stopping(stop))
    out = ran(tmp_path / "run", given)
    entries = recorded(made)
    assert [(one.purpose, one.reason) for one in entries] == [("seal", "first"), ("measure", "a test")]
    timings = json.loads((out / "timings.json").read_text("utf-8"))
    assert timings["ledger"]["measured"] == 1 and len(timings["sessions"]) == 4
    assert contents(ran(tmp_path / "again", given)) == contents(out) and len(recorded(made)) == 3


def test_held_out_tasks_need_a_reason_and_a_seal(tmp_path: Path) -> None:
    made = tasks(tmp_path / "tasks")
    with pytest.raises(InputError, match="are not sealed"):
        ran(tmp_path / "run", plan(tmp_path, split="held_out", reason="a test"))
    seal(made, "first")
    with pytest.raises(ConfigError, match="gives no reason for the ledger"):
        ran(tmp_path / "run", plan(tmp_path, split="held_out"))
    assert len(recorded(made)) == 1 and not (tmp_path / "run" / "manifest.json").exists()


def test_a_missing_adapter_opens_nothing(tmp_path: Path) -> None:
    made = tasks(tmp_path / "tasks")
    seal(made, "first")
    with pytest.raises(Exception, match="nowhere"):
        ran(tmp_path / "run", plan(tmp_path, split="held_out", reason="a test").model_copy(update={"adapter": "nowhere"}))
    assert len(recorded(made)) == 1


def test_an_item_is_known_by_its_prospect(tmp_path: Path) -> None:
    out = ran(tmp_path / "run", plan(tmp_path, conditions=["baseline"], baseline=None))
    items = rows(out, "tasks.jsonl")
    first, later = items[0], items[1]
    assert (first["id"], later["id"]) == ("x-d000", "x-d000+1") and later["prospect"]["thread"]["messages"][-1]["from"] == "prospect"
    assert content_hash(first["prospect"]) != content_hash(later["prospect"]) and "Company: " in first["brief"]
