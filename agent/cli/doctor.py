"""`winnow doctor`: what is missing, shadowed or broken here.

Decides what is broken (exit status 1) and what is merely absent. The lists of packages are those of
the installed distribution, so that they cannot differ from what pip was told.
"""

from __future__ import annotations

import json
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata, util
from pathlib import Path
from typing import Annotated, Any

import typer

import agent
from agent.cli.checks import Check
from agent.cli.terminal import Terminal, here
from agent.config import settings
from agent.settings import load_config, unknown_variables
from rubric import load_playbook
from rubric.errors import WinnowError
from rubric.rules import all_rules

app = typer.Typer(add_completion=False, rich_markup_mode=None)
ROOMS = ("agent", "critic", "rubric", "prompts", "training", "experiments")
_COLOUR = {"ok": "green", "note": "yellow", "broken": "red"}
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)[^;]*(?:;(?P<marker>.*))?")
_EXTRA = re.compile(r"extra\s*==\s*['\"](?P<extra>[\w-]+)['\"]")


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print an array of checks as JSON.")] = False,
    config: Annotated[str | None, typer.Option("--config", metavar="FILE", help="YAML file of settings; WINNOW_CONFIG names one too.")] = None,
    backbone: Annotated[str | None, typer.Option("--backbone", metavar="KIND:MODEL", help="Model to look at in place of the configured one.")] = None,
) -> int:
    """Look for what is missing, shadowed or broken in this installation, and at what a run will need.

    The exit status is 1 when a part of the core is broken, and 0 when only optional parts are absent.
    """
    checks = list(examine({"backbone": backbone} if backbone else {}, config))
    if as_json:
        typer.echo(json.dumps([c._asdict() for c in checks], ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(line for check in checks for line in _lines(check, here())))
    return 1 if any(c.status == "broken" for c in checks) else 0


def examine(flags: Mapping[str, Any] | None = None, config: str | None = None) -> Iterator[Check]:
    """Every check, in the order a person would ask."""
    yield _python()
    yield from _packages()
    yield from (_room(name) for name in ROOMS)
    yield _zones()
    yield from _configured(flags or {}, config)
    yield _rules()


def _python() -> Check:
    found = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}, {sys.executable}"
    enough = sys.version_info >= (3, 11)
    return Check("python", "ok" if enough else "broken", found, None if enough else "use Python 3.11 or later")


def _packages() -> Iterator[Check]:
    """The distribution itself, its core requirements, and its extras."""
    try:
        requirements = metadata.requires("winnow") or []
    except metadata.PackageNotFoundError:
        root = Path(agent.__file__).parents[1]
        yield Check("winnow", "broken", f"runs from {root} and is not installed", f"python -m pip install -e {root}")
        return
    yield Check("winnow", "ok", f"{agent.__version__}, from {Path(agent.__file__).parents[1]}")
    extras: dict[str, list[str]] = {name: [] for name in metadata.metadata("winnow").get_all("Provides-Extra") or []}
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement)
        marker = (match["marker"] or "") if match else ""
        extra = _EXTRA.search(marker)
        if match and extra:
            extras.setdefault(extra["extra"], []).append(match["name"])
        elif match and not marker.strip():
            yield _core(match["name"])
    yield from (_extra(name, packages) for name, packages in extras.items())


def _core(package: str) -> Check:
    version = _version(package)
    if version is None:
        return Check(package, "broken", "not installed", "python -m pip install --upgrade --force-reinstall winnow")
    return Check(package, "ok", version)


def _extra(name: str, packages: list[str]) -> Check:
    found = {package: _version(package) for package in packages}
    missing = [package for package, version in found.items() if version is None]
    shown = ", ".join(f"{package} {version}" for package, version in found.items() if version) or "nothing"
    if not packages:
        return Check(f"extra {name}", "ok", "needs nothing yet")
    if missing:
        return Check(f"extra {name}", "note", f"not installed: {', '.join(missing)}", f"python -m pip install 'winnow[{name}]'")
    return Check(f"extra {name}", "ok", shown)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _room(name: str) -> Check:
    """Whether the import name of a room leads to winnow's own folder."""
    root = Path(agent.__file__).resolve().parents[1]
    spec = util.find_spec(name)
    origin = Path(spec.origin).resolve() if spec and spec.origin else None
    if origin is None:
        return Check(f"name {name}", "broken", f"there is no package {name!r}", "install winnow again")
    if origin.parent.parent != root:
        return Check(
            f"name {name}", "broken", f"{name!r} leads to {origin}, which shadows {root / name}",
            "rename that module, or uninstall the distribution that brings it",
        )  # fmt: skip
    others = sorted({d for d in metadata.packages_distributions().get(name, ()) if d.lower() != "winnow"})
    if others:
        return Check(
            f"name {name}", "broken", f"the distribution {', '.join(others)} brings a package {name!r} too",
            f"python -m pip uninstall {' '.join(others)}, or keep winnow in an environment of its own",
        )  # fmt: skip
    return Check(f"name {name}", "ok", str(root / name))


def _zones() -> Check:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo("Africa/Addis_Ababa")
    except ZoneInfoNotFoundError:
        return Check("time zones", "broken", "the time zone database is missing", "python -m pip install tzdata")
    return Check("time zones", "ok", f"{len(available_timezones())} zones")


def _configured(flags: Mapping[str, Any], file: str | None) -> Iterator[Check]:
    """The settings of the environment, and the playbook they lead to."""
    for warning in unknown_variables():
        yield Check("environment", "note", warning, "rename or remove it")
    try:
        config = load_config(flags, file)
        playbook = load_playbook(config.playbook, config.capacity)
    except WinnowError as error:
        yield Check("playbook", "broken", str(error), "mend it, or unset the setting that names it")
        return
    plain = type(config)()
    changed = [s.name for s in settings() if getattr(config, s.name) != getattr(plain, s.name)]
    yield Check("settings", "ok", f"changed from their defaults: {', '.join(changed) or 'none'}")
    yield Check("playbook", "ok", f"{playbook.name} {playbook.version}, hash {playbook.hash}")
    from agent.cli.doctor_critic import examine_critic
    from agent.cli.doctor_model import examine_model

    try:
        yield from examine_model(config)
    except ImportError as error:
        yield Check("model", "broken", f"cannot be looked at: {error}", "install what is missing above")
    yield from examine_critic(config)


def _rules() -> Check:
    plugins = sorted(f"{e.name} ({e.value})" for e in metadata.entry_points(group="winnow.rules"))
    try:
        count = len(all_rules())
    except WinnowError as error:
        return Check("rules", "broken", str(error), "mend or uninstall the plug-in")
    return Check("rules", "ok", f"{count} rules; plug-ins: {', '.join(plugins) or 'none'}")


def _lines(check: Check, terminal: Terminal) -> list[str]:
    label = terminal.paint(f"{check.status:<7}", _COLOUR[check.status])
    lines = terminal.wrap(check.found, f"{'':7}{check.name:<19} ", " " * 29)
    if check.fix:
        lines += terminal.wrap(f"fix: {check.fix}", " " * 27, " " * 29)
    return [label + lines[0][7:], *lines[1:]]


__all__ = ["Check", "app", "examine"]
