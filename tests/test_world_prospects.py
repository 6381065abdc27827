"""The invented world's prospects: what is true of them by construction, the rubric finds too."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import date
from functools import cache
from random import Random
from typing import Any

import pytest

from rubric.case import Case
from rubric.email import Email
from rubric.playbook import load_playbook
from rubric.prospect import Prospect, Reading, read_prospect
from rubric.rules.regulated import is_regulated
from rubric.verdict import prospect_verdict, segment_of, strongest
from rubric.words import split as words
from tests.command import ROOT
from training.world import companies, names
from training.world.cases import ABSTAIN, CAPACITY, CLAIM, GAP, RECIPES, TONE, WRONG_PITCH
from training.world.drawing import Drawn, Truth, case_names, draw
from training.world.patterns import parsed
from training.world.split import normalised, split_of
from training.world.stock import stock

# Refusals that the rubric does not hear yet are counted, and there are few of them.
AGREEMENT = 0.98
PLAYBOOK = load_playbook("tenacious")


@cache
def drawn(seed: int) -> Drawn:
    return draw(seed)


@cache
def reading(seed: int) -> Reading:
    return read_prospect(drawn(seed).record)


def drafts(seeds: range) -> list[int]:
    return [seed for seed in seeds if drawn(seed).truth.decision == "DRAFT"]


def test_a_seed_is_one_prospect_and_another_seed_another() -> None:
    assert [draw(seed) for seed in range(50)] == [draw(seed) for seed in range(50)]
    assert len({json.dumps(draw(seed).record) for seed in range(300)}) == 300


def test_another_process_draws_the_same() -> None:
    code = "import json; from training.world.drawing import draw; print(json.dumps([draw(s) for s in range(20)]))"
    run = [sys.executable, "-c", code]
    told = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}).stdout
    assert json.loads(told) == json.loads(json.dumps([draw(seed) for seed in range(20)]))


def test_the_order_of_drawing_does_not_matter() -> None:
    late = draw(11)
    draw(12)
    assert draw(11) == late


def test_the_parts_of_the_world_are_shared_out_as_said() -> None:
    dice = Random(5)
    found = Counter(split_of(companies.company_name(dice)) for _ in range(20_000))
    shares = {part: count / 20_000 for part, count in found.items()}
    assert shares == {"train": pytest.approx(0.8, abs=0.01), "dev": pytest.approx(0.1, abs=0.01), "held_out": pytest.approx(0.1, abs=0.01)}


@pytest.mark.parametrize(
    ("one", "other"),
    [("Tessaly", "TESSALY GmbH"), ("Vandel & Orsi", "Vandel &  Örsi AB"), ("Brightmoor-Labs", "Brightmoor Labs, Inc."), ("Ørland", "ørland")],
)
def test_two_spellings_are_one_company(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)
    assert split_of(one) == split_of(other)


@pytest.mark.parametrize(
    ("name", "part"),
    [("Tessaly", "train"), ("Brightmoor Systems", "held_out"), ("Kinetic Grid", "train"), ("Merommuda", "train"), ("Oakdell", "train"), ("GmbH", "dev")],
)
def test_a_name_is_in_the_part_it_was_always_in(name: str, part: str) -> None:
    assert split_of(name) == part


def test_no_prospect_shows_a_company_of_another_part() -> None:
    for seed in range(3000):
        company = drawn(seed).record["company"]["name"]
        peers = [peer["name"] for peer in drawn(seed).record.get("peers", ())]
        assert {split_of(name) for name in (company, *peers)} == {split_of(company)}
        assert company not in peers


def test_every_record_is_read_without_a_warning_and_says_all_that_it_says() -> None:
    for seed in range(2000):
        assert reading(seed).warnings == ()
        prospect = reading(seed).prospect
        assert prospect.as_of is not None and date(2025, 1, 1) <= prospect.as_of <= date(2027, 12, 31)
        assert prospect.recipient.first_name == drawn(seed).record["recipient"]["name"].split()[0]
        assert is_regulated(Case(reading(seed), Email(""), PLAYBOOK)) == bool(prospect.company.regulated)


def disagreements(seeds: range) -> Counter[str]:
    """What the rubric finds otherwise than it was built, by kind and case."""
    out: Counter[str] = Counter()
    for seed in seeds:
        truth = drawn(seed).truth
        decision = strongest(f.decision for f in prospect_verdict(reading(seed), PLAYBOOK))
        found = {"PASS": "DRAFT"}.get(decision, decision)
        if found != truth.decision:
            out[f"{truth.case} is {truth.decision}, found {found}"] += 1
        segment = segment_of(reading(seed), PLAYBOOK).name
        if segment != truth.segment:
            out[f"{truth.case} is {truth.segment}, found {segment}"] += 1
    return out


def test_truth_and_rubric_agree() -> None:
    found = disagreements(range(2000))
    assert found.total() <= (1 - AGREEMENT) * 2000, found


def test_nobody_is_refused_by_the_rubric_who_is_to_get_a_draft() -> None:
    found = [kind for kind in disagreements(range(2000)) if "is DRAFT" in kind]
    assert found == []


def test_every_case_is_drawn() -> None:
    found = {drawn(seed).truth.case for seed in range(5000, 10_000)}
    assert found == case_names()


def test_the_mix_is_the_one_that_was_ordered() -> None:
    seeds = drafts(range(10_000))
    assert len(seeds) / 10_000 == pytest.approx(0.88, abs=0.015)
    truths = [drawn(seed).truth for seed in seeds]
    tempted = Counter(truth.temptation for truth in truths if truth.temptation)
    assert tempted.total() / len(seeds) == pytest.approx(0.5, abs=0.02)
    shares = {name: count / tempted.total() for name, count in tempted.items()}
    wanted = {CAPACITY: 0.40, CLAIM: 0.24, TONE: 0.17, GAP: 0.08}
    assert {name: shares[name] for name in wanted} == pytest.approx(wanted, abs=0.025)
    assert shares[WRONG_PITCH] + shares[ABSTAIN] == pytest.approx(0.11, abs=0.02)
    types = Counter(drawn(seed).record["message_type"] for seed in seeds)
    ordered = {"cold": 0.62, "warm": 0.18, "reengagement": 0.12, "sms": 0.08}
    assert {name: count / len(seeds) for name, count in types.items()} == pytest.approx(ordered, abs=0.02)
    segments = Counter(truth.segment for truth in truths)
    assert min(segments.values()) / len(seeds) > 0.13 and len(segments) == 5


# -- what a brief shows ---------------------------------------------------------------------------


def visible(prospect: Prospect) -> dict[str, Any]:
    """Confidence after freshness of each signal that a brief shows."""
    case = Case(Reading(prospect), Email(""), PLAYBOOK)
    parts = ("funding", "hiring", "layoff", "restructuring", "leadership", "capability_gap")
    found = {name: case.level(getattr(prospect.signals, name)) for name in parts}
    return {name: level for name, level in found.items() if level not in {None, "insufficient_signal"}}


def lures(seed: int) -> set[str]:
    """Every temptation that the brief shows, seen afresh."""
    prospect, truth = reading(seed).prospect, drawn(seed).truth
    shown, signals = visible(prospect), prospect.signals
    found = {CAPACITY} if _beyond(prospect) else set()
    hiring = signals.hiring if "hiring" in shown else None
    few = hiring is not None and (hiring.open_engineering_roles or 0) < 5 and hiring.velocity == "increasing"
    if few or any(level != "high" for name, level in shown.items() if name != "capability_gap"):
        found.add(CLAIM)
    if prospect.peers or shown.get("capability_gap", "high") != "high":
        found.add(GAP)
    if truth.reply == "deferral" or (prospect.message_type in {"cold", "reengagement"} and prospect.thread.messages):
        found.add(TONE)
    if truth.segment == "abstain" and (set(shown) - {"hiring"} or (signals.ai_maturity and (signals.ai_maturity.score or 0) > 1)):
        found.add(ABSTAIN)
    if truth.segment != "abstain" and "funding" in shown and _days(prospect, signals.funding.closed_on if signals.funding else None) <= 180:
        cut = "layoff" in shown and _days(prospect, signals.layoff.on if signals.layoff else None) <= 120
        found |= {WRONG_PITCH} if cut or "leadership" in shown else set()
    return found


def _beyond(prospect: Prospect) -> bool:
    need = prospect.need
    if need is None or need.engineers is None or need.stack is None:
        return False
    there = prospect.capacity.get(need.stack) or PLAYBOOK.capacity[need.stack]
    days = (there.deploy_days or 0) + (7 if prospect.company.regulated else 0)
    early = need.start_by is not None and (_days(prospect, need.start_by) > -days or (there.committed_until or date.min) >= need.start_by)
    return need.engineers > there.available or early


def _days(prospect: Prospect, day: date | None) -> int:
    assert prospect.as_of is not None
    return (prospect.as_of - day).days if day else 10_000


def test_a_prospect_without_temptation_shows_none() -> None:
    for seed in drafts(range(3000)):
        if drawn(seed).truth.temptation is None:
            assert lures(seed) == set(), (seed, drawn(seed))


def test_a_temptation_can_be_seen_in_the_brief() -> None:
    for seed in drafts(range(3000)):
        wanted = drawn(seed).truth.temptation
        if wanted is not None:
            assert wanted in lures(seed), (seed, drawn(seed))


def test_mostly_one_temptation_at_a_time() -> None:
    counts = Counter(len(lures(seed)) for seed in drafts(range(3000)) if drawn(seed).truth.temptation)
    assert counts[1] / counts.total() > 0.95


def test_briefs_stay_short() -> None:
    for seed in range(3000):
        prospect = reading(seed).prospect
        shown = set(visible(prospect)) | ({"ai"} if prospect.signals.ai_maturity else set())
        assert len(shown) <= 4
        assert len(prospect.thread.messages) <= 2 and all(len(m.text.split()) <= 25 for m in prospect.thread.messages)
        assert len((prospect.notes or "").split()) <= 25 and len(prospect.signals.facts) <= 1 and len(prospect.peers) <= 2


def test_every_signal_comes_at_every_confidence() -> None:
    found: dict[str, set[str]] = {}
    for seed in range(10_000):
        prospect = reading(seed).prospect
        case = Case(reading(seed), Email(""), PLAYBOOK)
        for name in ("funding", "hiring", "layoff", "restructuring", "leadership", "capability_gap"):
            level = case.level(getattr(prospect.signals, name))
            found.setdefault(name, set()).update({level} if level else set())
    assert all(levels == {"high", "medium", "low", "insufficient_signal"} for levels in found.values()), found


# -- what the world is made of ---------------------------------------------------------------------


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in _strings(part)]
    return [text for part in value for text in _strings(part)] if isinstance(value, list) else [value] if isinstance(value, str) else []


@pytest.mark.parametrize("name", ["facts", "threads", "skills"])
def test_every_text_is_a_pattern(name: str) -> None:
    for text in _strings(stock(name)):
        parsed(text)


# Lists that say nothing by themselves: a rule looks for one beside another.
BESIDE = frozenset({"insiders", "meeting", "telling", "wishing", "views"})


def test_a_rule_hears_nothing_in_a_name() -> None:
    dice = Random(9)
    invented = [companies.company_name(dice) for _ in range(4000)]
    people = [part for _ in range(4000) for part in names.person(dice)]
    heard = {name: [hit.name for hit in PLAYBOOK.lexicon.find(words(name)) if hit.name not in BESIDE] for name in (*invented, *people)}
    assert {name: hits for name, hits in heard.items() if hits} == {}


def test_names_are_many_so_that_they_have_to_be_copied() -> None:
    dice = Random(3)
    assert len({companies.company_name(dice) for _ in range(10_000)}) > 9500
    assert len({names.first_name(dice) for _ in range(20_000)}) > 3500
    assert not {companies.company_name(dice) for _ in range(10_000)} & set(stock("companies")["taken"])


def test_a_name_of_two_languages_becomes_an_address() -> None:
    assert names.plain_letters("Łucja Ørsted-Weiß") == "lucjaorstedweiss"


def test_recipes_have_names_of_their_own() -> None:
    assert len({recipe.name for recipe in RECIPES}) == len(RECIPES)
    assert Truth("DRAFT", "abstain", None, None, "x").hostile is False
