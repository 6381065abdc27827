"""What a letter says of the reader's peers in general: by whom it is supported, and how surely it is put."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rubric.case import Case, Passage
from rubric.mentions import about_prospect
from rubric.phrases import Hit
from rubric.rules import Example, Found, at, rule
from rubric.rules.peers import named, sourced_by, sourced_peers
from rubric.words import Sentence, plain

_WE = frozenset({"we", "our", "we've", "we'll", "i", "i've"})


@rule(
    "peers.generic",
    failure="generic_peers",
    dimension="signal_grounding",
    severity=3,
    decision="PENALISE",
    fix="name a peer of the brief, or leave the comparison out",
    passes=[
        Example("Kinetic Grid has hired for MLOps; is that a topic?", sourced_peers("high")),
        Example("Would it help to compare notes on how peers structure this?"),
    ],
    fails=[
        Example("Leading companies in your sector are all bringing in outside teams."),
        Example("Firms like yours tell us that data hurts first."),
    ],
)
def generic(case: Case) -> Iterable[Found]:
    """Peers in general as proof, with nobody named."""
    for passage, sentence, hit in _statements(case):
        if sentence.question or named(case, passage, sentence):
            continue
        yield at(passage, hit, f'"{passage.quote(hit)}" names nobody', evidence="/peers")
        return


@rule(
    "gap.unsourced",
    failure="gap_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="BLOCK",
    fix="leave the comparison out, or use peers that the brief lists with a source",
    passes=[
        Example(
            "Kinetic Grid and Boreal Freight have hired for MLOps; is that a deliberate choice on your side?",
            sourced_peers("high", "high"),
        ),
        Example("Would it help to compare notes on how peers structure this?"),
    ],
    fails=[
        Example("Your competitors are already investing in ML platforms."),
        Example("The leading companies in your sector have built ML teams.", sourced_peers("high", source=False)),
    ],
)
def unsourced(case: Case) -> Iterable[Found]:
    """A statement about the prospect's peers without a peer entry that has a source."""
    sourced = sourced_by(case)
    for passage, sentence, hit in _statements(case, with_names=True):
        if sourced or sentence.question:
            continue
        quote = passage.words.quote(hit.first, min(hit.last + 5, sentence.last))
        have = "no peers" if not case.prospect.peers else "peers without a source"
        yield at(
            passage,
            (hit.first, min(hit.last + 5, sentence.last)),
            f'"{quote}" speaks for peers, the brief has {have}',
            evidence="/peers",
        )
        return


@rule(
    "gap.too_few",
    failure="gap_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="BLOCK",
    fix="speak of the one peer by name, as a question",
    passes=[
        Example("Your peers have hired for MLOps.", sourced_peers("high", "high")),
        Example("Kinetic Grid has posted two MLOps roles; is that a topic for you?", sourced_peers("high")),
        Example("One of your peers, Kinetic Grid, has posted two MLOps roles.", sourced_peers("high")),
    ],
    fails=[
        Example("Your peers have hired for MLOps.", sourced_peers("high")),
        Example("Other companies in your sector are building ML teams.", sourced_peers("high")),
        Example("Kinetic Grid posted two MLOps roles, so your peers are ahead of you.", sourced_peers("high")),
        Example("Your competitors have moved already: Kinetic Grid posted two MLOps roles.", sourced_peers("high")),
    ],
)
def too_few(case: Case) -> Iterable[Found]:
    """A finding about peers in general that rests on fewer peers than the playbook wants."""
    sourced = sourced_by(case)
    least = case.playbook.policy.min_peers_for_finding
    for passage, sentence, hit in _statements(case):
        if (
            not 0 < len(sourced) < least
            or sentence.question
            or (any(n.peer is not None for n in named(case, passage, sentence)) and not _of_all(passage, hit))
        ):
            continue
        yield at(
            passage, hit,
            f'"{passage.quote(hit)}" speaks for peers in general, the brief has {len(sourced)} with a source and a finding needs {least}',
            evidence="/peers",
        )  # fmt: skip
        return


@rule(
    "gap.confidence",
    failure="gap_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="BLOCK",
    fix="put a medium gap as a question; keep a low one out of a first letter",
    passes=[
        Example("Kinetic Grid and Boreal Freight have hired for MLOps.", sourced_peers("high", "high")),
        Example(
            "Two peers seem to have hired for MLOps; is that something you considered?",
            sourced_peers("medium", "medium"),
        ),
    ],
    fails=[
        Example(
            "Kinetic Grid and Boreal Freight have hired for MLOps, and peers lead.", sourced_peers("medium", "medium")
        ),
        Example("Kinetic Grid published figures on its platform in May, and that puts them ahead.", sourced_peers("medium")),
        Example("Kinetic Grid may have hired for MLOps; did your peers come up?", sourced_peers("low", "low")),
    ],
)
def gap_confidence(case: Case) -> Iterable[Found]:
    """A peer finding put more surely than its confidence allows."""
    for passage, sentence, hit in _statements(case, with_names=True):
        entries = [case.prospect.peers[n.peer] for n in named(case, passage, sentence) if n.peer is not None]
        entries = entries or sourced_by(case)
        sures = {p.confidence or "high" for p in entries}
        if not entries or "high" in sures:
            continue
        low = bool(sures & {"low", "insufficient_signal"}) and "medium" not in sures
        if (low and case.first_contact) or not case.careful(passage, sentence):
            sure = "low" if low else "medium"
            yield at(
                passage, hit,
                f"a peer finding of {sure} confidence is {'in a first letter' if low else 'stated as a fact'}",
                evidence="/peers/0/confidence",
            )  # fmt: skip
            return


