"""The configuration: what judges, what drafts, and with which numbers.

Decides names, limits and defaults; `agent.settings` decides where a value comes from. Help texts, JSON
Schema and the README's table are made from the descriptions here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from agent.backbones.spec import BackboneSpec, LlamaSpec
from agent.models import EMBEDDED, has_adapter
from critic.rewards import Reward
from rubric import coerce

FailOn = Literal["PENALISE", "BLOCK", "ESCALATE", "SUPPRESS"]
Accept = Literal["PASS", "PENALISE"]
Style = Literal["baseline", "augmented", "full"]
RankerName = Literal["mean_logprob", "as_sampled", "critic"]


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


def _mapping(value: Any) -> Any:
    """A mapping, or YAML of one, as flags and variables hold it."""
    if not isinstance(value, str):
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        raise ValueError("expected a mapping such as '{kind: scripted}'") from None


def _backbone(value: Any) -> Any:
    """A backbone block, its YAML, or the short form `KIND` or `KIND:MODEL`."""
    if isinstance(value, str) and not value.lstrip().startswith("{"):
        kind, _, model = value.partition(":")
        key = "replies" if kind == "scripted" else "model"
        return {"kind": kind.strip()} | ({key: model.strip()} if model.strip() else {})
    return _mapping(value)


def _store() -> str:
    """Where the store lies unless somebody says otherwise: one place for each user, so that a
    suppression holds wherever the command is run."""
    base = os.environ.get("XDG_DATA_HOME") or (os.environ.get("LOCALAPPDATA") if os.name == "nt" else None)
    return str(Path(base or Path.home() / ".local" / "share") / "winnow" / "winnow.db")


class Judging(BaseModel):
    """The settings of whatever judges a letter."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="Winnow configuration")

    playbook: str = Field("tenacious", description="Playbook that judges: the name of a built-in one, or a YAML file.")
    capacity: str | None = Field(None, description="YAML file of stacks that replaces the playbook's capacity.")
    as_of: Annotated[date, BeforeValidator(_day)] | None = Field(
        None, description="Day that every window counts back from, for prospects without one; today if absent."
    )
    without: Annotated[tuple[str, ...], BeforeValidator(_rules)] = Field(
        (), description="Ids of rules that are switched off; `winnow rules` lists them."
    )


