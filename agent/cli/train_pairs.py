"""`winnow train pairs`: preference pairs from the world, from sampled pools, and from the store.

Decides where they go and what is told; what a pair is, `training.pairs` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from typer import Option

from agent.cli.progress import bar
from agent.settings import load_config
from rubric.errors import ConfigError, MissingExtra

if TYPE_CHECKING:
    from agent.config import Config
    from training.pairs.making import Attempt, Made, Plan
    from training.pairs.pools import WorldPool
    from training.pairs.rendering import Renderer

app = typer.Typer(add_completion=False, rich_markup_mode=None)
_EPILOG = """
\b
Examples:
  winnow train pairs --out pairs.jsonl
  winnow train pairs --out verdicts.jsonl --roles judge --count 600
  winnow train pairs --out pairs.jsonl --on-policy 300 --backbone llama:model.gguf --model model/
  winnow train pairs --out dev.jsonl --split dev --count 100
  winnow train pairs --out unseen.jsonl --split dev --count 300 --unseen
  winnow train pairs --out pairs.jsonl --from-store

A report of the same name with the ending .report.json lies beside the pairs. Pools that a model has sampled are
kept in --pools: stopped half-way, the same command goes on. Pairs from the store hold letters to real people;
`winnow forget` reaches the store and not these files.
"""


@app.command(epilog=_EPILOG)
def pairs(
    out: Annotated[str, Option("--out", metavar="FILE", help="Where the pairs go, a JSON object a line.")] = "pairs.jsonl",
    count: Annotated[int, Option("--count", "-n", metavar="N", min=1, help="How many pairs at the most.")] = 800,
    split: Annotated[str, Option("--split", metavar="SPLIT", help="Companies of train, dev or held_out.")] = "train",
    seed: Annotated[int, Option("--seed", metavar="N", min=0, help="Seed of everything that is drawn.")] = 0,
    roles: Annotated[str, Option("--roles", metavar="ROLES", help="Prompts to make pairs for, parted by commas.")] = "baseline,augmented,revision,judge",
    margin: Annotated[float | None, Option("--margin", metavar="S", min=0, max=1, help="Least difference in score between best and worst drafts. Default: 0.30.")] = None,
    pool_margin: Annotated[float | None, Option("--pool-margin", metavar="S", min=0, max=1, help="The same within one sampled pool. Default: 0.05.")] = None,
    model: Annotated[str, Option("--model", metavar="FOLDER", help="Folder of the model that is to be trained, for its chat template and tokenizer.")] = "embedded",
    max_tokens: Annotated[int | None, Option("--max-tokens", metavar="N", min=64, help="Longest prompt and letter together; longer pairs are skipped. Default: 1024.")] = None,
    on_policy: Annotated[int, Option("--on-policy", metavar="N", min=0, help="Pools to sample with the configured backbone.")] = 0,
    pools: Annotated[str | None, Option("--pools", metavar="FILE", help="Where sampled pools are kept; absent, beside --out.")] = None,
    backbone: Annotated[str | None, Option("--backbone", metavar="KIND:MODEL", help="What samples the pools; absent, the configured one.")] = None,
    k: Annotated[int | None, Option("-k", "--k", metavar="N", min=2, help="Candidates in a pool.")] = None,
    unseen: Annotated[bool, Option("--unseen", help="Flaws in the wording that is set aside, to measure a critic with; no training takes such pairs.")] = False,
    from_store: Annotated[bool, Option("--from-store", help="Also take reviews and receipts of the store.")] = False,
    store: Annotated[str | None, Option("--store", metavar="FILE|URL", help="SQLite file or postgresql:// URL of the store.")] = None,
    config: Annotated[str | None, Option("--config", metavar="FILE", help="YAML file of settings; WINNOW_CONFIG names one too.")] = None,
    as_json: Annotated[bool, Option("--json", help="Print the report as JSON.")] = False,
) -> int:
    """Make preference pairs for the critic."""
    if unseen and (on_policy or pools or from_store):
        raise ConfigError("--unseen pairs are written by the world alone; leave out --on-policy, --pools and --from-store")
    if unseen and margin is not None:
        raise ConfigError("the rubric may not see the flaws of --unseen pairs, so no margin of its scores is asked for; leave out --margin")
    found = load_config({n: v for n, v in {"backbone": backbone, "k": k, "store": store}.items() if v is not None}, config)
    with world_installed():
        from training.pairs.making import MARGIN, POOL_MARGIN, Plan
        from training.pairs.rendering import MOST_TOKENS, Renderer

        plan = Plan(count, _split(split), seed, _roles(roles), MARGIN if margin is None else margin, POOL_MARGIN if pool_margin is None else pool_margin, unseen=unseen)
        renderer = Renderer(model, max_tokens or MOST_TOKENS)
        sampled = _pools(Path(pools) if pools else _beside(out), found, plan, on_policy) if on_policy or pools else []
        made = _made(plan, renderer, sampled, found if from_store else None)
    return _written(out, made, as_json=as_json)


def _written(out: str, made: Made, *, as_json: bool) -> int:
    from training.pairs.pair import write_pairs
    from training.pairs.report import write_report

    write_pairs(out, made.pairs)
    write_report(out, made.report)
    if as_json:
        typer.echo(made.report.model_dump_json(indent=2))
        return 0
    for line in made.report.lines():
        typer.echo(line, err=True)
    typer.echo(out)
    return 0


def _made(plan: Plan, renderer: Renderer, pools: list[WorldPool], config: Config | None) -> Made:
    from training.pairs.making import RESERVE, make

    with bar("pairs", round(plan.count * RESERVE)) as tick:
        if config is None:
            return make(plan, renderer, pools=pools, tick=tick)
        from agent.store import Store

        with Store(config.store) as store:
            return make(plan, renderer, pools=pools, stored=_attempts(store, plan, renderer), tick=tick)


def _attempts(store: Any, plan: Plan, renderer: Renderer) -> Iterator[Attempt]:
    from training.pairs.stored import stored_pair, stored_rows

    for row in stored_rows(store):
        yield partial(_one, stored_pair, row, plan, renderer)


def _one(make: Callable[..., Any], row: Any, plan: Plan, renderer: Renderer) -> Iterator[Any]:
    yield make(row, plan.split, renderer, plan.pool_margin)


def _pools(path: Path, config: Config, plan: Plan, count: int) -> list[WorldPool]:
    """The pools of the file, and those still missing; without a number to sample no model is opened."""
    from training.pairs.pools import kept, origin, sampled

    if not count:
        found = list(kept(path))
        if not found or any(pool.origin.split != plan.split for pool in found):
            raise ConfigError(f"{path} holds {'no pool' if not found else f'pools of {found[0].origin.split} companies'}; sample some with --on-policy N --split {plan.split}")
        return found
    from agent.backbones import open_backbone
    from agent.steps import ladder

    model = open_backbone(config.backbone)
    try:
        wanted = origin(model.identity, ladder(config, 0), config.k, plan.seed, plan.split)
        with bar("pools", count) as tick:
            return sampled(path, model, wanted, count, tick)
    finally:
        model.close()


def _beside(out: str) -> Path:
    return Path(out).with_name(f"{Path(out).stem}.pools.jsonl")


def _split(given: str) -> Any:
    from training.world.split import Split

    if given not in get_args(Split):
        raise ConfigError(f"--split is {given!r}; expected one of {', '.join(get_args(Split))}")
    return given


def _roles(given: str) -> Any:
    from training.pairs.pair import Role

    wanted = tuple(dict.fromkeys(part.strip() for part in given.split(",") if part.strip()))
    unknown = [name for name in wanted if name not in get_args(Role)]
    if unknown or not wanted:
        raise ConfigError(f"--roles is {given!r}; expected some of {', '.join(get_args(Role))}")
    return wanted


@contextmanager
def world_installed() -> Iterator[None]:
    """The invented world needs names; where they are not installed, that is said."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in {"faker", "tokenizers"}:
            raise
        raise MissingExtra("train", "making pairs") from None


__all__ = ["app", "world_installed"]
