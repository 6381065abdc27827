"""`winnow review`: the letters that wait for a person, and what the person says of them.

An edited letter goes through the gate as any other; one that fails is not kept, and the faults are said.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from agent.cli.inputs import read_letter
from agent.cli.terminal import here, safe
from agent.settings import load_config
from rubric.errors import InputError

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)
_Key = Annotated[str, typer.Argument(metavar="KEY", help="Key of the letter, or its first characters; `winnow review list` shows it.")]
_Store = Annotated[str | None, typer.Option("--store", metavar="FILE", help="Store that holds the letter.")]
_Config = Annotated[str | None, typer.Option("--config", metavar="FILE", help="YAML file of settings that names the store.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the row as JSON.")]


@app.callback()
def _about() -> None:
    """Accept, edit or ignore letters that wait for a person (setting `review`)."""


@app.command("list")
def waiting(store: _Store = None, config: _Config = None, as_json: _Json = False) -> None:
    """List the letters that wait."""
    rows = _waiting(_store(store, config))
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False) + "\n")
        return
    for row in rows:
        person = (row["recipient"] or {}).get("name") or "nobody named"
        said = f"{row['key'][:12]}  {row['company']}, {person}: {(row['email'] or {}).get('subject')}  ({row['decision']}, score {row['score']})"
        sys.stdout.write(safe(said) + "\n")


@app.command()
def show(key: _Key, store: _Store = None, config: _Config = None, as_json: _Json = False) -> None:
    """Print one letter."""
    row = _found(key, _store(store, config))
    if as_json:
        _print(row)
        return
    letter = row["email"] or {}
    sys.stdout.write(f"Subject: {safe(letter.get('subject') or '')}\n\n")
    sys.stdout.write("\n".join(safe(line) for line in (letter.get("body") or "").splitlines()) + "\n")
    sys.stdout.write(here().paint(f"\n{row['decision']}, score {row['score']}, key {row['key'][:12]}", dim=True) + "\n")


@app.command()
def accept(key: _Key, store: _Store = None, config: _Config = None, as_json: _Json = False) -> None:
    """Make the letter a draft as it is."""
    _answer(key, _store(store, config), {"type": "accept"}, as_json=as_json)


@app.command()
def ignore(key: _Key, store: _Store = None, config: _Config = None, as_json: _Json = False) -> None:
    """Turn the letter down; the prospect is not drafted for again with the same settings."""
    _answer(key, _store(store, config), {"type": "ignore"}, as_json=as_json)


@app.command()
def edit(
    key: _Key,
    letter: Annotated[str, typer.Argument(metavar="LETTER", help="The new text, with a Subject: line first; - is standard input.")],
    store: _Store = None,
    config: _Config = None,
    as_json: _Json = False,
) -> None:
    """Replace the letter by your own text, which the rubric judges too."""
    email = read_letter(letter).email
    _answer(key, _store(store, config), {"type": "edit", "args": {"subject": email.subject, "body": email.body}}, as_json=as_json)


def _answer(key: str, store: str, answer: Mapping[str, Any], *, as_json: bool) -> None:
    from agent.replay import config_of, read_receipt
    from agent.reviewing import settle

    row = _found(key, store)
    config = config_of(read_receipt(row, key), {"store": store, "backbone": {"kind": "scripted"}, "ranker": "as_sampled", "adapter": None, "judge": None})
    settled = settle(row, config, answer)
    if as_json:
        _print(settled)
    else:
        sys.stdout.write(f"{settled['outcome']}  {settled['key'][:12]}  {safe(settled['company'])}\n")


def _print(row: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


def _waiting(store: str) -> list[dict[str, Any]]:
    from agent.store import Store

    with Store(store) as opened:
        return list(opened.waiting())


def _found(key: str, store: str) -> dict[str, Any]:
    rows = [row for row in _waiting(store) if row["key"].startswith(key)]
    if len(rows) != 1:
        said = "waits for a review" if not rows else "is not enough to tell the waiting letters apart"
        raise InputError(f"{key!r}: {'no letter of that key ' if not rows else 'that key '}{said}; `winnow review list` shows them")
    return rows[0]


def _store(given: str | None, config: str | None) -> str:
    return load_config({"store": given} if given else {}, config).store


__all__ = ["app"]
