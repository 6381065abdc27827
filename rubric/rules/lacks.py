"""What a letter says the reader lacks: whose lack it is, and how surely it is put.

Decides by three questions: does the sentence name a lack (the lists `lack` and `lack_of`), is the reader the
one who has it, and is it stated. A question, a hedge, a condition and "we see no public signal" state nothing;
what the writer lacks is the writer's own affair.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from rubric.case import Case, Passage
from rubric.mentions import WE, YOU, company_words
from rubric.phrases import Hit
from rubric.rules import Example, Found, at, rule
from rubric.words import Sentence

Holder = Literal["reader", "writer", "others"]

_WRITER = WE | {"ours", "i'm", "i'd", "we're", "we'd", "me", "my"}
_OTHERS = frozenset("they them their others nobody's".split())
_CONDITIONS = frozenset("if whether should case wherever whenever perhaps until".split())
_OFFERS = frozenset("would could can may might".split())
_HARMLESS = frozenset("to time need reply answer worry hurry pressure obligation interest anything".split())
_HAVING = frozenset("have has no one nobody none without there".split())
_UNSEEN = frozenset("public publicly sign signs signal signals mention mentions trace word".split())
_DENIALS = frozenset("not don't doesn't didn't isn't aren't hasn't haven't hadn't wasn't weren't can't cannot".split())


@rule(
    "gap.lack",
    failure="gap_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="BLOCK",
    fix='say "we see no public signal of ..." and ask',
    passes=[
        Example("We see no public signal of an ML team at Northwind; is that a deliberate choice?"),
        Example("Our team lacks the inside view, so we ask rather than assume."),
        Example("If you lack the time for a call, a line is enough."),
        Example("There is no public mention of a platform team at Northwind."),
        Example("Does your team have the depth for it, or is that too much said?"),
        Example("You do not have to decide anything, and there is no hurry on your side."),
    ],
    fails=[
        Example("Frankly, your data practice is thin."),
        Example("The shortage of testers at Northwind is costing you releases."),
        Example("Teams that do this well have a platform lead, and yours does not."),
        Example("We can fix the hole in your release process."),
        Example("Northwind has neither a data platform nor the people to build one."),
        Example("Your architecture was not designed for this."),
        Example("It is time Northwind got serious about testing."),
    ],
)
def lack(case: Case) -> Iterable[Found]:
    """A lack of the reader's stated as a fact, or as something that everybody knows."""
    if case.prospect.message_type == "warm" and case.prospect.thread.messages:
        return  # they may have said so themselves
    for passage, sentence, hit in _lacks(case):
        if _open(case, passage, sentence, hit) or _holder(case, passage, sentence, hit) != "reader":
            continue
        yield at(
            passage, hit,
            f'"{passage.quote(hit)}" states a lack of the reader\'s, the brief can only show no signal',
        )  # fmt: skip
        return


def _lacks(case: Case) -> Iterator[tuple[Passage, Sentence, Hit]]:
    for passage in case.passages:
        for sentence in passage.words.sentences:
            for name in ("lack", "lack_of"):
                for hit in passage.inside(name, sentence):
                    yield passage, sentence, hit
            if passage.words.lower[sentence.last - 1] in _DENIALS:
                yield passage, sentence, Hit("lack", "", sentence.last - 1, sentence.last)


def _open(case: Case, passage: Passage, sentence: Sentence, hit: Hit) -> bool:
    """Whether the lack is asked about, supposed, or a matter of what can be seen from outside."""
    put = case.sureness(passage, sentence)
    before = set(passage.words.lower[sentence.first : hit.first])
    near = set(passage.words.lower[max(sentence.first, hit.first - 3) : hit.first])
    behind = set(passage.words.lower[hit.first : min(hit.last + 3, sentence.last)])
    near = near if hit.name == "lack" else set()
    harmless = _HAVING & behind and _HARMLESS & set(passage.words.lower[hit.last : min(hit.last + 1, sentence.last)])
    return put.question or put.doubted or put.hedged or bool(before & _CONDITIONS or near & _OFFERS or behind & _UNSEEN or harmless)


def _holder(case: Case, passage: Passage, sentence: Sentence, hit: Hit) -> Holder | None:
    """Who has the lack: whoever is named last before it, or, where nobody is or the lack is a noun, first behind it."""
    lower = passage.words.lower
    before = [who for n in range(sentence.first, hit.first) if (who := _who(case, lower[n]))]
    behind = [who for n in range(hit.first, sentence.last) if (who := _who(case, lower[n]))]
    named_behind = hit.name == "lack_of" or not before
    if before and (before[-1] == "reader" or not (named_behind and behind)):
        return before[-1]
    return behind[0] if behind else None


def _who(case: Case, word: str) -> Holder | None:
    if word in YOU:
        return "reader"
    if word in _WRITER:
        return "writer"
    if word in _OTHERS:
        return "others"
    name = case.memo(company_words)
    return "reader" if name and word.removesuffix("'s") == name[0] else None
