"""The card of a judge: how it is counted, measured, printed and kept, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import log
from pathlib import Path
from typing import Any

import pytest

from agent.cli.doctor_critic import examine_critic
from agent.cli.judgement_view import judgement_lines
from agent.settings import load_config
from critic.adapter_card import read_critic
from critic.estimates import Estimate, Item, mean_share, share
from critic.judgement import Judged, Judgement, Wording, judgement
from critic.measuring import Skipped, labelled, measure_verdicts
from critic.pair_rows import PairRow
from critic.verdicts import Calibration, likeliest, stops
from rubric.errors import ModelError
from rubric.playbook import DECISIONS, Decision
from tests.agents import PASSING, PROSPECT, agent_with
from tests.command import winnow
from tests.critics import Knowing, Opinionated, worth, write_critic

NONE = Estimate()


def case(n: int, right: Decision, said: Decision, *failures: str, unseen: bool = False, bare: Decision = "PASS", change: float = 1.0) -> Judged:
    return Judged(f"c{n}", failures, unseen, right, said, bare, 0.5, change)


def cases(count: int, said: Sequence[Decision], **more: Any) -> list[Judged]:
    """As many letters to be stopped as to pass, each of a company of its own; `said` is repeated."""
    return [case(n, "BLOCK" if n % 2 else "PASS", said[n % len(said)], **more) for n in range(count)]


def card_of(balanced: Estimate | None = None, unseen: Estimate | None = None, change: float | None = 1.0) -> Judgement:
    def wording(one: Estimate | None) -> Wording | None:
        return one and Wording(cases=9, balanced={"judge": one}, stopped=NONE, passed=NONE, rightly_stopped=NONE, rightly_passed=NONE, exact=NONE, log_loss=1)

    return Judgement(seen=wording(balanced), unseen=wording(unseen), change=change)


def test_the_decisions_are_of_two_sides_and_of_two_as_likely_the_stricter_is_taken() -> None:
    assert {one: stops(one) for one in DECISIONS} == {"PASS": False, "PENALISE": False, "BLOCK": True, "ESCALATE": True, "SUPPRESS": True}
    assert likeliest({"PASS": 0.4, "PENALISE": 0.1, "BLOCK": 0.4, "ESCALATE": 0.1, "SUPPRESS": 0.0}) == "BLOCK"


def test_both_sides_count_the_same_however_many_letters_they_have() -> None:
    rows = [case(n, "SUPPRESS", "ESCALATE") for n in range(90)] + [case(100 + n, "PENALISE", "PASS" if n < 5 else "BLOCK") for n in range(10)]
    found = judgement(rows).seen
    assert found is not None and found.cases == 100 and found.balanced["judge"].value == 0.75
    assert (found.stopped.value, found.stopped.count) == (1.0, 90) and (found.passed.value, found.passed.count) == (0.5, 10)
    assert found.rightly_stopped.value == round(90 / 95, 4) and found.rightly_passed.value == 1.0
    assert found.exact.value == 0.0 and found.log_loss == 0.5


def test_judges_that_do_not_look_are_worth_a_half() -> None:
    rows = [case(n, "BLOCK", "BLOCK") for n in range(150)] + [case(200 + n, "PASS", "PASS") for n in range(50)]
    found = judgement(rows).seen
    assert found is not None
    for name in ("always_block", "always_pass", "base"):
        one = found.balanced[name]
        assert (one.value, one.low, one.high) == (0.5, 0.5, 0.5)
    assert found.balanced["judge"].value == 1.0


def test_the_bare_model_is_a_control_of_its_own() -> None:
    rows = [one._replace(bare="SUPPRESS" if n % 4 == 1 else "PASS") for n, one in enumerate(cases(120, ["PASS", "BLOCK"]))]
    found = judgement(rows).seen
    assert found is not None and found.balanced["base"].value == 0.75 and found.balanced["judge"].value == 1.0


def test_unseen_wording_is_counted_apart() -> None:
    found = judgement([*cases(100, ["PASS", "BLOCK"]), *cases(90, ["PASS", "BLOCK", "PASS", "PASS"], unseen=True)])
    assert found.seen is not None and found.unseen is not None and (found.seen.cases, found.unseen.cases) == (100, 90)
    assert found.seen.balanced["judge"].value == 1.0 and found.unseen.balanced["judge"].value == pytest.approx(0.75, abs=0.01)
    assert found.refusal is None and found.shown
    assert judgement(cases(100, ["PASS", "BLOCK"])).unseen is None


def test_few_cases_give_no_interval() -> None:
    few, enough = (judgement(cases(count, ["PASS", "BLOCK", "BLOCK", "BLOCK"])).seen for count in (78, 80))
    assert few is not None and few.balanced["judge"].value is not None and few.balanced["judge"].low is None and few.stopped.low is None
    assert few.exact.low is not None  # a share of all 78
    assert enough is not None and enough.balanced["judge"].low is not None and enough.balanced["judge"].low < 0.75 < (enough.balanced["judge"].high or 0)
    lone = judgement([one._replace(company="one") for one in cases(200, ["PASS", "BLOCK"])])
    assert lone.seen is not None and lone.seen.balanced["judge"].low is None and lone.refusal is None and not lone.shown


def test_the_interval_is_of_companies_and_wider_where_letters_go_together() -> None:
    apart = [Item(f"c{n}", float(n % 4 != 0)) for n in range(80)]
    lumped = [Item(f"c{n // 10}", one.part) for n, one in enumerate(sorted(apart, key=lambda one: one.part))]
    wide, narrow = mean_share([lumped, lumped]), mean_share([apart, apart])
    assert wide.value == narrow.value == 0.75 and wide.low is not None and narrow.low is not None and wide.low < narrow.low
    assert mean_share([apart]) == share(apart) and mean_share([apart, apart]).low == share(apart).low  # one draw for both
    assert mean_share([apart, []]) == Estimate(count=80, clusters=80)
    assert mean_share([[Item("a", 1.0), Item("b", 0.0)], [Item("a", 1.0)]]).low is None


def test_failures_are_counted_by_side_and_a_rare_one_only_counted() -> None:
    rows = [case(n, "BLOCK", "BLOCK" if n % 4 else "PASS", "pricing_violation") for n in range(40)]
    rows += [case(50 + n, "BLOCK", "BLOCK", "injection", "pricing_violation") for n in range(39)]
    rows += [case(100 + n, "PENALISE", "BLOCK" if n % 2 else "PASS", "tone_violation") for n in range(60)]
    found = judgement(rows).seen
    assert found is not None and set(found.failures) == {"injection", "pricing_violation"} and set(found.penalised) == {"tone_violation"}
    assert found.failures["injection"] == Estimate(count=39, clusters=39)
    often, mild = found.failures["pricing_violation"], found.penalised["tone_violation"]
    assert often.count == 79 and often.value == round(69 / 79, 4) and often.low is not None
    assert mild.value == 0.5 and mild.low is not None and mild.low < 0.5


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Judgement(), None),
        (card_of(change=0.0), "changes no score"),
        (card_of(Estimate(value=0.8, low=0.7)), None),
        (card_of(Estimate(value=0.6, low=0.5)), "on seen wording"),
        (card_of(Estimate(value=0.9, low=0.8), Estimate(value=0.6, low=0.45)), "on unseen wording is 0.600"),
        (card_of(Estimate(value=0.9, low=0.8), Estimate(value=0.4)), None),  # too few to say
        (card_of(Estimate(value=0.5)), "on seen wording"),
        (card_of(Estimate(value=0.7)), None),
        (card_of(Estimate(count=9)), None),
    ],
)
def test_what_makes_a_judge_unfit(found: Judgement, said: str | None) -> None:
    assert found.refusal is None if said is None else said in (found.refusal or "")
    assert judgement_lines(found, "a")[-1].startswith("unfit: " if said else "fit: " if found.shown else "not known: ")


def row(n: int, right: str, **more: Any) -> PairRow:
    wrong = "PASS" if right != "PASS" else "BLOCK tone_violation"
    return PairRow(**{"prompt": f"letter {n} {right.split()[0]}", "chosen": f"{right}<|im_end|>", "rejected": f"{wrong}<|im_end|>", "role": "judge", **more})


def test_a_judges_prompt_is_one_case_and_other_pairs_are_none() -> None:
    given = [row(1, "BLOCK injection"), row(1, "BLOCK injection", rejected="PENALISE"), row(2, "PASS", role="baseline"), row(3, "perhaps")]
    assert [(pair.prompt, right) for pair, right in labelled(given)] == [("letter 1 BLOCK", "BLOCK")]


def test_what_is_longer_than_the_context_is_counted() -> None:
    skipped, given = Skipped(), [row(1, "BLOCK injection", failures=("injection",), company="Acme"), row(2, "PASS", prompt="too long"), row(3, "PASS", unseen=True)]
    first, second = measure_verdicts(given, Knowing(), "adapter", Calibration(), skipped)
    assert skipped.count == 1 and (first.company, first.failures, first.unseen) == ("Acme", ("injection",), False)
    assert (first.right, first.said, first.bare) == ("BLOCK", "BLOCK", "PASS") and first.change == pytest.approx(2.9)
    assert (second.company, second.unseen, second.said, second.change) == ("letter 3 PASS", True, "PASS", 0.0)


def test_the_calibration_moves_what_is_said_and_the_loss_but_not_the_bare_model() -> None:
    [plain] = measure_verdicts([row(1, "PASS")], Knowing(), "adapter", Calibration(), Skipped())
    [moved] = measure_verdicts([row(1, "PASS")], Knowing(), "adapter", Calibration(bias={"BLOCK": 9.0}), Skipped())
    assert (plain.said, moved.said) == ("PASS", "BLOCK") and moved.bare == plain.bare == "PASS"
    assert plain.loss < 0.3 < log(5) < moved.loss


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WINNOW_STORE", str(tmp_path / "winnow.db"))
    monkeypatch.setenv("WINNOW_BACKBONE", "scripted")
    return tmp_path


def written(place: Path, rows: Sequence[PairRow]) -> str:
    (place / "judge.jsonl").write_text("".join(one.model_dump_json() + "\n" for one in rows), "utf-8")
    return str(place / "judge.jsonl")


def world(count: int = 200) -> list[PairRow]:
    """Cases of both sides, a fourth of them in wording that is set aside."""
    return [
        row(n, "BLOCK pricing_violation" if n % 2 else "PASS", failures=["pricing_violation"] if n % 2 else [], company=f"c{n % 30}", unseen=n % 8 > 5)
        for n in range(count)
    ]  # fmt: skip


def test_the_command_prints_and_keeps_the_card(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.backbones.open_backbone", lambda _spec: Knowing())
    adapter, pairs = write_critic(place, "judge", task="verdict"), written(place, [*world(), row(900, "PASS", prompt="too long")])
    told = winnow("critic", "card", adapter, "--pairs", pairs)
    assert told.status == 0 and "seen wording: 150 cases" in told.out and "unseen wording: 50 cases" in told.out
    assert "1 passed over" in told.out and "not calibrated" in told.out and "fit: it changes scores" in told.out
    assert "pricing_violation          25 cases, fewer than 40" in told.out and read_critic(adapter).judgement is None  # type: ignore[union-attr]
    value = winnow("critic", "card", adapter, "--pairs", pairs, "--json", "--write").data
    assert value["refusal"] is None and value["skipped"] == 1 and value["unseen"]["balanced"]["judge"]["low"] is None
    assert {name: one["value"] for name, one in value["seen"]["balanced"].items()} == {"judge": 1.0, "always_block": 0.5, "always_pass": 0.5, "base": 0.5}
    kept = read_critic(adapter)
    assert kept is not None and kept.health is None and kept.measured == Judgement(**{k: v for k, v in value.items() if k != "refusal"})


def test_a_new_calibration_takes_the_card_away(place: Path) -> None:
    adapter = write_critic(place, "judge", task="verdict", judgement=Judgement(change=1.0))
    assert winnow("critic", "calibrate", adapter, "--pairs", written(place, world())).status == 0
    kept = read_critic(adapter)
    assert kept is not None and kept.calibration is not None and kept.judgement is None


def test_a_judge_that_always_says_the_same_is_unfit_and_a_run_refuses_it(place: Path) -> None:
    adapter = write_critic(place, "judge", task="verdict")  # the scripted backbone does not look at the prompt
    found = winnow("critic", "card", adapter, "--pairs", written(place, world()), "--write")
    assert found.status == 3 and "unfit: the judge does not beat always stopping" in found.out
    settings = {"ranker": "as_sampled", "judge": adapter, "k": 2, "max_similarity": 1}
    backbone = Opinionated(PASSING, worth({}))
    with pytest.raises(ModelError, match=r"balanced accuracy on seen wording is 0\.500.*'critic_unchecked: true'"):
        agent_with(backbone, place, **settings)
    with agent_with(backbone, place, **settings, critic_unchecked=True) as agent:
        assert agent.draft(PROSPECT).outcome == "DRAFT"


@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [(world(4), ("--pools", "none.jsonl"), "leave --pools out"), ([row(1, "PASS", role="baseline")], (), "hold no case for a judge"), ([row(1, "PASS", prompt="too long")], (), "none of the 1 cases fits")],
)
def test_what_cannot_measure_a_judge_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch, rows: list[PairRow], more: tuple[str, ...], said: str) -> None:
    monkeypatch.setattr("agent.backbones.open_backbone", lambda _spec: Knowing())
    found = winnow("critic", "card", write_critic(place, "judge", task="verdict"), "--pairs", written(place, rows), *more)
    assert found.status == 2 and said in found.err and found.out == ""


def test_doctor_says_what_the_card_shows(place: Path) -> None:
    def health(card: Judgement | None) -> list[str]:
        adapter = write_critic(place, "judge", task="verdict", judgement=card)
        (place / "config.yaml").write_text(json.dumps({"judge": adapter, "ranker": "as_sampled"}), "utf-8")
        return [f"{one.status}: {one.found}" for one in examine_critic(load_config({}, str(place / "config.yaml"))) if one.name == "critic's health"]

    assert health(None) == ["note: not measured"]
    assert health(card_of(Estimate(value=0.8, low=0.7))) == ["ok: it beats always stopping"]
    assert health(card_of(Estimate(value=0.8))) == ["ok: measured on too few cases to say"]
    assert health(card_of(Estimate(value=0.5, low=0.4)))[0].startswith("broken: the judge does not beat")
