"""`winnow check`: one letter, or a stream of cases."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer import Argument, Option

from agent.cli.inputs import STDIN, read_document, read_letter
from agent.cli.judging import judge_for, status_of, status_of_all
from agent.config import Config, settings
from agent.settings import load_config, unknown_variables
from rubric import to_json
from rubric.errors import ConfigError, InputError

app = typer.Typer(add_completion=False, rich_markup_mode=None)
_TEXT = {s.name: s.description for s in settings()}


def _file(help: str) -> Any:
    return Option(metavar="FILE", help=help)


def _setting(name: str, metavar: str, more: str = "") -> Any:
    return Option(metavar=metavar, help=_TEXT[name] + more)


_EPILOG = """
\b
Examples:
  winnow check --prospect prospect.json letter.txt
  winnow check --prospect prospect.json --json --explain message.eml
  cat letter.txt | winnow check --prospect prospect.json -
  winnow check --jsonl cases.jsonl > verdicts.jsonl
  generate | winnow check --jsonl - --fail-on BLOCK

\b
Exit status for one letter:
  0  PASS      may be sent
  3  PENALISE  below standard
  4  BLOCK     must not be sent
  5  ESCALATE  a person must write
  6  SUPPRESS  nobody may be written to
  1  an error of winnow itself, a plug-in or the machine
  2  a wrong flag, file, setting or input
With --jsonl it is 0, or 2 when any line could not be judged, whatever the
decisions are. --fail-on BLOCK makes both answer the question of a build:
a decision weaker than BLOCK ends with 0, the others with their own status,
and a stream with that of the strongest decision in it (2 still comes first).

A letter is text whose first line may be "Subject: ...", or an .eml message. A case is one line
{"id": ..., "prospect": {...}, "email": {"subject": ..., "body": ...}}; `winnow schema case` has the
whole form, `winnow schema verdict` that of the answer.
"""


@app.command(epilog=_EPILOG)
def check(
    letter: Annotated[str | None, Argument(metavar="LETTER", help="The letter as text or .eml; - is standard input.")] = None,
    prospect: Annotated[str | None, _file("The prospect's JSON, nested or flat; - is standard input.")] = None,
    jsonl: Annotated[str | None, _file("Judge a stream of cases, one a line; - is standard input.")] = None,
    json: Annotated[bool, Option("--json", help="Print the verdict as one JSON object.")] = False,
    explain: Annotated[bool, Option("--explain", help="List every claim with what carries it, and the ungrounded ones.")] = False,
    as_of: Annotated[str | None, _setting("as_of", "DATE")] = None,
    playbook: Annotated[str | None, _setting("playbook", "NAME|FILE")] = None,
    capacity: Annotated[str | None, _setting("capacity", "FILE")] = None,
    without: Annotated[list[str] | None, _setting("without", "RULE", " May be given several times.")] = None,
    fail_on: Annotated[str | None, _setting("fail_on", "DECISION")] = None,
    config: Annotated[str | None, _file("YAML file of settings; WINNOW_CONFIG names one too.")] = None,
) -> int:
    """Judge a letter, or a stream of cases, against the prospect's record."""
    flags: dict[str, Any] = {
        "as_of": as_of, "playbook": playbook, "capacity": capacity, "without": without or None, "fail_on": fail_on,
    }  # fmt: skip
    found = load_config({k: v for k, v in flags.items() if v is not None}, config)
    _warn(unknown_variables())
    if jsonl is not None:
        if letter is not None or prospect is not None:
            raise ConfigError("--jsonl reads prospect and letter from each line; leave out LETTER and --prospect")
        return _stream(jsonl, found, explain=explain)
    if prospect is None or letter is None:
        missing = "--prospect FILE" if prospect is None else "the LETTER"
        raise ConfigError(f"{missing} is missing; give `--prospect FILE LETTER`, or `--jsonl FILE` for many cases")
    if prospect == STDIN and letter == STDIN:
        raise ConfigError("prospect and letter cannot both come from standard input; give one of them as a file")
    return _one(prospect, letter, found, json=json, explain=explain)


def _stream(name: str, config: Config, *, explain: bool) -> int:
    from agent.cli.jsonl import judge_stream

    tally = judge_stream(name, sys.stdout.buffer, judge_for(config, explain=explain))
    if tally.errors or sys.stderr.isatty():
        sys.stderr.write(f"winnow: {tally}\n")
    return status_of_all(tally.counts, tally.errors, config.fail_on)


def _one(prospect: str, name: str, config: Config, *, json: bool, explain: bool) -> int:
    document = read_document(prospect)
    letter = read_letter(name)
    judge = judge_for(config, explain=explain)
    try:
        reading = judge.read(document)
    except InputError as error:
        where = "<stdin>" if prospect == STDIN else prospect
        raise InputError(f"{where}: {error}", error.pointer) from None
    verdict = judge.verdict(reading, letter.email)
    _warn(verdict.warnings)
    if json:
        from agent.cli.jsonl import encode

        sys.stdout.buffer.write(encode(to_json(verdict, reading.prospect.id)))
    else:
        from agent.cli.render import Sheet, render
        from agent.cli.terminal import here

        sys.stdout.write(render(Sheet(verdict, letter, reading, document, judge.playbook), here()))
    return status_of(verdict.decision, config.fail_on)


def _warn(warnings: list[str]) -> None:
    from agent.cli.terminal import safe

    for warning in warnings:
        sys.stderr.write(f"winnow: warning: {safe(warning)}\n")


__all__ = ["app"]
