"""A small file of pairs for the tiny models of the tests, and a recipe that trains on it in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.backbones.chat import CHATML
from training.pairs.pair import Pair, pair_id, write_pairs
from training.train.config import TrainConfig

END = "<|im_end|>"
_FACTS = ("four roles", "a new office", "two teams", "one backlog", "a release in May", "no seniors", "six weeks", "a first hire")


def rendered(text: str) -> str:
    """The prompt as the tiny models' template writes it."""
    assert "<|im_start|>" in CHATML
    return f"<|im_start|>user\n{text}{END}\n<|im_start|>assistant\n"


def pair(number: int = 0, **more: Any) -> Pair:
    """A pair that a model learns by one letter: good drafts say "please", bad ones "URGENT"."""
    fact = _FACTS[number % len(_FACTS)]
    given: dict[str, Any] = {
        "prompt": rendered(f"Fact {number}: {fact}"), "chosen": f"Hi, please see {fact}.{END}", "rejected": f"URGENT about {fact}!{END}",
        "role": "baseline", "source": "mutator", "failures": ("tone_violation",), "company": f"Company {number}", "split": "train",
        "seed": number, "author": "mutator:tone", "chosen_score": 0.9, "rejected_score": 0.4, **more,
    }  # fmt: skip
    return Pair(id=pair_id(given["prompt"], given["chosen"], given["rejected"]), **given)


def verdict(number: int = 0, **more: Any) -> Pair:
    sides = ("PASS", "BLOCK") if number % 2 else ("BLOCK", "PASS")
    return pair(number, chosen=sides[0] + END, rejected=sides[1] + END, role="judge", **more)


def file_of(path: Path, count: int = 12, **more: Any) -> Path:
    write_pairs(path, [pair(n, **more) for n in range(count)])
    return path


def recipe(folder: Path, **more: Any) -> TrainConfig:
    """Six steps on the tiny model in `folder / model`."""
    given: dict[str, Any] = {
        "base": str(folder / "model"), "pairs": str(folder / "pairs.jsonl"), "out": str(folder / "out"), "batch": 4, "epochs": 2, "rate": 0.01,
        "lora": {"rank": 4, "alpha": 8}, "log_every": 1, "save_every": 2, "max_length": 256, "threads": 1, **more,
    }  # fmt: skip
    return TrainConfig.model_validate(given)


__all__ = ["END", "file_of", "pair", "recipe", "rendered", "verdict"]
