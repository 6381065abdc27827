"""A condition: how many letters are drawn and how, which one is picked, and whether the whole agent does it.

Decides the built-in conditions. Refuses what measures nothing: several letters at temperature 0, which are one
letter; an adapter that nothing reads; the rubric as a picker before the gate, which is the rubric itself.
"""

from __future__ import annotations

from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.backbones.spec import BackboneSpec
from agent.config import Style
from rubric.playbook import Failure

Picker = Literal["first", "random", "logprob", "critic", "oracle"]
PICKERS: tuple[Picker, ...] = get_args(Picker)


class Condition(BaseModel):
    """Without `gate`, one round is drawn, one letter picked and the rubric judges afterwards; with it, the agent
    draws, ranks, gates and tries again, and what it delivers is judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.=@+-]{0,79}$")
    k: int = Field(1, ge=1, le=64, description="letters in a pool")
    temperature: float = Field(0.0, ge=0, le=5)
    prompt: Style = "baseline"
    picker: Picker = "first"
    gate: bool = False
    adapter: str | dict[int, str] | None = Field(None, description="of the picker 'critic': a path, one with {seed} in it, or one for each seed; null: the plan's")
    blind: Failure | None = Field(None, description="a failure whose rules the gate may not use; the delivered letters are judged by all of them")
    backbone: BackboneSpec | None = Field(None, description="null: the configured one")

    @model_validator(mode="after")
    def _measures_something(self) -> Self:
        if self.temperature == 0 and self.k > 1 and not self.gate:
            raise ValueError(f"{self.name}: {self.k} letters at temperature 0 are one letter; set k to 1, or a temperature")
        if self.gate and self.picker == "oracle":
            raise ValueError(f"{self.name}: before the gate the rubric cannot be the picker as well; choose random, logprob, first or critic")
        if self.adapter is not None and self.picker != "critic":
            raise ValueError(f"{self.name}: only the picker 'critic' reads an adapter; leave it out, or set 'picker: critic'")
        if self.blind and not self.gate:
            raise ValueError(f"{self.name}: 'blind' switches rules off in the gate; set 'gate: true'")
        return self

    @property
    def once(self) -> bool:
        """Whether every seed gives the same letters, so that one run is all there is."""
        return self.temperature == 0 and not self.gate

    def adapter_for(self, seed: int) -> str | None:
        """The adapter that goes with a seed."""
        if isinstance(self.adapter, dict):
            return self.adapter.get(seed)
        return None if self.adapter is None else self.adapter.replace("{seed}", str(seed))

    @property
    def recipe(self) -> dict[str, Any]:
        """What decides the letters, which a name does not."""
        return self.model_dump(mode="json", exclude={"name", "adapter", "backbone"})


def _hot(name: str, **more: Any) -> Condition:
    return Condition(**{"name": name, "k": 4, "temperature": 0.7, **more})


BUILT_IN: dict[str, Condition] = {
    one.name: one
    for one in (
        Condition(name="baseline"),
        Condition(name="promptaug", prompt="augmented"),
        _hot("critic_rs", picker="critic"),
        _hot("random_rs", picker="random"),
        _hot("logprob_rs", picker="logprob"),
        _hot("oracle_rs", picker="oracle"),
        _hot("critic_promptaug", picker="critic", prompt="augmented"),
        _hot("gate_critic", picker="critic", gate=True),
        _hot("gate_random", picker="random", gate=True),
        _hot("gate_logprob", picker="logprob", gate=True),
    )
}

__all__ = ["BUILT_IN", "PICKERS", "Condition", "Picker"]
