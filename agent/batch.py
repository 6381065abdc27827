"""Many prospects, one after another: what is in the store already is not drafted again.

Decides nothing about letters. The store is the truth: a row is in it before it is given out, so a run
that is killed at any moment goes on where it was. A failing prospect is a row; a model or server that
fails several times in a row ends the run, because the rest would fail as well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from agent.drafting import Agent, Event
from agent.importers import Incoming
from rubric import Reading
from rubric.errors import InputError, WorldError

FAILURES = 5
Row = dict[str, Any]


class Done(NamedTuple):
    """A result row; `kept` where an earlier run had made it, `unread` where the prospect could not be read."""

    row: Row
    kept: bool = False
    unread: bool = False


def run(agent: Agent, incoming: Iterable[Incoming], *, resume: bool = True, on_event: Event | None = None) -> Iterator[Done]:
    """The results in the order of the input."""
    failures = 0
    for done in _in_order(agent, incoming, lambda one: _one(agent, one, resume, on_event)):
        failures = failures + 1 if done.row["outcome"] == "ERROR" and not done.unread else 0
        yield done
        if failures == FAILURES:
            raise WorldError(
                f"{FAILURES} prospects in a row failed, the last with: {done.row['error']}; what was finished is kept: "
                "mend this and run the same command to go on"
            )


def _in_order(agent: Agent, incoming: Iterable[Incoming], work: Callable[[Incoming], Done]) -> Iterator[Done]:
    """One at a time, or with `jobs` threads whose results are handed out in the order of the input."""
    jobs = agent.config.jobs
    if jobs == 1:
        yield from map(work, incoming)
        return
    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque[Future[Done]] = deque()
        try:
            for one in incoming:
                waiting.append(pool.submit(work, one))
                if len(waiting) >= 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _one(agent: Agent, incoming: Incoming, resume: bool, on_event: Event | None) -> Done:
    if incoming.data is None:
        return Done(agent.failed(None, incoming.error or "no prospect", incoming.number).row, unread=True)
    try:
        reading = agent.read(incoming.data, incoming.as_of)
    except InputError as error:
        return Done(agent.failed(incoming.data, f"line {incoming.number}: {error}", incoming.number).row, unread=True)
    kept = agent.store.find(agent.key(incoming.data, reading))
    if kept is not None and resume and not _listed(agent, reading, kept):
        return Done({**kept, "line": incoming.number}, kept=True)
    draft = agent.draft(incoming.data, incoming.as_of, line=incoming.number, on_event=on_event)
    if draft.outcome == "ERROR":
        return Done(draft.row)
    return Done(keep(agent, draft.row, replace=kept is not None))


def _listed(agent: Agent, reading: Reading, kept: Mapping[str, Any]) -> bool:
    """Whether the suppression list may have changed since a row was made: deciding anew costs no token."""
    person, company = reading.prospect.recipient, reading.prospect.company
    return kept["outcome"] == "SUPPRESS" or agent.parts.suppressed(person.email, company.domain) is not None


def keep(agent: Agent, row: Row, *, replace: bool = False) -> Row:
    """Writes a row to the store; where another process was first, its row counts."""
    if replace:
        agent.store.settle(row["key"], row)
        return row
    return {**agent.store.put(row), "line": row["line"]}


def tally(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Rows by outcome."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["outcome"]] = counts.get(row["outcome"], 0) + 1
    return counts


__all__ = ["FAILURES", "Done", "keep", "run", "tally"]
