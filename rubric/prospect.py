"""The prospect: who is written to, what is known, and how sure we are of it.

Decides what a brief says once its words are brought into closed vocabularies. Unknown keys move to
`extra` with one warning each; wrong types and impossible values are refused with the JSON pointer,
the value and what was expected. The flat form of `flat.py` is turned into this one first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from rubric import coerce
from rubric.errors import InputError
from rubric.names import first_name

MAX_TEXT = 20_000
Level = Annotated[coerce.Confidence, BeforeValidator(coerce.confidence)]
Day = Annotated[date, BeforeValidator(coerce.day)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Count = Annotated[int, BeforeValidator(coerce.headcount), Field(ge=0, le=100_000_000)]
Amount = Annotated[float, Field(ge=0, le=1e13)]


def _refuse_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("true and false are no numbers")
    return value


def _as_list(value: Any) -> Any:
    """One word, or a mapping of flags, read as a list of words."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, Mapping):
        return [key for key, on in value.items() if on]
    return [] if value is None or value is False else value


def _named(value: str) -> str:
    """The name without blanks around it; one that shows nothing is none."""
    if not any(char.isprintable() and not char.isspace() for char in value):
        raise ValueError("the name is blank; give the name as it is written")
    return value.strip()


Tags = Annotated[list[Text], BeforeValidator(_as_list)]
Name = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_named)]


