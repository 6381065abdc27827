"""Runs of small plans: what is shared, what is counted, what is kept, and that a stopped run ends as another."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from experiments.run.journal import Journal
from experiments.run.running import Stopped
from rubric.errors import ConfigError, InputError, ModelError, ServerError, StoreError
from tests.bench_tasks import folder, task
from tests.experiments import CONDITIONS, Remembering, Scripted, Stopping, config, contents, plan, ran, rows, tasks

ITEMS = 5  # four tasks and one further turn


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing stopped, beside its tasks and adapters."""
    where = tmp_path_factory.mktemp("calm")
    ran(where / "run", plan(where))
    return where


def test_every_condition_has_a_row_for_each_seed_and_item(calm: Path) -> None:
    found = rows(calm / "run")
    assert {row["condition"] for row in found} == set(CONDITIONS)
    for name in CONDITIONS:
        mine = [row for row in found if row["condition"] == name]
        once = name in ("baseline", "promptaug")
        assert len(mine) == ITEMS * (1 if once else 2) and {row["seed"] for row in mine} == ({None} if once else {0, 1})
    assert {row["item"] for row in found} == {"x-d000", "x-d000+1", "x-d001", "x-d002", "x-d003"}
    assert all(0 <= row["score"] <= 1 and row["dimensions"] for row in found if row["chosen"])


def test_conditions_of_one_family_share_their_letters(calm: Path) -> None:
    found = {(row["condition"], row["seed"], row["item"]): row for row in rows(calm / "run")}
    for seed in (0, 1):
        pools = {found[name, seed, "x-d001"]["chosen"]["pool"] for name in ("critic_rs", "random_rs", "logprob_rs", "oracle_rs")}
        assert len(pools) == 1
    units = rows(calm / "run", "units.jsonl")
    agents = [unit for unit in units if unit["kind"] == "gate"]
    assert len(agents) == 2 * 2 * ITEMS and agents[0]["value"]["calls"][0]["key"] == found["critic_rs", 0, "x-d000"]["chosen"]["pool"]
    assert len({unit["unit"] for unit in units}) == len(units)


def test_the_same_calls_are_made_once(tmp_path: Path) -> None:
    backbone, given = Scripted(), plan(tmp_path, conditions=["critic_rs", "random_rs", "logprob_rs", "oracle_rs"], seeds=[0], baseline=None)
    ran(tmp_path / "run", given, backbone)
    assert [verb for verb, _ in backbone.calls] == ["sample", "score"] * ITEMS
    again = Scripted()
    ran(tmp_path / "run", given, again)
    assert again.calls == []


def test_picks_are_what_the_pickers_say(calm: Path) -> None:
    traces: dict[str, list[dict[str, Any]]] = {}
    for line in rows(calm / "run", "traces.jsonl"):
        traces.setdefault(line["pool"], []).append(line)
    manifest = json.loads((calm / "run" / "manifest.json").read_text("utf-8"))
    hashes = {seed: manifest["adapters"][str(calm / f"seed-{seed}" / "adapter.gguf")]["hash"] for seed in (0, 1)}
    checked = 0
    for row in rows(calm / "run"):
        if row["condition"] not in ("critic_rs", "logprob_rs", "oracle_rs"):
            continue
        letters, chosen = traces[row["chosen"]["pool"]], row["chosen"]["index"]
        if row["condition"] == "oracle_rs":
            assert row["score"] == max(one["score"] for one in letters)
        else:
            values = [one["logprob"] if row["condition"] == "logprob_rs" else one["rewards"][hashes[row["seed"]]] for one in letters]
            assert values[chosen] >= max(values) - 1e-3  # the noise within which letters count as equal
        assert letters[chosen]["score"] == row["score"] and letters[chosen]["decision"] == row["decision"]
        checked += 1
    assert checked == 3 * 2 * ITEMS


def test_dice_are_counted_by_what_they_would_give(calm: Path) -> None:
    letters: dict[str, list[float]] = {}
    for line in rows(calm / "run", "traces.jsonl"):
        letters.setdefault(line["pool"], []).append(line["score"])
    mine = [row for row in rows(calm / "run") if row["condition"] == "random_rs"]
    assert all(row["expected"]["score"] == pytest.approx(sum(letters[row["chosen"]["pool"]]) / 4) for row in mine)
    assert all(row["expected"] is None for row in rows(calm / "run") if row["condition"] == "critic_rs")


