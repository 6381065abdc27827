"""The critic as a judge: a decision from the likelihood of the five labels, or from text that a judge wrote.

Decides the most probable label after calibration (one temperature, one bias for each label), and that a
verdict can make the rubric's decision stricter and never milder. Refuses labels that share a beginning,
whose likelihoods would not be of different answers. A text that names no decision, or two that are not
the same, is malformed: it is counted and is no verdict.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from math import exp, log
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from critic.candidate import Cost
from critic.scorer import Scorer, Tokenizer
from prompts.pieces import Prompt
from rubric.errors import ScoreError
from rubric.playbook import DECISIONS, Decision

Sums = tuple[float, ...]
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.S)
_NAMED = re.compile(r"(?<![A-Za-z_])(PASS|PENALI[SZ]E|BLOCK|ESCALATE|SUPPRESS|ACCEPT|APPROVE|REJECT|FAIL)(?:E?D)?(?![A-Za-z_])")
_FIELD = re.compile(r"(?:decision|verdict|label)[\"']?\s*[:=]\s*[\"'*]*([A-Za-z]+)", re.I)
_MEANS: dict[str, Decision] = {
    **{name: name for name in DECISIONS}, "PENALIZE": "PENALISE", "ACCEPT": "PASS", "APPROVE": "PASS", "REJECT": "BLOCK", "FAIL": "BLOCK",
}  # fmt: skip


class Calibration(BaseModel):
    """What turns the log-likelihoods of the labels into probabilities."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(1.0, gt=0, allow_inf_nan=False)
    bias: dict[Decision, float] = {}
    cases: int = Field(0, ge=0, description="dev cases that it was fitted on")


class Opinion(NamedTuple):
    """The decision, and the probability of each label."""

    decision: Decision
    probabilities: dict[Decision, float]
    cost: Cost = Cost()


class Labelled(NamedTuple):
    """A case whose right label is known."""

    sums: Sums
    label: Decision


class Parsed(NamedTuple):
    """Verdicts in the order of the texts; None for each that is malformed."""

    verdicts: tuple[Decision | None, ...]
    malformed: int


def opinion(scorer: Scorer, tokens: Tokenizer, prompt: Prompt, adapter: str | None, calibration: Calibration | None = None) -> Opinion:
    """What the adapter decides under a judge's prompt."""
    sums, cost = label_sums(scorer, tokens, prompt, adapter)
    shares = probabilities(sums, calibration or Calibration())
    return Opinion(likeliest(shares), shares, cost)


def label_sums(scorer: Scorer, tokens: Tokenizer, prompt: Prompt, adapter: str | None) -> tuple[Sums, Cost]:
    """The log-likelihood of each label as the beginning of the answer."""
    labels = [tuple(tokens.tokenize(label)) for label in DECISIONS]
    _refuse_overlap(labels)
    scored = scorer.score(prompt, labels, adapter)
    if [len(row) for row in scored.logprobs] != [len(ids) for ids in labels]:
        raise ScoreError("the labels of a verdict came back with another number of log-probabilities; use a backbone that scores")
    return tuple(sum(row) for row in scored.logprobs), scored.cost


def probabilities(sums: Sums, calibration: Calibration) -> dict[Decision, float]:
    """The share of each of the five labels; together 1."""
    values = [value / calibration.temperature + calibration.bias.get(label, 0.0) for label, value in zip(DECISIONS, sums, strict=True)]
    top = max(values)
    if not top > float("-inf"):  # no number, or no label at all
        raise ScoreError("the likelihoods of a verdict's labels are no numbers; try another model file or dtype")
    weights = [exp(value - top) for value in values]
    total = sum(weights)
    return {label: weight / total for label, weight in zip(DECISIONS, weights, strict=True)}


def likeliest(shares: Mapping[Decision, float]) -> Decision:
    """The label that decides; of two that are as likely, the stricter."""
    return max(DECISIONS, key=lambda label: (shares[label], DECISIONS.index(label)))


def stops(decision: Decision) -> bool:
    """Whether a letter with this decision stays; one that is penalised may go."""
    return decision not in ("PASS", "PENALISE")


