"""The report as one HTML page that needs nothing else: no server, no network, no font.

Decides what stands where. Refuses to run anything but its own script: a policy in the page names style and script by
their hashes, and data become text and never elements. Without JavaScript all but the browser of drafts is there.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, NamedTuple

from experiments.report.drafts import drafts, embedded
from experiments.report.headline import headline
from experiments.report.lines import EMBEDDED, notes, verdict_lines
from experiments.report.pareto import COSTS, QUALITIES, Plot, is_ceiling, plots
from experiments.report.svg import forest, legend_mark, plot_svg
from experiments.report.tables import Estimate, Table, tables, text
from experiments.run.folder import Run

_FIRST = ("Comparisons", "Conditions")  # these stand before the browser of drafts, the others behind it
_LONG = 30
_NUMBER = re.compile(r"[+-]?\d[\d.,e+-]*|none")


class Cell(NamedTuple):
    text: str
    number: bool
    picture: Any = ""


class Shown(NamedTuple):
    """A table as the page writes it."""

    id: str
    table: Table
    rows: list[list[Cell]]

    @property
    def long(self) -> bool:
        return len(self.rows) > _LONG


class Figure(NamedTuple):
    plot: Plot
    picture: Any
    shown: bool


def render(run: Run) -> Iterator[bytes]:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(loader=PackageLoader("experiments.report", "page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    for part in environment.get_template("page.jinja").generate(**_context(run)):
        yield part.encode("utf-8", "replace")


def _context(run: Run) -> dict[str, Any]:
    from markupsafe import Markup

    css, script = (files("experiments.report").joinpath("page", name).read_text("utf-8") for name in ("page.css", "page.js"))
    shown = [_shown(table) for table in tables(run)]
    figures = [Figure(one, Markup(plot_svg(one, f"plot-{n}")), n == 0) for n, one in enumerate(plots(run))]  # noqa: S704  made here, its texts escaped
    return {
        "run": run, "summary": run.summary, "headline": headline(run), "lines": list(verdict_lines(run)), "notes": [one for one in notes(run) if one != EMBEDDED],
        "embedded": EMBEDDED if EMBEDDED in notes(run) else None, "figures": figures, "qualities": _known(QUALITIES, [one.plot.quality for one in figures]),
        "costs": _known(COSTS, [one.plot.cost for one in figures]), "legend": _legend(run, Markup), "compared": bool(run.summary["comparisons"]), "has_fronts": any(one.table.title == "Fronts" for one in shown),
        "first": sorted((one for one in shown if one.table.title in _FIRST), key=lambda one: _FIRST.index(one.table.title)),
        "others": [one for one in shown if one.table.title not in _FIRST], "css": Markup(css), "script": Markup(script),  # noqa: S704  the page's own
        "policy": f"default-src 'none'; style-src {_hash(css)}; script-src {_hash(script)}; img-src data:; base-uri 'none'; form-action 'none'",
        "drafts": Markup(embedded([drafts(run)])) if run.results else "",  # noqa: S704  holds no '<'
    }  # fmt: skip


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _known(names: Mapping[str, str], there: list[str]) -> dict[str, str]:
    return {name: said for name, said in names.items() if name in there}


def _legend(run: Run, markup: Any) -> list[tuple[str, Any]]:
    return [(name, markup(legend_mark(n, hollow=is_ceiling(run, name)))) for n, name in enumerate(run.summary["conditions"])]


def _shown(table: Table) -> Shown:
    """A table with its differences drawn, where it has any."""
    name = re.sub(r"[^a-z]+", "-", table.title.lower()).strip("-")
    rows = [[_cell(value) for value in row] for row in table.rows]
    if table.drawn is not None:
        _draw(table, rows, table.drawn)
    return Shown(name, table, rows)


def _draw(table: Table, rows: list[list[Cell]], column: int) -> None:
    from markupsafe import Markup

    found = [row[column] if isinstance(row[column], Estimate) else None for row in table.rows]
    for row, picture in zip(rows, forest(found), strict=True):
        row[column] = row[column]._replace(picture=Markup(picture))  # noqa: S704  made of numbers alone


def _cell(value: Any) -> Cell:
    said = text(value)
    number = isinstance(value, (int, float)) or (isinstance(value, Estimate) and value.value is not None) or bool(_NUMBER.fullmatch(said))
    return Cell(said, number)


__all__ = ["render"]
