"""Drafts and receipts: what a key depends on, what is remembered, and that it can be drawn again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import agent as room
from agent.drafting import Agent
from agent.receipt import Receipt, content_hash, first_difference
from agent.replay import read_receipt, replay
from agent.result import Draft
from agent.settings import load_config
from agent.suppression import Suppression
from rubric.errors import ConfigError, InputError
from tests.agents import BLOCKED, OTHER, PASSING, PROSPECT, Parrot, agent_with
from tests.cases import merge


@pytest.fixture
def scripted(tmp_path: Path) -> Any:
    """A config over the scripted backbone, with its store in the test's folder."""

    def config(**settings: Any) -> Any:
        return load_config({"backbone": "scripted", "store": str(tmp_path / "winnow.db"), **settings}, None, {})

    return config


def _key(folder: Path, prospect: dict[str, Any] = PROSPECT, backbone: Any = None, **settings: Any) -> str:
    with agent_with(backbone or Parrot(PASSING), folder, **settings) as agent:
        return agent.key(prospect, agent.read(prospect))


def test_the_key_names_what_decides_the_letter_and_nothing_else(tmp_path: Path) -> None:
    base = _key(tmp_path)
    same = [_key(tmp_path, jobs=4), _key(tmp_path / "else"), _key(tmp_path, as_of="2020-01-01"), _key(tmp_path, fail_on="BLOCK")]
    assert set(same) == {base}
    others = [
        _key(tmp_path, seed=1), _key(tmp_path, k=5), _key(tmp_path, temperature=0.7), _key(tmp_path, prompt="augmented"),
        _key(tmp_path, playbook="larkholm"), _key(tmp_path, without=("tone.words",)), _key(tmp_path, review=True),
        _key(tmp_path, merge(PROSPECT, {"as_of": "2026-04-22"})), _key(tmp_path, merge(PROSPECT, {"notes": "x"})),
    ]  # fmt: skip
    assert len({base, *others}) == len(others) + 1


def test_the_day_that_was_used_is_in_key_and_receipt(tmp_path: Path) -> None:
    undated = {k: v for k, v in PROSPECT.items() if k != "as_of"}
    assert _key(tmp_path, undated, as_of="2026-04-21") != _key(tmp_path, undated, as_of="2026-04-22")
    with agent_with(Parrot(PASSING), tmp_path, as_of="2026-04-22") as agent:
        assert agent.draft(undated).receipt.as_of == "2026-04-22"  # type: ignore[union-attr]


def test_a_draft_is_json_and_back(scripted: Any) -> None:
    with Agent(scripted()) as agent:
        found = agent.draft(PROSPECT, line=7)
    assert found.outcome == "DRAFT" and found.line == 7
    assert Draft.model_validate(json.loads(json.dumps(found.row))) == found
    receipt = found.receipt
    assert receipt is not None and receipt.prospect == PROSPECT and receipt.prospect_hash == content_hash(PROSPECT)
    assert receipt.model.kind == "scripted" and receipt.versions["winnow"] == room.__version__
    candidates = receipt.rounds[0].candidates
    assert len(candidates) == 4 and all(len(c.token_ids) == len(c.logprobs or ()) for c in candidates)


def test_no_secret_reaches_a_receipt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("httpx")
    from tests.fault_server import opened

    monkeypatch.setenv("TOY_KEY", "sk-very-secret")
    with opened() as toy:
        block = {"kind": "openai", "model": "toy", "base_url": toy.server.url, "api_key_env": "TOY_KEY"}
        with agent_with(toy.backbone, tmp_path, block, ranker="as_sampled", max_rounds=1) as agent:
            row = agent.draft(PROSPECT).row
    assert row["receipt"]["rounds"] and "TOY_KEY" in json.dumps(row)
    assert "sk-very-secret" not in json.dumps(row) and "store" not in row["receipt"]["config"]


@pytest.mark.parametrize(
    "more",
    [{"base_url": "http://user:pass@127.0.0.1/v1"}, {"extra_body": {"api_key": "sk-x"}}, {"extra_body": {"Authorization": "x"}}],
)
def test_a_secret_in_the_config_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="receipts; put the key into the environment") as raised:
        load_config({"backbone": {"kind": "openai", "model": "x", **more}}, None, {})
    assert "pass@" not in str(raised.value) and "sk-x" not in str(raised.value)


