"""`winnow train run`: adapters from pairs, one for each seed.

Decides what is told while it runs and what the exit status says; the training itself is `training.train`'s.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from rubric.errors import ConfigError

if TYPE_CHECKING:
    from training.train.config import TrainConfig
    from training.train.estimate import Estimate
    from training.train.examples import Prepared
    from training.train.job import Job, Outcome

app = typer.Typer(add_completion=False, rich_markup_mode=None)
INTERRUPTED = 130
_EPILOG = """
\b
Exit status
  0    every seed is trained
  1    the training or the disk failed; the same command goes on from the last checkpoint
  2    a wrong setting, file, base or pair
  130  interrupted behind a whole step; the same command goes on

\b
Examples:
  winnow train run --config embedded-rank
  winnow train run --config embedded-rank --pairs pairs.jsonl --seeds 0,1,2
  winnow train run --config simpo-qwen3-1.7b --dry-run
  winnow train run --config mine.yaml --track tensorboard --push me/critic

Each seed has a folder of its own in --out: the adapter for PEFT and, as GGUF, for llama.cpp, winnow.json, a model
card, and metrics.jsonl.
"""


@app.command(epilog=_EPILOG)
def run(
    config: Annotated[str, Option("--config", metavar="FILE|NAME", help="YAML file of a recipe, or the name of one that comes with Winnow.")] = "embedded-rank",
    pairs: Annotated[str | None, Option("--pairs", metavar="FILE", help="Training pairs, in place of the recipe's.")] = None,
    dev: Annotated[str | None, Option("--dev", metavar="FILE", help="Pairs to measure on while it trains.")] = None,
    bench: Annotated[list[str] | None, Option("--bench", metavar="FILE", help="What will measure the critic; an overlap with the pairs ends the run before it begins. May be given several times.")] = None,
    out: Annotated[str | None, Option("--out", metavar="FOLDER", help="Where the seeds' folders go.")] = None,
    base: Annotated[str | None, Option("--base", metavar="NAME|FOLDER", help="Base model, in place of the recipe's.")] = None,
    backend: Annotated[str | None, Option("--backend", metavar="NAME", help="peft or unsloth.")] = None,
    seeds: Annotated[str | None, Option("--seeds", metavar="N,N,...", help="Seeds to train, one after the other.")] = None,
    steps: Annotated[int | None, Option("--steps", metavar="N", min=1, help="Steps in place of the recipe's epochs.")] = None,
    track: Annotated[list[str] | None, Option("--track", metavar="NAME", help="Also tell trackio, wandb or tensorboard; may be given several times.")] = None,
    push: Annotated[str | None, Option("--push", metavar="OWNER/NAME", help="Push the finished adapter to this repository of a hub; one seed only.")] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Say steps, memory and time, and train nothing.")] = False,
) -> int:
    """Train adapters by a recipe; what is done is kept, and the same command goes on where it was stopped."""
    from training.train.config import read_config

    named = {"pairs": pairs, "dev": dev, "bench": bench or None, "out": out, "base": base, "backend": backend, "steps": steps, "track": track or None}
    changes: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    if seeds is not None:
        changes["seeds"] = _seeds(seeds)
    if push is not None:
        changes["push"] = {"repo": push}
    found = read_config(config, changes)
    if found.push and len(found.seeds) > 1:
        raise ConfigError("a push takes one seed; give --seeds with the best one, whose folder is pushed as it is")
    return _dry(found) if dry_run else _train(found)


def _seeds(given: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in given.split(","))
    except ValueError:
        raise ConfigError(f"--seeds is {given!r}; expected numbers parted by commas, such as 0,1,2") from None


def _train(config: TrainConfig) -> int:
    from training.train.hub import push
    from training.train.job import Stopped
    from training.train.run import run as train
    from training.train.run import summary

    try:
        outcomes = train(config, _tell)
    except Stopped as stopped:
        _say(str(stopped))
        return INTERRUPTED
    for outcome in outcomes:
        typer.echo(f"{outcome.folder}: {_measures(outcome)}")
    for name in ("accuracy", "dev_accuracy"):
        if len(outcomes) > 1 and (line := summary(outcomes, name)):
            typer.echo(line)
    if config.push:
        typer.echo(f"pushed to {push(outcomes[0].folder, config.push)}")
    return 0


def _measures(outcome: Outcome) -> str:
    return ", ".join(f"{name} {outcome.last[name]}" for name in ("loss", "accuracy", "dev_loss", "dev_accuracy") if outcome.last.get(name) is not None)


def _tell(job: Job, row: dict[str, Any] | None) -> None:
    if row is None:
        _say(f"seed {job.seed}: {job.config.loss.kind}, {job.config.lora.kind} adapter on {job.config.base}, into {job.folder}")
        return
    figures = "".join(f", {name} {row[name]:.3f}" for name in ("loss", "accuracy", "dev_loss", "dev_accuracy") if isinstance(row.get(name), float))
    left = f", {row['left_s'] / 60:.1f} min left" if row.get("left_s") is not None else ""
    _say(f"seed {job.seed}, step {row['step']} of {row['steps']}{figures}{left}")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _dry(config: TrainConfig) -> int:
    from agent.backbones.tokenizer import LocalTokenizer
    from training.train.estimate import estimated
    from training.train.one_seed import learnt, quieten
    from training.train.run import base_folder, refuse_trackers
    from training.train.turn import turn_of

    quieten()
    refuse_trackers(config)
    folder = base_folder(config)
    tokenizer = LocalTokenizer(str(folder))
    train = learnt(config, tokenizer, turn_of(tokenizer))
    typer.echo(_planned(config, folder, train, estimated(config, folder, train)))
    return 0


def _planned(config: TrainConfig, folder: Path, train: Prepared, need: Estimate) -> str:
    skipped = "; left out: " + ", ".join(f"{n} {reason}" for reason, n in train.skipped.items()) if train.skipped else ""
    each = "" if len(config.seeds) == 1 else f" a seed, {len(config.seeds)} seeds"
    return "\n".join((
        f"base     {config.base} in {folder}",
        f"pairs    {need.pairs}{skipped}",
        f"steps    {need.steps} of {config.batch * config.accumulate} pairs{each}",
        f"trained  {need.trained:,} numbers, {4 * need.trained / 1e6:.1f} MB for each form of the adapter",
        f"memory   about {need.memory / 2**30:.1f} GiB",
        f"time     about {need.seconds / 60:.1f} min{each} on this machine, within a factor of two",
    ))  # fmt: skip


__all__ = ["app"]
