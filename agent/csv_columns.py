"""Which place in a prospect a CSV column fills.

Decides by the column's name, in whatever case and spelling lists of contacts use it, or by the
`columns` setting, which comes first. A column that means nothing here is kept under `extra` as it is,
with a word about it unless lists of contacts have it as a rule, such as one of LinkedIn addresses.
Refuses a list without a column for the company's name, because nothing could be written from it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel

from rubric.errors import ConfigError, InputError
from rubric.prospect import Prospect

EXTRA = "extra."
FIRST, LAST, ROLES, OPT_OUT = "first name", "last name", "open roles", "opt-out"
NAMES: Mapping[str, str] = {
    "id": "id, prospect id, lead id, contact id, person id, record id",
    "as_of": "as of",
    "recipient.email": "email, email address, e-mail, mail, work email, business email, contact email, primary email",
    FIRST: "first name, given name, firstname, forename",
    LAST: "last name, family name, surname",
    "recipient.name": "name, full name, contact name, recipient name, person name, contact",
    "recipient.title": "title, job title, position, role, contact title, headline",
    "recipient.timezone": "timezone, time zone, tz",
    "company.name": "company, company name, organization, organisation, organization name, account, account name, employer",
    "company.domain": "domain, company domain, website, company website, website url, url, web site, homepage",
    "company.industry": "industry, sector, vertical, company industry",
    "company.headcount": "headcount, employees, # employees, number of employees, no of employees, employee count, "
    "company size, company headcount, size, employee range",
    "company.hq": "hq, headquarters, company location, hq location, company country, hq country, location, country",
    "signals.funding.stage": "funding stage, latest funding, latest funding stage, last funding type, last funding round, "
    "funding round, latest funding round",
    "signals.funding.amount_usd": "last raised amount, latest funding amount, last funding amount, funding amount, amount raised, "
    "funding amount usd",
    "signals.funding.closed_on": "last raised date, last raised at, latest funding date, last funding date, funding date, "
    "last raised on",
    "signals.tech_stack.items": "technologies, tech stack, technology stack, tech",
    ROLES: "open roles, open engineering roles, open positions, engineering roles, open jobs, open engineering positions",
    OPT_OUT: "opt out, opted out, unsubscribed, unsubscribe, do not contact, do not email, dnc, email opt out, opt out channels",
    "notes": "notes, note, comment, comments",
}

_USUAL_EXTRA = frozenset({"linkedin", "linkedinurl", "linkedinprofile", "linkedinprofileurl", "personlinkedin", "personlinkedinurl"})


class Column(NamedTuple):
    """A column of the list; `target` is a path into the prospect, or one of the four names above."""

    place: int
    header: str
    target: str

    @property
    def is_extra(self) -> bool:
        return self.target.startswith(EXTRA)


class Plan(NamedTuple):
    """The columns in the order in which they may fill a place, and what is said about them once."""

    columns: tuple[Column, ...]
    warnings: tuple[str, ...]
    width: int


def plan(header: Sequence[str], mapping: Mapping[str, str]) -> Plan:
    """What each column of a header fills."""
    names = [cell.strip() for cell in header]
    _refuse_twins(names)
    chosen = _chosen(names, mapping)
    columns = [_column(n, name, chosen) for n, name in enumerate(names)]
    if not any(column.target == "company.name" for column in columns):
        raise InputError(_no_company(names))
    unused = [key for key in mapping if key not in chosen]
    warnings = [f"the setting 'columns' names {key!r}, and the list has no such column" for key in unused]
    if kept := [c.header for c in columns if c.is_extra and c.header and c.header not in chosen and normal(c.header) not in _USUAL_EXTRA]:
        warnings.append(f"columns without a place in the prospect are kept under extra: {', '.join(kept)}")
    return Plan(tuple(sorted(columns, key=lambda c: (c.header not in chosen, _rank(c)))), tuple(warnings), len(names))


def _column(index: int, name: str, chosen: Mapping[str, str]) -> Column:
    if name in chosen:
        return Column(index, name, chosen[name])
    target = name if name in paths() else _known().get(normal(name))
    return Column(index, name, target or f"{EXTRA}{_key(name, index)}")


def _chosen(names: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """The columns that the setting names, by their own spelling in the list."""
    out: dict[str, str] = {}
    for key, path in mapping.items():
        target = _checked(key, path)
        found = [name for name in names if name == key.strip()] or [n for n in names if n and normal(n) == normal(key)]
        if found:
            out[found[0]] = target
            if found[0] != key:
                out[key] = target
    return out


def _checked(key: str, path: str) -> str:
    target = path.strip().removeprefix("/").replace("/", ".")
    if target in paths() or target in (FIRST, LAST) or (target.startswith(EXTRA) and len(target) > len(EXTRA)):
        return target
    near = get_close_matches(target, paths(), 1, 0.4)
    hint = f"the nearest is {near[0]!r}" if near else "such as company.name"
    raise ConfigError(f"columns: {key!r} is to fill {path!r}, which is no place in the prospect that a cell can fill; {hint}, or extra.NAME")


def _refuse_twins(names: list[str]) -> None:
    places: dict[str, list[int]] = {}
    for n, name in enumerate(names, 1):
        if name:
            places.setdefault(name.lower(), []).append(n)
    twins = {name: found for name, found in places.items() if len(found) > 1}
    for name, found in twins.items():
        where = " and ".join(map(str, found))
        raise InputError(f"the header names {name!r} twice, in columns {where}; rename or remove one of them")


def _no_company(names: list[str]) -> str:
    shown = ", ".join(name for name in names if name) or "nothing"
    if any("@" in name for name in names):
        return f"the first line has no column names but data ({shown:.120}); put a header above it, such as company,first_name,email"
    return (
        f"no column holds the company's name: the header has {shown:.300}; name one 'company', or say which it is "
        "with the setting columns: {\"Your column\": company.name}"
    )


def _rank(column: Column) -> int:
    """The place of a name within the list of its target: the more telling names stand first."""
    names = [normal(name) for name in NAMES.get(column.target, "").split(",")]
    return names.index(normal(column.header)) if normal(column.header) in names else 0


def _key(name: str, index: int) -> str:
    return re.sub(r"[^\w]+", "_", name.lower()).strip("_") or f"column_{index + 1}"


def normal(name: str) -> str:
    """A name without case, spaces, underscores, hyphens and signs."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).lower())


