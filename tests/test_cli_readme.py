"""The README is up to date, and the plug-in that it shows works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from agent.cli.readme import PARTS, generate
from rubric.errors import InputError
from tests.command import PROSPECT, ROOT, winnow

README = ROOT / "README.md"
TEXT = README.read_text("utf-8")


def test_the_generated_parts_are_up_to_date() -> None:
    result = winnow("readme", str(README), "--check")
    assert result.status == 0, result.err


def test_every_part_is_used() -> None:
    assert set(re.findall(r"<!-- (\w+):begin -->", TEXT)) == set(PARTS)


def test_a_stale_part_is_found_and_mended(tmp_path: Path) -> None:
    stale = TEXT.replace("| status | decision |", "| status | verdict |")
    new, names = generate(stale, ROOT)
    assert names == ["statuses"] and new == TEXT
    (tmp_path / "README.md").write_text("<!-- statuses:begin -->\n<!-- statuses:end -->\n", "utf-8")
    assert winnow("readme", str(tmp_path / "README.md"), "--check").status == 1
    assert winnow("readme", str(tmp_path / "README.md"), "--write").status == 0
    assert winnow("readme", str(tmp_path / "README.md"), "--check").status == 0


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(InputError, match="there are good, bad"):
        generate("<!-- nope:begin -->\n<!-- nope:end -->", ROOT)


def test_links_and_files_that_it_names_exist() -> None:
    anchors = {re.sub(r"[^\w -]", "", h.lower()).strip().replace(" ", "-") for h in re.findall(r"^##+ (.*)$", TEXT, re.M)}
    assert set(re.findall(r"\]\(#([\w-]+)\)", TEXT)) <= anchors
    for name in [*re.findall(r"`(examples/[\w.]+)`", TEXT), *re.findall(r"\]\(((?!http)[\w./-]+)\)", TEXT)]:
        assert (ROOT / name).exists()


def _plugin(folder: Path) -> dict[str, str]:
    """Installs the README's plug-in by hand: its module, and what pip would write about it."""
    match = re.search(r"<!-- plugin -->\n```python\n(.*?)```", TEXT, re.S)
    assert match is not None
    (folder / "acme_rules.py").write_text(match[1], "utf-8")
    info = folder / "acme_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[winnow.rules]\nacme = acme_rules\n", "utf-8")
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def _winnow(environment: dict[str, str], *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import sys; from agent.cli import main; sys.exit(main())", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=environment, timeout=60, check=False)


def test_the_plug_in_of_the_readme_works(tmp_path: Path) -> None:
    environment = _plugin(tmp_path)
    shown = _winnow(environment, "rules", "acme.weather")
    assert shown.returncode == 0 and "It says nothing about the reader." in shown.stdout
    letter = "Hi Maya,\n\nSunny greetings from Acme! Seven roles are open.\n"
    found = _winnow(environment, "check", "--prospect", PROSPECT, "-", stdin=letter)
    assert 'opens with the weather ("Sunny")' in found.stdout and "^^^^^" in found.stdout
    without = _winnow(environment, "check", "--prospect", PROSPECT, "-", "--without", "acme.weather", stdin=letter)
    assert "acme.weather" not in without.stdout
    assert "acme (acme_rules)" in _winnow(environment, "doctor").stdout
    code = (
        "from tests.test_cli_readme import run_examples; run_examples()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def run_examples() -> None:
    """The plug-in's own examples pass and fail as they say; run where it is installed."""
    from rubric import check, load_playbook, read_email, read_prospect
    from rubric.rules import all_rules

    weather = next(r for r in all_rules() if r.id == "acme.weather")
    for examples, wanted in ((weather.passes, False), (weather.fails, True)):
        for example in examples:
            reading = read_prospect({"company": {"name": "Acme"}, **example.prospect})
            verdict = check(reading, read_email(example.body), load_playbook())
            assert any(f.rule == "acme.weather" for f in verdict.findings) is wanted, example


def test_a_broken_plug_in_is_named(tmp_path: Path) -> None:
    environment = _plugin(tmp_path)
    (tmp_path / "acme_rules.py").write_text("import nothing_of_that_name\n", "utf-8")
    done = _winnow(environment, "rules")
    assert done.returncode == 2 and "the rule plug-in 'acme' (acme_rules) cannot be loaded" in done.stderr
    doctor = _winnow(environment, "doctor")
    assert doctor.returncode == 1 and "acme" in doctor.stdout


def test_a_crashing_plug_in_is_an_error_and_never_a_pass(tmp_path: Path) -> None:
    environment = _plugin(tmp_path)
    module = tmp_path / "acme_rules.py"
    module.write_text(module.read_text("utf-8").replace("    words = case.body.words\n", "    raise KeyError('boom')\n"), "utf-8")
    letter = (ROOT / "examples" / "good.txt").read_text("utf-8")
    one = _winnow(environment, "check", "--prospect", PROSPECT, "-", stdin=letter)
    assert one.returncode == 1 and "rule acme.weather failed with KeyError" in one.stderr and one.stdout == ""
    rows = _winnow(environment, "check", "--jsonl", str(ROOT / "examples" / "cases.jsonl"))
    assert rows.returncode == 2 and rows.stdout.count('"decision": null') == 6
