"""`winnow critic`: what an adapter is worth, from when on it rejects, and whether its switch is on."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer import Argument, Option

from agent.cli.critic_monitor import app as monitor
from agent.cli.storage import ConfigFile
from agent.cli.terminal import safe
from agent.settings import load_config

if TYPE_CHECKING:
    from agent.backbones import Backbone
    from agent.critics import Wearing
    from critic.health import Health
    from critic.judgement import Judgement

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True, help="Measure, calibrate and watch the critic.")
app.add_typer(monitor, name="monitor")
UNFIT = 3
_Adapter = Annotated[str, Argument(metavar="ADAPTER", help="LoRA adapter as the backbone takes it, 'embedded' or 'embedded-judge'.")]
_Pairs = Annotated[list[str] | None, Option("--pairs", metavar="FILE", help="JSON lines of preference pairs; may be given several times.")]
_Pools = Annotated[list[str] | None, Option("--pools", metavar="FILE", help="JSON lines of sampled pools; may be given several times.")]
_K = Annotated[int, Option("-k", "--k", min=2, metavar="N", help="Candidates of each pool that count.")]
_Limit = Annotated[int | None, Option("--limit", min=1, metavar="N", help="Look at the first N of the pairs, and of each file of pools.")]
_Backbone = Annotated[str | None, Option("--backbone", metavar="KIND:MODEL", help="Model that the adapter belongs to, in place of the configured one.")]
_AsJson = Annotated[bool, Option("--json", help="Print JSON.")]


class Opened(NamedTuple):
    one: Wearing
    model: Backbone


@app.command("card")
def show_card(
    adapter: _Adapter,
    pairs: _Pairs = None,
    pools: _Pools = None,
    k: _K = 4,
    limit: _Limit = None,
    write: Annotated[bool, Option("--write", help="Keep the card in the adapter's winnow.json, by which a run refuses an unfit adapter, and in its model card.")] = False,
    as_json: _AsJson = False,
    backbone: _Backbone = None,
    config: ConfigFile = None,
) -> int:
    """Say what an adapter is worth: one that ranks against chance and simpler ways to choose, a judge on both
    what must be stopped and what may pass, against always stopping and the model without it.

    The status is 3 where a run would refuse the adapter.
    """
    from agent.assessing import Data, assess, judge, keep, tell
    from agent.cli.critic_view import card_lines
    from agent.cli.judgement_view import judgement_lines

    data = Data(pairs or (), pools or (), k, limit)
    with _opened(adapter, backbone, config) as (one, model):
        if one.file.task == "verdict":
            found: Health | Judgement = (judged := judge(one, model, data))
            name, lines = "judgement", judgement_lines(judged, adapter)
        else:
            found = health = assess(one, model, data)
            name, lines = "health", card_lines(health, adapter)
    _print(found.model_dump(mode="json") | {"refusal": found.refusal}, lines, as_json=as_json)
    if write:
        sys.stderr.write(f"winnow: written to {keep(one, **{name: found.model_dump()})}\n")
        tell(one, lines[1:])
    return UNFIT if found.refusal else 0


@app.command()
def calibrate(
    adapter: _Adapter,
    pairs: _Pairs = None,
    pools: _Pools = None,
    k: _K = 4,
    limit: _Limit = None,
    most: Annotated[float, Option("--most", min=0, max=1, metavar="S", help="Largest share of good letters that a threshold may reject.")] = 0.05,
    dry_run: Annotated[bool, Option("--dry-run", help="Print what was found, and leave the adapter's winnow.json as it is.")] = False,
    as_json: _AsJson = False,
    backbone: _Backbone = None,
    config: ConfigFile = None,
) -> None:
    """Fit what an adapter decides by, on dev pairs or pools: a threshold for one that ranks, probabilities for a judge."""
    from agent.assessing import Data, calibration_of, keep, threshold_of
    from agent.cli.critic_view import fitted_lines, threshold_lines

    data = Data(pairs or (), pools or (), k, limit)
    with _opened(adapter, backbone, config) as (one, model):
        if one.file.task == "verdict":
            fitted = calibration_of(one, model, data)
            changes: dict[str, Any] = {"calibration": fitted.calibration.model_dump()}
            shown, lines = fitted._asdict() | changes, fitted_lines(fitted)
        else:
            found = threshold_of(one, model, data, most=most)
            changes, shown, lines = {"threshold": found.value}, found._asdict(), threshold_lines(found)
    _print(shown, lines, as_json=as_json)
    if not dry_run:
        gone = f"; its card was of the old one: winnow critic card {adapter} --pairs FILE --write" if one.file.judgement else ""
        sys.stderr.write(f"winnow: written to {keep(one, **changes)}{gone}\n")


@contextmanager
def _opened(adapter: str, backbone: str | None, file: str | None) -> Iterator[Opened]:
    from agent.backbones import open_backbone
    from agent.critics import wear

    config = load_config({"backbone": backbone} if backbone else {}, file)
    one = wear(adapter, config)
    model = open_backbone(config.backbone)
    try:
        yield Opened(one, model)
    finally:
        model.close()


def _print(value: dict[str, Any], lines: list[str], *, as_json: bool) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2) if as_json else "\n".join(map(safe, lines))
    sys.stdout.write(text + "\n")


__all__ = ["app"]
