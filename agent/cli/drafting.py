"""The run behind `winnow draft`: rows out as they come, exports at the end, and what the status says.

Decides that a row is in the store before anybody sees it, that files are written whole at the end, and
that an interrupted run says how to go on.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from agent.batch import Done, run
from agent.cli.draft_view import explain, render, render_plan
from agent.cli.jsonl import encode
from agent.cli.progress import progress, stages
from agent.cli.terminal import here, safe
from agent.config import Config
from agent.drafting import Agent
from agent.exports import Format, check_out, claim_export, exports_at, format_of, write_export, write_stream
from agent.importers import Incoming, read_prospects
from agent.planning import Plan, plan
from rubric.errors import ConfigError, InputError

INTERRUPTED, FAILED, TOLD = 130, 3, 5
Row = dict[str, Any]


class Job(NamedTuple):
    """What the command line asks for beside the settings."""

    prospects: str
    place: str | None
    format: Format | None
    resume: bool
    limit: int | None
    explain: bool
    fail_on: frozenset[str]

    @property
    def out(self) -> Path | None:
        return Path(self.place) if self.place else None

    @property
    def form(self) -> Format:
        """The form of the files."""
        return self.format or (format_of(self.out) if self.out else None) or "jsonl"


class Ledger:
    """What has been finished: keys of stored rows, rows of errors, and counts."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.kept = 0
        self.unread = 0
        self.said: list[str] = []
        self._addresses: dict[str, str] = {}
        self._finished: list[tuple[str, int | None] | Row] = []

    def add(self, done: Done) -> None:
        self.counts[done.row["outcome"]] += 1
        self.kept += done.kept
        self.unread += done.unread
        self._note(done.row)
        stored = done.row["key"] and done.row["outcome"] != "ERROR"
        self._finished.append((done.row["key"], done.row["line"]) if stored else done.row)

    def _note(self, row: Row) -> None:
        """What a person should hear of beside the counts."""
        place, address = f"line {row['line']}", ((row["recipient"] or {}).get("email") or "").lower()
        self.said += [f"{place}: {warning}" for warning in row["warnings"]]
        if row["error"]:
            self.said.append(row["error"] if row["error"].startswith("line ") else f"{place}: {row['error']}")
        if row["outcome"] == "DRAFT" and address:
            first = self._addresses.setdefault(address, place)
            if first != place:
                self.said.append(f"{place} goes to the same address as {first}")

    def told(self) -> Iterator[str]:
        """The first few of those, and how many more there are."""
        distinct = list(dict.fromkeys(self.said))
        yield from distinct[:TOLD]
        if len(distinct) > TOLD:
            yield f"{len(distinct) - TOLD} more; each row has its own under 'warnings' and 'error'"

    def rows(self, agent: Agent) -> Iterator[Row]:
        """Every row again, as the store holds it."""
        for one in self._finished:
            if isinstance(one, dict):
                yield one
            elif (row := agent.store.find(one[0])) is not None:
                yield {**row, "line": one[1]}

    def status(self, fail_on: frozenset[str]) -> int:
        errors = self.counts["ERROR"]
        if errors:
            return 1 if errors > self.unread else 2
        return FAILED if any(self.counts[outcome] for outcome in fail_on) else 0

    def __str__(self) -> str:
        total = sum(self.counts.values())
        parts = ", ".join(f"{n} {outcome}" for outcome, n in self.counts.most_common())
        kept = f"; {self.kept} kept from an earlier run" if self.kept else ""
        return f"{total} prospect{'s' * (total != 1)}: {parts or 'none'}{kept}"


def drive(job: Job, config: Config) -> int:
    """Drafts for every prospect; the exit status."""
    incoming, many = _peeked(_warned(_incoming(job, config)))
    if job.place:
        check_out(job.place, job.format, many)
    ledger = Ledger()
    with ExitStack() as stack:
        agent = stack.enter_context(Agent(config))
        if job.out is not None:
            _refuse_foreign(job, agent)
            stack.enter_context(claim_export(job.out, job.form))
        show = _writer(job, many=many)
        try:
            for done in _results(job, agent, incoming, many=many):
                ledger.add(done)
                show(done.row)
        except KeyboardInterrupt:
            _finish(job, ledger, agent, many=many)
            sys.stderr.write(f"winnow: interrupted after {ledger}; what was finished is kept, the same command goes on\n")
            return INTERRUPTED
        _finish(job, ledger, agent, many=many)
    if many or job.out:
        for said in ledger.told():
            sys.stderr.write(f"winnow: {safe(said)}\n")
    if many:
        sys.stderr.write(f"winnow: {ledger}\n")
    return ledger.status(job.fail_on)


