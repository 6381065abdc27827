"""`winnow critic monitor`: whether the critic is on, what was seen of it, and the person's part in both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer import Argument, Option

from agent.cli.storage import ConfigFile, StorePlace, open_store
from agent.cli.terminal import safe
from agent.settings import load_config
from critic.monitor import Limits, Monitor, Observation
from rubric.errors import ConfigError, InputError

if TYPE_CHECKING:
    from agent.store import Store

_EPILOG = """
\b
The critic goes off when, since the last reset,
  * of the letters that reviewers accepted, among the last 500 prospects, it had stopped more than 15%,
  * a failure's probe in a spot-check of 20 decisions is right in less than 50%,
  * more than 1% of its calls failed to load or gave malformed output,
  * or a tier-1 event is recorded that it had let through.
Drafting then goes on by the rules alone, and says so, until `winnow critic monitor reset`.

\b
Exit status of `winnow critic monitor`: 0 on, 3 off.
"""
OFF = 3
app = typer.Typer(add_completion=False, rich_markup_mode=None, invoke_without_command=True, help="Look at the critic's switch, record what it let through, reset it.", epilog=_EPILOG)
_AsJson = Annotated[bool, Option("--json", help="Print JSON.")]
_Name = Annotated[str | None, Option("--critic", metavar="HASH", help="Critic by its hash, or the first characters; absent, the configured one, or the only one in the store.")]


class Watched(NamedTuple):
    name: str
    monitor: Monitor
    store: Store


@app.callback(epilog=_EPILOG)
def status(ctx: typer.Context, critic: _Name = None, as_json: _AsJson = False, store: StorePlace = None, config: ConfigFile = None) -> int | None:
    """Look at the critic's switch, record what it let through, reset it."""
    if ctx.invoked_subcommand is not None:
        return None
    from agent.cli.critic_view import monitor_lines

    with _watched(critic, store, config) as (name, monitor, _):
        trip, rates = monitor.tripped(), monitor.rates()
    value = {"critic": name, "state": "off" if trip else "on", "trip": trip and trip.model_dump(), **rates._asdict()}
    _print(value, monitor_lines(name, trip, rates, Limits()), as_json=as_json)
    raise typer.Exit(OFF if trip else 0)


@app.command()
def reset(
    reason: Annotated[str, Option("--reason", metavar="TEXT", help="Why the critic may decide again; it is kept.")],
    by: Annotated[str | None, Option("--by", metavar="NAME", help="Who says so; absent, the user's name.")] = None,
    critic: _Name = None,
    store: StorePlace = None,
    config: ConfigFile = None,
) -> None:
    """Switch the critic on again, and count anew."""
    if not reason.strip():
        raise ConfigError("--reason is empty; say why the critic may decide again")
    with _watched(critic, store, config) as (name, monitor, _):
        was = monitor.reset(by or _user(), reason)
    sys.stdout.write(safe(f"critic {name}: {'on again; it was off: ' + was.reason if was else 'was on; it counts anew'}") + "\n")


@app.command()
def event(
    key: Annotated[str, Argument(metavar="KEY", help="Key of the draft, as `winnow draft --json` prints it.")],
    note: Annotated[str, Option("--note", metavar="TEXT", help="What happened.")],
    store: StorePlace = None,
    config: ConfigFile = None,
) -> int:
    """Record a tier-1 event: a letter did harm. Where the critic had let it through, it goes off."""
    from agent.receipt import Receipt
    from agent.store_monitor import MonitorTable

    with open_store(store, config) as opened:
        row = opened.find(key)
        if row is None or row.get("receipt") is None:
            raise InputError(f"{key!r:.80}: the store has no draft of that key; give the whole key, as `winnow draft --json` prints it")
        receipt = Receipt.model_validate(row["receipt"])
        if receipt.critic_name is None or receipt.critic is None:
            raise InputError(f"{key[:12]} was drafted without a critic, so no switch answers for it; nothing was recorded")
        passed = receipt.critic.state == "on" and not receipt.critic.stopped and receipt.chosen is not None
        monitor = Monitor(MonitorTable(opened), receipt.critic_name)
        trip = monitor.record(Observation(kind="tier1", key=key, let_through=passed, note=note))
    said = "the critic is off" if trip else "recorded; the critic had not let it through and stays on"
    sys.stdout.write(safe(f"{key[:12]}: {said}") + "\n")
    return OFF if trip else 0


@app.command("spot-check")
def spot_check(
    pairs: Annotated[list[str], Argument(metavar="PAIRS...", help="JSON lines of pairs with the failures of their rejected sides.")],
    decisions: Annotated[int, Option("--decisions", min=1, metavar="N", help="Decisions for each failure.")] = 20,
    store: StorePlace = None,
    config: ConfigFile = None,
) -> int:
    """Ask the configured critic 20 questions of each failure; do this every week."""
    from agent.assessing import Data
    from agent.assessing import spot_check as ask
    from agent.backbones import open_backbone
    from agent.cli.critic_view import monitor_lines
    from agent.critics import open_critics

    found = load_config({}, config)
    critics = open_critics(found)
    with _watched(None, store, config) as (name, monitor, opened):
        model = open_backbone(found.backbone)
        try:
            seen = [probe for one in critics if one for probe in ask(one, model, Data(pairs), day=opened.today(), decisions=decisions)]
        finally:
            model.close()
        if not seen:
            raise InputError("the pairs name no failure of the kind that this critic decides; give pairs with 'failures'")
        trip = monitor.record(*seen)
        _print({}, monitor_lines(name, trip, monitor.rates(), Limits()), as_json=False)
    return OFF if trip else 0


@contextmanager
def _watched(name: str | None, place: str | None, config: str | None) -> Iterator[Watched]:
    from agent.critics import open_critics
    from agent.store_monitor import MonitorTable

    configured = None if name else open_critics(load_config({}, config)).name
    with open_store(place, config) as store:
        table = MonitorTable(store)
        known = [one for one in table.adapters() if one.startswith(name or "")]
        if configured is None and len(known) != 1:
            said = f"the store knows {', '.join(known)}" if known else "the store has seen none"
            raise ConfigError(f"no critic is configured{f' as {name!r}' if name else ''}, and {said}; set 'adapter', or give --critic HASH")
        chosen = configured or known[0]
        yield Watched(chosen, Monitor(table, chosen), store)


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):
        return "unknown"


def _print(value: dict[str, Any], lines: list[str], *, as_json: bool) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2) if as_json else "\n".join(map(safe, lines))
    sys.stdout.write(text + "\n")


__all__ = ["app"]
