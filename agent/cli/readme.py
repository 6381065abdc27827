"""`winnow readme` (hidden): the parts of the README that are generated from the code.

Decides what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->`: the worked example's real
output, the statuses, the rules, the settings. A test runs `--check`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.inputs import read_document, read_letter
from agent.cli.jsonl import Line, judge_line
from agent.cli.judging import MEANING, STATUS, Judge, judge_for
from agent.cli.render import Sheet, render
from agent.cli.terminal import Terminal
from agent.config import Config, settings
from agent.result import MEANING as MEANINGS
from agent.settings import BACKBONES
from rubric.errors import InputError
from rubric.rules import all_rules

app = typer.Typer(add_completion=False, rich_markup_mode=None)
_BLOCK = re.compile(r"(<!-- (?P<name>[a-z]+):begin -->\n).*?(<!-- (?P=name):end -->)", re.S)


@app.command()
def readme(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The README; its folder holds examples/.")] = Path("README.md"),
    check: Annotated[bool, typer.Option("--check", help="Say whether the file is up to date, and write nothing.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the generated parts.")] = False,
) -> int:
    """Write, or check, the generated parts of the README."""
    if check == write:
        raise InputError("give either --check or --write")
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}; give the path of the README") from None
    new, stale = generate(text, file.resolve().parent)
    if write and stale:
        file.write_text(new, "utf-8")
    if check and stale:
        typer.echo(f"{file}: not up to date in {', '.join(stale)}; run `winnow readme --write`", err=True)
        return 1
    return 0


def generate(text: str, root: Path) -> tuple[str, list[str]]:
    """The text with every generated part anew, and the names of those that differed."""
    stale: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in PARTS:
            raise InputError(f"the README asks for a part {name!r}; there are {', '.join(PARTS)}")
        block = f"{match[1]}{PARTS[name](root)}\n{match[3]}"
        if block != match[0]:
            stale.append(name)
        return block

    return _BLOCK.sub(fill, text), stale


def _judge() -> Judge:
    return judge_for(Config())


def _good(root: Path) -> str:
    return _run(root, "examples/good.txt")


def _bad(root: Path) -> str:
    return _run(root, "examples/bad.txt")


def _run(root: Path, name: str) -> str:
    """The letter and what `winnow check` prints for it."""
    judge = _judge()
    document = read_document(str(root / "examples/prospect.json"))
    letter = read_letter(str(root / name))._replace(name=name)
    reading = judge.read(document)
    verdict = judge.verdict(reading, letter.email)
    shown = render(Sheet(verdict, letter, reading, document, judge.playbook), Terminal())
    command = f"$ winnow check --prospect examples/prospect.json {name}"
    return f"```console\n{command}\n{shown}$ echo $?\n{STATUS[verdict.decision]}\n```"


def _row(root: Path) -> str:
    """One output row of the example cases, laid out for reading."""
    lines = (root / "examples/cases.jsonl").read_bytes().splitlines()
    row = judge_line(Line(3, lines[2]), _judge())
    row["findings"] = row["findings"][:1]
    fields = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in row.items())
    return f"```json\n{{\n{fields}\n}}\n```"


def _statuses(_: Path) -> str:
    rows: list[tuple[str, ...]] = [(str(status), decision, MEANING[decision]) for decision, status in STATUS.items()]
    rows += [
        ("1", "", "an error of winnow itself, of a plug-in, or of the machine"),
        ("2", "", "a wrong flag, setting, file or input; with `--jsonl`, at least one row was an error"),
        ("130", "", "interrupted"),
    ]
    return _table(("status", "decision", "meaning"), rows)


def _rules(_: Path) -> str:
    own = [r for r in all_rules() if r.check.__module__.startswith("rubric.")]
    rows = [(f"`{r.id}`", r.decision, str(r.severity), r.failure, r.dimension, r.summary) for r in own]
    return _table(("rule", "decision", "severity", "failure", "dimension", "what it finds"), rows)


def _settings(_: Path) -> str:
    rows = [(f"`{s.name}`", f"`{s.flag}`", f"`{s.variable}`", s.default, s.description) for s in settings()]
    return _table(("setting", "flag", "environment", "default", "meaning"), rows)


def _draft(root: Path) -> str:
    """What `winnow draft` prints for the example prospect, with letters from a list instead of a model."""
    from tempfile import TemporaryDirectory

    from agent.cli.draft_view import render as render_draft
    from agent.drafting import Agent

    with TemporaryDirectory() as folder, Agent(Config.model_validate({"backbone": "scripted", "store": f"{folder}/winnow.db"})) as agent:
        row = agent.draft(read_document(str(root / "examples/prospect.json"))).row
    shown = render_draft(row, Terminal()).strip()
    return f"```console\n$ winnow draft examples/prospect.json --backbone scripted\n{shown}\n```"


def _graph(_: Path) -> str:
    from agent.cli.graph import mermaid

    return f"```mermaid\n{mermaid().strip()}\n```"


def _outcomes(_: Path) -> str:
    return _table(("outcome", "meaning"), [(f"`{name}`", meaning) for name, meaning in MEANINGS.items()])


def _backbones(_: Path) -> str:
    """Every key of every kind of backbone."""
    rows = [
        (f"`{kind}`", f"`{name}`", "" if field.is_required() else f"{field.get_default()}", field.description or "")
        for kind, model in BACKBONES.items()
        for name, field in model.model_fields.items()
        if name != "kind"
    ]
    return _table(("kind", "key", "default", "meaning"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *body])


PARTS: dict[str, Callable[[Path], str]] = {
    "good": _good,
    "bad": _bad,
    "row": _row,
    "statuses": _statuses,
    "rules": _rules,
    "settings": _settings,
    "draft": _draft,
    "graph": _graph,
    "outcomes": _outcomes,
    "backbones": _backbones,
}

__all__ = ["app", "generate"]
