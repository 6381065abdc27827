"""The boundary cases of the domain: the value at the limit, and its neighbours."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.cases import FUNDED, fires, judge, letter, merged

AS_OF = date(2026, 4, 21)


def ago(days: int) -> str:
    return (AS_OF - timedelta(days=days)).isoformat()


def hiring(roles: int, **more: Any) -> dict[str, Any]:
    return {"signals": {"hiring": {"open_engineering_roles": roles, "confidence": "high", **more}}}


CHIEFS = [(1999, "cto", False), (2000, "cto", False), (2001, "cto", True), (2001, "c_level", True), (2001, "vp_eng", False), (2001, "founder", False), (90_000, "director", False)]


@pytest.mark.parametrize(("headcount", "role", "escalated"), CHIEFS)
def test_a_chief_above_two_thousand_people(headcount: int, role: str, escalated: bool) -> None:
    prospect = {"company": {"headcount": headcount}, "recipient": {"role": role}}
    assert (judge("We saw two roles.", prospect).decision == "ESCALATE") is escalated


OFFERS = [
    ("We have 6 Python engineers available.", False),
    ("We have 7 Python engineers available.", False),
    ("We have seven Python engineers available.", False),
    ("We have 8 Python engineers available.", True),
    ("We have eight Python engineers available.", True),
    ("We have 6 to 7 Python engineers available.", False),
    ("We have 7 to 8 Python engineers available.", True),
    ("We can place a dozen Python engineers.", True),
    ("We can place half a dozen Python engineers.", False),
    ("Our squad of eight Python engineers can join.", True),
]


@pytest.mark.parametrize(("body", "over"), OFFERS)
def test_capacity_equal_and_one_above(body: str, over: bool) -> None:
    assert fires("capacity.over_commitment", body, {"capacity": {"python": {"available": 7}}}) is over


# Two of Go and eight of Python are there.
TWO_STACKS = [
    ("We have two Go engineers and 8 Python engineers available.", False),
    ("We have three Go engineers and 8 Python engineers available.", True),
    ("We have two Go engineers and 9 Python engineers available.", True),
    ("We have 8 Python and 2 Go engineers available.", False),
    ("We have 8 Python and 3 Go engineers available.", True),
    ("We have ten engineers: 8 in Python and 2 in Go.", False),
]


@pytest.mark.parametrize(("body", "over"), TWO_STACKS)
def test_two_stacks_in_one_sentence_keep_apart(body: str, over: bool) -> None:
    assert fires("capacity.over_commitment", body) is over


SENIORS = [("one senior Python engineer", False), ("two senior Python engineers", False), ("three senior Python engineers", True)]


@pytest.mark.parametrize(("offer", "over"), SENIORS)
def test_seniors_equal_and_one_above(offer: str, over: bool) -> None:
    assert fires("capacity.seniority", f"We have {offer} available.", {"capacity": {"python": {"available": 7, "senior": 2}}}) is over


NEEDS = [(7, False), (8, False), (9, True)]


@pytest.mark.parametrize(("engineers", "above"), NEEDS)
def test_a_need_equal_to_capacity_and_one_above(engineers: int, above: bool) -> None:
    patch = {"need": {"stack": "python", "engineers": engineers}}
    assert fires("gate.need_above_capacity", "Hi", patch, None, {"policy": {"above_capacity": "escalate"}}) is above


COMMITTED = [("2026-07-30", False), ("2026-07-31", True), ("2026-08-01", True)]


@pytest.mark.parametrize(("ends", "clash"), COMMITTED, ids=["the day before", "on the day", "the day after"])
def test_a_commitment_that_ends_around_the_promised_start(ends: str, clash: bool) -> None:
    prospect = {"prior_commitments": [{"who": "Dawit Bekele", "stack": "data", "ends": ends}]}
    assert fires("capacity.committed_engineer", "Dawit Bekele could start on 31 July 2026.", prospect) is clash


@pytest.mark.parametrize(("ends", "clash"), COMMITTED, ids=["the day before", "on the day", "the day after"])
def test_a_stack_whose_commitment_ends_around_the_promised_start(ends: str, clash: bool) -> None:
    prospect = {"capacity": {"fullstack_nestjs": {"available": 2, "committed_until": ends}}}
    assert fires("capacity.committed_stack", "Our NestJS engineers could start on 31 July 2026.", prospect) is clash


@pytest.mark.parametrize(("ends", "clash"), [(ago(1), False), (ago(0), True), (ago(-1), True)], ids=["yesterday", "today", "tomorrow"])
def test_a_commitment_that_ends_around_today(ends: str, clash: bool) -> None:
    prospect = {"prior_commitments": [{"who": "Dawit Bekele", "stack": "data", "ends": ends}]}
    assert fires("capacity.committed_engineer", "Dawit Bekele can start right away.", prospect) is clash


STARTS = [("6 days", True), ("7 days", False), ("8 days", False), ("one week", False), ("two weeks", False)]


@pytest.mark.parametrize(("span", "early"), STARTS)
def test_a_start_at_the_deployment_time_and_a_day_before(span: str, early: bool) -> None:
    assert fires("capacity.start", f"Our Python engineers can start within {span}.", {"capacity": {"python": {"available": 7, "deploy_days": 7}}}) is early


REGULATED_STARTS = [("13 days", True), ("14 days", False), ("15 days", False)]


@pytest.mark.parametrize(("span", "early"), REGULATED_STARTS)
def test_a_regulated_client_adds_seven_days(span: str, early: bool) -> None:
    prospect = {"company": {"industry": "health care"}, "capacity": {"python": {"available": 7, "deploy_days": 7}}}
    assert fires("capacity.start", f"Our Python engineers can start within {span}.", prospect) is early


DATED_STARTS = [("27 April 2026", True), ("28 April 2026", False), ("29 April 2026", False)]


@pytest.mark.parametrize(("day", "early"), DATED_STARTS)
def test_a_dated_start_counts_from_the_day_of_the_brief(day: str, early: bool) -> None:
    assert fires("capacity.start", f"Our Python engineers could start on {day}.", {"capacity": {"python": {"available": 7, "deploy_days": 7}}}) is early


LIMITS: list[tuple[dict[str, Any], int]] = [
    ({"message_type": "cold", "touch": 1}, 120),
    ({"message_type": "cold", "touch": 2}, 100),
    ({"message_type": "cold", "touch": 3}, 70),
    ({"message_type": "warm"}, 200),
    ({"message_type": "warm", "extra": {"reply_intent": "engaged"}}, 150),
    ({"message_type": "warm", "extra": {"reply_intent": "curious"}}, 90),
    ({"message_type": "warm", "extra": {"reply_intent": "soft_deferral"}}, 60),
    ({"message_type": "reengagement", "touch": 1}, 100),
    ({"message_type": "reengagement", "touch": 2}, 50),
    ({"message_type": "reengagement", "touch": 3}, 40),
]


@pytest.mark.parametrize(("prospect", "limit"), LIMITS, ids=[str(p) for p, _ in LIMITS])
class TestLength:
    """Up to the limit passes; salutation and signature do not count."""

    def test_at_the_limit(self, prospect: dict[str, Any], limit: int) -> None:
        assert not fires("form.length", letter("word " * limit), prospect)

    def test_one_above(self, prospect: dict[str, Any], limit: int) -> None:
        assert fires("form.length", letter("word " * (limit + 1)), prospect)

    def test_within_the_tolerance(self, prospect: dict[str, Any], limit: int) -> None:
        lenient = {"form": {"tolerance_words": 5}}
        assert not fires("form.length", letter("word " * (limit + 5)), prospect, None, lenient)
        assert fires("form.length", letter("word " * (limit + 6)), prospect, None, lenient)


def test_a_hyphen_and_a_dash_make_no_words() -> None:
    assert not fires("form.length", " ".join(["well-known"] * 119 + ["\u2014", "-", "end."]))


SUBJECTS = [(59, False), (60, True), (61, True)]


@pytest.mark.parametrize(("length", "long"), SUBJECTS)
def test_a_subject_stays_under_sixty(length: int, long: bool) -> None:
    assert fires("form.subject_length", "Hi", {}, "Request: ".ljust(length, "x")) is long


TEXT_MESSAGES = [(159, False), (160, True), (161, True)]


@pytest.mark.parametrize(("length", "long"), TEXT_MESSAGES)
@pytest.mark.parametrize("prospect", [{"message_type": "sms"}, {"channel": "sms"}], ids=["type", "channel"])
def test_a_text_message_stays_under_a_hundred_and_sixty(length: int, long: bool, prospect: dict[str, Any]) -> None:
    assert fires("form.sms", "x" * length, prospect) is long


LAYOFFS = [(0, True), (119, True), (120, True), (121, False)]


@pytest.mark.parametrize(("days", "quiet"), LAYOFFS)
def test_no_growth_language_for_a_hundred_and_twenty_days_after_a_layoff(days: int, quiet: bool) -> None:
    prospect = {"signals": {"layoff": {"on": ago(days), "pct": 10, "confidence": "high"}}}
    assert fires("segment.growth_in_layoff", "This is an exciting time to scale your team.", prospect) is quiet


ROUNDS = [(179, False), (180, False), (181, True)]


@pytest.mark.parametrize(("days", "old"), ROUNDS)
def test_a_round_is_recent_for_a_hundred_and_eighty_days(days: int, old: bool) -> None:
    prospect = {"signals": {"funding": {"stage": "series_b", "closed_on": ago(days), "confidence": "high"}}}
    assert fires("signal.stale", "Your recent Series B caught my eye.", prospect) is old


@pytest.mark.parametrize(("days", "pitched_wrongly"), ROUNDS)
def test_the_pitch_for_fresh_money_ends_with_the_window(days: int, pitched_wrongly: bool) -> None:
    prospect = merged(FUNDED, {"signals": {"funding": {"closed_on": ago(days)}}})
    verdict = judge("We help recently funded companies hire faster than recruiters can.", prospect)
    assert ("abstention_failure" in {f.failure for f in verdict.findings}) is pitched_wrongly


OBSERVED = [(29, False), (30, False), (31, True)]


@pytest.mark.parametrize(("days", "stale"), OBSERVED)
def test_an_observation_is_fresh_for_thirty_days(days: int, stale: bool) -> None:
    assert fires("signal.unhedged", "You have 7 open engineering roles.", hiring(7, observed_on=ago(days))) is stale


ROLES = [(4, True), (5, False), (6, False)]


@pytest.mark.parametrize(("roles", "too_few"), ROLES)
@pytest.mark.parametrize("claim", ["You are hiring aggressively.", "You are scaling fast.", "Your rapid hiring stands out."])
def test_five_roles_carry_the_word_aggressive(roles: int, too_few: bool, claim: str) -> None:
    assert fires("signal.growth_claim", claim, hiring(roles)) is too_few


MEETINGS = [("15 minutes", False), ("30 minutes", False), ("31 minutes", True), ("45 minutes", True), ("60 minutes", True), ("an hour", True), ("half an hour", False)]


@pytest.mark.parametrize(("span", "long"), MEETINGS)
def test_a_first_call_takes_thirty_minutes_at_most(span: str, long: bool) -> None:
    assert fires("ask.long_meeting", f"Could we take {span} for a call on Tuesday?") is long


@pytest.mark.parametrize(("touch", "too_many"), [(1, False), (2, False), (3, False), (4, True), (5, True)])
def test_the_fourth_touch_is_one_too_many(touch: int, too_many: bool) -> None:
    assert fires("cadence.touches", "Hi", {"touch": touch}) is too_many


@pytest.mark.parametrize(("days", "too_soon"), [(29, True), (30, False), (31, False)])
def test_a_fourth_touch_rests_thirty_days(days: int, too_soon: bool) -> None:
    thread = {"messages": [{"from": "us", "on": ago(days), "text": "Hello"}]}
    assert fires("cadence.touches", "Hi", {"touch": 4, "thread": thread}) is too_soon


@pytest.mark.parametrize(("days", "too_soon"), [(44, True), (45, False), (46, False)])
def test_a_re_engagement_waits_forty_five_days(days: int, too_soon: bool) -> None:
    thread = {"messages": [{"from": "us", "on": ago(days), "text": "Hello"}]}
    assert fires("cadence.too_soon", "Hi", {"message_type": "reengagement", "thread": thread}) is too_soon


PEERS = [(0, True), (1, True), (2, False), (3, False)]


@pytest.mark.parametrize(("count", "too_few"), PEERS)
def test_a_finding_about_peers_needs_two(count: int, too_few: bool) -> None:
    peers = [{"name": f"Peer{n} Labs", "source_url": "https://peer.example", "confidence": "high"} for n in range(count)]
    verdict = judge("Your peers have hired for MLOps.", {"peers": peers})
    assert ("gap_over_claiming" in {f.failure for f in verdict.findings}) is too_few


ENDED = [(90, False), (91, True)]


@pytest.mark.parametrize(("days", "doubtful"), ENDED)
def test_an_old_commitment_says_nothing_about_today(days: int, doubtful: bool) -> None:
    prospect = {"prior_commitments": [{"who": "Dawit Bekele", "stack": "data", "ends": ago(days)}]}
    assert fires("capacity.committed_engineer", "Dawit Bekele is free immediately.", prospect) is doubtful


SERVICES = [("web development, mobile apps and data engineering", False), ("web development, mobile apps, cloud migration and data engineering", True)]


@pytest.mark.parametrize(("services", "menu"), SERVICES)
def test_four_services_are_a_menu(services: str, menu: bool) -> None:
    assert fires("form.service_menu", f"We offer {services}.") is menu


@pytest.mark.parametrize(("marks", "loud"), [(0, False), (1, False), (2, True)])
def test_one_exclamation_mark_is_allowed(marks: int, loud: bool) -> None:
    assert fires("tone.exclamation", "Congratulations" + "!" * marks + " We saw two roles.") is loud