def test_a_smaller_pool_comes_from_the_larger_one_without_a_token(tmp_path: Path) -> None:
    backbone = Scripted()
    given = plan(tmp_path, conditions=["random_rs", "oracle_rs"], sweeps=[{"of": "oracle_rs", "k": [1, 2]}], seeds=[0], baseline=None, pairs=[])
    ran(tmp_path / "run", given, backbone)
    assert len(backbone.calls) == ITEMS
    found = {(row["condition"], row["item"]): row for row in rows(tmp_path / "run")}
    for item in ("x-d000", "x-d001"):
        values = [found[name, item]["expected"]["score"] for name in ("random_rs", "oracle_rs@k=1", "oracle_rs@k=2")]
        assert values[0] == pytest.approx(values[1]) and values[1] <= values[2] <= found["oracle_rs", item]["score"]
        costs = [found[name, item]["cost"] for name in ("oracle_rs@k=1", "oracle_rs@k=2", "oracle_rs")]
        assert [cost["reckoned"] for cost in costs] == [True, True, False] and costs[0]["decoded"] * 4 == costs[1]["decoded"] * 2 == costs[2]["decoded"]


def test_each_condition_costs_what_it_would_alone(tmp_path: Path) -> None:
    tasks(tmp_path / "tasks", 2)
    together = plan(tmp_path, seeds=[0])
    ran(tmp_path / "together", together, Remembering())
    alone: dict[str, list[Any]] = {}
    for name in CONDITIONS:
        ran(tmp_path / name, plan(tmp_path, seeds=[0], conditions=[name], baseline=None), Remembering())
        alone[name] = [row["cost"] for row in rows(tmp_path / name)]
    for name in CONDITIONS:
        assert [row["cost"] for row in rows(tmp_path / "together") if row["condition"] == name] == alone[name], name
    summary = json.loads((tmp_path / "together" / "summary.json").read_text("utf-8"))
    assert summary["spent"]["tokens"] < sum(one["cost"]["tokens"] * one["rows"] for one in summary["conditions"].values())


def test_a_run_stopped_behind_every_unit_ends_as_one_that_was_not(calm: Path, tmp_path: Path) -> None:
    given, out = plan(calm), tmp_path / "run"
    stops = 0
    while True:
        try:
            ran(out, given, asked=Stopping(4 * stops + 1 + stops % 3))
            break
        except Stopped as stopped:
            assert "run the same command to go on" in str(stopped)
            stops += 1
            _half_a_line(out / "units.jsonl")
    assert stops > 5 and contents(out) == contents(calm / "run")


def _half_a_line(path: Path) -> None:
    """What a kill leaves of a line that was being written."""
    with path.open("ab") as file:
        file.write(b'{"unit": "00')


def test_costs_do_not_depend_on_where_a_run_was_stopped(tmp_path: Path) -> None:
    tasks(tmp_path / "tasks", 2)
    given = plan(tmp_path, conditions=["baseline", "critic_rs", "gate_critic"], seeds=[0], gate_baseline=None)
    ran(tmp_path / "calm", given, Remembering())
    for cut in (2, 5, 7):
        out = tmp_path / f"cut{cut}"
        with pytest.raises(Stopped):
            ran(out, given, Remembering(), asked=Stopping(cut))
        ran(out, given, Remembering())
        assert contents(out) == contents(tmp_path / "calm"), cut


