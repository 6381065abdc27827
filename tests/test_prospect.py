"""The nested prospect: what is read, what is refused, and what is kept aside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubric.errors import InputError
from rubric.names import first_name
from rubric.prospect import MAX_TEXT, Prospect, parse_json, read_prospect
from tests.cases import PLAIN, brief, merge

EVERYTHING: Mapping[str, Any] = {
    "id": "p_044",
    "as_of": "2026-04-21",
    "message_type": "cold",
    "buying_stage": "researching",
    "touch": 1,
    "channel": "email",
    "company": {
        "name": "Northwind Robotics", "domain": "northwind.example", "industry": "logistics software",
        "headcount": 62, "hq": "Germany", "timezone": "Europe/Berlin", "regulated": None,
    },
    "recipient": {
        "name": "Maya Lindqvist", "role": "vp_eng", "title": "VP Engineering",
        "email": "maya@northwind.example", "timezone": "Europe/Berlin",
    },
    "signals": {
        "funding": {
            "stage": "series_b", "amount_usd": 14000000, "closed_on": "2026-02-10", "observed_on": "2026-04-15",
            "confidence": "high", "investors": ["Example Capital"], "strategic_only": False,
        },
        "hiring": {
            "open_engineering_roles": 7, "velocity": "increasing", "delta_pct": 40, "confidence": "high",
            "roles": [{"title": "Senior Python Engineer", "stack": "python", "days_open": 35}],
        },
        "layoff": {"on": "2026-01-15", "pct": 12, "confidence": "high"},
        "restructuring": {"on": "2026-01-20", "confidence": "medium"},
        "leadership": {"role": "cto", "name": "R. Okafor", "started_on": "2026-03-02", "interim": False, "confidence": "high"},
        "ai_maturity": {"score": 2, "confidence": "medium"},
        "capability_gap": {
            "capability": "ML platform", "stack": "ml", "days_open": 75,
            "evidence": "same role reposted twice", "confidence": "high",
        },
        "tech_stack": {"items": ["python", "kafka"], "confirmed": False},
        "facts": ["Kinetic Grid ML role postings up 50% in 60 days."],
    },
    "peers": [{"name": "Peer Co", "practice": "posted two MLOps roles", "source_url": "https://peer.example/jobs", "confidence": "high"}],
    "need": {"stack": "python", "engineers": 4, "seniority": "senior", "start_by": "2026-05-15", "named_engineer": None},
    "capacity": {"python": {"available": 7, "senior": 1, "deploy_days": 7, "committed_until": None}},
    "prior_commitments": [{"who": "Amina Diallo", "stack": "rust", "starts": "2026-01-01", "ends": "2026-06-30", "type": "engagement"}],
    "disqualifiers": ["anti_offshore"],
    "opt_out_channels": ["email"],
    "thread": {"id": "t-042", "messages": [{"from": "prospect", "on": "2026-04-18", "text": "We chose not to go after that."}]},
    "other_threads": [{"id": "t-039", "with": "co-founder", "facts": ["CFO approved a 200k budget"]}],
    "rejected_suggestions": ["event-driven migration"],
    "segment": {"name": "recently_funded", "confidence": 0.8},
    "flags": ["weak_hiring_velocity_signal"],
    "notes": "untrusted free text",
    "extra": {},
}  # fmt: skip


def at(pointer: str, value: Any) -> dict[str, Any]:
    """The whole object with one value replaced."""
    document: dict[str, Any] = json.loads(json.dumps(EVERYTHING))
    *parents, leaf = pointer.strip("/").split("/")
    node: Any = document
    for parent in parents:
        node = node[int(parent)] if isinstance(node, list) else node.setdefault(parent, {})
    node[int(leaf) if isinstance(node, list) else leaf] = value
    return document


def get(prospect: Prospect, pointer: str) -> Any:
    node: Any = prospect
    for part in pointer.strip("/").split("/"):
        node = node[int(part)] if isinstance(node, list) else node[part] if isinstance(node, dict) else getattr(node, part)
    return node


def _leaves(value: Any, pointer: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [leaf for key, item in value.items() for leaf in _leaves(item, f"{pointer}/{key}")]
    if isinstance(value, list):
        return [leaf for n, item in enumerate(value) for leaf in _leaves(item, f"{pointer}/{n}")]
    return [(pointer, value)]


def test_the_whole_object_reads_without_a_warning() -> None:
    assert read_prospect(EVERYTHING).warnings == ()


@pytest.mark.parametrize(("pointer", "value"), [leaf for leaf in _leaves(EVERYTHING) if leaf[1] is not None], ids=str)
def test_every_field_of_the_whole_object_is_kept(pointer: str, value: Any) -> None:
    dumped = read_prospect(EVERYTHING).prospect.model_dump(mode="json", by_alias=True)
    node: Any = dumped
    for part in pointer.strip("/").split("/"):
        node = node[int(part)] if isinstance(node, list) else node[part]
    assert node == value


def test_a_name_is_enough() -> None:
    reading = read_prospect({"company": {"name": "Northwind"}}, date(2026, 4, 21))
    assert reading.prospect.company.name == "Northwind" and reading.warnings == ()


@pytest.mark.parametrize("key", sorted(set(EVERYTHING) - {"company"}))
def test_null_is_absent(key: str) -> None:
    given_null = read_prospect(merge(PLAIN, {key: None}), date(2026, 4, 21)).prospect
    assert given_null == brief().prospect


@pytest.mark.parametrize("key", sorted(EVERYTHING["signals"]))
def test_a_null_signal_is_absent(key: str) -> None:
    assert brief(signals={key: None}).prospect == brief().prospect


class TestAsOf:
    """The day that windows count from."""

    def test_its_own_goes_first(self) -> None:
        assert read_prospect(PLAIN, date(2020, 1, 1)).prospect.as_of == date(2026, 4, 21)

    def test_the_given_one_serves_a_prospect_without(self) -> None:
        assert read_prospect({"company": {"name": "N"}}, date(2020, 1, 1)).prospect.as_of == date(2020, 1, 1)

    def test_a_time_of_day_is_dropped(self) -> None:
        assert brief(as_of="2026-04-21T23:59:59Z").prospect.as_of == date(2026, 4, 21)


WORDS: list[tuple[str, Any, Any]] = [
    ("/recipient/role", "VP Engineering", "vp_eng"),
    ("/recipient/role", "SVP of Platform", "vp_eng"),
    ("/recipient/role", "VP Sales", "other"),
    ("/recipient/role", "Chief Data Officer", "c_level"),
    ("/recipient/role", "CISO", "c_level"),
    ("/recipient/role", "Chief Executive Officer", "ceo"),
    ("/recipient/role", "Chief Technology Officer", "cto"),
    ("/recipient/role", "Co-Founder & CTO", "cto"),
    ("/recipient/role", "Co-Founder", "cofounder"),
    ("/recipient/role", "Founder", "founder"),
    ("/recipient/role", "C-level", "c_level"),
    ("/recipient/role", "Head of Data", "head"),
    ("/recipient/role", "Engineering Manager", "manager"),
    ("/recipient/role", "Director of Engineering", "director"),
    ("/recipient/role", "Gardener", "other"),
    ("/signals/funding/stage", "Series B", "series_b"),
    ("/signals/funding/stage", "series-b", "series_b"),
    ("/signals/funding/stage", "B", "series_b"),
    ("/signals/funding/stage", "Pre-Seed", "pre_seed"),
    ("/signals/funding/stage", "Seed", "seed"),
    ("/signals/funding/stage", "IPO", "public"),
    ("/signals/funding/stage", "listed on XETRA", "public"),
    ("/signals/funding/stage", "PE", "private_equity"),
    ("/signals/funding/stage", "Series G", "series_f"),
    ("/signals/funding/confidence", "HIGH", "high"),
    ("/signals/funding/confidence", "verified", "high"),
    ("/signals/funding/confidence", "insufficient signal", "insufficient_signal"),
    ("/signals/funding/confidence", "unknown", "insufficient_signal"),
    ("/signals/funding/confidence", 0.8, "high"),
    ("/signals/funding/confidence", 0.79, "medium"),
    ("/signals/funding/confidence", 0.5, "medium"),
    ("/signals/funding/confidence", 0.49, "low"),
    ("/signals/funding/confidence", 0.2, "low"),
    ("/signals/funding/confidence", 0.19, "insufficient_signal"),
    ("/signals/funding/confidence", 0, "insufficient_signal"),
    ("/signals/funding/confidence", 1, "high"),
    ("/signals/hiring/velocity", "tripled since spring", "increasing"),
    ("/signals/hiring/velocity", "slowing down", "decreasing"),
    ("/signals/hiring/velocity", "flat", "stable"),
    ("/signals/hiring/velocity", "no signal", "insufficient_signal"),
    ("/signals/hiring/delta_pct", -250.5, -250.5),
    ("/signals/hiring/delta_pct", 1400, 1400),
    ("/signals/layoff/pct", 100, 100),
    ("/signals/layoff/pct", 0, 0),
    ("/signals/layoff/on", "2026-01-15T09:30:00+01:00", date(2026, 1, 15)),
    ("/company/headcount", "1,200", 1200),
    ("/company/headcount", "about 200 people", 200),
    ("/company/headcount", 0, 0),
    ("/message_type", "Re-Engagement", "reengagement"),
    ("/message_type", "Follow-up", "cold"),
    ("/message_type", "reply", "warm"),
    ("/channel", "LinkedIn", "linkedin"),
    ("/buying_stage", "Evaluating", "evaluating"),
    ("/disqualifiers", "anti_offshore", ["anti_offshore"]),
    ("/disqualifiers", {"anti_offshore": True, "local_only": False}, ["anti_offshore"]),
    ("/disqualifiers", "", []),
    ("/opt_out_channels", "email", ["email"]),
]


@pytest.mark.parametrize(("pointer", "value", "read"), WORDS, ids=[f"{p}-{v!r}" for p, v, _ in WORDS])
def test_free_words_are_read(pointer: str, value: Any, read: Any) -> None:
    assert get(read_prospect(at(pointer, value)).prospect, pointer) == read


NAN, INF = float("nan"), float("inf")
REFUSED: list[tuple[str, Any, str]] = [
    ("/company/name", "", "at least 1 character"),
    ("/company/name", None, "string"),
    ("/company/name", "x" * 301, "at most 300"),
    ("/company/headcount", -1, "greater than or equal to 0"),
    ("/company/headcount", "-5", "greater than or equal to 0"),
    ("/company/headcount", "many", "integer"),
    ("/company/headcount", 1.5, "integer"),
    ("/company/headcount", True, "no numbers"),
    ("/company/headcount", [], "integer"),
    ("/company/headcount", 10**9, "less than or equal to"),
    ("/company/regulated", "perhaps", "boolean"),
    ("/company/industry", 7, "string"),
    ("/recipient", "Maya", ""),
    ("/recipient/role", 7, "'founder'"),
    ("/signals/funding/stage", "Serie Ω", "'series_a'"),
    ("/signals/funding/stage", 2, "'series_a'"),
    ("/signals/funding/amount_usd", -1, "greater than or equal to 0"),
    ("/signals/funding/amount_usd", "lots", "number"),
    ("/signals/funding/amount_usd", NAN, "finite"),
    ("/signals/funding/amount_usd", INF, "finite"),
    ("/signals/funding/amount_usd", True, "no numbers"),
    ("/signals/funding/closed_on", "soon", "such as 2026-04-21"),
    ("/signals/funding/closed_on", "2026-02-30", "such as 2026-04-21"),
    ("/signals/funding/closed_on", "0000-01-01", "year 0"),
    ("/signals/funding/closed_on", 20260210, "day"),
    ("/signals/funding/confidence", "sky-high", "'high'"),
    ("/signals/funding/confidence", 1.2, "'high'"),
    ("/signals/funding/confidence", -0.1, "'high'"),
    ("/signals/funding/confidence", True, "'high'"),
    ("/signals/funding/confidence", NAN, "'high'"),
    ("/signals/funding/strategic_only", "perhaps", "boolean"),
    ("/signals/funding/investors", 7, "list"),
    ("/signals/funding/observed_on", "yesterday", "such as 2026-04-21"),
    ("/signals/hiring/open_engineering_roles", -2, "greater than or equal to 0"),
    ("/signals/hiring/delta_pct", NAN, "finite"),
    ("/signals/hiring/roles", "python", "list"),
    ("/signals/hiring/roles/0/days_open", -1, "greater than or equal to 0"),
    ("/signals/layoff/pct", 140, "less than or equal to 100"),
    ("/signals/layoff/pct", -1, "greater than or equal to 0"),
    ("/signals/layoff/on", "15.01.2026", "such as 2026-04-21"),
    ("/signals/ai_maturity/score", 4, "less than or equal to 3"),
    ("/signals/ai_maturity/score", -1, "greater than or equal to 0"),
    ("/signals/ai_maturity/score", 1.5, "integer"),
    ("/signals/facts/0", 7, "string"),
    ("/peers", {"name": "Peer Co"}, "list"),
    ("/peers/0/confidence", "certain", "'high'"),
    ("/need/engineers", -4, "greater than or equal to 0"),
    ("/need/start_by", "May", "such as 2026-04-21"),
    ("/capacity/python", 7, ""),
    ("/capacity/python/available", -1, "greater than or equal to 0"),
    ("/capacity/python/available", None, "integer"),
    ("/prior_commitments/0/ends", "2026-06-31", "day"),
    ("/touch", 0, "greater than or equal to 1"),
    ("/touch", "first", "integer"),
    ("/message_type", "telegram", "'cold'"),
    ("/channel", "pigeon", "'email'"),
    ("/buying_stage", "dreaming", "'researching'"),
    ("/as_of", "0000-00-00", "year 0"),
    ("/as_of", "tomorrow", "such as 2026-04-21"),
    ("/segment/confidence", 1.5, "less than or equal to 1"),
    ("/thread/messages/0/on", "then", "such as 2026-04-21"),
    ("/thread/messages/0/text", 7, "string"),
    ("/notes", "x" * (MAX_TEXT + 1), "at most 20000"),
    ("/extra", "junk", "dict"),
]


@pytest.mark.parametrize(("pointer", "value", "expected"), REFUSED, ids=[f"{p}-{v!r:.20}" for p, v, _ in REFUSED])
def test_a_wrong_value_is_refused_with_its_pointer(pointer: str, value: Any, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        read_prospect(at(pointer, value))
    assert caught.value.pointer == pointer
    message = str(caught.value)
    assert message.startswith(f"{pointer}: got ")
    assert expected in message


@pytest.mark.parametrize(("pointer", "value", "expected"), REFUSED, ids=[f"{p}-{v!r:.20}" for p, v, _ in REFUSED])
def test_the_message_shows_the_value(pointer: str, value: Any, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        read_prospect(at(pointer, value))
    assert json.dumps(value, ensure_ascii=False)[:40] in str(caught.value)


def test_a_commitment_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(InputError, match="before it starts") as caught:
        read_prospect(at("/prior_commitments/0/starts", "2026-07-01"))
    assert caught.value.pointer == "/prior_commitments/0"


def test_a_missing_company_is_refused() -> None:
    with pytest.raises(InputError, match="/company") as caught:
        read_prospect({"as_of": "2026-04-21", "signals": {}})
    assert caught.value.pointer == "/company"


@pytest.mark.parametrize("data", [None, 7, "text", [], [PLAIN], True, 1.5])
def test_what_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(InputError, match="expected a JSON object"):
        read_prospect(data)


UNKNOWN = [
    ({"hedcount": 5}, "company", "/company/hedcount", "'headcount'"),
    ({"dissqualifiers": ["x"]}, "", "/dissqualifiers", "'disqualifiers'"),
    ({"investor": ["x"]}, "signals/funding", "/signals/funding/investor", "'investors'"),
]


@pytest.mark.parametrize(("patch", "under", "pointer", "near"), UNKNOWN, ids=[row[2] for row in UNKNOWN])
class TestUnknownKeys:
    """Keys that nobody knows are kept, and said once."""

    @staticmethod
    def document(patch: dict[str, Any], under: str) -> dict[str, Any]:
        for key in reversed([part for part in under.split("/") if part]):
            patch = {key: patch}
        return merge(PLAIN, patch)

    def test_they_are_kept_in_extra(self, patch: dict[str, Any], under: str, pointer: str, near: str) -> None:
        extra = read_prospect(self.document(patch, under)).prospect.extra
        assert extra[pointer.lstrip("/")] == next(iter(patch.values()))

    def test_one_warning_names_the_nearest(self, patch: dict[str, Any], under: str, pointer: str, near: str) -> None:
        (warning,) = read_prospect(self.document(patch, under)).warnings
        assert pointer in warning and near in warning


def test_an_unknown_key_like_nothing_names_no_other() -> None:
    (warning,) = brief(zzzz=1).warnings
    assert "nearest" not in warning


def test_keys_of_extra_itself_are_no_surprise() -> None:
    reading = brief(extra={"anything": 1})
    assert reading.warnings == () and reading.prospect.extra == {"anything": 1}


def test_unknown_keys_join_the_given_extra() -> None:
    assert brief(extra={"given": 1}, zzzz=2).prospect.extra == {"given": 1, "zzzz": 2}


def test_an_unknown_key_of_a_list_item_has_its_index() -> None:
    (warning,) = brief(peers=[{"name": "A"}, {"name": "B", "sourceurl": "x"}]).warnings
    assert "/peers/1/sourceurl" in warning and "'source_url'" in warning


def test_the_same_unknown_key_in_many_items_is_said_once() -> None:
    reading = brief(peers=[{"name": str(n), "rank": n} for n in range(50)])
    assert len(reading.warnings) == 1


class TestJson:
    """JSON text before it is a prospect."""

    @pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": Infinity}', '{"a": -Infinity}'])
    def test_no_number_is_refused(self, text: str) -> None:
        with pytest.raises(InputError, match="not a number that JSON knows"):
            parse_json(text, "row 3")

    def test_the_place_is_named(self) -> None:
        with pytest.raises(InputError, match=r"row 3 is not JSON: .* at line 2, column 1"):
            parse_json('{"a":\n}', "row 3")

    @pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
    def test_bottomless_nesting_is_refused(self, text: str) -> None:
        with pytest.raises(InputError):
            parse_json(text, "row 3")

    def test_an_endless_integer_is_refused(self) -> None:
        with pytest.raises(InputError, match="cannot be read"):
            parse_json('{"a": ' + "9" * 5000 + "}", "row 3")

    def test_emptiness_is_refused(self) -> None:
        with pytest.raises(InputError, match="not JSON"):
            parse_json("", "row 3")

    @pytest.mark.parametrize("value", ["1e400", "-1e400"])
    def test_a_number_that_overflows_is_refused_somewhere(self, value: str) -> None:
        with pytest.raises(InputError):
            read_prospect(merge(PLAIN, parse_json('{"signals": {"hiring": {"delta_pct": ' + value + "}}}", "row 3")))


def _deep(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = {"k": value}
    return value


@pytest.mark.parametrize("levels", [50, 900, 20_000])
@pytest.mark.parametrize("key", ["extra", "junk", "notes", "signals", "company"])
def test_deep_nesting_is_read_or_refused(key: str, levels: int) -> None:
    document = {**PLAIN, key: _deep(levels)}
    try:
        read_prospect(document)
    except InputError as error:
        assert str(error)


class TestPointers:
    """From the nested form back to what was given."""

    def test_a_nested_prospect_has_its_own_pointers(self) -> None:
        assert brief().pointer("/company/headcount") == "/company/headcount"

    def test_a_flat_prospect_has_the_pointers_of_its_keys(self) -> None:
        reading = read_prospect({"company": "N", "headcount": 7, "available_signals": {"industry": "games"}})
        assert reading.pointer("/company/headcount") == "/headcount"
        assert reading.pointer("/company/industry") == "/available_signals/industry"

    def test_an_error_in_a_flat_prospect_points_at_its_key(self) -> None:
        with pytest.raises(InputError) as caught:
            read_prospect({"company": "N", "headcount": -7})
        assert caught.value.pointer == "/headcount"


NAMES = [
    ("Maya Lindqvist", "Maya"), ("Dr. Maya Lindqvist", "Maya"), ("M. Lindqvist", "Lindqvist"), ("Maya", "Maya"), ("", None), (None, None),
    ("Lindqvist, Maya (she/her)", "Maya"), ("Maya (she/her) Lindqvist", "Maya"), ("(Dr) Maya [CTO] {x} <maya@x.example>", "Maya"),
    ("Maya (she/her", "Maya"), ("Maya ((a) b) Lindqvist", "Maya"), ("(she/her)", None), ("Lindqvist, Maya", "Maya"),
    ("Lindqvist, Dr. Maya, PhD", "Maya"), ("Lindqvist, PhD, Maya", "Maya"), ("van der Berg, Anna", "Anna"), ("DOE, JOHN", "John"),
    ("Maya Lindqvist, PhD", "Maya"), ("Maya Lindqvist, Ph.D.", "Maya"), ("Maya Lindqvist, Jr.", "Maya"), ("MAYA LINDQVIST, JR", "Maya"),
    ("Maya Lindqvist, MBA", "Maya"), ("Maya Lindqvist, MBA, MSc", "Maya"), ("Maya Lindqvist, MA", "Maya"), ("Maya Lindqvist, SHRM-CP", "Maya"),
    ("Maya Lindqvist, VP Engineering", "Maya"), ("Lin, Ma", "Ma"), ("Lindqvist, M.", "Lindqvist"), ("Lindqvist,", "Lindqvist"), (", Maya", "Maya"),
    ("DR. MAYA LINDQVIST", "Maya"), ("Dr Maya Lindqvist", "Maya"), ("Dr.Maya Lindqvist", "Maya"), ("Prof. Dr. Maya Lindqvist", "Maya"),
    ("Mr Elias Norr", "Elias"), ("Mrs. Maya", "Maya"), ("ms maya lindqvist", "Maya"), ("Dr. Lindqvist", "Lindqvist"), ("Dr.", None),
    ("maya lindqvist", "Maya"), ("JP Morgan", "JP"), ("jo", "Jo"), ("JEAN-LUC PICARD", "Jean-Luc"), ("o'neil", "O'Neil"), ("CHLOE\u0301", "Chloé"),
    ("McKenna Lee", "McKenna"), ("Jean-Luc", "Jean-Luc"), ("李伟", "李伟"), (" \u00a0 ", None), (", ,", None), ("12 %", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "first"), NAMES)
def test_the_first_name(name: str | None, first: str | None) -> None:
    assert brief(recipient={"name": name}).prospect.recipient.first_name == first


@given(st.text(max_size=60) | st.lists(st.sampled_from(("Dr.", "MAYA", "maya", ",", "(", ")", "<", "Jr.", "PhD", " ", "-", "ß")), max_size=12).map("".join))
def test_any_name_has_a_first_name_or_none(name: str) -> None:
    first = first_name(name)
    assert first is None or (first == first.strip() and not set(first) & set(",()[]{}<>") and any(c.isalnum() for c in first))


@pytest.mark.parametrize("name", ["   ", "\u00a0", "\n\t", "\u200b"])
@pytest.mark.parametrize(("document", "pointer"), [({"company": {"name": None}}, "/company/name"), ({"company": None, "open_roles": 3}, "/company")])
def test_a_company_without_a_name_to_read_is_refused(name: str, document: dict[str, Any], pointer: str) -> None:
    named = {"name": name} if pointer == "/company/name" else name
    with pytest.raises(InputError, match="the name is blank") as caught:
        read_prospect({**document, "company": named})
    assert caught.value.pointer == pointer


def test_blanks_around_a_company_name_are_dropped() -> None:
    assert brief(company={"name": "  Northwind \n"}).prospect.company.name == "Northwind"
