"""The page of an experiment as a file: what is in it for any run, how large it is, and what its parts decide."""

from __future__ import annotations

import json
import re
import shutil
import sys
from html import unescape
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from experiments import bench_report
from experiments.made_runs import Sizes, altered, write_run
from experiments.report import write
from experiments.report.axis import axis, short
from experiments.report.drafts import drafts, embedded
from experiments.report.headline import headline, subject_of, times
from experiments.report.labels import Box, Spot, placed
from experiments.report.lines import EMBEDDED, shown
from experiments.report.pareto import plots
from experiments.report.svg import SHAPES, forest, plot_svg
from experiments.report.tables import Estimate, tables
from experiments.run.folder import Run, read_run
from rubric.errors import MissingExtra, StoreError
from tests.command import winnow
from tests.experiments import plan, ran, tasks

CONDITIONS = ("baseline", "promptaug", "critic_rs", "random_rs", "oracle_rs", "gate_random")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("page") / "run", Sizes(items=20, conditions=CONDITIONS, seeds=2))


@pytest.fixture
def run(folder: Path) -> Run:
    return read_run(folder)


def page_of(path: Path, out: Path) -> str:
    [page] = write(path, ["html"], out)
    return page.read_text("utf-8")


def changed(folder: Path, out: Path, **files: Any) -> Path:
    """A copy of a run in which some files hold something else; `summary` and `timings` are laid over."""
    shutil.copytree(folder, out)
    for name, value in files.items():
        path = out / f"{name}.json"
        path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **value}), "utf-8")
    return out


# -- the whole page -----------------------------------------------------------------------------------------


