"""Mutators that change a figure, a day or a degree of certainty and leave every other word as it is."""

from __future__ import annotations

import re
from calendar import isleap
from datetime import date, timedelta
from random import Random

from prompts import wording
from training.pairs.mutators.anatomy import Anatomy
from training.pairs.mutators.mutator import Mutator, Told
from training.world.sketch import MONTHS

_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_HEDGES: tuple[tuple[str, str], ...] = (
    (r"\b(?:it (?:looks|seems) (?:as if|like|that)|it appears that|I (?:read|gather|understand|believe|think) that|if I (?:read|understand) it right,) ", ""),
    (r"\b(?:seems|appears|looks) to be\b", "is"), (r"\b(?:seem|appear|look) to be\b", "are"),
    (r"\b(?:seems|appears|looks) to have\b", "has"), (r"\b(?:seem|appear) to have\b", "have"),
    (r"\b(?:may|might|could) be\b", "is"), (r"\b(?:may|might|could) have\b", "has"),
    (r"\b(?:apparently|reportedly|perhaps|possibly|probably|seemingly|presumably|maybe),? ", ""),
    (r", (?:it seems|as far as I can see|if I am not mistaken|apparently|reportedly)\b", ""),
)  # fmt: skip
_CAVEAT = re.compile(r"background|clearance|check|vetting|screening|vetted", re.I)
_AMOUNT = re.compile(r"\$(\d+(?:\.\d+)?)( million|M\b)")
_START = re.compile(r"\b(?:start|begin|ready|available|join|free|on board|there)\b", re.I)


def _more_people(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    """The number on offer becomes one that is not there."""
    if "capacity" not in told.tags or not told["avail_n"]:
        return None
    there, more = told["avail_n"], told["more_n"]
    forms = [there, *([_WORDS[int(there)]] if int(there) < len(_WORDS) else [])]
    people = re.compile(rf"\b(?:{'|'.join(forms)})\b(?=[^.?!]{{0,40}}\b(?:engineers?|people|developers?|seats?)\b)", re.I)
    return letter.changed(lambda text: people.sub(more, text, count=1) if people.search(text) and not _is_need(text, told) else None)


def _is_need(text: str, told: Told) -> bool:
    """Whether a sentence speaks of the reader's own number, which stays true."""
    return re.search(r"\b(?:open|opening|roles?|hiring)\b", text) is not None and told["avail_n"] == told["roles"]


def _one_more(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    """As `_more_people`, by one."""
    if not told["avail_n"]:
        return None
    slots = told.facts.slots | {"more_n": str(int(told["avail_n"]) + 1)}
    return _more_people(letter, Told(told.facts._replace(slots=slots), told.as_of), dice)


def _day_before(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    """A start one day before anybody is there."""
    start = day_of(told["start"], told.as_of)
    if start is None or start - timedelta(1) <= told.as_of:
        return None
    return _start_told(letter, told["start"], _short(start - timedelta(1)), told["stack"], dice)


def _start_told(letter: Anatomy, right: str, wrong: str, stack: str, dice: Random) -> Anatomy | None:
    """The right day where the letter names it, else a sentence with the wrong one."""
    found = letter.changed(lambda text: text.replace(right, wrong) if right in text and _START.search(text) else None)
    if found is not None:
        return found
    places = letter.statements()
    if not places:
        return None
    place = places[-1]
    text = f"Our {stack} engineers {dice.choice(('could start on', 'would be able to start on', 'can begin on', 'could join you on'))} {wrong}."
    return letter.put(place, (letter.paragraphs[place[0]][place[1]], text))


def _surer(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    """A hedge taken out of a letter on a signal that is not sure."""
    if not any(tag.endswith((".medium", ".low")) for tag in told.tags):
        return None
    found, again = letter, True
    while again:
        again = False
        for hedge, plain in _HEDGES:
            hedged = re.compile(hedge, re.I)
            changed = found.changed(lambda text, h=hedged, p=plain: _capital(h.sub(p, text)) if h.search(text) else None)  # type: ignore[misc]
            found, again = (changed, True) if changed is not None else (found, again)
    return found if found != letter else None


def _other_amount(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    """Another sum than the one that was raised."""
    factor = dice.choice((1.5, 2, 2.5, 3))
    return letter.changed(lambda text: _AMOUNT.sub(lambda m: f"${float(m[1]) * factor:g}{m[2]}", text) if _AMOUNT.search(text) else None)


def _other_roles(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    """Another number of open roles than the brief has."""
    if not told["roles"].isdigit():
        return None
    wrong = str(int(told["roles"]) + dice.choice((2, 3, 4, 6)))
    forms = [told["roles"], *([_WORDS[int(told["roles"])]] if int(told["roles"]) < len(_WORDS) else [])]
    number = re.compile(rf"\b(?:{'|'.join(forms)})\b(?=[^.?!]{{0,40}}\b(?:roles?|openings?|posts?|positions?|vacancies)\b)", re.I)
    return letter.changed(lambda text: number.sub(wrong, text, count=1) if number.search(text) else None)


def _no_caveat(letter: Anatomy, told: Told, dice: Random) -> Anatomy | None:
    """A regulated client is told a day and nothing of the checks before it."""
    if "regulated" not in told.tags or not told["start"]:
        return None
    kept = tuple(tuple(s for s in p if not _CAVEAT.search(s)) for p in letter.paragraphs)
    bare = letter._replace(paragraphs=tuple(p for p in kept if p))
    if any(told["start"] in s for p in bare.paragraphs for s in p):
        return bare
    return _start_told(bare, told["start"], told["start"], told["stack"], dice)


def day_of(text: str, as_of: date) -> date | None:
    """A day and month of the coming year.

    >>> day_of("10 February", date(2026, 11, 2))
    datetime.date(2027, 2, 10)
    """
    number, _, month = text.partition(" ")
    if not number.isdigit() or month not in MONTHS:
        return None
    found = [date(year, MONTHS.index(month) + 1, int(number)) for year in (as_of.year, as_of.year + 1) if (number, month) != ("29", "February") or isleap(year)]
    return next((day for day in found if day >= as_of), None)


def _short(day: date) -> str:
    return wording.day(day).rpartition(" ")[0]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


NUMBERS = (
    Mutator("more_people", "bench_over_commitment", _more_people),
    Mutator("one_more", "bench_over_commitment", _one_more),
    Mutator("day_before", "bench_over_commitment", _day_before),
    Mutator("surer", "signal_over_claiming", _surer),
    Mutator("other_roles", "signal_over_claiming", _other_roles),
    Mutator("other_amount", "unverified_funding", _other_amount),
    Mutator("no_caveat", "regulatory_caveat_missing", _no_caveat),
)
__all__ = ["NUMBERS", "day_of"]
