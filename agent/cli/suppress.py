"""`winnow suppress`: who is never written to.

The list is consulted before any token is spent. An address holds for all its tags, a domain for
everybody below it.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer
from typer import Argument, Option

from agent.cli.storage import ConfigFile, StorePlace, open_store
from agent.cli.terminal import safe
from rubric import coerce
from rubric.errors import InputError

if TYPE_CHECKING:
    from agent.suppression import Entry, Suppression
    from agent.suppression_files import Imported

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    invoke_without_command=True,
    help="Keep the list of addresses and domains that are never written to.",
)
_EPILOG = """
\b
Examples:
  winnow suppress add maya@northwind.example --reason "asked us to stop"
  winnow suppress add northwind.example --on 2026-04-21
  winnow suppress import unsubscribed.csv
  winnow suppress check maya+news@northwind.example
  winnow suppress list --json

An address holds for every +tag of it, a domain for everybody below it. `winnow draft` looks here
before any token is spent. A file to import has one entry a line, or a header with email, address or
domain, and maybe reason and date. A line whose day cannot be read is listed as of today; one whose
opt-out column says no is not listed.
"""
_WHO = Argument(metavar="ADDRESS|DOMAIN", help="An e-mail address, or a domain for everybody in it.")
_JSON = Option("--json", help="Print JSON.")
_ON = Option("--on", metavar="DATE", help="Day of the request; today if absent.")
_REASON = Option("--reason", metavar="TEXT", help="Why; it is shown wherever the entry keeps a letter back.")
LISTED = 6
PROVIDERS = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com yahoo.com icloud.com me.com aol.com proton.me gmx.de gmx.net web.de".split()
)


@app.callback(epilog=_EPILOG)
def _start(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(2)


@app.command(epilog=_EPILOG)
def add(
    who: Annotated[str, _WHO],
    reason: Annotated[str | None, _REASON] = None,
    on: Annotated[str | None, _ON] = None,
    as_json: Annotated[bool, _JSON] = False,
    store: StorePlace = None,
    config: ConfigFile = None,
) -> None:
    """List an address or a domain."""
    with _opened(store, config) as listed:
        added = listed.add(who, reason, _day(on))
    if as_json:
        typer.echo(_json({**document(added.entry), "new": added.new}))
    else:
        typer.echo(f"{'listed' if added.new else 'was listed already'}: {_line(added.entry)}")
    if added.entry.value in PROVIDERS:
        typer.echo(f"winnow: everybody with an address at {added.entry.value} is suppressed; `winnow suppress remove` takes it back", err=True)


@app.command(epilog=_EPILOG)
def remove(
    who: Annotated[str, _WHO],
    forgotten: Annotated[bool, Option("--forgotten", help="Take somebody off who was forgotten by request.")] = False,
    as_json: Annotated[bool, _JSON] = False,
    store: StorePlace = None,
    config: ConfigFile = None,
) -> None:
    """Take an address or a domain off the list."""
    with _opened(store, config) as listed:
        gone = listed.remove(who, forgotten=forgotten)
        left = listed.match(who, who if "@" not in who else None)
    if not gone:
        raise InputError(f"{who} is not on the list itself" + (f"; {left.reason}" if left else "; `winnow suppress list` shows what is"))
    if as_json:
        typer.echo(_json([document(entry) for entry in gone]))
    else:
        typer.echo("\n".join(f"removed: {_line(entry)}" for entry in gone))
    if left:
        typer.echo(f"winnow: still {left.reason}", err=True)


@app.command("list", epilog=_EPILOG)
def show(as_json: Annotated[bool, _JSON] = False, store: StorePlace = None, config: ConfigFile = None) -> None:
    """Print the list."""
    with _opened(store, config) as listed:
        entries = listed.list()
    if as_json:
        typer.echo(_json([document(entry) for entry in entries]))
        return
    for entry in entries:
        typer.echo(_line(entry))
    typer.echo(f"winnow: {len(entries)} {'entry' if len(entries) == 1 else 'entries'}", err=True)


@app.command("import", epilog=_EPILOG)
def read(
    file: Annotated[str, Argument(metavar="FILE", help="A .csv or .txt file; - is standard input.")],
    reason: Annotated[str | None, _REASON] = None,
    on: Annotated[str | None, _ON] = None,
    as_json: Annotated[bool, _JSON] = False,
    store: StorePlace = None,
    config: ConfigFile = None,
) -> int:
    """List what a file holds; lines that cannot be read are told and the others are taken."""
    from agent.suppression_files import import_list

    with _lines(file) as lines, _opened(store, config) as listed:
        done = import_list(listed, lines, reason, _day(on))
    for warning in done.warnings:
        typer.echo(f"winnow: warning: {safe(warning)}", err=True)
    for error in done.errors:
        typer.echo(f"winnow: {safe(error)}", err=True)
    if as_json:
        typer.echo(_json(done._asdict()))
    else:
        typer.echo(f"{done.added} listed, {done.known} were listed already{_beside(done)}")
    return 2 if done.errors else 0


@app.command(epilog=_EPILOG)
def check(
    who: Annotated[str, _WHO], as_json: Annotated[bool, _JSON] = False, store: StorePlace = None, config: ConfigFile = None
) -> int:
    """Say whether somebody may be written to; status 6 where the list speaks against it, as with `winnow check`."""
    with _opened(store, config) as listed:
        listed.entry(who)
        match = listed.match(who) if "@" in who.lstrip("@") else listed.match(domain=who)
    if as_json:
        typer.echo(_json({"listed": match is not None, "reason": match.reason if match else None, "entry": document(match.entry) if match else None}))
    else:
        typer.echo(match.reason if match else f"{safe(who)} is not on the list")
    return LISTED if match else 0


def _beside(done: Imported) -> str:
    counts = ((len(done.warnings), "without a day of their own"), (done.skipped, "no opt-out"), (len(done.errors), "not read"))
    return "".join(f", {count} {what}" for count, what in counts if count)


@contextmanager
def _opened(place: str | None, config: str | None) -> Iterator[Suppression]:
    from agent.suppression import Suppression

    with open_store(place, config) as store:
        yield Suppression(store)


@contextmanager
def _lines(name: str) -> Iterator[TextIO]:
    if name == "-":
        yield io.TextIOWrapper(io.BytesIO(sys.stdin.buffer.read()), "utf-8", "surrogateescape")
        return
    try:
        file = Path(name).open(encoding="utf-8", errors="surrogateescape")  # noqa: SIM115  opening fails apart from reading
    except (OSError, ValueError) as error:
        raise InputError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}; give a .csv or .txt file, or -") from None
    with file:
        yield file


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        found: date = coerce.day(text)
    except ValueError:
        raise InputError(f"--on is {text!r:.40}; expected a day such as 2026-04-21") from None
    return found


def document(entry: Entry) -> dict[str, Any]:
    """An entry as JSON."""
    return {"entry": entry.value, "kind": entry.kind, "reason": entry.reason, "on": entry.on.isoformat()}


def _line(entry: Entry) -> str:
    value = f"{entry.value[:19]}…" if entry.kind == "forgotten" else entry.value
    return "  ".join(filter(None, (entry.on.isoformat(), f"{entry.kind:<9}", safe(value), safe(entry.reason or ""))))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


__all__ = ["app", "document"]
