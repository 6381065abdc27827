"""A tiny model of random weights with its adapters, made once for a test run, and prompts for it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from agent.backbones import Sampling
from prompts.pieces import Message, Piece, Prompt
from training.export.gguf_model import Lora, write_lora
from training.random_model import TINY, lora_pairs, random_lora, random_model

GREEDY = Sampling(temperature=0, max_tokens=24)
WARM = Sampling(temperature=1, top_p=1, max_tokens=24)
STATIC = "You write short letters to people who run companies. " * 6


class Files(NamedTuple):
    folder: Path
    model: str
    activated: str
    ordinary: str
    other_base: str
    other_template: str


_folder = TemporaryDirectory(prefix="winnow-tiny-")


@lru_cache(maxsize=1)
def files() -> Files:
    folder = Path(_folder.name)
    other = write_lora(folder / "template.gguf", Lora(lora_pairs(TINY, 3, 4, 1.0), alpha=4, invocation=(257, 1, 2, 3)))
    return Files(
        folder,
        str(random_model(folder / "tiny.gguf")),
        str(random_lora(folder / "activated.gguf", kind="activated")),
        str(random_lora(folder / "ordinary.gguf", kind="ordinary")),
        str(random_lora(folder / "wide.gguf", TINY._replace(hidden=96))),
        str(other),
    )


def prompt(facts: str = "Acme makes robots.", static: str = STATIC) -> Prompt:
    system = Message("system", (Piece(static, True),), static=True)
    return Prompt((system, Message("user", (Piece("Facts: ", True), Piece(facts, False)))))
