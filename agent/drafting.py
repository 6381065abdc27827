"""The agent: one prospect in, one `Draft` with its receipt out.

Decides what the key of a draft is and which failures are rows: a prospect that cannot be read or a
model that fails is an ERROR row, a wrong configuration ends the run before the first prospect.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from uuid import uuid4

from agent import __version__
from agent.checkpoints import checkpointer, typed
from agent.config import Config, fields_of, recorded
from agent.critics import use_of
from agent.parts import Listed, Parts, Suppressed, open_parts
from agent.receipt import Document, Receipt, Round, content_hash
from agent.result import Draft, Letter, Person
from agent.state import Choices
from critic.candidate import Cost
from critic.monitor import Monitor, Observation
from rubric import Reading, read_prospect
from rubric.errors import ContextError, InputError, StoreError, UserError, WinnowError

if TYPE_CHECKING:
    from agent.backbones import Backbone, Identity
    from agent.store import Store
    from agent.suppression import Suppression

Event = Callable[[Mapping[str, Any]], None]
# What changes speed, place or output, but never the letter.
_BESIDE = frozenset({"store", "jobs", "columns", "fail_on", "as_of", "playbook", "capacity", "templates", "adapter", "seed",
                     "judge", "critic_reward", "critic_threshold", "critic_unchecked"})  # fmt: skip
_BESIDE_MODEL = frozenset({"model", "repo", "file", "replies", "tokenizer", "threads", "timeout_s", "retries", "api_key_env"})

_STANDING = {"state", "reason", "calls", "failed", "stopped"}


class Task(NamedTuple):
    """A prospect as it was given, as it was read, and the key of its draft."""

    prospect: dict[str, Any]
    reading: Reading
    key: str


class Waiting(NamedTuple):
    state: dict[str, Any]
    open: bool


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
        self.parts: Parts = open_parts(self.config, backbone=backbone, suppressed=_list_of(Suppression(self.store)), monitors=_monitors(self.store))
        if backbone is None:
            self._open.callback(self.parts.backbone.close)
        self._checkpoints = self._open.enter_context(checkpointer(self.store.database))
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

    @cached_property
    def _model(self) -> Identity:
        return self.parts.backbone.identity

    def key(self, prospect: Mapping[str, Any], reading: Reading) -> str:
        """The hash that names a draft: the same prospect, day, settings, prompts, model and seed."""
        model = self._model
        return content_hash(
            [
                content_hash(prospect), str(reading.prospect.as_of), self._config_hash, self.parts.prompts.hash,
                self.parts.playbook.hash, [model.kind, model.hash or model.model, model.details.get("tokenizer")],
                self.parts.adapter.hash if self.parts.adapter else None, self.config.seed, *self._critic_stamp(),
            ]
        )  # fmt: skip

    def _critic_stamp(self) -> list[Any]:
        """What of the critic decides which letter is drawn; nothing without one, so that keys stay."""
        used = use_of(self.config, self.parts.critics, {})
        return [] if used is None else [used.reward, used.beta, used.noise, used.threshold, used.judge and used.judge.hash]

    def task(self, prospect: Any, as_of: date | None = None) -> Task:
        """A prospect that can be drafted for, and its key."""
        reading = self.read(prospect, as_of)
        try:
            _refuse_long_numbers(prospect)
            return Task(dict(prospect), reading, self.key(prospect, reading))
        except RecursionError:
            raise InputError("the prospect is nested too deeply to be kept") from None

    def draft(
        self, prospect: Mapping[str, Any], as_of: date | None = None, *,
        line: int | None = None, on_event: Event | None = None, again: Receipt | None = None,
    ) -> Draft:
        """A draft, or the reasons why there is none. A failure that concerns this prospect or this moment
        is an ERROR; a wrong configuration and a store that cannot be written are raised. With `again` the
        critic stands as it stood in that receipt, and nothing is noted of it."""
        try:
            return self.attempt(self.task(prospect, as_of), line=line, on_event=on_event, again=again)
        except WinnowError as error:
            if ends_the_run(error):
                raise
            return failed(prospect, str(error), line)

    def attempt(self, task: Task, *, line: int | None = None, on_event: Event | None = None, again: Receipt | None = None) -> Draft:
        """One run of the graph; its checkpoint stays only where the letter waits for a person."""
        thread = f"{task.key}.{uuid4().hex}"
        given: dict[str, Any] = {"prospect": task.prospect, "as_of": str(task.reading.prospect.as_of)}
        if again is not None:
            given["again"] = again.critic.model_dump(include=_STANDING) if again.critic else {"state": "on"}
        try:
            state = self._run(given, thread, on_event)
        except BaseException:
            self.forget(thread)
            raise
        if "interrupted" not in state:
            self.forget(thread)
        if again is None:
            self._note(state, task)
        return self._draft(state, task, thread, line)

    def _note(self, state: Mapping[str, Any], task: Task) -> None:
        """Tells the monitor how the critic fared with a prospect, where it was asked."""
        found = state.get("critic")
        if self.parts.monitor and found and found["calls"]:
            seen = {name: found[name] for name in ("stopped", "calls", "failed")}
            self.parts.monitor.record(Observation(kind="prospect", key=task.key, **seen))

    def waiting(self, thread: str) -> Waiting:
        """What a thread's checkpoint says: its state, and whether it still waits for a person."""
        with typed(self.store.shown):
            found = self._graph.get_state(_thread(thread))
        return Waiting(dict(found.values), found.next == ("review",))

    def resume(self, thread: str, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Goes on with a run that waits for a person; gives its last state, and keeps the checkpoint."""
        from langgraph.types import Command

        return self._run(Command(resume=[dict(answer)]), thread, None)

    def forget(self, thread: str) -> None:
        """Drops a run's checkpoint, once the store holds what came of it."""
        with typed(self.store.shown):
            self._checkpoints.delete_thread(thread)

    def _run(self, given: Any, thread: str, on_event: Event | None) -> dict[str, Any]:
        """The last state of a run, with `interrupted` where it waits for a person."""
        state: dict[str, Any] = {}
        with typed(self.store.shown):
            for mode, value in self._graph.stream(
                given, _thread(thread), context=Choices(), stream_mode=["custom", "values"], durability="exit"
            ):
                if mode == "custom" and on_event is not None:
                    on_event(value)
                elif mode == "values":
                    state |= {"interrupted": value["__interrupt__"][0].value} if "__interrupt__" in value else dict(value)
        return state

    def _draft(self, state: Mapping[str, Any], task: Task, thread: str, line: int | None) -> Draft:
        if state.get("forgotten"):  # of a forgotten person not even the row says who it was
            return Draft(line=line, outcome="SUPPRESS", reasons=state["reasons"])
        prospect, verdict = task.reading.prospect, state.get("verdict") or {}
        waits = state.get("interrupted")
        outcome = "REVIEW" if waits else state["outcome"]
        person = Person.model_validate(prospect.recipient.model_dump())
        return Draft(
            id=prospect.id, key=task.key, line=line, outcome=outcome, company=prospect.company.name, recipient=person,
            email=Letter(**state["letter"]) if state.get("letter") else None, decision=verdict.get("decision"),
            score=verdict.get("score"), dimensions=verdict.get("dimensions"), segment=state.get("segment"),
            findings=verdict.get("findings", []), reasons=state.get("reasons", []), warnings=state.get("warnings", []),
            receipt=self._receipt(state, task, outcome),
            review={"thread": thread, "request": waits} if waits else None,
        )  # fmt: skip

    def _receipt(self, state: Mapping[str, Any], task: Task, outcome: str) -> Receipt:
        playbook, rounds = self.parts.playbook, [Round.model_validate(r) for r in state.get("rounds", [])]
        return Receipt(
            key=task.key, prospect=task.prospect, prospect_hash=content_hash(task.prospect), as_of=str(task.reading.prospect.as_of),
            playbook=Document(name=f"{playbook.name} {playbook.version}", hash=playbook.hash),
            templates=Document(name=self.config.templates or "built-in", hash=self.parts.prompts.hash),
            model=self._model, adapter=self.parts.adapter,
            critic=use_of(self.config, self.parts.critics, state.get("critic") or {}), config=recorded(self.config),
            config_hash=self._config_hash, seed=self.config.seed, rounds=rounds, path=state.get("path", []),
            chosen=state.get("chosen"), outcome=outcome, cost=sum((r.cost for r in rounds), Cost()),
            versions={"winnow": __version__, "python": platform.python_version()},
        )  # fmt: skip


def draft(prospect: Mapping[str, Any], *, config: Config | None = None, **settings: Any) -> Draft:
    """One draft with the settings given, such as `backbone="llama:model.gguf"` or `k=8`."""
    from agent.settings import load_config

    with Agent(config or load_config(settings)) as agent:
        return agent.draft(prospect)


def failed(prospect: Any, error: str, line: int | None = None) -> Draft:
    """The row of a prospect that could not be drafted for."""
    given = prospect if isinstance(prospect, Mapping) else {}
    company, identity = given.get("company"), given.get("id")
    name = company.get("name") if isinstance(company, Mapping) else company
    return Draft(
        id=identity if isinstance(identity, str) else None, line=line, outcome="ERROR",
        company=name if isinstance(name, str) else "", error=error,
    )  # fmt: skip


def ends_the_run(error: WinnowError) -> bool:
    """Whether an error would meet every prospect: a setting, a model file, the store."""
    own = isinstance(error, (ContextError, InputError))
    return isinstance(error, StoreError) or (isinstance(error, UserError) and not own)


def own_parts() -> Parts:
    """The parts of a graph that a tool runs: settings from the environment, suppressions from the store."""
    from agent.settings import load_config
    from agent.store import Store
    from agent.suppression import Suppression

    config = load_config({})
    store = Store(config.store)
    return open_parts(config, suppressed=_list_of(Suppression(store)), monitors=_monitors(store))


def _monitors(store: Store) -> Callable[[str], Monitor]:
    from agent.store_monitor import MonitorTable

    return lambda name: Monitor(MonitorTable(store), name)


def _list_of(suppression: Suppression) -> Suppressed:
    def listed(addresses: str | None, domain: str | None) -> Listed | None:
        match = suppression.match(addresses, domain)
        return None if match is None else Listed(match.reason, match.entry.kind == "forgotten")

    return listed


def _thread(name: str) -> dict[str, Any]:
    return {"configurable": {"thread_id": name}}


def _drawing(config: Config) -> dict[str, Any]:
    """The settings that decide which letter is drawn."""
    fields = {name: value for name, value in fields_of(config).items() if name not in _BESIDE}
    fields["without"] = sorted(fields["without"])
    fields["backbone"] = {name: value for name, value in fields["backbone"].items() if name not in _BESIDE_MODEL}
    return fields


def _refuse_long_numbers(value: Any, pointer: str = "") -> None:
    """No database and no other program reads whole numbers beyond 64 bits."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_long_numbers(item, f"{pointer}/{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _refuse_long_numbers(item, f"{pointer}/{number}")
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InputError(f"{pointer}: got a whole number of {len(str(abs(value)))} digits; give it as text", pointer)


__all__ = ["Agent", "Event", "Task", "Waiting", "draft", "ends_the_run", "failed", "own_parts"]
