"""One case: a prospect, an e-mail and a playbook, with everything that several rules look at.

Decides nothing about the letter; it computes each view of it once, when the first rule asks, so
that a rule is ten lines of intent. Rules see the prose (`words`, `hits`), the subject, the amounts,
dates and times in both, and how sure each sentence is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cached_property
from typing import Literal, NamedTuple, Protocol, TypeVar

from rubric.brief import Brief
from rubric.coerce import Confidence
from rubric.dates import DateRef, dates
from rubric.email import Email, Layout, layout
from rubric.phrases import Hit
from rubric.playbook import MARKERS, Marker, Playbook
from rubric.prospect import Prospect, Reading, Signal
from rubric.quantities import Quantity, quantities
from rubric.segments import SegmentVerdict, classify, level
from rubric.text import Text, normalise
from rubric.words import Sentence, Words, split
from rubric.zones import Clock, clocks

_ASKS_WHETHER = frozenset("is are was were do does did have has am isn't aren't don't doesn't or".split())
# What must not be said even where a company is called so: prices, promises and words of the machinery.
_HEARD_IN_NAMES = frozenset("discount price price_promise total_price unlimited obeys internal".split())
Part = Literal["body", "subject"]
T = TypeVar("T")


class Place(Protocol):
    """Something with characters of its own: an amount, a date, a clock time."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


class Passage:
    """A normalised text with its words, phrases, amounts, dates and times."""

    def __init__(self, part: Part, text: Text, prose: str, case: Case) -> None:
        self.part: Part = part
        self.text = text
        self.words: Words = split(prose)
        self._case = case

    @cached_property
    def hits(self) -> dict[str, list[Hit]]:
        out: dict[str, list[Hit]] = {}
        for hit in self._case.playbook.lexicon.find(self.words):
            if not (self.names and hit.name not in _HEARD_IN_NAMES and self.in_name(hit.first, hit.last)):
                out.setdefault(hit.name, []).append(hit)
        return out

    @cached_property
    def names(self) -> list[tuple[int, int]]:
        """The characters of every place that names the prospect's company in full, as it is written."""
        name = self._case.company_name
        return [found.span() for found in name.finditer(self.words.text)] if name else []

    def in_name(self, first: int, last: int) -> bool:
        """Whether words are a part of the company's own name: "Slow" in "Slow 12" claims nothing."""
        start, end = self.words.chars(first, last)
        return any(a <= start and end <= b for a, b in self.names)

    @cached_property
    def dates(self) -> list[DateRef]:
        return dates(self.words.text, self._case.as_of)

    @cached_property
    def clocks(self) -> list[Clock]:
        return clocks(self.words.text)

    @cached_property
    def amounts(self) -> list[Quantity]:
        taken = [(d.start, d.end) for d in self.dates if d.kind != "in"]
        taken += [(c.start, c.end) for c in self.clocks]
        return quantities(self.words, self._case.playbook.nouns, taken)

    def quote(self, place: Place | Hit) -> str:
        """The text of a phrase, an amount, a date or a time."""
        if isinstance(place, Hit):
            return self.words.quote(place.first, place.last)
        return self.words.text[place.start : place.end]

    def of(self, name: str) -> list[Hit]:
        return self.hits.get(name, [])

    @cached_property
    def _by_sentence(self) -> dict[tuple[str, int], list[Hit]]:
        out: dict[tuple[str, int], list[Hit]] = {}
        for name, hits in self.hits.items():
            for hit in hits:
                first = self.words.sentences[self.words.sentence_of[hit.first]].first
                out.setdefault((name, first), []).append(hit)
        return out

    def inside(self, name: str, sentence: Sentence) -> list[Hit]:
        """The hits of one list in one sentence."""
        return self._by_sentence.get((name, sentence.first), [])

    def has(self, name: str, sentence: Sentence) -> bool:
        return (name, sentence.first) in self._by_sentence

    def sentence(self, word: int) -> Sentence:
        return self.words.sentences[self.words.sentence_of[word]]

    def neighbours(self, sentence: Sentence) -> list[Sentence]:
        at = self.words.sentence_of[sentence.first]
        return [s for n, s in enumerate(self.words.sentences) if abs(n - at) == 1]

    def is_month(self, hit: Hit) -> bool:
        """Whether "may" is the month: with a capital it is never a hedge, "May I" being a question."""
        return self.words.lower[hit.first : hit.last] == ["may"] and self.words.is_capitalised(hit.first)

    def negated(self, word: int) -> bool:
        """Whether a negation stands up to four words before, in the same clause."""
        first = max(self.sentence(word).first, word - 4)
        return any(first <= h.first < word for h in self.of("negations")) and not any(
            c in self.words.text[self.words.starts[first] : self.words.starts[word]] for c in ";:\u2014"
        )


class Sureness(NamedTuple):
    """How a sentence puts what it says."""

    question: bool
    hedged: bool
    observed: bool
    doubted: bool
    denied: bool

    @property
    def careful(self) -> bool:
        return self.question or self.hedged or self.doubted or self.denied


