"""A command that has subcommands, each imported when it is first asked for, because some load models and statistics.

Decides that the group alone prints its help and ends with status 2, as every wrong call does.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup


class Place(NamedTuple):
    """The module of a subcommand, and its sentence."""

    module: str
    summary: str


def group(places: Mapping[str, Place], summary: str) -> typer.Typer:
    """The Typer app of a group; a module has one command, or several by name."""

    class Subcommands(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return list(places)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name not in places:
                return None
            found: Any = typer.main.get_command(import_module(f"agent.cli.{places[cmd_name].module}").app)
            if hasattr(found, "commands"):
                return found.commands[cmd_name]
            found.name = cmd_name
            return found

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            with formatter.section("Commands"):
                formatter.write_dl([(name, place.summary) for name, place in places.items()])

    app = typer.Typer(cls=Subcommands, add_completion=False, rich_markup_mode=None, invoke_without_command=True, help=summary)
    app.callback()(_start)
    return app


def _start(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(2)


__all__ = ["Place", "group"]
