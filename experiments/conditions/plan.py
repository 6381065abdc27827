"""A plan: the conditions, the tasks, the seeds, and which conditions are compared with which.

Decides how a plan is read from YAML, how a sweep becomes conditions, and which comparisons are made, before any
figure is known. Refuses unknown keys, two conditions of one name, and a comparison of a condition that is not there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from agent.backbones.spec import BackboneSpec
from experiments.conditions.condition import BUILT_IN, Condition
from rubric.errors import ConfigError
from training.world.split import Split


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sweep(_Part):
    """Variants of a condition: one for each combination of the values given."""

    of: str
    k: tuple[int, ...] = ()
    temperature: tuple[float, ...] = ()
    adapter: dict[str, str] = Field({}, description="adapters by the name that a variant gets")
    backbone: dict[str, BackboneSpec] = Field({}, description="backbones by the name that a variant gets")


class Prices(_Part):
    """Money for a thousand tokens, in the currency of the failure costs."""

    computed: float = Field(0.0, ge=0, description="prompt tokens that go through the model, scored ones included")
    reused: float = Field(0.0, ge=0, description="prompt tokens that a cache holds")
    decoded: float = Field(0.0, ge=0)


class Study(_Part):
    """The threshold study: letters with known flaws, with and without a threshold."""

    letters: int = Field(600, ge=4, description="flawed ones, half of them in wording that is set aside")
    clean: int = Field(300, ge=4)
    split: Split = "dev"
    refused: float = Field(0.05, gt=0, lt=1, description="share of clean letters that a threshold may refuse")
    seed: int = 120_000_000


Kind = Literal["baseline", "gate", "pair"]


class Compared(NamedTuple):
    """`one` is hoped to be the better one."""

    one: str
    other: str
    kind: Kind


class Plan(_Part):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")
    split: Split = "dev"
    tasks: str | None = Field(None, description="folder of tasks; null: those that come with Winnow")
    reason: str | None = Field(None, description="why held-out tasks are opened, for the ledger")
    limit: int | None = Field(None, ge=1, description="so many tasks, spread evenly over the files")
    turns: bool = Field(True, description="also the later turns of a task")
    seeds: tuple[int, ...] = Field((0,), min_length=1)
    conditions: tuple[Condition, ...] = ()
    sweeps: tuple[Sweep, ...] = ()
    baseline: str | None = "baseline"
    gate_baseline: str | None = "gate_random"
    pairs: tuple[tuple[str, str], ...] = ()
    adapter: str | dict[int, str] | None = None
    prices: Prices | None = None
    parameters: float | None = Field(None, gt=0, description="of the model, where its file does not say them")
    draws: int = Field(10_000, ge=100)
    threshold_study: Study | None = None

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        """Names of built-in conditions become those conditions, and sweeps become theirs."""
        if not isinstance(data, dict):
            return data
        return {**data, "conditions": [_condition(one) for one in data.get("conditions") or ()]}

    @field_validator("seeds")
    @classmethod
    def _each_once(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed stands twice; each is one repeat")
        return seeds

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = [one.name for one in self.all]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two conditions are named {twice[0]!r}; give one of them another name")
        if unknown := [name for pair in self.pairs for name in pair if name not in names]:
            raise ValueError(f"a pair names {unknown[0]!r}, which is no condition of this plan; there are {', '.join(names)}")
        for key in ("baseline", "gate_baseline"):
            if key in self.model_fields_set and getattr(self, key) not in (None, *names):
                raise ValueError(f"'{key}' is {getattr(self, key)!r}, which is no condition of this plan; there are {', '.join(names)}")
        if not names and self.threshold_study is None:
            raise ValueError("the plan has no conditions; name some, such as [baseline, critic_rs]")
        return self

    @property
    def all(self) -> tuple[Condition, ...]:
        """The conditions and the variants of the sweeps, with the plan's adapter where a critic has none of its own."""
        swept = [one for sweep in self.sweeps for one in _variants(sweep, self.conditions)]
        return tuple(self._worn(one) for one in (*self.conditions, *swept))

    def _worn(self, one: Condition) -> Condition:
        return one.model_copy(update={"adapter": self.adapter}) if one.picker == "critic" and one.adapter is None else one

    def seeds_of(self, one: Condition) -> tuple[int, ...]:
        """The seeds that a condition runs with."""
        return self.seeds[:1] if one.once else self.seeds

    @property
    def compared(self) -> tuple[Compared, ...]:
        """Every condition against its baseline, and the pairs that are named."""
        names = {one.name: one for one in self.all}
        found = [
            Compared(one.name, base, "gate" if one.gate else "baseline")
            for one in names.values()
            for base in [self.gate_baseline if one.gate else self.baseline]
            if base in names and base != one.name and names[base].blind == one.blind
        ]
        return (*found, *(Compared(*pair, "pair") for pair in self.pairs if pair not in [(one, other) for one, other, _ in found]))