class Config(Judging):
    """Every setting; absent ones keep their default."""

    fail_on: Annotated[FailOn, BeforeValidator(_upper)] | None = Field(
        None,
        description="For check: weakest decision that counts as failure: PENALISE, BLOCK, ESCALATE or SUPPRESS. "
        "Weaker ones then end with status 0, and with --jsonl the status is that of the strongest one found.",
    )
    backbone: Annotated[BackboneSpec, BeforeValidator(_backbone)] = Field(
        default_factory=LlamaSpec, description="What writes: a block such as {kind: llama, model: FILE.gguf}, or KIND:MODEL."
    )
    adapter: str | None = Field(None, description="LoRA adapter of the ranker 'critic': a .gguf or its folder for llama, a PEFT folder for hf, a model name for openai; 'embedded' for the one that comes with Winnow.")
    ranker: RankerName = Field(
        "mean_logprob", description="What orders a pool: mean_logprob (without an adapter), as_sampled (no ranking), or critic (the reward of the adapter); with the embedded model and nothing said here, critic."
    )
    critic_reward: Reward | None = Field(None, description="How the adapter's scores are read: simpo, orpo, dpo or base; absent, as its winnow.json says.")
    critic_threshold: float | None = Field(
        None, allow_inf_nan=False, description="Reward below which a candidate is rejected and sampled again; absent, as the adapter's winnow.json says."
    )
    critic_unchecked: bool = Field(False, description="Use an adapter even where it changes no score or its health card speaks against it.")
    judge: str | None = Field(None, description="LoRA adapter that judges each letter before it leaves; it can only be stricter than the rules. 'embedded-judge' for the one that comes with Winnow.")
    k: int = Field(4, ge=1, le=64, description="Candidates in a pool.")
    temperature: float = Field(0.8, ge=0, le=5, description="Temperature of the first round; 0 takes the likeliest token.")
    top_p: float = Field(0.95, gt=0, le=1, description="Share of the probability that tokens are drawn from.")
    top_k: int = Field(0, ge=0, description="Likeliest tokens that are drawn from; 0 for all.")
    min_p: float = Field(0.0, ge=0, lt=1, description="Least probability of a token as a share of the likeliest one's.")
    repeat_penalty: float = Field(1.0, gt=0, le=10, description="Penalty on tokens said already; 1 for none.")
    max_tokens: int = Field(320, ge=1, le=32768, description="Longest letter in tokens; a letter that is cut off is refused.")
    seed: int = Field(0, ge=0, description="Seed of the run; each candidate's seed is a hash of it, the prospect, round and index.")
    max_rounds: int = Field(3, ge=1, le=20, description="Pools that are sampled before the run abstains.")
    temperature_step: float = Field(0.15, ge=0, le=2, description="Rise of the temperature with each further round.")
    hot_min_p: float = Field(0.05, ge=0, lt=1, description="Least min_p of further rounds, so that heat brings variety and not noise.")
    max_similarity: float = Field(
        0.85, gt=0, le=1, description="Mean likeness of a pool from which on its members count as one letter; 1 switches this off."
    )
    accept: Annotated[Accept, BeforeValidator(_upper)] = Field(
        "PASS", description="Weakest decision that may be a draft: PASS, or PENALISE where nothing passed."
    )
    prompt: Style = Field("baseline", description="Style guide in the prompt: baseline (none), augmented (condensed) or full (for larger models).")
    sender: str | None = Field(None, max_length=200, description="Who signs: a name, and behind a comma a title; absent, the model makes one up.")
    templates: str | None = Field(None, description="Folder whose .jinja files replace the prompts' own, file by file.")
    review: bool = Field(False, description="Wait for a person's accept, edit or ignore before a letter is a draft.")
    store: str = Field(default_factory=_store, description="SQLite file, or postgresql:// URL, of drafts, receipts and suppressions.")
    jobs: int = Field(1, ge=1, le=64, description="Prospects at work at the same time; more than 1 pays with a server only.")
    columns: Annotated[dict[str, str], BeforeValidator(_mapping)] = Field(
        {}, description="CSV columns by their place in the prospect, such as {Account: company.name}."
    )


    @model_validator(mode="before")
    @classmethod
    def _shipped_critic(cls, data: Any) -> Any:
        """The critic that comes with Winnow ranks for the embedded model, unless something else is said."""
        if not isinstance(data, dict) or data.get("adapter") is not None or data.get("ranker", "critic") != "critic":
            return data
        if not _is_embedded(data.get("backbone")) or not has_adapter():
            return data
        return {**data, "ranker": "critic", "adapter": EMBEDDED}


def _is_embedded(block: Any) -> bool:
    """Whether a backbone's block names Winnow's own model."""
    given = _backbone(block) if isinstance(block, str) else block
    found = given.model_dump() if isinstance(given, BaseModel) else {"kind": "llama"} if given is None else given
    if not isinstance(found, dict) or found.get("kind") not in ("llama", "hf"):
        return False
    return found.get("model") in (None, EMBEDDED) and not found.get("repo") and not found.get("file")


class Setting(BaseModel):
    """A field as help and README show it."""

    name: str
    flag: str
    variable: str
    default: str
    description: str
    judging: bool


def settings() -> list[Setting]:
    return [
        Setting(
            name=name,
            flag=f"--{name.replace('_', '-')}",
            variable=f"WINNOW_{name.upper()}",
            default=_default(name),
            description=field.description or "",
            judging=name in Judging.model_fields or name == "fail_on",
        )
        for name, field in Config.model_fields.items()
    ]


def _default(name: str) -> str:
    if name == "backbone":
        return "{kind: llama, model: embedded}"
    if name == "store":
        return "winnow/winnow.db in the user's data folder"
    value = Config.model_fields[name].get_default()
    return "none" if value in (None, (), {}) else value if isinstance(value, str) else json.dumps(value)


def fields_of(config: BaseModel) -> Mapping[str, Any]:
    """The settings as plain JSON."""
    return config.model_dump(mode="json")


def recorded(config: BaseModel) -> dict[str, Any]:
    """The settings as a receipt keeps them: without the store, whose URL may hold a password."""
    return {name: value for name, value in fields_of(config).items() if name != "store"}


__all__ = ["Accept", "Config", "FailOn", "Judging", "RankerName", "Setting", "Style", "fields_of", "recorded", "settings"]
