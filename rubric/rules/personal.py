"""Personalisation: a concrete fact, and enough of the reader's own context."""

from __future__ import annotations

from collections.abc import Iterable

from rubric.case import Case, Passage
from rubric.mentions import WE, Mention, company_words, event_day, leader_named, mentions, signal_of
from rubric.rules import Example, Found, rule
from rubric.stems import stems
from rubric.words import Sentence, plain

_HIRING = {
    "signals": {"hiring": {"open_engineering_roles": 4, "roles": [{"title": "Senior Go Engineer", "stack": "go"}]}}
}


_LED = {"signals": {"leadership": {"role": "cto", "name": "Aki Galvez", "started_on": "2026-03-02"}}}

_KEEPS = {"company": {"name": "Alibadis"}, "signals": {"facts": ["Alibadis keeps 11 services in one repository."]}}


def tokens(case: Case) -> dict[str, str]:
    """The reader's own context in the draft: what was found, and the pointer it stands at."""
    return case.memo(_tokens)


def _tokens(case: Case) -> dict[str, str]:
    out: dict[str, str] = {}
    sound = list(case.sound())
    said = {w for p, s in sound for w in p.words.lower[s.first : s.last]}
    said_stems = {t for p, s in sound for t in stems(p.words.text[s.start : s.end])}
    company = set(case.memo(company_words))
    for mention in _mentions(case):
        signal = signal_of(case, mention.event)
        if signal is not None:
            out.setdefault(mention.event, f"/signals/{mention.event}")
            day = event_day(case, mention.event)
            if day and any(d.covers(day, slack=4) for d in mention.passage.dates):
                out.setdefault(f"{mention.event} date", f"/signals/{mention.event}")
    for passage, sentence in sound:
        for amount in passage.amounts:
            pointer = case.brief.trace(amount) if sentence.first <= amount.first < sentence.last else None
            if pointer and not pointer.startswith("playbook:"):
                out.setdefault(f"{amount.high:g} {amount.unit}", pointer)
    for (pointer, text), (_, words) in zip(case.brief.texts, case.brief.lists, strict=True):
        if pointer.startswith(("/company/name", "/recipient/name", "/company/timezone", "/recipient/timezone")):
            continue
        if pointer.startswith(("/signals/facts", "/thread", "/peers", "/notes", "/extra")) or len(text.split()) > 3:
            shared = stems(text) & said_stems - stems(" ".join(company))
            if len(shared) >= 2:
                out.setdefault(f"{pointer} {len(out)}", pointer)
                if len(shared) >= 4:
                    out.setdefault(f"{pointer} again", pointer)
        else:
            for word in set(words) & said - company:
                if len(word) > 1 and word not in _DULL:
                    out.setdefault(word, pointer)
    _appointment(case, out)
    _stages(case, said, out)
    return out


def _appointment(case: Case, out: dict[str, str]) -> None:
    """The new leader by name, or by title and day."""
    for passage, sentence in case.sound():
        if leader_named(case, passage, sentence):
            out.setdefault("leadership", "/signals/leadership")
            if any(sentence.start <= d.start < sentence.end for d in passage.dates):
                out.setdefault("leadership date", "/signals/leadership")


_DULL = frozenset(
    "engineer engineers engineering senior the of and for in to high medium low developer lead team software manager head director a an new founder company tech".split()
)


def _mentions(case: Case) -> list[Mention]:
    sound = {(p.part, s.first) for p, s in case.sound()}
    return [m for m in mentions(case) if (m.passage.part, m.sentence.first) in sound]


def _stages(case: Case, said: set[str], out: dict[str, str]) -> None:
    """Context that is said in other words than the brief's: the stage, AI maturity, a stack."""
    signals = case.prospect.signals
    stage = signals.funding.stage if signals.funding else None
    if stage and {w for w in stage.split("_") if len(w) > 2} & said:
        out.setdefault("stage", "/signals/funding/stage")
    if (
        signals.ai_maturity
        and signals.ai_maturity.score is not None
        and any(p.has("mention.ai", s) for p, s in case.sound())
    ):
        out.setdefault("AI maturity", "/signals/ai_maturity")
    sought = {r.stack for r in (signals.hiring.roles if signals.hiring else []) if r.stack}
    sought |= {
        s
        for s in (
            (case.prospect.need.stack if case.prospect.need else None),
            (signals.capability_gap.stack if signals.capability_gap else None),
        )
        if s
    }
    for stack in sought:
        if any(p.has(f"stack.{stack.lower().replace(' ', '_')}", s) for p, s in case.sound()):
            out.setdefault(f"stack {stack}", "/signals/hiring/roles")


@rule(
    "personal.no_fact",
    failure="personalization_missing",
    dimension="personalization_depth",
    severity=3,
    decision="PENALISE",
    lacks=True,
    fix="name one concrete fact: funding with its date, a number of roles, a layoff, an appointment, a specialist opening",
    passes=[
        Example("I saw four open Go roles at Northwind.", _HIRING),
        Example("We place engineers."),
        Example("Northwind Robotics is looking for a Senior Go Engineer.", _HIRING),
        Example("The CTO appointment on 2 March is why I write.", _LED),
        Example("Since March, Aki Galvez has been CTO at Northwind.", _LED),
        Example("With Aki Galvez as CTO since March, questions of team shape are open.", _LED),
    ],
    fails=[
        Example("We have a Senior Go Engineer.", _HIRING),
        Example("As a CTO you know delivery.", _LED),
        Example("Alibadis came to mind. Engineers work in your repository.", _KEEPS),
        Example("We place engineers with flexible timelines.", _HIRING),
        Example("Tenacious can help Northwind Robotics with delivery capacity.", _HIRING),
    ],
)
def no_fact(case: Case) -> Iterable[Found]:
    """A cold or re-engaging letter that names no concrete fact, though the brief has one."""
    if (
        case.prospect.message_type not in {"cold", "reengagement"}
        or case.prospect.channel == "sms"
        or not case.body.words.lower
    ):
        return
    known = _facts_known(case)
    if known and not _facts_named(case):
        sound = " outside the sentences at fault" if mentions(case) else ""
        has = ", ".join(known[:3])
        yield Found(f"names no concrete fact{sound}; the brief has {has}", evidence=f"/signals/{known[0]}")


