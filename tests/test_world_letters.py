"""Letters of the invented world: what the writer knows of a prospect, and what a letter is made of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

import pytest

from rubric.playbook import Failure, load_playbook
from tests.cases import merged
from training.world import letters
from training.world.agreement import Draft, agreement, drafts_for
from training.world.drawing import Drawn, Truth, draw
from training.world.entries import Entry, entries
from training.world.facts import SLOTS, TAGS, Facts, Sender, facts
from training.world.letters import Letter, NoRoom, write
from training.world.mix import weights
from training.world.signing import senders

SELAM = Sender("Selam", "Delivery Lead")
AS_OF = date(2026, 4, 21)
# The share of clean letters, in wording that is trained on, that the rubric may stop.
CLEAN_STOPPED = 0.02
PROSPECTS = 150


# -- what is known of a prospect -----------------------------------------------------------------

PLAIN: dict[str, Any] = {
    "as_of": AS_OF.isoformat(), "company": {"name": "Tessaly"}, "signals": {},
    "capacity": {"python": {"available": 8, "senior": 2, "deploy_days": 7}}, "need": {"stack": "python", "engineers": 4},
}  # fmt: skip
TRUTH = Truth("DRAFT", "abstain", None, None, "by.hand")


def known(record: dict[str, Any] | None = None, **truth: Any) -> Facts:
    return facts(Drawn(merged(PLAIN, record or {}), TRUTH._replace(**truth)), SELAM, Random(4))


def there(**values: Any) -> dict[str, Any]:
    return {"capacity": {"python": {"available": 8, "senior": 2, "deploy_days": 7, **values}}}


@pytest.mark.parametrize(
    ("record", "start"),
    [
        ({}, "28 April"),
        (there(deploy_days=14), "5 May"),
        ({"company": {"regulated": True}}, "5 May"),
        (there(committed_until="2026-05-10"), "11 May"),
        (there(committed_until="2026-04-22"), "28 April"),
        (there(committed_until="2026-03-01"), "28 April"),
        ({"company": {"regulated": True}, **there(committed_until="2026-05-10")}, "11 May"),
    ],
)  # fmt: skip
def test_people_start_when_they_are_ready_checked_and_free(record: dict[str, Any], start: str) -> None:
    found = known(record)
    assert found.slots["start"] == start and "start" in found.tags
    assert ("committed" in found.tags) == (record.get("capacity", {}).get("python", {}).get("committed_until", "") >= AS_OF.isoformat())


def test_a_group_of_stacks_is_their_sum_and_ready_with_the_last() -> None:
    group = {"python": {"available": 3, "senior": 1, "deploy_days": 7}, "go": {"available": 2, "senior": 1, "deploy_days": 14, "committed_until": "2026-05-20"}}
    found = known({"need": {"stack": "backend"}, "capacity": group})
    assert (found.slots["avail_n"], found.slots["avail_senior"], found.slots["start"]) == ("5", "2", "21 May")
    assert found.slots["stack"] == found.slots["need_stack"] == "backend"


def test_an_entry_of_its_own_counts_before_its_group() -> None:
    found = known({"need": {"stack": "backend"}, "capacity": {"backend": {"available": 1, "deploy_days": 7}}})
    assert found.slots["avail_n"] == "1" and "avail.one" in found.tags and "senior" not in found.tags


def test_the_playbook_knows_what_the_brief_leaves_out() -> None:
    assert known({"need": {"stack": "data"}}).slots["avail_n"] == str(load_playbook("tenacious").capacity["data"].available)


@pytest.mark.parametrize("stack", ["python", "cobol"])
def test_where_nobody_is_there_nothing_is_promised(stack: str) -> None:
    found = known({"need": {"stack": stack}, **there(available=0)})
    assert "capacity.none" in found.tags and not found.tags & {"capacity", "need", "need.above", "need.fits", "start"}
    assert not found.slots.keys() & {"avail_n", "start", "early", "more_n"}


@pytest.mark.parametrize(
    ("need", "tags", "without"),
    [
        ({"engineers": 8}, {"need", "need.fits"}, {"need.above", "one"}),
        ({"engineers": 9}, {"need", "need.above"}, {"need.fits"}),
        ({"engineers": 1}, {"need.fits", "one"}, {"need.above"}),
        ({"engineers": None}, {"capacity"}, {"need", "need.fits", "need.above"}),
        ({"start_by": "2026-04-27"}, {"start.early"}, {"start.fits"}),
        ({"start_by": "2026-04-28"}, {"start.fits"}, {"start.early"}),
        ({"start_by": None}, {"start"}, {"start.fits", "start.early"}),
    ],
)
def test_a_need_is_held_against_what_is_there(need: dict[str, Any], tags: set[str], without: set[str]) -> None:
    found = known({"need": need})
    assert tags <= found.tags and not without & found.tags


@pytest.mark.parametrize("seed", range(12))
def test_values_for_flawed_letters_are_false(seed: int) -> None:
    for engineers in (4, 11):
        record = merged(PLAIN, {"need": {"engineers": engineers}})
        slots = facts(Drawn(record, TRUTH), SELAM, Random(seed)).slots
        assert int(slots["more_n"]) > 8 and int(slots["more_senior"]) > 2
        day, month = slots["early"].split()
        assert month == "April" and AS_OF.day < int(day) < 28
        assert slots["more_n"] == "11" or engineers == 4


@pytest.mark.parametrize("amount", [None, 38e6, 44.5e6, 62e6, 70e6])
def test_a_false_sum_is_no_rounding_of_the_true_one(amount: float | None) -> None:
    for name in ("Tessaly", "Ormond", "Quillvane", "Hallowmere", "Sedge"):
        told = {"funding": {"stage": "series_c", "amount_usd": amount, "confidence": "high"}} if amount else {}
        found = known({"company": {"name": name}, "signals": told}).slots["wrong_amount"]
        assert amount is None or abs(float(found.split()[0][1:]) * 1e6 - amount) > 0.15 * amount


@pytest.mark.parametrize(("zone", "day", "same"), [
    ("Africa/Nairobi", "2026-01-20", True), ("Europe/Helsinki", "2026-07-21", True), ("Europe/Helsinki", "2026-01-20", False),
    ("Europe/Helsinki", "2026-03-20", True), ("America/New_York", "2026-07-21", False), (None, "2026-07-21", False),
])  # fmt: skip
def test_our_time_is_no_flaw_where_the_clocks_agree(zone: str | None, day: str, same: bool) -> None:
    found = known({"as_of": day, "recipient": {"timezone": zone}})
    assert ("eat" in found.tags) is same


def test_a_reply_is_marked_where_the_record_says_what_it_is() -> None:
    assert "marked" in known({"extra": {"reply_intent": "curious"}}).tags and "marked" not in known().tags


@pytest.mark.parametrize("seed", range(30))
def test_where_nothing_is_to_be_named_the_rest_names_nothing(seed: int) -> None:
    hiring = {"open_engineering_roles": 13, "velocity": "increasing", "confidence": "high"}
    found = known({"message_type": "cold", "signals": {"hiring": hiring}}, segment="abstain")
    letter = write(found, Random(seed), ["personalization_missing"])
    assert not re.search(r"\b(roles?|hiring|openings?|13)\b", f"{letter.subject} {letter.body}"), letter.text


def funding(level: str | None, age: int | None) -> dict[str, Any]:
    seen = (AS_OF - timedelta(age)).isoformat() if age is not None else None
    return {"signals": {"funding": {"stage": "series_b", "amount_usd": 14_000_000, "closed_on": "2026-02-10", "confidence": level, "observed_on": seen}}}


@pytest.mark.parametrize(
    ("level", "age", "wanted"),
    [
        ("high", 30, "high"), ("high", 31, "medium"), ("medium", 31, "low"), ("high", None, "high"), ("low", 30, "low"),
        ("low", 31, None), ("insufficient_signal", 1, None), (None, 1, None),
    ],
)  # fmt: skip
def test_what_was_seen_long_ago_is_less_sure(level: str | None, age: int | None, wanted: str | None) -> None:
    found = known(funding(level, age))
    assert {tag for tag in found.tags if tag.startswith("funding.")} == ({f"funding.{wanted}"} if wanted else set())
    assert ("amount" in found.slots) == ("stage" in found.slots) == bool(wanted)


def test_values_are_written_as_the_brief_writes_them() -> None:
    slots = known(funding("high", 5)).slots
    assert (slots["stage"], slots["amount"], slots["closed_day"], slots["closed_month"]) == ("Series B", "$14 million", "10 February", "February")


def test_a_day_of_another_year_says_so() -> None:
    old = known({"signals": {"funding": {"stage": "series_b", "closed_on": "2025-03-02", "confidence": "high"}}}).slots
    assert (old["closed_day"], old["closed_month"]) == ("2 March 2025", "March 2025")


@pytest.mark.parametrize(("roles", "age", "tags"), [(5, 120, {"growing", "quiet"}), (4, 121, {"few_roles"}), (5, 121, {"growing"})])
def test_growth_counts_roles_and_silence_counts_days(roles: int, age: int, tags: set[str]) -> None:
    hiring = {"open_engineering_roles": roles, "confidence": "high"}
    layoff = {"on": (AS_OF - timedelta(age)).isoformat(), "pct": 12, "confidence": "high"}
    found = known({"signals": {"hiring": hiring, "layoff": layoff}})
    assert found.tags & {"growing", "few_roles", "quiet"} == tags and found.slots["layoff_pct"] == "12"


@pytest.mark.parametrize(("levels", "wanted"), [(["high"], {"peers1", "peers.high"}), (["high", "medium"], {"peers2", "peers.medium"}), ([None], {"peers1", "peers.low"})])
def test_peers_are_as_sure_as_the_weaker(levels: list[str | None], wanted: set[str]) -> None:
    peers = [{"name": f"Peer {n}", "practice": "a model registry", "source_url": "https://x.example", "confidence": level} for n, level in enumerate(levels)]
    found = known({"peers": peers})
    assert {tag for tag in found.tags if tag.startswith("peers")} == wanted


def test_hand_set_truth_is_told_and_never_worked_out() -> None:
    found = known({"message_type": "warm"}, segment="capability_gap", reply="curious", hostile=True)
    assert {"warm", "curious", "seg.capability_gap", "hostile"} <= found.tags and "seg.abstain" not in found.tags


# -- letters of drawn prospects -------------------------------------------------------------------


@cache
def drawn() -> tuple[tuple[int, Facts], ...]:
    """Prospects that get a draft, with what the writer knows of each."""
    found = ((seed, draw(seed)) for seed in range(PROSPECTS))
    return tuple((seed, facts(one, SELAM, Random(seed))) for seed, one in found if one.truth.decision == "DRAFT")


@cache
def clean() -> tuple[tuple[Facts, Letter], ...]:
    return tuple((found, write(found, Random(seed))) for seed, found in drawn())


@cache
def by_id() -> dict[str, Entry]:
    return {entry.id: entry for entry in entries()}


def flawed(*, unseen: bool) -> Iterator[tuple[Facts, Failure, Letter]]:
    for seed, found in drawn():
        dice = Random(seed)
        for flaw in dice.sample([*weights()], 4):
            try:
                yield found, flaw, write(found, dice, [flaw], unseen=unseen)
            except NoRoom:
                continue


def kind(found: Facts) -> str:
    return next(name for name in ("sms", "warm", "reengagement", "cold") if name in found.tags)


def test_tags_and_slots_are_those_that_entries_may_ask_for() -> None:
    for _, found in drawn():
        assert found.tags <= TAGS and found.slots.keys() <= SLOTS
        assert all(found.slots.values())


def test_all_kinds_of_message_are_drawn() -> None:
    assert {kind(found) for found, _ in clean()} == {"cold", "warm", "reengagement", "sms"}


def test_a_letter_is_the_same_for_the_same_dice() -> None:
    again = [write(found, Random(seed)) for seed, found in drawn()[:60]]
    assert again == [letter for _, letter in clean()[:60]]
    assert len({write(drawn()[0][1], Random(seed)).text for seed in range(60)}) > 50


def test_an_email_has_subject_greeting_closing_and_signature() -> None:
    for found, letter in clean():
        if kind(found) == "sms":
            continue
        assert letter.subject and len(letter.subject) < 60 and letter.text.startswith(f"Subject: {letter.subject}\n\n")
        greeting, *middle, end = letter.body.split("\n\n")
        assert re.fullmatch(r"(Hi|Hello|Dear) .+,|Hello,", greeting) and found.slots.get("first", "") in greeting
        closing, *signature = end.split("\n")
        assert closing.endswith(",") and signature == ["Selam", "Delivery Lead", "Tenacious Intelligence Corporation", "gettenacious.com"]
        assert 1 <= len(middle) <= 3 and all(middle) and "?" in middle[-1]


def test_a_text_message_is_short_and_bare() -> None:
    texts = [(found, write(found, Random(n))) for found, _ in clean() if kind(found) == "sms" for n in range(10)]
    assert texts
    for found, letter in texts:
        assert letter.subject is None and letter.text == letter.body and "\n" not in letter.body
        assert len(letter.body) < 160, letter.body
        assert [by_id()[entry].move for entry in letter.entries] == ["sms"], found.tags


def test_each_kind_of_message_has_its_moves_in_order() -> None:
    for found, letter in clean():
        moves = [str(by_id()[entry].move) for entry in letter.entries]
        if kind(found) == "sms":
            continue
        planned = ["subject", "greeting", *(move for move, _ in letters._PLANS[kind(found)] if move != "/"), "signoff"]
        assert moves == [move for move in planned if move in moves]
        assert set(planned) - set(moves) <= {"bridge", "offer"}


def test_a_later_letter_goes_without_a_bridge() -> None:
    later = [letter for found, letter in clean() if "cold" in found.tags and found.tags & {"touch2", "touch3"}]
    assert later and not any(by_id()[entry].move == "bridge" for letter in later for entry in letter.entries)


def test_a_letter_holds_nothing_of_the_pattern_language() -> None:
    for _, letter in clean():
        assert not set(letter.text) & set("[]{}|") and "  " not in letter.text


def test_a_letter_uses_only_wording_that_holds() -> None:
    for found, letter in clean():
        assert all(by_id()[entry].holds(found.tags) and not by_id()[entry].flaw for entry in letter.entries)
        assert not letter.flaws and not letter.families and not letter.unseen


@pytest.mark.parametrize("unseen", [False, True])
def test_a_flaw_that_is_asked_for_is_in_the_letter(unseen: bool) -> None:
    had: Counter[str] = Counter()
    for found, flaw, letter in flawed(unseen=unseen):
        had[flaw] += 1
        used = [by_id()[entry] for entry in letter.entries if by_id()[entry].flaw]
        assert letter.flaws == (flaw,) == tuple(entry.flaw for entry in used)
        assert letter.families == tuple(f"{flaw}.{entry.family}" for entry in used)
        assert [entry.unseen for entry in used] == [letter.unseen] == [unseen]
        assert used[0].holds(found.tags)
    assert len(had) >= 15


def test_two_flaws_stand_in_one_letter() -> None:
    for _, found in drawn():
        try:
            letter = write(found, Random(1), ["tone_violation", "pricing_violation"])
        except NoRoom:
            continue
        assert {by_id()[entry].flaw for entry in letter.entries} - {None} == {"tone_violation", "pricing_violation"}


@pytest.mark.parametrize(("flaw", "missing"), [("rejected_idea_repeated", "rejected"), ("unverified_funding", "funding")])
def test_a_flaw_without_room_is_refused(flaw: Failure, missing: str) -> None:
    bare = Facts(frozenset({"cold", "touch1", "seg.abstain", "first"}), {"company": "Tessaly", "first": "Maya", "sender": "Selam", "sender_title": "Lead"})
    assert not any(tag.startswith(missing) for tag in bare.tags)
    with pytest.raises(NoRoom):
        write(bare, Random(1), [flaw])


# -- writer and rubric ------------------------------------------------------------------------------


def test_the_rubric_stops_few_clean_letters() -> None:
    result = agreement(_clean_drafts(400))
    assert result.letters.total() > 300
    assert result.share < CLEAN_STOPPED, f"{result.summary()}\n{result.disagreements.most_common(5)}"


def _clean_drafts(count: int) -> Iterator[Draft]:
    for seed in range(count):
        one, dice = draw(seed), Random(seed)
        if one.truth.decision == "DRAFT":
            yield Draft(one, write(facts(one, senders(dice), dice), dice))


def test_the_two_kinds_of_disagreement_are_counted_with_their_letters() -> None:
    clean_one, flawed_one, *_ = drafts_for(range(3, 60))
    assert not clean_one.letter.flaws and flawed_one.letter.flaws
    lying = clean_one._replace(letter=clean_one.letter._replace(flaws=("pricing_violation",), families=("pricing_violation.none",)))
    blatant = clean_one._replace(letter=clean_one.letter._replace(body=f"{clean_one.letter.body}\n\nOur world-class rockstars cost $5,000 a month!"))
    result = agreement([lying, blatant])
    assert result.disagreements.total() == 2 and result.share == 1
    missed, stopped = result.disagreements
    assert missed == "pricing_violation (pricing_violation.none) not found" and stopped.startswith("clean, but ")
    assert "world-class rockstars" in result.examples[stopped][0]
