"""The report as Markdown: the verdict first, then the tables that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from experiments.report.lines import notes, verdict_lines
from experiments.report.tables import Table, tables, text
from experiments.run.folder import Run


def render(run: Run) -> Iterator[bytes]:
    said = (_listed("Verdict", verdict_lines(run)), _listed("What to know", notes(run)))
    for part in ([f"# {run.summary['name']}", ""], *said, *map(_written, tables(run))):
        yield ("\n".join(part) + "\n").encode("utf-8", "replace")


def _listed(title: str, lines: Iterable[str]) -> list[str]:
    return [f"## {title}", "", *(f"* {line}" for line in lines), ""]


def _written(table: Table) -> list[str]:
    rows = ["| " + " | ".join(map(_cell, row)) + " |" for row in table.rows]
    note = [table.note, ""] if table.note else []
    return [f"## {table.title}", "", *note, "| " + " | ".join(table.head) + " |", "|" + "---|" * len(table.head), *rows, ""]


def _cell(value: Any) -> str:
    return text(value).replace("|", "\\|").replace("\n", " ")


__all__ = ["render"]
