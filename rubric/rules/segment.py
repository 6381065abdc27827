"""The pitch against the prospect: segment, AI maturity, size, stage and mood.

A pitch is recognised by the playbook's phrases; what it is compared with is always the brief.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rubric.case import Case, Passage
from rubric.mentions import WE, leader_named
from rubric.phrases import Hit
from rubric.playbook import ABSTAIN, Segment
from rubric.rules import Example, Found, at, rule
from rubric.words import Sentence

_FUNDED: dict[str, Any] = {
    "company": {"headcount": 60, "hq": "Germany"},
    "signals": {
        "funding": {"stage": "series_b", "amount_usd": 14000000, "closed_on": "2026-02-10", "confidence": "high"},
        "hiring": {"open_engineering_roles": 7, "confidence": "high"},
    },
}
_LAYOFF: dict[str, Any] = {
    "company": {"headcount": 600},
    "signals": {
        "funding": {"stage": "series_c", "confidence": "high"},
        "layoff": {"on": "2026-03-01", "pct": 12, "confidence": "high"},
        "hiring": {"open_engineering_roles": 4, "confidence": "high"},
    },
}
_LEADER: dict[str, Any] = {
    "company": {"headcount": 200},
    "signals": {"leadership": {"role": "cto", "name": "R. Okafor", "started_on": "2026-03-02", "confidence": "high"}},
}


_TURNS = re.compile(r"[,;:\u2014]|\b(?:but|and|so)\b")
_SELLER = WE - {"i", "i've", "i'll"} | {"ours", "we're", "we'd"}


def pitches(case: Case) -> dict[str, list[tuple[Passage, Hit]]]:
    """Pitch phrases by the segment they belong to."""
    return case.memo(_pitches)


def _pitches(case: Case) -> dict[str, list[tuple[Passage, Hit]]]:
    out: dict[str, list[tuple[Passage, Hit]]] = {}
    for name in case.playbook.pitches:
        found = [(p, h) for p, h in case.each(f"pitch.{name}") if not p.negated(h.first) and _pitching(p, h)]
        if found:
            out[name] = found
    return out


def _pitching(passage: Passage, hit: Hit) -> bool:
    """Whether the phrase offers or explains, rather than asks about or reports on the company."""
    return not passage.sentence(hit.first).question or passage.has("offer", passage.sentence(hit.first))


def _themes(case: Case) -> dict[str, list[tuple[Passage, Hit]]]:
    """Pitch phrases, and the words of a segment's theme in sentences that offer or advise; by segment."""
    out = {name: list(places) for name, places in pitches(case).items()}
    for name in case.playbook.themes:
        for passage, hit in case.each(f"theme.{name}"):
            if _offers(passage, passage.sentence(hit.first)) and not _denied(passage, hit):
                out.setdefault(name, []).append((passage, hit))
    return out


def _offers(passage: Passage, sentence: Sentence) -> bool:
    """Whether a sentence speaks for the seller: what we do, or what the reader had better do."""
    if sentence.question or passage.has("doubt", sentence) or passage.has("observed", sentence):
        return False
    lower = passage.words.lower[sentence.first : sentence.last]
    return not _SELLER.isdisjoint(lower) or passage.has("advice", sentence)


def _denied(passage: Passage, hit: Hit) -> bool:
    """Whether a negation stands before the words in their clause, or right behind them: "growth may not be the topic"."""
    words, first = passage.words, passage.sentence(hit.first).first
    for found in passage.of("negations"):
        if first <= found.first < hit.first and not _TURNS.search(words.text, words.ends[found.first], words.starts[hit.first]):
            return True
    return any(hit.last <= found.first < hit.last + 2 for found in passage.of("negations"))


def _described(case: Case, name: str) -> Segment:
    return next(s for s in case.playbook.segments if s.name == name)


def _title(case: Case, name: str) -> str:
    return _described(case, name).title.lower()


