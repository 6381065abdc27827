"""Reading an e-mail: its subject, and where salutation, prose and signature lie."""

from __future__ import annotations

from contextlib import suppress
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubric.email import MAX_BODY, MAX_SUBJECT, Email, layout, read_email, read_eml
from rubric.errors import InputError

MARKS = ("Tenacious Intelligence Corporation", "gettenacious.com")
PROSE = "We saw two open roles. Is that the whole plan?"


def parts(body: str, first_name: str | None = "Maya") -> tuple[str | None, str, str]:
    """Greeting, prose and signature, trimmed."""
    lay = layout(body, first_name, MARKS)
    return lay.greeting, body[lay.prose : lay.signature].strip(), body[lay.signature :].strip()


GREETINGS = [
    ("Hi Maya,\n\n", "Maya"),
    ("Hi Maya,\n", "Maya"),
    ("Hi Maya, ", "Maya"),
    ("Hello Maya,\n\n", "Maya"),
    ("Hey Maya,\n\n", "Maya"),
    ("Dear Maya,\n\n", "Maya"),
    ("Dear Maya:\n\n", "Maya"),
    ("Dear Ms. Lindqvist,\n\n", "Ms. Lindqvist"),
    ("Dear Maya Lindqvist,\n\n", "Maya Lindqvist"),
    ("Good morning Maya,\n\n", "Maya"),
    ("Good afternoon, \n\n", ""),
    ("Hi Maya\n\n", "Maya"),
    ("Hi Maya \u2014 ", "Maya"),
    ("Hi Maya! ", "Maya"),
    ("hi maya,\n\n", "maya"),
    ("HI MAYA,\n\n", "MAYA"),
    ("\n\nHi Maya,\n\n", "Maya"),
    ("Hi there,\n\n", "there"),
    ("Hi,\n\n", ""),
    ("Maya,\n\n", "Maya"),
    ("Maya \u2014 ", "Maya"),
    ("Hi Jean-Luc,\n\n", "Jean-Luc"),
    ("Hi Zo\u00eb,\n\n", "Zo\u00eb"),
    ("Hi O'Brien,\n\n", "O'Brien"),
    ("Selam Maya,\n\n", "Maya"),
]


@pytest.mark.parametrize(("opening", "name"), GREETINGS, ids=[repr(o) for o, _ in GREETINGS])
def test_a_salutation(opening: str, name: str) -> None:
    greeting, prose, _ = parts(opening + PROSE)
    assert greeting == name
    assert prose == PROSE


NO_GREETING = [
    "We saw two open roles.",
    "Understood, GraphQL is off the table.",
    "Thanks, that helps a lot.",
    "However, two roles are open.",
    "Monday, we saw two roles.",
    "You have two roles, both in Go.",
]


@pytest.mark.parametrize("body", NO_GREETING)
def test_no_salutation(body: str) -> None:
    assert parts(body) == (None, body, "")


def test_a_sentence_behind_hi_is_prose() -> None:
    greeting, prose, _ = parts("Hi I saw that you have two open roles, and wondered about them.")
    assert greeting == "" and "two open roles" in prose


def test_the_salutation_knows_its_place() -> None:
    body = "Hello  Maya,\n\nWe saw two roles."
    lay = layout(body, "Maya", MARKS)
    assert body[lay.greeting_at :].startswith("Maya")


SIGNATURES = [
    "Best regards,\nAlex\nResearch Partner\nTenacious Intelligence Corporation\ngettenacious.com",
    "Best,\nAlex",
    "Best regards,\nAlex Abebe",
    "Kind regards\nAlex",
    "Warmly,\nAlex",
    "Thanks,\nAlex",
    "Many thanks,\nAlex",
    "Thank you,\nAlex",
    "All the best,\nAlex",
    "Sincerely,\nAlex",
    "Yours sincerely,\nAlex",
    "Cheers,\nAlex",
    "Alex\nResearch Partner\nTenacious Intelligence Corporation\ngettenacious.com",
    "Alex / Research Partner / Tenacious Intelligence Corporation / gettenacious.com",
    "Alex | Research Partner | gettenacious.com",
    "\u2014 Alex, Tenacious Intelligence Corporation",
    "Alex\nTenacious Intelligence Corporation",
    "gettenacious.com",
    "Best,\nAlex\nResearch Partner, Tenacious Intelligence Corporation\nalex@gettenacious.com\n+251 11 555 0100",
    "Best,\nAlex\n\nReply STOP to opt out.\n12 Bole Road, Addis Ababa",
    "Best,\n\nAlex\n\nTenacious Intelligence Corporation\ngettenacious.com",
]


