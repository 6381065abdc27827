"""Nobody else at the reader's company has told us anything.

Decides by structure: a person of the reader's side who tells or wants something, whom we met, or on
whose word the letter leans; and the name of somebody with whom another thread is held. What is
public, what might be and what our own people say is no such hint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from rubric.case import Case, Passage
from rubric.mentions import company_words
from rubric.rules import Example, Found, at, rule
from rubric.words import Sentence, plain

PUBLIC = frozenset(
    """podcast keynote conference interview blog post posted publicly public talk webinar article press panel tweet
    announcement announced earnings website site page posting postings""".split()
)
_GROUPS = frozenset("team teams people staff organisation organization".split())
_PLACES = frozenset("at in on inside within from of near to".split())
_OPEN = frozenset("if whether unless may might could should perhaps maybe would can will shall nobody anybody anyone suppose happy glad let".split())
_LINKS = frozenset("with from by to through via between".split())
_MET = frozenset("promised told met informed".split())
_LEANS = frozenset("per as".split())
_BEFORE_NOUNS = frozenset("a an the few some our your their with".split())  # "a few shared hours"
_JOINS = frozenset("and what while so but".split())
_HAD = frozenset("had have has heard got given having i've we've with".split())
_BREAKS = frozenset("our we i my is are was were and or that which would will can could may to for in on at with by from".split())


def _other(*facts: str, party: str = "ceo") -> dict[str, Any]:
    return {"other_threads": [{"id": "t-2", "with": party, "facts": list(facts)}]}


class Insider(NamedTuple):
    """Words that name somebody of the reader's side; `owns` where they go on with "'s"."""

    first: int
    last: int
    group: bool
    owns: bool


def insiders(case: Case, passage: Passage, sentence: Sentence) -> Iterator[Insider]:
    """Your co-founder, one of your people, somebody at Northwind, a colleague of yours."""
    lower, nouns = passage.words.lower, case.memo(_nouns)
    name = case.memo(company_words)
    for n in range(sentence.first, sentence.last):
        if lower[n] == "your" or (name and lower[n] == f"{name[-1]}'s"):
            found = _noun(lower, n + 1, sentence.last, nouns)
            if found is not None:
                head = lower[found - 1]
                yield Insider(n, found, _bare(head) in case.memo(_groups), head.endswith(("'s", "s'")))
        elif lower[n] in nouns and _theirs(lower, n + 1, sentence.last, name):
            yield Insider(n, n + 1, group=False, owns=False)


def _nouns(case: Case) -> frozenset[str]:
    return frozenset(case.playbook.lexicon.entries("insiders"))


def _groups(case: Case) -> frozenset[str]:
    """Those whose wishes are no hint, as any letter may speak of them."""
    return _GROUPS | frozenset(case.playbook.seller.people)


def _bare(word: str) -> str:
    return word.removesuffix("'s").removesuffix("'")


def _noun(lower: list[str], first: int, stop: int, nouns: frozenset[str]) -> int | None:
    """The end of "finance lead" or "head of product" behind "your"; none where the noun is a thing of theirs."""
    for n in range(first, min(first + 4, stop)):
        if _bare(lower[n]) in nouns:
            end = n + 1
            while end < stop and not lower[end - 1].endswith("'s") and _bare(lower[end]) in nouns:
                end += 1
            return None if end < stop and lower[end] in PUBLIC else end
        if lower[n] in _BREAKS:
            return None
    return None


def _theirs(lower: list[str], n: int, stop: int, name: list[str]) -> bool:
    """Whether "of yours", "at Northwind" or "on your side" follows."""
    n += lower[n : n + 2] == ["close", "to"]
    near = lower[n : min(n + 2, stop)]
    return len(near) == 2 and near[0] in _PLACES and (near[1] in {"your", "yours"} or (bool(name) and near[1] == name[0]))


def heard(case: Case, passage: Passage, sentence: Sentence) -> tuple[int, int] | None:
    """The words with which a sentence leans on somebody of the reader's side; none where it does not."""
    for hit in passage.inside("backchannel", sentence):
        if not passage.negated(hit.first) and passage.words.lower[hit.first - 1] not in {"you", "you've"}:
            return hit.first, hit.last
    if sentence.question or PUBLIC & set(passage.words.lower[sentence.first : sentence.last]):
        return None
    for person in insiders(case, passage, sentence):
        if _OPEN & set(_clause(passage.words.lower[sentence.first : person.first])) or passage.negated(person.first):
            continue
        end = _told(passage, sentence, person)
        if end is not None:
            return person.first, end
        start = _met(passage, sentence, person)
        if start is not None:
            return start, person.last
    return None


def _clause(before: list[str]) -> list[str]:
    """What stands behind the last "but"."""
    return before[len(before) - before[::-1].index("but") :] if "but" in before else before


