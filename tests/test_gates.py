"""What the prospect wrote decides before a draft exists, in whatever words."""

from __future__ import annotations

from typing import Any

import pytest

from rubric.playbook import Decision
from rubric.verdict import prospect_verdict, strongest
from tests.cases import brief, fires, playbook_with


def wrote(*texts: str) -> dict[str, Any]:
    return {"message_type": "warm", "thread": {"messages": [{"from": "prospect", "text": text} for text in texts]}}


def decided(**prospect: Any) -> Decision:
    return strongest(f.decision for f in prospect_verdict(brief(**prospect), playbook_with()))


def _missing(text: str, decision: Decision) -> Any:
    return pytest.param(text, decision, marks=pytest.mark.xfail(strict=True, reason="the wording is not heard yet"))


REPLIES = [
    ("Please take me off your mailing list.", "SUPPRESS"),
    ("STOP", "SUPPRESS"),
    ("Unsubscribe", "SUPPRESS"),
    ("Do not contact me again", "SUPPRESS"),
    ("We have no interest in this.", "SUPPRESS"),
    ("Interesting! No thanks needed.", "PASS"),
    ("Thank you, not now - write again in autumn", "PASS"),
    ("Sounds good, tell me more.", "PASS"),
    ("Send us the MSA.", "ESCALATE"),
    ("Who are your current customers?", "ESCALATE"),
    ("Can you do a 12-month deal at 10% off?", "ESCALATE"),
    _missing("What would 4 engineers cost per month?", "ESCALATE"),
    _missing("We want Dawit on this.", "ESCALATE"),
    ("I have no idea what you mean.", "ESCALATE"),
]


@pytest.mark.parametrize(("text", "decision"), REPLIES)
def test_a_reply(text: str, decision: Decision) -> None:
    assert decided(**wrote(text)) == decision


def test_an_early_no_is_not_forgotten() -> None:
    assert decided(**wrote("Please remove me from your list.", "ok")) == "SUPPRESS"


def test_what_we_wrote_is_no_reply() -> None:
    assert decided(thread={"messages": [{"from": "us", "text": "Reply STOP to unsubscribe."}]}) == "PASS"


@pytest.mark.parametrize("flag", ["competitor_of_ours", "", "x"])
def test_a_flag_that_nobody_knows_suppresses(flag: str) -> None:
    assert decided(disqualifiers=[flag]) == "SUPPRESS"


LANGUAGES = [
    ("We saw two open roles at your company. Is that all?", False),
    ("Wir haben gesehen, dass Sie zwei offene Stellen haben, und fragen uns, ob das alles ist.", True),
    ("\u041c\u044b \u0432\u0438\u0434\u0435\u043b\u0438 \u0434\u0432\u0435 \u0432\u0430\u043a\u0430\u043d\u0441\u0438\u0438.", True),
    ("Wir sehen zwei offene Stellen bei Ihnen. Ist das alles?", True),
]


@pytest.mark.parametrize(("body", "foreign"), LANGUAGES)
def test_another_language_is_never_a_pass(body: str, foreign: bool) -> None:
    assert fires("form.language", body) is foreign
