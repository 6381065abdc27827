"""A receipt drawn again: identical, or the first place where the two part.

Decides by hashes first, because a difference in the prospect, the playbook, the prompts or the model
explains every later one. Identity is promised on the same build, processor features and thread count.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple, Self

from pydantic import ValidationError

from agent.config import Config
from agent.drafting import Agent
from agent.receipt import VERSION, Difference, Receipt, Round, first_difference
from agent.settings import load_config
from critic.candidate import Cost
from rubric.errors import ConfigError, InputError


class Replay(NamedTuple):
    """`notes` say what differs around the run: versions, threads, processor features."""

    difference: Difference | None
    now: Receipt | None
    notes: list[str]


def read_receipt(document: Any, where: str) -> Receipt:
    """A receipt, or the one inside a draft's row."""
    found = document.get("receipt", document) if isinstance(document, Mapping) else document
    if not isinstance(found, Mapping):
        raise InputError(f"{where} holds no receipt; give the JSON of a draft (`winnow draft --json`) or its receipt")
    if found.get("version") != VERSION:
        raise InputError(f"{where}: the receipt has version {found.get('version')!r}, this Winnow reads version {VERSION}")
    try:
        return Receipt.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(f"{where}: /{'/'.join(map(str, first['loc']))} {first['msg'].lower()}; the receipt is not whole") from None


def config_of(receipt: Receipt, overrides: Mapping[str, Any]) -> Config:
    """The settings of the receipt, with the store of the one who replays; a replay waits for nobody."""
    try:
        return Config.model_validate({"store": load_config({}).store, **receipt.config, **overrides, "review": False})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(f"the receipt's setting {'.'.join(map(str, first['loc']))} cannot be used: {first['msg']}") from None


class Replayer:
    """Draws receipts again; the model stays open as long as the settings stay the same."""

    def __init__(self, overrides: Mapping[str, Any]) -> None:
        self._overrides = overrides
        self._agent: Agent | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def replay(self, receipt: Receipt) -> Replay:
        draft = self._agent_for(config_of(receipt, self._overrides)).draft(receipt.prospect, date.fromisoformat(receipt.as_of), again=receipt)
        if draft.receipt is None:
            return Replay(Difference("/outcome", receipt.outcome, f"ERROR: {draft.error}"), None, [])
        now = draft.receipt
        return Replay(first_difference(_comparable(receipt), _comparable(now)), now, list(_around(receipt, now)))

    def _agent_for(self, config: Config) -> Agent:
        if self._agent is None or self._agent.config != config:
            self._close()
            self._agent = Agent(config)
        return self._agent

    def _close(self) -> None:
        if self._agent is not None:
            self._agent.close()
            self._agent = None


def replay(receipt: Receipt, overrides: Mapping[str, Any]) -> Replay:
    """One receipt drawn again."""
    with Replayer(overrides) as replayer:
        return replayer.replay(receipt)


def _comparable(receipt: Receipt) -> Receipt:
    """What a replay promises: not where files lie, not what was in memory, not what a person decided."""
    nowhere = {"name": ""}
    return receipt.model_copy(
        update={
            "key": "", "config": {}, "config_hash": "", "rounds": [_without_memory(r) for r in receipt.rounds],
            "cost": _work(receipt.cost), "path": [step for step in receipt.path if not step.startswith("review:")],
            "outcome": "DRAFT" if receipt.outcome in ("REVIEW", "IGNORED") else receipt.outcome,
            "model": receipt.model.model_copy(update={"model": ""} if receipt.model.hash else {}), "playbook": receipt.playbook.model_copy(update=nowhere),
            "templates": receipt.templates.model_copy(update=nowhere),
            "adapter": receipt.adapter.model_copy(update=nowhere) if receipt.adapter else None,
            "critic": receipt.critic and receipt.critic.model_copy(
                update={"judge": receipt.critic.judge and receipt.critic.judge.model_copy(update=nowhere)}
            ),
        }
    )  # fmt: skip


def _without_memory(drawn: Round) -> Round:
    ranking = drawn.ranking and drawn.ranking.model_copy(update={"cost": _work(drawn.ranking.cost)})
    return drawn.model_copy(update={"cost": _work(drawn.cost), "ranking": ranking})


def _work(cost: Cost) -> Cost:
    """The part of a cost that does not depend on what was in memory."""
    return Cost(decoded=cost.decoded, scored=cost.scored)


def _around(was: Receipt, now: Receipt) -> list[str]:
    """What may explain a difference and is none itself."""
    pairs = [(was.versions, now.versions), (was.model.details, now.model.details)]
    return [
        f"{name} was {before.get(name)}, is {after.get(name)}"
        for before, after in pairs
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]


__all__ = ["Replay", "Replayer", "config_of", "read_receipt", "replay"]
