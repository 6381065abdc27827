"""The results as CSV, a line for each condition, seed and item, with what is known of the item beside it.

Decides that a text which a spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from experiments.run.folder import Run
from rubric.verdict import DIMENSIONS

_ROW = ("condition", "seed", "item", "company", "outcome", "rounds", "score", "passed", "decision", "failures", "failure_cost", "flaw", "error")
_ITEM = ("task", "turn", "mode", "difficulty", "tempts", "hostile", "message_type")
_POOL = ("k", "passed", "pass_at_k", "similarity", "tied", "best")
_COST = ("prompt_computed", "prompt_reused", "decoded", "scored", "passes", "tokens", "flops", "money")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(run: Run) -> Iterator[bytes]:
    items = {item.id: item.model_dump() for item in run.items}
    yield _line([*_ROW, "expected_score", "expected_passed", *_ITEM, *DIMENSIONS, *(f"pool_{name}" for name in _POOL), *_COST])
    for row in run.results:
        item, pool, expected = items[row["item"]], row["pool"] or {}, row["expected"] or {}
        yield _line([
            *(row[name] for name in _ROW), expected.get("score"), expected.get("passed"), *(item[name] for name in _ITEM),
            *(row["dimensions"].get(name) for name in DIMENSIONS), *(pool.get(name) for name in _POOL), *(row["cost"].get(name) for name in _COST),
        ])  # fmt: skip


def _line(values: list[Any]) -> bytes:
    held = io.StringIO()
    csv.writer(held, lineterminator="\n").writerow([_cell(value) for value in values])
    return held.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return " ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


__all__ = ["render"]
