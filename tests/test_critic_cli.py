"""`winnow critic` and what doctor says of a critic, over the scripted backbone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.backbones.scripted import ScriptedBackbone
from agent.backbones.spec import ScriptedSpec
from agent.cli.doctor_critic import examine_critic
from agent.config import Config
from agent.settings import load_config
from agent.store import Store
from agent.store_monitor import MonitorTable
from critic.adapter_card import read_critic
from critic.health import Health
from critic.monitor import Monitor, Observation
from critic.pools import Member
from tests.agents import PROSPECT
from tests.command import PROSPECT as EXAMPLE
from tests.command import Result, winnow
from tests.critics import PROMPT, pool_of, write_critic, write_pools

JUDGE = ("BLOCK pricing_violation", "PASS", "ESCALATE escalation_missed", "SUPPRESS opt_out_ignored")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WINNOW_STORE", str(tmp_path / "winnow.db"))
    monkeypatch.setenv("WINNOW_BACKBONE", "scripted")
    return tmp_path


def configured(place: Path, **settings: Any) -> str:
    (place / "config.yaml").write_text(json.dumps(settings), "utf-8")
    return str(place / "config.yaml")


def pairs(place: Path, *, role: str = "baseline", count: int = 24) -> str:
    """Pairs whose sides are about as long; a hash decides which the scripted backbone prefers."""
    rows = []
    for n in range(count):
        chosen = JUDGE[n % 4] if role == "judge" else f"Hello {n}, would a call help?"
        rows.append({
            "prompt": f"prompt {n}", "chosen": f"{chosen}<|im_end|>", "rejected": f"Buy now {n}, it is cheap!<|im_end|>", "role": role,
            "failures": ["pricing_violation" if n % 2 else "tone_violation"], "company": f"c{n % 8}", "unseen": n % 4 == 0,
        })  # fmt: skip
    (place / f"{role}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(place / f"{role}.jsonl")


def pools(place: Path) -> str:
    """Pools in which the rubric likes what the adapter likes, so that it beats chance."""
    model, adapter, out = ScriptedBackbone(ScriptedSpec()), str(place / "critic" / "adapter.gguf"), []
    for n in range(16):
        ids = [model.tokenize(f"letter {n} of {i}") for i in range(4)]
        liked = [sum(row) / len(row) for row in model.score(PROMPT, ids, adapter).logprobs]
        members = [
            Member(candidate={"text": f"letter {n} of {i}", "token_ids": ids[i], "index": i}, decision="PASS", score=min(1.0, 1 + liked[i] / 2))  # type: ignore[arg-type]
            for i in range(4)
        ]
        out.append(pool_of(f"c{n}", PROMPT, members))
    write_pools(place / "pools.jsonl", out)
    return str(place / "pools.jsonl")


def draft(place: Path, config: str) -> dict[str, Any]:
    (place / "prospect.json").write_text(json.dumps(PROSPECT), "utf-8")
    found: dict[str, Any] = winnow("draft", str(place / "prospect.json"), "--config", config, "--json", "--no-resume").data
    return found


def monitor(place: Path, name: str) -> Monitor:
    return Monitor(MonitorTable(Store(place / "winnow.db")), name)


def test_the_card_says_what_was_measured_and_is_kept_where_that_is_wanted(place: Path) -> None:
    adapter = write_critic(place, beta=2.0)
    given = ("critic", "card", adapter, "--pairs", pairs(place), "--pools", pools(place))
    found = winnow(*given)
    assert found.status == 0 and "selection efficiency at k=4" in found.out and "fit: it changes scores" in found.out
    assert read_critic(adapter).health is None  # type: ignore[union-attr]
    kept = winnow(*given, "--json", "--write")
    value = kept.data
    assert value["efficiency"]["critic"]["value"] == 1.0 and value["efficiency"]["random"]["value"] < 0.7
    assert {name: row["count"] for name, row in value["accuracy"].items() if name != "on_policy"} == {"in_distribution": 18, "unseen": 6}
    assert set(value["failures"]) == {"pricing_violation", "tone_violation"} and value["refusal"] is None
    assert read_critic(adapter).health == Health(**{k: v for k, v in value.items() if k != "refusal"})  # type: ignore[union-attr]


def test_the_model_card_gets_the_figures_where_it_has_a_place_for_them(place: Path) -> None:
    adapter = write_critic(place)
    card = Path(adapter) / "README.md" if Path(adapter).is_dir() else Path(adapter).with_name("README.md")
    given = ("critic", "card", adapter, "--pairs", pairs(place), "--pools", pools(place), "--write")
    for text in ("no place", "before\n<!-- measured:begin -->\nNot measured\n<!-- measured:end -->\nafter\n"):
        card.write_text(text, "utf-8")
        for _ in range(2):  # a second card takes the place of the first
            assert winnow(*given).status == 0
        told = card.read_text("utf-8")
    assert told.startswith("before\n") and told.endswith("\nafter\n") and "Not measured" not in told
    assert told.count("```text") == 1 and "selection efficiency at k=4" in told and adapter not in told


def test_an_unfit_adapter_has_a_status_of_its_own(place: Path) -> None:
    adapter = write_critic(place)
    model = ScriptedBackbone(ScriptedSpec())
    rows = [{"prompt": f"p{n}", "chosen": f"a {n}", "rejected": f"b {n}", "company": f"c{n}"} for n in range(12)]
    for row in rows:  # the side that the adapter likes less is called the chosen one
        means = [sum(r) / len(r) for r in model.score(PROMPT, [model.tokenize(row[s]) for s in ("chosen", "rejected")], adapter).logprobs]
        if means[0] > means[1]:
            row["chosen"], row["rejected"] = row["rejected"], row["chosen"]
    (place / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    found = winnow("critic", "card", adapter, "--pairs", str(place / "p.jsonl"), "--write")
    assert found.status == 3 and "unfit: the adapter does not beat random" in found.out
    refused = winnow("draft", EXAMPLE, "--config", configured(place, ranker="critic", adapter=adapter), "--json")
    assert refused.status == 2 and "does not beat random" in refused.err


def test_a_shipped_adapter_stays_as_it_is(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = write_critic(place)
    monkeypatch.setattr("agent.assessing.FOLDER", Path(adapter).parents[1])
    found = winnow("critic", "calibrate", adapter, "--pairs", pairs(place))
    assert found.status == 2 and "comes with Winnow and stays as it is" in found.err
    assert winnow("critic", "calibrate", adapter, "--pairs", pairs(place), "--dry-run").status == 0


def test_calibrate_writes_a_threshold(place: Path) -> None:
    adapter = write_critic(place, beta=2.0)
    dry = winnow("critic", "calibrate", adapter, "--pools", pools(place), "--pairs", pairs(place), "--most", "0.9", "--json", "--dry-run")
    assert dry.status == 0 and dry.data["good"] > 24 and read_critic(adapter).threshold is None  # type: ignore[union-attr]
    found = winnow("critic", "calibrate", adapter, "--pairs", pairs(place), "--most", "0.9")
    kept = read_critic(adapter)
    assert found.status == 0 and kept is not None and kept.beta == 2.0
    assert (f"threshold {kept.threshold:.4f}" if kept.threshold is not None else "no threshold") in found.out


def test_calibrate_fits_a_judge(place: Path) -> None:
    adapter = write_critic(place, task="verdict")
    found = winnow("critic", "calibrate", adapter, "--pairs", pairs(place, role="judge"), "--json")
    kept = read_critic(adapter)
    assert found.status == 0 and kept is not None and kept.calibration is not None and kept.calibration.cases == 24
    assert found.data["loss_after"] < found.data["loss_before"] and found.data["balanced_accuracy"] == 0.5  # it hears only the labels


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("card", "RANK"), "hold nothing that measures"), (("card", "RANK", "--pairs", "JUDGEMENTS"), "hold nothing that measures"),
        (("calibrate", "RANK"), "hold nothing that a threshold"), (("calibrate", "JUDGE", "--pairs", "PAIRS"), "hold no case for a judge"),
        (("card", "JUDGE", "--pairs", "PAIRS"), "hold no case for a judge"), (("card", "RANK", "--pairs", "none.jsonl"), "cannot be read"),
        (("card", "none.gguf"), "cannot be read"),
    ],
)  # fmt: skip
def test_data_that_measure_nothing_are_refused(place: Path, arguments: tuple[str, ...], said: str) -> None:
    named = {"RANK": write_critic(place), "JUDGE": write_critic(place, "judge", task="verdict"), "PAIRS": pairs(place), "JUDGEMENTS": pairs(place, role="judge")}
    found = winnow("critic", *(named.get(word, word) for word in arguments))
    assert found.status == 2 and said in found.err and found.out == ""


def test_the_switch_is_shown_tripped_by_an_event_and_reset(place: Path) -> None:
    config = configured(place, ranker="critic", adapter=write_critic(place))
    row = draft(place, config)
    on = winnow("critic", "monitor", "--config", config, "--json")
    assert on.status == 0 and on.data["state"] == "on" and on.data["prospects"] == 1 and on.data["false_positives"] is None
    event = winnow("critic", "monitor", "event", row["key"], "--note", "a wrong price", "--config", config)
    assert event.status == 3 and "the critic is off" in event.out
    off = winnow("critic", "monitor")  # the only one that the store knows
    assert off.status == 3 and "OFF since" in off.out and "a wrong price" in off.out
    again = draft(place, config)
    assert again["outcome"] == row["outcome"] and again["receipt"]["critic"]["state"] == "off" and "the critic is off" in again["warnings"][-1]
    later = winnow("critic", "monitor", "event", again["key"], "--note", "another", "--config", config)
    assert later.status == 3  # still off
    reset = winnow("critic", "monitor", "reset", "--reason", "the price was right", "--by", "Maya")
    assert reset.status == 0 and "on again; it was off: a tier-1 event" in reset.out
    harmless = winnow("critic", "monitor", "event", again["key"], "--note", "another", "--config", config)
    assert harmless.status == 0 and "had not let it through" in harmless.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no critic is configured, and the store has seen none"), (("--critic", "ff"), "no critic is configured as 'ff'"),
        (("event", "nokey", "--note", "x"), "no draft of that key"), (("reset", "--reason", " "), "--reason is empty"),
    ],
)  # fmt: skip
def test_what_the_monitor_cannot_do_is_said(place: Path, arguments: tuple[str, ...], said: str) -> None:
    found = winnow("critic", "monitor", *arguments)
    assert found.status == 2 and said in found.err


def test_an_event_of_a_draft_without_a_critic_is_not_recorded(place: Path) -> None:
    found = winnow("critic", "monitor", "event", draft(place, configured(place))["key"], "--note", "x")
    assert found.status == 2 and "drafted without a critic" in found.err


def test_a_spot_check_is_kept(place: Path) -> None:
    config = configured(place, ranker="critic", adapter=write_critic(place))
    found = winnow("critic", "monitor", "spot-check", pairs(place), "--decisions", "9", "--config", config)
    value = winnow("critic", "monitor", "--config", config, "--json").data
    assert set(value["probes"]) == {"pricing_violation", "tone_violation"} and "probe tone_violation" in found.out
    assert found.status == (3 if min(value["probes"].values()) < 0.5 else 0) and value["spot_check"]
    empty = winnow("critic", "monitor", "spot-check", pairs(place, role="judge"), "--config", config)
    assert empty.status == 2 and "name no failure" in empty.err


def said(config: Config) -> dict[str, tuple[str, str]]:
    return {check.name: (check.status, check.found) for check in examine_critic(config)}


def test_doctor_shows_the_critic_its_health_and_its_switch(place: Path) -> None:
    assert said(Config(backbone="scripted")) == {"critic": ("ok", "none; pools are ordered by mean_logprob")}  # type: ignore[arg-type]
    config = load_config({}, configured(place, ranker="critic", adapter=write_critic(place)))
    before = said(config)
    assert before["critic's health"] == ("note", "not measured") and before["critic's switch"][0] == "ok"
    name = read_name(config)
    monitor(place, name).record(Observation(kind="prospect", key="k", calls=1))
    assert said(config)["spot-check"] == ("note", "the last one was never")
    monitor(place, name).record(Observation(kind="probe", failure="injection", right=1, total=20, at="2026-01-01T00:00:00+00:00"))
    after = said(config)
    assert after["critic's switch"][0] == "note" and "OFF since" in after["critic's switch"][1] and after["spot-check"][1].endswith("2026-01-01T00:00:00+00:00")
    write_critic(place, health=Health(change=0.0))
    assert said(config)["critic's health"] == ("broken", "the adapter changes no score")
    assert said(config.model_copy(update={"critic_unchecked": True}))["critic's health"][0] == "ok"
    assert said(Config(ranker="critic", backbone="scripted"))["critic"][0] == "broken"  # type: ignore[arg-type]


def read_name(config: Config) -> str:
    from agent.critics import open_critics

    return open_critics(config).name or ""


def test_embedded_is_a_name_and_other_adapters_are_paths(place: Path) -> None:
    found = load_config({}, configured(place, ranker="critic", adapter="embedded", judge="judge.gguf"))
    assert found.adapter == "embedded" and found.judge == str(place / "judge.gguf")


def test_every_command_has_help(place: Path) -> None:
    for words in (("critic",), ("critic", "card"), ("critic", "calibrate"), ("critic", "monitor"), ("critic", "monitor", "reset")):
        found: Result = winnow(*words, "--help")
        assert found.status == 0 and "Usage" in found.out
