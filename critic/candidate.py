"""What a backbone returns: completions with their tokens, and what making them cost.

A completion is the raw sampled token ids, end of turn included; its text is for people and rules and
is never tokenised again. Null means "not known" and is never read as 0.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Finish = Literal["stop", "length"]


class Completion(BaseModel):
    """One sampled letter; `logprobs` are those of the sampled tokens at temperature 1, without adapter."""

    model_config = ConfigDict(frozen=True)

    text: str
    token_ids: tuple[int, ...] = Field((), description="raw sampled ids, end of turn included; empty where unknown")
    logprobs: tuple[float, ...] | None = Field(None, description="one for each token id, at temperature 1, no adapter")
    finish: Finish = "stop"
    seed: int = 0


class Candidate(Completion):
    """A completion with its place: `index` within the pool of one `round`."""

    index: int
    round: int = 0


class Cost(BaseModel):
    """Work that was done, counted; seconds by stage are the only part that differs between runs."""

    model_config = ConfigDict(frozen=True)

    prompt_computed: int = Field(0, description="prompt tokens that went through the model")
    prompt_reused: int = Field(0, description="prompt tokens whose state was in memory already")
    decoded: int = Field(0, description="tokens sampled")
    scored: int = Field(0, description="completion tokens scored")
    passes: int = Field(0, description="calls of the model's forward pass")
    seconds: dict[str, float] = Field({}, description="wall time by stage")

    def __add__(self, other: Cost) -> Cost:
        stages = self.seconds.keys() | other.seconds.keys()
        return Cost(
            prompt_computed=self.prompt_computed + other.prompt_computed,
            prompt_reused=self.prompt_reused + other.prompt_reused,
            decoded=self.decoded + other.decoded,
            scored=self.scored + other.scored,
            passes=self.passes + other.passes,
            seconds={s: self.seconds.get(s, 0.0) + other.seconds.get(s, 0.0) for s in sorted(stages)},
        )


__all__ = ["Candidate", "Completion", "Cost", "Finish"]