@cache
def _known() -> Mapping[str, str]:
    return {normal(name): target for target, names in NAMES.items() for name in names.split(",")}


@cache
def paths() -> Mapping[str, type]:
    """Every place that one cell can fill, with the type that it takes."""
    return dict(_paths(Prospect, ""))


def _paths(model: type[BaseModel], above: str) -> Iterator[tuple[str, type]]:
    for name, field in model.model_fields.items():
        kinds = set(_types(field.annotation))
        path = f"{above}{field.alias or name}"
        parts = [kind for kind in kinds if issubclass(kind, BaseModel)]
        if dict in kinds or (list in kinds and str not in kinds):
            continue
        if list in kinds:
            yield path, list
        elif parts:
            yield from _paths(parts[0], f"{path}.")
        else:
            yield path, next(kind for kind in (date, bool, int, float, str) if kind in kinds)


def _types(annotation: Any) -> Iterator[type]:
    """The plain types within an annotation; the words of a vocabulary are text."""
    origin = getattr(annotation, "__origin__", None)
    if isinstance(annotation, type) and origin is None:
        yield annotation
    if origin in (list, dict):
        yield origin
    for part in get_args(annotation):
        if isinstance(part, str):
            yield str
        else:
            yield from _types(part)


__all__ = ["EXTRA", "FIRST", "LAST", "OPT_OUT", "ROLES", "Column", "Plan", "normal", "paths", "plan"]
