"""Segments: every window and bound, the order, the confidence, and abstention."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from rubric.playbook import parse_playbook
from rubric.segments import SegmentVerdict, classify, level, regions_of, segment_name
from tests.cases import FUNDED, GAPPED, LED, RESTRUCTURED, brief, merged, playbook_data, playbook_with

AS_OF = date(2026, 4, 21)


def ago(days: int) -> str:
    return (AS_OF - timedelta(days=days)).isoformat()


def segment(*patches: Mapping[str, Any]) -> SegmentVerdict:
    return classify(brief(**merged(*patches)).prospect, playbook_with())


def signal(name: str, **fields: Any) -> dict[str, Any]:
    return {"signals": {name: fields}}


def company(**fields: Any) -> dict[str, Any]:
    return {"company": fields}


CLEAR = [(FUNDED, "recently_funded"), (RESTRUCTURED, "restructuring"), (LED, "leadership_transition"), (GAPPED, "capability_gap"), ({}, "abstain")]


@pytest.mark.parametrize(("patch", "name"), CLEAR, ids=[name for _, name in CLEAR])
def test_a_clear_case(patch: Mapping[str, Any], name: str) -> None:
    assert segment(patch).name == name


# A base that qualifies, what is changed, and whether it still qualifies.
BOUNDS: list[tuple[str, Mapping[str, Any], Mapping[str, Any], bool]] = [
    ("1 closed today", FUNDED, signal("funding", closed_on=ago(0)), True),
    ("1 closed 179 days ago", FUNDED, signal("funding", closed_on=ago(179)), True),
    ("1 closed 180 days ago", FUNDED, signal("funding", closed_on=ago(180)), True),
    ("1 closed 181 days ago", FUNDED, signal("funding", closed_on=ago(181)), False),
    ("1 closed tomorrow", FUNDED, signal("funding", closed_on=ago(-1)), False),
    ("1 seed", FUNDED, signal("funding", stage="seed"), False),
    ("1 Series A", FUNDED, signal("funding", stage="series_a"), True),
    ("1 Series B", FUNDED, signal("funding", stage="series_b"), True),
    ("1 Series C", FUNDED, signal("funding", stage="series_c"), False),
    ("1 a dollar below 5 million", FUNDED, signal("funding", amount_usd=4_999_999), False),
    ("1 5 million", FUNDED, signal("funding", amount_usd=5_000_000), True),
    ("1 30 million", FUNDED, signal("funding", amount_usd=30_000_000), True),
    ("1 a dollar above 30 million", FUNDED, signal("funding", amount_usd=30_000_001), False),
    ("1 14 people", FUNDED, company(headcount=14), False),
    ("1 15 people", FUNDED, company(headcount=15), True),
    ("1 80 people", FUNDED, company(headcount=80), True),
    ("1 81 people", FUNDED, company(headcount=81), False),
    ("1 4 roles", FUNDED, signal("hiring", open_engineering_roles=4), False),
    ("1 5 roles", FUNDED, signal("hiring", open_engineering_roles=5), True),
    ("1 6 roles", FUNDED, signal("hiring", open_engineering_roles=6), True),
    ("1 in the US", FUNDED, company(hq="Austin, Texas"), True),
    ("1 in Canada", FUNDED, company(hq="Toronto, Canada"), True),
    ("1 in the UK", FUNDED, company(hq="London"), True),
    ("1 in France", FUNDED, company(hq="Paris, France"), True),
    ("1 in Sweden", FUNDED, company(hq="Stockholm"), True),
    ("1 in Ireland", FUNDED, company(hq="Dublin"), True),
    ("1 in Spain", FUNDED, company(hq="Madrid"), False),
    ("1 in Nigeria", FUNDED, company(hq="Lagos"), False),
    ("1 only strategic money", FUNDED, signal("funding", strategic_only=True), False),
    ("2 a layoff today", RESTRUCTURED, signal("layoff", on=ago(0)), True),
    ("2 a layoff 119 days ago", RESTRUCTURED, signal("layoff", on=ago(119)), True),
    ("2 a layoff 120 days ago", RESTRUCTURED, signal("layoff", on=ago(120)), True),
    ("2 a layoff 121 days ago", RESTRUCTURED, signal("layoff", on=ago(121)), False),
    ("2 a layoff tomorrow", RESTRUCTURED, signal("layoff", on=ago(-1)), False),
    ("2 Series B", RESTRUCTURED, signal("funding", stage="series_b"), False),
    ("2 Series C", RESTRUCTURED, signal("funding", stage="series_c"), True),
    ("2 Series F", RESTRUCTURED, signal("funding", stage="series_f"), True),
    ("2 public", RESTRUCTURED, signal("funding", stage="public"), True),
    ("2 199 people", RESTRUCTURED, company(headcount=199), False),
    ("2 200 people", RESTRUCTURED, company(headcount=200), True),
    ("2 2,000 people", RESTRUCTURED, company(headcount=2000), True),
    ("2 2,001 people", RESTRUCTURED, company(headcount=2001), False),
    ("2 2 roles", RESTRUCTURED, signal("hiring", open_engineering_roles=2), False),
    ("2 3 roles", RESTRUCTURED, signal("hiring", open_engineering_roles=3), True),
    ("2 4 roles", RESTRUCTURED, signal("hiring", open_engineering_roles=4), True),
    ("2 a cut of 39%", RESTRUCTURED, signal("layoff", pct=39), True),
    ("2 a cut of 40%", RESTRUCTURED, signal("layoff", pct=40), True),
    ("2 a cut of 41%", RESTRUCTURED, signal("layoff", pct=41), False),
    ("2 bankruptcy", RESTRUCTURED, {"signals": {"facts": ["They filed for bankruptcy in March."]}}, False),
    ("2 an acquisition", RESTRUCTURED, {"signals": {"facts": ["They are being acquired by a competitor."]}}, False),
    ("2 going private", RESTRUCTURED, {"signals": {"facts": ["They announced they are going private."]}}, False),
    ("2 federal delivery", RESTRUCTURED, {"flags": ["federal_delivery"]}, False),
    ("3 a CTO today", LED, signal("leadership", started_on=ago(0)), True),
    ("3 a CTO 89 days ago", LED, signal("leadership", started_on=ago(89)), True),
    ("3 a CTO 90 days ago", LED, signal("leadership", started_on=ago(90)), True),
    ("3 a CTO 91 days ago", LED, signal("leadership", started_on=ago(91)), False),
    ("3 a CTO to come", LED, signal("leadership", started_on=ago(-1)), False),
    ("3 a VP Engineering", LED, signal("leadership", role="vp_eng"), True),
    ("3 a CFO", LED, signal("leadership", role="cfo"), False),
    ("3 a CEO", LED, signal("leadership", role="ceo"), False),
    ("3 a director", LED, signal("leadership", role="director"), False),
    ("3 49 people", LED, company(headcount=49), False),
    ("3 50 people", LED, company(headcount=50), True),
    ("3 500 people", LED, company(headcount=500), True),
    ("3 501 people", LED, company(headcount=501), False),
    ("3 an interim CTO", LED, signal("leadership", interim=True), False),
    ("3 a new CEO too", LED, {"signals": {"facts": ["A new CEO started in March."]}}, False),
    ("3 a new CFO too", LED, {"signals": {"facts": ["They have a new CFO."]}}, False),
    ("3 strong in-house history", LED, {"flags": ["in_house_history"]}, False),
    ("3 prior vendor ties", LED, {"flags": ["prior_vendor_ties"]}, False),
    ("4 open 59 days", GAPPED, signal("capability_gap", days_open=59), False),
    ("4 open 60 days", GAPPED, signal("capability_gap", days_open=60), True),
    ("4 open 61 days", GAPPED, signal("capability_gap", days_open=61), True),
    ("4 maturity 0", GAPPED, signal("ai_maturity", score=0), False),
    ("4 maturity 1", GAPPED, signal("ai_maturity", score=1), False),
    ("4 maturity 2", GAPPED, signal("ai_maturity", score=2), True),
    ("4 maturity 3", GAPPED, signal("ai_maturity", score=3), True),
    ("4 a capability that nobody has", GAPPED, signal("capability_gap", stack="rust"), False),
    ("4 a capability that is taken", GAPPED, {"capacity": {"ml": {"available": 0}}}, False),
    ("4 a boutique's showcase", GAPPED, {"flags": ["boutique_showcase"]}, False),
    ("4 an announced initiative without the team", GAPPED, signal("capability_gap", days_open=None, evidence="announced an AI initiative"), True),
    ("4 a public talk", GAPPED, signal("capability_gap", days_open=None, evidence="named it in a conference talk"), True),
]  # fmt: skip


@pytest.mark.parametrize(("base", "change", "qualifies"), [row[1:] for row in BOUNDS], ids=[row[0] for row in BOUNDS])
def test_a_bound(base: Mapping[str, Any], change: Mapping[str, Any], qualifies: bool) -> None:
    assert (segment(base, change).name == segment(base).name) is qualifies


REORGANISED = {**RESTRUCTURED, "signals": {k: v for k, v in RESTRUCTURED["signals"].items() if k != "layoff"}}


@pytest.mark.parametrize(("days", "name"), [(0, "restructuring"), (89, "restructuring"), (90, "restructuring"), (91, "abstain")])
def test_a_restructuring_without_a_layoff_counts_ninety_days(days: int, name: str) -> None:
    assert segment(REORGANISED, signal("restructuring", on=ago(days), confidence="high")).name == name


HEAVY = [(14, 90, True), (15, 90, True), (16, 90, False), (16, 89, False), (16, 91, True)]


@pytest.mark.parametrize(("pct", "days", "in_segment"), HEAVY)
def test_a_heavy_layoff_rules_recent_funding_out(pct: int, days: int, in_segment: bool) -> None:
    """More than 15% within 90 days; below the size of a restructuring there is no other segment."""
    verdict = segment(FUNDED, signal("layoff", on=ago(days), pct=pct, confidence="high"))
    assert (verdict.name == "recently_funded") is in_segment


BIG_FUNDED = merged(RESTRUCTURED, signal("funding", closed_on=ago(30), amount_usd=14e6))
ORDER = [
    ("a layoff and fresh funding", BIG_FUNDED, "restructuring"),
    ("a layoff, fresh funding and a new CTO", merged(BIG_FUNDED, LED, company(headcount=300)), "restructuring"),
    ("a layoff and a new CTO", merged(RESTRUCTURED, LED, company(headcount=300)), "leadership_transition"),
    ("a new CTO and a gap", merged(LED, GAPPED), "leadership_transition"),
    ("a new CTO and fresh funding", merged(FUNDED, LED, company(headcount=60)), "leadership_transition"),
    ("a gap and fresh funding", merged(FUNDED, GAPPED, company(headcount=60)), "capability_gap"),
    ("a gap below maturity 2 and fresh funding", merged(FUNDED, GAPPED, company(headcount=60), signal("ai_maturity", score=1)), "recently_funded"),
    ("a new CTO of a small company and fresh funding", merged(FUNDED, LED, company(headcount=40)), "recently_funded"),
    ("an interim CTO and a gap", merged(LED, GAPPED, signal("leadership", interim=True)), "capability_gap"),
    ("a layoff of a small company with funding", merged(FUNDED, signal("layoff", on=ago(10), pct=10)), "recently_funded"),
]


@pytest.mark.parametrize(("patch", "name"), [row[1:] for row in ORDER], ids=[row[0] for row in ORDER])
def test_the_order_when_several_fit(patch: Mapping[str, Any], name: str) -> None:
    assert segment(patch).name == name


def test_the_segments_that_were_tried_are_told() -> None:
    tried = segment(FUNDED, company(headcount=81)).tried
    assert any(t.startswith("recently_funded: ") and "81" in t for t in tried)


def test_the_filters_that_fired_are_told() -> None:
    fired = segment(FUNDED).fired
    assert all(f.met is True for f in fired) and any("headcount is 60" in f.text for f in fired)


class TestConfidence:
    """The share of filters that strong signals meet."""

    def test_strong_signals_give_one(self) -> None:
        assert segment(FUNDED).confidence == 1.0

    def test_weak_signals_give_less(self) -> None:
        medium = segment(FUNDED, signal("funding", confidence="medium"))
        assert medium.name == "recently_funded" and medium.confidence < 1.0

    def test_below_six_tenths_abstains(self) -> None:
        weak = segment(FUNDED, signal("funding", confidence="low"), signal("hiring", confidence="low"))
        assert weak.name == "abstain" and any("confidence" in t for t in weak.tried)

    def test_what_is_not_known_counts_against_it(self) -> None:
        assert segment(FUNDED, company(hq=None)).confidence < segment(FUNDED).confidence

    def test_an_insufficient_signal_triggers_nothing(self) -> None:
        assert segment(LED, signal("leadership", confidence="insufficient_signal")).name == "abstain"

    @pytest.mark.parametrize("least", [0.5, 0.83, 0.84])
    def test_the_playbook_says_how_sure(self, least: float) -> None:
        prospect = brief(**merged(FUNDED, company(hq=None))).prospect
        verdict = classify(prospect, playbook_with({"policy": {"min_segment_confidence": least}}))
        assert (verdict.name == "recently_funded") is (least <= 0.83)


LEVELS = [
    ("high", None, "high"),
    (None, None, "high"),
    ("high", 30, "high"),
    ("high", 31, "medium"),
    ("medium", 31, "low"),
    ("low", 31, "insufficient_signal"),
    ("insufficient_signal", 31, "insufficient_signal"),
    (None, 31, "medium"),
    ("high", -5, "high"),
]


@pytest.mark.parametrize(("given", "observed", "sure"), LEVELS)
def test_an_old_observation_drops_one_level(given: str | None, observed: int | None, sure: str) -> None:
    patch = signal("funding", stage="series_b", confidence=given, observed_on=None if observed is None else ago(observed))
    assert level(brief(**patch).prospect.signals.funding, AS_OF, 30) == sure


def test_no_signal_has_no_level() -> None:
    assert level(None, AS_OF, 30) is None


CLAIMS = [
    ("recently_funded", "recently_funded"),
    ("Recently Funded", "recently_funded"),
    ("recently-funded", "recently_funded"),
    ("Segment 1", "recently_funded"),
    ("segment_2", "restructuring"),
    ("3", "leadership_transition"),
    ("segment 4 (specialist)", "capability_gap"),
    ("Mid-market restructuring", "restructuring"),
    ("Engineering leadership transition", "leadership_transition"),
    ("Specialised capability gap", "capability_gap"),
    ("abstain", "abstain"),
    ("Segment 5", None),
    ("", None),
    (None, None),
]


@pytest.mark.parametrize(("claim", "name"), CLAIMS)
def test_a_claimed_segment_is_read(claim: str | None, name: str | None) -> None:
    assert segment_name(claim, playbook_with()) == name


PLACES = [
    ("Berlin, Germany", {"germany"}),
    ("New York, NY", {"north_america"}),
    ("USA", {"north_america"}),
    ("U.S.", {"north_america"}),
    ("London, UK", {"united_kingdom"}),
    ("Dublin", {"ireland"}),
    ("Atlantis", set()),
    ("Ukraine", {"eastern_europe"}),
    (None, set()),
]


@pytest.mark.parametrize(("place", "regions"), PLACES)
def test_the_region_of_a_place(place: str | None, regions: set[str]) -> None:
    assert regions_of(place, playbook_with()) == regions


def test_a_playbook_without_segments_always_abstains() -> None:
    bare = parse_playbook({**playbook_data(), "segments": [], "segment_order": [], "pitches": {}, "themes": {}}, "x")
    assert classify(brief(**FUNDED).prospect, bare).name == "abstain"


OPEN_ROLE = {"hiring": {"open_engineering_roles": 4, "roles": [{"title": "Senior ML Engineer", "stack": "ml", "days_open": 70}], "confidence": "high"}}


@pytest.mark.parametrize(("sure", "days", "name"), [("insufficient_signal", 75, "capability_gap"), ("high", 30, "abstain")])
def test_a_gap_that_is_not_sure_hides_no_role_open_as_long(sure: str, days: int, name: str) -> None:
    gap = {"signals": {**OPEN_ROLE, "capability_gap": {"confidence": sure, "days_open": days}}}
    assert segment(GAPPED, gap).name == name