def test_the_journal_holds_each_unit_once_however_often_it_was_stopped(calm: Path, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        ran(tmp_path / "run", plan(calm), asked=Stopping(9))
    before = (tmp_path / "run" / "units.jsonl").read_bytes()
    ran(tmp_path / "run", plan(calm))
    after = (tmp_path / "run" / "units.jsonl").read_bytes()
    assert after.startswith(before)
    keys = [json.loads(line)["unit"] for line in after.splitlines()]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("at", [1, 12])
def test_a_server_that_dies_loses_nothing_that_was_finished(calm: Path, tmp_path: Path, at: int) -> None:
    with pytest.raises(ServerError, match=r"no answer; what was finished is kept in .*run the same command to go on"):
        ran(tmp_path / "run", plan(calm), Scripted(fault=ServerError("no answer"), at=at))
    done = Scripted()
    ran(tmp_path / "run", plan(calm), done)
    assert contents(tmp_path / "run") == contents(calm / "run")
    samples = sum(unit["kind"] in ("sample", "score") for unit in rows(calm / "run", "units.jsonl"))
    assert len(done.calls) == samples - at


def test_a_critic_that_fails_in_the_agent_ends_the_run(tmp_path: Path) -> None:
    given = plan(tmp_path, conditions=["gate_critic"], baseline=None, gate_baseline=None, seeds=[0])
    with pytest.raises(Exception, match="cannot be measured without it") as raised:
        ran(tmp_path / "run", given, Scripted(fault=ModelError("the adapter is gone"), at=1))
    assert "what was finished is kept" in str(raised.value)


def test_a_full_disk_is_one_sentence_and_the_run_goes_on(calm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "__enter__", lambda self: _filling(enter(self), 6))
        with pytest.raises(StoreError, match=r"units\.jsonl failed: No space left on device; make room and run again: nothing that was finished is lost"):
            ran(tmp_path / "run", plan(calm))
    assert not (tmp_path / "run" / "units.jsonl").read_bytes().endswith(b"\n")
    ran(tmp_path / "run", plan(calm))
    assert contents(tmp_path / "run") == contents(calm / "run")


enter = Journal.__enter__


def _filling(journal: Journal, lines: int) -> Journal:
    """A journal whose disk has room for so many lines and half of another."""
    journal._file = Filling(journal._file, lines)  # type: ignore[assignment]
    return journal


class Filling:
    def __init__(self, inner: Any, lines: int) -> None:
        self._inner, self._left = inner, lines

    def write(self, line: bytes) -> None:
        self._left -= 1
        if self._left < 0:
            self._inner.write(line[:40])
            raise OSError(28, "No space left on device")
        self._inner.write(line)

    def flush(self) -> None:
        self._inner.flush()

    def close(self) -> None:
        self._inner.close()


def test_a_changed_task_file_is_refused(tmp_path: Path) -> None:
    given = plan(tmp_path)
    with pytest.raises(Stopped):
        ran(tmp_path / "run", given, asked=Stopping(2))
    before = (tmp_path / "run" / "units.jsonl").read_bytes()
    tasks(tmp_path / "tasks", 3)
    with pytest.raises(InputError, match="the task files were changed after"):
        ran(tmp_path / "run", given)
    assert (tmp_path / "run" / "units.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seeds": [0]}, "another plan.seeds"), ({"draws": 300}, "another plan.draws"), ({"conditions": ["baseline"]}, "another plan.conditions"),
        ({"limit": 2}, "another plan.limit"),
    ],
)  # fmt: skip
def test_another_plan_in_the_same_folder_is_refused(calm: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=f"{said}.*give another --out"):
        ran(calm / "run", plan(calm, **change))
    with pytest.raises(ConfigError, match=r"another config\.max_rounds"):
        ran(calm / "run", plan(calm), settings=config(max_rounds=2))


def test_a_folder_of_another_version_is_refused(calm: Path, tmp_path: Path) -> None:
    shutil.copytree(calm / "run", tmp_path / "run")
    path = tmp_path / "run" / "manifest.json"
    for key, value in (("format", 99), ("winnow", "0.0.0"), ("code", "0")):
        path.write_text(json.dumps({**json.loads((calm / "run" / "manifest.json").read_text("utf-8")), key: value}), "utf-8")
        with pytest.raises(ConfigError, match=f"another version of Winnow .{key}"):
            ran(tmp_path / "run", plan(calm))


