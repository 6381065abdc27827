"""The folder of a run: what made it, what was found, and nothing that is needed from elsewhere.

    manifest.json   everything that decides a figure, hashed; a run goes on only where it is the same
    tasks.jsonl     the moments at which a letter is called for, with the brief
    units.jsonl     the journal
    traces.jsonl    a line for each letter that was drawn
    results.jsonl   a line for each condition, seed and item
    summary.json    the figures
    timings.json    seconds, joules, the machine and the ledger, which differ between two runs of the same

Decides which of these a run of another version or another plan may go on with: none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from agent import __version__
from agent.lines import as_json
from agent.whole_file import whole_file
from critic.row_files import read_rows
from experiments.run.items import Item
from rubric.errors import ConfigError, InputError

FORMAT = 1
MANIFEST, TASKS, UNITS, TRACES, RESULTS, SUMMARY, TIMINGS = (
    "manifest.json", "tasks.jsonl", "units.jsonl", "traces.jsonl", "results.jsonl", "summary.json", "timings.json",
)  # fmt: skip
_ROOMS = ("rubric", "critic", "prompts", "agent", "experiments", "training/world")
_BESIDE = ("agent/cli/", "agent/models/", "experiments/bench/tasks/", "experiments/report/", "experiments/reports/", "experiments/presets/")
_CODE = (".py", ".yaml", ".jinja")


class Run(NamedTuple):
    """A finished run as it is read back."""

    path: Path
    manifest: dict[str, Any]
    items: tuple[Item, ...]
    traces: list[dict[str, Any]]
    results: list[dict[str, Any]]
    summary: dict[str, Any]
    timings: dict[str, Any]


@lru_cache(maxsize=1)
def code_hash() -> str:
    """A hash of the code that decides figures; command line, reports and presets are left out."""
    root, digest = Path(str(files("experiments"))).parent, hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((root / room).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.suffix in _CODE and not name.startswith(_BESIDE):
                digest.update(f"{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def stamp() -> dict[str, Any]:
    """What a manifest says of the program."""
    return {"format": FORMAT, "winnow": __version__, "code": code_hash()}


def read_manifest(path: Path) -> dict[str, Any] | None:
    """The manifest of a folder; None where no run has begun there."""
    return _json(path / MANIFEST) if (path / MANIFEST).exists() else None


def refuse_another(path: Path, there: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuses to go on with a run that something else decided."""
    for key in ("format", "winnow", "code"):
        if there.get(key) != now[key]:
            raise ConfigError(
                f"{path} holds a run of another version of Winnow ({key} {there.get(key)}, and this is {now[key]}); what it found stands: finish it with that version, or give another --out"
            )
    if there.get("tasks", {}).get("sha") != now["tasks"]["sha"]:
        raise InputError(f"the task files were changed after {path} was begun; restore them, or give another --out to begin anew")
    if where := _differs("", {k: v for k, v in there.items() if k != "tasks"}, {k: v for k, v in now.items() if k != "tasks"}):
        raise ConfigError(f"{path} holds a run with another {where}; give another --out, or run with what {path / MANIFEST} says")


def _differs(where: str, one: Any, other: Any) -> str | None:
    """The first place at which two manifests part."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in (*one, *(key for key in other if key not in one)):
            if found := _differs(f"{where}.{key}" if where else str(key), one.get(key), other.get(key)):
                return found
        return None
    return None if one == other else where


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    with whole_file(path) as file:
        file.write(as_json(value, indented=True) + b"\n")


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with whole_file(path) as file:
        for row in rows:
            file.write(as_json(row) + b"\n")


def read_items(path: Path) -> tuple[Item, ...]:
    return tuple(read_rows(path / TASKS, Item, "items", "a run writes it when it begins; begin anew with another --out"))


def read_run(given: str | Path) -> Run:
    """A finished run; one that is not is told how to go on."""
    path = Path(given)
    manifest = read_manifest(path)
    if manifest is None:
        raise InputError(f"{str(path)!r} is no folder of a run: it has no {MANIFEST}; give the --out of `winnow experiment run`")
    if manifest.get("format") != FORMAT:
        raise InputError(f"{path} is of format {manifest.get('format')} and this Winnow reads {FORMAT}; read it with Winnow {manifest.get('winnow')}")
    if not (path / SUMMARY).exists():
        raise InputError(f"{path} holds a run that is not finished; go on with `winnow experiment run` and --out {path}")
    return Run(path, manifest, read_items(path), _lines(path / TRACES), _lines(path / RESULTS), _json(path / SUMMARY), _json(path / TIMINGS))


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise InputError(f"{path} cannot be read; run the same command with this --out to make it again")
    return found


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_bytes().splitlines()]
    except (OSError, ValueError):
        raise InputError(f"{path} cannot be read; run the same command with this --out to make it again") from None


__all__ = [
    "FORMAT", "MANIFEST", "RESULTS", "SUMMARY", "TASKS", "TIMINGS", "TRACES", "UNITS", "Run", "code_hash", "read_items", "read_manifest", "read_run",
    "refuse_another", "stamp", "write_json", "write_lines",
]  # fmt: skip