def fit(cases: Sequence[Labelled], *, steps: int = 50, pull: float = 1e-3) -> Calibration:
    """Temperature and biases that make the known labels likeliest; `pull` holds them near doing nothing.

    The loss is convex in the slope and the biases, so Newton's steps end at its one minimum."""
    import numpy as np

    if not cases:
        return Calibration()
    sums = np.array([case.sums for case in cases], float)
    sums -= sums.mean(axis=1, keepdims=True)
    right = np.array([[label == case.label for label in DECISIONS] for case in cases], float)
    rest = np.array([1.0, *[0.0] * len(DECISIONS)])
    # one column for the slope, and one for each bias
    inputs = np.concatenate([sums[:, :, None], np.broadcast_to(np.eye(len(DECISIONS)), (len(cases), len(DECISIONS), len(DECISIONS)))], axis=2)
    found = rest.copy()
    for _ in range(steps):
        step = _newton(inputs, right, found, rest, pull)
        size = float(np.abs(step).max())
        found = found - step * min(1.0, 2.0 / max(size, 1e-12))
        if size < 1e-9:
            break
    bias = found[1:] - found[1:].mean()
    return Calibration(
        temperature=round(1 / max(float(found[0]), 1e-3), 6), cases=len(cases),
        bias={label: round(float(value), 6) for label, value in zip(DECISIONS, bias, strict=True)},
    )  # fmt: skip


def loss(cases: Sequence[Labelled], calibration: Calibration) -> float:
    """The mean negative log-probability of the right labels."""
    return -sum(log(max(probabilities(c.sums, calibration)[c.label], 1e-300)) for c in cases) / len(cases)


def balanced_accuracy(said: Sequence[Decision], labels: Sequence[Decision]) -> float | None:
    """The mean of two shares: letters to be stopped that were, and letters to pass that did; None without both."""
    stop = [stops(one) for one, label in zip(said, labels, strict=True) if stops(label)]
    let = [not stops(one) for one, label in zip(said, labels, strict=True) if not stops(label)]
    return (sum(stop) / len(stop) + sum(let) / len(let)) / 2 if stop and let else None


def parse(text: str) -> Decision | None:
    """The decision that a judge wrote; None where it is malformed.

    >>> parse("VERDICT: BLOCK pricing_violation"), parse("PASS or BLOCK")
    ('BLOCK', None)
    """
    said = _THINKING.sub("", text)
    fields = [word.upper() for word in _FIELD.findall(said)]
    known = [_MEANS[match[1]] for word in fields if (match := _NAMED.fullmatch(word))]
    if fields:
        return known[0] if len(set(known)) == 1 and len(known) == len(fields) else None
    found = {_MEANS[word] for word in _NAMED.findall(said)}
    return found.pop() if len(found) == 1 else None


def parse_all(texts: Iterable[str]) -> Parsed:
    verdicts = tuple(map(parse, texts))
    return Parsed(verdicts, sum(one is None for one in verdicts))


def _newton(inputs: Any, right: Any, found: Any, rest: Any, pull: float) -> Any:
    """The step from `found` towards the least loss; `rest` is where nothing is changed."""
    import numpy as np

    scores = inputs @ found
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    slope = np.einsum("nl,nlp->p", shares - right, inputs) / len(inputs) + pull * (found - rest)
    middle = np.einsum("nl,nlp->np", shares, inputs)
    bend = (np.einsum("nl,nlp,nlq->pq", shares, inputs, inputs) - middle.T @ middle) / len(inputs) + pull * np.eye(len(rest))
    return np.linalg.solve(bend, slope)


def _refuse_overlap(labels: Sequence[Sequence[int]]) -> None:
    for n, one in enumerate(labels):
        if not one or any(tuple(other[: len(one)]) == tuple(one) for other in [*labels[:n], *labels[n + 1 :]]):
            raise ScoreError("the model's tokens do not tell the five labels apart, so it cannot judge; leave 'judge' out")


__all__ = [
    "Calibration", "Labelled", "Opinion", "Parsed", "Sums", "balanced_accuracy", "fit", "label_sums", "likeliest", "loss",
    "opinion", "parse", "parse_all", "probabilities", "stops",
]  # fmt: skip