@rule(
    "segment.wrong_pitch",
    failure="icp_misclassification",
    dimension="personalization_depth",
    severity=2,
    decision="BLOCK",
    fix="pitch for the segment that the brief shows",
    passes=[
        Example("Your round gives you runway; we help funded teams hire faster than recruiting can.", _FUNDED),
        Example("Teams keep delivery steady through the restructuring with us.", _LAYOFF),
        Example("We are not here to sell you a bigger team.", _LAYOFF),
    ],
    fails=[
        Example("We support firms that had to let people go and still have a product to ship.", _FUNDED),
        Example("After a layoff the roadmap rarely shrinks, and we can carry part of it.", _LEADER),
        Example("We help teams keep delivery steady through the restructuring.", _FUNDED),
        Example("Now is the perfect time to scale: we put your new capital to work.", _LAYOFF),
    ],
)
def wrong_pitch(case: Case) -> Iterable[Found]:
    """A sentence pitches what belongs to another segment than the brief does, and nothing of its own."""
    segment = case.segment.name
    if segment == ABSTAIN or not case.first_contact:
        return
    found = case.memo(_themes)
    own = {(p.part, p.sentence(h.first).first) for p, h in found.get(segment, ())}
    for name, places in found.items():
        alien = [(p, h) for p, h in places if (p.part, p.sentence(h.first).first) not in own]
        if name == segment or not alien or _described(case, name).pitch_is_common:
            continue
        passage, hit = alien[0]
        yield at(
            passage, hit,
            f'pitches {_title(case, name)} ("{passage.quote(hit)}"), '
            f"the brief shows {_title(case, segment)} ({case.segment.fired[0].text})",
        )  # fmt: skip
        return


@rule(
    "segment.abstention",
    failure="abstention_failure",
    dimension="personalization_depth",
    severity=2,
    decision="BLOCK",
    fix="write one exploratory letter that names a fact and asks a question, with no segment pitch",
    passes=[
        Example(
            "I saw two open Python roles and wondered whether that is the whole plan.",
            {"signals": {"hiring": {"open_engineering_roles": 2}}},
        ),
        Example("Your round gives you runway; we help funded teams hire faster than recruiting can.", _FUNDED),
        Example("How do you expect to grow this year?", {"company": {"headcount": 3}}),
    ],
    fails=[
        Example("Our ML people would work beside your data scientists.", {"company": {"headcount": 3}}),
        Example("The cuts leave open work, and our engineers can take it on.", {"company": {"headcount": 3}}),
        Example(
            "Now is the perfect time to scale; we help recently funded startups hire.", {"company": {"headcount": 3}}
        ),
        Example("In your first 90 days we can help you reassess your vendor mix.", {"company": {"headcount": 20}}),
    ],
)
def abstention(case: Case) -> Iterable[Found]:
    """A segment pitch to a prospect whom no segment fits."""
    if case.segment.name != ABSTAIN or not case.first_contact or not case.playbook.segments:
        return
    for name, places in case.memo(_themes).items():
        common = _described(case, name).pitch_is_common
        pitched = [(p, h) for p, h in places if not common or h.name.startswith("theme.")]
        if not pitched:
            continue
        passage, hit = pitched[0]
        why = case.segment.tried[-1] if case.segment.tried else "the brief shows no trigger"
        if own := next((t for t in case.segment.tried if t.startswith(f"{name}:")), None):
            why = own
        yield at(
            passage, hit,
            f'pitches {_title(case, name)} ("{passage.quote(hit)}"), but no segment fits ({why})',
        )  # fmt: skip
        return


@rule(
    "segment.ai_maturity",
    failure="icp_misclassification",
    dimension="signal_grounding",
    severity=2,
    decision="BLOCK",
    fix="offer what fits the maturity that the brief shows",
    passes=[
        Example("We run production AI platforms.", {"signals": {"ai_maturity": {"score": 2}}}),
        Example(
            "I would not assume a production agentic roadmap; a first AI project may fit better.",
            {"signals": {"ai_maturity": {"score": 0}}},
        ),
    ],
    fails=[
        Example(
            "We can staff a dedicated MLOps team for your agentic systems.", {"signals": {"ai_maturity": {"score": 0}}}
        ),
        Example("We can help you hire your first AI engineer.", {"signals": {"ai_maturity": {"score": 3}}}),
        Example("Our people would sit beside your existing data scientists.", {"signals": {"ai_maturity": {"score": 1}}}),
    ],
)
def ai_maturity(case: Case) -> Iterable[Found]:
    """An AI pitch for another maturity than the brief shows."""
    signal = case.prospect.signals.ai_maturity
    if signal is None or signal.score is None or case.level(signal) == "insufficient_signal":
        return
    fitting = {n for n, pitch in enumerate(case.playbook.ai_pitches) if signal.score in pitch.maturity}
    if any(_ai_places(case, n) for n in fitting):
        return
    for n, pitch in enumerate(case.playbook.ai_pitches):
        for passage, hit in _ai_places(case, n)[:1] if n not in fitting else ():
            wanted = " or ".join(map(str, pitch.maturity))
            yield at(
                passage, hit,
                f'"{passage.quote(hit)}" speaks to AI maturity {wanted}, the brief has {signal.score}',
                evidence="/signals/ai_maturity/score",
            )  # fmt: skip


