"""What a run would do, without a token: the decision on the prospect alone, or the first prompt and its length."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from agent.backbones import Tokens
from agent.drafting import Agent
from agent.state import State
from prompts.pieces import Prompt, unpacked
from rubric import Reading


class Plan(NamedTuple):
    """`outcome` where the prospect alone decides; else the prompt, and `tokens` where the backbone knows them."""

    reading: Reading
    outcome: str | None
    reasons: list[str]
    prompt: Prompt | None = None
    tokens: Tokens | None = None


def plan(agent: Agent, prospect: Mapping[str, Any], as_of: date | None = None) -> Plan:
    from langgraph.runtime import Runtime

    from agent.state import Choices
    from agent.steps import Steps

    reading = agent.read(prospect, as_of)
    steps, runtime = Steps(lambda: agent.parts), Runtime(context=Choices())
    state: State = {"prospect": dict(prospect), "as_of": str(reading.prospect.as_of)}
    state.update(steps.qualify(state, runtime))  # type: ignore[typeddict-item]
    if state["outcome"]:
        return Plan(reading, state["outcome"], state["reasons"])
    prompt = unpacked(steps.compose(state, runtime)["prompt"])
    return Plan(reading, None, [], prompt, agent.parts.backbone.count(prompt))


__all__ = ["Plan", "plan"]
