"""`winnow replay`: draws a receipt again and says whether the result is identical."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.inputs import decode, read_bytes, shown
from agent.cli.terminal import safe
from rubric.errors import InputError
from rubric.prospect import parse_json

if TYPE_CHECKING:
    from agent.receipt import Receipt

app = typer.Typer(add_completion=False, rich_markup_mode=None)
DIFFERENT = 3
MANY = 2**31

_EPILOG = """
\b
Exit status
  0  identical: the same prompts, tokens, rankings, verdicts and outcome
  3  not identical; the first difference is named
  1  the model or server failed
  2  a wrong flag, file or receipt

Seconds, file names and what a person decided are not compared. A replay is promised to be identical on
the same build, processor features and thread count; a server may answer differently.
"""


@app.command(epilog=_EPILOG)
def replay(
    receipt: Annotated[
        str, typer.Argument(metavar="RECEIPT", help="JSON of a draft or of its receipt, or drafts one a line; - is standard input.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each receipt.")] = False,
    backbone: Annotated[
        str | None, typer.Option("--backbone", metavar="KIND:MODEL", help="Where the model lies now, if not where it was.")
    ] = None,
    store: Annotated[str | None, typer.Option("--store", metavar="FILE", help="Store whose suppression list is consulted.")] = None,
) -> int:
    """Draw receipts again, and say whether the results are identical or where they first differ."""
    from agent.replay import Replayer

    given = {"backbone": backbone, "store": store}
    counts: Counter[str] = Counter()
    with Replayer({k: v for k, v in given.items() if v is not None}) as replayer:
        for one in _receipts(receipt):
            if one is None:
                counts["without a receipt"] += 1
                continue
            found = replayer.replay(one)
            counts["different" if found.difference else "identical"] += 1
            _show(found, one.key, as_json=as_json)
    if sum(counts.values()) > 1:
        sys.stderr.write(f"winnow: {', '.join(f'{n} {what}' for what, n in counts.items())}\n")
    return DIFFERENT if counts["different"] else 0


def _receipts(name: str) -> Iterator[Receipt | None]:
    """The receipts of a document, or of each line; None for a row that never came to one."""
    from agent.replay import read_receipt

    text = decode(read_bytes(name, "the JSON of a draft", MANY), shown(name), "the JSON of a draft")
    try:
        documents = [parse_json(text, shown(name))]
    except InputError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        documents = [parse_json(line, f"{shown(name)}, line {number}") for number, line in enumerate(lines, 1)]
    for number, document in enumerate(documents, 1):
        bare = isinstance(document, dict) and document.get("outcome") == "ERROR" and document.get("receipt") is None
        yield None if bare else read_receipt(document, shown(name) if len(documents) == 1 else f"{shown(name)}, line {number}")


def _show(found: Any, key: str, *, as_json: bool) -> None:
    if as_json:
        first = found.difference._asdict() if found.difference else None
        row = {"key": key, "identical": first is None, "difference": first, "notes": found.notes}
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(found)) + "\n")


def _lines(found: Any) -> list[str]:
    if found.difference is None:
        rounds = found.now.rounds
        letters = sum(len(r.candidates) for r in rounds)
        return [f"identical: {len(rounds)} round{'s' * (len(rounds) != 1)}, {letters} candidates, outcome {found.now.outcome}"]
    where, was, now = found.difference
    lines = [f"not identical: {where}", f"  was  {_short(was)}", f"  now  {_short(now)}"]
    return lines + [f"  note: {safe(note)}" for note in found.notes]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return safe(text if len(text) <= 200 else text[:200] + " ...")


__all__ = ["app"]
