"""Verdicts by the likelihood of five labels, their calibration, and verdicts that a judge wrote."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from critic.candidate import Cost
from critic.scorer import Scored
from critic.verdicts import (
    Calibration,
    Labelled,
    balanced_accuracy,
    fit,
    label_sums,
    loss,
    opinion,
    parse,
    parse_all,
    probabilities,
)
from prompts import Prompt
from rubric.errors import ScoreError
from rubric.playbook import DECISIONS, Decision

PROMPT = Prompt(())
FLAT = (-1.0,) * 5


class Bench:
    """Labels of one or two tokens; `likes` says the log-probability of each token."""

    def __init__(self, words: dict[str, tuple[int, ...]] | None = None, likes: dict[int, float] | None = None) -> None:
        self.words = words or {"PASS": (1,), "PENALISE": (2, 3), "BLOCK": (4,), "ESCALATE": (5, 6), "SUPPRESS": (7, 8)}
        self.likes = likes or {}

    def tokenize(self, text: str, *, control: bool = False) -> tuple[int, ...]:
        return self.words[text]

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        return Scored(tuple(tuple(self.likes.get(token, -2.0) for token in ids) for ids in completions), Cost(scored=8))


def test_the_label_that_is_likeliest_as_a_whole_decides() -> None:
    found = opinion(Bench(likes={4: -0.5, 2: -0.1, 3: -0.2}), Bench(), PROMPT, "a")
    assert found.decision == "PENALISE" and found.cost.scored == 8
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert found.probabilities["BLOCK"] > found.probabilities["PASS"] > found.probabilities["SUPPRESS"]


def test_equal_labels_give_the_stricter_one() -> None:
    bench = Bench({name: (n,) for n, name in enumerate(DECISIONS)})
    assert opinion(bench, bench, PROMPT, "a").decision == "SUPPRESS"


@pytest.mark.parametrize("words", [{"PASS": (1,), "PENALISE": (1, 2)}, {"PASS": (), "PENALISE": (2,)}, {"PASS": (9,), "PENALISE": (9,)}])
def test_labels_that_cannot_be_told_apart_are_refused(words: dict[str, tuple[int, ...]]) -> None:
    bench = Bench({"BLOCK": (4,), "ESCALATE": (5,), "SUPPRESS": (6,), **words})
    with pytest.raises(ScoreError, match="tell the five labels apart"):
        label_sums(bench, bench, PROMPT, "a")


def test_likelihoods_that_are_no_numbers_are_refused() -> None:
    for value in (float("nan"), float("-inf")):
        with pytest.raises(ScoreError, match="no numbers"):
            probabilities((value,) * 5, Calibration())


@given(st.lists(st.floats(-40, 0), min_size=5, max_size=5), st.floats(0.05, 20), st.floats(-5, 5))
def test_probabilities_are_shares_and_a_bias_raises_its_label(sums: list[float], temperature: float, bias: float) -> None:
    plain = probabilities(tuple(sums), Calibration(temperature=temperature))
    moved = probabilities(tuple(sums), Calibration(temperature=temperature, bias={"BLOCK": abs(bias)}))
    assert sum(plain.values()) == pytest.approx(1) and moved["BLOCK"] >= plain["BLOCK"] - 1e-12


def _cases(count: int, heat: float, lean: float, seed: int = 0) -> list[Labelled]:
    """Judgements that are right in a known measure: `heat` times too sure, `lean` towards PASS."""
    random = Random(seed)
    out = []
    for _ in range(count):
        truth = [random.gauss(0, 1.5) for _ in DECISIONS]
        shares = probabilities(tuple(truth), Calibration())
        label = random.choices(DECISIONS, weights=[shares[name] for name in DECISIONS])[0]
        out.append(Labelled(tuple(heat * value + (lean if n == 0 else 0.0) for n, value in enumerate(truth)), label))
    return out


def test_a_calibration_takes_overconfidence_and_a_leaning_back() -> None:
    train, test = _cases(400, 3.0, 4.0), _cases(400, 3.0, 4.0, seed=1)
    found = fit(train)
    assert found.cases == 400 and 2.2 < found.temperature < 4.0
    assert found.bias["PASS"] < min(value for name, value in found.bias.items() if name != "PASS")
    assert loss(test, found) < loss(test, Calibration()) * 0.7


def test_a_calibration_that_is_not_needed_changes_little() -> None:
    found = fit(_cases(400, 1.0, 0.0))
    assert 0.8 < found.temperature < 1.25 and max(map(abs, found.bias.values())) < 0.4


def test_a_calibration_is_the_same_each_time_and_stands_few_cases() -> None:
    cases = _cases(30, 2.0, 1.0)
    assert fit(cases) == fit(cases)
    assert fit([]) == Calibration()
    one = fit([Labelled(FLAT, "BLOCK")])
    assert max(probabilities(FLAT, one).items(), key=lambda pair: pair[1])[0] == "BLOCK"


def test_an_always_block_judge_is_worth_a_half() -> None:
    labels: list[Decision] = ["PASS"] * 10 + ["BLOCK", "ESCALATE", "SUPPRESS"] * 4 + ["PENALISE"] * 3
    assert balanced_accuracy(["BLOCK"] * len(labels), labels) == 0.5
    assert balanced_accuracy(labels, labels) == 1.0
    assert balanced_accuracy(["PASS"], ["PASS"]) is None


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("PASS", "PASS"), ("BLOCK pricing_violation", "BLOCK"), ("VERDICT: ESCALATE\nA person has to write.", "ESCALATE"),
        ('{"decision": "SUPPRESS", "reason": "opted out"}', "SUPPRESS"), ("**Verdict:** **BLOCK**", "BLOCK"), ("Decision = penalise", "PENALISE"),
        ("<think>PASS would be wrong</think>BLOCK", "BLOCK"), ("REJECTED", "BLOCK"), ("The letter is APPROVED.", "PASS"), ("PENALIZE", "PENALISE"),
        ("verdict: BLOCK because a PASS needs a caveat", "BLOCK"), ("BLOCK, again: BLOCK", "BLOCK"), ("FAIL", "BLOCK"),
        ("", None), ("PASS or BLOCK", None), ("It seems fine to me.", None), ("verdict: maybe", None), ("PASSWORD", None), ("pass", None),
        ("verdict: PASS ... verdict: BLOCK", None), ("<think>BLOCK", None), ("verdict: PASS, label: unsure", None),
    ],
)  # fmt: skip
def test_a_written_verdict_is_one_decision_or_malformed(text: str, decision: str | None) -> None:
    assert parse(text) == decision


def test_malformed_verdicts_are_counted() -> None:
    assert parse_all(["PASS", "hm", "BLOCK", ""]) == (("PASS", None, "BLOCK", None), 2)


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert parse(text) in (None, *DECISIONS)
