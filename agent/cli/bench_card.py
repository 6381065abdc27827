"""`winnow bench card`: what the tasks are, in Markdown that is counted from them."""

from __future__ import annotations

from typing import Annotated

import typer
from typer import Option

from agent.cli.bench_check import AsJson, LedgerFile, Tasks, Without, opened, read, tests_of
from agent.cli.train_pairs import world_installed

app = typer.Typer(add_completion=False, rich_markup_mode=None)
CARD, DATASHEET = "CARD.md", "DATASHEET.md"
_EPILOG = """
\b
Examples:
  winnow bench card
  winnow bench card --tasks mine/ --out docs/ --without embedding

Held-out tasks are opened to be counted, and the ledger says so. None is shown.
"""


@app.callback()
def _group() -> None:
    """One command, under its own name."""


@app.command(epilog=_EPILOG)
def card(
    tasks: Tasks = None,
    out: Annotated[str | None, Option("--out", metavar="DIR", help=f"Where {CARD} and {DATASHEET} go; absent, beside the tasks.")] = None,
    without: Without = None,
    ledger: LedgerFile = None,
    as_json: AsJson = False,
) -> int:
    """Write the dataset card and the datasheet."""
    from agent.whole_file import whole_file

    place = opened(tasks, ledger)
    with world_installed():
        from experiments.bench import card as cards
        from experiments.bench.contamination import contamination
        from experiments.bench.files import room
        from experiments.bench.seal import read_seal, recorded

        left_out, home = tests_of(without or []), room(out or place.folder.path)  # before anything is opened
        rows = read(place, [], "dataset card")
        facts = cards.told(rows, contamination(rows, without=left_out), read_seal(place.folder), recorded(place.folder, place.ledger))
    if as_json:
        typer.echo(facts.model_dump_json(indent=2))
        return 0
    for name, text in ((CARD, cards.card(facts)), (DATASHEET, cards.datasheet(facts))):
        path = home / name
        with whole_file(path) as file:
            file.write(text.encode())
        typer.echo(str(path))
    return 0


__all__ = ["app"]
