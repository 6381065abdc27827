"""The report as one JSON document: manifest, summary and timings."""

from __future__ import annotations

from collections.abc import Iterator

from agent.lines import as_json
from experiments.report.lines import notes, verdict_lines
from experiments.run.folder import Run


def render(run: Run) -> Iterator[bytes]:
    said = {"verdict": list(verdict_lines(run)), "notes": list(notes(run))}
    yield as_json({**said, "manifest": run.manifest, "summary": run.summary, "timings": run.timings}, indented=True) + b"\n"


__all__ = ["render"]
