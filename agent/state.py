"""What one run of the graph remembers, and what a caller may choose for it.

The state is plain JSON, so that a checkpoint can be read by any version that knows the keys.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypedDict

from pydantic import ValidationError

from agent.config import Config
from rubric.errors import ConfigError


@dataclass(frozen=True)
class Choices:
    """Run-time choices; null keeps what the config says."""

    k: int | None = None
    temperature: float | None = None
    seed: int | None = None
    max_rounds: int | None = None
    prompt: Literal["baseline", "augmented", "full"] | None = None
    accept: Literal["PASS", "PENALISE"] | None = None
    review: bool | None = None

    def over(self, config: Config) -> Config:
        """The config with these choices in it; a value out of range is refused as it would be there."""
        chosen = {name: value for name, value in asdict(self).items() if value is not None}
        if not chosen:
            return config
        try:
            return Config.model_validate({**config.model_dump(), **chosen})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise ConfigError(f"the run's choice of {first['loc'][0]} is {first['input']!r:.60}; {first['msg'].lower()}") from None


class Given(TypedDict, total=False):
    """What a run begins with: the prospect's document, and the day for one that has none. `again` is how
    the critic stood in a run that is drawn again."""

    prospect: dict[str, Any]
    as_of: str | None
    again: dict[str, Any] | None


class State(Given, total=False):
    round: int
    heat: int
    stopped: bool
    forgotten: bool
    prompt: list[Any]
    rounds: list[dict[str, Any]]
    refused: list[dict[str, Any]]
    previous: str | None
    fallback: dict[str, int] | None
    critic: dict[str, Any] | None
    chosen: dict[str, int] | None
    letter: dict[str, Any] | None
    verdict: dict[str, Any] | None
    segment: dict[str, Any] | None
    outcome: str
    reasons: list[str]
    path: list[str]
    warnings: list[str]


__all__ = ["Choices", "Given", "State"]