@pytest.mark.parametrize("signature", SIGNATURES, ids=[s.replace("\n", "/")[:40] for s in SIGNATURES])
def test_a_signature(signature: str) -> None:
    assert parts(f"Hi Maya,\n\n{PROSE}\n\n{signature}") == ("Maya", PROSE, signature)


NO_SIGNATURE = [
    "We saw two open roles.",
    "We saw two open roles.\nIs that the whole plan?",
    "Two roles are open:\n- Python\n- Go",
    "We could start with:\n* two Python engineers\n* a review in June",
    "The best part is the team.",
    "Thanks for the clear answer. Two roles are open.",
]


@pytest.mark.parametrize("body", NO_SIGNATURE)
def test_no_signature(body: str) -> None:
    assert parts(body)[1:] == (body, "")


def test_a_question_after_the_sign_off_word_stays_prose() -> None:
    body = "Hi Maya,\n\nThanks for the note, two roles are noted.\n\nWould Tuesday suit you?\n\nBest,\nAlex"
    assert parts(body)[1].endswith("Would Tuesday suit you?")


def test_lines_may_end_as_on_windows() -> None:
    body = f"Hi Maya,\r\n\r\n{PROSE}\r\n\r\nBest,\r\nAlex"
    assert parts(body) == ("Maya", PROSE, "Best,\r\nAlex")


@pytest.mark.parametrize("body", ["", "   ", "\n\n", "Hi Maya,", "Best,\nAlex", "Hi Maya,\n\nBest,\nAlex"])
def test_a_body_without_prose(body: str) -> None:
    assert parts(body)[1] == ""


TEXTS: list[tuple[str, str | None, str]] = [
    ("Subject: Two roles\n\nHi Maya", "Two roles", "Hi Maya"),
    ("Subject: Two roles\nHi Maya", "Two roles", "Hi Maya"),
    ("subject:Two roles\n\nHi Maya", "Two roles", "Hi Maya"),
    ("SUBJECT:   Two roles  \n\nHi Maya", "Two roles", "Hi Maya"),
    ("\ufeffSubject: Two roles\r\n\r\nHi Maya", "Two roles", "Hi Maya"),
    ("\n\nSubject: Two roles\n\nHi Maya", "Two roles", "Hi Maya"),
    ("Subject: Re: Two: roles\nHi Maya", "Re: Two: roles", "Hi Maya"),
    ("Subject:\n\nHi Maya", "", "Hi Maya"),
    ("Subject: Two roles", "Two roles", ""),
    ("Hi Maya", None, "Hi Maya"),
    ("The subject: roles", None, "The subject: roles"),
    ("Hi Maya\nSubject: Two roles", None, "Hi Maya\nSubject: Two roles"),
    ("", None, ""),
]


@pytest.mark.parametrize(("text", "subject", "body"), TEXTS, ids=[repr(row[0]) for row in TEXTS])
def test_a_text_with_a_subject_line(text: str, subject: str | None, body: str) -> None:
    assert read_email(text) == Email(body, subject)


MAPPINGS: list[tuple[Any, Email]] = [
    ({"subject": "Two roles", "body": "Hi"}, Email("Hi", "Two roles")),
    ({"subject": None, "body": "Hi"}, Email("Hi")),
    ({"body": "Hi"}, Email("Hi")),
    ({"body": ""}, Email("")),
    ({"text": "Hi"}, Email("Hi")),
    ({"body": "Subject: not one here"}, Email("Subject: not one here")),
]


@pytest.mark.parametrize(("value", "email"), MAPPINGS, ids=[repr(v) for v, _ in MAPPINGS])
def test_a_mapping(value: Any, email: Email) -> None:
    assert read_email(value) == email


REFUSED: list[tuple[Any, str, str]] = [
    (None, "/email", "got NoneType"),
    (7, "/email", "got int"),
    (["Hi"], "/email", "got list"),
    ({}, "/email/body", "got nothing"),
    ({"body": None}, "/email/body", "got nothing"),
    ({"body": 7}, "/email/body", "got int"),
    ({"body": ["Hi"]}, "/email/body", "got list"),
    ({"body": "Hi", "subject": 7}, "/email/subject", "got int"),
    ({"body": "x" * (MAX_BODY + 1)}, "/email/body", "50,001 characters"),
    ("x" * (MAX_BODY + 1), "/email/body", "50,001 characters"),
    ({"body": "Hi", "subject": "x" * (MAX_SUBJECT + 1)}, "/email/subject", "2,001 characters"),
]


