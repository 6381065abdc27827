"""A backbone that remembers: the same call is made once in a run, whichever condition asks for it.

Decides what makes two calls the same: the prompt, the seeds and the sampling, or the letters and the adapter by its
content, and the model. A call that is remembered costs nothing now and what it cost then is told to whoever
listens, because that is what a condition would have needed alone. A prompt that is too long to draw from is remembered too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Literal, NamedTuple

from agent.backbones import Backbone, Identity, Sampled, Sampling, Tokens
from agent.receipt import content_hash
from critic.candidate import Completion, Cost
from critic.scorer import Scored
from experiments.run.energy import metered
from experiments.run.journal import Journal, Unit
from experiments.run.steady import Steady
from prompts.pieces import Prompt
from rubric.errors import ContextError

Verb = Literal["sample", "score"]


class Call(NamedTuple):
    """One call as it was first made; `cost` has no seconds, those stand in the unit."""

    key: str
    kind: Verb
    cost: Cost
    seconds: float
    joules: float | None


class Recorded:
    def __init__(self, inner: Backbone, journal: Journal, adapters: Mapping[str, str] | None = None) -> None:
        self._inner, self._journal = Steady(inner), journal
        self._adapters = dict(adapters or {})
        self._listeners: list[list[Call]] = []
        self.busy = 0.0  # seconds of this process that went into calls, their journal and the memory's state
        found = inner.identity
        self.identity: Identity = found
        self.name = content_hash([found.kind, found.hash or found.model, found.details.get("tokenizer")])

    def count(self, prompt: Prompt) -> Tokens | None:
        return self._inner.count(prompt)

    def tokenize(self, text: str, *, control: bool = False) -> tuple[int, ...]:
        return self._inner.tokenize(text, control=control)

    def sample(self, prompt: Prompt, seeds: Sequence[int], sampling: Sampling) -> Sampled:
        unit = self._once(self.sample_key(prompt, seeds, sampling), "sample", lambda: _sampled(self._inner.sample(prompt, seeds, sampling)))
        return Sampled(tuple(Completion.model_validate(row) for row in unit.value["completions"]), Cost.model_validate(unit.value["cost"]))

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        key = self.score_key(prompt, completions, adapter)
        unit = self._once(key, "score", lambda: _scored(self._inner.score(prompt, completions, adapter)))
        return Scored(tuple(map(tuple, unit.value["logprobs"])), Cost.model_validate(unit.value["cost"]))

    def close(self) -> None:
        self._inner.close()

    def sample_key(self, prompt: Prompt, seeds: Sequence[int], sampling: Sampling) -> str:
        return content_hash(["sample", self.name, prompt.hash, list(seeds), sampling.model_dump()])

    def score_key(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None) -> str:
        worn = None if adapter is None else self._adapters.get(adapter, adapter)
        return content_hash(["score", self.name, prompt.hash, content_hash([list(ids) for ids in completions]), worn])

    @contextmanager
    def listening(self) -> Iterator[list[Call]]:
        """The calls that are made within the block, each once, remembered ones too."""
        calls: list[Call] = []
        self._listeners.append(calls)
        try:
            yield calls
        finally:
            self._listeners.remove(calls)

    def _once(self, key: str, kind: Verb, work: Callable[[], dict[str, Any]]) -> Unit:
        unit = self._journal.read(key)
        if unit is None:
            began = perf_counter()
            unit = self._journal.add(self._timed(key, kind, work))
            self.busy += perf_counter() - began
        cost = Cost.model_validate(unit.value.get("cost", {}))
        for calls in self._listeners:
            if all(call.key != key for call in calls):
                calls.append(Call(key, kind, cost, unit.seconds.get(kind, 0.0), unit.joules))
        if "error" in unit.value:
            raise ContextError(unit.value["error"])
        return unit

    def _timed(self, key: str, kind: Verb, work: Callable[[], dict[str, Any]]) -> Unit:
        """The seconds are those of the call itself, without what brought the memory into its state."""
        joules = metered()
        try:
            value = work()
        except ContextError as error:
            if kind == "score":
                raise
            return Unit(key, kind, {"error": str(error)}, {kind: 0.0}, joules())
        return Unit(key, kind, value, {kind: self._inner.seconds, **value.pop("stages")}, joules())



def _sampled(found: Sampled) -> dict[str, Any]:
    return {"completions": [one.model_dump(mode="json") for one in found.completions], **_cost(kind="sample", cost=found.cost)}


def _scored(found: Scored) -> dict[str, Any]:
    return {"logprobs": found.logprobs, **_cost(kind="score", cost=found.cost)}


def _cost(*, kind: Verb, cost: Cost) -> dict[str, Any]:
    """The counts, and apart from them the backbone's own seconds under the verb's name."""
    return {"cost": cost.model_dump(exclude={"seconds"}), "stages": {f"{kind}.{stage}": took for stage, took in cost.seconds.items()}}


__all__ = ["Call", "Recorded", "Verb"]