def _ai_places(case: Case, number: int) -> list[tuple[Passage, Hit]]:
    """AI pitch phrases that are meant: not denied, and not a role or a fact of the brief."""
    roles = {
        w
        for p, t in case.brief.texts
        if "/roles" in p or "/capability_gap" in p or "/facts" in p or "/need" in p
        for w in t.lower().split()
    }
    out = []
    for passage, hit in case.each(f"ai_pitch.{number}"):
        sentence = passage.sentence(hit.first)
        if passage.negated(hit.first) or passage.has("negations", sentence) or passage.has("doubt", sentence):
            continue
        if all(w in roles for w in passage.words.lower[hit.first : hit.last]):
            continue
        if any(
            h.first >= sentence.first and h.last <= sentence.last and passage.words.lower[h.first] == "if"
            for h in passage.of("hedges")
        ):
            continue
        out.append((passage, hit))
    return out


@rule(
    "segment.growth_in_layoff",
    failure="icp_misclassification",
    dimension="signal_grounding",
    severity=1,
    decision="BLOCK",
    fix="take the growth language out; speak of keeping delivery steady, or wait",
    passes=[
        Example("We keep delivery steady while cost changes.", _LAYOFF),
        Example("This is an exciting time to scale your team.", _FUNDED),
        Example("Growth may not be the topic right now.", _LAYOFF),
    ],
    fails=[
        Example("This is an exciting time to scale your team.", _LAYOFF),
        Example("Your growth plans deserve more engineers.", {"signals": {"layoff": {"on": "2026-04-01", "pct": 10}}}),
    ],
)
def growth_in_layoff(case: Case) -> Iterable[Found]:
    """Growth language to a company that has just let people go."""
    layoff = case.prospect.signals.layoff
    if layoff is None or case.level(layoff) == "insufficient_signal":
        return
    age = (case.as_of - layoff.on).days if layoff.on else 0
    if not 0 <= age <= case.playbook.policy.growth_quiet_days:
        return
    for passage, hit in case.each("growth_language"):
        if not _denied(passage, hit):
            when = f"on {layoff.on}" if layoff.on else "recently"
            yield at(
                passage, hit,
                f'growth language ("{passage.quote(hit)}") to a company that had a layoff {when}',
                evidence="/signals/layoff",
            )  # fmt: skip
            return


@rule(
    "segment.urgency",
    failure="icp_misclassification",
    dimension="tone_compliance",
    severity=3,
    decision="PENALISE",
    fix="give the date as a neutral fact and leave the hurry out",
    passes=[
        Example("After the January change, is delivery speed a topic?", _LAYOFF),
        Example("Act now while the round is fresh.", _FUNDED),
    ],
    fails=[
        Example("Act now, before it is too late for the roadmap.", _LAYOFF),
        Example("This is urgent for a team of your size.", _LAYOFF),
    ],
)
def urgency(case: Case) -> Iterable[Found]:
    """Hurry in a letter to a company in restructuring."""
    if case.segment.name == ABSTAIN or not _described(case, case.segment.name).quiet:
        return
    for passage, hit in case.each("urgency"):
        if not passage.negated(hit.first):
            yield at(
                passage, hit,
                f'"{passage.quote(hit)}" hurries a company in {_title(case, case.segment.name)} ({case.segment.fired[0].text})',
            )  # fmt: skip
            return


