"""What a training run is told: one YAML file, checked before anything heavy is loaded.

Decides the defaults and what goes together. Refuses unknown keys, a recipe that no run can have, and a
run that is continued with another recipe than it began with.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rubric.errors import ConfigError

LossName = Literal["simpo", "orpo", "dpo"]
Backend = Literal["peft", "unsloth"]
Tracker = Literal["trackio", "wandb", "tensorboard"]
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_HELD = ("seeds", "bench", "track", "log_every", "save_every", "push")  # may differ when a run goes on


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Loss(_Part):
    kind: LossName = "simpo"
    beta: float = Field(2.0, gt=0, allow_inf_nan=False, description="scale of the reward; of the log odds for orpo")
    gamma: float | None = Field(None, ge=0, allow_inf_nan=False, description="margin of simpo, on the scale of beta times a mean")

    @model_validator(mode="after")
    def _margin(self) -> Self:
        if self.gamma is not None and self.kind != "simpo":
            raise ValueError(f"only simpo has a gamma, and the kind is {self.kind}")
        return self

    @property
    def margin(self) -> float:
        return 1.0 if self.gamma is None else self.gamma


class Lora(_Part):
    kind: Literal["activated", "ordinary"] = Field("activated", description="activated: awake from the assistant's header on, so that scoring needs no prompt of its own")
    rank: int = Field(16, ge=1, le=512)
    alpha: int = Field(32, gt=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    modules: tuple[str, ...] = Field(MODULES, min_length=1)


class Push(_Part):
    repo: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    private: bool = True


class TrainConfig(_Part):
    """A recipe. `steps` wins over `epochs`; a step is `batch` pairs, `accumulate` times."""

    task: Literal["rank", "verdict"] = "rank"
    base: str = Field("embedded", description="'embedded', a folder that transformers saved, or a hub name")
    revision: str | None = None
    backend: Backend = "peft"
    pairs: str = Field("pairs.jsonl", description="file of training pairs")
    dev: str | None = Field(None, description="file of pairs to measure on while it trains")
    bench: tuple[str, ...] = Field((), description="files of what will measure the critic; an overlap with the pairs ends the run before it begins")
    out: str = Field("build/critic", description="folder of the runs, one folder for each seed")
    seeds: tuple[int, ...] = Field((0,), min_length=1)
    loss: Loss = Loss()
    lora: Lora = Lora()
    completion: Literal["letter", "body"] = Field("letter", description="body: without the line of the subject")
    epochs: float = Field(3.0, gt=0)
    steps: int | None = Field(None, ge=1)
    batch: int = Field(8, ge=1)
    accumulate: int = Field(1, ge=1)
    rate: float = Field(5e-6, gt=0, le=1)
    schedule: Literal["linear", "cosine", "constant", "constant_with_warmup"] = "cosine"
    warm_up: float = Field(0.1, ge=0, lt=1, description="share of the steps")
    decay: float = Field(0.0, ge=0)
    clip: float = Field(1.0, gt=0)
    max_length: int = Field(1024, ge=32, description="tokens of prompt and completion; longer pairs are left out and counted")
    dtype: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: bfloat16 on a GPU that has it, float32 elsewhere; on a CPU bfloat16 is for the products alone, the weights stay float32")
    four_bit: bool = Field(False, description="hold the base in four bits; needs CUDA")
    checkpointing: bool = Field(False, description="compute activations twice to save memory")
    shared_prompt: bool = Field(True, description="compute the prompt once for both sides; the peft backend, without checkpointing")
    threads: int | None = Field(None, ge=1)
    log_every: int = Field(10, ge=1, description="steps between two lines of the metrics")
    save_every: int = Field(100, ge=1, description="steps between two checkpoints")
    track: tuple[Tracker, ...] = ()
    push: Push | None = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("a seed stands twice in 'seeds'")
        if self.completion == "body" and self.task == "verdict":
            raise ValueError("a verdict has no body; 'completion: body' goes with 'task: rank'")
        if self.backend == "unsloth" and self.lora.kind == "activated":
            raise ValueError("unsloth trains ordinary adapters only; set 'backend: peft', or 'lora: {kind: ordinary}'")
        return self

    @property
    def reward(self) -> LossName:
        return self.loss.kind


def recipes() -> list[str]:
    """The names of the configs that come with Winnow."""
    return sorted(path.name.removesuffix(".yaml") for path in files("training").joinpath("configs").iterdir() if path.name.endswith(".yaml"))


def read_config(given: str, changes: dict[str, Any] | None = None) -> TrainConfig:
    """The config of a YAML file, or of a shipped one by its name, with single values put in their place."""
    import yaml

    try:
        data = yaml.safe_load(_source(given)) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"the training config {given} cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"the training config {given} holds {type(data).__name__}; write `name: value` lines")
    try:
        return TrainConfig.model_validate({**data, **(changes or {})})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        reason = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"the training config {given}: {where + ' is ' + repr(first['input']) + ': ' if where else ''}{reason}") from None


def _source(given: str) -> str:
    path = Path(given).expanduser()
    if path.exists() or given not in recipes():
        if not path.exists():
            raise ConfigError(f"there is no training config {given}; give a YAML file, or one of {', '.join(recipes())}")
        return path.read_text("utf-8")
    return files("training").joinpath("configs", f"{given}.yaml").read_text("utf-8")


def refuse_another(was: dict[str, Any], now: TrainConfig, folder: Path) -> None:
    """A run goes on with the recipe that it began with."""
    given = json.loads(now.model_dump_json())
    changed = [name for name in given if name not in _HELD and given[name] != was.get(name)]
    if changed:
        said = ", ".join(f"{name} was {was.get(name)!r} and is {given[name]!r}" for name in changed)
        raise ConfigError(f"the run in {folder} began with another recipe ({said}); give the old values, or another --out")


LOSSES: tuple[LossName, ...] = get_args(LossName)
__all__ = ["LOSSES", "MODULES", "Backend", "Lora", "Loss", "LossName", "Push", "Tracker", "TrainConfig", "read_config", "recipes", "refuse_another"]