def test_a_receipt_replays_identically(scripted: Any, tmp_path: Path) -> None:
    with Agent(scripted(k=3, seed=5)) as agent:
        row = agent.draft(PROSPECT).row
    found = replay(read_receipt(json.loads(json.dumps(row)), "row"), {})
    assert found.difference is None and found.now is not None and found.now.key == row["key"]


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (("rounds", 0, "candidates", 1, "text"), "another", "/rounds/0/candidates/1/text"),
        (("rounds", 0, "candidates", 0, "token_ids", 3), 7, "/rounds/0/candidates/0/token_ids/3"),
        (("rounds", 0, "ranking", "order"), [3, 2, 1, 0], "/rounds/0/ranking/order"),
        (("playbook", "hash"), "beef", "/playbook/hash"),
        (("model", "hash"), "beef", "/model/hash"),
        (("outcome",), "ABSTAIN", "/outcome"),
        (("prospect", "recipient", "name"), "Eve", "/prospect_hash"),
    ],
)
def test_a_replay_names_the_first_difference(where: tuple[Any, ...], value: Any, said: str, scripted: Any) -> None:
    with Agent(scripted()) as agent:
        row = agent.draft(PROSPECT).row
    place = row["receipt"]
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = value
    found = replay(read_receipt(row, "row"), {})
    assert found.difference is not None and found.difference.where.startswith(said)


def test_seconds_and_versions_are_no_difference(scripted: Any) -> None:
    with Agent(scripted()) as agent:
        receipt = agent.draft(PROSPECT).receipt
    assert receipt is not None
    slower = json.loads(receipt.model_dump_json())
    slower["rounds"][0]["cost"]["seconds"] = {"sample": 99.0}
    slower["versions"]["python"] = "2.7"
    assert first_difference(receipt, Receipt.model_validate(slower)) is None


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "holds no receipt"),
        ({"receipt": None}, "holds no receipt"),
        ({"version": 99}, "version 99"),
        ({"version": 1}, "the receipt is not whole"),
    ],
)
def test_what_is_no_receipt_is_refused(document: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_receipt(document, "x.json")


def test_a_setting_that_no_longer_exists_is_named(scripted: Any) -> None:
    with Agent(scripted()) as agent:
        receipt = agent.draft(PROSPECT).receipt
    assert receipt is not None
    receipt.config["wings"] = 2
    with pytest.raises(ConfigError, match="wings"):
        replay(receipt, {})


def test_the_function_drafts_with_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_STORE", str(tmp_path / "w.db"))
    assert room.draft(PROSPECT, backbone="scripted", k=2).outcome == "DRAFT"
    assert room.Agent is Agent and room.Draft is Draft
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        room.Nothing  # noqa: B018


def test_the_order_of_rules_that_are_off_is_no_difference(tmp_path: Path) -> None:
    assert _key(tmp_path, without=("tone.words", "form.emoji")) == _key(tmp_path, without=("form.emoji", "tone.words"))


def test_an_adapter_that_nothing_uses_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the ranker 'mean_logprob' uses none"):
        _key(tmp_path, adapter="critic.gguf")


@pytest.mark.parametrize(
    "patch",
    [
        {"recipient": {"email": "jo@n.example; MAYA+x@northwind.example"}},
        {"recipient": {"email": None}, "contact_email": "maya@northwind.example"},
        {"recipient": {"email": None}, "extra": {"Work E-Mail": {"value": "Maya <maya@northwind.example>"}}},
    ],
)
def test_an_address_counts_wherever_the_record_has_it(patch: dict[str, Any], scripted: Any) -> None:
    with Agent(scripted()) as agent:
        Suppression(agent.store).add("maya@northwind.example")
        assert agent.draft(merge(PROSPECT, patch)).outcome == "SUPPRESS"
        assert agent.draft(merge(PROSPECT, {"recipient": {"email": None}, "notes": "cc maya@northwind.example"})).outcome == "DRAFT"


def test_what_is_no_address_is_said(scripted: Any) -> None:
    with Agent(scripted()) as agent:
        found = agent.draft(merge(PROSPECT, {"recipient": {"email": "not an email"}}))
    assert found.outcome == "DRAFT" and any("is not one address" in warning for warning in found.warnings)


def test_paths_that_exist_are_recorded_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tpl").mkdir()
    config = load_config({"templates": "tpl", "store": "w.db", "playbook": "larkholm"}, None, {})
    assert (config.templates, config.store, config.playbook) == (str(tmp_path / "tpl"), str(tmp_path / "w.db"), "larkholm")


def test_a_model_without_a_hash_is_compared_by_name(scripted: Any) -> None:
    with Agent(scripted()) as agent:
        receipt = agent.draft(PROSPECT).receipt
    assert receipt is not None
    receipt.model = receipt.model.model_copy(update={"hash": None, "model": "gpt-a"})
    found = replay(receipt, {})
    assert found.difference is not None and found.difference.where.startswith("/model")


def test_checkpoints_do_not_pile_up(tmp_path: Path) -> None:
    import sqlite3

    with agent_with(Parrot(lambda call, index, _: [PASSING, OTHER, BLOCKED][index % 3]), tmp_path) as agent:
        for number in range(3):
            assert agent.draft(merge(PROSPECT, {"id": str(number)})).outcome == "DRAFT"
        assert agent.draft(PROSPECT).row["key"] == agent.draft(PROSPECT).row["key"]
    with sqlite3.connect(tmp_path / "winnow.db") as connection:
        assert connection.execute("select count(*) from checkpoints").fetchone() == (0,)
