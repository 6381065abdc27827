"""A configuration in force: the playbook, the rules and the day that all cases of a run share.

Decides the exit status of a run. Everything that can be wrong with the configuration is found here,
before the first case, so that a wrong flag is one message and not a thousand error rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from agent.cli.start import loading
from agent.config import Config, FailOn
from rubric import Email, Playbook, Reading, Verdict, check, load_playbook, read_prospect
from rubric.playbook import DECISIONS, Decision
from rubric.rules import chosen

STATUS: dict[Decision, int] = {"PASS": 0, "PENALISE": 3, "BLOCK": 4, "ESCALATE": 5, "SUPPRESS": 6}
MEANING: dict[Decision, str] = {
    "PASS": "may be sent",
    "PENALISE": "below standard: another draft, or a person",
    "BLOCK": "must not be sent",
    "ESCALATE": "a person must write",
    "SUPPRESS": "nobody may be written to",
}


class Judge(NamedTuple):
    playbook: Playbook
    without: frozenset[str]
    as_of: date
    explain: bool = False

    def read(self, prospect: Any, as_of: date | None = None) -> Reading:
        return read_prospect(prospect, as_of or self.as_of)

    def verdict(self, reading: Reading, email: Email) -> Verdict:
        return check(reading, email, self.playbook, without=self.without, explain=self.explain)


def judge_for(config: Config, *, explain: bool = False) -> Judge:
    without = frozenset(config.without)
    with loading():
        chosen(without)
        playbook = load_playbook(config.playbook, config.capacity)
    return Judge(playbook, without, config.as_of or date.today(), explain)


def status_of(decision: Decision, fail_on: FailOn | None) -> int:
    """The exit status for one decision; one weaker than `fail_on` is no failure."""
    if fail_on is not None and DECISIONS.index(decision) < DECISIONS.index(fail_on):
        return 0
    return STATUS[decision]


def status_of_all(counts: Mapping[Decision, int], errors: int, fail_on: FailOn | None) -> int:
    """The exit status of a stream: 2 for errors, then that of the strongest decision that counts."""
    if errors:
        return 2
    if fail_on is None:
        return 0
    return max((status_of(d, fail_on) for d, n in counts.items() if n), default=0)


__all__ = ["MEANING", "STATUS", "Judge", "judge_for", "status_of", "status_of_all"]
