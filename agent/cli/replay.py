"""`winnow replay`: draws a receipt again and says whether the result is identical."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from agent.cli.inputs import read_document, shown
from agent.cli.terminal import safe

app = typer.Typer(add_completion=False, rich_markup_mode=None)
DIFFERENT = 3

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
    receipt: Annotated[str, typer.Argument(metavar="RECEIPT", help="JSON of a draft or of its receipt; - is standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object.")] = False,
    backbone: Annotated[
        str | None, typer.Option("--backbone", metavar="KIND:MODEL", help="Where the model lies now, if not where it was.")
    ] = None,
    store: Annotated[str | None, typer.Option("--store", metavar="FILE", help="Store whose suppression list is consulted.")] = None,
) -> int:
    """Draw a receipt again, and say whether the result is identical or where it first differs."""
    from agent.replay import read_receipt
    from agent.replay import replay as again

    given = {"backbone": backbone, "store": store}
    found = again(read_receipt(read_document(receipt), shown(receipt)), {k: v for k, v in given.items() if v is not None})
    if as_json:
        first = found.difference._asdict() if found.difference else None
        sys.stdout.write(json.dumps({"identical": first is None, "difference": first, "notes": found.notes}, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(found)) + "\n")
    return DIFFERENT if found.difference else 0


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
