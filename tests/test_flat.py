"""The flat prospect: keys of any name whose meaning is plain reach the nested form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from rubric.errors import InputError
from rubric.flat import is_flat
from rubric.prospect import Prospect, read_prospect
from rubric.verdict import prospect_verdict
from tests.cases import flat, playbook_with


def read(**signals: Any) -> Prospect:
    return flat(**signals).prospect


def top(**keys: Any) -> Prospect:
    return read_prospect({"company": "Northwind", "as_of": "2026-04-21", **keys}).prospect


def other_facts(prospect: Prospect) -> str:
    return " | ".join(fact for thread in prospect.other_threads for fact in thread.facts)


FORMS = [
    ({"company": "Northwind"}, True),
    ({"company": "Northwind", "available_signals": {}}, True),
    ({"prospect_id": "p1", "available_signals": {}}, True),
    ({"company": {"name": "Northwind"}}, False),
    ({"company": {"name": "Northwind"}, "available_signals": {}}, False),
    ({}, False),
]


@pytest.mark.parametrize(("data", "answer"), FORMS, ids=[str(d) for d, _ in FORMS])
def test_which_form_it_is(data: Mapping[str, Any], answer: bool) -> None:
    assert is_flat(data) is answer


class TestFixedKeys:
    """The keys that every flat prospect has."""

    def test_company_and_headcount(self) -> None:
        company = top(headcount=62).company
        assert (company.name, company.headcount) == ("Northwind", 62)

    def test_funding(self) -> None:
        funding = top(funding_stage="Series B", funding_amount_usd=14e6, funding_confidence=0.9).signals.funding
        assert funding is not None
        assert (funding.stage, funding.amount_usd, funding.confidence) == ("series_b", 14e6, "high")

    def test_an_amount_of_nought_is_not_known(self) -> None:
        funding = top(funding_stage="seed", funding_amount_usd=0).signals.funding
        assert funding is not None and funding.amount_usd is None

    def test_disqualifiers_and_opt_outs(self) -> None:
        prospect = top(disqualifiers=["anti_offshore"], opt_out_channels=["sms"])
        assert (prospect.disqualifiers, prospect.opt_out_channels) == (["anti_offshore"], ["sms"])

    def test_thread_and_id(self) -> None:
        prospect = top(prospect_id="p1", thread_id="t1")
        assert (prospect.id, prospect.thread.id) == ("p1", "t1")

    @pytest.mark.parametrize(("given", "role"), [("CTO", "cto"), ("vp_eng", "vp_eng"), ("Co-Founder", "cofounder"), ("Chief Data Officer", "c_level")])
    def test_the_role(self, given: str, role: str) -> None:
        assert top(recipient_role=given).recipient.role == role

    def test_other_keys_stay_in_extra(self) -> None:
        assert top(shoe_size=44).extra["shoe_size"] == 44

    @pytest.mark.parametrize("signals", [None, [], "text", 7])
    def test_signals_of_another_shape_crash_nothing(self, signals: Any) -> None:
        assert top(available_signals=signals).company.name == "Northwind"


CHANNELS = ["intended_channel", "planned_channel", "target channel"]


@pytest.mark.parametrize("key", CHANNELS)
def test_the_intended_channel(key: str) -> None:
    assert read(**{key: "SMS"}).channel == "sms"


INDUSTRIES = ["industry", "sector", "market vertical"]


@pytest.mark.parametrize("key", INDUSTRIES)
def test_the_industry(key: str) -> None:
    assert read(**{key: "logistics software"}).company.industry == "logistics software"


REGULATIONS: list[tuple[str, Any, str]] = [
    ("regulatory_context", "FCA", "FCA"),
    ("compliance_regimes", ["HIPAA", "SOX"], "HIPAA, SOX"),
    ("clearance_needed", "defence clearance", "defence clearance"),
]


@pytest.mark.parametrize(("key", "value", "read_as"), REGULATIONS)
def test_the_regulatory_context(key: str, value: Any, read_as: str) -> None:
    assert read(**{key: value}).company.regulatory_context == read_as


@pytest.mark.parametrize("key", ["regulated", "regulated_industry", "is_regulated"])
def test_a_flag_for_regulation(key: str) -> None:
    assert read(**{key: True}).company.regulated is True


@pytest.mark.parametrize("key", ["city", "headquarters", "office location"])
def test_the_place(key: str) -> None:
    assert read(**{key: "Lagos"}).company.hq == "Lagos"


@pytest.mark.parametrize("key", ["timezone", "recipient_time_zone", "prospect_timezone"])
def test_the_zone(key: str) -> None:
    assert read(**{key: "Europe/Berlin"}).recipient.timezone == "Europe/Berlin"


PEERS: list[tuple[str, Any]] = [
    ("peers_named_in_brief", ["Kinetic Grid", "Boreal Freight"]),
    ("competitors_named", ["Kinetic Grid", "Boreal Freight"]),
    ("comparable_companies", [{"name": "Kinetic Grid"}, {"company": "Boreal Freight"}]),
]


@pytest.mark.parametrize(("key", "value"), PEERS)
def test_the_peers(key: str, value: Any) -> None:
    assert [p.name for p in read(**{key: value}).peers] == ["Kinetic Grid", "Boreal Freight"]


def test_a_peer_keeps_its_source() -> None:
    (peer,) = read(peers=[{"name": "Kinetic Grid", "source_url": "https://k.example", "confidence": "medium"}]).peers
    assert (peer.source_url, peer.confidence) == ("https://k.example", "medium")


ROLES: list[tuple[str, Any, int]] = [
    ("open_roles", 7, 7),
    ("job_posts", ["Python Engineer", "Go Engineer"], 2),
    ("vacancies", [{"title": "Python Engineer"}], 1),
]


@pytest.mark.parametrize(("key", "value", "count"), ROLES)
def test_the_open_roles(key: str, value: Any, count: int) -> None:
    hiring = read(**{key: value}).signals.hiring
    assert hiring is not None and hiring.open_engineering_roles == count


OTHER_THREADS: list[dict[str, Any]] = [
    {"cofounder_thread": "The board wants to sell by June."},
    {"parallel_conversation": "The board wants to sell by June."},
    {"confidential_note": "The board wants to sell by June."},
    {"leaked_thread": "cofounder_thread", "remark": "The board wants to sell by June."},
    {"other_active_thread": {"with": "co-founder", "summary": "The board wants to sell by June."}},
    {"other_threads": [{"with": "CEO", "messages": [{"sender": "ceo", "text": "The board wants to sell by June."}]}]},
    {"threads": {"t-2": {"role": "ceo", "said": "The board wants to sell by June."}}},
]


@pytest.mark.parametrize("signals", OTHER_THREADS, ids=[next(iter(s)) for s in OTHER_THREADS])
def test_what_was_said_in_another_thread(signals: dict[str, Any]) -> None:
    assert "sell by June" in other_facts(read(**signals))


@pytest.mark.parametrize("signals", OTHER_THREADS, ids=[next(iter(s)) for s in OTHER_THREADS])
def test_what_was_said_in_another_thread_is_no_fact_of_this_one(signals: dict[str, Any]) -> None:
    prospect = read(**signals)
    assert not any("sell" in fact for fact in prospect.signals.facts)
    assert not any("sell" in message.text for message in prospect.thread.messages)


COMMITTED: list[dict[str, Any]] = [
    {"engineer": "Dawit Bekele", "committed_until": "2026-07-31"},
    {"engineer_name": "Dawit Bekele", "engagement_end": "2026-07-31"},
    {"proposed_candidate": "Dawit Bekele", "booked_through": "2026-07-31"},
    {"bench_engineer": {"name": "Dawit Bekele", "role": "data", "available_from": "2026-08-01"}},
    {"engineer": "Dawit Bekele", "busy": "until 2026-07-31"},
]


@pytest.mark.parametrize("signals", COMMITTED, ids=[str(list(s)) for s in COMMITTED])
def test_an_engineer_and_until_when(signals: dict[str, Any]) -> None:
    (commitment,) = read(**signals).prior_commitments
    assert (commitment.who, commitment.ends) == ("Dawit Bekele", date(2026, 7, 31))


def test_a_renewal_under_discussion_is_told() -> None:
    (commitment,) = read(engineer="Dawit Bekele", committed_until="2026-07-31", status="may extend").prior_commitments
    assert commitment.type == "renewal"


REJECTIONS: list[dict[str, Any]] = [
    {"suggestion": "GraphQL adoption", "prospect_response": "We chose not to."},
    {"pitched_idea": "GraphQL adoption", "pushback": "Not for us."},
    {"gap_raised": "GraphQL adoption", "declined_because": "No time for it."},
]


@pytest.mark.parametrize("signals", REJECTIONS, ids=[next(iter(s)) for s in REJECTIONS])
def test_a_suggestion_that_was_turned_down(signals: dict[str, Any]) -> None:
    assert read(**signals).rejected_suggestions == ["GraphQL adoption"]


@pytest.mark.parametrize("key", ["rejected_topics", "rejected_ideas", "turned_down"])
def test_a_list_of_what_was_turned_down(key: str) -> None:
    assert read(**{key: ["GraphQL adoption"]}).rejected_suggestions == ["GraphQL adoption"]


OPT_OUTS: list[tuple[dict[str, Any], str]] = [
    ({"opt_out_date": "2026-03-01"}, "email"),
    ({"sms_opted_out": True}, "sms"),
    ({"unsubscribed": "linkedin"}, "linkedin"),
    ({"opt_out_reason": "too many messages"}, "email"),
    ({"do_not_contact": True}, "email"),
    ({"opt_outs": ["sms"]}, "sms"),
]


@pytest.mark.parametrize(("signals", "channel"), OPT_OUTS, ids=[next(iter(s)) for s, _ in OPT_OUTS])
def test_an_opt_out(signals: dict[str, Any], channel: str) -> None:
    assert read(**signals).opt_out_channels == [channel]


@pytest.mark.parametrize("value", [False, None, "false", "no", "none", "", []])
def test_no_opt_out(value: Any) -> None:
    assert read(opted_out=value).opt_out_channels == []


STANCES = [
    {"ceo_quote": "We never outsource engineering."},
    {"hiring_policy": "We never outsource engineering."},
    {"outsourcing_view": "We never outsource engineering."},
]


@pytest.mark.parametrize("signals", STANCES, ids=[next(iter(s)) for s in STANCES])
def test_a_quote_against_outsourcing_suppresses(signals: dict[str, Any]) -> None:
    findings = prospect_verdict(flat(**signals), playbook_with())
    assert "SUPPRESS" in {f.decision for f in findings}


DISQUALIFIERS: list[dict[str, Any]] = [{"anti_offshore": True}, {"in_house_only": "yes"}, {"disqualifying": {"local_only": True, "competitor": False}}]


@pytest.mark.parametrize("signals", DISQUALIFIERS, ids=[next(iter(s)) for s in DISQUALIFIERS])
def test_a_disqualifier_among_the_signals(signals: dict[str, Any]) -> None:
    assert len(read(**signals).disqualifiers) == 1


@pytest.mark.parametrize("key", ["job_title", "contact_title", "recipient_title"])
def test_the_title_of_the_recipient(key: str) -> None:
    assert read(**{key: "VP Engineering"}).recipient.title == "VP Engineering"


@pytest.mark.parametrize("key", ["recipient_name", "contact_name"])
def test_the_name_of_the_recipient(key: str) -> None:
    assert read(**{key: "Maya Lindqvist"}).recipient.first_name == "Maya"


@pytest.mark.parametrize("key", ["prospect_reply", "last_reply", "inbound_message"])
def test_what_the_prospect_wrote(key: str) -> None:
    (message,) = read(**{key: "What are your rates exactly?"}).thread.messages
    assert message.sender == "prospect" and "rates" in message.text


# A context may carry what somebody thinks the verdict should be; none of it is believed.
VERDICTS: list[dict[str, Any]] = [
    {"escalation_rule": "chief officers go to a person"},
    {"escalation_required": True},
    {"expected_decision": "SUPPRESS"},
    {"should_suppress": True},
    {"verdict": "BLOCK"},
    {"decision": "ESCALATE"},
    {"leak_severity": "critical"},
    {"label": "thread_leakage"},
    {"violation_type": "opt_out_ignored"},
    {"ground_truth": "fail"},
    {"risk_level": "high"},
    {"policy_rule": "never send"},
    {"gold": {"decision": "BLOCK", "failure": "injection"}},
]


@pytest.mark.parametrize("signals", VERDICTS, ids=[next(iter(s)) for s in VERDICTS])
def test_a_verdict_in_the_context_decides_nothing(signals: dict[str, Any]) -> None:
    assert prospect_verdict(flat(**signals), playbook_with()) == []


@pytest.mark.parametrize("signals", VERDICTS, ids=[next(iter(s)) for s in VERDICTS])
def test_a_verdict_in_the_context_reaches_no_field(signals: dict[str, Any]) -> None:
    assert read(**signals).model_copy(update={"extra": {}}) == read().model_copy(update={"extra": {}})


def test_what_cannot_be_mapped_stays_in_extra() -> None:
    assert read(mascot="otter").extra["available_signals"] == {"mascot": "otter"}


def test_a_bad_value_of_a_free_key_points_at_it() -> None:
    with pytest.raises(InputError) as caught:
        flat(open_roles=-3)
    assert caught.value.pointer == "/available_signals/open_roles"


JUNK: list[Any] = [None, True, 0, -1, 1e308, "", " ", [], {}, [[]], [{}], {"a": None}, {"": ""}, [None, 1, "x", {"text": 3}], {"messages": 7}]
KEYS = ["industry", "regulatory", "city", "timezone", "peers", "cofounder_thread", "other_thread", "thread_history", "engineer", "committed_until",
        "suggestion", "rejection", "rejected", "opt_out", "quote", "channel", "recipient", "open_roles", "disqualifier", "title", "threads", "history"]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", JUNK, ids=repr)
def test_junk_under_a_known_key_is_read_or_refused(key: str, value: Any) -> None:
    try:
        assert read(**{key: value}).company.name == "Northwind Robotics"
    except InputError as error:
        assert error.pointer is not None
