"""A critic without a model: an adapter whose opinion of a letter is what the test says, and files for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

from critic.adapter_card import CriticFile, written
from critic.candidate import Candidate, Completion, Cost
from critic.pools import Member, Pool
from critic.scorer import Scored
from prompts import Prompt
from prompts.pieces import Message, Piece, packed
from rubric.errors import ContextError
from rubric.playbook import DECISIONS
from tests.agents import Parrot, Say

PROMPT = Prompt((Message("system", (Piece("Write.", True),), static=True), Message("user", (Piece("Acme", False),))), "generator_baseline")


class Opinionated(Parrot):
    """Scores every token of a letter with `worth(text)` under the adapter and with -1 without; under a judge's
    prompt the label of `verdict` is likeliest. `fault` is raised by every call with an adapter."""

    def __init__(
        self, say: Say | str, worth: Callable[[str], float], *, verdict: str = "PASS", fault: Exception | None = None, bare: float = -1.0
    ) -> None:
        super().__init__(say)
        self.worth, self.verdict, self.fault, self.bare = worth, verdict, fault, bare
        self.asked: list[str | None] = []
        self._texts: dict[int, str] = {}

    def tokenize(self, text: str, *, control: bool = False) -> tuple[int, ...]:
        return (self._id(text.removesuffix("<|im_end|>") if control else text),)

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        self.asked.append(adapter)
        if adapter is not None and self.fault is not None and prompt.name != "probe":
            raise self.fault
        rows = tuple(tuple(self._value(token, adapter) for token in ids) for ids in completions)
        return Scored(rows, Cost(scored=sum(map(len, completions)), passes=1))

    def _value(self, token: int, adapter: str | None) -> float:
        text = self._texts[token]
        if text in DECISIONS:
            return -0.1 if text == self.verdict else -3.0
        return self.bare if adapter is None else self.worth(text)

    def _id(self, text: str) -> int:
        token = crc32(text.encode())
        self._texts[token] = text
        return token

    def _completion(self, text: str, seed: int) -> Completion:
        cut = text.endswith("<cut>")
        bare = text.removesuffix("<cut>")
        return Completion(text=bare, token_ids=(self._id(bare),), logprobs=(self.bare,), finish="length" if cut else "stop", seed=seed)


class Knowing(Opinionated):
    """A judge that says the decision which stands at the prompt's end; the bare model says PASS of everything.
    A prompt that holds `too long` does not fit."""

    def __init__(self) -> None:
        super().__init__("", worth({}))

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        if "too long" in prompt.text:
            raise ContextError("the prompt is longer than the context")
        self.verdict = "PASS" if adapter is None else prompt.text.split()[-1]
        return super().score(prompt, completions, adapter)


def by_index(*texts: str) -> Say:
    """The same letters in every round."""
    return lambda _call, index, _sampling: texts[index % len(texts)]


def worth(values: Mapping[str, float], other: float = -2.0) -> Callable[[str], float]:
    """What a letter is worth by the first of the keys that it holds."""
    return lambda text: next((value for key, value in values.items() if key in text), other)


def write_critic(folder: Path, name: str = "critic", **fields: Any) -> str:
    """An adapter that only fakes can load, with its winnow.json; the path of its GGUF."""
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "adapter.gguf").write_bytes(name.encode())
    (place / "winnow.json").write_bytes(written(CriticFile(**fields)))
    return str(place / "adapter.gguf")


def pool(company: str, texts: Sequence[str], scores: Sequence[float | None], model: Opinionated, *, cut: Sequence[int] = (), prompt: Prompt = PROMPT) -> Pool:
    """A pool of letters; those with a score of 0.9 or more pass."""
    members = [
        Member(
            candidate=Candidate(text=text, token_ids=model.tokenize(text), logprobs=(-1.0,), index=n, finish="length" if n in cut else "stop"),
            decision="PASS" if (score or 0) >= 0.9 else "BLOCK", score=score,
        )
        for n, (text, score) in enumerate(zip(texts, scores, strict=True))
    ]  # fmt: skip
    return pool_of(company, prompt, members)


def pool_of(company: str, prompt: Prompt, members: Sequence[Member]) -> Pool:
    return Pool(company=company, prompt_hash=prompt.hash, prompt=packed(prompt), candidates=tuple(members))


def write_pools(path: Path, pools: Sequence[Pool]) -> None:
    path.write_text("".join(pool.model_dump_json() + "\n" for pool in pools), "utf-8")


__all__ = ["PROMPT", "Knowing", "Opinionated", "by_index", "pool", "pool_of", "worth", "write_critic", "write_pools"]
