"""The card of a judge: how often it stops what must be stopped and passes what may pass.

Decides that the two sides have the same weight (SUPPRESS, ESCALATE and BLOCK stop a letter, PASS and PENALISE
let it go), so that a judge that always stops and one that always passes are worth 0.50 each; and that seen
and unseen wording are counted apart. The interval of a balanced accuracy is a bootstrap over companies, each
drawn with its letters of both sides. A share of fewer than 40 cases has no interval, and a failure with
fewer only its count. Refuses a judge that is not shown to beat 0.50.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from critic.estimates import DRAWS, Estimate, Item, mean_share, share
from critic.health import UNCHANGED
from critic.verdicts import stops
from rubric.playbook import Decision

FEW = 40
CHANCE = 0.5


class Judged(NamedTuple):
    """A case: what is right, and what was said with the adapter and without. `change` is the largest change
    of a label's log-likelihood by the adapter."""

    company: str
    failures: tuple[str, ...]
    unseen: bool
    right: Decision
    said: Decision
    bare: Decision
    loss: float
    change: float


class Wording(BaseModel):
    """The figures of one kind of wording. `rightly_stopped` and `rightly_passed` depend on how many of the
    cases must be stopped; the other shares do not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cases: int
    balanced: dict[str, Estimate] = Field(description="mean of `stopped` and `passed`, of the judge and of every control")
    stopped: Estimate = Field(description="of the letters that must be stopped, the share that was")
    passed: Estimate = Field(description="of the letters that may pass, the share that did")
    rightly_stopped: Estimate = Field(description="of the letters that were stopped, the share that must be")
    rightly_passed: Estimate = Field(description="of the letters that passed, the share that may")
    exact: Estimate = Field(description="share of cases with the right one of the five labels")
    log_loss: float = Field(description="mean negative log-probability of the right label, after calibration")
    failures: dict[str, Estimate] = Field({}, description="share stopped of the letters that must be, by failure")
    penalised: dict[str, Estimate] = Field({}, description="share stopped of the letters that may pass all the same, by failure")


class Judgement(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    seen: Wording | None = None
    unseen: Wording | None = None
    calibrated_on: int = Field(0, ge=0, description="dev cases that the probabilities were fitted on; 0: as the model gives them")
    change: float | None = Field(None, description="largest change of a label's log-likelihood by the adapter")
    skipped: int = 0

    @property
    def refusal(self) -> str | None:
        """Why the judge should not be used. Intervals decide where there are any, else the shares themselves."""
        if self.change is not None and self.change <= UNCHANGED:
            return "the adapter changes no score"
        for name, found in self._deciding().items():
            if _least(found) <= CHANCE:
                return f"the judge does not beat always stopping or always passing: its balanced accuracy on {name} wording is {found}"
        return None

    @property
    def shown(self) -> bool:
        """Whether an interval lies above what a judge without a look at the letter reaches."""
        return self.refusal is None and any(one.low is not None for one in self._deciding().values())

    def _deciding(self) -> dict[str, Estimate]:
        parts = {"seen": self.seen, "unseen": self.unseen}
        found = {name: part.balanced["judge"] for name, part in parts.items() if part and part.balanced["judge"].value is not None}
        return {name: one for name, one in found.items() if one.low is not None} or found


def judgement(cases: Sequence[Judged], *, calibrated_on: int = 0, skipped: int = 0) -> Judgement:
    return Judgement(
        seen=_wording([one for one in cases if not one.unseen]), unseen=_wording([one for one in cases if one.unseen]),
        calibrated_on=calibrated_on, change=max((one.change for one in cases), default=None), skipped=skipped,
    )  # fmt: skip


def balanced(cases: Sequence[Judged], said: Callable[[Judged], Decision]) -> Estimate:
    """The mean of the shares that are right on either side; null without cases of both."""
    sides = [[Item(one.company, float(stops(said(one)) == side)) for one in cases if stops(one.right) == side] for side in (True, False)]
    return mean_share(sides, draws=_draws(min(map(len, sides))))


def _wording(cases: Sequence[Judged]) -> Wording | None:
    if not cases:
        return None
    must, may = [one for one in cases if stops(one.right)], [one for one in cases if not stops(one.right)]
    return Wording(
        cases=len(cases), balanced={name: balanced(cases, said) for name, said in _sayings().items()},
        stopped=_share((one, stops(one.said)) for one in must), passed=_share((one, not stops(one.said)) for one in may),
        rightly_stopped=_share((one, stops(one.right)) for one in cases if stops(one.said)),
        rightly_passed=_share((one, not stops(one.right)) for one in cases if not stops(one.said)),
        exact=_share((one, one.said == one.right) for one in cases), log_loss=round(sum(one.loss for one in cases) / len(cases), 4),
        failures=dict(_by_failure(must)), penalised=dict(_by_failure(may)),
    )  # fmt: skip


def _sayings() -> dict[str, Callable[[Judged], Decision]]:
    """The judge, and what it is compared with."""
    return {"judge": lambda one: one.said, "always_block": lambda _: "BLOCK", "always_pass": lambda _: "PASS", "base": lambda one: one.bare}


def _by_failure(cases: Sequence[Judged]) -> Iterator[tuple[str, Estimate]]:
    for name in sorted({name for one in cases for name in one.failures}):
        found = _share((one, stops(one.said)) for one in cases if name in one.failures)
        yield name, found if found.count >= FEW else Estimate(count=found.count, clusters=found.clusters)


def _share(rows: Iterable[tuple[Judged, bool]]) -> Estimate:
    items = [Item(one.company, float(hit)) for one, hit in rows]
    return share(items, draws=_draws(len(items)))


def _draws(cases: int) -> int:
    """None where there are too few cases for an interval."""
    return DRAWS if cases >= FEW else 0


def _least(found: Estimate) -> float:
    return found.low if found.low is not None else found.value or 0.0


__all__ = ["CHANCE", "FEW", "Judged", "Judgement", "Wording", "balanced", "judgement"]
