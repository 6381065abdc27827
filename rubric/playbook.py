"""The playbook: everything that is a number, a list or a name of a seller's trade.

Decides nothing itself; it is validated data with a version and a hash, and the word lists compiled
once. Unknown keys are refused with the nearest known name, because a misspelt limit would
otherwise be no limit.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import time
from difflib import get_close_matches
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rubric.coerce import BuyingStage, Role, Stage
from rubric.errors import PlaybookError
from rubric.phrases import Lexicon
from rubric.prospect import StackCapacity
from rubric.stems import stem

Decision = Literal["PASS", "PENALISE", "BLOCK", "ESCALATE", "SUPPRESS"]
DECISIONS: tuple[Decision, ...] = ("PASS", "PENALISE", "BLOCK", "ESCALATE", "SUPPRESS")
Dimension = Literal[
    "cta_quality", "tone_compliance", "bench_fit_alignment", "signal_grounding", "personalization_depth"
]
Marker = Literal["direct", "grounded", "honest", "professional", "non_condescending"]
MARKERS: tuple[Marker, ...] = get_args(Marker)
Failure = Literal[
    "bench_over_commitment", "icp_misclassification", "signal_over_claiming", "gap_over_claiming",
    "tone_violation", "word_count_violation", "one_ask_violation", "abstention_failure",
    "thread_leakage", "generic_peers", "opt_out_ignored", "disqualifier_ignored",
    "escalation_missed", "unverified_funding", "funding_tier_mismatch",
    "regulatory_caveat_missing", "rejected_idea_repeated", "pricing_violation",
    "schedule_violation", "format_violation", "injection", "personalization_missing",
]  # fmt: skip
ABSTAIN = "abstain"
Phrases = tuple[str, ...]


class Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Seller(Data):
    company: str
    short_names: Phrases = ()
    domain: str
    other_domains: Phrases = ()
    timezone: str
    signature: Phrases = ("first_name", "title", "company", "domain")
    people: Phrases = Field((), description="words for the people or units that are offered")
    own_words: Phrases = Field((), description="names and places that the seller may say of itself")
    people_word: str = Field("people", description="how findings call them")

    @property
    def names(self) -> Phrases:
        return (self.company, *self.short_names)


class Policy(Data):
    above_capacity: Literal["ramp", "escalate"] = "ramp"
    strict_funding: bool = False
    freshness_days: int = 30
    commitment_freshness_days: int = 90
    min_roles_for_growth: int = 5
    min_peers_for_finding: int = 2
    escalate_headcount: int = 2000
    min_segment_confidence: float = 0.6
    min_personal_tokens: int = 2
    regulated_extra_days: int = 7
    growth_quiet_days: int = 120


class Criterion(Data):
    """One filter over a named fact of the brief, or several of which one is enough."""

    fact: str | None = None
    any: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    above: float | None = None
    is_: bool | None = Field(None, alias="is")
    any_of: tuple[Criterion, ...] = ()

    @model_validator(mode="after")
    def _one_kind(self) -> Criterion:
        if bool(self.fact) == bool(self.any_of):
            raise ValueError("a criterion names either one 'fact' or several under 'any_of'")
        return self


class Segment(Data):
    name: str
    number: int
    title: str
    quiet: bool = Field(False, description="no hurry in letters to this segment")
    opens_with: str | None = Field(None, description="the signal that a first letter names")
    pitch_is_common: bool = Field(False, description="the pitch's words also serve other segments")
    trigger: Criterion
    filters: tuple[Criterion, ...] = ()
    out: tuple[Criterion, ...] = ()


class SegmentChoice(Data):
    segment: str
    when: tuple[Criterion, ...] = ()


class AiPitch(Data):
    maturity: tuple[int, ...]
    words: Phrases


class Tier(Data):
    language: str
    stages: tuple[Stage, ...]
    min_headcount: int | None = None
    max_headcount: int | None = None
    words: Phrases


class StagePitch(Data):
    stage: BuyingStage
    unless: tuple[BuyingStage, ...]
    words: Phrases


class ToneList(Data):
    id: str
    marker: Marker
    weight: int = Field(2, ge=1, le=4, description="how far the marker falls for each finding")
    decision: Decision = "PENALISE"
    failure: Failure = "tone_violation"
    deniable: bool = Field(False, description="true where a denial takes the edge off: 'nothing urgent'")
    fix: str
    words: Phrases


class Register(Data):
    roles: tuple[Role, ...]
    words: Phrases


class WordLimits(Data):
    cold: tuple[int, ...] = (120, 100, 70)
    warm: tuple[int, ...] = (200,)
    engaged: tuple[int, ...] = (150,)
    curious: tuple[int, ...] = (90,)
    soft_deferral: tuple[int, ...] = (60,)
    reengagement: tuple[int, ...] = (100, 50, 40)


class Form(Data):
    words: WordLimits = WordLimits()
    tolerance_words: int = 0
    sms_characters: int = 160
    subject_characters: int = 60
    subject_openers: Phrases = ()
    subject_never: Phrases = ()
    ask_minutes: tuple[int, int] = (15, 30)
    service_menu: int = 4


class Band(Data):
    what: str
    unit: str
    low: float
    high: float
    currency: str = "usd"


class Pricing(Data):
    bands: tuple[Band, ...] = ()
    words: Phrases = ()


class Zone(Data):
    day: tuple[time, time]


class Schedule(Data):
    min_overlap_hours: float = 3
    zones: dict[str, Zone] = {}
    default_day: tuple[time, time] = (time(8), time(18))
    seller_day: tuple[time, time] = (time(8), time(19))


class Cadence(Data):
    max_cold_touches: int = 3
    rest_days: int = 30
    reengagement_gap_days: int = 45


class Compliance(Data):
    required: Phrases = ()
    elements: Phrases = ()


class KnownCompanies(Data):
    region: str
    trade: str
    names: Phrases


class Playbook(Data):
    """One seller's rules. `hash` names its exact content in receipts and reports."""

    name: str
    version: str
    language: str = "en"
    seller: Seller
    policy: Policy = Policy()
    dimensions: dict[Dimension, float]
    costs_usd: dict[Failure, float] = {}
    segments: tuple[Segment, ...] = ()
    segment_order: tuple[SegmentChoice, ...] = ()
    leader_roles: tuple[Role, ...] = Field(("cto", "vp_eng"), description="whose appointment is a leadership change")
    regions: dict[str, Phrases] = {}
    disqualifiers: Phrases = ()
    capacity: dict[str, StackCapacity] = {}
    stacks: dict[str, Phrases] = {}
    stack_titles: dict[str, str] = Field({}, description="how a letter writes a stack; absent ones are written as they are")
    stack_groups: dict[str, Phrases] = {}
    technologies: Phrases = ()
    regulated: Phrases = ()
    unregulated: Phrases = ()
    pitches: dict[str, Phrases] = {}
    themes: dict[str, Phrases] = Field({}, description="words of a segment that are a pitch where the sentence offers or advises")
    ai_pitches: tuple[AiPitch, ...] = ()
    tiers: tuple[Tier, ...] = ()
    stage_pitches: tuple[StagePitch, ...] = ()
    growth_language: Phrases = ()
    urgency: Phrases = ()
    tone: tuple[ToneList, ...] = ()
    innocent: Phrases = ()
    registers: tuple[Register, ...] = ()
    max_exclamations: int = 1
    form: Form = Form()
    pricing: Pricing = Pricing()
    schedule: Schedule = Schedule()
    cadence: Cadence = Cadence()
    compliance: Compliance = Compliance()
    known_companies: tuple[KnownCompanies, ...] = ()
    trades: dict[str, Phrases] = {}
    stances: Phrases = ()
    concepts: tuple[Phrases, ...] = ()
    sensitive: tuple[Phrases, ...] = ()
    words: dict[str, Phrases] = Field({}, description="phrases added to the English lists, by name")

    @model_validator(mode="after")
    def _names_fit(self) -> Playbook:
        names = {s.name for s in self.segments}
        used = {c.segment for c in self.segment_order} | set(self.pitches) | set(self.themes)
        if used - names:
            raise ValueError(f"segments {sorted(used - names)} are named but not described under 'segments'")
        if not self.dimensions or min(self.dimensions.values()) < 0 or sum(self.dimensions.values()) <= 0:
            raise ValueError("'dimensions' needs weights of 0 or more, one of them above 0")
        return self

    @cached_property
    def hash(self) -> str:
        text = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def stack_title(self, stack: str) -> str:
        """
        >>> load_playbook("tenacious").stack_title("ml"), load_playbook("tenacious").stack_title("cold_storage")
        ('ML', 'cold storage')
        """
        return self.stack_titles.get(stack.strip().lower(), stack.replace("_", " ").strip())

    @cached_property
    def lexicon(self) -> Lexicon:
        lists = {**english(), **self._own_lists()}
        for name, extra in self.words.items():
            lists[name] = (*lists.get(name, ()), *extra)
        lists["people"] = (*lists["people"], *self.seller.people)
        lists["offer"] = (*lists["offer"], *self.seller.short_names)
        return Lexicon(lists)

    @cached_property
    def nouns(self) -> dict[str, str]:
        """The counted things of amounts, with their class."""
        lists = english()
        out = {word: name for name in ("companies", "roles", "people") for word in lists[name]}
        return out | dict.fromkeys(self.seller.people, "people")

    @cached_property
    def skill_stems(self) -> frozenset[str]:
        """The words of the skills, which anybody in the trade says."""
        return frozenset(stem(w) for words in self.stacks.values() for phrase in words for w in phrase.split())

    @cached_property
    def region_of(self) -> dict[str, list[str]]:
        """The regions that a place's name stands for."""
        out: dict[str, list[str]] = {}
        for region, names in self.regions.items():
            for name in names:
                out.setdefault(name, []).append(region)
        return out

    @cached_property
    def trade_words(self) -> dict[str, list[str]]:
        """What each trade is called, word by word, with a space at both ends."""
        return {t: [f" {re.sub(r'[^a-z0-9]+', ' ', w)} " for w in words] for t, words in self.trades.items()}

    @cached_property
    def companies(self) -> dict[str, KnownCompanies]:
        return {name.lower(): group for group in self.known_companies for name in group.names}

    def _own_lists(self) -> dict[str, Phrases]:
        out = {
            "innocent": self.innocent,
            "growth_language": self.growth_language,
            "urgency": self.urgency,
            "regulated": self.regulated,
            "stance": self.stances,
            "technology": self.technologies,
            "price": self.pricing.words,
            "known_company": tuple(n for g in self.known_companies for n in g.names),
        }
        out |= {f"tone.{t.id}": t.words for t in self.tone}
        out |= {f"pitch.{name}": words for name, words in self.pitches.items()}
        out |= {f"theme.{name}": words for name, words in self.themes.items()}
        out |= {f"ai_pitch.{n}": p.words for n, p in enumerate(self.ai_pitches)}
        out |= {f"tier.{n}": t.words for n, t in enumerate(self.tiers)}
        out |= {f"stage_pitch.{n}": p.words for n, p in enumerate(self.stage_pitches)}
        out |= {f"register.{n}": r.words for n, r in enumerate(self.registers)}
        out |= {f"stack.{name}": words for name, words in self.stacks.items()}
        return out