@rule(
    "segment.tier",
    failure="funding_tier_mismatch",
    dimension="personalization_depth",
    severity=2,
    decision="BLOCK",
    fix="speak to a company of this size and stage",
    passes=[
        Example("We help Series B companies refactor.", _FUNDED),
        Example(
            "We help startups move fast.", {"signals": {"funding": {"stage": "seed"}}, "company": {"headcount": 12}}
        ),
    ],
    fails=[
        Example("We help startups move fast.", {"signals": {"funding": {"stage": "public"}}}),
        Example(
            "Looking to hire your first engineers?",
            {"signals": {"funding": {"stage": "series_b"}}, "company": {"headcount": 900}},
        ),
        Example(
            "Our enterprise-grade delivery governance fits you.",
            {"signals": {"funding": {"stage": "seed"}}, "company": {"headcount": 9}},
        ),
    ],
)
def tier(case: Case) -> Iterable[Found]:
    """Language for a company of another size or stage."""
    funding = case.prospect.signals.funding
    stage = funding.stage if funding else None
    headcount = case.prospect.company.headcount
    for n, group in enumerate(case.playbook.tiers):
        wrong_stage = stage is not None and stage not in group.stages
        too_big = headcount is not None and group.max_headcount is not None and headcount > group.max_headcount
        too_small = (
            stage is None
            and headcount is not None
            and group.min_headcount is not None
            and headcount < group.min_headcount
        )
        if group.min_headcount is not None and headcount is not None and headcount >= group.min_headcount:
            wrong_stage = False
        if not (wrong_stage or too_big or too_small):
            continue
        for passage, hit in _tier_places(case, n):
            size = stage.replace("_", " ") if stage and (wrong_stage or headcount is None) else f"{headcount:,} people"
            yield at(
                passage, hit,
                f'{group.language} ("{passage.quote(hit)}") to a company at {size}',
                evidence="/signals/funding/stage" if wrong_stage else "/company/headcount",
            )  # fmt: skip
            return


def _tier_places(case: Case, number: int) -> Iterator[tuple[Passage, Hit]]:
    own = f" {case.prospect.company.name.lower()} "
    for passage, hit in case.each(f"tier.{number}"):
        quote = " ".join(passage.words.lower[hit.first : hit.last])
        sentence = passage.sentence(hit.first)
        if passage.negated(hit.first) or f" {quote} " in own or passage.has("innocent", sentence):
            continue
        if all(w in case.brief.words for w in passage.words.lower[hit.first : hit.last]):
            continue
        yield passage, hit


@rule(
    "segment.buying_stage",
    failure="icp_misclassification",
    dimension="cta_quality",
    severity=3,
    decision="BLOCK",
    fix="offer what this stage needs: material to read while they research, a comparison while they evaluate",
    passes=[
        Example("Shall we go through the onboarding plan?", {"buying_stage": "implementing"}),
        Example("Would a one-page comparison help?", {"buying_stage": "researching"}),
    ],
    fails=[
        Example("Once you sign, our engineers join the next sprint.", {"buying_stage": "researching"}),
        Example("I can send the statement of work today.", {"buying_stage": "researching"}),
        Example("Let's set the kickoff date and the onboarding plan.", {"buying_stage": "evaluating"}),
    ],
)
def buying_stage(case: Case) -> Iterable[Found]:
    """Talk for another stage of buying than the prospect is in."""
    stage = case.prospect.buying_stage
    if stage is None:
        return
    for n, pitch in enumerate(case.playbook.stage_pitches):
        for passage, hit in case.each(f"stage_pitch.{n}"):
            if stage not in pitch.unless and not passage.negated(hit.first):
                yield at(
                    passage, hit,
                    f'"{passage.quote(hit)}" is {pitch.stage} talk, the prospect is {stage}',
                    evidence="/buying_stage",
                )  # fmt: skip
                return


@rule(
    "segment.leadership_opening",
    failure="icp_misclassification",
    dimension="personalization_depth",
    severity=3,
    decision="PENALISE",
    lacks=True,
    fix="open with the appointment",
    passes=[
        Example(
            "Congratulations on your appointment as CTO in March. Many new leaders look at team shape first.", _LEADER
        ),
        Example("I saw seven roles.", _FUNDED),
    ],
    fails=[
        Example("We place Python engineers. Would 15 minutes be useful?", _LEADER),
        Example("Your Python roles caught my eye. Would 15 minutes be useful?", _LEADER),
    ],
)
def leadership_opening(case: Case) -> Iterable[Found]:
    """A first letter to a company with a new engineering leader names the appointment."""
    if case.segment.name == ABSTAIN or not case.first_contact or not case.body.words.lower:
        return
    if _described(case, case.segment.name).opens_with != "leadership":
        return
    leader = case.prospect.signals.leadership
    sound = list(case.sound())
    named = any(leader_named(case, p, s) for p, s in sound)
    if not named and not any(
        p.has("mention.leadership", s) or p.has(f"pitch.{case.segment.name}", s) for p, s in sound
    ):
        started = leader.started_on if leader else None
        yield Found(
            f"the brief shows a new {(leader.role or 'leader') if leader else 'leader'} since {started}, the letter does not name the appointment",
            evidence="/signals/leadership",
        )