def _facts_known(case: Case) -> list[str]:
    """Signals of the brief that may be named."""
    out = []
    for name in ("funding", "hiring", "layoff", "restructuring", "leadership", "capability_gap"):
        signal = getattr(case.prospect.signals, name)
        if (
            signal is not None
            and case.level(signal) != "insufficient_signal"
            and len(signal.model_dump(exclude_none=True, exclude_defaults=True)) > (signal.confidence is not None)
        ):
            out.append(name)
    return out + (["facts"] if case.prospect.signals.facts else [])


def _facts_named(case: Case) -> bool:
    named = tokens(case)
    if any(p.part == "body" and (leader_named(case, p, s) or _role_sought(case, p, s)) for p, s in case.sound()):
        return True
    if any(signal_of(case, m.event) is not None and m.passage.part == "body" for m in _mentions(case)):
        return True
    if any(
        p.startswith(("/signals/facts", "/signals/capability_gap", "/signals/hiring", "/thread", "/peers", "/extra"))
        for p in named.values()
    ):
        return any(not k.startswith("stack ") for k, p in named.items() if p.startswith("/signals")) and _beyond_stack(
            case, named
        )
    return "AI maturity" in named and len(named) > 1


def _role_sought(case: Case, passage: Passage, sentence: Sentence) -> bool:
    """Whether a sentence about them names a role of the brief in full: "X is looking for a Senior Go Engineer"."""
    lower = passage.words.lower[sentence.first : sentence.last]
    hiring = case.prospect.signals.hiring
    if WE & set(lower) or not (_SEEKING & set(lower) or set(case.memo(company_words)[:1]) & set(lower)):
        return False
    titles = [plain(r.title) for r in (hiring.roles if hiring else []) if r.title]
    runs = [t for t in titles if len(t) > 1 and any(lower[n : n + len(t)] == t for n in range(len(lower)))]
    return bool(runs) and bool(_SEEKING & set(lower))


_SEEKING = frozenset("looking looks search searching seeking seeks wants want role opening open posting vacancy".split())


def _beyond_stack(case: Case, named: dict[str, str]) -> bool:
    """A skill word alone is no fact; a role, a number or a remark of the brief is."""
    stacks = {
        r.stack.lower() for r in (case.prospect.signals.hiring.roles if case.prospect.signals.hiring else []) if r.stack
    }
    return any(
        k not in stacks and not k.startswith("stack ")
        for k, p in named.items()
        if p.startswith(("/signals", "/thread", "/peers"))
    )


@rule(
    "personal.thin",
    failure="personalization_missing",
    dimension="personalization_depth",
    severity=3,
    decision="PENALISE",
    lacks=True,
    fix="use two details of the reader's own context beyond the company's name",
    passes=[
        Example("I saw four open Go roles at Northwind.", _HIRING),
        Example("We place engineers."),
    ],
    fails=[
        Example("Your hiring caught my eye.", _HIRING),
        Example("Northwind Robotics looks interesting.", _HIRING),
    ],
)
def thin(case: Case) -> Iterable[Found]:
    """A cold letter with fewer details of the reader's context than the playbook wants."""
    if not case.first_contact or case.prospect.channel == "sms" or not case.body.words.lower:
        return
    least = case.playbook.policy.min_personal_tokens
    known, found = len(case.brief.leaves) - 1, tokens(case)
    if known >= least and len(found) < least and _facts_known(case):
        what = ", ".join(found) or "none"
        noun = "detail" if len(found) == 1 else "details"
        yield Found(f"{len(found)} {noun} of the reader's context ({what}), {least} are wanted", evidence="/signals")


@rule(
    "personal.over_hedged",
    failure="personalization_missing",
    dimension="personalization_depth",
    severity=3,
    decision="PENALISE",
    lacks=True,
    fix="state what the brief knows surely, and hedge the rest once",
    passes=[
        Example("It looks like you have four Go roles. Is that right?", _HIRING),
        Example("You have four Go roles. Would 15 minutes help?", _HIRING),
    ],
    fails=[
        Example(
            "Perhaps you may possibly be hiring. It might seem that maybe there could be roles. I am not sure, and I may be wrong, but perhaps it appears so.",
            _HIRING,
        ),
        Example(
            "I might be mistaken, but it seems that perhaps you may have roles. Possibly they are open. It could be that you might want help, maybe.",
            _HIRING,
        ),
    ],
)
def over_hedged(case: Case) -> Iterable[Found]:
    """So many hedges that nothing is said."""
    body = case.body
    soft = {
        "perhaps",
        "maybe",
        "possibly",
        "might",
        "may",
        "seems",
        "seem",
        "appears",
        "appear",
        "presumably",
        "apparently",
        "probably",
        "potentially",
        "conceivably",
        "wondering",
        "guess",
        "unsure",
        "mistaken",
        "uncertain",
    }
    count = sum(w in soft for w in body.words.lower) + sum(
        body.words.lower[h.first : h.last] == ["could", "be"] for h in body.of("hedges")
    )
    if count >= 5 and count * 14 >= len(body.words.lower):
        yield Found(f"{count} hedges in {len(body.words.lower)} words leave no statement")
