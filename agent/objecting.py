"""What the critic holds against a candidate that the rules would let go.

Decides that rules come first: an objection makes a candidate's decision stricter or leaves it, and never
makes it milder. Objections are findings of rules of their own, so that a receipt shows them, and they are
kept from the prompt of the next round, because no sentence of theirs helps to write a better letter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.config import Accept
from agent.gate import UNJUDGED
from agent.receipt import Choice, Judged, Round
from critic.ranking import Ranking
from critic.verdicts import Opinion
from rubric.verdict import strongest

BELOW, VERDICT = "critic.below_threshold", "critic.verdict"
_FINDING = {"version": 1, "severity": 3, "dimension": None, "failure": None, "span": None, "evidence": None}
Finding = dict[str, Any]


def below(ranking: Ranking | None, judged: Sequence[Judged]) -> list[Judged]:
    """The candidates with an objection to those under the threshold."""
    if ranking is None or ranking.threshold is None:
        return list(judged)
    return [
        objected(one, _too_low(ranking.scores[n], ranking.threshold)) if n in ranking.below else one for n, one in enumerate(judged)
    ]


def disagreed(judged: Judged, opinion: Opinion) -> Judged:
    """The candidate with the verdict noted, and with an objection where that is stricter than the rules."""
    noted = judged.model_copy(update={"verdict": {label: round(share, 4) for label, share in opinion.probabilities.items()}})
    if strongest((judged.decision, opinion.decision)) == judged.decision:
        return noted
    share = opinion.probabilities[opinion.decision]
    return objected(noted, _FINDING | {
        "rule": VERDICT, "decision": opinion.decision, "reason": f"the critic's verdict is {opinion.decision}, with a probability of {share:.2f}",
        "fix": "have a person read the letter",
    })  # fmt: skip


def objected(judged: Judged, finding: Finding) -> Judged:
    return judged.model_copy(
        update={
            "decision": strongest((judged.decision, finding["decision"])), "rules": judged.rules or judged.decision,
            "findings": [finding, *judged.findings],
        }
    )  # fmt: skip


def is_objection(finding: Mapping[str, Any]) -> bool:
    return finding["rule"] in (BELOW, VERDICT)


def whole(judged: Judged, row: Mapping[str, Any]) -> dict[str, Any]:
    """The rubric's row with the critic's objections in it."""
    return {**row, "decision": judged.decision, "findings": judged.findings} if judged.rules else dict(row)


def held_back(rounds: Sequence[Round], accept: Accept) -> Choice | None:
    """The first candidate in rank that the rules would have let go and the critic did not."""
    wanted = ("PASS", "PENALISE")[: 2 if accept == "PENALISE" else 1]
    for number, drawn in enumerate(rounds):
        for position in drawn.ranking.order if drawn.ranking else range(len(drawn.judged)):
            one = drawn.judged[position]
            readable = all(f["rule"] != UNJUDGED for f in one.findings)
            if readable and one.rules in wanted and one.decision not in wanted:
                return Choice(round=number, index=position)
    return None


def _too_low(score: float | None, threshold: float) -> Finding:
    return _FINDING | {
        "rule": BELOW, "decision": "BLOCK", "reason": f"the critic's reward is {score:.4f}, below the threshold of {threshold:.4f}",
        "fix": "have a person read the letter, or sample again",
    }  # fmt: skip


__all__ = ["BELOW", "VERDICT", "below", "disagreed", "held_back", "is_objection", "objected", "whole"]
