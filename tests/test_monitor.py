"""The kill switch: what trips it, what does not, and that a person alone resets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.store import Store
from agent.store_monitor import MonitorTable
from critic.monitor import Monitor, Observation
from tests.command import ROOT

CRITIC = "abc"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "winnow.db")


@pytest.fixture
def monitor(store: Store) -> Monitor:
    return Monitor(MonitorTable(store), CRITIC)


def prospect(number: int, *, stopped: bool = False, calls: int = 1, failed: int = 0) -> Observation:
    return Observation(kind="prospect", key=f"k{number}", stopped=stopped, calls=calls, failed=failed)


def review(number: int, *, accepted: bool = True) -> Observation:
    return Observation(kind="review", key=f"k{number}", accepted=accepted)


def probe(right: int, total: int = 20, failure: str = "injection") -> Observation:
    return Observation(kind="probe", failure=failure, right=right, total=total)  # type: ignore[arg-type]


def test_nothing_is_known_of_a_new_critic(monitor: Monitor) -> None:
    rates = monitor.rates()
    assert monitor.tripped() is None and monitor.record() is None
    assert (rates.prospects, rates.false_positives, rates.failed_calls, rates.probes, rates.spot_check) == (0, None, None, {}, None)


def test_stops_without_reviews_are_no_false_positives(monitor: Monitor) -> None:
    assert monitor.record(*(prospect(n, stopped=True) for n in range(30))) is None
    assert monitor.rates().false_positives is None
    assert monitor.record(*(review(n, accepted=False) for n in range(30))) is None
    assert monitor.rates().false_positives is None and monitor.rates().reviewed == 30


def test_the_limit_itself_is_kept_and_one_more_is_not(monitor: Monitor) -> None:
    monitor.record(*(prospect(n, stopped=n in (0, 1, 2, 99)) for n in range(100)))
    assert monitor.record(*(review(n) for n in range(19, -1, -1))) is None
    assert monitor.rates().false_positives == 0.15
    trip = monitor.record(review(99))
    assert trip is not None and "had stopped 19.0%, above 15% (21 reviews among the last 100 prospects)" in trip.reason
    assert monitor.tripped() == trip


def test_only_the_last_500_prospects_count(monitor: Monitor) -> None:
    monitor.record(*(prospect(n, stopped=True) for n in range(3)), *(prospect(n) for n in range(3, 503)))
    assert monitor.record(*(review(n) for n in range(6))) is None
    assert monitor.rates().false_positives == 0.0 and monitor.rates().prospects == 500


@pytest.mark.parametrize(("right", "off"), [(10, False), (9, True), (0, True), (20, False)])
def test_a_probe_below_a_half_switches_off(monitor: Monitor, right: int, off: bool) -> None:
    trip = monitor.record(probe(20, failure="tone_violation"), probe(right))
    assert (trip is not None) == off
    assert trip is None or "spot-check of injection" in trip.reason
    assert monitor.rates().probes == {"injection": right / 20, "tone_violation": 1.0}


def test_the_newest_probe_of_a_failure_counts_and_an_empty_one_does_not(monitor: Monitor) -> None:
    assert monitor.record(probe(20), probe(12), probe(0, 0)) is None
    assert monitor.rates().probes == {"injection": 0.6} and monitor.rates().spot_check is not None


def test_failed_calls_above_1_percent_switch_off(monitor: Monitor) -> None:
    monitor.record(*(prospect(n, calls=2) for n in range(49)))
    assert monitor.record(prospect(49, calls=2, failed=1)) is None
    assert monitor.rates().failed_calls == 0.01
    trip = monitor.record(prospect(50, calls=2, failed=1))
    assert trip is not None and trip.reason.startswith("2.0% of 102 calls failed")


def test_a_tier_1_event_that_was_let_through_switches_off(monitor: Monitor) -> None:
    assert monitor.record(Observation(kind="tier1", key="k", note="a wrong price")) is None
    trip = monitor.record(Observation(kind="tier1", key="k", note="a wrong price", let_through=True))
    assert trip is not None and trip.reason.endswith("let through: a wrong price")


def test_it_stays_off_until_a_person_resets_it_and_then_counts_anew(monitor: Monitor, store: Store) -> None:
    first = monitor.record(probe(0))
    assert first is not None
    assert monitor.record(probe(20), *(prospect(n) for n in range(9))) == first  # nothing that is seen switches it on
    assert Monitor(MonitorTable(store), "another").tripped() is None
    assert monitor.reset("Maya", "the probe was wrong") == first
    assert monitor.tripped() is None and monitor.rates().probes == {} and monitor.rates().prospects == 0
    assert monitor.record(prospect(1)) is None
    assert monitor.reset("Maya", "again") is None
    assert MonitorTable(store).adapters() == [CRITIC]


def test_an_earlier_reason_is_not_overwritten(monitor: Monitor, store: Store) -> None:
    table = MonitorTable(store)
    assert table.trip(CRITIC, "one").reason == table.trip(CRITIC, "two").reason == "one"


def test_forgetting_a_person_takes_what_was_seen_of_their_drafts_too(store: Store, monitor: Monitor) -> None:
    row = {"key": "k1", "outcome": "DRAFT", "recipient": {"email": "maya@northwind.example"}}
    store.put(row)
    monitor.record(prospect(1), prospect(2))
    store.forget("maya@northwind.example")
    assert [one.key for one in MonitorTable(store).latest(CRITIC, "prospect")] == ["k2"]


def test_parts_larger_than_their_wholes_are_refused() -> None:
    for wrong in ({"kind": "probe", "right": 2, "total": 1}, {"kind": "prospect", "calls": 1, "failed": 2}):
        with pytest.raises(ValidationError, match="larger than its whole"):
            Observation.model_validate(wrong)


WRITER = """
import sys
from agent.store import Store
from agent.store_monitor import MonitorTable
from critic.monitor import Monitor, Observation
with Store(sys.argv[1]) as store:
    monitor = Monitor(MonitorTable(store), "abc")
    for n in range(20):
        monitor.record(Observation(kind="prospect", key=f"{sys.argv[2]}-{n}", calls=5, failed=int(sys.argv[2] == "2" and n > 9)))
"""


def test_several_processes_lose_nothing_and_agree(store: Store, monitor: Monitor, tmp_path: Path) -> None:
    place = str(tmp_path / "winnow.db")
    running = [subprocess.Popen([sys.executable, "-c", WRITER, place, str(n)], cwd=ROOT) for n in range(3)]
    assert [process.wait(120) for process in running] == [0, 0, 0]
    rates = monitor.rates()
    assert (rates.prospects, rates.calls) == (60, 300) and rates.failed_calls == pytest.approx(10 / 300)
    trip = monitor.tripped()
    assert trip is not None and "failed to load or were malformed" in trip.reason
