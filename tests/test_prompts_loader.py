"""The loader: templates of a user's folder, and every way in which they can be wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from prompts import Prompt, Prompts, templates
from prompts.wording import examples, money, role, stage
from rubric import Email, load_playbook
from rubric.errors import ConfigError, TemplateError
from tests.cases import brief

PLAYBOOK = load_playbook()


def folder_with(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.jinja").write_text(text, encoding="utf-8")
    return folder


def generated(folder: Path) -> Prompt:
    return Prompts(folder).generator(brief(), PLAYBOOK)


def test_a_file_takes_the_place_of_the_template_of_its_name(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("not looked at")
    own, mine = Prompts(), Prompts(folder_with(tmp_path, brief="Write to {{ brief.who[0].value }} for {{ guide.name }}."))
    assert mine.generator(brief(), PLAYBOOK).messages[1].text == "Write to Northwind Robotics for Tenacious."
    assert mine.generator(brief(), PLAYBOOK).messages[0] == own.generator(brief(), PLAYBOOK).messages[0]
    assert mine.judge(brief(), PLAYBOOK, Email("Hi")).text.count("Write to Northwind Robotics") == 1
    assert generated(tmp_path).messages[1].text == Prompts(str(tmp_path)).generator(brief(), PLAYBOOK).messages[1].text


def test_a_static_template_is_given_no_prospect(tmp_path: Path) -> None:
    folder_with(tmp_path, generator_baseline="{{ guide.name }}{% for line in brief.who %}{{ line.value }}{% endfor %}")
    assert generated(tmp_path).messages[0].text == "Tenacious"


def test_an_empty_folder_changes_nothing(tmp_path: Path) -> None:
    assert Prompts(tmp_path).hash == Prompts().hash and generated(tmp_path) == Prompts().generator(brief(), PLAYBOOK)


@pytest.mark.parametrize("name", sorted(templates()))
def test_the_hash_changes_with_every_template(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(templates()[name], encoding="utf-8")
    assert Prompts(tmp_path).hash == Prompts().hash
    path.write_text(templates()[name] + ".", encoding="utf-8")
    assert Prompts(tmp_path).hash != Prompts().hash


WRONG = {
    "{% if brief %}\n{% for %}": r"brief.jinja, line 2: ",
    "a\n{{ prospect.name }}": r"brief.jinja, line 2: 'prospect' is undefined; known are guide",
    "{{ breif.who }}": r"line 1: 'breif' is undefined; the nearest known name is 'brief'",
    "{% include 'breef.jinja' %}": r"there is no template 'breef.jinja'; the nearest known name is 'brief.jinja'",
    "{{ brief.who | nosuch }}": r"brief.jinja, line 1: No filter named 'nosuch'",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_broken_template_stops_at_once(text: str, tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=WRONG[text]):
        Prompts(folder_with(tmp_path, brief=text))


REFUSED = {
    "one\n\n{{ brief.whom }}": r"brief.jinja, line 3: .*no attribute 'whom'; mend the template",
    "{{ brief.who[0].value.__class__.__mro__ }}": r"brief.jinja, line 1: access to attribute '__class__'.* unsafe",
    "{{ 1 / 0 }}": r"division by zero",
    "{{ range(10000000) | list }}": r"[Rr]ange",
    "{{ brief.who + 1 }}": r"brief.jinja, line 1: ",
    "{% include 'brief.jinja' %}": r"recursion",
    "{{ cycler.__init__.__globals__ }}": r"unsafe",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_template_that_fails_while_it_renders_says_where(text: str, tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=REFUSED[text]):
        generated(folder_with(tmp_path, brief=text))


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.* is not there; make it"):
        Prompts(tmp_path / "nowhere")
    (tmp_path / "breif.jinja").write_text("x")
    with pytest.raises(ConfigError, match=r"breif.jinja is not the name of a template; the nearest known name is 'brief.jinja'"):
        Prompts(tmp_path)
    with pytest.raises(ConfigError, match="is not a folder"):
        Prompts(tmp_path / "breif.jinja")


def test_a_template_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "brief.jinja").write_bytes(b"caf\xe9")
    with pytest.raises(TemplateError, match=r"is not UTF-8: .* at byte 3"):
        Prompts(tmp_path)
    (tmp_path / "brief.jinja").unlink()
    (tmp_path / "brief.jinja").mkdir()
    with pytest.raises(TemplateError, match="cannot be read"):
        Prompts(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "{{ [brief.who[0].value, 'x'] | join(', ') }}",
        "{% set name = brief.who[0].value %}{{ name }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(brief.who[0].value) }}",
        "{{ brief.who[0].value | safe }}",
        "{{ brief.who[0].value ~ guide.name }}",
        "{{ guide.name ~ brief.who[0].value }}",
        "{% filter upper %}{{ brief.who[0].value }}{% endfilter %}",
        "\ue011\ue010{{ brief.who[0].value }}",
    ],
)
def test_no_template_trusts_a_prospect_by_accident(text: str, tmp_path: Path) -> None:
    message = generated(folder_with(tmp_path, brief=text)).messages[1]
    assert "northwind" in message.text.lower()
    assert not any("northwind" in piece.text.lower() for piece in message.pieces if piece.trusted)


def test_importing_and_listing_loads_no_template_engine() -> None:
    code = "import sys, prompts; prompts.templates(); sys.exit('jinja2' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])


# -- wording -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "$0"), (999_999, "$999,999"), (1e6, "$1 million"), (14_250_000, "$14.25 million"), (2.5e9, "$2.5 billion")],
)
def test_sums_read_as_in_a_letter(amount: float, shown: str) -> None:
    assert money(amount) == shown


def test_stages_roles_and_patterns_read_as_in_a_letter() -> None:
    assert [stage(s) for s in ("series_b", "pre_seed", "public", "bootstrapped")] == ["Series B", "pre-seed", "public company", "bootstrapped"]
    assert [role(r) for r in ("cto", "vp_eng", "head", "c_level", "cofounder", "other", None)] == [
        "CTO", "VP Eng", "head", "chief officer", "co-founder", None, None,
    ]  # fmt: skip
    assert examples(["(a|b) c|d e? ... f*", "# slots", "plain words", "<people> who"], 5) == ["plain words", "a c e ... f"]
