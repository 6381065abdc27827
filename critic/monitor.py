"""The kill switch: whether the critic may still decide, by what has been seen of it.

Decides four things, each enough by itself: among the last 500 prospects the critic stopped more than 15% of
the letters that a reviewer accepted; a failure's probe in a spot-check is right in less than 50%; more than
1% of the calls failed to load or gave malformed output; somebody recorded a tier-1 event that the critic had
let through. Once tripped it stays so until a person resets it, and then counts anew. Without reviews the rate of
false positives is null, which is no reason for anything. What is seen lies in a store that somebody else
implements; each observation is added and none is rewritten, so that several processes lose nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rubric.playbook import Failure

Kind = Literal["prospect", "review", "probe", "tier1"]
DECISIONS_IN_A_SPOT_CHECK = 20
DAYS_BETWEEN_SPOT_CHECKS = 7


class Limits(NamedTuple):
    prospects: int = 500
    false_positives: float = 0.15
    probe: float = 0.50
    failed_calls: float = 0.01


class Observation(BaseModel):
    """One thing seen. `key` is that of a draft; fields that the kind does not use keep their default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    at: str = ""
    key: str = ""
    stopped: bool = Field(False, description="of a prospect: the critic kept back a letter that the rules would have let go")
    calls: int = Field(0, ge=0, description="of a prospect: how often the critic was asked")
    failed: int = Field(0, ge=0, description="of these, those without an answer that can be used")
    accepted: bool = Field(False, description="of a review: the person accepted the letter")
    failure: Failure | None = Field(None, description="of a probe")
    right: int = Field(0, ge=0)
    total: int = Field(0, ge=0)
    let_through: bool = Field(False, description="of a tier-1 event: the critic was on and let the letter go")
    note: str = ""

    @model_validator(mode="after")
    def _parts_of_wholes(self) -> Observation:
        if self.right > self.total or self.failed > self.calls:
            raise ValueError("a part is larger than its whole")
        return self


class Trip(BaseModel):
    """When the switch went off, and why."""

    model_config = ConfigDict(frozen=True)

    at: str
    reason: str


class Rates(NamedTuple):
    """What the switch goes by; null where nothing is known."""

    prospects: int
    reviewed: int
    false_positives: float | None
    calls: int
    failed_calls: float | None
    probes: dict[str, float]
    spot_check: str | None


class MonitorStore(Protocol):
    """Where observations lie, for one adapter by its hash. Each method is one transaction."""

    def add(self, adapter: str, seen: Observation) -> None: ...

    def latest(self, adapter: str, kind: Kind, limit: int | None = None) -> Sequence[Observation]:
        """Those since the last reset, the newest first."""
        ...

    def tripped(self, adapter: str) -> Trip | None: ...

    def trip(self, adapter: str, reason: str) -> Trip:
        """Switches off; where that has been done already, the earlier reason stays and is returned."""
        ...

    def reset(self, adapter: str, by: str, reason: str) -> Trip | None:
        """Switches on again and begins to count anew; what had switched it off."""
        ...


class Monitor:
    """The switch of one adapter."""

    def __init__(self, store: MonitorStore, adapter: str, limits: Limits = Limits()) -> None:  # noqa: B008  a value that cannot change
        self._store, self._adapter, self._limits = store, adapter, limits

    def tripped(self) -> Trip | None:
        return self._store.tripped(self._adapter)

    def record(self, *seen: Observation) -> Trip | None:
        """Keeps what was seen and looks whether the switch goes off by it."""
        for one in seen:
            self._store.add(self._adapter, one)
        if standing := self.tripped():
            return standing
        reason = next(reasons(self.rates(), self._store.latest(self._adapter, "tier1"), self._limits), None)
        return self._store.trip(self._adapter, reason) if reason else None

    def reset(self, by: str, reason: str) -> Trip | None:
        return self._store.reset(self._adapter, by, reason)

    def rates(self) -> Rates:
        prospects = _newest(self._store.latest(self._adapter, "prospect", self._limits.prospects))
        reviews = _newest(self._store.latest(self._adapter, "review"))
        accepted = [one for key, one in prospects.items() if key in reviews and reviews[key].accepted]
        calls, failed = sum(p.calls for p in prospects.values()), sum(p.failed for p in prospects.values())
        probes = self._store.latest(self._adapter, "probe")
        return Rates(
            prospects=len(prospects), reviewed=sum(key in reviews for key in prospects),
            false_positives=sum(p.stopped for p in accepted) / len(accepted) if accepted else None,
            calls=calls, failed_calls=failed / calls if calls else None, probes=_probes(probes),
            spot_check=probes[0].at if probes else None,
        )  # fmt: skip


def reasons(rates: Rates, events: Sequence[Observation], limits: Limits) -> Iterator[str]:
    """Everything that switches the critic off."""
    if rates.false_positives is not None and rates.false_positives > limits.false_positives:
        yield (
            f"of the letters that reviewers accepted the critic had stopped {rates.false_positives:.1%}, above {limits.false_positives:.0%} "
            f"({rates.reviewed} reviews among the last {rates.prospects} prospects)"
        )
    for failure, share in rates.probes.items():
        if share < limits.probe:
            yield f"the spot-check of {failure} was right in {share:.0%}, below {limits.probe:.0%}"
    if rates.failed_calls is not None and rates.failed_calls > limits.failed_calls:
        yield f"{rates.failed_calls:.1%} of {rates.calls} calls failed to load or were malformed, above {limits.failed_calls:.0%}"
    for event in events:
        if event.let_through:
            yield f"a tier-1 event was recorded that the critic let through: {event.note or event.key[:12]}"


def _newest(seen: Sequence[Observation]) -> dict[str, Observation]:
    """The newest of each key."""
    return {one.key: one for one in reversed(seen)}


def _probes(seen: Sequence[Observation]) -> dict[str, float]:
    """The share of right decisions by failure, of the newest probe of each."""
    newest = {str(one.failure): one for one in reversed(seen) if one.failure and one.total}
    return {name: newest[name].right / newest[name].total for name in sorted(newest)}


__all__ = [
    "DAYS_BETWEEN_SPOT_CHECKS", "DECISIONS_IN_A_SPOT_CHECK", "Kind", "Limits", "Monitor", "MonitorStore", "Observation", "Rates", "Trip", "reasons",
]  # fmt: skip
