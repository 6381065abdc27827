"""The stock that the world's prospects are made of: names, places, trades, sentences, as data in YAML.

Decides nothing; a file is read once per process. Texts are patterns (`training.world.patterns`).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def stock(name: str) -> Any:
    """What stands in `name`.yaml."""
    return yaml.safe_load(files(__name__).joinpath(f"{name}.yaml").read_text("utf-8"))


__all__ = ["stock"]
