"""What a letter says the reader did: "your release cadence has slowed", "you opened an office".

Decides by structure, a subject of the reader's side and a verb of the past, whatever the verb. A sentence
that asks, hedges, denies or might be otherwise tells nothing; what the brief holds is for the rules.
"""

from __future__ import annotations

from collections.abc import Iterator

from rubric.case import Case, Passage
from rubric.mentions import WE, company_words, mentions
from rubric.stems import stem, stems
from rubric.words import Sentence

_PAST = frozenset(
    """won lost left sold bought built rebuilt began took made went grew fell rose cut put told found became chose
    drove hit held kept led lent met paid rode ran sent shrank spent split spoke stood struck taught wrote broke
    brought""".split()
)
_WORDS = frozenset(  # what a letter answers to, and forms in "-ed" that are no verb of the past
    """need speed embed feed seed based related shared asked wanted needed mentioned replied answered raised received
    listed posted published reached said interested concerned involved dedicated distributed detailed advanced located
    requested described suggested supposed used planned hundred indeed agreed preferred""".split()
)
_PERFECT = frozenset("has have had you've".split())
_STOPS = frozenset(
    """would could can will may might should shall must to that who which if whether we our us i my when where what
    than or and but need needs want wants is are was were as""".split()
)
_REACH = 5


def deeds(case: Case) -> Iterator[tuple[Passage, Sentence, int, int]]:
    """The sentence, the subject's first word and the word behind the verb of everything told so."""
    body = case.body
    for sentence in body.words.sentences:
        if sentence.question or _doubted(case, body, sentence):
            continue
        for first, noun in _subjects(case, body, sentence):
            verb = _verb(body.words.lower, noun, sentence.last)
            told = body.words.text[body.words.starts[first] : body.words.ends[verb]] if verb is not None else ","
            if verb is not None and "," not in told and not body.negated(verb) and "if" not in body.words.lower[sentence.first : first]:
                yield body, sentence, first, verb + 1
                break


def _doubted(case: Case, passage: Passage, sentence: Sentence) -> bool:
    """Whether a sentence leaves room; "I read that" leaves none for what nobody wrote."""
    sure = case.sureness(passage, sentence)
    hedges = [passage.words.lower[h.last - 1] for h in passage.inside("hedges", sentence)]
    ours = WE & {passage.words.lower[sentence.first]} and not passage.has("observed", sentence)
    return bool(ours) or sure.doubted or sure.denied or any(word not in {"read", "see", "hear", "heard"} for word in hedges)


def _subjects(case: Case, passage: Passage, sentence: Sentence) -> Iterator[tuple[int, int]]:
    """Where a subject begins and where its verb may stand first."""
    lower, name = passage.words.lower, case.memo(company_words)
    cold = case.first_contact and not case.prospect.thread.messages
    for n in range(sentence.first, sentence.last - 1):
        if lower[n] == "your" and lower[n - 1 : n] not in (["of"], ["on"], ["in"], ["with"], ["for"], ["to"], ["from"]):
            yield n, n + 2
        elif lower[n] in {"you", "you've"} and cold:
            yield n, n if lower[n] == "you've" else n + 1
        elif name and lower[n] == name[0]:
            yield n, next(k for k in range(n + 1, n + len(name) + 1) if lower[k : k + 1] != name[k - n : k - n + 1] or k == n + len(name))
        elif name and lower[n] == f"{name[-1]}'s" and lower[n + 1 - len(name) : n] == name[:-1]:
            yield n, n + 2


def _verb(lower: list[str], first: int, stop: int) -> int | None:
    """The verb of the past behind a subject; none where something else comes first."""
    for n in range(first, min(first + _REACH, stop)):
        if lower[n] in _PERFECT and lower[n + 1 : n + 2] and n + 1 < stop:
            return n + 1 if _participle(lower[n + 1]) else None
        if lower[n] in _STOPS or lower[n] in _WORDS:
            return None
        if lower[n] in _PAST or (lower[n].endswith("ed") and len(lower[n]) > 4):
            return n
    return None


def _participle(word: str) -> bool:
    return word not in _WORDS and (word in _PAST | _DONE or (word.endswith(("ed", "en")) and len(word) > 4))


_DONE = frozenset("grown done shown gone become begun driven known come run".split())


def ungrounded(case: Case, passage: Passage, sentence: Sentence, first: int) -> bool:
    """Whether nothing of what is told stands in the brief."""
    known = {stem(w) for w in case.brief.words}
    told = stems(passage.words.quote(first, sentence.last)) - {stem(w) for w in case.memo(company_words)}
    inside = [a for a in passage.amounts if sentence.first <= a.first < sentence.last]
    traced = any(case.brief.trace(a) is not None for a in inside)
    return len(told) >= 2 and not told & known and not traced and all(m.sentence != sentence for m in mentions(case))


__all__ = ["deeds", "ungrounded"]
