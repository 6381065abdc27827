"""Reports and the comparison of two runs: they need the run's folder and nothing else."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from experiments.compare_runs import compared, lines
from experiments.report import FORMS, available, write
from experiments.report.lines import EMBEDDED, judged, notes, verdict_lines
from experiments.report.table import _cell
from experiments.run.folder import read_run
from rubric.errors import ConfigError, InputError
from tests.command import winnow
from tests.experiments import plan, ran, rows, tasks


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("report")
    tasks(where / "tasks", 7)
    given = plan(where, conditions=["baseline", "critic_rs", "random_rs", "gate_critic"], gate_baseline=None, pairs=[["critic_rs", "random_rs"]])
    return ran(where / "run", given)


def test_a_run_is_told_in_every_form(run: Path, tmp_path: Path) -> None:
    alone = tmp_path / "moved"
    shutil.copytree(run, alone)
    written = list(write(alone, available(), tmp_path / "out"))
    assert {path.name for path in written} == {FORMS[name].file for name in available()} >= {"report.md", "results.csv", "report.json"}
    page = (tmp_path / "out" / "report.md").read_text("utf-8")
    for title in ("Verdict", "What to know", "Conditions", "Comparisons", "McNemar", "Fronts", "Cost of a letter", "Dimensions", "Strata", "Made of"):
        assert f"## {title}" in page
    assert "critic_rs - baseline" in page and "NaN" not in page and str(run) not in page
    whole = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert set(whole) == {"verdict", "notes", "manifest", "summary", "timings"} and whole["verdict"] == list(verdict_lines(read_run(run)))


def test_the_table_has_a_line_for_each_row(run: Path, tmp_path: Path) -> None:
    [path] = write(run, ["csv"], tmp_path)
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    given = rows(run)
    assert len(found) == len(given)
    assert [row["score"] for row in found] == ["" if row["score"] is None else str(row["score"]) for row in given]
    assert {"mode", "difficulty", "tempts", "tone_compliance", "pool_tied", "tokens"} <= set(found[0]) and found[0]["mode"] == "programmatic"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert _cell(text) == f"'{text}" and _cell(-1.5) == -1.5 and _cell("plain") == "plain" and _cell(["a", "b"]) == "a b"


def test_a_form_that_is_not_there_is_refused(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMS, "html", FORMS["html"]._replace(module="experiments.report.nowhere"))
    assert "html" not in available()
    with pytest.raises(ConfigError, match="makes no report as html"):
        list(write(run, ["html"], tmp_path))


def test_the_verdict_says_better_only_where_everything_says_so() -> None:
    found = {
        "difference": {"value": 0.1, "bca": {"low": 0.05, "high": 0.15}, "percentile": None, "p": 0.001, "reason": None},
        "holm": {"adjusted": 0.01, "rejected": True}, "detectable": {"smallest": 0.04},
    }  # fmt: skip
    assert judged(found).startswith("better, +0.100 (+0.050 to +0.150), p 0.0010")
    assert judged({**found, "holm": {"adjusted": 0.2, "rejected": False}}).startswith("not shown to be better once all comparisons are corrected for") and "would find 0.040" in judged({**found, "holm": {}})
    wide: Any = {**found, "difference": {**found["difference"], "bca": {"low": -0.01, "high": 0.2}}}  # type: ignore[dict-item]
    assert judged(wide).startswith("not shown to be better")
    worse: Any = {**found, "difference": {**found["difference"], "value": -0.1, "bca": {"low": -0.2, "high": -0.05}}, "holm": {"adjusted": 1.0, "rejected": False}}  # type: ignore[dict-item]
    assert judged(worse).startswith("worse")
    same: Any = {**found, "difference": {"value": 1.0, "bca": None, "percentile": None, "p": 0.001, "constant": True}}  # type: ignore[dict-item]
    assert judged(same).startswith("better, +1.000")
    few: Any = {**found, "difference": {"value": 0.24, "bca": None, "percentile": None, "p": 0.5, "constant": True, "reason": "1 company is too few"}, "holm": {"adjusted": 1.0, "rejected": False}}  # type: ignore[dict-item]
    assert judged(few) == "not shown to be better, +0.240, p 0.50, corrected 1.00; 1 company is too few"
    plain: Any = {**wide, "difference": {**wide["difference"], "bca": None, "percentile": {"low": -0.1, "high": 0.3}, "reason": "BCa is not defined here"}}
    assert "would find 0.040" in judged(plain) and "BCa" not in judged(plain), "the percentiles stand"
    nothing: Any = {**found, "difference": {"value": None, "reason": "no items"}}
    assert judged(nothing) == "nothing to compare: no items"


def test_the_embedded_model_is_not_passed_off_as_another(run: Path) -> None:
    found = read_run(run)
    assert EMBEDDED not in list(notes(found))
    found.manifest["backbones"][0]["model"] = "embedded.gguf"
    assert EMBEDDED in list(notes(found)) and "set by the mix" in EMBEDDED


def test_a_run_against_itself_does_not_differ(run: Path) -> None:
    found = compared(read_run(run), read_run(run))
    assert found["differs"] == [] and [row["one"] for row in found["comparisons"]] == ["baseline", "critic_rs", "random_rs", "gate_critic"]
    assert all(one["value"] in (0.0, None) and one["wins"] == one["losses"] == 0 for row in found["comparisons"] for one in row["measures"].values())
    assert any("made by the same code" in line for line in lines(found))


def test_two_names_may_be_compared(run: Path) -> None:
    [row] = compared(read_run(run), read_run(run), ["critic_rs=random_rs"])["comparisons"]
    inside = next(one for one in read_run(run).summary["comparisons"] if (one["one"], one["other"]) == ("critic_rs", "random_rs"))
    assert row["measures"]["score"]["value"] == pytest.approx(inside["measures"]["score"]["difference"]["value"])
    with pytest.raises(InputError, match="no condition 'nobody'; it has baseline"):
        compared(read_run(run), read_run(run), ["nobody"])


def test_runs_on_part_of_the_tasks_are_paired_on_what_both_have(run: Path, tmp_path: Path) -> None:
    given = plan(run.parent, conditions=["baseline", "promptaug"], limit=4)
    part = ran(tmp_path / "part", given)
    found = compared(read_run(run), read_run(part))
    assert 0 < found["items"] < len(read_run(run).items) and [row["one"] for row in found["comparisons"]] == ["baseline"]


def test_different_tasks_are_refused(run: Path) -> None:
    one, other = read_run(run), read_run(run)
    changed = other._replace(items=tuple(item.model_copy(update={"prospect": {}}) for item in other.items))
    with pytest.raises(InputError, match="is another task in"):
        compared(one, changed)
    with pytest.raises(InputError, match="no task in common"):
        compared(one, other._replace(items=tuple(item.model_copy(update={"id": f"y{item.id}"}) for item in other.items)))
    with pytest.raises(InputError, match="different playbooks"):
        compared(one, other._replace(manifest={**other.manifest, "playbook": {"hash": "x"}}))


def test_a_folder_that_is_no_finished_run_is_told(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no folder of a run: it has no manifest\.json"):
        read_run(tmp_path)
    shutil.copytree(run, tmp_path / "half")
    (tmp_path / "half" / "summary.json").unlink()
    with pytest.raises(InputError, match="is not finished; go on with"):
        read_run(tmp_path / "half")
    (tmp_path / "half" / "summary.json").write_text("{", "utf-8")
    with pytest.raises(InputError, match=r"summary\.json cannot be read"):
        read_run(tmp_path / "half")


# -- the commands -------------------------------------------------------------------------------------------


def test_the_commands_write_and_print(run: Path, tmp_path: Path) -> None:
    done = winnow("experiment", "report", str(run), "--format", "md", "--out", str(tmp_path))
    assert (done.status, done.out.strip()) == (0, str(tmp_path / "report.md")), done.err
    assert winnow("experiment", "report", str(run), "--format", "pdf").status == 2
    (tmp_path / "file").touch()
    refused = winnow("experiment", "report", str(run), "--out", str(tmp_path / "file"))
    assert refused.status == 2 and "is a file, and reports need a folder" in refused.err
    assert winnow("experiment", "compare", str(run), str(run), "--json").data["items"] == 8
    assert "made by the same code" in winnow("experiment", "compare", str(run), str(run)).out
    refused = winnow("experiment", "compare", str(run), str(tmp_path))
    assert refused.status == 2 and refused.err.count("\n") == 1


def test_run_says_the_verdict_and_the_folder(run: Path, tmp_path: Path) -> None:
    import yaml

    plan_file = tmp_path / "plan.yaml"
    plan_file.write_text(yaml.safe_dump({"name": "mine", "tasks": str(run.parent / "tasks"), "conditions": ["baseline", "promptaug"], "draws": 200}), "utf-8")
    done = winnow("experiment", "run", "--preset", str(plan_file), "--backbone", "scripted", "--out", str(tmp_path / "run"), "--limit", "3")
    assert (done.status, done.out.strip()) == (0, str(tmp_path / "run")), done.err
    assert "promptaug against baseline, score:" in done.err
    dry = winnow("experiment", "run", "--preset", str(plan_file), "--backbone", "scripted", "--out", str(tmp_path / "run"), "--dry-run")
    assert dry.status == 0 and "16 units" in dry.out and "units of it are in the folder already" in dry.out, dry.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--preset", "nothing"), "presets are blind-spot, cost-pareto, smoke"),
        (("--preset", "smoke", "--seeds", "a"), "--seeds is 'a'"),
        (("--preset", "smoke", "--adapter", "nowhere", "--backbone", "scripted"), "nowhere"),
    ],
)
def test_a_wrong_call_is_one_line(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = winnow("experiment", "run", *arguments, "--out", str(tmp_path / "run"))
    assert done.status == 2 and said in done.err and done.err.count("\n") == 1


def test_help_names_the_subcommands() -> None:
    assert all(name in winnow("experiment", "--help").out for name in ("run", "report", "compare", "speed"))
    assert "--shape" in winnow("experiment", "speed", "--help").out and winnow("experiment").status == 2
