"""`winnow bench`: the tasks that conditions are compared on, their seal, their card, and labels.

Each subcommand is imported when it is called, because the invented world and the sentence model are heavy.
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
    "validate": Place("bench_check", "Check form, labels and contamination of the tasks."),
    "seal": Place("bench_check", "Seal the held-out tasks: a hash over every file."),
    "verify": Place("bench_check", "Check seal and ledger, and say how often held-out was opened."),
    "card": Place("bench_card", "Write the dataset card and the datasheet."),
    "label": Place("bench_label", "Label letters in the terminal, in two passes."),
    "agree": Place("bench_label", "Say how far labels agree: Cohen's kappa for each dimension."),
    "synthesise": Place("bench_make", "Make tasks with two models: one writes, one judges."),
    "from-receipts": Place("bench_make", "Make tasks of drafts that failed, without personal data."),
}


class Subcommands(TyperGroup):
    """The subcommands by name, each imported when it is first asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"agent.cli.{COMMANDS[cmd_name].module}")
        group: Any = typer.main.get_command(module.app)
        return group.commands[cmd_name]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.summary) for name, place in COMMANDS.items()])


app = typer.Typer(
    cls=Subcommands, add_completion=False, rich_markup_mode=None, invoke_without_command=True,
    help="The tasks that conditions are compared on: check, seal, describe, label and make them.",
)  # fmt: skip


@app.callback()
def _start(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(2)


__all__ = ["app"]
