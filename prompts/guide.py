"""The style guide of a seller, made from the playbook: limits, tone, subject, ask, price.

Decides what a writer is told before any prospect is known; it depends on the playbook alone, so that
the static message is the same for every prospect. All of it is our own text and trusted.
"""

from __future__ import annotations

from typing import NamedTuple

from prompts import wording
from prompts.trust import Trusted
from rubric.playbook import Playbook, ToneList

_ELEMENTS = {
    "sender_identity": "who writes",
    "honest_subject": "a subject that says what the letter is about",
    "postal_address": "the seller's postal address",
    "visible_opt_out": "one line that says how to stop further letters",
    "data_source": "where the facts about the reader were found",
}
_SIGNED = {"first_name": "your first name", "title": "your title"}


class Tone(NamedTuple):
    """One list of words to leave out."""

    name: Trusted
    words: Trusted
    fix: Trusted


class Guide(NamedTuple):
    """What the templates know of the seller and the house style."""

    company: Trusted
    name: Trusted
    people: Trusted
    signature: Trusted
    limits: tuple[Trusted, ...]
    subject_characters: Trusted
    subject_openers: Trusted
    subject_never: Trusted
    ask_minutes: Trusted
    price: Trusted
    tone: tuple[Tone, ...]
    exclamations: Trusted
    above_capacity: Trusted
    required: Trusted


def guide(playbook: Playbook, sender: str | None = None) -> Guide:
    """`sender` is who signs: a name, and behind a comma a title."""
    seller, form = playbook.seller, playbook.form
    low, high = form.ask_minutes
    return Guide(
        company=Trusted(seller.company),
        name=Trusted(seller.short_names[0] if seller.short_names else seller.company),
        people=Trusted(seller.people_word),
        signature=Trusted(_signature(playbook, sender)),
        limits=tuple(map(Trusted, _limits(playbook))),
        subject_characters=Trusted(form.subject_characters),
        subject_openers=Trusted(", ".join(_openers(form.subject_openers))),
        subject_never=Trusted(_quoted(form.subject_never)),
        ask_minutes=Trusted(f"{low} to {high}"),
        price=Trusted(_price(playbook)),
        tone=tuple(_tone(entry) for entry in playbook.tone),
        exclamations=Trusted(_exclamations(playbook.max_exclamations)),
        above_capacity=Trusted(_above(playbook)),
        required=Trusted("; ".join(_ELEMENTS.get(e, wording.plain_word(e)) for e in playbook.compliance.required)),
    )


def _signature(playbook: Playbook, sender: str | None) -> str:
    """The parts of the signature, in words or as they are."""
    seller = playbook.seller
    known = {"company": seller.company, "domain": seller.domain} | (_signed(sender) if sender else _SIGNED)
    parts = (known.get(part, wording.plain_word(part)) for part in seller.signature)
    return ", ".join(part for part in parts if part)


def _signed(sender: str) -> dict[str, str]:
    name, _, title = (" ".join(part.split()) for part in sender.partition(","))
    return {"first_name": name, "title": title}


def _limits(playbook: Playbook) -> list[str]:
    """Words by message type; several numbers are those of the first, second and third touch."""
    out = []
    for name, counts in playbook.form.words:
        what = "reply" if len(counts) == 1 else "letter"
        by_touch = f"{', '.join(map(str, counts))} for touch {', '.join(str(n + 1) for n in range(len(counts)))}"
        out.append(f"{wording.plain_word(name)} {what}: {counts[0] if len(counts) == 1 else by_touch}")
    return out


def _openers(openers: tuple[str, ...]) -> list[str]:
    """Those of one word, and of the rest as many as make four."""
    single = [o for o in openers if " " not in o and "-" not in o]
    return [o.capitalize() for o in (*single, *(o for o in openers if o not in single))][:4]


def _price(playbook: Playbook) -> str:
    bands = [
        f"{b.what} {wording.money(b.low, b.currency)} to {wording.money(b.high, b.currency)} per {b.unit}"
        for b in playbook.pricing.bands
    ]
    if not bands:
        return "No price, rate, discount or total."
    return f"Name no price but these: {'; '.join(bands)}. No discount, no total."


def _tone(entry: ToneList) -> Tone:
    found = wording.examples(entry.words, 4)
    name = wording.plain_word(entry.id)
    return Tone(Trusted(name), Trusted(_quoted(found)), Trusted(entry.fix))


def _exclamations(most: int) -> str:
    return f"At most {wording.number(most, 'exclamation mark')}." if most else "No exclamation marks."


def _above(playbook: Playbook) -> str:
    if playbook.policy.above_capacity == "escalate":
        return "if they need more, say that a person will plan it"
    return "if they need more, offer what is there and a review before more"


def _quoted(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


__all__ = ["Guide", "Tone", "guide"]
