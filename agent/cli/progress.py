"""What a person at a terminal sees of long work: a bar for many prospects, a line for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from agent.batch import Done
from agent.drafting import Event

DOING = {
    "qualify": "looking at the prospect", "compose": "sampling", "sample": "ranking", "rank": "judging", "gate": "deciding",
}  # fmt: skip


def progress(results: Iterable[Done], total: int | None) -> Iterator[Done]:
    """The results, with a bar that is drawn while they come."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[counts]}"))
    counts: Counter[str] = Counter()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
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


__all__ = ["progress", "stages"]
