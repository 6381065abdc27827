"""The receipt: everything that made a draft, so that it can be made again and compared.

Decides what is remembered of a run. Seconds are the only part that differs between two runs of the
same receipt. Secrets are never in it: a key stands in the environment alone, and the store is left out.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from agent.backbones import Identity, Sampling
from critic.candidate import Candidate, Cost
from critic.ranking import Ranking
from critic.rewards import Reward
from rubric.playbook import Decision

VERSION = 1


def content_hash(value: Any) -> str:
    """A hash of plain JSON that does not depend on the order of keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def candidate_seed(run: int, prospect: str, round: int, index: int) -> int:
    """The seed of one candidate: the same whatever was drafted before it."""
    digest = hashlib.sha256(f"{run}|{prospect}|{round}|{index}".encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF


class Judged(BaseModel):
    """What the gate said of one candidate."""

    decision: Decision
    score: float | None
    findings: list[dict[str, Any]] = []
    rules: Decision | None = Field(None, description="the rules' own decision, where the critic made it stricter")
    verdict: dict[Decision, float] | None = Field(None, description="the judging adapter's probability of each decision, where it was asked")


class Round(BaseModel):
    """One pool: its prompt, how it was drawn, its ranking, and the verdict on each candidate."""

    prompt: str = Field(description="hash of the rendered prompt")
    prompt_tokens: int | None = None
    sampling: Sampling
    candidates: list[Candidate]
    similarity: float | None = Field(None, description="mean likeness of all pairs, 1 for the same letter")
    collapsed: bool = Field(False, description="the members count as one letter")
    ranking: Ranking | None = None
    judged: list[Judged] = []
    cost: Cost = Cost()


class Choice(BaseModel):
    model_config = ConfigDict(frozen=True)

    round: int
    index: int


class Document(BaseModel):
    """A file that a run depends on: its name and the hash of what it held."""

    name: str
    hash: str


class CriticUse(BaseModel):
    """How the critic was read, and whether it was on; its adapter is the receipt's."""

    reward: Reward | None = Field(None, description="null: no adapter ranks")
    beta: float | None = None
    noise: float | None = Field(None, description="rewards that differ by no more than this count as equal")
    threshold: float | None = None
    judge: Document | None = None
    state: Literal["on", "off"] = Field("on", description="off: the rules alone decided")
    reason: str | None = Field(None, description="why it was off")
    calls: int = 0
    failed: int = Field(0, description="calls that failed to load or gave malformed output")
    stopped: bool = Field(False, description="it kept back the letter that the rules would have let go")


class Receipt(BaseModel):
    version: int = VERSION
    key: str
    prospect: dict[str, Any] = Field(description="the document as it was given")
    prospect_hash: str
    as_of: str = Field(description="the day that was used")
    playbook: Document
    templates: Document
    model: Identity
    adapter: Document | None = None
    critic: CriticUse | None = None
    config: dict[str, Any]
    config_hash: str
    seed: int
    rounds: list[Round] = []
    path: list[str] = Field([], description="the walk through the ranking, a line for each step")
    chosen: Choice | None = None
    outcome: str
    cost: Cost = Cost()
    versions: dict[str, str] = {}

    @property
    def critic_name(self) -> str | None:
        """What the monitor knows the critic by; None without one."""
        judge = self.critic.judge if self.critic else None
        return "+".join(one.hash for one in (self.adapter, judge) if one) or None


class Difference(NamedTuple):
    """The first place at which two receipts part."""

    where: str
    was: Any
    now: Any


def first_difference(was: Receipt, now: Receipt) -> Difference | None:
    """None where both are the same but for seconds and versions."""
    return _compare("", _timeless(was.model_dump(mode="json")), _timeless(now.model_dump(mode="json")))


_UNTIMED = frozenset({"seconds", "versions", "details"})


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(item) for key, item in value.items() if key not in _UNTIMED}
    return [_timeless(item) for item in value] if isinstance(value, list) else value


def _compare(where: str, was: Any, now: Any) -> Difference | None:
    if isinstance(was, dict) and isinstance(now, dict):
        keys = sorted([*was, *(key for key in now if key not in was)], key=lambda key: key != "outcome")
        pairs = [(f"{where}/{key}", was.get(key), now.get(key)) for key in keys]
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        pairs = [(f"{where}/{n}", *pair) for n, pair in enumerate(zip(was, now, strict=True))]
    else:
        return None if was == now else Difference(where or "/", was, now)
    return next((found for pair in pairs if (found := _compare(*pair))), None)


__all__ = [
    "Choice", "CriticUse", "Difference", "Document", "Judged", "Receipt", "Round", "candidate_seed", "content_hash", "first_difference",
]  # fmt: skip
