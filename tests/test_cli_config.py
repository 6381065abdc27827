"""The configuration: precedence, refusals, and that it documents itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from agent.config import Config, settings
from agent.settings import load_config, unknown_variables
from rubric.errors import ConfigError
from tests.command import BAD, EXAMPLES, PROSPECT, winnow


def _file(folder: Path, text: str) -> str:
    path = folder / "winnow.yaml"
    path.write_text(text, "utf-8")
    return str(path)


def test_a_flag_beats_the_file_which_beats_the_environment(tmp_path: Path) -> None:
    file = _file(tmp_path, "fail_on: BLOCK\nas_of: 2026-01-02\n")
    environment = {"WINNOW_FAIL_ON": "penalise", "WINNOW_AS_OF": "2026-01-01", "WINNOW_WITHOUT": "tone.words, price.figure"}
    assert load_config({}, None, {}) == Config()
    from_environment = load_config({}, None, environment)
    assert from_environment.fail_on == "PENALISE"
    assert from_environment.without == ("tone.words", "price.figure")
    from_file = load_config({}, file, environment)
    assert (from_file.fail_on, from_file.as_of) == ("BLOCK", date(2026, 1, 2))
    assert load_config({"fail_on": "SUPPRESS"}, file, environment).fail_on == "SUPPRESS"
    assert load_config({}, None, {"WINNOW_CONFIG": file}).fail_on == "BLOCK"


def test_a_path_in_the_file_is_relative_to_the_file(tmp_path: Path) -> None:
    config = load_config({}, _file(tmp_path, "playbook: mine.yaml\ncapacity: sub/capacity.yaml\n"), {})
    assert config.playbook == str(tmp_path / "mine.yaml")
    assert config.capacity == str(tmp_path / "sub" / "capacity.yaml")
    assert load_config({}, _file(tmp_path, "playbook: larkholm\n"), {}).playbook == "larkholm"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("playbok: x\n", "'playbok' is not a setting; the nearest known setting is 'playbook'"),
        ("zzz: 1\n", "known are playbook, capacity"),
        ("fail_on: PASS\n", "fail_on is 'PASS'; expected one of PENALISE"),
        ("as_of: tomorrow\n", "as_of is 'tomorrow'; expected a day"),
        ("as_of: 7\n", "as_of is 7; expected a day"),
        ("playbook: [a]\n", "playbook is ['a']"),
        ("without: {a: b}\n", "without is"),
        ("- a\n", "holds list, not a mapping"),
        ("a: [", "is not YAML that can be read"),
        ("a: !!python/object:os.system x\n", "is not YAML that can be read"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(text: str, said: str, tmp_path: Path) -> None:
    file = _file(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        load_config({}, file, {})
    assert said in str(raised.value) and file in str(raised.value)


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(ConfigError, match="the environment: WINNOW_AS_OF is 'soon'"):
        load_config({}, None, {"WINNOW_AS_OF": "soon"})
    assert unknown_variables({"WINNOW_PLAYBOK": "x"}) == [
        "the environment variable WINNOW_PLAYBOK is not read; did you mean WINNOW_PLAYBOOK?"
    ]
    assert unknown_variables({"WINNOW_DEBUG": "1", "WINNOW_CONFIG": "x", "WINNOW_PLAYBOOK": "x", "PATH": "x"}) == []


def test_missing_and_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no config file"):
        load_config({}, str(tmp_path / "no.yaml"), {})
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config({}, str(tmp_path), {})


def test_an_empty_file_and_nulls_are_defaults(tmp_path: Path) -> None:
    assert load_config({}, _file(tmp_path, ""), {}) == Config()
    assert load_config({}, _file(tmp_path, "fail_on: null\n"), {}) == Config()


def test_the_example_has_every_setting_at_its_default() -> None:
    path = EXAMPLES / "config.yaml"
    given = yaml.safe_load(path.read_text("utf-8"))
    assert list(given) == list(Config.model_fields)
    assert load_config({}, str(path), {}) == Config()


def test_every_setting_is_documented_and_is_a_flag() -> None:
    check, draft = winnow("check", "--help").out, winnow("draft", "--help").out
    for setting in settings():
        assert setting.description.endswith(".")
        assert (setting.flag in check) == setting.judging, setting.name
        assert setting.flag in draft, setting.name


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{kind: lama}", "backbone.kind is 'lama'; did you mean 'llama'?"),
        ("{model: x}", "backbone needs a 'kind'"),
        ("{kind: llama, modle: x}", "'modle' is not a key of a llama backbone; the nearest known is 'model'"),
        ("{kind: openai}", "a openai backbone needs 'model'"),
        ("{kind: openai, model: x, retries: -1}", "backbone.retries is -1"),
        ("[wings]", "known kinds are llama, hf, openai, scripted"),
    ],
)
def test_a_wrong_backbone_is_named_with_the_nearest(given: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config({}, _file(tmp_path, f"backbone: {given}\n"), {})
    assert said in str(raised.value)


def test_a_backbone_has_a_short_form_and_paths_beside_the_file(tmp_path: Path) -> None:
    assert load_config({"backbone": "llama:x.gguf"}, None, {}).backbone.model_dump()["model"] == "x.gguf"
    assert load_config({}, None, {"WINNOW_BACKBONE": "{kind: scripted}"}).backbone.kind == "scripted"
    (tmp_path / "m.gguf").touch()
    config = load_config({}, _file(tmp_path, "backbone: {kind: llama, model: m.gguf}\nstore: w.db\n"), {})
    assert config.backbone.model_dump()["model"] == str(tmp_path / "m.gguf") and config.store == str(tmp_path / "w.db")
    hub = load_config({}, _file(tmp_path, "backbone: {kind: hf, model: org/name}\nstore: postgresql://h/db\n"), {})
    assert hub.backbone.model_dump()["model"] == "org/name" and hub.store == "postgresql://h/db"


def test_a_number_in_the_environment_is_a_number() -> None:
    config = load_config({}, None, {"WINNOW_K": "8", "WINNOW_REVIEW": "true", "WINNOW_COLUMNS": "{Account: company.name}"})
    assert (config.k, config.review, config.columns) == (8, True, {"Account": "company.name"})
    with pytest.raises(ConfigError, match="WINNOW_K is 'many'"):
        load_config({}, None, {"WINNOW_K": "many"})


def test_check_reads_the_file_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call = ("check", "--prospect", PROSPECT, BAD)
    assert winnow(*call, "--config", _file(tmp_path, "fail_on: SUPPRESS\n")).status == 0
    monkeypatch.setenv("WINNOW_FAIL_ON", "ESCALATE")
    assert winnow(*call).status == 0
    assert winnow(*call, "--fail-on", "BLOCK").status == 4
    monkeypatch.setenv("WINNOW_FAIL_OM", "BLOCK")
    assert "did you mean WINNOW_FAIL_ON?" in winnow(*call).err