def test_another_adapter_of_the_same_name_is_refused(calm: Path, tmp_path: Path) -> None:
    shutil.copytree(calm, tmp_path / "copy")
    given = plan(tmp_path / "copy", tasks=str(calm / "tasks"), adapter=str(calm / "seed-{seed}" / "adapter.gguf"))
    ran(tmp_path / "run", given)
    path = calm / "seed-1" / "adapter.gguf"
    kept = path.read_bytes()
    try:
        path.write_bytes(b"trained again")
        with pytest.raises(ConfigError, match="another adapters"):
            ran(tmp_path / "run", given)
    finally:
        path.write_bytes(kept)


def test_a_missing_adapter_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    given = plan(tmp_path).model_copy(update={"adapter": "nowhere/seed-{seed}"})
    with pytest.raises(ModelError, match="nowhere/seed-0"):
        ran(tmp_path / "run", given)
    with pytest.raises(ConfigError, match="no adapter for seed 1"):
        ran(tmp_path / "run", given.model_copy(update={"adapter": {0: str(tmp_path / "seed-0" / "adapter.gguf")}}))
    assert not (tmp_path / "run" / "manifest.json").exists()


def test_a_folder_that_is_no_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "letter.txt").write_text("mine", "utf-8")
    with pytest.raises(ConfigError, match="holds something that is no run"):
        ran(tmp_path / "run", plan(tmp_path))


def test_two_runs_at_once_in_one_folder_are_refused(calm: Path) -> None:
    from agent.claim import claim

    with claim(calm / "run"), pytest.raises(StoreError, match="another run"):
        ran(calm / "run", plan(calm))


def test_progress_is_told_unit_by_unit(tmp_path: Path) -> None:
    totals, ticks = [], []

    def began(total: int) -> Any:
        totals.append(total)
        return lambda: ticks.append(1)

    ran(tmp_path / "run", plan(tmp_path, conditions=["baseline", "critic_rs", "gate_random"], gate_baseline=None), began=began)
    assert totals == [(1 + 2 + 2) * ITEMS] and len(ticks) == totals[0]


def test_a_prompt_that_does_not_fit_is_a_row_without_a_figure(tmp_path: Path) -> None:
    from rubric.errors import ContextError

    out = ran(tmp_path / "run", plan(tmp_path, conditions=["baseline", "promptaug"]), Scripted(fault=ContextError("too long"), at=2))
    odd = [row for row in rows(out) if row["error"]]
    assert [(row["condition"], row["item"], row["outcome"], row["score"]) for row in odd] == [("baseline", "x-d001", "ERROR", None)]
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert summary["conditions"]["baseline"]["errors"] == 1 and summary["comparisons"][0]["measures"]["score"]["difference"]["left_out"] == 1


def test_an_item_that_the_agent_cannot_read_does_not_end_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.drafting import Agent
    from rubric.errors import InputError, RuleError

    really, faults = Agent.attempt, iter([InputError("a number too long"), RuleError("a.rule", ValueError("crashed"))])

    def attempt(self: Agent, task: Any) -> Any:
        fault = next(faults, None)
        if fault is not None:
            raise fault
        return really(self, task)

    monkeypatch.setattr(Agent, "attempt", attempt)
    out = ran(tmp_path / "run", plan(tmp_path, conditions=["gate_random"], gate_baseline=None))
    assert [row["error"] for row in rows(out) if row["error"]] == ["a number too long", str(RuleError("a.rule", ValueError("crashed")))]
    assert json.loads((out / "summary.json").read_text("utf-8"))["conditions"]["gate_random"]["errors"] == 2


def test_tasks_that_call_for_no_letter_are_refused(tmp_path: Path) -> None:
    folder(tmp_path / "silent", {"dev": [task("dev", 0, decision="SUPPRESS")]})
    with pytest.raises(InputError, match="none of these 1 tasks calls for a letter"):
        ran(tmp_path / "run", plan(tmp_path, tasks=str(tmp_path / "silent")))


def test_limits_are_spread_over_the_tasks() -> None:
    from experiments.run.items import limited

    found = limited(list(range(100)), 4)  # type: ignore[arg-type]
    assert found == [12, 37, 62, 87] and limited([1, 2], 5) == [1, 2]  # type: ignore[list-item,arg-type]
    assert all(b > a for a, b in pairwise(limited(list(range(7)), 5)))  # type: ignore[arg-type,operator]
