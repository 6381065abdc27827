"""The sweeps' own wording, one text at a time, apart for each split.

Decides that a split never says what another one says, so that nothing tuned on dev has read the held-out wording.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from random import Random

import yaml

from training.world.split import Split

Lists = Mapping[str, Mapping[Split, list[str]]]


@cache
def texts() -> Lists:
    found: Lists = yaml.safe_load(files("experiments.bench").joinpath("wording.yaml").read_text("utf-8"))
    return found


def said(kind: str, split: Split, dice: Random, slots: Mapping[str, str]) -> str:
    """One text of a kind with its slots filled; the first letter is a capital one."""
    text = dice.choice(texts()[kind][split]).format_map(slots)
    return text if kind in {"practice", "confided"} else text[0].upper() + text[1:]


__all__ = ["said", "texts"]
