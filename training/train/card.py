"""The adapter's model card in Mitchell's sections, filled from the run.

Decides nothing: every figure is read from the recipe, the pairs and the measures when the card is written, and
what was not measured is said to be unmeasured.
"""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from training.pairs.pair import Pair, read_pairs
from training.train.examples import Prepared
from training.train.job import Job

if TYPE_CHECKING:
    from collections.abc import Iterable


class Counted(NamedTuple):
    """What the file of pairs holds."""

    sources: dict[str, int]
    roles: dict[str, int]
    failures: dict[str, int]
    authors: dict[str, int]


def card(job: Job, critic: dict[str, Any], train: Prepared, last: dict[str, Any], note: str | None = None) -> str:
    """The card as Markdown; `note` says why there is no GGUF, where there is none."""
    from jinja2 import Environment, StrictUndefined

    template = files("training.train").joinpath("card.jinja").read_text("utf-8")
    environment = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, autoescape=False)  # noqa: S701  Markdown
    return environment.from_string(template).render(
        config=job.config, critic=critic, seed=job.seed, train=train, last=last, note=note,
        lengths=lengths(train), counted=counted(read_pairs(job.config.pairs)),
    )  # fmt: skip


def counted(pairs: Iterable[Pair]) -> Counted:
    sources, roles, failures, authors = (Counter[str]() for _ in range(4))
    for pair in pairs:
        sources[pair.source] += 1
        roles[pair.role] += 1
        failures.update(pair.failures)
        authors[pair.author.partition(":")[0]] += 1
    return Counted(*(dict(found.most_common()) for found in (sources, roles, failures, authors)))


def lengths(train: Prepared) -> dict[str, float]:
    """Mean tokens of prompts and sides, and the share of pairs whose chosen side is the longer one."""
    count = len(train.examples)
    return {
        "prompt": sum(e.prompt_tokens for e in train.examples) / count,
        "chosen": sum(e.chosen_tokens for e in train.examples) / count,
        "rejected": sum(e.rejected_tokens for e in train.examples) / count,
        "longer": sum(e.chosen_tokens > e.rejected_tokens for e in train.examples) / count,
    }


__all__ = ["Counted", "card", "counted", "lengths"]
