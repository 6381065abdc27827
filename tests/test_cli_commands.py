"""`winnow rules`, `schema`, `playbook`, `doctor`, and the words at the top."""

from __future__ import annotations

import json
from importlib import metadata, util
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import agent
from agent.cli import COMMANDS, doctor
from agent.cli.schema import schema_of
from rubric.rules import all_rules
from tests.command import BAD, EXAMPLES, PROSPECT, ROOT, winnow

SCHEMAS = ("prospect", "case", "verdict", "playbook", "config")


def test_help_lists_every_command_with_a_sentence() -> None:
    result = winnow("--help")
    assert result.status == 0 and "Examples:" in result.out
    for name, summary in COMMANDS.items():
        assert name in result.out and summary.endswith(".")
        inner = winnow(name, "--help")
        assert inner.status == 0 and f"Usage: winnow {name}" in inner.out
    assert "readme" not in result.out


def test_no_command_shows_the_help_and_fails() -> None:
    for arguments in ((), ("playbook",)):
        result = winnow(*arguments)
        assert result.status == 2 and result.out == "" and "Usage: winnow" in result.err


def test_a_mistyped_command_gets_the_nearest() -> None:
    assert winnow("chekc").err == "winnow: no command 'chekc'; did you mean 'check'?; see `winnow --help`\n"
    assert "there are draft, check, review" in winnow("zzzz").err


def test_version() -> None:
    assert winnow("--version").out == f"winnow {agent.__version__}\n"


