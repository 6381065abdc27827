"""`winnow playbook`: show one, or validate your own."""

from __future__ import annotations

import json
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from typer import Argument, Option

from rubric import Playbook, load_playbook, phrases
from rubric.errors import ConfigError, PlaybookError
from rubric.playbook import builtin

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    invoke_without_command=True,
    help="Show or validate a playbook: the numbers, lists and names of a trade.",
)


def _phrase_language() -> str:
    """The table in the documentation of the phrase language, as help can print it."""
    table = [line for line in (phrases.__doc__ or "").splitlines() if line.startswith("    ")]
    return "\n".join(line[2:] for line in table)


_EPILOG = f"""
Word lists are written in a small phrase language:

\b
{_phrase_language()}

A match never leaves its sentence. A playbook of your own begins as a copy:

\b
  winnow playbook show tenacious > mine.yaml
  winnow playbook validate mine.yaml
  winnow check --playbook mine.yaml --prospect prospect.json letter.txt
"""


@app.callback()
def _start(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(2)


@app.command(epilog=_EPILOG)
def show(
    name: Annotated[str, Argument(metavar="NAME", help="A built-in playbook or a YAML file.", autocompletion=builtin)] = "tenacious",
    as_json: Annotated[bool, Option("--json", help="Print the validated data, defaults included, as JSON.")] = False,
    section: Annotated[str | None, Option(metavar="KEY", help="Print one section alone, such as segments or capacity.")] = None,
) -> None:
    """Print a playbook: its YAML as it was written, or one section, or all of it as JSON."""
    playbook = load_playbook(name)
    if section is None and not as_json:
        typer.echo(_source(name), nl=False)
        return
    data = playbook.model_dump(mode="json", by_alias=True)
    value = data if section is None else {section: _section(data, section)}
    if as_json:
        typer.echo(json.dumps(value if section is None else value[section], ensure_ascii=False, indent=2))
    else:
        typer.echo(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110), nl=False)


@app.command(epilog=_EPILOG)
def validate(
    names: Annotated[
        list[str] | None, Argument(metavar="FILE...", help="Playbooks to validate; without one, the built-in ones.")
    ] = None,
) -> int:
    """Read playbooks as `winnow check` would, and say what is wrong with them."""
    status = 0
    for name in names or builtin():
        try:
            typer.echo(f"{name}: {_described(load_playbook(name))}")
        except PlaybookError as error:
            typer.echo(f"winnow: {error}", err=True)
            status = error.status
    return status


def _described(playbook: Playbook) -> str:
    phrases_in = sum(len(words) for words in _lists(playbook))
    return (
        f"valid; {playbook.name} {playbook.version}, hash {playbook.hash}, {len(playbook.segments)} segments, "
        f"capacity in {len(playbook.capacity)} stacks, {phrases_in} phrases"
    )


def _lists(playbook: Playbook) -> list[tuple[str, ...]]:
    named = [*playbook.words.values(), *playbook.pitches.values(), *playbook.stacks.values(), *(t.words for t in playbook.tone)]
    return [*named, playbook.innocent, playbook.growth_language, playbook.urgency, playbook.stances, playbook.technologies]


def _source(name: str) -> str:
    if name in builtin():
        return files("rubric").joinpath("playbooks", f"{name}.yaml").read_text("utf-8")
    return Path(name).read_text("utf-8")


def _section(data: dict[str, Any], section: str) -> Any:
    if section not in data:
        near = get_close_matches(section, data, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(data)}"
        raise ConfigError(f"a playbook has no section {section!r}; {hint}")
    return data[section]


__all__ = ["app"]