class Part(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class Company(Part):
    name: Name
    domain: str | None = None
    industry: Text | None = None
    headcount: Count | None = None
    hq: Text | None = None
    timezone: str | None = None
    regulated: bool | None = None
    regulatory_context: Text | None = Field(None, description="who regulates them, in words")

    _no_bool = field_validator("headcount", mode="before")(_refuse_bool)


class Recipient(Part):
    name: str | None = Field(None, max_length=300)
    role: Annotated[coerce.Role, BeforeValidator(coerce.role)] | None = None
    title: str | None = Field(None, max_length=300)
    email: str | None = Field(None, max_length=320)
    timezone: str | None = None

    @property
    def first_name(self) -> str | None:
        return first_name(self.name)

    @property
    def chief(self) -> bool:
        return self.role in coerce.CHIEFS or coerce.is_chief(self.title)


class Signal(Part):
    confidence: Level | None = Field(None, description="absent means that the brief states it plainly")
    observed_on: Day | None = None


class Funding(Signal):
    stage: Annotated[coerce.Stage, BeforeValidator(coerce.stage)] | None = None
    amount_usd: Amount | None = None
    closed_on: Day | None = None
    investors: Tags = []
    strategic_only: bool = False

    _no_bool = field_validator("amount_usd", mode="before")(_refuse_bool)


class OpenRole(Part):
    title: Text | None = None
    stack: Text | None = None
    days_open: Count | None = None


class Hiring(Signal):
    open_engineering_roles: Count | None = None
    velocity: Annotated[coerce.Velocity, BeforeValidator(coerce.velocity)] | None = None
    delta_pct: float | None = None
    roles: list[OpenRole] = []


class Layoff(Signal):
    on: Day | None = None
    pct: Annotated[float, Field(ge=0, le=100)] | None = None


class Restructuring(Signal):
    on: Day | None = None


class Leadership(Signal):
    role: Annotated[coerce.Role, BeforeValidator(coerce.role)] | None = None
    name: str | None = None
    started_on: Day | None = None
    interim: bool = False


class AiMaturity(Signal):
    score: Annotated[int, Field(ge=0, le=3)] | None = None


class CapabilityGap(Signal):
    capability: Text | None = None
    stack: Text | None = None
    days_open: Count | None = None
    evidence: Text | None = None


class TechStack(Signal):
    items: Tags = []
    confirmed: bool = False


class Signals(Part):
    funding: Funding | None = None
    hiring: Hiring | None = None
    layoff: Layoff | None = None
    restructuring: Restructuring | None = None
    leadership: Leadership | None = None
    ai_maturity: AiMaturity | None = None
    capability_gap: CapabilityGap | None = None
    tech_stack: TechStack | None = None
    facts: Tags = []


class Peer(Part):
    name: str | None = None
    practice: Text | None = None
    source_url: str | None = None
    confidence: Level | None = None


class Need(Part):
    stack: str | None = None
    engineers: Count | None = None
    seniority: str | None = None
    start_by: Day | None = None
    named_engineer: str | None = None


class StackCapacity(Part):
    available: Count
    senior: Count | None = None
    deploy_days: Count | None = None
    committed_until: Day | None = None


class Commitment(Part):
    who: str | None = None
    stack: str | None = None
    starts: Day | None = None
    ends: Day | None = None
    type: str | None = Field(None, description="'renewal' where an extension is being discussed")

    @model_validator(mode="after")
    def _in_order(self) -> Commitment:
        if self.starts and self.ends and self.ends < self.starts:
            raise ValueError(f"ends on {self.ends}, before it starts on {self.starts}")
        return self


class Message(Part):
    sender: str = Field("prospect", alias="from")
    on: Day | None = None
    text: Text = ""
    model_config = ConfigDict(populate_by_name=True)


class Thread(Part):
    id: str | None = None
    messages: list[Message] = []


class OtherThread(Part):
    id: str | None = None
    party: str | None = Field(None, alias="with")
    facts: Tags = []
    model_config = ConfigDict(populate_by_name=True)


class SegmentClaim(Part):
    name: str | None = None
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None


class Prospect(Part):
    """One brief. Every window counts back from `as_of`."""

    id: str | None = Field(None, max_length=300)
    as_of: Day | None = None
    message_type: Annotated[coerce.MessageType, BeforeValidator(coerce.plain)] = "cold"
    buying_stage: Annotated[coerce.BuyingStage, BeforeValidator(coerce.plain)] | None = None
    touch: Annotated[int, Field(ge=1, le=1000)] = 1
    channel: Annotated[coerce.Channel, BeforeValidator(coerce.plain)] = "email"
    company: Company
    recipient: Recipient = Recipient()
    signals: Signals = Signals()
    peers: list[Peer] = []
    need: Need | None = None
    capacity: dict[str, StackCapacity] = {}
    prior_commitments: list[Commitment] = []
    disqualifiers: Tags = []
    opt_out_channels: Tags = []
    thread: Thread = Thread()
    other_threads: list[OtherThread] = []
    rejected_suggestions: Tags = []
    segment: SegmentClaim | None = None
    flags: Tags = []
    notes: Text | None = None
    extra: dict[str, Any] = {}

    @field_validator("*", mode="before")
    @classmethod
    def _absent(cls, value: Any, info: Any) -> Any:
        """A null where a part is expected means that the part is absent."""
        if value is None and info.field_name not in {"company"}:
            return cls.model_fields[info.field_name].get_default(call_default_factory=True)
        return value


class Reading(NamedTuple):
    """A prospect, the warnings its reading gave, and where flat keys went."""

    prospect: Prospect
    warnings: tuple[str, ...] = ()
    origins: Mapping[str, str] = {}

    def pointer(self, canonical: str) -> str:
        """The pointer into the document that was given, for one into the nested form."""
        return translated(canonical, self.origins)


def translated(canonical: str, origins: Mapping[str, str]) -> str:
    """The nearest known origin of a pointer; itself where none is known."""
    path = canonical
    while path:
        if path in origins:
            return origins[path]
        path = path.rpartition("/")[0]
    return canonical


def read_prospect(data: Any, as_of: date | None = None) -> Reading:
    """The prospect in `data`, nested or flat; `as_of` serves one that has no date of its own.

    >>> read_prospect({"company": {"name": "Acme"}}).prospect.company.name
    'Acme'
    """
    from rubric import flat

    if not isinstance(data, Mapping):
        raise InputError(f"expected a JSON object for the prospect, got {_show(data)}", "")
    origins: dict[str, str] = {}
    warnings: list[str] = []
    if flat.is_flat(data):
        document, origins = flat.to_nested(data)
    else:
        document = _adopt(data, warnings)
    try:
        prospect = Prospect.model_validate(document)
    except ValidationError as error:
        raise _input_error(error, document, origins) from None
    except RecursionError:
        raise InputError("the prospect is nested too deeply to be read", "") from None
    if prospect.as_of is None:
        prospect.as_of = as_of or date.today()
    return Reading(prospect, _once(warnings), origins)


def parse_json(text: str, what: str) -> Any:
    """JSON without NaN, infinities and bottomless nesting; errors give line and column."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise InputError(f"{what} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise InputError(f"{what} is nested too deeply to be read") from None
    except ValueError as error:  # a constant refused above, or an integer of thousands of digits
        raise InputError(f"{what} cannot be read: {error}") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number that JSON knows; give a number or null")


def _adopt(data: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    """A copy whose unknown keys stand under `extra`, with a warning for each."""
    extra: dict[str, Any] = {}
    document = _sift(data, Prospect, "", extra, warnings)
    if extra:
        given = document.get("extra")
        document["extra"] = {**(given if isinstance(given, Mapping) else {}), **extra}
    return document


def _sift(
    data: Mapping[str, Any], model: type[BaseModel], path: str, extra: dict[str, Any], warnings: list[str]
) -> dict[str, Any]:
    known = _known(model)
    out: dict[str, Any] = {}
    for key, value in data.items():
        child = known.get(key, _UNKNOWN)
        if child is _UNKNOWN:
            extra[f"{path}/{key}".lstrip("/")] = value
            warnings.append(_unknown(f"{path}/{key}", key, known))
        elif child is not None and isinstance(value, Mapping):
            out[key] = _sift(value, child, f"{path}/{key}", extra, warnings)
        elif child is not None and isinstance(value, list):
            out[key] = [
                _sift(item, child, f"{path}/{key}/{n}", extra, warnings) if isinstance(item, Mapping) else item
                for n, item in enumerate(value)
            ]
        else:
            out[key] = value
    return out


def _once(warnings: list[str]) -> tuple[str, ...]:
    """The first of the warnings that differ only in the number of a list item."""
    return tuple({re.sub(r"/\d+(?=/)", "/*", w): w for w in reversed(warnings)}.values())[::-1]


_UNKNOWN = type("Unknown", (BaseModel,), {})


@cache
def _known(model: type[BaseModel]) -> dict[str, type[BaseModel] | None]:
    """The keys a model reads, each with the model of its value if that is one."""
    out: dict[str, type[BaseModel] | None] = {}
    for name, field in model.model_fields.items():
        out[field.alias or name] = _model_in(field.annotation)
    return out


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if getattr(annotation, "__origin__", None) is dict:
        return None
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)


def _unknown(pointer: str, key: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(key, known, 1, 0.6)
    hint = f"; the nearest known key is {near[0]!r}" if near else ""
    return f"{pointer} is not a key of the prospect, it was kept under extra{hint}"


def _given(document: Any, path: tuple[int | str, ...], found: Any) -> Any:
    """The value as it was given at a place, before it was brought into a vocabulary."""
    for part in path:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return found
    return document


def _input_error(error: ValidationError, document: Any, origins: Mapping[str, str]) -> InputError:
    first = error.errors(include_url=False)[0]
    pointer = "".join(f"/{part}" for part in first["loc"] if part != "function-before")
    pointer = translated(pointer, origins)
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    expected = "it is missing" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
    return InputError(
        f"{pointer or '/'}: got {_show(_given(document, first['loc'], first['input']))}; {expected[:1].lower()}{expected[1:]}{more}",
        pointer,
    )


def _show(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."


__all__ = ["Prospect", "Reading", "parse_json", "read_prospect"]
