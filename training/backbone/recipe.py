"""The recipe of a training run: everything that decides the weights but the machine.

Decides the defaults of the model that ships; refuses values that no run can have. A run that is continued
has to have the recipe that it began with.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rubric.errors import ConfigError, StoreError
from training.export.gguf_model import Shape


class Rise(BaseModel):
    """A part of the run: the rate goes up to its highest and down again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: int = Field(ge=1)
    rate: float = Field(gt=0, le=1)


class Recipe(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(7, ge=0, le=2**32 - 1, description="Draws the corpus and the first weights.")
    vocabulary: int = Field(6000, ge=300, le=65536, description="Entries of the tokenizer, control tokens included.")
    least_in_names: int = Field(100, ge=0, description="Tokens that stand mostly in names are given up where these trees have them less often.")
    tokenizer_trees: int = Field(6000, ge=10, description="Prompts with their letters that the tokenizer is trained on.")
    hidden: int = Field(256, ge=32)
    layers: int = Field(6, ge=1)
    heads: int = Field(4, ge=1)
    kv_heads: int = Field(2, ge=1)
    head_dim: int = Field(64, ge=8)
    ffn: int = Field(768, ge=32)
    steps: int = Field(16200, ge=1, description="Batches that the weights are moved by.")
    batch_tokens: int = Field(4096, ge=512, description="Tokens of a batch, padding included.")
    shard_trees: int = Field(768, ge=8, description="Prompts that are drawn, sorted by length and shuffled together.")
    rate: float = Field(2.5e-3, gt=0, le=1, description="Highest learning rate, after the warm-up.")
    least_rate: float = Field(0.05, ge=0, le=1, description="Share of the highest rate that is left at the end of each part.")
    warm_up: int = Field(100, ge=0)
    again: tuple[Rise, ...] = Field((Rise(steps=4000, rate=1e-3), Rise(steps=2500, rate=8e-4), Rise(steps=900, rate=5e-4), Rise(steps=800, rate=6e-4)), description="The last steps, in which the rate rises and falls anew.")
    decay: float = Field(0.1, ge=0)
    clip: float = Field(1.0, gt=0)
    prompt_weight: float = Field(0.1, ge=0, le=1, description="Weight of the prompt's own tokens in the loss.")
    copy_weight: float = Field(4.0, ge=1, le=100, description="Weight of a letter's tokens that say a name or number of its prompt.")
    drills: float = Field(0.2, ge=0, le=1, description="Share of drills among the letters, once the first drills are over.")

    @property
    def rises(self) -> tuple[Rise, ...]:
        """All parts of the run; one that leaves no room for the first has a single one."""
        first = self.steps - sum(rise.steps for rise in self.again)
        return (Rise(steps=first, rate=self.rate), *self.again) if first > self.warm_up else (Rise(steps=self.steps, rate=self.rate),)

    def shape(self, vocabulary: int) -> Shape:
        return Shape(
            vocab=vocabulary, hidden=self.hidden, layers=self.layers, heads=self.heads, kv_heads=self.kv_heads,
            head_dim=self.head_dim, ffn=self.ffn, rope_base=10_000.0, context=2048,
        )  # fmt: skip


def read_recipe(path: Path | None, given: dict[str, Any]) -> Recipe:
    """The recipe of a YAML file, if there is one, with single values put in its place."""
    import yaml

    try:
        data = yaml.safe_load(path.read_text("utf-8")) if path else {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"the recipe {path} cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"the recipe {path} holds {type(data).__name__}; write `name: value` lines")
    try:
        return Recipe.model_validate({**data, **given})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(f"the recipe's {'.'.join(map(str, first['loc']))} is {first['input']!r}: {first['msg']}") from None


def keep_recipe(work: Path, recipe: Recipe) -> None:
    """Writes the recipe beside what it makes; refuses a folder that was begun with another one."""
    path = work / "recipe.json"
    try:
        work.mkdir(parents=True, exist_ok=True)
        if path.exists():
            refuse_another(json.loads(path.read_text("utf-8")), recipe, work)
        else:
            path.write_text(recipe.model_dump_json(indent=1) + "\n", "utf-8")
    except ValueError:
        raise ConfigError(f"{path} is not JSON; delete it if the recipe is the one that the folder was begun with") from None
    except OSError as error:
        raise StoreError(f"the folder {work} cannot be written: {error}; give another one as --work") from None


def refuse_another(was: dict[str, Any], now: Recipe, folder: Path) -> None:
    """A run goes on with the recipe that it began with."""
    given = json.loads(now.model_dump_json())
    changed = [name for name in given if given[name] != was.get(name)]
    if changed:
        said = ", ".join(f"{name} was {was.get(name)!r} and is {given[name]!r}" for name in changed)
        raise ConfigError(f"the run in {folder} began with another recipe ({said}); give the old values, or another --work folder")


__all__ = ["Recipe", "Rise", "keep_recipe", "read_recipe", "refuse_another"]
