"""`winnow bench label` and `agree`: letters that a person labels twice, and how far the labels agree.

Decides how a letter is asked about. Labels are kept one by one, so that a pass can be stopped and taken up again; the second
pass comes in another order and shows nothing of the first.
"""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from typer import Argument, Option

from agent.cli.terminal import here, safe
from rubric.errors import ConfigError

if TYPE_CHECKING:
    from experiments.bench.labels import Agreed, Case, Label

app = typer.Typer(add_completion=False, rich_markup_mode=None)
_LABEL = """
\b
At each question
  1 to 5       how good the letter is there; 5 is best
  -            cannot be judged for this prospect
  pass, penalise, block, escalate, suppress    for the decision; the first letters are enough
  q            stop here; the same command goes on with this letter

\b
Examples:
  winnow bench label letters.jsonl --out labels.jsonl
  winnow bench label letters.jsonl --out labels.jsonl --pass 2
  winnow bench agree labels.jsonl

LETTERS is what `winnow check --jsonl` reads: an id, a prospect and an email in each line. Leave some days between the passes.
"""
_AGREE = """
\b
Kappa is quadratically weighted for the dimensions, whose answers have an order, and plain for the decision. Where both
passes gave one and the same answer throughout there is no kappa, and that is said. So is that there are fewer than 10 letters,
of which kappa says little.

\b
Examples:
  winnow bench agree labels.jsonl
  winnow bench agree labels.jsonl --rater ada --rater bo --json

Two passes of one person are that person's agreement with themselves. They say how stable the labels are, and are no agreement
between raters.
"""


class Stopped(Exception):
    """The person has had enough."""


@app.command(epilog=_LABEL)
def label(
    letters: Annotated[str, Argument(metavar="LETTERS", help="JSON lines of letters with their prospects.")],
    out: Annotated[str, Option("--out", metavar="FILE", help="Where the labels go; what is there is kept.")] = "labels.jsonl",
    number: Annotated[int, Option("--pass", metavar="1|2", min=1, max=2, help="Which pass this is.")] = 1,
    rater: Annotated[str | None, Option("--rater", metavar="NAME", help="Who labels; absent, the name you are logged in with.")] = None,
) -> int:
    """Label letters in the terminal, in two passes."""
    from experiments.bench.counts import number_of
    from experiments.bench.labels import add_label, read_cases, read_labels, waiting

    who, cases, kept = rater or getpass.getuser(), read_cases(letters), read_labels(out, absent=True)
    if number == 2 and (missing := waiting(cases, kept, 1, who)):
        raise ConfigError(f"pass 1 of {who} is not finished: {_left(len(missing))}; run it without --pass 2 first")
    left = waiting(cases, kept, 2 if number == 2 else 1, who)
    for done, case in enumerate(left):
        try:
            given = _asked(case, number, who, f"{done + 1} of {len(left)}")
        except Stopped:
            typer.echo(f"stopped; {_left(len(left) - done)}", err=True)
            return 0
        add_label(out, given)
    typer.echo(f"pass {number} of {who} is finished: {number_of(len(cases), 'letter')}, in {out}")
    return 0


def _left(count: int) -> str:
    from experiments.bench.counts import number_of

    return f"{number_of(count, 'letter')} {'is' if count == 1 else 'are'} left"


def _asked(case: Case, number: int, who: str, where: str) -> Label:
    from experiments.bench.labels import DIMENSIONS, MEANING, Label
    from rubric.playbook import DECISIONS

    _show(case, where)
    marks = {name: _mark(f"{name} ({MEANING[name]})") for name in DIMENSIONS}
    decision = _decision(DECISIONS)
    return Label.model_validate({"id": case.id, "sha": case.sha, "rater": who, "pass": number, "dimensions": marks, "decision": decision})


def _show(case: Case, where: str) -> None:
    """Prospect and letter as they are, without anything that was said of them."""
    paper = here()
    brief = yaml.safe_dump(case.prospect, allow_unicode=True, sort_keys=False, width=paper.width)
    text = case.email if isinstance(case.email, str) else "\n\n".join(filter(None, (f"Subject: {case.email['subject']}" if case.email.get("subject") else "", str(case.email.get("body") or ""))))
    parts = (paper.paint(f"-- letter {where} --", bold=True), *_plain(brief), "", paper.paint("-- the letter --", bold=True), *_plain(text), "")
    typer.echo("\n".join(parts))


def _plain(text: str) -> list[str]:
    return [safe(line) for line in text.splitlines()]


def _mark(question: str) -> int | None:
    while True:
        answer = _line(f"{question}, 1 to 5 or -: ")
        if answer == "-":
            return None
        if answer in {"1", "2", "3", "4", "5"}:
            return int(answer)
        typer.echo("give 1, 2, 3, 4, 5, - or q", err=True)


def _decision(known: Any) -> str:
    while True:
        answer = _line("decision (pass, penalise, block, escalate, suppress): ").upper()
        found = [name for name in known if answer and name.startswith(answer)]
        if len(found) == 1:
            return str(found[0])
        typer.echo("give pass, penalise, block, escalate, suppress or q", err=True)


def _line(question: str) -> str:
    sys.stdout.write(question)
    sys.stdout.flush()
    answer = sys.stdin.readline()
    if not answer or answer.strip().lower() == "q":
        raise Stopped
    return answer.strip()


@app.command(epilog=_AGREE)
def agree(
    labels: Annotated[list[str], Argument(metavar="LABELS...", help="Files of labels.")],
    rater: Annotated[list[str] | None, Option("--rater", metavar="NAME", help="Whose labels: one person for the two passes, two people for the first pass of each.")] = None,
    as_json: Annotated[bool, Option("--json", help="Print JSON.")] = False,
) -> int:
    """Say how far labels agree: Cohen's kappa for each dimension."""
    from experiments.bench.labels import agreement, read_labels

    found = agreement([one for path in labels for one in read_labels(path)], rater or [])
    typer.echo(found.model_dump_json(indent=2) if as_json else "\n".join(_lines(found)))
    return 0


def _lines(found: Agreed) -> list[str]:
    from experiments.bench.counts import number_of

    kind = "agreement of one person with themselves, which is no agreement between raters" if len(found.raters) == 1 else "agreement between raters"
    lines = [f"{safe(' and '.join(found.raters))}: {kind}, {number_of(found.letters, 'letter')}"]
    for name, one in [*found.dimensions.items(), ("decision", found.decision)]:
        value = f"{one.kappa:.2f}" if one.kappa is not None else "none"
        same = f"{one.agreed:.0%} the same" if one.agreed is not None else ""
        lines.append(f"{name:<22}kappa {value:<6} of {one.n:<4} {same}{f'  ({one.note})' if one.note else ''}".rstrip())
    return [*lines, *([found.note] if found.note else [])]


__all__ = ["app"]
