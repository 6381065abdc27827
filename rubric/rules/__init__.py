"""What a rule is, and where rules come from.

A rule is a function that looks at a `Case` and yields what it found. Its decorator says everything
else: id, version, failure name, dimension, severity, what it decides, the fix, and examples that
the test suite runs. Rules are found by the entry point group `winnow.rules`: a name there is a
module (or an object with an iterable `rules`) whose rules join the rubric.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from rubric.case import Case, Passage, Place
from rubric.errors import ConfigError
from rubric.phrases import Hit
from rubric.playbook import Decision, Dimension, Failure, Marker

FAMILIES = (
    "gates", "segment", "signals", "facts", "funding", "peers", "gaps", "lacks", "capacity", "commitments", "regulated", "tone", "form", "leftovers", "subject",
    "asks", "pricing", "schedule", "threads", "sources", "hostile", "personal", "cadence", "compliance",
)  # fmt: skip


class Found(NamedTuple):
    """One place where a rule is broken; None for what the rule itself says."""

    reason: str
    span: tuple[int, int] | None = None
    part: str = "body"
    evidence: str | None = None
    fix: str | None = None
    decision: Decision | None = None
    failure: Failure | None = None
    marker: Marker | None = None
    weight: int | None = None


class Example(NamedTuple):
    """A letter and a prospect (over a plain one) on which a rule passes or fails."""

    body: str
    prospect: Mapping[str, Any] = {}
    subject: str | None = None
    playbook: Mapping[str, Any] = {}


class Rule(NamedTuple):
    id: str
    version: int
    failure: Failure
    dimension: Dimension
    severity: int
    decision: Decision
    fix: str
    check: Callable[[Case], Iterable[Found]]
    passes: tuple[Example, ...] = ()
    fails: tuple[Example, ...] = ()
    marker: Marker | None = None
    draft: bool = True
    lacks: bool = False

    @property
    def explanation(self) -> str:
        return " ".join((self.check.__doc__ or "").split())

    @property
    def summary(self) -> str:
        return self.explanation.split(". ")[0].rstrip(".")


Check = Callable[[Case], Iterable[Found]]


def rule(
    id: str,
    *,
    failure: Failure,
    dimension: Dimension,
    severity: int,
    decision: Decision,
    fix: str,
    passes: Iterable[Example],
    fails: Iterable[Example],
    version: int = 1,
    marker: Marker | None = None,
    draft: bool = True,
    lacks: bool = False,
) -> Callable[[Check], Rule]:
    """Turns a function into a rule. `draft=False` marks one that looks at the prospect alone,
    `lacks=True` one that reports what is missing: it runs last and counts sound sentences only."""

    def wrap(check: Check) -> Rule:
        return Rule(
            id,
            version,
            failure,
            dimension,
            severity,
            decision,
            fix,
            check,
            tuple(passes),
            tuple(fails),
            marker,
            draft,
            lacks,
        )

    return wrap


def at(passage: Passage, hit: Hit | tuple[int, int], reason: str, **more: Any) -> Found:
    """A finding at words of a passage."""
    first, last = (hit.first, hit.last) if isinstance(hit, Hit) else hit
    return at_chars(passage, *passage.words.chars(first, last), reason, **more)


def at_place(passage: Passage, place: Place, reason: str, **more: Any) -> Found:
    """A finding at an amount, a date or a time of a passage."""
    return at_chars(passage, place.start, place.end, reason, **more)


def at_chars(passage: Passage, start: int, end: int, reason: str, **more: Any) -> Found:
    return Found(reason, passage.text.span(start, end), passage.part, **more)


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule that is installed, those of the package first."""
    rules: dict[str, Rule] = {}
    for family in FAMILIES:
        for found in _rules_in(import_module(f"rubric.rules.{family}")):
            rules[found.id] = found
    for name, loaded in _plugins():
        for found in _rules_in(loaded):
            if found.id in rules:
                raise ConfigError(
                    f"the plug-in {name!r} brings a rule {found.id!r}, which is there already; "
                    "give it an id of its own, such as 'yourteam.name'"
                )
            rules[found.id] = found
    return tuple(rules.values())


def _plugins() -> Iterator[tuple[str, Any]]:
    from importlib.metadata import entry_points

    for entry in entry_points(group="winnow.rules"):
        try:
            yield entry.name, entry.load()
        except Exception as error:
            raise ConfigError(
                f"the rule plug-in {entry.name!r} ({entry.value}) cannot be loaded: "
                f"{type(error).__name__}: {error}; mend it or uninstall its package"
            ) from error


def _rules_in(source: Any) -> Iterator[Rule]:
    given = getattr(source, "rules", None)
    values = given if given is not None and not callable(given) else vars(source).values()
    for value in values:
        if isinstance(value, Rule):
            yield value


@lru_cache(maxsize=32)
def chosen(without: frozenset[str] = frozenset()) -> tuple[Rule, ...]:
    """All rules but some; an unknown id is refused, as a typing error would switch nothing off."""
    rules = all_rules()
    unknown = sorted(without - {r.id for r in rules})
    if unknown:
        from difflib import get_close_matches

        near = get_close_matches(unknown[0], [r.id for r in rules], 1)
        hint = f"; the nearest is {near[0]!r}" if near else ""
        raise ConfigError(f"there is no rule {unknown[0]!r}{hint}; `winnow rules` lists them")
    return tuple(sorted((r for r in rules if r.id not in without), key=lambda r: r.lacks))