def _told(passage: Passage, sentence: Sentence, person: Insider) -> int | None:
    """Where the telling ends: "told us", "let slip", "is keen", "'s view"; nothing that only might be."""
    lower = passage.words.lower
    if person.owns:
        owned = [h for h in passage.inside("views", sentence) if h.first in (person.last, person.last + 1)]
        before = set(lower[max(sentence.first, person.first - 4) : person.first])
        after = set(lower[person.last : person.last + 4])
        return owned[0].last if owned and (_HAD & before or {"us", "me"} & after) else None
    lists = ("telling",) if person.group else ("telling", "wishing")
    for hit in (h for name in lists for h in passage.inside(name, sentence)):
        between = lower[person.last : hit.first]
        if 0 <= hit.first - person.last <= 7 and not (_OPEN | _JOINS) & set(between) and not passage.negated(hit.first):
            if between[-1:] and between[-1] in _BEFORE_NOUNS or (hit.name == "wishing" and len(between) > 4):
                continue
            return hit.last
    return None


def _met(passage: Passage, sentence: Sentence, person: Insider) -> int | None:
    """Where our meeting them begins: "spoke with", "I hear from", "per", "our call with"."""
    lower = passage.words.lower
    before = lower[max(sentence.first, person.first - 3) : person.first]
    if before[-1:] and before[-1] in _LEANS and not person.group and lower[person.last : person.last + 1] != ["would"]:
        return person.first - 1 if before[-1] == "per" else None
    for hit in passage.inside("meeting", sentence):
        linked = _LINKS & set(before) or (hit.last == person.first and lower[hit.first] in _MET)
        if linked and 0 < person.first - hit.first <= 7 and not _OPEN & set(lower[sentence.first : hit.first]):
            return hit.first
    return None


@rule(
    "leak.hint",
    failure="thread_leakage",
    dimension="signal_grounding",
    severity=1,
    decision="BLOCK",
    fix="leave out who else you speak with",
    version=2,
    passes=[
        Example("You mentioned two open roles.", {"message_type": "warm"}),
        Example(
            "Your CTO said in a podcast that hiring is slow.",
            {"signals": {"facts": ["The CTO said in a podcast that hiring is slow."]}},
        ),
        Example("Engineers work on your board, with a few shared hours a day.", _other("Board wants to sell")),
        Example("Your team is modest, and I do not know how the team is put together.", _other("Board wants to sell")),
        Example("There is work in your team that is waiting.", _other("Board wants to sell")),
        Example("Would it help your finance team to hear from us?"),
        Example("Your CFO may want to see how billing works."),
        Example("They sit with your people and build what the plan says."),
        Example("If your co-founder prefers to wait, that is fine."),
        Example("Our engineers talk to your team every day."),
        Example("According to your team page, the work is remote."),
        Example("A client told us that the first weeks matter most."),
        Example("Two engineers could start.", _other("Prefers June", party="Ingrid Falk")),
    ],
    fails=[
        Example("As your co-founder said, budget is tight."),
        Example("Your board is worried about costs.", _other("Board wants to sell")),
        Example("A colleague of yours mentioned that you decide."),
        Example("We hear from your finance team that the money is there."),
        Example("I understand from your CEO that timing matters.", {"recipient": {"role": "cto"}}),
        Example("Two of your directors let slip that hiring has stalled."),
        Example("Somebody at Northwind walked me through the plan."),
        Example("My conversation with your head of product was useful."),
        Example("I have had your CEO's view on this."),
        Example("A client told us that you lost a bid."),
        Example("Ingrid was kind enough to explain it.", _other("Prefers June", party="Ingrid Falk")),
    ],
)
def hint(case: Case) -> Iterable[Found]:
    """A hint that somebody else at the company has talked to us."""
    own = {w for m in case.prospect.thread.messages for w in plain(m.text)} & (case.memo(_nouns) - case.memo(_groups))
    for passage in case.passages:
        for sentence in passage.words.sentences:
            place = heard(case, passage, sentence) or _named(case, passage, sentence)
            if place and not own & {_bare(w) for w in passage.words.lower[place[0] : place[1]]}:
                yield at(passage, place, f'"{passage.words.quote(*place)}" tells of another conversation at the company')
                return


def _named(case: Case, passage: Passage, sentence: Sentence) -> tuple[int, int] | None:
    """The name of somebody with whom another thread is held, unless the reader's own brief has it."""
    known = case.brief.words
    for thread in case.prospect.other_threads:
        names = [w for w in plain(thread.party or "") if len(w) > 2]
        if not (thread.party or "")[:1].isupper() or case.memo(_nouns) & set(names):
            continue
        for n in range(sentence.first, sentence.last):
            if _bare(passage.words.lower[n]) in names and passage.words.is_capitalised(n) and names[0] not in known:
                return n, n + 1
    return None
