"""The configuration: which playbook judges, on which day, with which rules, and what counts as failure.

Decides where each value comes from: a flag, then the config file, then the environment (`WINNOW_…`),
then the default. Unknown keys are refused with the nearest known name. Help texts, JSON Schema and
the README's table are made from the descriptions here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rubric import coerce
from rubric.errors import ConfigError
from rubric.playbook import builtin

FailOn = Literal["PENALISE", "BLOCK", "ESCALATE", "SUPPRESS"]
PREFIX = "WINNOW_"
RESERVED = frozenset({"WINNOW_CONFIG", "WINNOW_DEBUG"})


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


def _rules(value: Any) -> Any:
    """Rule ids as a list, or as one string with commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, list) else value


def _day(value: Any) -> Any:
    if isinstance(value, (str, date)):
        return coerce.day(value)
    raise ValueError("expected a day such as 2026-04-21")


class Config(BaseModel):
    """Every setting; absent ones keep their default."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="Winnow configuration")

    playbook: str = Field("tenacious", description="Playbook that judges: the name of a built-in one, or a YAML file.")
    capacity: str | None = Field(None, description="YAML file of stacks that replaces the playbook's capacity.")
    as_of: Annotated[date, BeforeValidator(_day)] | None = Field(
        None, description="Day that every window counts back from, for prospects without one; today if absent."
    )
    without: Annotated[tuple[str, ...], BeforeValidator(_rules)] = Field(
        (), description="Ids of rules that are switched off; `winnow rules` lists them."
    )
    fail_on: Annotated[FailOn, BeforeValidator(_upper)] | None = Field(
        None,
        description="Weakest decision that counts as failure: PENALISE, BLOCK, ESCALATE or SUPPRESS. "
        "Weaker ones then end with status 0, and with --jsonl the status is that of the strongest one found.",
    )


class Source(NamedTuple):
    """One place that values come from, and the words for it in messages."""

    name: str
    values: Mapping[str, Any]


class Setting(NamedTuple):
    """A field as help and README show it."""

    name: str
    flag: str
    variable: str
    default: str
    description: str


def settings() -> list[Setting]:
    return [
        Setting(
            name,
            f"--{name.replace('_', '-')}",
            f"{PREFIX}{name.upper()}",
            field.default if isinstance(field.default, str) else "none",
            field.description or "",
        )
        for name, field in Config.model_fields.items()
    ]


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
        return Config.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(_explain(error, origin)) from None


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
    for key in set(map(str, data)) - set(Config.model_fields):
        near = get_close_matches(key, Config.model_fields, 1, 0.5)
        hint = f"the nearest known setting is {near[0]!r}" if near else f"known are {', '.join(Config.model_fields)}"
        raise ConfigError(f"{path}: {key!r} is not a setting; {hint}")
    values = {key: value for key, value in data.items() if value is not None}
    for key in ("playbook", "capacity"):
        if isinstance(values.get(key), str) and not (key == "playbook" and values[key] in builtin()):
            values[key] = str(path.parent / values[key])
    return values


def _explain(error: ValidationError, origin: Mapping[str, str]) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    where = origin.get(name, "the configuration")
    shown = f"--{name.replace('_', '-')}" if where == "the command line" else name
    shown = f"{PREFIX}{name.upper()}" if where == "the environment" else shown
    expected = "expected a day such as 2026-04-21" if name == "as_of" else first["msg"].removeprefix("Value error, ")
    if name == "fail_on":
        expected = f"expected one of {', '.join(get_args(FailOn))}"
    return f"{where}: {shown} is {first['input']!r:.60}; {expected[:1].lower()}{expected[1:]}"


__all__ = ["Config", "FailOn", "Setting", "load_config", "settings", "unknown_variables"]
