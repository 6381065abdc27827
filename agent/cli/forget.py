"""`winnow forget`: removes what is kept about one person and makes sure that nobody writes to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from agent.cli.storage import ConfigFile, StorePlace, open_store
from agent.cli.terminal import safe

if TYPE_CHECKING:
    from agent.store_forget import Forgotten

app = typer.Typer(add_completion=False, rich_markup_mode=None)
LIMITS = (
    "not covered: input files, copies and backups made elsewhere, output printed to a terminal or pipe, mail programs "
    "that opened a draft, and text that names the person without the address"
)
_EPILOG = f"""
\b
Examples:
  winnow forget maya@northwind.example --dry-run
  winnow forget maya@northwind.example

Drafts, receipts, reviews and checkpoints of the person are deleted, also rows about others that hold
the address, and their rows leave every export that the store remembers. What stays is a salted hash
on the suppression list, which keeps the address from being written to again.

{LIMITS[0].upper()}{LIMITS[1:]}.
"""


@app.command(epilog=_EPILOG)
def forget(
    address: Annotated[str, Argument(metavar="ADDRESS", help="The person's e-mail address; every +tag of it is meant.")],
    dry_run: Annotated[bool, Option("--dry-run", help="Say what would be removed, and remove nothing.")] = False,
    as_json: Annotated[bool, Option("--json", help="Print JSON.")] = False,
    store: StorePlace = None,
    config: ConfigFile = None,
) -> int:
    """Remove a person's traces and suppress the address."""
    with open_store(store, config) as opened:
        done = opened.forget(address, dry_run=dry_run)
    typer.echo(json.dumps(document(done, dry_run), ensure_ascii=False, indent=2) if as_json else "\n".join(_lines(done, dry_run)))
    for failed in done.failed:
        typer.echo(f"winnow: {safe(failed.error or '')}", err=True)
    if not done.compacted:
        typer.echo("winnow: the store is in use, so deleted pages may lie in its file until the command is run again", err=True)
    return 1 if done.failed or not done.compacted else 0


def document(done: Forgotten, dry_run: bool) -> dict[str, Any]:
    """What was removed, as JSON."""
    return {
        "dry_run": dry_run,
        "tables": dict(done.tables),
        "exports": [{"path": str(one.path), "removed": one.removed, "error": one.error} for one in done.touched],
        "compacted": done.compacted,
        "not_covered": LIMITS,
    }


def _lines(done: Forgotten, dry_run: bool) -> Iterator[str]:
    verb = "would remove" if dry_run else "removed"
    removed = {name: number for name, number in done.tables.items() if number}
    for name, number in removed.items():
        yield f"{verb} {number} from {name}"
    for one in done.touched:
        if not one.error:
            yield f"{verb} {one.removed} from {safe(str(one.path))}"
    if not removed and not done.touched:
        yield "nothing about this address is kept" if dry_run else "nothing about this address was kept"
    yield "the address would be suppressed by a salted hash" if dry_run else "the address is suppressed by a salted hash"
    yield LIMITS


__all__ = ["app", "document"]