def _condition(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    if given not in BUILT_IN:
        near = get_close_matches(given, BUILT_IN, 1)
        raise ValueError(f"{given!r} is no built-in condition; {f'did you mean {near[0]!r}?' if near else 'there are ' + ', '.join(BUILT_IN)}")
    return BUILT_IN[given]


def _variants(sweep: Sweep, conditions: Sequence[Condition]) -> Iterator[Condition]:
    named = {**BUILT_IN, **{one.name: one for one in conditions}}
    if sweep.of not in named:
        raise ValueError(f"a sweep is of {sweep.of!r}, which is no condition; there are {', '.join(named)}")
    axes: list[list[tuple[str, dict[str, Any]]]] = [
        [(f"k={n}", {"k": n}) for n in sweep.k] or [("", {})],
        [(f"t={t:g}", {"temperature": t}) for t in sweep.temperature] or [("", {})],
        [(name, {"adapter": value}) for name, value in sweep.adapter.items()] or [("", {})],
        [(name, {"backbone": value}) for name, value in sweep.backbone.items()] or [("", {})],
    ]
    for steps in product(*axes):
        changed: dict[str, Any] = {key: value for _, change in steps for key, value in change.items()}
        name = "@".join([sweep.of, *(label for label, _ in steps if label)])
        yield Condition.model_validate({**named[sweep.of].model_dump(), **changed, "name": name})


def presets() -> list[str]:
    """The names of the plans that come with Winnow."""
    return sorted(path.name.removesuffix(".yaml") for path in files("experiments").joinpath("presets").iterdir() if path.name.endswith(".yaml"))


def read_plan(given: str, changes: Mapping[str, Any]) -> Plan:
    """The plan of a preset or of a YAML file, with what was given on the command line in its place."""
    import yaml

    where = Path(str(files("experiments").joinpath("presets", f"{given}.yaml"))) if given in presets() else Path(given)
    try:
        data = yaml.safe_load(where.read_text("utf-8"))
    except FileNotFoundError:
        near = get_close_matches(given, presets(), 1)
        raise ConfigError(f"there is no preset and no file {given!r}; {f'did you mean {near[0]!r}?' if near else 'presets are ' + ', '.join(presets())}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"the plan {given!r} cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{where} holds {'nothing' if data is None else type(data).__name__}, and a plan is a mapping with a name and conditions")
    return plan_of({**data, **changes}, str(where), changes)


def plan_of(data: Mapping[str, Any], where: str, flags: Collection[str] = ()) -> Plan:
    """A plan, or what is wrong with it; `flags` are the keys that were given on the command line."""
    try:
        return Plan.model_validate(dict(data))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the plan"
        said = f"is no key that is known here{_nearest(str(first['loc'][-1]))}" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"--{first['loc'][0]}: {said}" if first["loc"] and str(first["loc"][0]) in flags else f"{where}: {place}: {said}") from None


def _nearest(key: str) -> str:
    """The key that was meant, of a plan or of one of its parts."""
    known = {name for part in (Plan, Condition, Sweep, Prices, Study) for name in part.model_fields}
    near = get_close_matches(key, sorted(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


__all__ = ["Compared", "Plan", "Prices", "Study", "Sweep", "plan_of", "presets", "read_plan"]
