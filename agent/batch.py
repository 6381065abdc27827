"""Many prospects, one after another: what is in the store already is not drafted again.

Decides nothing about letters. The store is the truth: a row is in it before it is given out, so a run
that is killed at any moment goes on where it was. A failing prospect is a row; a model or server that
fails several times in a row ends the run, because the rest would fail as well.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import Any, NamedTuple

from agent.drafting import Agent, Event, Task, ends_the_run, failed
from agent.importers import Incoming
from agent.recipients import addresses_of
from rubric import Reading
from rubric.errors import BackboneError, InputError, ServerError, UserError, WinnowError, WorldError

FAILURES = 5
Row = dict[str, Any]


class Done(NamedTuple):
    """A result row: `kept` where an earlier run had made it, `unread` where the prospect itself is at
    fault, `broke` where the model or a server is."""

    row: Row
    kept: bool = False
    unread: bool = False
    broke: bool = False


def run(agent: Agent, incoming: Iterable[Incoming], *, resume: bool = True, on_event: Event | None = None) -> Iterator[Done]:
    """The results in the order of the input."""
    failures, turns = 0, Turns()
    for done in _in_order(agent, incoming, lambda one: _one(agent, one, turns, resume, on_event)):
        failures = failures + 1 if done.broke else 0
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


class Turns:
    """One draft of a key at a time: the same prospect on two lines is drafted once."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._locks: dict[str, tuple[Lock, int]] = {}

    @contextmanager
    def of(self, key: str) -> Iterator[None]:
        with self._guard:
            lock, holders = self._locks.get(key, (Lock(), 0))
            self._locks[key] = (lock, holders + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, holders = self._locks.pop(key)
                if holders > 1:
                    self._locks[key] = (lock, holders - 1)


def _one(agent: Agent, incoming: Incoming, turns: Turns, resume: bool, on_event: Event | None) -> Done:
    """The result of one line, whatever is in it; only what would meet every line is raised."""
    try:
        if incoming.data is None:
            raise InputError(incoming.error or "no prospect")
        task = agent.task(incoming.data, incoming.as_of)
        with turns.of(task.key):
            return _finished(agent, task, incoming.number, resume, on_event)
    except WinnowError as error:
        if ends_the_run(error):
            raise
        unread = isinstance(error, UserError)
        said = str(error) if not unread or incoming.data is None else f"line {incoming.number}: {error}"
        broke = isinstance(error, (BackboneError, ServerError))
    except Exception as error:  # one prospect must not take the others with it
        if os.environ.get("WINNOW_DEBUG"):
            raise
        said, unread, broke = f"internal error: {type(error).__name__}: {error}; set WINNOW_DEBUG=1 for the traceback", False, False
    return Done(failed(incoming.data, said, incoming.number).row, unread=unread, broke=broke)


def _finished(agent: Agent, task: Task, line: int, resume: bool, on_event: Event | None) -> Done:
    kept = agent.store.find(task.key)
    if kept is not None and resume and not _listed(agent, task.reading, kept):
        return Done({**kept, "line": line}, kept=True)
    draft = agent.attempt(task, line=line, on_event=on_event)
    if not draft.key:
        return Done(draft.row)
    if kept is not None:
        agent.store.settle(task.key, draft.row, review=draft.review)
        return Done(draft.row)
    row = agent.store.put(draft.row, review=draft.review)
    if draft.review and agent.store.review(task.key) != draft.review:
        agent.forget(draft.review["thread"])  # another process was first, and its letter is the one that waits
    return Done({**row, "line": line})


def _listed(agent: Agent, reading: Reading, kept: Mapping[str, Any]) -> bool:
    """Whether the suppression list may have changed since a row was made: deciding anew costs no token."""
    addresses, domain = " ".join(addresses_of(reading)), reading.prospect.company.domain
    return kept["outcome"] == "SUPPRESS" or agent.parts.suppressed(addresses, domain) is not None


__all__ = ["FAILURES", "Done", "run"]
