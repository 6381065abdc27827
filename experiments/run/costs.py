"""What a letter cost: counts that do not depend on the machine, and what follows from them.

Decides that operations are estimated as two for each parameter and token that goes through the model, which leaves out
attention and the adapter; and what a smaller pool would have cost: the prompt whole, each letter its share, and as many
passes as the longest letter of a part of the pool needs in the mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import comb, fsum
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from critic.candidate import Cost
from experiments.conditions.plan import Prices

FLOPS = "2 x parameters x tokens computed, decoded or scored; attention and the adapter are left out"


class Spent(BaseModel):
    """Work for one letter, or the mean of several; whole numbers unless a smaller pool was reckoned."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt_computed: float = 0
    prompt_reused: float = 0
    decoded: float = 0
    scored: float = 0
    passes: float = 0
    reckoned: bool = Field(False, description="of a smaller pool, from the one that was drawn")
    tokens: float = Field(0, description="that went through the model: computed, decoded and scored")
    flops: float | None = Field(None, description="null where the number of parameters is not known")
    money: float | None = Field(None, description="null where no price is configured")


class Tariff:
    """What tokens amount to: operations of a model, and money."""

    def __init__(self, parameters: float | None = None, prices: Prices | None = None) -> None:
        self.parameters, self.prices = parameters, prices

    def spent(self, counts: dict[str, float], *, reckoned: bool = False) -> Spent:
        tokens = counts["prompt_computed"] + counts["decoded"] + counts["scored"]
        return Spent(**counts, reckoned=reckoned, tokens=tokens, flops=None if self.parameters is None else 2 * self.parameters * tokens, money=self._money(counts))

    def _money(self, counts: dict[str, float]) -> float | None:
        if self.prices is None:
            return None
        computed = counts["prompt_computed"] + counts["scored"]
        return round((computed * self.prices.computed + counts["prompt_reused"] * self.prices.reused + counts["decoded"] * self.prices.decoded) / 1000, 9)


def whole(costs: Iterable[Cost]) -> dict[str, float]:
    """The counts of several calls together."""
    total = sum(costs, Cost())
    return {name: float(getattr(total, name)) for name in ("prompt_computed", "prompt_reused", "decoded", "scored", "passes")}


def part(sample: Cost, score: Cost, lengths: Sequence[int], k: int) -> dict[str, float]:
    """The counts of a pool of k, from one of more letters of these lengths."""
    n = len(lengths)
    if k == n:
        return whole([sample, score])
    longest = max(lengths, default=0)
    return {
        "prompt_computed": float(sample.prompt_computed + score.prompt_computed), "prompt_reused": float(sample.prompt_reused + score.prompt_reused),
        "decoded": sample.decoded * k / n, "scored": score.scored * k / n,
        "passes": sample.passes - longest + expected_longest(lengths, k) + score.passes * k / n,
    }  # fmt: skip


def expected_longest(lengths: Sequence[int], k: int) -> float:
    """The mean length of the longest of k letters.

    >>> expected_longest([10, 20], 1)
    15.0
    """
    ordered = sorted(lengths)
    return fsum(comb(place, k - 1) * length for place, length in enumerate(ordered)) / comb(len(ordered), k)


class _Sized(Protocol):
    @property
    def shape(self) -> tuple[int, ...]: ...


def parameters_of(backbone: Any) -> float | None:
    """The parameters that the file of a backbone holds, without a table of embeddings that is only looked up."""
    file = getattr(backbone, "file", None)
    tensors: dict[str, _Sized] = getattr(file, "tensors", {})
    sizes = {name: _product(tensor.shape) for name, tensor in tensors.items()}
    if not sizes:
        return None
    looked_up = sizes.get("token_embd.weight", 0) if "output.weight" in sizes else 0
    return float(sum(sizes.values()) - looked_up)


def _product(shape: Sequence[int]) -> int:
    found = 1
    for length in shape:
        found *= length
    return found


__all__ = ["FLOPS", "Spent", "Tariff", "expected_longest", "parameters_of", "part", "whole"]