def dry(job: Job, config: Config) -> int:
    """What would be sent to the model, without a token."""
    if job.out is not None or job.format in ("csv", "eml"):
        raise ConfigError("--dry-run prints text, json or jsonl; leave out --out and other formats")
    incoming, many = _peeked(_warned(_incoming(job, config)))
    with Agent(config) as agent:
        plans = _Plans(agent, incoming)
        if job.format == "json":
            rows = [_plan_row(number, found, config) for number, found in plans]
            sys.stdout.write(json.dumps(rows if many or not rows else rows[0], ensure_ascii=False) + "\n")
            return 2 if plans.unread else 0
        for number, found in plans:
            if job.format == "jsonl":
                sys.stdout.buffer.write(encode(_plan_row(number, found, config)))
            else:
                sys.stdout.write(render_plan(found, config.k, config.max_tokens, here()))
    return 2 if plans.unread else 0


class _Plans:
    """The plan of each prospect with its line; those that cannot be read are said and counted."""

    def __init__(self, agent: Agent, incoming: Iterable[Incoming]) -> None:
        self._agent, self._incoming, self.unread = agent, incoming, 0

    def __iter__(self) -> Iterator[tuple[int, Plan]]:
        for one in self._incoming:
            try:
                if one.data is None:
                    raise InputError(one.error or "no prospect")
                yield one.number, plan(self._agent, one.data, one.as_of)
            except InputError as error:
                self.unread += 1
                said = str(error).removeprefix(f"line {one.number}: ")
                sys.stderr.write(f"winnow: line {one.number}: {safe(said)}\n")


def _plan_row(line: int, found: Plan, config: Config) -> Row:
    tokens = found.tokens
    return {
        "id": found.reading.prospect.id, "line": line, "outcome": found.outcome, "reasons": found.reasons,
        "prompt_tokens": tokens and tokens.total, "static_tokens": tokens and tokens.static,
        "most_new_tokens": config.k * config.max_tokens if found.prompt else 0, "prompt": found.prompt and found.prompt.text,
    }  # fmt: skip


def _incoming(job: Job, config: Config) -> Iterator[Incoming]:
    return islice(read_prospects(job.prospects, config.columns), job.limit)


def _warned(incoming: Iterable[Incoming]) -> Iterator[Incoming]:
    """The prospects, with what the reader has to say of their columns said once."""
    said: set[str] = set()
    for one in incoming:
        for warning in one.warnings:
            if warning not in said:
                said.add(warning)
                sys.stderr.write(f"winnow: warning: {safe(warning)}\n")
        yield one


def _peeked(incoming: Iterator[Incoming]) -> tuple[Iterator[Incoming], bool]:
    """The same prospects, and whether there is more than one."""
    first = list(islice(incoming, 2))
    if not first:
        raise InputError("there is no prospect in the input; give at least {\"company\": {\"name\": \"…\"}}")
    return chain(first, incoming), len(first) > 1


def _results(job: Job, agent: Agent, incoming: Iterable[Incoming], *, many: bool) -> Iterable[Done]:
    """The results, with a bar for many, or a line for one that is gone before its row is printed."""
    if not many:
        with stages(sys.stderr.isatty()) as on_event:
            return list(run(agent, incoming, resume=job.resume, on_event=on_event))
    results = run(agent, incoming, resume=job.resume)
    if not sys.stderr.isatty() or (sys.stdout.isatty() and job.out is None):
        return results
    total = sum(1 for _ in _incoming(job, agent.config)) if Path(job.prospects).is_file() else None
    return progress(results, total)


def _writer(job: Job, *, many: bool) -> Callable[[Row], None]:
    """What becomes of a row at once: printed, or nothing where a file or an array is written at the end."""
    form, terminal = job.format or ("jsonl" if many else "text"), here()

    def show(row: Row) -> None:
        stream = sys.stderr
        if job.out is None and form == "jsonl":
            sys.stdout.buffer.write(encode(row))
        elif job.out is None and form == "text":
            stream = sys.stdout
            stream.write(render(row, terminal))
        if job.explain:
            stream.write(explain(row, terminal))
        sys.stdout.flush()

    return show


def _refuse_foreign(job: Job, agent: Agent) -> None:
    """No file is replaced that Winnow did not write: neither the list of prospects nor any other."""
    if job.out is None or not job.out.is_file():
        return
    if Path(job.prospects).exists() and job.out.samefile(job.prospects):
        raise ConfigError(f"--out {job.out} is the list of prospects itself; give another name")
    if all(export.path != job.out.resolve() for export in agent.store.exports()):
        raise ConfigError(f"--out {job.out} exists and is no export of this store; give another name, or move the file away")


def _finish(job: Job, ledger: Ledger, agent: Agent, *, many: bool) -> None:
    """Files, and whatever stdout gets in one piece."""
    if job.out is not None:
        agent.store.remember(exports_at(job.out, job.form))
        written = write_export(ledger.rows(agent), job.out, job.form, one=not many)
        notes = [f"{written.kept_edits} edited messages kept as they are"] if written.kept_edits else []
        notes += [f"{written.withdrawn} messages removed, as their prospects are no drafts any more"] if written.withdrawn else []
        sys.stderr.write(f"winnow: {'; '.join([f'wrote {job.out}', *notes])}\n")
    elif job.format in ("json", "csv", "eml"):
        write_stream(ledger.rows(agent), sys.stdout.buffer, job.format, one=not many)


__all__ = ["Job", "Ledger", "drive", "dry"]
