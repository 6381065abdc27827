"""The model card, filled from the run: its recipe, its log, its mix as it was drawn, and figures where there are some.

Decides nothing: every number is read or counted when the card is written.
"""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files
from math import prod
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from rubric.errors import ConfigError, StoreError
from training.backbone.recipe import Recipe
from training.export.gguf_model import tensor_places
from training.world.corpus import ROLES
from training.world.drawing import draw
from training.world.facts import facts
from training.world.mix import FLAWED, FOLLOWS_TEMPTATION, PUBLISHED, SEVERAL, letter
from training.world.signing import own_sender

_COUNTED, _FIRST_SEED = 4000, 10_000_000


class Mix(NamedTuple):
    letters: int
    clean: float
    failures: dict[str, float]


def card(work: Path, figures: Path | None = None, commit: str | None = None) -> str:
    from jinja2 import Environment, StrictUndefined

    recipe = Recipe.model_validate(_read(work / "recipe.json"))
    last = [json.loads(line) for line in _text(work / "metrics.jsonl").splitlines()][-1]
    shape = recipe.shape(len(_read(work / "tokenizer" / "tokenizer.json")["model"]["vocab"]))
    template = files("training.backbone").joinpath("card.jinja").read_text("utf-8")
    environment = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, autoescape=False)  # noqa: S701  Markdown
    return environment.from_string(template).render(
        recipe=recipe, shape=shape, steps=last["step"], held_out=last["held_out"], roles=ROLES, flawed=FLAWED,
        parameters=sum(prod(place.dims) for place in tensor_places(shape).values()), follows=FOLLOWS_TEMPTATION,
        published=PUBLISHED, several=SEVERAL, measured=measured(), figures=_read(figures) if figures else None, commit=commit,
    )  # fmt: skip


def measured(count: int = _COUNTED) -> Mix:
    """The mix as it comes out: some failures find no room with some prospects."""
    found: Counter[str] = Counter()
    seed, made = _FIRST_SEED, 0
    while made < count:
        drawn, dice = draw(seed), Random(seed)
        seed += 1
        if drawn.truth.decision == "DRAFT":
            made += 1
            flaws = letter(facts(drawn, own_sender(dice), dice), drawn.truth.temptation, "baseline", dice).flaws
            found["clean" if not flaws else flaws[0] if len(flaws) == 1 else "several"] += 1
    flawed = made - found["clean"]
    return Mix(made, found["clean"] / made, {name: n / flawed for name, n in found.most_common() if name != "clean"})


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}; a card needs the folder of a finished run") from None


def _read(path: Path) -> Any:
    try:
        return json.loads(_text(path))
    except ValueError:
        raise ConfigError(f"{path} is not JSON; give the output of `python -m experiments.backbone`") from None


__all__ = ["Mix", "card", "measured"]