@lru_cache(maxsize=1)
def english() -> dict[str, Phrases]:
    """The word lists of the language, by name."""
    text = files("rubric").joinpath("english.yaml").read_text(encoding="utf-8")
    # The base loader keeps "no" and "yes" the words that they are here.
    lists = yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506
    return {name: tuple(entries) for name, entries in lists.items()}


def builtin() -> tuple[str, ...]:
    """Names of the playbooks that ship with the package."""
    folder = files("rubric").joinpath("playbooks")
    return tuple(sorted(p.name.removesuffix(".yaml") for p in folder.iterdir() if p.name.endswith(".yaml")))


@lru_cache(maxsize=8)
def load_playbook(name: str = "tenacious", capacity: str | None = None) -> Playbook:
    """A playbook by its name or its file; `capacity` is a file of stacks that replaces its own.

    >>> load_playbook("tenacious").seller.domain
    'gettenacious.com'
    """
    if name in builtin():
        text, where = files("rubric").joinpath("playbooks", f"{name}.yaml").read_text("utf-8"), name
    else:
        text, where = _file(name, "playbook"), name
    data = _yaml(text, where)
    if capacity is not None:
        data["capacity"] = _yaml(_file(capacity, "capacity file"), capacity)
    playbook = parse_playbook(data, where)
    playbook.lexicon  # noqa: B018  a phrase that cannot be compiled is found here and not in mid-batch
    return playbook


