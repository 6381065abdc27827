"""Tone: five markers, each lowered by what the playbook's lists find."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rubric.case import Case, Passage
from rubric.phrases import Hit
from rubric.rules import Example, Found, at, at_chars, rule
from rubric.words import Sentence, plain

_SHOUT = re.compile(r"\b[A-Z]{2,}\b(?:[ \n]+[A-Z]{2,}\b)+")
_NAMED = {"cliche": "a clich\u00e9", "apology": "an apology", "guarantee": "a guarantee", "assumption": "an assumption"}
_EXCLAIM = re.compile(r"!+")


@rule(
    "tone.words",
    failure="tone_violation",
    dimension="tone_compliance",
    severity=3,
    decision="PENALISE",
    fix="use plain words",
    passes=[
        Example("We place engineers with software teams."),
        Example("Your leverage ratio stands in the report."),
        Example("The JVM ecosystem has many build tools."),
        Example("The cut of 33 percent dates from March.", {"signals": {"layoff": {"on": "2026-03-01", "pct": 33}}}),
        Example("Your note dated 29 June was clear, and the one dated May too."),
        Example("Their code is reviewed like everyone else's."),
        Example("The work is still waiting for people."),
        Example("Should you wish, we can talk."),
        Example("We only have people who know Python."),
        Example("There is no easy answer to that."),
        Example("Your load fell by 40 percent.", {"signals": {"facts": ["Load fell by 40 percent."]}}),
    ],
    fails=[
        Example("We have world-class engineers."),
        Example("Let's leverage synergies."),
        Example("W\u043erld\u200b-class talent, s y n e r g y included."),
        Example("You are falling behind."),
        Example("You could cut 33 percent of cost.", {"signals": {"layoff": {"on": "2026-03-01", "pct": 33}}}),
        Example("Your dated stack needs work."),
        Example("I am still waiting for your reply."),
        Example("I apologize for taking your time."),
        Example("Just following up on my note."),
        Example("You should do this now."),
        Example("We only have two slots left."),
        Example("There has been no answer from you since."),
        Example("It would cut your engineering costs by 40 percent."),
        Example("The cost is 50 percent lower than a local hire."),
    ],
)
def words(case: Case) -> Iterable[Found]:
    """A phrase of one of the playbook's tone lists, in its salesy sense; each list lowers one marker."""
    for tone in case.playbook.tone:
        taken = -1
        for passage, hit in case.each(f"tone.{tone.id}"):
            if passage.part == "body" and hit.first < taken:
                continue
            if is_innocent(case, passage, hit) or (tone.deniable and passage.negated(hit.first)):
                continue
            taken = hit.last if passage.part == "body" else taken
            yield at(
                passage, hit,
                f'"{passage.quote(hit)}" is {_NAMED.get(tone.id, tone.id.replace("_", " "))} ({tone.marker.replace("_", "-")})',
                fix=tone.fix, decision=tone.decision, failure=tone.failure, marker=tone.marker, weight=tone.weight,
            )  # fmt: skip


def is_innocent(case: Case, passage: Passage, hit: Hit) -> bool:
    """Whether the words are meant otherwise: in a harmless phrase, a name of the brief, or denied."""
    sentence = passage.sentence(hit.first)
    if _layoff_share(case, passage, sentence, hit):
        return True
    if any(h.first < hit.last and hit.first < h.last for h in passage.inside("innocent", sentence)):
        return True
    lower = passage.words.lower
    said = " ".join(lower[hit.first : hit.last])
    if hit.last - hit.first > 1 or said in plain(case.prospect.company.name):
        return any(f" {said} " in text for text in case.memo(_own_texts))
    pairs = {" ".join(lower[hit.first - 1 : hit.last]), " ".join(lower[hit.first : hit.last + 1])} - {said}
    return any(f" {pair} " in text for pair in pairs for text in case.memo(_own_texts))


def _layoff_share(case: Case, passage: Passage, sentence: Sentence, hit: Hit) -> bool:
    """Whether a percentage is the brief's own of their layoff: "the cut of 33 percent dates from March"."""
    layoff = case.prospect.signals.layoff
    if layoff is None or layoff.pct is None or not hit.name.endswith("savings"):
        return False
    lower = set(passage.words.lower[sentence.first : sentence.last])
    shares = [a for a in passage.amounts if a.kind == "percent" and hit.first <= a.first < hit.last]
    return bool(shares) and all(a.high == layoff.pct for a in shares) and not lower & _SPENDING


_SPENDING = frozenset("cost costs spend spending budget budgets rate rates price prices salary salaries payroll save we our us".split())


