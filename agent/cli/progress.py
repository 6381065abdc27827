"""What a person at a terminal sees of long work: a bar for many things, a line for one prospect."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from agent.batch import Done
from agent.drafting import Event

if TYPE_CHECKING:
    from rich.progress import Progress

DOING = {
    "qualify": "looking at the prospect", "compose": "sampling", "sample": "ranking", "rank": "judging", "gate": "deciding",
}  # fmt: skip


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, moved on by each call; nothing where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    with _drawn("{task.description}") as drawn:
        task = drawn.add_task(what, total=total)
        yield lambda: drawn.advance(task)


def _drawn(*texts: str) -> Progress:
    """A bar on stderr between texts, with what is done, the time and the time left."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn(texts[0]), TimeElapsedColumn(), TimeRemainingColumn(), *map(TextColumn, texts[1:]))
    return Progress(*columns, console=Console(stderr=True), transient=True)


def progress(results: Iterable[Done], total: int | None) -> Iterator[Done]:
    """The results, with a bar that is drawn while they come."""
    counts: Counter[str] = Counter()
    with _drawn("{task.fields[rate]}", "{task.fields[counts]}") as bar:
        task = bar.add_task("", total=total, rate="", counts="")
        for done in results:
            counts[done.row["outcome"]] += 1
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
            bar.update(
                task, advance=1, rate=f"{speed:.2f}/s" if speed else "",
                counts=", ".join(f"{n} {outcome}" for outcome, n in counts.most_common()),
            )  # fmt: skip
            yield done


@contextmanager
def stages(wanted: bool) -> Iterator[Event | None]:
    """A line on stderr that says what one prospect waits for; nothing where nobody watches."""
    if not wanted:
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("opening") as status:
        yield lambda event: status.update(f"round {event['round']}: {DOING[event['stage']]}")


__all__ = ["bar", "progress", "stages"]
