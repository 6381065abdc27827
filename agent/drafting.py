"""The agent: one prospect in, one `Draft` with its receipt out.

Decides what the key of a draft is and which failures are rows: a prospect that cannot be read or a
model that fails is an ERROR row, a wrong configuration ends the run before the first prospect.
"""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING, Any, Self

from agent import __version__
from agent.checkpoints import checkpointer
from agent.config import Config, fields_of
from agent.parts import Parts, open_parts
from agent.receipt import Document, Receipt, Round, content_hash
from agent.result import Draft, Letter, Person
from agent.state import Choices
from critic.candidate import Cost
from rubric import Reading, read_prospect
from rubric.errors import InputError, StoreError, UserError, WinnowError

if TYPE_CHECKING:
    from agent.backbones import Backbone
    from agent.store import Store

Event = Callable[[Mapping[str, Any]], None]
# What changes speed, place or output, but never the letter.
_BESIDE = frozenset({"store", "jobs", "columns", "fail_on", "as_of", "playbook", "capacity", "templates", "adapter", "seed"})
_BESIDE_MODEL = frozenset({"model", "repo", "file", "replies", "tokenizer", "threads", "timeout_s", "retries", "api_key_env"})


class Agent:
    """Opens the model once and drafts for one prospect after another.

    with Agent(load_config({"backbone": "scripted"})) as agent:
        print(agent.draft({"company": {"name": "Northwind Robotics"}}).outcome)
    """

    def __init__(self, config: Config | None = None, *, backbone: Backbone | None = None, store: Store | None = None) -> None:
        self.config = config or Config()
        self._open = ExitStack()
        try:
            self._begin(backbone, store)
        except BaseException:
            self._open.close()
            raise

    def _begin(self, backbone: Backbone | None, store: Store | None) -> None:
        from agent.graph import build_graph
        from agent.store import Store
        from agent.suppression import Suppression

        self.store = store or self._open.enter_context(Store(self.config.store))
        listed = Suppression(self.store)
        self.parts: Parts = open_parts(self.config, backbone=backbone, suppressed=listed.reason)
        if backbone is None:
            self._open.callback(self.parts.backbone.close)
        self._checkpoints = self._open.enter_context(checkpointer(self.config.store))
        self._graph = build_graph(lambda: self.parts, checkpointer=self._checkpoints)
        self._config_hash = content_hash(_drawing(self.config))[:16]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._open.close()

    def read(self, prospect: Any, as_of: date | None = None) -> Reading:
        return read_prospect(prospect, as_of or self.config.as_of)

    def key(self, prospect: Mapping[str, Any], reading: Reading) -> str:
        """The hash that names a draft: the same prospect, day, settings, prompts, model and seed."""
        model = self.parts.backbone.identity
        return content_hash(
            [
                content_hash(prospect), str(reading.prospect.as_of), self._config_hash, self.parts.prompts.hash,
                self.parts.playbook.hash, [model.kind, model.hash or model.model],
                self.parts.adapter.hash if self.parts.adapter else None, self.config.seed,
            ]
        )  # fmt: skip

    def draft(
        self, prospect: Mapping[str, Any], as_of: date | None = None, *, line: int | None = None, on_event: Event | None = None
    ) -> Draft:
        """A draft, or the reasons why there is none; only a wrong configuration raises."""
        try:
            reading = self.read(prospect, as_of)
        except InputError as error:
            return self.failed(prospect, str(error), line)
        key = self.key(prospect, reading)
        given = {"prospect": dict(prospect), "as_of": str(reading.prospect.as_of)}
        try:
            self.forget(key)
            state = self._run(given, key, on_event)
        except StoreError:
            raise
        except WinnowError as error:
            if isinstance(error, UserError) and not _of_one_prospect(error):
                raise
            return self.failed(prospect, str(error), line, key)
        if not state.get("interrupted"):
            self.forget(key)
        return self._draft(state, reading, key, line)

    def resume(self, key: str, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Goes on with a run that waits for a person; gives its last state, and keeps the checkpoint."""
        from langgraph.types import Command

        state = self._run(Command(resume=[dict(answer)]), key, None)
        return state or dict(self._graph.get_state({"configurable": {"thread_id": key}}).values)

    def forget(self, key: str) -> None:
        """Drops a run's checkpoint, once the store holds what came of it."""
        self._checkpoints.delete_thread(key)

    def failed(self, prospect: Any, error: str, line: int | None = None, key: str = "") -> Draft:
        """The row of a prospect that could not be drafted for."""
        company = prospect.get("company") if isinstance(prospect, Mapping) else None
        name = company.get("name") if isinstance(company, Mapping) else company
        identity = prospect.get("id") if isinstance(prospect, Mapping) else None
        return Draft(
            id=identity if isinstance(identity, str) else None, key=key, line=line, outcome="ERROR",
            company=name if isinstance(name, str) else "", error=error,
        )  # fmt: skip

    def _run(self, given: Any, key: str, on_event: Event | None) -> dict[str, Any]:
        """The last state of a run, with `interrupted` where it waits for a person."""
        state: dict[str, Any] = {}
        stream = self._graph.stream(
            given, {"configurable": {"thread_id": key}}, context=Choices(), stream_mode=["custom", "values"], durability="exit"
        )
        try:
            for mode, value in stream:
                if mode == "custom" and on_event is not None:
                    on_event(value)
                elif mode == "values":
                    state |= {"interrupted": value["__interrupt__"][0].value} if "__interrupt__" in value else dict(value)
        except sqlite3.Error as error:
            raise StoreError(f"the store {self.config.store!r} cannot be written: {error}; make room, or give another with --store FILE") from None
        return state

    def _draft(self, state: Mapping[str, Any], reading: Reading, key: str, line: int | None) -> Draft:
        prospect, verdict = reading.prospect, state.get("verdict") or {}
        outcome = "REVIEW" if state.get("interrupted") else state["outcome"]
        person = Person.model_validate(prospect.recipient.model_dump())
        return Draft(
            id=prospect.id, key=key, line=line, outcome=outcome, company=prospect.company.name, recipient=person,
            email=Letter(**state["letter"]) if state.get("letter") else None, decision=verdict.get("decision"),
            score=verdict.get("score"), dimensions=verdict.get("dimensions"), segment=state.get("segment"),
            findings=verdict.get("findings", []), reasons=state.get("reasons", []), warnings=state.get("warnings", []),
            receipt=self._receipt(state, reading, key, outcome),
        )  # fmt: skip

    def _receipt(self, state: Mapping[str, Any], reading: Reading, key: str, outcome: str) -> Receipt:
        playbook, rounds = self.parts.playbook, [Round.model_validate(r) for r in state.get("rounds", [])]
        return Receipt(
            key=key, prospect=state["prospect"], prospect_hash=content_hash(state["prospect"]), as_of=str(reading.prospect.as_of),
            playbook=Document(name=f"{playbook.name} {playbook.version}", hash=playbook.hash),
            templates=Document(name=self.config.templates or "built-in", hash=self.parts.prompts.hash),
            model=self.parts.backbone.identity, adapter=self.parts.adapter, config=dict(fields_of(self.config)),
            config_hash=self._config_hash, seed=self.config.seed, rounds=rounds, path=state.get("path", []),
            chosen=state.get("chosen"), outcome=outcome, cost=sum((r.cost for r in rounds), Cost()),
            versions={"winnow": __version__, "python": platform.python_version()},
        )  # fmt: skip


def draft(prospect: Mapping[str, Any], *, config: Config | None = None, **settings: Any) -> Draft:
    """One draft with the settings given, such as `backbone="llama:model.gguf"` or `k=8`."""
    from agent.settings import load_config

    with Agent(config or load_config(settings)) as agent:
        return agent.draft(prospect)


def own_parts() -> Parts:
    """The parts of a graph that a tool runs: settings from the environment, suppressions from the store."""
    from agent.settings import load_config
    from agent.store import Store
    from agent.suppression import Suppression

    config = load_config({})
    return open_parts(config, suppressed=Suppression(Store(config.store)).reason)


def _drawing(config: Config) -> dict[str, Any]:
    """The settings that decide which letter is drawn."""
    fields = {name: value for name, value in fields_of(config).items() if name not in _BESIDE}
    fields["backbone"] = {name: value for name, value in fields["backbone"].items() if name not in _BESIDE_MODEL}
    return fields


def _of_one_prospect(error: WinnowError) -> bool:
    from rubric.errors import ContextError

    return isinstance(error, (ContextError, InputError))


__all__ = ["Agent", "draft", "own_parts"]