def _own_texts(case: Case) -> tuple[str, ...]:
    """Names and facts of the brief, word by word, with spaces at both ends."""
    prospect = case.prospect
    texts = [prospect.company.name, prospect.company.industry or "", *prospect.signals.facts]
    texts += [r.title or "" for r in (prospect.signals.hiring.roles if prospect.signals.hiring else [])]
    texts += [
        t for p, t in case.brief.texts if p.startswith(("/signals/capability_gap", "/signals/tech_stack", "/peers"))
    ]
    return tuple(f" {' '.join(plain(t))} " for t in texts if t)


@rule(
    "tone.register",
    failure="tone_violation",
    dimension="tone_compliance",
    severity=3,
    decision="PENALISE",
    marker="professional",
    fix="choose words that fit this reader",
    passes=[
        Example("We can go through your procurement process.", {"recipient": {"role": "director"}}),
        Example("A short call would do.", {"recipient": {"role": "founder"}}),
    ],
    fails=[
        Example("We can go through your procurement process.", {"recipient": {"role": "founder"}}),
        Example("Growth hacks for your team.", {"recipient": {"role": "cto"}}),
    ],
)
def register(case: Case) -> Iterable[Found]:
    """Words that do not fit the reader's role."""
    role = case.prospect.recipient.role
    for n, group in enumerate(case.playbook.registers):
        if role in group.roles:
            for passage, hit in case.each(f"register.{n}"):
                if not is_innocent(case, passage, hit):
                    yield at(
                        passage,
                        hit,
                        f'"{passage.quote(hit)}" does not fit a reader who is {role}',
                        evidence="/recipient/role",
                    )
                    return


@rule(
    "tone.exclamation",
    failure="tone_violation",
    dimension="tone_compliance",
    severity=3,
    decision="PENALISE",
    marker="professional",
    fix="end sentences with full stops",
    passes=[Example("Congratulations on the round!"), Example("Thanks. Good to hear.")],
    fails=[Example("That's great! Our team is ready! Talk soon!"), Example("Thanks!! Good!")],
)
def exclamation(case: Case) -> Iterable[Found]:
    """More exclamation marks than the playbook allows."""
    places = list(_EXCLAIM.finditer(case.body.words.text))
    if sum(len(m.group()) for m in places) > case.playbook.max_exclamations:
        last = places[-1]
        yield at_chars(
            case.body, last.start(), last.end(),
            f"{sum(len(m.group()) for m in places)} exclamation marks, the most is {case.playbook.max_exclamations}",
        )  # fmt: skip


@rule(
    "tone.shouting",
    failure="tone_violation",
    dimension="tone_compliance",
    severity=3,
    decision="PENALISE",
    marker="professional",
    fix="write in lower case",
    passes=[Example("Your API and your SLA matter."), Example("HIPAA applies.")],
    fails=[Example("DO NOT WAIT for this."), Example("We are READY NOW to help.")],
)
def shouting(case: Case) -> Iterable[Found]:
    """Several words in capitals in a row."""
    loud = any(len(word) > 3 and word.isupper() for word in case.prose.split())
    for match in _SHOUT.finditer(case.body.words.text) if loud else ():
        quoted = match.group().lower()
        if not any(len(word) > 3 for word in quoted.split()):
            continue
        if not any(quoted in t.lower() for _, t in case.brief.texts):
            yield at_chars(case.body, match.start(), match.end(), f'"{match.group()}" shouts')
            return


@rule(
    "tone.brand",
    failure="tone_violation",
    dimension="tone_compliance",
    severity=1,
    decision="BLOCK",
    lacks=True,
    fix="mend the findings that lower these markers, or write the letter anew",
    passes=[Example("We have world-class engineers."), Example("We place engineers with software teams.")],
    fails=[
        Example("We have world-class engineers, and you are falling behind."),
        Example("Just following up: our proprietary approach is a no-brainer."),
    ],
)
def brand(case: Case) -> Iterable[Found]:
    """Two or more tone markers below 4 break the brand, whatever brought them down."""
    tone = dict(case.tone)
    if case.alone:  # nothing else has lowered the markers
        for found in words.check(case):
            if found.marker and found.decision != "PASS":
                tone[found.marker] -= found.weight or 2
    low = [marker for marker, value in tone.items() if value < 4]
    if len(low) > 1:
        named = ", ".join(f"{m.replace('_', '-')} {max(1, tone[m])}" for m in low)
        yield Found(f"{len(low)} tone markers are below 4 of 5: {named}")
