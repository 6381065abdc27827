"""Small experiments: tasks in the test's folder, a scripted backbone, adapters that only fakes can load."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from agent.backbones import Identity, Sampled, Sampling
from agent.backbones.scripted import ScriptedBackbone
from agent.backbones.spec import ScriptedSpec
from agent.config import Config
from critic.candidate import Cost
from critic.scorer import Scored
from experiments.bench.files import Folder
from experiments.bench.task import Turn
from experiments.conditions.plan import Plan, plan_of
from experiments.run.running import run
from prompts.pieces import Prompt
from tests.bench_tasks import folder, task
from tests.critics import write_critic

FILES = ("manifest.json", "tasks.jsonl", "traces.jsonl", "results.jsonl", "summary.json")
CONDITIONS = ("baseline", "promptaug", "critic_rs", "random_rs", "logprob_rs", "oracle_rs", "gate_critic", "gate_random")


class Scripted(ScriptedBackbone):
    """The scripted backbone, which counts its calls and may end a run at one of them."""

    def __init__(self, *, fault: Exception | BaseException | None = None, at: int = -1, kind: str = "scripted") -> None:
        super().__init__(ScriptedSpec())
        self._identity = Identity(kind=kind, model="built-in", hash="0123")
        self.calls: list[tuple[str, str]] = []
        self.fault, self.at = fault, at

    def sample(self, prompt: Prompt, seeds: Sequence[int], sampling: Sampling) -> Sampled:
        self._called("sample", prompt)
        return super().sample(prompt, seeds, sampling)

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        self._called("score", prompt)
        return super().score(prompt, completions, adapter)

    def _called(self, verb: str, prompt: Prompt) -> None:
        self.calls.append((verb, prompt.hash))
        if self.fault is not None and len(self.calls) == self.at + 1:
            raise self.fault


class Remembering(Scripted):
    """Costs less where the prompt, or its static part, is in memory from the call before, as a local backbone does."""

    def __init__(self) -> None:
        super().__init__(kind="llama")
        self._held: Prompt | None = None

    def sample(self, prompt: Prompt, seeds: Sequence[int], sampling: Sampling) -> Sampled:
        found, cost = super().sample(prompt, seeds, sampling), self._cost(prompt)
        return Sampled(found.completions, cost.model_copy(update={"decoded": found.cost.decoded, "passes": 1 + cost.prompt_computed}))

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        found, cost = super().score(prompt, completions, adapter), self._cost(prompt)
        return Scored(found.logprobs, cost.model_copy(update={"scored": found.cost.scored, "passes": 1 + cost.prompt_computed}))

    def _cost(self, prompt: Prompt) -> Cost:
        tokens, held = self.count(prompt), self._held
        static = held is not None and held.messages[0] == prompt.messages[0]
        reused = tokens.total if held == prompt else tokens.static if static else 0
        self._held = prompt
        return Cost(prompt_computed=tokens.total - reused, prompt_reused=reused)


def tasks(path: Path, count: int = 4) -> Folder:
    """Dev tasks, one of which goes on with a turn and one of which calls for no letter."""
    turn = Turn.model_validate({"on": "2026-05-06", "ours": "Hi Ines, a call?", "theirs": "Perhaps. What do you do?"})
    made = [task("dev", n, tempts=("tone_violation", None)[n % 2], difficulty=("easy", "hard")[n % 2]) for n in range(count)]
    made[0] = made[0].model_copy(update={"turns": (turn,)})
    return folder(path, {"dev": [*made, task("dev", count, decision="SUPPRESS")]})


def plan(where: Path, **more: Any) -> Plan:
    """A plan on tasks that lie beside it, with an adapter for each of two seeds."""
    if not (where / "tasks").exists():
        tasks(where / "tasks")
    for seed in (0, 1):
        write_critic(where, f"seed-{seed}", reward="simpo", beta=1.0)
    base = {"name": "small", "tasks": str(where / "tasks"), "seeds": [0, 1], "conditions": list(CONDITIONS), "draws": 200}
    return plan_of({**base, "adapter": str(where / "seed-{seed}" / "adapter.gguf"), **more}, "a test")


def config(**more: Any) -> Config:
    return Config(backbone=ScriptedSpec(), ranker="mean_logprob", **more)


class Stopping(Event):
    """Asks to stop once so many steps have begun."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._left = after

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def ran(where: Path, given: Plan, backbone: Any = None, *, asked: Event | None = None, settings: Config | None = None, began: Callable[[int], Any] | None = None) -> Path:
    """One run into a folder."""
    model = backbone or Scripted()
    return run(given, settings or config(), where, opener=lambda _spec: model, asked=asked, **({"began": began} if began else {}))


def rows(path: Path, name: str = "results.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (path / name).read_text("utf-8").splitlines()]


def contents(path: Path) -> dict[str, bytes]:
    """What may not differ between two runs of the same."""
    return {name: (path / name).read_bytes() for name in FILES}


__all__ = ["CONDITIONS", "FILES", "Remembering", "Scripted", "Stopping", "config", "contents", "plan", "ran", "rows", "tasks"]
