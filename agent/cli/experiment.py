"""`winnow experiment`: what each part is worth, and what it costs.

Each subcommand is imported when it is called, because statistics and backbones are heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup


class Place(NamedTuple):
    """The module of a subcommand, and its sentence."""

    module: str
    summary: str


COMMANDS = {
    "run": Place("experiment_run", "Measure conditions on tasks; what is done is kept, and the same command goes on."),
    "report": Place("experiment_view", "Write what a run found: a page, Markdown, CSV or JSON."),
    "compare": Place("experiment_view", "Compare two runs on the tasks that both have."),
    "speed": Place("experiment_speed", "Measure what sharing a prompt saves on this machine."),
}


class Subcommands(TyperGroup):
    """The subcommands by name, each imported when it is first asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        found: Any = typer.main.get_command(import_module(f"agent.cli.{COMMANDS[cmd_name].module}").app)
        return found.commands[cmd_name] if hasattr(found, "commands") else found

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.summary) for name, place in COMMANDS.items()])


app = typer.Typer(
    cls=Subcommands, add_completion=False, rich_markup_mode=None, invoke_without_command=True,
    help="What each part is worth and what it costs: run conditions on the bench, report, compare, and measure speed.",
)  # fmt: skip


@app.callback()
def _start(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(2)


__all__ = ["app"]
