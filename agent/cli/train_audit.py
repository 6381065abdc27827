"""`winnow train audit`: pairs against the tasks that will measure the critic.

Decides the exit status, how much is shown, and which pairs are kept; what a violation is, `training.pairs.audit` decides.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from agent.cli.terminal import safe
from agent.cli.train_pairs import world_installed
from rubric.errors import ConfigError, InputError

if TYPE_CHECKING:
    from training.pairs.audit.audit import Audit, Check
    from training.pairs.pair import Pair
    from training.pairs.report import Report

app = typer.Typer(add_completion=False, rich_markup_mode=None)
VIOLATION, NOT_RUN = 3, 4
_EPILOG = """
\b
Exit status
  0  every check was made, or left out by request, and nothing was found
  2  a file that cannot be read, or a wrong flag
  3  a violation: do not train on these pairs; not with --keep
  4  nothing was found, but a check could not be made

\b
Examples:
  winnow train audit pairs.jsonl --bench bench.jsonl
  winnow train audit pairs.jsonl --bench dev.jsonl --bench held_out.jsonl --json
  winnow train audit pairs.jsonl --bench bench.jsonl --without embedding
  winnow train audit pairs.jsonl --bench bench.jsonl --keep clean.jsonl
"""


@app.command(epilog=_EPILOG)
def audit(
    pairs: Annotated[str, Argument(metavar="PAIRS", help="File of pairs, as `winnow train pairs` writes it.")],
    bench: Annotated[list[str], Option("--bench", metavar="FILE", help="JSONL of tasks (a 'prospect' each) or of pairs; may be given several times.")],
    judge: Annotated[str, Option("--judge", metavar="MODEL", help="What judges the bench: a model's name, or rubric.")] = "rubric",
    generator: Annotated[list[str] | None, Option("--generator", metavar="HASH=MODEL", help="Which model an author 'model:HASH' is, where the report beside the pairs does not say.")] = None,
    without: Annotated[list[str] | None, Option("--without", metavar="CHECK", help="Leave a check out; may be given several times.")] = None,
    show: Annotated[int, Option("--show", metavar="N", min=0, help="Offending pairs to list of each check.")] = 20,
    keep: Annotated[Path | None, Option("--keep", metavar="FILE", help="Write the pairs that nothing was found against.")] = None,
    as_json: Annotated[bool, Option("--json", help="Print the audit as JSON, with every offending pair.")] = False,
) -> int:
    """Hold pairs against what will measure the critic; a violation is listed."""
    with world_installed():
        from training.pairs.audit.audit import Case
        from training.pairs.audit.audit import audit as audited
        from training.pairs.audit.item import of_pair, read_bench
        from training.pairs.pair import read_pairs
        from training.pairs.report import read_report

        read = list(read_pairs(pairs))
        ours = [of_pair(pair) for pair in read]
        beside = read_report(pairs)
        names = {**(beside.models if beside else {}), **_generators(generator or [])}
        theirs = [task for path in bench for task in read_bench(path)]
        found = audited(Case(ours, theirs, judge, names), frozenset(without or []))
    typer.echo(found.model_dump_json(indent=2) if as_json else "\n".join(_lines(found, show, kept=bool(keep))))
    if keep:
        _keep(read, found, beside, keep)
    return VIOLATION if found.violations and not keep else NOT_RUN if found.not_run else 0


def _keep(pairs: Sequence[Pair], found: Audit, beside: Report | None, path: Path) -> None:
    from training.pairs.pair import write_pairs
    from training.pairs.report import report, write_report

    guilty = {offence.pair for check in found.violations for offence in check.offences}
    left = [pair for pair in pairs if pair.id not in guilty]
    if not left:
        raise InputError(f"something was found against each of the pairs, so there is none to keep in {path}; make others with another --seed")
    write_pairs(path, left)
    if beside:
        gone = beside.dropped + len(pairs) - len(left)
        write_report(path, report(left, beside.seed, beside.skipped, dropped=gone, models=beside.models))
    sys.stderr.write(f"winnow: {path} has {len(left)} of {len(pairs)} pairs; something was found against the others\n")


def _generators(given: list[str]) -> dict[str, str]:
    parts = [one.partition("=") for one in given]
    if wrong := [one for one, (_, sign, name) in zip(given, parts, strict=True) if not sign or not name]:
        raise ConfigError(f"--generator is {wrong[0]!r}; expected HASH=MODEL, such as 1a2b3c4d=Qwen/Qwen3-1.7B")
    return {key.removeprefix("model:"): name for key, _, name in parts}


def _lines(found: Audit, show: int, *, kept: bool) -> list[str]:
    lines = [f"{found.pairs} pairs against {found.tasks} tasks"]
    for check in found.checks:
        lines += _check(check, show)
    if found.violations and not kept:
        lines.append("do not train on these pairs: take the listed ones out with --keep FILE, or make others with another --seed")
    elif found.not_run:
        lines.append("nothing was found, and not everything was looked at")
    return lines


def _check(check: Check, show: int) -> list[str]:
    count = f" ({len(check.offences)})" if check.offences else ""
    lines = [f"{check.status + count:<16}{check.name:<11}{safe(check.found)}"]
    lines += [f"    {one.pair}{f' and {safe(one.task)}' if one.task else ''}: {safe(one.why)}" for one in check.offences[:show]]
    left = len(check.offences) - show
    return [*lines, f"    and {left} more; --show {len(check.offences)} lists all"] if left > 0 else lines


__all__ = ["app"]
