"""Writer against rubric: which letters the two judge differently, and on which wording.

Decides what counts as a disagreement: a clean letter that the rubric stops, and a flawed letter in which
the rubric finds nothing of the failure it was given (a finding under another name is counted apart).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from random import Random
from typing import NamedTuple

from rubric.email import Email
from rubric.playbook import Failure, load_playbook
from rubric.prospect import read_prospect
from rubric.verdict import Verdict, check
from training.world.drawing import Drawn, draw
from training.world.entries import wording
from training.world.facts import facts
from training.world.letters import Letter, NoRoom, write
from training.world.signing import senders


class Draft(NamedTuple):
    drawn: Drawn
    letter: Letter


class Agreement:
    """Counts over letters."""

    def __init__(self) -> None:
        self.letters: Counter[str] = Counter()
        self.disagreements: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = defaultdict(list)

    @property
    def share(self) -> float:
        return self.disagreements.total() / max(self.letters.total(), 1)

    def summary(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.letters.most_common())
        return f"{self.letters.total()} letters ({kinds}), {self.disagreements.total()} disagreements, {self.share:.2%}"


def drafts_for(seeds: Iterable[int], *, unseen: bool = False, flaw: str | None = None) -> Iterator[Draft]:
    """For each prospect that gets a draft a clean letter and one with each flaw that it has room for."""
    for seed in seeds:
        drawn, dice = draw(seed), Random(seed)
        if drawn.truth.decision != "DRAFT":
            continue
        known = facts(drawn, senders(dice), dice)
        if flaw is None and not unseen:
            yield Draft(drawn, write(known, dice))
        names: list[Failure] = [*wording().flawed]  # type: ignore[list-item]
        for name in [n for n in names if n == flaw] if flaw else dice.sample(names, len(names)):
            try:
                letter = write(known, dice, [name], unseen=unseen)
            except NoRoom:
                continue
            yield Draft(drawn, letter)
            if flaw is None and dice.random() < 0.5:
                break


def judged(drawn: Drawn, letter: Letter) -> Verdict:
    return check(read_prospect(drawn.record), Email(letter.body, letter.subject), load_playbook("tenacious"))


def agreement(drafts: Iterable[Draft]) -> Agreement:
    result = Agreement()
    for drawn, letter in drafts:
        verdict = judged(drawn, letter)
        result.letters[letter.flaws[0] if letter.flaws else "clean"] += 1
        kind = _disagreement(letter, verdict)
        if kind:
            result.disagreements[kind] += 1
            found = "\n".join(f"    {f.decision} {f.rule} ({f.failure}): {f.reason}" for f in verdict.findings)
            result.examples[kind].append(f"[{drawn.record.get('id')}] {' '.join(letter.entries)}\n{letter.text}\n{found}\n")
    return result


def _disagreement(letter: Letter, verdict: Verdict) -> str | None:
    found = {f.failure for f in verdict.findings if f.decision != "PASS"}
    if not letter.flaws:
        return f"clean, but {next(f.rule for f in verdict.findings if f.decision != 'PASS')}" if found else None
    wanted = set(letter.flaws)
    if not found:
        return f"{'+'.join(letter.flaws)} ({'+'.join(letter.families)}) not found"
    return None if found & _like(wanted) else f"{'+'.join(letter.flaws)} ({'+'.join(letter.families)}) found as {'+'.join(sorted(map(str, found)))}"


def _like(wanted: set[Failure]) -> set[str]:
    """A pitch at a prospect without a segment is an abstention failure and a wrong segment at once."""
    names: set[str] = set(wanted)
    return names | ({"icp_misclassification", "abstention_failure"} if names & {"icp_misclassification", "abstention_failure"} else set())


__all__ = ["Agreement", "Draft", "agreement", "drafts_for", "judged"]
