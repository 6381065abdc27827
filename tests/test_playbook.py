"""The playbook: validated data with a version and a hash."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from rubric import Email, Playbook, check, load_playbook
from rubric.errors import PlaybookError
from rubric.playbook import builtin, parse_playbook
from tests.cases import brief, judge, merge, playbook_data, playbook_with

SMALL: Mapping[str, Any] = {
    "name": "harbour",
    "version": "0.1",
    "seller": {"company": "Harbour Bakery Supplies", "domain": "harbour.example", "timezone": "Europe/London"},
    "dimensions": {"tone_compliance": 1.0},
}


def written(folder: Path, data: Any, name: str = "p.yaml") -> str:
    path = folder / name
    path.write_text(data if isinstance(data, str) else yaml.safe_dump(data), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", builtin())
class TestBuiltin:
    """The playbooks that ship."""

    def test_it_loads(self, name: str) -> None:
        assert isinstance(load_playbook(name), Playbook)

    def test_it_has_a_version_and_a_hash(self, name: str) -> None:
        playbook = load_playbook(name)
        assert playbook.version and len(playbook.hash) == 16

    def test_its_zone_exists(self, name: str) -> None:
        from rubric.zones import zone

        playbook = load_playbook(name)
        assert all(zone(z) for z in (playbook.seller.timezone, *playbook.schedule.zones))

    def test_its_stacks_of_capacity_have_words(self, name: str) -> None:
        playbook = load_playbook(name)
        assert set(playbook.capacity) <= set(playbook.stacks)


def test_two_playbooks_ship() -> None:
    assert len(builtin()) >= 2 and "tenacious" in builtin()


NUMBERS = [
    ("python", 8, 2, 7), ("go", 2, 1, 14), ("data", 6, 1, 7), ("ml", 4, 1, 10), ("infra", 3, 1, 14),
    ("frontend", 5, 1, 7), ("fullstack_nestjs", 2, 0, 14),
]  # fmt: skip


@pytest.mark.parametrize(("stack", "available", "senior", "days"), NUMBERS)
def test_the_capacity_of_the_default(stack: str, available: int, senior: int, days: int) -> None:
    entry = playbook_with().capacity[stack]
    assert (entry.available, entry.senior, entry.deploy_days) == (available, senior, days)


class TestHash:
    """It names the content, whatever the order of the keys."""

    def test_it_is_stable(self) -> None:
        assert parse_playbook(SMALL, "x").hash == parse_playbook({key: SMALL[key] for key in reversed(list(SMALL))}, "y").hash

    def test_the_same_file_gives_the_same(self) -> None:
        assert load_playbook("tenacious").hash == parse_playbook(playbook_data(), "x").hash

    CHANGES: tuple[Mapping[str, Any], ...] = (
        {"version": "9"},
        {"policy": {"freshness_days": 31}},
        {"capacity": {"python": {"available": 9}}},
        {"form": {"words": {"cold": [119, 100, 70]}}},
        {"words": {"hedges": ["verily"]}},
    )

    @pytest.mark.parametrize("patch", CHANGES, ids=str)
    def test_every_change_shows(self, patch: Mapping[str, Any]) -> None:
        assert playbook_with(patch).hash != playbook_with().hash


BROKEN: list[tuple[str, Mapping[str, Any], str]] = [
    ("a misspelt key", {"polcy": {}}, "/polcy is not a key of a playbook; the nearest known key is 'policy'"),
    ("a misspelt limit", {"policy": {"freshnes_days": 3}}, "/policy/freshnes_days is not a key of a playbook; the nearest known key is 'freshness_days'"),
    ("a key like nothing", {"zzzzzz": 1}, "/zzzzzz is not a key of a playbook"),
    ("a word for a number", {"policy": {"freshness_days": "soon"}}, "/policy/freshness_days is 'soon'"),
    ("an unknown choice", {"policy": {"above_capacity": "pray"}}, "/policy/above_capacity is 'pray'"),
    ("an unknown decision", {"tone": [{"id": "x", "marker": "direct", "fix": "y", "words": ["z"], "decision": "EXPLODE"}]}, "/tone/0/decision"),
    ("an unknown failure", {"costs_usd": {"bad_luck": 1}}, "/costs_usd/bad_luck"),
    ("an unknown dimension", {"dimensions": {"charm": 1}}, "/dimensions/charm"),
    ("no weight at all", {"dimensions": {}}, "weights of 0 or more"),
    ("a negative weight", {"dimensions": {"tone_compliance": -1}}, "weights of 0 or more"),
    ("weights of nought", {"dimensions": {"tone_compliance": 0}}, "weights of 0 or more"),
    ("a pitch for no segment", {"pitches": {"fifth": ["x"]}}, "fifth"),
    ("an order of no segment", {"segment_order": [{"segment": "fifth"}]}, "fifth"),
    ("a negative capacity", {"capacity": {"go": {"available": -1}}}, "/capacity/go/available"),
    ("a bad time", {"schedule": {"seller_day": ["25:00", "26:00"]}}, "/schedule/seller_day/0"),
]  # fmt: skip


@pytest.mark.parametrize(("patch", "message"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_playbook_is_refused(patch: Mapping[str, Any], message: str) -> None:
    with pytest.raises(PlaybookError) as caught:
        parse_playbook({**SMALL, **patch}, "p.yaml")
    assert "playbook p.yaml" in str(caught.value) and message in str(caught.value)


@pytest.mark.parametrize("key", ["name", "version", "seller", "dimensions"])
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(PlaybookError, match=f"/{key} is missing"):
        parse_playbook({k: v for k, v in SMALL.items() if k != key}, "p.yaml")


class TestFiles:
    """Playbooks of a team's own."""

    def test_a_file_is_loaded(self, tmp_path: Path) -> None:
        assert load_playbook(written(tmp_path, SMALL)).seller.domain == "harbour.example"

    def test_a_missing_file_names_the_builtin_ones(self) -> None:
        with pytest.raises(PlaybookError, match=r"no playbook 'nowhere.yaml'.*tenacious"):
            load_playbook("nowhere.yaml")

    def test_a_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(PlaybookError, match="cannot be read"):
            load_playbook(str(tmp_path))

    def test_bytes_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "p.yaml").write_bytes(b"\xff\xfe\x00\x01")
        with pytest.raises(PlaybookError, match="cannot be read"):
            load_playbook(str(tmp_path / "p.yaml"))

    @pytest.mark.parametrize("text", ["{", "a: [1", "\t- x: y", "a: b: c", "!!python/object:os.system {}", "&a [*a", "[" * 5000])
    def test_what_is_no_yaml_is_refused(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(PlaybookError):
            load_playbook(written(tmp_path, text))

    @pytest.mark.parametrize("text", ["", "- a", "7", "text"])
    def test_what_is_no_mapping_is_refused(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(PlaybookError, match="not a mapping"):
            load_playbook(written(tmp_path, text))

    @pytest.mark.parametrize("phrase", ["... x", "ab*", "<nobody> x", "", "x? y?"])
    def test_a_bad_phrase_is_found_when_loading(self, tmp_path: Path, phrase: str) -> None:
        bad = merge(SMALL, {"tone": [{"id": "mine", "marker": "direct", "fix": "no", "words": [phrase]}]})
        with pytest.raises(PlaybookError, match=r"tone\.mine"):
            load_playbook(written(tmp_path, bad))


class TestCapacityFile:
    """A team keeps its own numbers in its own file."""

    def test_it_replaces_the_playbook_s(self, tmp_path: Path) -> None:
        own = load_playbook("tenacious", written(tmp_path, {"rust": {"available": 3, "senior": 1, "deploy_days": 5}}))
        assert set(own.capacity) == {"rust"} and own.capacity["rust"].available == 3

    def test_it_changes_the_hash(self, tmp_path: Path) -> None:
        own = load_playbook("tenacious", written(tmp_path, {"rust": {"available": 3}}))
        assert own.hash != load_playbook("tenacious").hash

    def test_it_counts_in_a_verdict(self, tmp_path: Path) -> None:
        own = load_playbook("tenacious", written(tmp_path, {"python": {"available": 2}}))
        email = Email("We have 5 Python engineers available.")
        assert "capacity.over_commitment" in {f.rule for f in check(brief(), email, own).findings}
        assert "capacity.over_commitment" not in {f.rule for f in check(brief(), email, playbook_with()).findings}

    BAD: tuple[Any, ...] = ({"python": 7}, {"python": {"avialable": 7}}, {"python": {"available": -1}}, {"python": {"available": "many"}}, "- a", {"python": {}})

    @pytest.mark.parametrize("data", BAD, ids=str)
    def test_a_bad_one_is_refused(self, tmp_path: Path, data: Any) -> None:
        with pytest.raises(PlaybookError):
            load_playbook("tenacious", written(tmp_path, data))

    def test_a_missing_one_is_refused(self) -> None:
        with pytest.raises(PlaybookError, match="no capacity file"):
            load_playbook("tenacious", "nowhere.yaml")


class TestNothingLeaks:
    """A playbook of another trade knows nothing of the first."""

    def test_a_word_of_the_first_is_free_in_the_second(self) -> None:
        email = Email("Our world-class sourdough is ready. Would a call suit you?")
        assert "tone.words" in {f.rule for f in check(brief(), email, playbook_with()).findings}
        assert "tone.words" not in {f.rule for f in check(brief(), email, parse_playbook(SMALL, "x")).findings}

    def test_capacity_of_the_first_is_none_of_the_second(self) -> None:
        small = parse_playbook(SMALL, "x")
        verdict = check(brief(), Email("We have 50 Python engineers."), small)
        assert not small.capacity and not [f for f in verdict.findings if "available for" in f.reason]

    def test_segments_of_the_first_are_none_of_the_second(self) -> None:
        assert check(brief(), Email("Hello."), parse_playbook(SMALL, "x")).segment.name == "abstain"

    def test_only_its_own_dimensions_are_scored(self) -> None:
        assert set(check(brief(), Email("Hello."), parse_playbook(SMALL, "x")).dimensions) == {"tone_compliance"}


def test_a_playbook_adds_to_the_english_lists() -> None:
    body = "You verily have 7 open engineering roles."
    patch = {"signals": {"hiring": {"open_engineering_roles": 7, "confidence": "medium"}}}
    assert "signal.unhedged" in {f.rule for f in judge(body, patch).findings}
    assert "signal.unhedged" not in {f.rule for f in judge(body, patch, playbook={"words": {"hedges": ["verily"]}}).findings}