def test_completion_knows_commands_flags_and_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "_WINNOW_COMPLETE" in winnow("--show-completion", "bash").out

    def completed(words: str, at: int) -> set[str]:
        monkeypatch.setenv("_WINNOW_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(at))
        return set(winnow().out.split())

    assert completed("winnow ", 1) == set(COMMANDS)
    assert "--prospect" in completed("winnow check --pr", 2)
    assert "gate.chief" in completed("winnow rules gate.", 2)
    assert "verdict" in completed("winnow schema v", 2)


# -- rules ----------------------------------------------------------------------------------------


def test_the_table_has_a_line_for_every_rule() -> None:
    lines = winnow("rules").out.splitlines()
    assert lines[0].split() == ["ID", "DECISION", "SEVERITY", "FAILURE", "DIMENSION", "SUMMARY"]
    assert [line.split()[0] for line in lines[1:]] == [r.id for r in all_rules()]


def test_rules_as_json() -> None:
    rows = winnow("rules", "--json").data
    assert [row["id"] for row in rows] == [r.id for r in all_rules()]
    for row in rows:
        assert row["explanation"] and row["fix"] and len(row["passes"]) >= 2 and len(row["fails"]) >= 2
    assert winnow("rules", "gate.chief", "--json").data == next(r for r in rows if r["id"] == "gate.chief")


@pytest.mark.parametrize("rule", [r.id for r in all_rules()])
def test_each_rule_is_explained_with_its_examples(rule: str) -> None:
    result = winnow("rules", rule)
    assert result.status == 0 and result.out.startswith(rule)
    assert "passes\n" in result.out and "fails\n" in result.out and "\x1b" not in result.out


def test_an_unknown_rule_gets_the_nearest() -> None:
    assert "gate.chief" in winnow("rules", "gate.cheif").err
    assert winnow("rules", "zzzzzz").status == 2


# -- schema ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_a_schema(name: str) -> None:
    schema = winnow("schema", name).data
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")


def _cases() -> list[Any]:
    return [json.loads(line) for line in (EXAMPLES / "cases.jsonl").read_text("utf-8").splitlines()]


def test_what_is_read_and_written_keeps_its_schema() -> None:
    prospects = jsonschema.Draft202012Validator(schema_of("prospect"))
    cases = jsonschema.Draft202012Validator(schema_of("case"))
    rows = jsonschema.Draft202012Validator(schema_of("verdict"))
    prospects.validate(json.loads(Path(PROSPECT).read_text("utf-8")))
    for case in _cases():
        cases.validate(case)
        prospects.validate(case["prospect"])
    stdin = (EXAMPLES / "cases.jsonl").read_bytes() + b"broken\n"
    for row in winnow("check", "--jsonl", "-", "--explain", stdin=stdin).rows:
        rows.validate(row)
    rows.validate(winnow("check", "--prospect", PROSPECT, BAD, "--json").data)
    assert not rows.is_valid({"id": 1, "decision": "FINE"})
    assert not prospects.is_valid({"company": {"name": "x", "headcount": -1}})


def test_the_playbooks_and_the_config_keep_their_schema() -> None:
    for name in ("tenacious", "larkholm"):
        data = winnow("playbook", "show", name, "--json").data
        jsonschema.validate(data, schema_of("playbook"))
    jsonschema.validate({"playbook": "x", "without": ["a"], "as_of": "2026-01-01"}, schema_of("config"))


def test_an_unknown_schema_gets_the_nearest() -> None:
    assert "did you mean 'verdict'?" in winnow("schema", "verdct").err
    assert winnow("schema", "zzz").status == 2


# -- playbook -------------------------------------------------------------------------------------


def test_a_shown_playbook_is_a_playbook(tmp_path: Path) -> None:
    for name in ("tenacious", "larkholm"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(winnow("playbook", "show", name).out, "utf-8")
        result = winnow("playbook", "validate", str(path))
        assert result.status == 0 and "valid;" in result.out and name in result.out


def test_sections() -> None:
    assert yaml.safe_load(winnow("playbook", "show", "--section", "policy").out)["policy"]["above_capacity"] == "ramp"
    assert winnow("playbook", "show", "--section", "seller", "--json").data["domain"]
    assert "did you mean 'segments'?" in winnow("playbook", "show", "--section", "segment").err


def test_the_built_in_playbooks_are_valid() -> None:
    result = winnow("playbook", "validate")
    assert result.status == 0 and result.out.count("valid;") == 2


def test_every_wrong_playbook_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(winnow("playbook", "show").out.replace("\npolicy:\n", "\npolicy:\n  freshnes_days: 3\n"), "utf-8")
    result = winnow("playbook", "validate", str(path), "no.yaml", "tenacious")
    assert result.status == 2 and "freshness_days" in result.err and "no.yaml" in result.err
    assert "tenacious: valid;" in result.out


def test_help_explains_the_phrase_language() -> None:
    for command in ("show", "validate"):
        text = winnow("playbook", command, "--help").out
        assert "skyrocket*" in text and "up to three words of any kind" in text


# -- doctor ---------------------------------------------------------------------------------------


def test_doctor_finds_nothing_broken_here() -> None:
    checks = {c["name"]: c for c in winnow("doctor", "--json").data}
    assert {"python", "winnow", "pydantic", "typer", "extra llama", "name rubric", "time zones", "playbook", "rules"} <= set(checks)
    assert [c for c in checks.values() if c["status"] == "broken"] == []
    assert checks["name agent"]["found"] == str(ROOT / "agent")
    result = winnow("doctor")
    assert result.status == 0 and "plug-ins: none" in result.out


def test_a_missing_extra_comes_with_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda package: None if package == "llama-cpp-python" else "1")
    found = {c.name: c for c in doctor.examine()}
    assert found["extra llama"].status == "note"
    assert found["extra llama"].fix == "python -m pip install 'winnow[llama]'"


def test_a_missing_core_package_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda package: None)
    assert winnow("doctor").status == 1


def test_a_name_clash_is_broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shadow = tmp_path / "prompts.py"
    shadow.write_text("", "utf-8")
    real = util.find_spec

    def find(name: str, package: str | None = None) -> Any:
        return util.spec_from_file_location(name, shadow) if name == "prompts" else real(name, package)

    monkeypatch.setattr(util, "find_spec", find)
    found = {c.name: c for c in doctor.examine()}
    assert found["name prompts"].status == "broken" and str(shadow) in found["name prompts"].found


def test_another_distribution_with_our_names_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "packages_distributions", lambda: {"agent": ["winnow", "agent"]})
    found = {c.name: c for c in doctor.examine()}
    assert found["name agent"].status == "broken" and "uninstall agent" in (found["name agent"].fix or "")


def test_a_broken_setting_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_PLAYBOOK", "no-such-playbook")
    result = winnow("doctor")
    assert result.status == 1 and "no-such-playbook" in result.out


def test_a_run_from_an_uninstalled_checkout_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    found = {c.name: c for c in doctor.examine()}
    assert found["winnow"].status == "broken" and "pip install -e" in (found["winnow"].fix or "")
