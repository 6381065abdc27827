"""The measures of a run: a line of JSON each, in a file of its own, whatever else is told of them.

Decides the names under which they stand, the same for every loss, and how long a run may still take. A run
that goes on from a checkpoint first takes back the lines behind it, so that no step stands twice.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rubric.errors import StoreError

NAMES = {
    "loss": "loss", "grad_norm": "grad_norm", "learning_rate": "rate", "rewards/accuracies": "accuracy", "rewards/margins": "margin",
    "logps/chosen": "chosen", "logps/rejected": "rejected", "nll_loss": "likelihood",
}  # fmt: skip
_MEASURED = "eval_"
Row = dict[str, Any]
Report = Callable[[Row], None]


class Metrics:
    """The file, and what is told of it while the run goes on; `clock` counts seconds."""

    def __init__(self, path: Path, report: Report, clock: Callable[[], float] = time.monotonic) -> None:
        self.path, self._report, self._clock = path, report, clock
        self._began, self._first = clock(), 0
        self.last: Row = {}

    def begin(self, step: int) -> None:
        """The run goes on behind `step`."""
        self._began, self._first = self._clock(), step
        rows = [row for row in read_metrics(self.path) if row.get("step", 0) <= step]
        self._write("w", "".join(map(_line, rows)))

    def add(self, logs: Mapping[str, Any], *, step: int, steps: int, epoch: float | None) -> None:
        found = _named(logs)
        if not found:
            return
        row = {"step": step, "steps": steps, "epoch": _short(epoch), **found, "left_s": self.left(step, steps)}
        self.last = {**self.last, **row}
        self._write("a", _line(row))
        self._report(row)

    def left(self, step: int, steps: int) -> float | None:
        """Seconds that are left at the speed so far; None before the first step."""
        done = step - self._first
        return round((self._clock() - self._began) / done * (steps - step), 1) if done > 0 else None

    def _write(self, mode: str, text: str) -> None:
        try:
            with self.path.open(mode, encoding="utf-8") as out:
                out.write(text)
        except OSError as error:
            raise StoreError(f"the measures {self.path} cannot be written: {error.strerror}; make room, and run the same command again") from None


def read_metrics(path: Path) -> list[Row]:
    """The rows of a file; a last line that a kill cut short is left out."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    rows = []
    for line in lines:
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
    return rows


def _named(logs: Mapping[str, Any]) -> Row:
    found: Row = {}
    for name, value in logs.items():
        short = NAMES.get(name.removeprefix(_MEASURED))
        if short and isinstance(value, (int, float)):
            found[f"dev_{short}" if name.startswith(_MEASURED) else short] = _short(value)
    return found


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


def _line(row: Row) -> str:
    return json.dumps(row) + "\n"


__all__ = ["Metrics", "Report", "Row", "read_metrics"]
