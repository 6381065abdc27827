"""`winnow schema`: the JSON Schema of what is read and written.

Decides the published names of a case and of a verdict row. The flat prospect has a schema of its
own here, because its free-form part is mapped by meaning and not by key.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from agent.config import Config
from rubric import Finding, Playbook, Prospect
from rubric.errors import ConfigError
from rubric.playbook import Decision, Dimension, Marker
from rubric.verdict import Claim, SegmentShown

app = typer.Typer(add_completion=False, rich_markup_mode=None)
_LIMITS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class FlatProspect(BaseModel):
    """The flat form; keys that are not known are kept, and read where their meaning is plain."""

    model_config = ConfigDict(extra="allow")

    prospect_id: str | None = None
    company: str = Field(min_length=1, description="name of the company")
    headcount: int | None = Field(None, ge=0)
    industry: str | None = None
    funding_stage: str | None = None
    funding_amount_usd: float | None = Field(None, ge=0, description="0 stands for not known")
    funding_confidence: str | float | None = None
    disqualifiers: list[str] = []
    opt_out_channels: list[str] = []
    thread_id: str | None = None
    recipient_name: str | None = None
    recipient_role: str | None = None
    as_of: str | None = None
    available_signals: dict[str, Any] | None = Field(None, description="free-form; mapped by what a key means")


class Letter(BaseModel):
    subject: str | None = Field(None, description="null or absent: the subject is not judged")
    body: str = Field(max_length=50_000)


class Case(BaseModel):
    """One line of `winnow check --jsonl`."""

    id: Any = Field(None, description="any value; it comes back with the verdict")
    prospect: Prospect | FlatProspect
    email: Letter | str = Field(description="an object, or one string whose first line may be 'Subject: …'")
    as_of: str | None = Field(None, description="day for a prospect that has none, such as 2026-04-21")


class Row(BaseModel):
    """One verdict, as `winnow check --json` and `--jsonl` write it. A row with `error` was not
    judged: its decision, score, dimensions and segment are null, and that never means PASS or 0."""

    model_config = ConfigDict(extra="forbid")

    id: Any
    line: int | None = Field(None, description="number of the input line, in rows with an error")
    decision: Decision | None
    score: float | None = Field(ge=0, le=1, description="weighted mean of the judged dimensions")
    dimensions: dict[Dimension, float | None] | None
    segment: SegmentShown | None
    findings: list[Finding]
    tone: dict[Marker, int] | None
    compliance: dict[str, bool] | None
    warnings: list[str]
    grounding: list[Claim] | None = Field(None, description="with --explain: every claim and what carries it")
    error: str | None


def _prospect() -> dict[str, Any]:
    references, schema = models_json_schema([(Prospect, "validation"), (FlatProspect, "validation")], by_alias=True)
    nested, flat = (references[(model, "validation")] for model in (Prospect, FlatProspect))
    return {
        "title": "Prospect",
        "description": "Nested (canonical) or flat. Unknown keys are kept under extra with a warning. Words near the "
        "listed ones are read as well: 'VP Engineering' as vp_eng, 'Series B' as series_b, 0.85 as high.",
        "anyOf": [nested, flat],
        **schema,
    }


_SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "prospect": _prospect,
    "case": lambda: Case.model_json_schema(by_alias=True),
    "verdict": lambda: Row.model_json_schema(by_alias=True),
    "playbook": lambda: Playbook.model_json_schema(by_alias=True),
    "config": lambda: Config.model_json_schema(by_alias=True),
}


def schema_of(name: str) -> dict[str, Any]:
    if name not in _SCHEMAS:
        near = get_close_matches(name, _SCHEMAS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(_SCHEMAS)}"
        raise ConfigError(f"there is no schema {name!r}; {hint}")
    return {"$schema": DIALECT, **_standard(_SCHEMAS[name]())}


def _standard(value: Any) -> Any:
    """Limits under their names in JSON Schema; behind a validator, pydantic leaves its own."""
    if isinstance(value, list):
        return [_standard(item) for item in value]
    if not isinstance(value, dict):
        return value
    limits = _LIMITS if value.get("type") in ("integer", "number") else {}
    return {limits.get(key, key): _standard(item) for key, item in value.items()}


@app.command()
def schema(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help=f"One of {', '.join(_SCHEMAS)}.", autocompletion=lambda: list(_SCHEMAS))
    ],
) -> None:
    """Print the JSON Schema of what is read (prospect, case, playbook, config) or written (verdict)."""
    typer.echo(json.dumps(schema_of(name), ensure_ascii=False, indent=2))


__all__ = ["Case", "FlatProspect", "Row", "app", "schema_of"]
