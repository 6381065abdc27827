"""The command line: `winnow COMMAND`.

`main` is the boundary where errors become one line and an exit status. A command's module is loaded
when it is called, so that `winnow --help` costs nothing of the rubric.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from agent import __version__
from agent.cli.start import loading

COMMANDS = {
    "draft": "Draft letters for one prospect, or for a file of them.",
    "check": "Judge a letter, or a stream of cases, against the prospect's record.",
    "review": "Accept, edit or ignore the letters that wait for a person.",
    "replay": "Draw a receipt again, and say whether it is identical.",
    "suppress": "The people and companies that nobody may write to.",
    "forget": "Remove a person's traces, and suppress the address.",
    "train": "Make preference pairs for the critic, audit them, and train it.",
    "rules": "List the rules, or explain one with examples that pass and fail.",
    "critic": "Measure, calibrate and watch the critic.",
    "experiment": "Measure what each part is worth and what it costs.",
    "bench": "Check, seal, describe and make the tasks that conditions are compared on.",
    "playbook": "Show or validate a playbook: the numbers, lists and names of a trade.",
    "schema": "Print the JSON Schema of what is read and written.",
    "graph": "Print the graph that drafts as a Mermaid diagram.",
    "doctor": "Look for what is missing, shadowed or broken in this installation.",
}
HIDDEN = ("readme",)
INTERRUPTED = 130

_HELP = """
Draft outreach e-mail that a careful person would send, and judge any letter against the prospect's own
record: may it be sent, why not, where, and what to change. Nothing is ever sent.

\b
Examples:
  winnow draft prospect.json
  winnow draft prospects.csv --out drafts/
  winnow check --prospect prospect.json letter.txt
  pbpaste | winnow check --prospect prospect.json -
  winnow check --jsonl cases.jsonl > verdicts.jsonl
  winnow rules capacity.over_commitment
"""


class Commands(TyperGroup):
    """The commands by name, each imported when it is first asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS and cmd_name not in HIDDEN:
            return None
        with loading():
            return typer.main.get_command(import_module(f"agent.cli.{cmd_name}").app)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and args[0] not in HIDDEN and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(COMMANDS)}"
            ctx.fail(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return _reader_left()


app = typer.Typer(cls=Commands, help=_HELP, rich_markup_mode=None, invoke_without_command=True)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"winnow {__version__}")
        raise typer.Exit


@app.callback()
def _start(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,  # noqa: ARG001
) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(2)


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status; every error becomes one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = typer.main.get_command(app).main(args, prog_name="winnow", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_left()
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted", INTERRUPTED)
    except SystemExit as end:  # completion ends so
        return int(end.code or 0)
    except Exception as error:  # noqa: BLE001  the last boundary: nothing may end in a traceback
        return _ended(error)
    return _say("interrupted", INTERRUPTED) if status == INTERRUPTED else int(status or 0)


def _ended(error: Exception) -> int:
    from rubric.errors import WinnowError  # here, so that `--help` does not load the rubric

    if isinstance(error, WinnowError):
        return _say(str(error), error.status)
    if isinstance(error, typer.TyperException):
        return _say(_usage(error), 2)
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EIO, errno.EDQUOT}:
        return _say(f"writing failed: {error.strerror}; what was written is not whole: make room and run again", 1)
    if os.environ.get("WINNOW_DEBUG"):
        raise error
    kind = type(error).__name__
    return _say(f"internal error: {kind}: {error}; set WINNOW_DEBUG=1 for the traceback, and report it", 1)


def _say(message: str, status: int) -> int:
    sys.stderr.write(f"winnow: {' '.join(message.split())}\n")
    return status


def _usage(error: Any) -> str:
    message = error.format_message().rstrip(".")
    ctx = getattr(error, "ctx", None)
    return f"{message}; see `{ctx.command_path if ctx else 'winnow'} --help`"


def _reader_left() -> int:
    """Whoever read our output has had enough; Python must not complain when it closes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


__all__ = ["app", "main"]
