"""`winnow draft`: a prospect, or a file of them, becomes drafts with receipts.

Decides where results go and what the exit status says. Every setting is a flag; what is wrong with
one is found before the first prospect.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option, Typer

from agent.config import settings
from agent.settings import load_config, unknown_variables
from rubric.errors import ConfigError

if TYPE_CHECKING:
    from agent.exports import Format

app = Typer(add_completion=False, rich_markup_mode=None)
_SETTINGS = {s.name: s for s in settings()}
FORMATS: tuple[Format, ...] = ("text", "json", "jsonl", "eml", "csv")
FAILURES = ("abstain", "suppress", "escalate", "review")


def _setting(name: str, metavar: str | None = None, *short: str) -> Any:
    found = _SETTINGS[name]
    return Option(found.flag, *short, metavar=metavar, help=f"{found.description} Default: {found.default}.")


_EPILOG = """
\b
Exit status
  0    every prospect has a result; suppressed, escalated and abstained are results
  1    the model, a server, the store or the disk failed for at least one prospect
  2    a wrong flag, setting or file, or a prospect that could not be read
  130  interrupted; what was finished is kept, the same command goes on
With --fail-on abstain (suppress, escalate, review) such a result ends with 3.

\b
Examples
  winnow draft prospect.json
  winnow draft prospects.csv --out drafts/ --format eml
  cat prospects.jsonl | winnow draft - --backbone llama:model.gguf > drafts.jsonl
  winnow draft prospect.json --dry-run
"""


@app.command(epilog=_EPILOG)
def draft(
    prospects: Annotated[str | None, Argument(metavar="PROSPECTS", help="A .json, .jsonl or .csv file; - is standard input.")] = None,
    k: Annotated[int | None, _setting("k", "N", "-k")] = None,
    temperature: Annotated[float | None, _setting("temperature", "T")] = None,
    seed: Annotated[int | None, _setting("seed", "N")] = None,
    backbone: Annotated[str | None, _setting("backbone", "KIND:MODEL")] = None,
    config: Annotated[str | None, Option("--config", metavar="FILE", help="YAML file of settings; WINNOW_CONFIG names one too.")] = None,
    json: Annotated[bool, Option("--json", help="The same as --format json.")] = False,
    out: Annotated[str | None, Option("--out", metavar="FOLDER|FILE", help="Where results go; a folder gets drafts.jsonl too. Absent: standard output.")] = None,
    format: Annotated[str | None, Option("--format", metavar="FORMAT", help=f"One of {', '.join(FORMATS)}; absent, text for one prospect and jsonl for many.")] = None,
    resume: Annotated[bool, Option("--resume/--no-resume", help="Keep what an earlier run drafted with the same settings, or draw it again.")] = True,
    limit: Annotated[int | None, Option("--limit", metavar="N", min=1, help="Only the first N prospects.")] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Show each prompt with its length, or the decision without one; no token is spent.")] = False,
    explain: Annotated[bool, Option("--explain", help="Show all candidates side by side with scores and findings.")] = False,
    fail_on: Annotated[list[str] | None, Option("--fail-on", metavar="OUTCOME", help=f"End with status 3 on one of {', '.join(FAILURES)}; may be given several times.")] = None,
    max_rounds: Annotated[int | None, _setting("max_rounds", "N")] = None,
    max_tokens: Annotated[int | None, _setting("max_tokens", "N")] = None,
    top_p: Annotated[float | None, _setting("top_p", "P")] = None,
    top_k: Annotated[int | None, _setting("top_k", "N")] = None,
    min_p: Annotated[float | None, _setting("min_p", "P")] = None,
    repeat_penalty: Annotated[float | None, _setting("repeat_penalty", "X")] = None,
    temperature_step: Annotated[float | None, _setting("temperature_step", "T")] = None,
    hot_min_p: Annotated[float | None, _setting("hot_min_p", "P")] = None,
    max_similarity: Annotated[float | None, _setting("max_similarity", "S")] = None,
    ranker: Annotated[str | None, _setting("ranker", "NAME")] = None,
    adapter: Annotated[str | None, _setting("adapter", "FILE")] = None,
    critic_reward: Annotated[str | None, _setting("critic_reward", "NAME")] = None,
    critic_threshold: Annotated[float | None, _setting("critic_threshold", "R")] = None,
    critic_unchecked: Annotated[bool | None, Option("--critic-unchecked/--critic-checked", help=_SETTINGS["critic_unchecked"].description)] = None,
    judge: Annotated[str | None, _setting("judge", "FILE")] = None,
    accept: Annotated[str | None, _setting("accept", "DECISION")] = None,
    prompt: Annotated[str | None, _setting("prompt", "STYLE")] = None,
    sender: Annotated[str | None, _setting("sender", "NAME, TITLE")] = None,
    templates: Annotated[str | None, _setting("templates", "FOLDER")] = None,
    review: Annotated[bool | None, Option("--review/--no-review", help=_SETTINGS["review"].description)] = None,
    playbook: Annotated[str | None, _setting("playbook", "NAME|FILE")] = None,
    capacity: Annotated[str | None, _setting("capacity", "FILE")] = None,
    as_of: Annotated[str | None, _setting("as_of", "DATE")] = None,
    without: Annotated[list[str] | None, _setting("without", "RULE")] = None,
    store: Annotated[str | None, _setting("store", "FILE")] = None,
    jobs: Annotated[int | None, _setting("jobs", "N", "-j")] = None,
    columns: Annotated[str | None, _setting("columns", "MAPPING")] = None,
) -> int:
    """Draft for one prospect, or for each prospect of a file. Nothing is ever sent."""
    given = locals()
    flags = {name: given[name] for name in _SETTINGS if name != "fail_on" and given[name] not in (None, [])}
    found = load_config(flags, config)
    for warning in unknown_variables():
        sys.stderr.write(f"winnow: warning: {warning}\n")
    if prospects is None:
        if sys.stdin.isatty():
            raise ConfigError("PROSPECTS is missing; give a .json, .jsonl or .csv file, or - for standard input")
        prospects = "-"
    from agent.cli.drafting import Job, drive, dry

    job = Job(prospects, out, _format(format, json=json), resume, limit, explain, _failures(fail_on or []))
    return dry(job, found) if dry_run else drive(job, found)


def _format(given: str | None, *, json: bool) -> Format | None:
    if json and given not in (None, "json"):
        raise ConfigError(f"--json and --format {given} say different things; give one of them")
    found = next((f for f in FORMATS if f == given), None)
    if given is not None and found is None:
        raise ConfigError(f"--format is {given!r}; expected one of {', '.join(FORMATS)}")
    return "json" if json else found


def _failures(given: list[str]) -> frozenset[str]:
    for name in given:
        if name.lower() not in FAILURES:
            raise ConfigError(f"--fail-on is {name!r}; expected one of {', '.join(FAILURES)}")
    return frozenset(name.upper() for name in given)


__all__ = ["app"]