def test_the_page_holds_everything_and_asks_for_nothing(folder: Path, run: Run, tmp_path: Path) -> None:
    page = page_of(folder, tmp_path)
    for table in tables(run):
        assert f">{table.title}</h2>" in page
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)|url\(|@import|https?:""", page)
    assert "default-src 'none'" in unescape(page) and "unsafe" not in page and "NaN" not in page and str(folder) not in page
    assert page.count('<svg class="plot"') == len(list(plots(run))) == 8


def test_the_same_run_gives_the_same_page(folder: Path, tmp_path: Path) -> None:
    assert page_of(folder, tmp_path / "one") == page_of(folder, tmp_path / "other")


def test_a_page_of_many_drafts_is_not_too_large() -> None:
    found = bench_report.measured(Sizes())
    assert (found["items"], found["seeds"]) == (300, 3) and 1 < found["megabytes"] <= bench_report.MEGABYTES == 15


def test_a_real_run_is_shown_whole(tmp_path: Path) -> None:
    tasks(tmp_path / "tasks", 7)
    path = ran(tmp_path / "run", plan(tmp_path, pairs=[["critic_rs", "random_rs"]]))
    page, held = page_of(path, tmp_path), drafts(read_run(path))
    assert {one["name"] for one in held["conditions"]} == set(held["rows"]) and held["seeds"] == ["0", "1"]
    assert all(len(cells) == len(held["items"]) and None not in cells for seeds in held["rows"].values() for cells in seeds.values())
    assert "gate_critic" in page and "against a single draft" in page


def test_the_embedded_model_is_named_on_top(folder: Path, tmp_path: Path) -> None:
    assert "trained on" not in page_of(folder, tmp_path)
    backbone = {"model": "embedded.gguf", "hash": "0", "parameters": 3e7, "conditions": []}
    page = unescape(page_of(changed(folder, tmp_path / "run", manifest={"backbones": [backbone]}), tmp_path))
    assert page.count(EMBEDDED) == 1 and page.index(EMBEDDED) < page.index('class="answers"')


def test_held_out_says_how_often_it_was_opened(folder: Path, tmp_path: Path) -> None:
    page = page_of(changed(folder, tmp_path / "run", timings={"ledger": {"measured": 3, "checked": 2, "read": 1}}), tmp_path)
    assert "opened for 3 measurements, 2 checks of their form and 1 reading by a person" in page


# -- runs that lack something ---------------------------------------------------------------------------------


@pytest.mark.parametrize("conditions", [("baseline",), ("gate_random",), ("oracle_rs",)])
def test_one_condition_is_compared_with_nothing(conditions: tuple[str, ...], tmp_path: Path) -> None:
    page = page_of(write_run(tmp_path / "run", Sizes(items=3, seeds=1, conditions=conditions)), tmp_path)
    assert "compares no two conditions" in page and "there is no table of differences" in page and page.count('<svg class="plot"') >= 1


def test_a_run_without_items_says_so(tmp_path: Path) -> None:
    page = page_of(write_run(tmp_path / "run", Sizes(items=0, seeds=1)), tmp_path)
    assert "drew no letters" in page and "nothing to plot" in page and 'id="data"' not in page


def test_without_any_value_there_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", Sizes(items=4, seeds=1))
    altered(path, "results.jsonl", lambda row: {**row, "outcome": "ERROR", "error": "the prompt does not fit", "chosen": None, "score": None, "passed": None, "pool": None, "expected": None, "cost": {}})
    summary = json.loads((path / "summary.json").read_text("utf-8"))
    none = {"value": None, "bca": None, "percentile": None, "reason": "no items", "p": None, "one": None, "other": None, "wins": 0, "losses": 0, "ties": 0, "left_out": 4}
    for one in summary["conditions"].values():
        one |= {"score": none, "passed": none, "cost": {**dict.fromkeys(one["cost"]), "reckoned": False}, "best": None, "dimensions": dict.fromkeys(one["dimensions"]), "failures": {}}
    for one in summary["comparisons"]:
        for measure in one["measures"].values():
            measure |= {"difference": none, "holm": {"adjusted": None, "rejected": False}, "detectable": {"smallest": None, "effect": None, "items_needed": None}}
    (path / "summary.json").write_text(json.dumps({**summary, "fronts": []}), "utf-8")
    page = page_of(path, tmp_path)
    assert "nothing to compare in score" in page and "there is nothing to plot" in page and "the prompt does not fit" in page and "None" not in page.partition('id="data"')[0]


def test_without_timings_seconds_are_left_out(folder: Path, tmp_path: Path) -> None:
    path = changed(folder, tmp_path / "run")
    (path / "timings.json").write_text("{}", "utf-8")
    page = page_of(path, tmp_path)
    assert 'name="cost" value="seconds"' not in page and 'name="cost" value="tokens"' in page and "together, s" in page


def test_without_the_statistics_cost_has_no_interval(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(dot.cost.low is not None for dot in next(plots(run)).dots)

    class Missing(ModuleType):
        def __getattr__(self, name: str) -> Any:
            raise MissingExtra("experiments", "the statistics of an experiment")

    monkeypatch.setitem(sys.modules, "experiments.stats", Missing("experiments.stats"))
    assert all(dot.cost.low is None and dot.cost.value for dot in next(plots(run)).dots)


def test_every_kind_of_letter_has_a_place(folder: Path, tmp_path: Path) -> None:
    path = changed(folder, tmp_path / "run")
    odd = {"made-0001": "", "made-0002": "half \ud800 a pair </script>", "made-0003": "Subject: only a subject"}
    altered(path, "traces.jsonl", lambda line: {**line, "text": odd.get(line["item"], line["text"]), "findings": [], "error": None, "finish": "length" if line["item"] == "made-0003" else "stop"})
    page = page_of(path, tmp_path)
    held = page.partition('id="data">')[2].partition("</script>")[0]
    data = json.loads(held)
    assert "<" not in held and any(letter[1] == "half \ud800 a pair </script>" for letter in data["letters"])
    assert any(letter[0] == "only a subject" and letter[5] == "cut off at the token limit" for letter in data["letters"])


def test_studies_have_their_tables(folder: Path, tmp_path: Path) -> None:
    share = {"value": 0.5, "bca": {"low": 0.4, "high": 0.6}, "percentile": None, "reason": None}
    side = {"letters": 20, "past_rules": 8, "stopped": 4.0, "by_failure": {"tone_violation": [4.0, 8]}, "share": share}
    none = {**side, "past_rules": 0, "share": {**share, "value": None, "bca": None, "reason": "no items"}}
    study = {"refused_at_most": 0.05, "readers": [{"reader": "critic, seed 0", "adapter": "0", "threshold": 0.1, "clean_refused": share, "seen": side, "unseen": none}], "critic": {"seen": side, "unseen": none}}
    blind = {"failure": "tone_violation", "one": "critic_rs", "other": "random_rs", "flaws": {"critic_rs": 2.0, "random_rs": 5.0}, "delivered": {"critic_rs": 20, "random_rs": 20}, "both": 20, "removed": share}
    page = unescape(page_of(changed(folder, tmp_path / "run", summary={"threshold_study": study, "blind": [blind]}), tmp_path))
    assert "0.500 (0.400 to 0.600)" in page and "tone_violation, with its rules off in the gate" in page and "critic_rs 2 of 20 letters" in page
    assert "the critic stops 50% in seen wording" in page and "8 flawed letters got past all rules; 0.500 (0.400 to 0.600) of them" in page
    assert "stops nothing that can be counted in unseen wording" in page and "set to refuse 5% of clean letters; it refuses 50.0% to 50.0% of those it was not set on" in page
    assert all(f">{title}</h2>" in page for title in ("Blind gate", "Threshold study", "Threshold study, flaw by flaw"))


# -- the answer -----------------------------------------------------------------------------------------------


def test_the_answer_is_about_the_critic(run: Run) -> None:
    found = headline(run)
    assert subject_of(run) == "critic_rs" and [one.question for one in found.answers] == [
        "critic_rs against a single draft (baseline)", "critic_rs against a better prompt (promptaug)", "critic_rs against a pick by chance (random_rs)",
    ]  # fmt: skip
    assert found.lead.startswith("Picking by the critic (critic_rs) is ") and found.lead.count(".") >= 3
    costs = [run.summary["conditions"][name]["cost"]["tokens"] for name in ("critic_rs", "baseline")]
    assert f"{costs[0] / costs[1]:.1f} times the tokens and operations" in times(run, "critic_rs", "baseline")


def test_the_answer_says_what_the_interval_says(run: Run) -> None:
    [measure] = [one["measures"]["score"] for one in run.summary["comparisons"] if (one["one"], one["other"]) == ("critic_rs", "baseline")]
    measure["difference"] |= {"value": 0.1, "bca": {"low": 0.05, "high": 0.15}}
    measure["holm"] = {"adjusted": 0.001, "rejected": True}
    assert shown(measure) == "better" and "better than a single draft in score, +0.100 (+0.050 to +0.150)" in headline(run).lead
    measure["difference"] |= {"value": -0.1, "bca": {"low": -0.15, "high": -0.05}}
    assert shown(measure) == "worse" and "is worse than a single draft in score" in headline(run).lead
    measure["difference"] |= {"bca": {"low": -0.15, "high": 0.05}}
    assert shown(measure) == "open" and "not shown to be better than a single draft in score" in headline(run).lead
    measure["difference"] |= {"value": None, "reason": "no items"}
    assert shown(measure) == "nothing" and "not comparable with a single draft in score" in headline(run).lead


def test_a_run_without_the_critic_counts_its_differences(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "run", Sizes(items=8, seeds=1, conditions=("baseline", "promptaug"))))
    assert subject_of(run) is None and headline(run).lead.startswith("Differences tested: 2. Shown to be for the better: ")


def test_a_blind_run_says_which_flaws_are_left(tmp_path: Path) -> None:
    tasks(tmp_path / "tasks", 7)
    given = [{"name": name, "k": 2, "temperature": 0.7, "picker": picker, "gate": True, "blind": "signal_over_claiming"} for name, picker in (("one", "critic"), ("other", "random"))]
    path = ran(tmp_path / "run", plan(tmp_path, conditions=given, baseline=None, gate_baseline=None, pairs=[["one", "other"]]))
    lead = headline(read_run(path)).lead
    assert lead == "With its rules off in the gate, signal_over_claiming is left by one in 0 of 16 letters and by other in 0 of 16."
    assert "nothing to plot" in page_of(path, tmp_path)


# -- pictures -------------------------------------------------------------------------------------------------


def test_dominated_is_marked_only_where_the_summary_says_so(run: Run) -> None:
    tokens = next(one for one in plots(run) if (one.quality, one.cost) == ("passed", "tokens"))
    said = {one["name"]: one["verdict"] for front in run.summary["fronts"] if (front["quality"], front["cost"]) == ("passed", "tokens") for one in front["standings"]}
    assert {dot.name: dot.standing for dot in tokens.dots if dot.name != "oracle_rs"} == said
    assert plot_svg(tokens, "x").count('class="struck"') == list(said.values()).count("dominated")
    assert next(dot for dot in tokens.dots if dot.name == "oracle_rs").standing == "ceiling, on no front" and "hollow" in plot_svg(tokens, "x")
    assert "oracle_rs" not in {dot.name for dot in tokens.front}


def test_the_score_of_the_whole_agent_is_not_plotted(run: Run) -> None:
    assert {one.quality: "gate_random" in {dot.name for dot in one.dots} for one in plots(run)} == {"score": False, "passed": True}


def test_the_line_joins_what_no_cheaper_one_reaches(run: Run) -> None:
    for plot in plots(run):
        for dot in plot.front:
            assert not [one for one in plot.dots if one.name != "oracle_rs" and (one.cost.value or 0) < (dot.cost.value or 0) and (one.quality.value or 0) >= (dot.quality.value or 0)]


def test_names_do_not_lie_on_each_other() -> None:
    spots = [Spot(f"condition_{n}", 300 + 9 * (n % 4), 200 + 7 * (n // 4)) for n in range(13)]
    frame = Box(60, 0, 760, 420)
    found = placed(spots, [Box(300, 150, 300, 260)], frame)
    assert len(found) >= 10 and all(label.box.within(frame) for label in found)
    assert not [(a.name, b.name) for a, b in combinations(found, 2) if a.box.meets(b.box)]
    assert not [label.name for label in found for spot in spots if label.box.meets(Box(spot.x - 6, spot.y - 6, spot.x + 6, spot.y + 6))]
    assert any(label.led for label in found) and len(placed(spots, [], Box(300, 200, 310, 210))) == 0


def test_an_axis_holds_its_values() -> None:
    flat, wide, one = axis([1.0, 3.0], 0, 100), axis([1.0, 50.0], 0, 100, may_be_logarithmic=True), axis([0.0], 0, 100)
    assert not flat.logarithmic and wide.logarithmic and 0 < flat.at(1.0) < flat.at(3.0) < 100
    assert wide.at(10) - wide.at(1) == pytest.approx(wide.at(20) - wide.at(2)) and 20.0 in wide.ticks
    assert one.low == 0.0 < one.high and all(0 <= one.at(tick) <= 100 for tick in one.ticks)
    assert axis([0.9, 1.0], 0, 100, most=1.0).high == 1.0 and [short(value) for value in (0.25, 1500.0, 3e12)] == ["0.25", "1.5k", "3T"]


def test_a_bar_has_the_colour_of_what_is_shown(run: Run) -> None:
    drawn = forest([Estimate(0.1, 0.05, 0.2, shown="better"), Estimate(-0.1, -0.2, -0.05, shown="worse"), Estimate(0.1, 0.05, 0.3), Estimate(0.0), Estimate(None), None])
    assert [re.findall(r"forest (\w+)", one) for one in drawn] == [["better"], ["worse"], ["open"], ["open"], [], []]
    by_title = {table.title: table for table in tables(run)}
    measures = [one for compared in run.summary["comparisons"] for one in compared["measures"].values()]
    assert [row[2].shown for row in by_title["Comparisons"].rows] == [shown(one) if one["difference"]["value"] is not None else "open" for one in measures]
    assert {row[4].shown for row in by_title["Strata"].rows} == {"open"}  # nobody tested them
    assert len(set(SHAPES)) == len(SHAPES) == 8


# -- the data and the command -----------------------------------------------------------------------------------


def test_a_letter_is_held_once(run: Run) -> None:
    held = drafts(run)
    assert len({json.dumps(one) for one in held["letters"]}) == len(held["letters"])
    assert held["rows"]["baseline"].keys() == {"all"} and held["rows"]["critic_rs"].keys() == {"0", "1"}
    twice = run._replace(results=[*run.results, *({**row, "condition": "again"} for row in run.results if row["condition"] == "baseline")])
    assert drafts(twice)["letters"] == held["letters"] and drafts(twice)["rows"]["again"] == held["rows"]["baseline"]


def test_nothing_within_the_data_ends_their_element() -> None:
    hostile = "</script><!--<script>\u2028"
    assert "<" not in embedded([{"a": hostile}]) and json.loads(embedded([{"a": hostile}])) == {"a": hostile}


def test_the_command_writes_the_page_by_default(folder: Path, tmp_path: Path) -> None:
    done = winnow("experiment", "report", str(folder), "--out", str(tmp_path))
    assert done.status == 0, done.err
    assert [Path(line).name for line in done.out.splitlines()] == ["report.html", "report.md", "results.csv", "report.json"]
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!doctype html>")
    assert winnow("experiment", "report", str(folder), "--format", "html", "--out", str(tmp_path / "alone")).out.strip().endswith("report.html")
    assert {one.name for one in (tmp_path / "alone").iterdir()} == {"report.html"}


def test_what_cannot_be_written_is_said_and_nothing_is_left(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(StoreError, match=r"cannot be written: .*give an --out"):
        list(write(folder, ["html"], tmp_path / "file"))

    def full(_run: Run) -> Any:
        yield b"<!doctype html>"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("experiments.report.html.render", full)
    with pytest.raises(StoreError, match="No space left on device; make room and run again"):
        list(write(folder, ["html"], tmp_path / "out"))
    assert list((tmp_path / "out").iterdir()) == []
