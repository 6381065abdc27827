"""`winnow train`: pairs, their audit, and the training itself.

Each subcommand is a module of its own, imported when it is called, because what trains is heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "pairs": "Make preference pairs for the critic.",
    "audit": "Hold pairs against what will measure the critic; a violation is listed.",
    "run": "Train adapters from pairs, one for each seed.",
}


class Subcommands(TyperGroup):
    """The subcommands by name, each imported when it is first asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(import_module(f"agent.cli.train_{cmd_name}").app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(
    cls=Subcommands, add_completion=False, rich_markup_mode=None, invoke_without_command=True,
    help="Train the critic: make pairs, audit them, train an adapter.",
)  # fmt: skip


@app.callback()
def _start(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(2)


__all__ = ["app"]
