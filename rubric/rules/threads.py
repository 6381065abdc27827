"""Other threads stay there; an idea that was turned down is not made again.

Both are matters of meaning and not of wording: facts are compared by the stems of their content
words, by the playbook's groups of words that mean the same, and by the phrases with which people
pass on what they heard.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from rubric.case import Case, Passage
from rubric.phrases import Hit
from rubric.quantities import quantities
from rubric.rules import Example, Found, at, rule
from rubric.rules.gates import replies
from rubric.rules.sources import PUBLIC, heard
from rubric.stems import content, stem
from rubric.words import Sentence, split

_ROLES = {
    "ceo", "cto", "cfo", "coo", "cio", "cofounder", "founder", "boss", "board", "chair", "chairman",
    "vp", "director", "head", "hr", "legal", "procurement", "manager", "colleague", "counterpart",
}  # fmt: skip
_GENERIC = frozenset(
    """gap adoption adopt migration migrate strategy architecture posture initiative approach move build
    upgrade engineering engineer first native implementation implement function practice programme program rollout layer stack
    system systems solution modernisation modernization project development capability""".split()
)
_MONTHS = frozenset(stem(m.lower()) for m in calendar.month_name if m)
_ADVERSE = frozenset(
    "but however though although yet still nonetheless nevertheless even worth reconsider revisit really regardless anyway".split()
)
_MODALS = frozenset(
    "would could can should might may will cost costs takes take help helps let lets makes save saves".split()
)
_ANYWAY = frozenset("but still however though yet even nonetheless nevertheless regardless".split())


def _other(*facts: str, party: str = "ceo", **more: Any) -> dict[str, Any]:
    return {"other_threads": [{"id": "t-2", "with": party, "facts": list(facts)}], **more}


def _rejected(idea: str) -> dict[str, Any]:
    return {
        "message_type": "warm",
        "rejected_suggestions": [idea],
        "thread": {"messages": [{"from": "prospect", "text": "Not for us at present."}]},
    }


class Secret(NamedTuple):
    """One fact of another thread: its distinctive stems, numbers and groups of meaning. The trade's own words,
    and months beside them, are `common`: they only count beside something distinctive."""

    pointer: str
    text: str
    party: str
    stems: frozenset[str]
    common: frozenset[str]
    numbers: frozenset[str]
    groups: frozenset[int]
    ordered: tuple[str, ...]
    sums: frozenset[float]


def secrets(case: Case) -> list[Secret]:
    return case.memo(_secrets)


def _secrets(case: Case) -> list[Secret]:
    if not case.prospect.other_threads:
        return []
    own = {stem(w) for w in case.brief.words} - {stem(w) for w in PUBLIC}
    numbers_known = {f"{n.value:g}" for n in case.brief.numbers}
    trade = case.playbook.skill_stems
    groups_known = _groups_of(
        case, (w for p, t in case.brief.texts if p != "/signals/funding/stage" for w in t.lower().split())
    )
    out = []
    for t, thread in enumerate(case.prospect.other_threads):
        for f, fact in enumerate(thread.facts):
            words = content(fact)
            numbers = frozenset(w for w in re.findall(r"\d[\d.,]*\s?(?:%|k|m)?", fact.lower())) - own - numbers_known
            out.append(
                Secret(
                    f"/other_threads/{t}/facts/{f}", fact, (thread.party or "").lower(),
                    (told := frozenset(stem(w) for w in words if not w.isdigit()) - own) - trade - _MONTHS,
                    (told & trade) | (frozenset(stem(w) for w in fact.lower().split()) & _MONTHS - own),
                    frozenset(n.strip() for n in numbers),
                    _groups_of(case, fact.lower().split()) - groups_known,
                    tuple(re.findall(r"[^\W_]+(?:'[^\W_]+)?", fact.lower())),
                    frozenset(q.high for q in quantities(split(fact), case.playbook.nouns) if q.high > 12) - {n.value for n in case.brief.numbers},
                )
            )  # fmt: skip
    return out


def _groups_of(case: Case, words: Iterable[str]) -> frozenset[int]:
    table = case.memo(_sensitive_table)
    return frozenset(n for word in words for n in table.get(stem(word.strip(".,:;!?%'\"()")), ()))


def _sensitive_table(case: Case) -> dict[str, set[int]]:
    out: dict[str, set[int]] = {}
    for n, group in enumerate(case.playbook.sensitive):
        for word in group:
            out.setdefault(stem(word), set()).add(n)
    return out


@rule(
    "leak.fact",
    failure="thread_leakage",
    dimension="signal_grounding",
    severity=1,
    decision="BLOCK",
    fix="write only what this thread and the public brief hold",
    passes=[
        Example("We have two Go engineers with payment experience.", _other("Board wants to cut headcount by 20%")),
        Example("Would a short call help?", _other("CFO approved a 200k budget")),
        Example("Your own leads would plan the work.", _other("The team lead is about to resign", party="team lead")),
        Example("At present we have 4 engineers for your team.", _other("At present 4 people leave", party="team lead")),
        Example("The 2 engineers you are planning for are available.", _other("The audit found 2 open issues")),
        Example("Your round closed in June.", _other("The Lyon office will close in June")),
    ],
    fails=[
        Example(
            "With the 200k your side has approved, two engineers are possible.", _other("CFO approved a 200k budget")
        ),
        Example(
            "If a sale is on the table, short contracts may suit you.", _other("co-founder wants to sell the company")
        ),
        Example("I know the board is pushing for a 20% cut.", _other("Board wants to cut headcount by 20%")),
        Example("With your team lead about to leave, two engineers could help.", _other("The team lead is about to resign")),
        Example("Since your audit turned up 2 issues, engineers may help.", _other("The audit found 2 open issues")),
        Example("With the Lyon office closing in June, help may suit.", _other("The Lyon office will close in June")),
    ],
)
def fact(case: Case) -> Iterable[Found]:
    """A fact of another thread, quoted, in part or in other words."""
    for passage in case.passages:
        for sentence in passage.words.sentences:
            for secret in secrets(case):
                shared = _shared(case, passage, sentence, secret)
                if shared:
                    yield at(
                        passage, (sentence.first, sentence.last),
                        f'shares "{shared}" with another thread ({secret.party or "unnamed"}): "{secret.text[:80]}"',
                        evidence=secret.pointer,
                    )  # fmt: skip
                    return


def _shared(case: Case, passage: Passage, sentence: Sentence, secret: Secret) -> str | None:
    """What a sentence has of a secret, if it is enough to be one."""
    lower = passage.words.lower[sentence.first : sentence.last]
    if quote := _quoted(lower, secret.ordered, case):
        return quote
    said = {stem(w) for w in lower}
    text = passage.quote(sentence).lower()
    party = re.findall(r"[a-z]+", secret.party)
    words = secret.stems & said - {stem(w) for w in party}
    numbers = {n for n in secret.numbers if re.search(rf"(?<![\d.]){re.escape(n)}(?!\d)", text)}
    numbers |= {
        f"{a.high:g}"
        for a in passage.amounts
        if sentence.first <= a.first < sentence.last and a.high in secret.sums and not numbers
    }
    groups = secret.groups & _groups_of(case, lower)
    told = heard(case, passage, sentence) is not None
    inside = told or passage.has("insider", sentence)
    named = not set(party) <= _ROLES and _in_a_row(lower, party)
    small = [n for n in numbers if n.isdigit() and int(n) < 13]  # these stand in any letter
    meant = {w for w in said if _groups_of(case, [w]) & groups} if len(groups) > 1 else groups
    weight = len(words) + 2 * len(numbers) - len(small) + min(len(groups), len(meant))
    common = secret.common & said
    weight += len(common) if (words or groups) and common - _MONTHS else 0
    if not words and not groups and len(small) == len(numbers):
        return None
    needed = 2 if inside or named else 3
    if (told or named) and weight:
        needed = 1
    if len(words) >= 2 and len(words) * 2 >= len(secret.stems):
        needed = 2
    if inside and groups and not told:
        needed = 1
    if weight < needed or (len(lower) < 4):
        return None
    return (
        ", ".join(
            [w for w in lower if stem(w) in words or w in numbers or _groups_of(case, [w]) & groups] or sorted(numbers)
        )
        or None
    )


def _in_a_row(lower: list[str], party: list[str]) -> bool:
    """Whether the party of another thread is named: "your team lead", not "the team" nor "your leads"."""
    said = [w.removesuffix("'s") for w in lower]
    return bool(party) and any(said[n : n + len(party)] == party for n in range(len(said)))


def _quoted(lower: list[str], ordered: tuple[str, ...], case: Case) -> str | None:
    """Four words in a row that also stand in the secret, not all of them grammar."""
    for n in range(len(lower) - 3):
        run = tuple(lower[n : n + 4])
        for m in range(len(ordered) - 3):
            if (
                ordered[m : m + 4] == run
                and sum(1 for w in run if w in content(w)) >= 2
                and not all(w in case.brief.words for w in run)
            ):
                return " ".join(run)
    return None


@rule(
    "idea.repeated",
    failure="rejected_idea_repeated",
    dimension="cta_quality",
    severity=2,
    decision="BLOCK",
    fix="accept the no and turn to what they do need",
    passes=[
        Example("Understood, GraphQL is off the table. What matters most this quarter?", _rejected("GraphQL adoption")),
        Example("Fair enough. Your Go roles are another matter; may I send a profile?", _rejected("GraphQL adoption")),
        Example("Is the React Developer role still open?", _rejected("event-driven migration")),
        Example("The engineers report to your leads and would work in your sprints.", _rejected("reporting dashboard")),
        Example("You decided against GraphQL, and I will let it rest.", _rejected("GraphQL adoption")),
    ],
    fails=[
        Example("I hear you, but GraphQL would still solve the over-fetching.", _rejected("GraphQL adoption")),
        Example("Moving services to async messaging would pay off within months.", _rejected("event-driven migration")),
        Example("Have you considered a small K8s pilot?", _rejected("Kubernetes migration")),
        Example("Services that react to events would pay off.", _rejected("event-driven migration")),
        Example("You decided against GraphQL, but I will not let it rest: it would help.", _rejected("GraphQL adoption")),
    ],
)
def repeated(case: Case) -> Iterable[Found]:
    """A suggestion that the prospect turned down, made again, in other words too."""
    for pointer, idea in _turned_down(case):
        weights = _idea(case, idea)
        for passage in case.passages:
            for sentence in passage.words.sentences:
                named = _names_idea(case, passage, sentence, weights)
                if named and _pushing(case, passage, sentence):
                    yield at(
                        passage, (sentence.first, sentence.last),
                        f'makes the case for "{idea}" again ({named}), which the prospect turned down',
                        evidence=pointer,
                    )  # fmt: skip
                    return


def _turned_down(case: Case) -> list[tuple[str, str]]:
    return case.memo(_ideas)


def _ideas(case: Case) -> list[tuple[str, str]]:
    """Ideas on record as turned down, and those that a dialogue shows: we suggest, they decline."""
    out = [(f"/rejected_suggestions/{n}", idea) for n, idea in enumerate(case.prospect.rejected_suggestions)]
    refused = {n for n, _, hits in replies(case) if hits.get("reply.declines")}
    asked = {n for n, _, _ in replies(case)}
    for n, message in enumerate(case.prospect.thread.messages):
        if n in asked or n + 1 not in refused:
            continue
        words, hits = case.brief.read(message.text)
        for hit in hits.get("suggests", ())[:1]:
            sentence = words.sentences[words.sentence_of[hit.first]]
            idea = words.quote(hit.last, sentence.last) if hit.last < sentence.last else message.text
            out.append((f"/thread/messages/{n}/text", idea))
    return out


class Idea(NamedTuple):
    words: dict[str, float]
    synonyms: frozenset[str]
    total: float


def _idea(case: Case, idea: str) -> Idea:
    idea = (
        re.split(r"\bfrom\b.+?\bto\b|\binstead of\b.*|\bin place of\b.*", idea, flags=re.I)[-1 if " to " in idea else 0]
        or idea
    )
    said = [
        w
        for w in re.findall(r"[^\W_]+", idea.lower())
        if w not in {"the", "a", "an", "to", "of", "for", "and", "in", "on", "with"}
    ]
    telling = [w for w in said if w not in _GENERIC] or said
    everyday = {w for words in case.playbook.stacks.values() for phrase in words for w in phrase.split()} - {
        "kubernetes",
        "k8s",
        "graphql",
    }
    weights = {stem(w): 0.5 if w in everyday and len(telling) > 1 else 1.0 for w in telling}
    linking = {w for w in telling if weights[stem(w)] == 1.0}
    synonyms = {w for group in case.playbook.concepts if set(group) & linking for w in group} - set(telling)
    return Idea(weights, frozenset(synonyms), sum(weights.values()))


def _names_idea(case: Case, passage: Passage, sentence: Sentence, idea: Idea) -> str | None:
    lower = passage.words.lower[sentence.first : sentence.last]
    found = {stem(w): w for n, w in enumerate(lower) if stem(w) in idea.words and not _answers_to(lower, n)}
    weight = sum(idea.words[s] for s in found)
    others = [w for w in lower if w in idea.synonyms]
    if weight >= idea.total * 0.5 and weight >= 0.5:
        return ", ".join(found.values())
    if others and weight + 0.6 * len(set(others)) >= min(0.6, idea.total * 0.5):
        return ", ".join(dict.fromkeys([*found.values(), *others]))
    return None


def _answers_to(lower: list[str], at: int) -> bool:
    """ "engineers report to your leads" has nothing to do with reports."""
    return lower[at] in {"report", "reports", "reporting"} and lower[at + 1 : at + 2] == ["to"]


def _pushing(case: Case, passage: Passage, sentence: Sentence) -> bool:
    """Whether a sentence that names the idea argues for it; accepting or closing it does not."""
    lower = set(passage.words.lower[sentence.first : sentence.last])
    pushes = passage.inside("pushes", sentence)
    accepts = _accepting(passage, sentence)
    if accepts and not lower & _ADVERSE:
        return _pushed_after(passage, sentence)
    if pushes:
        return bool(lower & _ADVERSE) or not _plain_offer(passage, sentence, pushes)
    if accepts or {"wrote", "decided", "decision", "chose", "chosen"} & lower:
        return False
    return (
        bool(_MODALS & lower) or passage.has("offer", sentence) or sentence.question or _pushed_after(passage, sentence)
    )


def _accepting(passage: Passage, sentence: Sentence) -> list[Hit]:
    return [*passage.inside("accepts", sentence), *passage.inside("negations", sentence)]


def _plain_offer(passage: Passage, sentence: Sentence, pushes: list[Hit]) -> bool:
    """ "worth" and "would" with a denial: "not worth raising again"."""
    return all(passage.negated(h.first) for h in pushes)


def _pushed_after(passage: Passage, sentence: Sentence) -> bool:
    """The next sentence turns round: "Noted on GraphQL. Still, it would save you months."."""
    at_index = passage.words.sentence_of[sentence.first] + 1
    if at_index >= len(passage.words.sentences):
        return False
    following = passage.words.sentences[at_index]
    lower = passage.words.lower[following.first : following.last]
    turned = bool(_ANYWAY & set(lower[:3])) or lower[:2] == ["that", "said"]
    return turned and bool({"it", "that", "this", "such", "one"} & set(lower)) and passage.has("pushes", following)
