"""`winnow experiment report` and `compare`: what runs found."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from agent.cli.terminal import safe
from rubric.errors import ConfigError

app = typer.Typer(add_completion=False, rich_markup_mode=None)
_Run = Annotated[str, Argument(metavar="RUN", help="Folder of a finished run.")]


@app.command()
def report(
    run: _Run,
    form: Annotated[str, Option("--format", metavar="FORM", help="html, md, csv, json, or all of them.")] = "all",
    out: Annotated[str | None, Option("--out", metavar="FOLDER", help="Where the files go. Default: the run's own folder.")] = None,
) -> None:
    """Write what a run found. It needs nothing but the run's folder."""
    from experiments.report import FORMS, available, write

    wanted = available() if form == "all" else (form,)
    if unknown := [name for name in wanted if name not in FORMS]:
        raise ConfigError(f"--format is {unknown[0]!r}; expected all, or one of {', '.join(FORMS)}")
    if out and Path(out).exists() and not Path(out).is_dir():
        raise ConfigError(f"--out {out} is a file, and reports need a folder; give another")
    for path in write(run, wanted, Path(out) if out else Path(run)):
        typer.echo(str(path))


@app.command()
def compare(
    run_a: Annotated[str, Argument(metavar="RUN_A", help="Folder of a finished run.")],
    run_b: Annotated[str, Argument(metavar="RUN_B", help="Folder of another one.")],
    conditions: Annotated[list[str] | None, Option("--condition", metavar="NAME", help="Compare this condition alone; NAME=OTHER where it has another name in RUN_B. May be given several times.")] = None,
    as_json: Annotated[bool, Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two runs, condition by condition, on the tasks that both have: RUN_A minus RUN_B."""
    from experiments.compare_runs import compared, lines
    from experiments.run.folder import read_run

    found = compared(read_run(run_a), read_run(run_b), conditions or ())
    text = json.dumps(found, ensure_ascii=False, indent=2) if as_json else "\n".join(map(safe, lines(found)))
    sys.stdout.write(text + "\n")


__all__ = ["app"]
