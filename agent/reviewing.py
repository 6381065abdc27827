"""What a person's answer makes of a letter that waits.

Decides by the gate: an edited letter that fails keeps waiting, and the faults are said. Only the very
letter that was shown can be answered; no model is opened, because a review samples nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.backbones.scripted import ScriptedBackbone
from agent.backbones.spec import ScriptedSpec
from agent.config import Config
from agent.drafting import Agent
from agent.inbox import read_answer
from agent.receipt import Receipt
from agent.store_monitor import MonitorTable
from critic.monitor import Monitor, Observation
from rubric.errors import InputError

ACCEPTED = "review: accepted"


def settle(row: Mapping[str, Any], config: Config, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The row after the answer, as the store then holds it."""
    read_answer(answer)  # one that is none must not become part of the run
    with Agent(config, backbone=ScriptedBackbone(ScriptedSpec())) as agent:
        thread = (agent.store.review(row["key"]) or {}).get("thread", "")
        state, still_open = agent.waiting(thread)
        if not state or state.get("letter") != row["email"] and still_open:
            raise InputError(f"the run behind {row['key'][:12]} is no longer in the store; draft the prospect again with --no-resume")
        if not still_open:
            settled = _record(agent, row, state, thread)
            raise InputError(f"{row['key'][:12]} was answered before ({state['path'][-1]}); its row is now {settled['outcome']}")
        state = agent.resume(thread, answer)
        if state.get("interrupted"):
            raise InputError(f"{state['interrupted'][0]['description']}; the letter still waits")
        return _record(agent, row, state, thread)


def _record(agent: Agent, row: Mapping[str, Any], state: Mapping[str, Any], thread: str) -> dict[str, Any]:
    settled = _settled(row, state)
    agent.store.settle(row["key"], settled)
    _tell_monitor(agent, row, state)
    agent.forget(thread)
    return settled


def _tell_monitor(agent: Agent, row: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """What a person said of a letter that the critic had looked at; an edited one was not accepted as it was."""
    receipt = Receipt.model_validate(row["receipt"])
    if receipt.critic_name and receipt.critic and receipt.critic.calls:
        accepted = state["path"][-1] == ACCEPTED
        Monitor(MonitorTable(agent.store), receipt.critic_name).record(Observation(kind="review", key=row["key"], accepted=accepted))


def _settled(row: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    verdict = state["verdict"]
    judged = {key: verdict[key] for key in ("decision", "score", "dimensions", "findings")}
    receipt = {**row["receipt"], "outcome": state["outcome"], "path": state["path"]}
    return {**row, **judged, "outcome": state["outcome"], "email": state["letter"], "reasons": state["reasons"], "receipt": receipt}


__all__ = ["settle"]
