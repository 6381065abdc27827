"""Conditions of the whole agent: it draws, ranks, gates and tries again, and its receipt is kept.

Decides that only the picker differs between them: no threshold, no switch that a monitor might turn, and the rules of a
blind condition's failure off in the gate alone. Refuses to go on where the critic failed, because the agent then goes
by the rules alone and would be counted as a critic.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from agent.config import Config
from agent.drafting import Agent
from agent.receipt import Receipt, content_hash
from agent.result import Draft
from critic.candidate import Candidate
from experiments.conditions.condition import Condition
from experiments.run.items import Item
from experiments.run.journal import Unit
from experiments.run.picking import ranker_of
from experiments.run.recorded import Call
from experiments.run.rig import Rig
from experiments.run.verdicts import Verdict, verdicts_of
from rubric.errors import ContextError, InputError, RuleError, ScoreError
from rubric.playbook import Failure
from rubric.rules import all_rules


def rules_of(failure: Failure) -> tuple[str, ...]:
    """The rules that look for a failure in a letter; those that look at the prospect alone stay on."""
    return tuple(rule.id for rule in all_rules() if rule.failure == failure and rule.draft)


def settings(rig: Rig, condition: Condition, seed: int, store: str) -> Config:
    """The agent's configuration; the picker is put in its place afterwards."""
    blind = rules_of(condition.blind) if condition.blind else ()
    changed = {
        "k": condition.k, "temperature": condition.temperature, "prompt": condition.prompt, "seed": seed, "store": store, "review": False,
        "without": tuple(dict.fromkeys((*rig.config.without, *blind))), "ranker": "as_sampled", "adapter": None, "critic_unchecked": True,
    }  # fmt: skip
    if condition.picker == "critic":
        changed |= {"ranker": "critic", "adapter": condition.adapter_for(seed)}
    return Config.model_validate({**rig.config.model_dump(), **changed})


@contextmanager
def agent_of(rig: Rig, condition: Condition, seed: int) -> Iterator[Agent]:
    with tempfile.TemporaryDirectory(prefix="winnow-") as folder:
        config = settings(rig, condition, seed, str(Path(folder, "winnow.db")))
        with Agent(config, backbone=rig.backbone) as agent:
            agent.parts = replace(agent.parts, ranker=ranker_of(condition.picker, rig.worn(condition, seed)), monitor=None)
            yield agent


def gate_key(rig: Rig, condition: Condition, seed: int, item: Item) -> str:
    given = condition.adapter_for(seed) if condition.picker == "critic" else None
    adapter = rig.adapters[given].document.hash if given is not None else None
    return content_hash(["gate", rig.backbone.name, item.origin, condition.recipe, seed, adapter, rig.playbook.hash, rig.prompts.hash])


def kept(rig: Rig, condition: Condition, seed: int, item: Item) -> Unit:
    """The unit of a letter that was drawn."""
    found = rig.journal.read(gate_key(rig, condition, seed, item))
    if found is None:
        raise InputError(f"{rig.journal.path} has no letter of {condition.name} for {item.id}; run the same command to draw it")
    return found


def gated(rig: Rig, agent: Agent, condition: Condition, seed: int, item: Item) -> Unit:
    """Draws one letter: outcome, receipt, and which calls it needed."""
    key = gate_key(rig, condition, seed, item)
    began, busy = perf_counter(), rig.backbone.busy
    with rig.backbone.listening() as calls:
        value = _attempted(agent, item)
    took = max(0.0, perf_counter() - began - (rig.backbone.busy - busy))  # the calls' own seconds stand with them
    value["calls"] = [{"key": call.key, "kind": call.kind} for call in calls]
    _judge(rig, item, calls)
    return rig.journal.add(Unit(key, "gate", value, {"gate": took}))


def _attempted(agent: Agent, item: Item) -> dict[str, Any]:
    try:
        draft: Draft = agent.attempt(agent.task(item.prospect))
    except (ContextError, InputError, RuleError) as error:  # of this item alone; the run goes on
        return {"outcome": "ERROR", "error": str(error), "chosen": None, "rounds": 0, "receipt": None}
    receipt = _sound(draft.receipt)
    chosen = receipt.chosen.model_dump() if receipt.chosen and draft.outcome == "DRAFT" else None
    return {"outcome": draft.outcome, "error": None, "chosen": chosen, "rounds": len(receipt.rounds), "receipt": receipt.model_dump(mode="json")}


def _sound(receipt: Receipt | None) -> Receipt:
    if receipt is None:
        raise ScoreError("the agent gave no receipt, so nothing is known of how the letter came about; report this")
    if receipt.critic is not None and receipt.critic.failed:
        raise ScoreError(f"{receipt.critic.reason}; a condition of the critic cannot be measured without it: mend this and run the same command to go on")
    return receipt


def _judge(rig: Rig, item: Item, calls: list[Call]) -> None:
    """All pools that the agent drew, judged by all rules."""
    for call in calls:
        if call.kind == "sample":
            pool_verdicts(rig, item, call.key)


def pool_candidates(rig: Rig, key: str) -> tuple[Candidate, ...]:
    """The letters of a pool by its key alone."""
    unit = rig.journal.read(key)
    rows = unit.value.get("completions", []) if unit else []
    return tuple(Candidate(**row, index=n) for n, row in enumerate(rows))


def pool_verdicts(rig: Rig, item: Item, key: str) -> tuple[Verdict, ...]:
    return verdicts_of(rig.journal, key, pool_candidates(rig, key), rig.reading(item), item.origin, rig.playbook).verdicts


__all__ = ["agent_of", "gate_key", "gated", "kept", "pool_candidates", "pool_verdicts", "rules_of", "settings"]
