"""The health card's figures, and whether an adapter is worth using.

Decides the refusal: an adapter that changes no score, or whose choice among candidates is not better than
chance by its interval, ranks by noise. What was not measured is null and speaks neither for it nor against.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from critic.estimates import Estimate

UNCHANGED = 1e-7


class Health(BaseModel):
    """Accuracies are shares of pairs whose chosen side has the higher score, ties counting half; efficiencies
    are sum(chosen - mean) / sum(best - mean) of the rubric's scores over pools."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    k: int = 4
    accuracy: dict[str, Estimate] = Field({}, description="in_distribution, unseen, on_policy")
    by_method: dict[str, Estimate] = Field({}, description="accuracy over all pairs, of the critic and of every control")
    efficiency: dict[str, Estimate] = Field({}, description="of the critic and of every control")
    failures: dict[str, Estimate] = Field({}, description="accuracy by the failure of the rejected side")
    at_zero: float | None = Field(None, description="balanced accuracy of the implicit reward at threshold 0")
    length_correlation: float | None = None
    reordering: Estimate | None = Field(None, description="share of pools with the same winner in another order")
    noise: float | None = Field(None, description="largest difference between two rewards of one candidate")
    change: float | None = Field(None, description="largest change of a token's log-probability by the adapter")
    skipped: int = 0

    @property
    def refusal(self) -> str | None:
        """Why the adapter should not be used; None where nothing measured speaks against it."""
        if self.change is not None and self.change <= UNCHANGED:
            return "the adapter changes no score"
        found, floor, what = self.efficiency.get("critic"), 0.0, "its selection efficiency"
        if found is None or found.value is None:
            found, floor, what = self.accuracy.get("in_distribution"), 0.5, "its accuracy on pairs"
        if found is None or found.value is None:
            return None
        if (found.value if found.low is None else found.low) <= floor:
            return f"the adapter does not beat random: {what} is {found}"
        return None

    @property
    def shown(self) -> bool:
        """Whether an interval of its choice among candidates lies above chance."""
        found = self.efficiency.get("critic")
        return self.refusal is None and found is not None and found.low is not None


__all__ = ["UNCHANGED", "Health"]