@pytest.mark.parametrize(("value", "pointer", "message"), REFUSED, ids=[repr(v)[:30] for v, *_ in REFUSED])
def test_what_is_no_email_is_refused(value: Any, pointer: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_email(value)
    assert caught.value.pointer == pointer


def test_the_longest_body_is_read() -> None:
    assert len(read_email("x" * MAX_BODY).body) == MAX_BODY


class TestEml:
    """`.eml` files as mail programs write them."""

    @staticmethod
    def message(content: str, subject: str = "Two roles", **more: Any) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = subject
        message["From"] = "alex@gettenacious.example"
        message.set_content(content, **more)
        return message

    @pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252"])
    @pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
    def test_encodings(self, charset: str, encoding: str) -> None:
        message = self.message("Hi Zo\u00eb,\n\ntwo roles in M\u00fcnchen.\n", charset=charset, cte=encoding)
        assert read_eml(message.as_bytes()).body.rstrip() == "Hi Zo\u00eb,\n\ntwo roles in M\u00fcnchen."

    def test_an_encoded_subject(self) -> None:
        assert read_eml(self.message("Hi", subject="R\u00f4les \u2014 deux").as_bytes()).subject == "R\u00f4les \u2014 deux"

    def test_no_subject(self) -> None:
        assert read_eml(b"From: a@b.example\n\nHi Maya").subject is None

    def test_the_plain_part_goes_before_the_html_part(self) -> None:
        message = self.message("plain words")
        message.add_alternative("<p>html words</p>", subtype="html")
        assert read_eml(message.as_bytes()).body.strip() == "plain words"

    def test_html_alone_is_read_as_text(self) -> None:
        message = self.message("<div>Hi Maya,</div><p>two <b>roles</b><br>and &amp; one</p>", subtype="html")
        body = read_eml(message.as_bytes()).body
        assert "two roles\n" in body and "<" not in body

    def test_styles_and_scripts_of_html_are_no_words(self) -> None:
        message = self.message("<style>p{color:red}</style><script>x=1</script><p>two roles</p>", subtype="html")
        assert read_eml(message.as_bytes()).body.strip() == "two roles"

    def test_an_attachment_is_left_out(self) -> None:
        message = self.message("two roles")
        message.add_attachment(b"\x00\x01", maintype="application", subtype="octet-stream", filename="x.bin")
        assert read_eml(message.as_bytes()).body.strip() == "two roles"

    def test_windows_line_ends(self) -> None:
        assert read_eml(b"Subject: s\r\n\r\nHi Maya,\r\ntwo roles\r\n").body == "Hi Maya,\ntwo roles\n"

    def test_only_an_attachment_is_refused(self) -> None:
        message = EmailMessage()
        message.add_attachment(b"\x00", maintype="application", subtype="octet-stream", filename="x.bin")
        with pytest.raises(InputError, match="no text part"):
            read_eml(message.as_bytes())

    def test_an_unknown_charset_is_refused_or_read(self) -> None:
        data = b'Subject: s\nContent-Type: text/plain; charset="x-klingon"\n\nHi'
        try:
            assert read_eml(data).body == "Hi"
        except InputError as error:
            assert ".eml" in str(error)

    @given(st.binary(max_size=300))
    def test_any_bytes_are_read_or_refused(self, data: bytes) -> None:
        with suppress(InputError):
            assert isinstance(read_eml(data).body, str)

    @given(st.binary(max_size=60))
    def test_any_bytes_behind_a_header_are_read_or_refused(self, data: bytes) -> None:
        with suppress(InputError):
            read_eml(b"Subject: s\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + data)


PIECES = ["Hi", " ", "Maya", ",", "\n", "\n\n", "Best,", "Alex", "Tenacious Intelligence Corporation", "gettenacious.com", "two roles", "?", ".", "\u2014", "- ", "Thanks", "/", "|", "12 Bole Road", "\t", "\u05e9", "\U0001f680"]


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join), st.sampled_from(["Maya", None, ""]))
def test_the_parts_of_any_body_are_in_order(body: str, name: str | None) -> None:
    lay = layout(body, name, MARKS)
    assert 0 <= lay.prose <= lay.signature <= len(body)
    assert 0 <= lay.greeting_at <= len(body)
    assert lay.greeting is None or body[lay.greeting_at : lay.greeting_at + len(lay.greeting)] == lay.greeting


@given(st.text(max_size=300))
def test_any_text_is_an_email(text: str) -> None:
    email = read_email(text)
    assert email.body in text
