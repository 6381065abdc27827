"""`winnow experiment run`: a plan on its tasks.

Decides what is told while it runs and what the exit status says; what is measured, `experiments` decides.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from agent.cli.progress import bar
from agent.settings import load_config
from rubric.errors import ConfigError, MissingExtra

if TYPE_CHECKING:
    from agent.config import Config
    from experiments.conditions.plan import Plan

app = typer.Typer(add_completion=False, rich_markup_mode=None)
INTERRUPTED = 130
_EPILOG = """
\b
Exit status
  0    the run is finished and its files are written
  1    a model, a server or the disk failed; the same command goes on
  2    a wrong setting, plan, adapter or task file
  130  interrupted behind a whole unit; the same command goes on

\b
Examples:
  winnow experiment run --preset smoke
  winnow experiment run --preset cost-pareto --dry-run
  winnow experiment run --preset cost-pareto --adapter 'runs/embedded-rank/seed-{seed}'
  winnow experiment run --preset mine.yaml --out runs/mine --seeds 0,1,2

Held-out tasks are opened through their ledger, once for a run however often it is stopped.
"""


@app.command(epilog=_EPILOG)
def run(
    preset: Annotated[str, Option("--preset", metavar="NAME|FILE", help="cost-pareto, smoke, blind-spot, or the YAML file of a plan.")] = "smoke",
    out: Annotated[str | None, Option("--out", metavar="FOLDER", help="Folder of the run. Default: runs/NAME.")] = None,
    seeds: Annotated[str | None, Option("--seeds", metavar="N,N,...", help="Seeds, in place of the plan's; each is a repeat.")] = None,
    limit: Annotated[int | None, Option("--limit", metavar="N", min=1, help="So many tasks, spread evenly over authors.")] = None,
    split: Annotated[str | None, Option("--split", metavar="SPLIT", help="Tasks of train, dev or held_out, in place of the plan's.")] = None,
    tasks: Annotated[str | None, Option("--tasks", metavar="FOLDER", help="Folder of tasks, in place of those that come with Winnow.")] = None,
    adapter: Annotated[str | None, Option("--adapter", metavar="ADAPTER", help="Adapter of the critic; {seed} in it stands for the seed.")] = None,
    reason: Annotated[str | None, Option("--reason", metavar="TEXT", help="Why held-out tasks are opened, for the ledger.")] = None,
    backbone: Annotated[str | None, Option("--backbone", metavar="KIND:MODEL", help="What writes, in place of the configured one.")] = None,
    config: Annotated[str | None, Option("--config", metavar="FILE", help="YAML file of settings; WINNOW_CONFIG names one too.")] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Say units, tokens and time, and open no held-out task.")] = False,
) -> int:
    """Measure conditions on tasks; what is done is kept, and the same command goes on where it was stopped."""
    from experiments.conditions.plan import read_plan

    given = {"limit": limit, "split": split, "tasks": tasks, "adapter": adapter, "reason": reason, "seeds": _seeds(seeds)}
    plan = read_plan(preset, {name: value for name, value in given.items() if value is not None})
    found = load_config({"backbone": backbone} if backbone else {}, config)
    place = Path(out or f"runs/{plan.name}")
    return _dry(plan, found, place) if dry_run else _run(plan, found, place)


def _seeds(given: str | None) -> list[int] | None:
    try:
        return None if given is None else [int(part) for part in given.split(",")]
    except ValueError:
        raise ConfigError(f"--seeds is {given!r}; expected numbers parted by commas, such as 0,1,2") from None


def _run(plan: Plan, config: Config, out: Path) -> int:
    from experiments.run.running import Stopped
    from experiments.run.running import run as measure
    from training.backbone.stopping import interrupted

    _refuse_without_statistics()
    try:
        with ExitStack() as stack, interrupted() as asked:
            path = measure(plan, config, out, asked=asked, began=lambda total: stack.enter_context(bar(plan.name, total)))
    except Stopped as stopped:
        sys.stderr.write(f"{stopped}\n")
        return INTERRUPTED
    _say(path)
    return 0


def _refuse_without_statistics() -> None:
    """Says before the work, not after it, that the statistics are not installed."""
    try:
        import scipy  # noqa: F401
    except ImportError:
        raise MissingExtra("experiments", "the statistics of an experiment") from None


def _say(path: Path) -> None:
    from experiments.report.lines import verdict_lines
    from experiments.run.folder import read_run

    for line in verdict_lines(read_run(path)):
        sys.stderr.write(f"{line}\n")
    typer.echo(str(path))


def _dry(plan: Plan, config: Config, out: Path) -> int:
    from experiments.run.estimate import estimated

    found: Any = estimated(plan, config, out)
    for line in found.lines():
        typer.echo(line)
    return 0


__all__ = ["app"]
