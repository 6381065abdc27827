"""The walk through a ranking: which candidate may leave, or which one came nearest.

Decides that PASS beats everything, that PENALISE counts only where the config says so, and that a
letter cut off at the token limit, without a subject where one is needed, or in a language that the rules
do not read, never leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agent.config import Accept
from agent.receipt import Choice, Judged, Round
from critic.candidate import Candidate
from rubric import Email, Playbook, Reading, check, read_email, to_json
from rubric.errors import InputError
from rubric.playbook import DECISIONS
from rubric.verdict import strongest

UNJUDGED = "form.language"
CUT = {
    "rule": "draft.cut_off", "version": 1, "decision": "BLOCK", "severity": 3, "dimension": "cta_quality",
    "failure": "word_count_violation", "reason": "the letter was cut off at the token limit", "span": None, "evidence": None,
    "fix": "write a shorter letter, or raise max_tokens",
}  # fmt: skip


NO_SUBJECT = {
    **CUT, "rule": "draft.no_subject", "failure": "format_violation",
    "reason": "a first letter has no Subject line", "fix": "begin with a line such as 'Subject: Question about ...'",
}  # fmt: skip


def letter_of(candidate: Candidate) -> Email:
    """The letter in a candidate's text; one that cannot be read is an empty one."""
    try:
        return read_email(candidate.text)
    except InputError:
        return Email("")


def judge(candidate: Candidate, reading: Reading, playbook: Playbook, without: frozenset[str]) -> tuple[Judged, dict[str, Any]]:
    """What the rubric says of a candidate, short for the receipt and whole."""
    email = letter_of(candidate)
    row = to_json(check(reading, email, playbook, without=without))
    found = [CUT] if candidate.finish == "length" else []
    if not email.subject and reading.prospect.channel == "email" and reading.prospect.message_type in ("cold", "reengagement"):
        found.append(NO_SUBJECT)
    if found:
        row["decision"] = strongest((row["decision"], "BLOCK"))
        row["findings"][:0] = found
    return Judged(decision=row["decision"], score=row["score"], findings=row["findings"]), row


def walk(judged: Sequence[Judged], order: Sequence[int], accept: Accept) -> int | None:
    """The position of the first candidate that may leave, best first."""
    for wanted in ("PASS", "PENALISE")[: 2 if accept == "PENALISE" else 1]:
        for position in order:
            if judged[position].decision == wanted and all(f["rule"] != UNJUDGED for f in judged[position].findings):
                return position
    return None


def steps(round: Round, number: int, picked: int | None) -> Iterator[str]:
    """The walk in words, up to the candidate that was taken."""
    order = round.ranking.order if round.ranking else range(len(round.judged))
    for rank, position in enumerate(order, 1):
        one = round.judged[position]
        why = ", ".join(dict.fromkeys(f["rule"] for f in one.findings if f["decision"] == one.decision and one.decision != "PASS"))
        said = f"{one.decision}{f': {why}' if why else ''}"
        yield f"round {number}, rank {rank}, candidate {position}: {said}{' (taken)' if position == picked else ''}"
        if position == picked:
            return


def nearest(rounds: Sequence[Round]) -> Choice | None:
    """The refused candidate that came nearest: mildest decision, then score, then rank."""
    places = [
        (DECISIONS.index(one.decision), -(one.score or 0.0), number, rank, position)
        for number, round in enumerate(rounds)
        for rank, position in enumerate(round.ranking.order if round.ranking else range(len(round.judged)))
        for one in [round.judged[position]]
    ]
    if not places:
        return None
    *_, number, _, position = min(places)
    return Choice(round=number, index=position)


def reasons(judged: Judged) -> list[str]:
    """Why a candidate may not leave, a sentence for each finding that counts."""
    return [f"{f['rule']}: {f['reason']}; {f['fix']}" for f in judged.findings if f["decision"] != "PASS"]


__all__ = ["CUT", "judge", "letter_of", "nearest", "reasons", "steps", "walk"]