def parse_playbook(data: Mapping[str, Any], where: str) -> Playbook:
    try:
        return Playbook.model_validate(data)
    except ValidationError as error:
        raise PlaybookError(_explain(error, where)) from None


def _explain(error: ValidationError, where: str) -> str:
    first = error.errors(include_url=False)[0]
    path = "/" + "/".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        near = get_close_matches(str(first["loc"][-1]), _all_keys(), 1, 0.6)
        hint = f"; the nearest known key is {near[0]!r}" if near else ""
        return f"playbook {where}: {path} is not a key of a playbook{hint}"
    if first["type"] == "missing":
        return f"playbook {where}: {path} is missing; see `winnow schema playbook`"
    message = first["msg"].removeprefix("Value error, ")
    return f"playbook {where}: {path} is {first['input']!r:.60}; {message[:1].lower()}{message[1:]}"


def _all_keys() -> list[str]:
    keys: set[str] = set()
    stack: list[type[BaseModel]] = [Playbook]
    stack += [m for m in Data.__subclasses__() if m is not Playbook]
    for model in stack:
        keys |= {field.alias or name for name, field in model.model_fields.items()}
    return sorted(keys)


def _file(name: str, what: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PlaybookError(
            f"there is no {what} {name!r}; give a file, or one of the built-in playbooks: {', '.join(builtin())}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise PlaybookError(f"the {what} {name!r} cannot be read: {error}") from None


def _yaml(text: str, where: str) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = yaml.load(text, Loader=loader)  # noqa: S506  both loaders are safe ones
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PlaybookError(f"{where} is not YAML that can be read: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise PlaybookError(f"{where} holds {type(data).__name__}, not a mapping of keys to values")
    return data
