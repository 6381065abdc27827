"""Where a setting comes from: a flag, then the config file, then the environment (`WINNOW_…`), then the default.

Unknown keys are refused with the nearest known name; a wrong value is named with its origin.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, get_args

import yaml
from pydantic import BaseModel, ValidationError

from agent.backbones import spec
from agent.config import Config, FailOn, settings
from agent.models import ADAPTERS
from rubric.errors import ConfigError
from rubric.playbook import builtin

PREFIX = "WINNOW_"
RESERVED = frozenset({"WINNOW_CONFIG", "WINNOW_DEBUG"})
_PATHS = ("playbook", "capacity", "templates", "adapter", "judge", "store")
_ADAPTERS = ("adapter", "judge")
BACKBONES: dict[str, type[BaseModel]] = {
    "llama": spec.LlamaSpec, "hf": spec.HfSpec, "openai": spec.OpenaiSpec, "scripted": spec.ScriptedSpec,
}  # fmt: skip
_BACKBONE_PATHS = {"llama": ("model",), "hf": ("model",), "openai": ("tokenizer",), "scripted": ("replies",)}


class Source(NamedTuple):
    """One place that values come from, and the words for it in messages."""

    name: str
    values: Mapping[str, Any]


def load_config(
    flags: Mapping[str, Any], file: str | None = None, environment: Mapping[str, str] = os.environ
) -> Config:
    """The configuration in force; `flags` holds only what was given."""
    file = file or environment.get("WINNOW_CONFIG") or None
    sources = [Source("the environment", _from_environment(environment))]
    if file is not None:
        sources.append(Source(file, _from_file(Path(file))))
    sources.append(Source("the command line", flags))
    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for source in sources:
        merged |= source.values
        origin |= dict.fromkeys(source.values, source.name)
    try:
        return Config.model_validate(_anchored(merged))
    except ValidationError as error:
        raise ConfigError(_explain(error, origin)) from None


def _anchored(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with each path that exists made whole, so that a receipt means the same from any folder."""
    out = dict(values)
    for key in _PATHS:
        value = out.get(key)
        if isinstance(value, str) and "://" not in value and not _is_name(key, value):
            path = Path(value).expanduser()
            out[key] = str(path.absolute()) if key == "store" or path.exists() else value
    return out


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """A warning for each variable that looks like a misspelt setting."""
    known = [s.variable for s in settings()]
    out = []
    for name in environment:
        if name.startswith(PREFIX) and name not in known and name not in RESERVED:
            near = get_close_matches(name, known, 1, 0.8)
            if near:
                out.append(f"the environment variable {name} is not read; did you mean {near[0]}?")
    return out


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    return {s.name: environment[s.variable] for s in settings() if environment.get(s.variable)}


def _from_file(path: Path) -> dict[str, Any]:
    """The file's values; a path in it is relative to the file's own folder."""
    data = _document(path)
    for key in sorted(set(map(str, data)) - set(Config.model_fields)):
        near = get_close_matches(key, Config.model_fields, 1, 0.5)
        hint = f"the nearest known setting is {near[0]!r}" if near else f"known are {', '.join(Config.model_fields)}"
        raise ConfigError(f"{path}: {key!r} is not a setting; {hint}")
    values = {key: value for key, value in data.items() if value is not None}
    for key in _PATHS:
        if isinstance(values.get(key), str):
            values[key] = _beside(path, values[key], key)
    if isinstance(values.get("backbone"), dict):
        values["backbone"] = _backbone_beside(path, values["backbone"])
    return values


def _document(path: Path) -> dict[Any, Any]:
    try:
        data = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except FileNotFoundError:
        raise ConfigError(f"there is no config file {str(path)!r}; examples/config.yaml shows one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the config file {str(path)!r} cannot be read: {error}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not YAML that can be read: {' '.join(str(error).split())}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds {type(data).__name__}, not a mapping of settings to values")
    return data


def _beside(path: Path, value: str, key: str) -> str:
    if _is_name(key, value) or "://" in value:
        return value
    return str(path.parent / Path(value).expanduser())


def _is_name(key: str, value: str) -> bool:
    """Whether a value is a name of ours and no path."""
    return (key == "playbook" and value in builtin()) or (key in _ADAPTERS and value in ADAPTERS)


def _backbone_beside(path: Path, block: Mapping[str, Any]) -> dict[str, Any]:
    """A block whose paths start at the config file; a hub name or 'embedded' is no path."""
    out = dict(block)
    for key in _BACKBONE_PATHS.get(str(block.get("kind", "llama")), ()):
        value = out.get(key)
        if isinstance(value, str) and value != "embedded" and (path.parent / Path(value).expanduser()).exists():
            out[key] = _beside(path, value, key)
    return out


def _explain(error: ValidationError, origin: Mapping[str, str]) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    where = origin.get(name, "the configuration")
    shown = f"--{name.replace('_', '-')}" if where == "the command line" else name
    shown = f"{PREFIX}{name.upper()}" if where == "the environment" else shown
    if name == "backbone":
        return f"{where}: {shown}{''.join(_backbone_fault(first))}"
    expected = "expected a day such as 2026-04-21" if name == "as_of" else first["msg"].removeprefix("Value error, ")
    if name == "fail_on":
        expected = f"expected one of {', '.join(get_args(FailOn))}"
    return f"{where}: {shown} is {first['input']!r:.60}; {expected[:1].lower()}{expected[1:]}"


def _backbone_fault(first: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong within a backbone's block, with the nearest known name."""
    kind, *rest = (*map(str, first["loc"][1:]), "")
    if kind not in BACKBONES:
        given = first["input"].get("kind") if isinstance(first["input"], dict) else first["input"]
        near = get_close_matches(str(given), BACKBONES, 1, 0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known kinds are {', '.join(BACKBONES)}"
        yield f".kind is {given!r:.60}; {hint}" if given is not None else f" needs a 'kind': {', '.join(BACKBONES)}"
        return
    key = rest[0] if rest else ""
    known = BACKBONES[kind].model_fields
    if first["type"] == "extra_forbidden":
        near = get_close_matches(key, known, 1, 0.5)
        hint = f"the nearest known is {near[0]!r}" if near else f"known are {', '.join(known)}"
        yield f": {key!r} is not a key of a {kind} backbone; {hint}"
    elif first["type"] == "missing":
        yield f": a {kind} backbone needs {key!r}: {known[key].description}"
    else:
        message = first["msg"].removeprefix("Value error, ")
        shown = "" if "would reach receipts" in message else f" is {first['input']!r:.60}"
        yield f".{key}{shown}; {message[:1].lower()}{message[1:]}"


__all__ = ["BACKBONES", "load_config", "unknown_variables"]
