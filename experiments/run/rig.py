"""What the units of one backbone share, and the pools that are drawn on it.

Decides that a pool is drawn as the agent draws its first round: the same prompt, the same sampling and the same seeds,
so that a condition of the whole agent takes its first pool from a condition without the gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from agent.backbones import Sampling
from agent.config import Config, Style
from agent.critics import Wearing, worn
from agent.receipt import candidate_seed
from critic.candidate import Candidate, Cost
from critic.ranking import Ranking
from critic.reward_ranking import Worn
from experiments.conditions.condition import Condition
from experiments.run.items import Item
from experiments.run.journal import Journal
from experiments.run.picking import ranker_of
from experiments.run.recorded import Call, Recorded
from experiments.run.verdicts import Judged, verdicts_of
from prompts import Prompts
from prompts.pieces import Prompt
from rubric import Playbook, Reading, read_prospect
from rubric.errors import ContextError


class Family(NamedTuple):
    """What pools have in common: conditions of one family share them."""

    prompt: Style
    temperature: float
    seed: int
    k: int


class Pool(NamedTuple):
    """A pool that was drawn; of one whose prompt does not fit, `error` says so."""

    key: str
    prompt: Prompt
    reading: Reading
    candidates: tuple[Candidate, ...]
    sample: Call
    error: str | None = None


class Ranked(NamedTuple):
    ranking: Ranking
    cost: Cost
    seconds: float
    joules: tuple[float | None, ...]


@dataclass(frozen=True)
class Rig:
    """`adapters` holds what each name of an adapter means."""

    config: Config
    playbook: Playbook
    prompts: Prompts
    backbone: Recorded
    journal: Journal
    adapters: Mapping[str, Wearing]

    def reading(self, item: Item) -> Reading:
        return read_prospect(item.prospect, self.config.as_of)

    def prompt(self, item: Item, style: Style) -> Prompt:
        return self.prompts.generator(self.reading(item), self.playbook, style=style, sender=self.config.sender)

    def sampling(self, temperature: float) -> Sampling:
        from agent.steps import ladder  # the graph's module is heavy

        return ladder(self.config.model_copy(update={"temperature": temperature}), 0)

    def pool(self, family: Family, item: Item) -> Pool:
        prompt = self.prompt(item, family.prompt)
        seeds = [candidate_seed(family.seed, item.origin, 0, index) for index in range(family.k)]
        with self.backbone.listening() as calls:
            try:
                found, error = self.backbone.sample(prompt, seeds, self.sampling(family.temperature)).completions, None
            except ContextError as refused:
                found, error = (), str(refused)
        candidates = tuple(Candidate(**one.model_dump(), index=n) for n, one in enumerate(found))
        return Pool(calls[0].key, prompt, self.reading(item), candidates, calls[0], error)

    def judged(self, pool: Pool, item: Item) -> Judged:
        return verdicts_of(self.journal, pool.key, pool.candidates, pool.reading, item.origin, self.playbook)

    def worn(self, condition: Condition, seed: int) -> Worn | None:
        """The adapter of a condition without its threshold, because the gate is to be the same for every picker."""
        given = condition.adapter_for(seed) if condition.picker == "critic" else None
        return None if given is None else worn(self.config, self.adapters[given])._replace(threshold=None)

    def ranked(self, condition: Condition, seed: int, pool: Pool) -> Ranked:
        """The order that a picker other than the rubric gives, and what that took."""
        with self.backbone.listening() as calls:
            found = ranker_of(condition.picker, self.worn(condition, seed)).rank(pool.prompt, pool.candidates, self.backbone)
        return Ranked(found, sum((call.cost for call in calls), Cost()), sum(call.seconds for call in calls), tuple(call.joules for call in calls))


__all__ = ["Family", "Pool", "Ranked", "Rig"]
