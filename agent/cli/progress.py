"""A bar on stderr for long work: how many, how fast, how long still, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from agent.batch import Done


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


__all__ = ["progress"]
