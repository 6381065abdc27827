"""A run from its plan to its files.

Decides the order of things: settings and adapters and models are looked at before a held-out task is opened; what a run
has begun with is written before the first unit; files are made anew from the journal at the end, so that they are the
same whether or not the run was stopped on the way. Ctrl-C ends it behind a whole unit.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple

from agent.backbones import Backbone, open_backbone
from agent.claim import claim
from agent.config import Config, recorded
from agent.critics import Wearing, wear
from agent.receipt import content_hash
from experiments.conditions.condition import Condition
from experiments.conditions.plan import Plan
from experiments.run import folder as place
from experiments.run.costs import FLOPS, Tariff, parameters_of
from experiments.run.items import Item, items_of, opened, openings, tasks_sha
from experiments.run.journal import Journal, Unit
from experiments.run.recorded import Recorded
from experiments.run.rig import Rig
from experiments.run.work import Step, Work
from prompts import Prompts
from rubric import load_playbook, read_prospect
from rubric.errors import BackboneError, ConfigError, InputError, ScoreError, ServerError

if TYPE_CHECKING:
    from experiments.threshold_study import Thresholds

Opener = Callable[[Any], Backbone]


class Stopped(Exception):
    """Ctrl-C; what was finished is kept."""


class Model(NamedTuple):
    """A backbone that is open, the conditions that are run on it, and how many parameters it has."""

    spec: Any
    backbone: Backbone
    conditions: tuple[Condition, ...]
    parameters: float | None


class Begun(NamedTuple):
    """A run that can be gone on with."""

    path: Path
    plan: Plan
    works: tuple[Work, ...]
    study: Thresholds | None
    tariffs: tuple[Tariff, ...]
    journal: Journal

    def __len__(self) -> int:
        return sum(map(len, self.works)) + (len(self.study) if self.study else 0)

    def steps(self) -> Iterator[Step]:
        for work in self.works:
            yield from work.steps()
        if self.study:
            yield from self.study.steps()


def run(
    plan: Plan, config: Config, out: str | Path, *, opener: Opener = open_backbone, asked: Event | None = None,
    began: Callable[[int], Callable[[], None]] = lambda _total: lambda: None,
) -> Path:
    """Runs a plan, or what is left of it; gives the folder. `began` is told how many steps there are and gives what is
    called behind each."""
    from experiments.run.ending import end  # before the work, so that a change of the code on the way changes no figure

    path = Path(out)
    with claim(path), begun(plan, config, path, opener) as found:
        tick = began(len(found))
        try:
            for step in found.steps():
                if asked is not None and asked.is_set():
                    raise Stopped(f"stopped behind a whole unit; what was finished is in {path}: run the same command to go on")
                step.run()
                tick()
        except (BackboneError, ServerError, ScoreError) as error:
            raise type(error)(f"{error}; what was finished is kept in {path}: mend this and run the same command to go on") from None
        end(found)
    return path


@contextmanager
def begun(plan: Plan, config: Config, path: Path, opener: Opener = open_backbone) -> Iterator[Begun]:
    """Opens what a run needs, and its folder: a new one, or one that the same run began."""
    adapters = adapters_of(plan, config)
    with ExitStack() as stack:
        models = [_model(plan, spec, conditions, stack, opener) for spec, conditions in by_backbone(plan, config)]
        items = _items(plan, path, config, _manifest(plan, config, models, adapters))
        journal = stack.enter_context(Journal(path / place.UNITS))
        _note_session(journal, plan)
        names = {one.path: one.document.hash for one in adapters.values()}
        playbook, prompts = load_playbook(config.playbook, config.capacity), Prompts(config.templates)
        rigs = [Rig(config, playbook, prompts, Recorded(model.backbone, journal, names), journal, adapters) for model in models]
        works = tuple(Work(plan, rig, model.conditions, items) for rig, model in zip(rigs, models, strict=True))
        tariffs = tuple(Tariff(model.parameters, plan.prices) for model in models)
        yield Begun(path, plan, works, _study(plan, rigs[0]), tariffs, journal)


def by_backbone(plan: Plan, config: Config) -> list[tuple[Any, tuple[Condition, ...]]]:
    """The conditions by what writes their letters, the configured backbone first."""
    groups: dict[str, tuple[Any, list[Condition]]] = {content_hash(config.backbone.model_dump()): (config.backbone, [])}
    for one in plan.all:
        spec = one.backbone or config.backbone
        groups.setdefault(content_hash(spec.model_dump()), (spec, []))[1].append(one)
    return [(spec, tuple(conditions)) for spec, conditions in groups.values() if conditions or plan.threshold_study]


def adapters_of(plan: Plan, config: Config) -> dict[str, Wearing]:
    """Every adapter that a condition names, read and checked before anything else is done."""
    found: dict[str, Wearing] = {}
    for condition in plan.all:
        for seed in plan.seeds_of(condition) if condition.picker == "critic" else ():
            given = condition.adapter_for(seed)
            if given is None:
                raise ConfigError(f"condition {condition.name} has no adapter for seed {seed}; set 'adapter' in the plan, or give --adapter, such as embedded or 'runs/rank/seed-{{seed}}'")
            if given not in found:
                found[given] = _worn(given, config.model_copy(update={"backbone": condition.backbone or config.backbone}))
    for given in _readers(plan).values():
        found.setdefault(given, _worn(given, config))
    return found


def _worn(given: str, config: Config) -> Wearing:
    one = wear(given, config)
    if one.file.task != "rank":
        raise ConfigError(f"{given} was trained to judge, and a picker needs one that ranks")
    return one


def _readers(plan: Plan) -> dict[str, str]:
    """The adapters of the threshold study, by seed; an adapter that serves several seeds is read once."""
    if plan.threshold_study is None or plan.adapter is None:
        return {}
    worn = Condition(name="reader", k=2, temperature=1.0, picker="critic", adapter=plan.adapter)
    given = {f"critic, seed {seed}": name for seed in plan.seeds if (name := worn.adapter_for(seed)) is not None}
    return {label: name for n, (label, name) in enumerate(given.items()) if name not in list(given.values())[:n]}


def _model(plan: Plan, spec: Any, conditions: Sequence[Condition], stack: ExitStack, opener: Opener) -> Model:
    backbone = opener(spec)
    stack.callback(backbone.close)
    return Model(spec, backbone, tuple(conditions), plan.parameters or parameters_of(backbone))


def _study(plan: Plan, rig: Rig) -> Thresholds | None:
    if plan.threshold_study is None:
        return None
    from experiments.threshold_study import Thresholds

    return Thresholds(rig, plan.threshold_study, _readers(plan))


def _manifest(plan: Plan, config: Config, models: Sequence[Model], adapters: Mapping[str, Wearing]) -> dict[str, Any]:
    """Everything that decides a figure, as far as it is known before a task is opened."""
    playbook, prompts = load_playbook(config.playbook, config.capacity), Prompts(config.templates)
    return {
        **place.stamp(), "name": plan.name, "plan": plan.model_dump(mode="json"), "conditions": [one.model_dump(mode="json") for one in plan.all],
        "config": recorded(config), "playbook": {"name": f"{playbook.name} {playbook.version}", "hash": playbook.hash}, "prompts": prompts.hash,
        "backbones": [
            {**model.backbone.identity.model_dump(mode="json"), "parameters": model.parameters, "conditions": [one.name for one in model.conditions]}
            for model in models
        ],
        "adapters": {
            given: {"hash": one.document.hash, "reward": one.file.reward, "beta": one.file.beta, "noise": one.file.noise, "seed": one.file.seed}
            for given, one in adapters.items()
        },
        "flops": FLOPS, "tasks": {"split": plan.split, "sha": tasks_sha(plan) if plan.conditions or plan.sweeps else None},
    }  # fmt: skip


def _items(plan: Plan, path: Path, config: Config, now: dict[str, Any]) -> tuple[Item, ...]:
    """The items of a run: those that it began with, or the plan's, whose opening is in the ledger first."""
    there = place.read_manifest(path)
    if there is not None:
        place.refuse_another(path, there, now)
        found = place.read_items(path)
        if items_hash(found) != there["tasks"]["items"]:
            raise ConfigError(f"{path / place.TASKS} was changed after the run began; restore it, or give another --out")
        return found
    if path.exists() and not path.is_dir():
        raise ConfigError(f"{path} is a file, and a run needs a folder; give another --out")
    if path.exists() and any(one.name not in (place.TASKS,) and not one.name.startswith(".") for one in path.iterdir()):
        raise ConfigError(f"{path} holds something that is no run; give another --out")
    tasks = opened(plan) if plan.conditions or plan.sweeps else []
    items = tuple(_with_briefs(items_of(tasks, turns=plan.turns), config))
    if tasks and not items:
        raise InputError(f"none of these {len(tasks)} tasks calls for a letter, so there is nothing to draw; give other tasks, or a higher --limit")
    place.write_lines(path / place.TASKS, (one.model_dump(mode="json") for one in items))
    place.write_json(path / place.MANIFEST, {**now, "tasks": {**now["tasks"], "tasks": len(tasks), "count": len(items), "items": items_hash(items)}})
    return items


def items_hash(items: Sequence[Item]) -> str:
    return content_hash([one.model_dump(mode="json") for one in items])


def _with_briefs(items: Iterable[Item], config: Config) -> Iterator[Item]:
    """The items with the case as the baseline prompt tells it, for whoever reads the report."""
    prompts, playbook = Prompts(config.templates), load_playbook(config.playbook, config.capacity)
    for item in items:
        prompt = prompts.generator(read_prospect(item.prospect, config.as_of), playbook, sender=config.sender)
        yield item.model_copy(update={"brief": prompt.messages[-1].text})


def _note_session(journal: Journal, plan: Plan) -> None:
    """When a run was begun or gone on with, and where."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    ledger = openings(plan).model_dump() if plan.split == "held_out" and (plan.conditions or plan.sweeps) else None
    value = {"at": at, "machine": platform.machine(), "system": platform.system(), "python": platform.python_version(), "cores": os.cpu_count(), "ledger": ledger}
    journal.add(Unit(content_hash(["session", at, os.getpid(), len(journal)]), "session", value, {}))


__all__ = ["Begun", "Model", "Opener", "Stopped", "adapters_of", "begun", "by_backbone", "items_hash", "run"]