class Case:
    """See the module. `memo` keeps what one family of rules shares."""

    def __init__(self, reading: Reading, email: Email, playbook: Playbook) -> None:
        self.reading = reading
        self.prospect: Prospect = reading.prospect
        self.email = email
        self.playbook = playbook
        self.as_of: date = self.prospect.as_of or date.today()
        self._memo: dict[object, object] = {}
        self._spoilt: set[tuple[Part, int]] = set()
        self.alone = True  # whether one rule is judged by itself
        self.tone: dict[Marker, int] = dict.fromkeys(MARKERS, 5)

    # -- the letter -------------------------------------------------------------------------

    @cached_property
    def text(self) -> Text:
        return normalise(self.email.body)

    @cached_property
    def low(self) -> str:
        """The whole letter in lower case, for a quick look before a slow search."""
        return f"{self.email.subject or ''}\n{self.text.norm}".lower()

    @cached_property
    def layout(self) -> Layout:
        seller = self.playbook.seller
        return layout(self.text.norm, self.prospect.recipient.first_name, (seller.company, seller.domain))

    @cached_property
    def body(self) -> Passage:
        norm, lay = self.text.norm, self.layout
        prose = " " * lay.prose + norm[lay.prose : lay.signature]
        return Passage("body", self.text, prose, self)

    @cached_property
    def subject(self) -> Passage | None:
        if self.email.subject is None:
            return None
        text = normalise(self.email.subject)
        return Passage("subject", text, text.norm, self)

    @cached_property
    def passages(self) -> list[Passage]:
        return [p for p in (self.subject, self.body) if p is not None]

    @cached_property
    def prose(self) -> str:
        return self.text.norm[self.layout.prose : self.layout.signature]

    @cached_property
    def signature(self) -> str:
        return self.text.norm[self.layout.signature :]

    # -- the prospect -----------------------------------------------------------------------

    @cached_property
    def company_name(self) -> re.Pattern[str] | None:
        """What finds the company's whole name; none for one in small letters, which any sentence may hold."""
        words = normalise(self.prospect.company.name).norm.split()
        if not any(char.isupper() for word in words for char in word):
            return None
        return re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?!\w)")

    @cached_property
    def brief(self) -> Brief:
        return Brief(self.prospect, self.playbook)

    @cached_property
    def segment(self) -> SegmentVerdict:
        return classify(self.prospect, self.playbook)

    @property
    def first_contact(self) -> bool:
        return self.prospect.message_type == "cold"

    def level(self, signal: Signal | None) -> Confidence | None:
        return level(signal, self.as_of, self.playbook.policy.freshness_days)

    # -- how sure a sentence is --------------------------------------------------------------

    def sureness(self, passage: Passage, sentence: Sentence) -> Sureness:
        key = ("sureness", passage.part, sentence.first)
        if key not in self._memo:
            self._memo[key] = Sureness(
                question=sentence.question and not self.is_ask(passage, sentence),
                hedged=any(not passage.is_month(h) for h in passage.inside("hedges", sentence)),
                observed=passage.has("observed", sentence),
                doubted=passage.has("doubt", sentence),
                denied=passage.has("disclaimers", sentence),
            )
        return self._memo[key]  # type: ignore[return-value]

    def is_ask(self, passage: Passage, sentence: Sentence) -> bool:
        """Whether a sentence asks for a meeting, a reply or the like, and not about the company."""
        return passage.has("ask_frame", sentence) and any(
            passage.has(f"ask.{kind}", sentence) for kind in ("call", "resource", "form", "reply", "referral", "commit")
        )

    def careful(self, passage: Passage, sentence: Sentence) -> bool:
        """Whether a sentence, or one beside it, leaves room for being wrong."""
        if self.sureness(passage, sentence).careful:
            return True
        return any(self.sureness(passage, n).doubted or self._checks(passage, n) for n in passage.neighbours(sentence))

    def _checks(self, passage: Passage, sentence: Sentence) -> bool:
        """Whether a sentence asks if something is so, and does not take it as given: "Are you ...?"."""
        return self.sureness(passage, sentence).question and bool(
            _ASKS_WHETHER & set(passage.words.lower[sentence.first : sentence.first + 2])
        )

    def lower(self, marker: Marker, weight: int) -> None:
        """Takes a tone marker down, not below 1."""
        self.tone[marker] = max(1, self.tone[marker] - weight)

    # -- sentences at fault ------------------------------------------------------------------

    def spoil(self, part: str, start: int) -> None:
        """Marks the sentence around a character as being at fault."""
        for passage in self.passages:
            if passage.part == part:
                for n, sentence in enumerate(passage.words.sentences):
                    if passage.text.span(sentence.start, sentence.end)[1] > start:
                        self._spoilt.add((passage.part, n))
                        return

    def sound(self) -> Iterator[tuple[Passage, Sentence]]:
        """The sentences that no finding points at; only these earn anything."""
        for passage in self.passages:
            for n, sentence in enumerate(passage.words.sentences):
                if (passage.part, n) not in self._spoilt:
                    yield passage, sentence

    # -- shared work --------------------------------------------------------------------------

    def memo(self, make: Callable[[Case], T]) -> T:
        if make not in self._memo:
            self._memo[make] = make(self)
        return self._memo[make]  # type: ignore[return-value]

    def each(self, name: str) -> Iterator[tuple[Passage, Hit]]:
        """Every hit of a list, in subject and body."""
        for passage in self.passages:
            for hit in passage.of(name):
                yield passage, hit