def _of_all(passage: Passage, hit: Hit) -> bool:
    """Whether the words right behind say of peers in general what one of them did: "your peers are ahead"."""
    lower = passage.words.lower
    if {"one", "of", "among", "like", "such"} & set(lower[max(0, hit.first - 3) : hit.last]):
        return False
    return lower[hit.last - 1].endswith("s") and bool(_PLURAL_VERBS & set(lower[hit.last : hit.last + 4]))


_PLURAL_VERBS = frozenset("are have do were lead build hire".split())


def _gap(confidence: str) -> dict[str, Any]:
    gap = {"capability": "ML platform", "stack": "ml", "days_open": 75, "confidence": confidence}
    return {"signals": {"capability_gap": gap}}


@rule(
    "gap.capability",
    failure="gap_over_claiming",
    dimension="signal_grounding",
    severity=2,
    decision="PENALISE",
    fix="ask whether the role is still open",
    passes=[
        Example("Your ML platform role has been open for 75 days.", _gap("high")),
        Example("Your ML platform role appears to have been open for 75 days.", _gap("medium")),
        Example("Is the ML platform role still open?", _gap("low")),
        Example("Our engineers know ML platform work.", _gap("medium")),
    ],
    fails=[
        Example("Your ML platform role has been open for 75 days, so the work has no owner.", _gap("medium")),
        Example("Northwind has had no one for ML platform for 75 days.", _gap("low")),
        Example("You have an ML platform gap.", _gap("medium")),
    ],
)
def capability(case: Case) -> Iterable[Found]:
    """A capability gap of medium or low confidence stated as a fact. Low confidence is BLOCK."""
    gap = case.prospect.signals.capability_gap
    sure = case.level(gap)
    if gap is None or sure not in {"medium", "low"} or not gap.capability:
        return
    named = set(plain(gap.capability))
    for sentence in case.body.words.sentences:
        lower = set(case.body.words.lower[sentence.first : sentence.last])
        if not named <= lower or not _SHOWS_A_GAP & (lower - named) or not about_prospect(case, case.body, sentence):
            continue
        put = case.sureness(case.body, sentence)
        open_ended = put.question or put.hedged or put.doubted or (case.careful(case.body, sentence) and not put.denied)
        if open_ended or case.is_ask(case.body, sentence) or (_WE - {"i"}) & lower:
            continue
        yield at(
            case.body, (sentence.first, sentence.last),
            f"states the {gap.capability} gap as a fact, the brief holds it with {sure} confidence",
            evidence="/signals/capability_gap/confidence", decision="BLOCK" if sure == "low" else None,
        )  # fmt: skip
        return


_SHOWS_A_GAP = frozenset("role opening posting position vacancy seat gap search hire nobody no cannot can't without unfilled".split())


def _statements(case: Case, *, with_names: bool = False) -> list[tuple[Passage, Sentence, Hit]]:
    return case.memo(_statements_or_names if with_names else _statements_of_peers)


def _statements_of_peers(case: Case) -> list[tuple[Passage, Sentence, Hit]]:
    return _find_statements(case, with_names=False)


def _statements_or_names(case: Case) -> list[tuple[Passage, Sentence, Hit]]:
    return _find_statements(case, with_names=True)


def _find_statements(case: Case, *, with_names: bool) -> list[tuple[Passage, Sentence, Hit]]:
    """Sentences that say what peers do: a word for peers with a finding close behind it."""
    out = []
    for passage in case.passages:
        for sentence in passage.words.sentences:
            hits = passage.inside("peer_talk", sentence)
            if with_names and not hits:
                hits = [Hit("peer", "", n.first, n.last) for n in named(case, passage, sentence) if n.peer is not None]
            for hit in hits:
                behind = passage.words.lower[hit.last : min(hit.last + 9, sentence.last)]
                before = passage.words.lower[max(sentence.first, hit.first - 5) : hit.first]
                findings = [
                    h
                    for h in passage.inside("peer_finding", sentence)
                    if hit.last - 1 <= h.first <= hit.last + 8
                    or (h.first < hit.first and "gap" in passage.words.lower[h.first])
                    or (with_names and passage.words.lower[h.first] in {"ahead", "behind", "gap", "lead"})
                ]
                if (
                    not findings
                    or _WE & set(behind[:3])
                    or (_WE & set(before) and passage.words.lower[hit.last - 1] in {"yours", "you", "your", "like"})
                ):
                    continue
                if _offer_to_show(passage, sentence):
                    continue
                out.append((passage, sentence, hit))
                break
    return out


def _offer_to_show(passage: Passage, sentence: Sentence) -> bool:
    """An offer to share or compare says nothing yet about anybody."""
    lower = passage.words.lower[sentence.first : sentence.last]
    return bool({"share", "compare", "comparing", "send", "comparison"} & set(lower)) and not {
        "gap",
        "behind",
        "ahead",
    } & set(lower)
