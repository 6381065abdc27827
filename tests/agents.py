"""Agents over fakes: a backbone that says what the test wants, and a store that lies in the test's folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agent.backbones import Identity, Sampled, Sampling, Tokens
from agent.config import Config
from agent.drafting import Agent
from critic.candidate import Completion, Cost
from critic.scorer import Scored
from prompts import Prompt
from tests.cases import FUNDED, PLAIN, merge

PROSPECT: dict[str, Any] = merge(
    merge(PLAIN, FUNDED), {"id": "p1", "recipient": {"name": "Maya Lindqvist", "email": "maya@northwind.example"}}
)
PASSING = """Subject: Question about the open roles at Northwind Robotics

Hi Maya,

Northwind Robotics lists 7 open roles in Germany. Is hiring keeping pace with the plan?

If not, would a 15-minute call next week be useful?

Best regards,
Alex"""
OTHER = PASSING.replace("Is hiring keeping pace with the plan?", "I wondered which of them is the hardest one to fill this spring.")
BLOCKED = "Subject: Quick chat\n\nHi Maya,\n\nOur world-class rockstars will skyrocket your growth, guaranteed.\n\nBest,\nAlex"
LONG = PASSING.replace("Question about", "Question about nothing so much as about some of")
Say = Callable[[int, int, Sampling], str]


class Parrot:
    """A backbone whose letters are `say(call, index, sampling)`; it remembers what it was asked."""

    def __init__(self, say: Say | str, *, fail: Sequence[Exception] = (), logprobs: bool = True) -> None:
        self.say: Say = say if callable(say) else lambda *_: say
        self.fail = list(fail)
        self.logprobs = logprobs
        self.prompts: list[Prompt] = []
        self.samplings: list[Sampling] = []
        self.seeds: list[list[int]] = []

    @property
    def identity(self) -> Identity:
        return Identity(kind="parrot", model="parrot", hash="0")

    def count(self, prompt: Prompt) -> Tokens:
        return Tokens(len(prompt.text), 0)

    def sample(self, prompt: Prompt, seeds: Sequence[int], sampling: Sampling) -> Sampled:
        if self.fail:
            raise self.fail.pop(0)
        self.prompts.append(prompt)
        self.samplings.append(sampling)
        self.seeds.append(list(seeds))
        texts = [self.say(len(self.prompts) - 1, index, sampling) for index in range(len(seeds))]
        return Sampled(tuple(map(self._completion, texts, seeds)), Cost(prompt_computed=10, decoded=len(seeds), passes=2))

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        return Scored(tuple((-1.0,) * len(ids) for ids in completions), Cost(scored=sum(map(len, completions))))

    def tokenize(self, text: str, *, control: bool = False) -> tuple[int, ...]:
        return (1,)

    def close(self) -> None:
        """Nothing is held."""

    def _completion(self, text: str, seed: int) -> Completion:
        cut = text.endswith("<cut>")
        logprobs = (-len(text) / 1000,) if self.logprobs else None
        return Completion(text=text.removesuffix("<cut>"), token_ids=(1,), logprobs=logprobs, finish="length" if cut else "stop", seed=seed)


def agent_with(backbone: Any, folder: Path, block: Any = None, **settings: Any) -> Agent:
    """An agent over a backbone that is open; `block` is what its config says of it."""
    named = {"ranker": "mean_logprob", **({"backbone": block} if block else {}), **settings}
    return Agent(Config(store=str(folder / "winnow.db"), **named), backbone=backbone)
