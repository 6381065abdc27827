"""Reports of a run, each form in a module of its own that needs nothing but the run's folder.

Decides the names of the files. A form's module has one function, `render(run) -> Iterable[bytes]`; one that is not
there is not offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from agent.whole_file import whole_file
from experiments.run.folder import read_run
from rubric.errors import ConfigError


class Form(NamedTuple):
    """The file that a form is written to, and the module that makes it."""

    file: str
    module: str


FORMS = {
    "html": Form("report.html", "experiments.report.html"),
    "md": Form("report.md", "experiments.report.markdown"),
    "csv": Form("results.csv", "experiments.report.table"),
    "json": Form("report.json", "experiments.report.whole"),
}


def available() -> tuple[str, ...]:
    return tuple(name for name, form in FORMS.items() if find_spec(form.module) is not None)


def write(run: str | Path, forms: Iterable[str], out: Path) -> Iterator[Path]:
    """Writes reports into a folder, and gives the path of each."""
    found = read_run(run)
    for name in forms:
        if name not in available():
            raise ConfigError(f"this Winnow makes no report as {name}; there are {', '.join(available())}")
        path = out / FORMS[name].file
        with whole_file(path) as file:
            for part in import_module(FORMS[name].module).render(found):
                file.write(part)
        yield path


__all__ = ["FORMS", "Form", "available", "write"]
