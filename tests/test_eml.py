"""Drafts as mail messages that nothing in a row can turn into something else."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.eml import OURS, file_name, message_of, one_line
from tests.rows import MAYA, key, row, to

RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}


def parsed(given_row: dict[str, Any]) -> EmailMessage:
    data = message_of(given_row)
    assert data is not None
    message = message_from_bytes(data, policy=policy.SMTPUTF8)
    assert isinstance(message, EmailMessage)
    return message


def body_of(message: EmailMessage) -> str:
    part = message.get_body()
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_message_is_an_unsent_draft() -> None:
    message = parsed(row())
    assert str(message["To"]) == f"Maya Lindqvist <{MAYA}>" and message["Subject"] == "Three Python engineers"
    assert message["X-Unsent"] == "1" and message["X-Winnow-Status"] == "draft" and message["X-Winnow-Key"] == key("one")
    assert message["From"] is None and message["Cc"] is None and message.get_content_type() == "text/plain"
    assert body_of(message) == "Hi Maya,\n\nWould a call suit you?\n"
    assert b"\r\n" in (message_of(row()) or b"") and message_of(row()) == message_of(row())


@pytest.mark.parametrize("email", [None, "", "n/a", "maya", "a@b@c", "maya@northwind"])
def test_no_recipient_is_invented(email: str | None) -> None:
    assert parsed(row(**to(email)))["To"] is None
    assert parsed(row(recipient=None))["To"] is None


def test_only_drafts_are_messages() -> None:
    for outcome in ("ABSTAIN", "SUPPRESS", "ESCALATE", "REVIEW", "IGNORED", "ERROR"):
        assert message_of(row(outcome=outcome)) is None
    assert message_of(row(email=None)) is None
    assert parsed(row(email={"subject": None, "body": "x"}))["Subject"] is None


def test_text_of_any_script_arrives() -> None:
    letter = {"subject": "Größe 株式会社 " * 12, "body": "Zürich – “so”\r\n" + "long " * 400 + "\n.\nFrom me\n"}
    message = parsed(row(email=letter, recipient={"name": "Zoë Ångström, PhD", "email": "zoë@bücher.example", "role": None}))
    assert message["Subject"] == letter["subject"].strip() and body_of(message) == letter["body"].replace("\r\n", "\n")
    assert str(message["To"]) == '"Zoë Ångström, PhD" <zoë@xn--bcher-kva.example>'
    plain = parsed(row(**to("zoe@x.example", "Zoë Ångström, PhD")))
    assert plain["To"].addresses[0].display_name == "Zoë Ångström, PhD" and (message_of(row(**to("zoe@x.example", "Zoë"))) or b"").isascii()


HEADERS = ["X-Winnow-Content", "To", "Subject", "X-Unsent", "X-Winnow-Status", "X-Winnow-Key", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]


@pytest.mark.parametrize("bad", ["x\r\nBcc: a@b.example", "x\nFrom: a@b.example", "x\u2028Bcc: y", "x\x00\x0bBcc: y", '"x" <b@c.example>', "\ud800", "x" * 3000, "=?utf-8?q?a=0ABcc:_y?=", "=\u200e?utf-8?q?a=0D=0ABcc:_y?=", "=?utf-8?b?YQpCY2M6IHk=?=", "=?ascii?q?=22=3E=0A?= =?x?q?=0ABcc:y?="])
def test_no_text_adds_a_header(bad: str) -> None:
    hostile = row(key=bad, company=bad, email={"subject": bad, "body": bad}, recipient={"name": bad, "email": MAYA, "role": bad})
    message = parsed(hostile)
    assert list(message.keys()) == HEADERS and [a.addr_spec for a in message["To"].addresses] == [MAYA]
    assert message["Bcc"] is None and message["From"] is None
    assert b"\nBcc" not in (message_of(hostile) or b"").partition(b"\r\n\r\n")[0]


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=60))
def test_any_text_makes_a_message(name: str, subject: str, body: str) -> None:
    message = parsed(row(email={"subject": subject, "body": body}, recipient={"name": name, "email": MAYA, "role": None}))
    assert [header for header in message if header not in HEADERS] == []
    assert "\n" not in one_line(subject)


NAMES = ["CON", "../../etc/passwd", "a/b\\c:d", "...", "", " ", "株式会社", "x" * 300, "\u202egpj.exe", "Ünïted & Söns, Inc.", "a\0b", "~", "-rf", "nul.txt", "\ud800"]


@pytest.mark.parametrize("company", NAMES)
def test_file_names_are_safe_whatever_a_company_is_called(tmp_path: Path, company: str) -> None:
    name = file_name(7, company, key("x"))
    assert OURS.fullmatch(name) and len(name) <= 80
    (tmp_path / name).write_text("x")
    assert [p.name for p in tmp_path.iterdir()] == [name]


@given(st.integers(1, 10**6), st.text(max_size=400), st.text(max_size=70))
def test_every_file_name_is_safe(number: int, company: str, given_key: str) -> None:
    name = file_name(number, company, given_key)
    assert OURS.fullmatch(name) and len(name) <= 90 and name.split(".")[0].lower() not in RESERVED
    assert file_name(number + 1, company, given_key) != name


def test_the_name_is_telling() -> None:
    assert file_name(1, "Northwind Robotics", "3f2a9c" + "0" * 58) == "0001-northwind-robotics-3f2a9c.eml"
    assert file_name(1, "株式会社", "") == "0001-company-000000.eml"
