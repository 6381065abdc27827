"""Peers, gaps and customers: who is named, by which source, and how it is put."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from rubric.case import Case, Passage
from rubric.phrases import Hit
from rubric.prospect import Peer
from rubric.rules import Example, Found, at, at_chars, rule
from rubric.segments import regions_of
from rubric.words import Sentence, plain

_PLACEHOLDER = re.compile(
    r"\b(?:[Ss]tart-?up|[Cc]ompany|[Cc]ompetitor|[Pp]eer|[Cc]lient|[Ff]irm|[Cc]orp|[Cc]omp|[Vv]endor|[Bb]rand|[Cc]ustomer|Co|Org)[ _\-]?(?:[A-Z]|[1-9])\b(?![a-z'])"
    r"|\b[A-Z][a-z]*(?:Co|Corp|Tech|Startup|Company|Soft|Inc)(?:[A-Z]|\d)\b"
    r"|\b(?:Acme|Foo(?:bar)?|Example (?:Co|Corp|Inc)|Contoso|Widgets? Inc|XYZ|ABC)(?: (?:Corp|Inc|Co|Ltd))?\b"
)
# Companies whose name opens a sentence as a plain word.
_ALSO_WORDS = frozenset("wave square ramp league tide alan tier clip wise epic maple carbon mercury".split())
_SERIES = re.compile(
    r"(?:[A-Z][\w.&\-]+(?: [A-Z][\w.&\-]+)?, ){1,5}[A-Z][\w.&\-]+(?: [A-Z][\w.&\-]+)?,? (?:and|or) [A-Z][\w.&\-]+(?: [A-Z][\w.&\-]+)?"
)
_WE = frozenset({"we", "our", "we've", "we'll", "i", "i've"})


def sourced_peers(*confidences: str, source: bool = True) -> dict[str, Any]:
    names = ("Kinetic Grid", "Boreal Freight", "Lumen Cargo")
    return {
        "company": {"industry": "logistics software", "hq": "Germany"},
        "peers": [
            {
                "name": n,
                "practice": "posted two MLOps roles",
                "source_url": "https://peer.example/jobs" if source else None,
                "confidence": c,
            }
            for n, c in zip(names, confidences, strict=False)
        ],
    }


class Named(NamedTuple):
    """A company that the letter names beside the reader's."""

    name: str
    first: int
    last: int
    peer: int | None


def named(case: Case, passage: Passage, sentence: Sentence) -> list[Named]:
    """The peers of the brief and the known companies that a sentence names."""
    if not case.prospect.peers and not passage.has("known_company", sentence):
        return []
    out = []
    lower = passage.words.lower
    for n, (peer, words) in enumerate(zip(case.prospect.peers, case.memo(_peer_words), strict=True)):
        if not words or words[0] not in lower[sentence.first : sentence.last]:
            continue
        for first in range(sentence.first, sentence.last - len(words) + 1 if words else sentence.first):
            if lower[first : first + len(words)] == words:
                out.append(Named(peer.name or "", first, first + len(words), n))
    own = case.prospect.company.name.lower()
    for hit in passage.inside("known_company", sentence):
        if passage.words.is_capitalised(hit.first) and not any(o.first <= hit.first < o.last for o in out):
            quote = passage.quote(hit)
            if quote.lower() not in own and (
                hit.first > sentence.first or hit.last - hit.first > 1 or quote.lower() not in _ALSO_WORDS
            ):
                out.append(Named(quote, hit.first, hit.last, None))
    return out


def _peer_words(case: Case) -> list[list[str]]:
    return [plain(peer.name or "") for peer in case.prospect.peers]


def sourced_by(case: Case) -> list[Peer]:
    """The peers that the brief gives a source for."""
    return [peer for peer in case.prospect.peers if peer.source_url]


@rule(
    "peers.placeholder",
    failure="generic_peers",
    dimension="signal_grounding",
    severity=3,
    decision="PENALISE",
    fix="name the peers of the brief, or none",
    passes=[
        Example("Kinetic Grid posted two MLOps roles.", sourced_peers("high")),
        Example("Plan B is a call in May."),
        Example("Reading about your company I found two roles."),
    ],
    fails=[Example("Companies like StartupX and StartupY do this."), Example("Competitor X has no such team.")],
)
def placeholder(case: Case) -> Iterable[Found]:
    """A company name that only stands for one."""
    for passage in case.passages:
        for match in _PLACEHOLDER.finditer(passage.words.text):
            if match.group().lower() in case.prospect.company.name.lower():
                continue
            if match.group().lower().startswith(("series", "co ")) or _i_myself(passage, match):
                continue
            yield at_chars(
                passage,
                match.start(),
                match.end(),
                f'"{match.group()}" looks like a placeholder and not like a company',
            )
            return


def _i_myself(passage: Passage, match: re.Match[str]) -> bool:
    """Whether the letter is the writer: "reading about your company I found"."""
    return match.group().endswith(" I") and match.group()[0].islower() and passage.words.text[match.end() + 1 : match.end() + 2].islower()


@rule(
    "peers.foreign",
    failure="generic_peers",
    dimension="signal_grounding",
    severity=3,
    decision="PENALISE",
    fix="name peers of the prospect's own place and trade, with a source",
    passes=[
        Example(
            "Companies like Paystack work so.",
            {"company": {"hq": "Lagos", "industry": "fintech"}, "peers": [{"name": "Paystack"}]},
        ),
        Example("Your Slack integration is neat.", {"company": {"hq": "Lagos"}}),
    ],
    fails=[
        Example("Companies like Monzo and Revolut work so.", {"company": {"hq": "Lagos", "industry": "e-commerce"}}),
        Example(
            "Peers such as Monzo do this.",
            {"company": {"hq": "London", "industry": "developer tools"}, "peers": [{"name": "Monzo"}]},
        ),
    ],
)
def foreign(case: Case) -> Iterable[Found]:
    """A peer of another place or another trade than the prospect's."""
    places = regions_of(case.prospect.company.hq, case.playbook)
    trades = _trades(case.prospect.company.industry, case)
    for passage, _, name in _peer_names(case):
        group = case.playbook.companies.get(name.name.lower())
        if group is None or (name.peer is not None and case.prospect.peers[name.peer].source_url):
            continue
        why = []
        if places and group.region not in places:
            why.append(f"is of {group.region.replace('_', ' ')}, the prospect of {case.prospect.company.hq}")
        if trades and group.trade not in trades:
            why.append(f"is in {group.trade}, the prospect in {case.prospect.company.industry}")
        if why:
            yield at(passage, (name.first, name.last), f"{name.name} {' and '.join(why)}", evidence="/company")
            return


@rule(
    "peers.unknown",
    failure="generic_peers",
    dimension="signal_grounding",
    severity=3,
    decision="PENALISE",
    fix="name only peers that the brief lists with a source",
    passes=[
        Example("Kinetic Grid and other peers hire for MLOps; is that a topic?", sourced_peers("high")),
        Example("We work in Addis Ababa."),
        Example("Your peers like Go."),
    ],
    fails=[
        Example("Companies like Shippo and Flexport already do this."),
        Example("Peers such as Norvik Freight work in the same way."),
        Example("Your competitor Monzo just launched a redesign.", sourced_peers("high")),
    ],
)
def unknown(case: Case) -> Iterable[Found]:
    """A company named as a peer that the brief does not list."""
    for passage, _, name in _peer_names(case):
        if name.peer is None and not _in_brief(case, name.name):
            yield at(
                passage,
                (name.first, name.last),
                f"{name.name} is named as a peer, the brief does not list it",
                evidence="/peers",
            )
            return


def _series(case: Case, passage: Passage, sentence: Sentence) -> Iterator[Named]:
    """Three or more names in a row, "A, B and C", none of them a skill, a place or a word of the brief."""
    text = passage.quote(sentence)
    match = _SERIES.search(text) if "," in text and (" and " in text or " or " in text) else None
    if match is None:
        return
    names = [n.strip() for n in re.split(r",| and | or ", match.group()) if n.strip()]
    known = case.memo(_own_words)
    if len(names) < 3 or any(plain(n)[0] in known or regions_of(n, case.playbook) for n in names):
        return
    first = passage.words.at(sentence.start + match.start())
    yield Named(names[0], first, first + len(plain(names[0])), None)


def _own_words(case: Case) -> frozenset[str]:
    skills = {w for words in case.playbook.stacks.values() for phrase in words for w in plain(phrase)}
    return frozenset(skills | {w for t in case.playbook.technologies for w in plain(t)} | case.brief.words.keys())


def _in_brief(case: Case, name: str) -> bool:
    low = name.lower()
    return any(low in text.lower() for _, text in case.brief.texts)


def _peer_names(case: Case) -> list[tuple[Passage, Sentence, Named]]:
    return case.memo(_all_peer_names)


def _all_peer_names(case: Case) -> list[tuple[Passage, Sentence, Named]]:
    return list(_each_peer_name(case))


def _each_peer_name(case: Case) -> Iterator[tuple[Passage, Sentence, Named]]:
    """Companies named where the sentence speaks of peers, clients or competitors."""
    for passage in case.passages:
        for sentence in passage.words.sentences:
            hits = [*passage.inside("peer_talk", sentence), *passage.inside("customers", sentence)]
            names = named(case, passage, sentence)
            if not hits and len(names) < 2:
                for name in _series(case, passage, sentence):
                    yield passage, sentence, name
                continue
            for name in names:
                yield passage, sentence, name
            for hit in hits:
                taken = {n.first for n in names}
                for name in _listed(case, passage, sentence, hit):
                    if name.first not in taken:
                        yield passage, sentence, name


def _listed(case: Case, passage: Passage, sentence: Sentence, hit: Hit) -> Iterator[Named]:
    """Capitalised names right behind "companies like", "competitor", "peers such as"."""
    word, after = hit.last, passage.words.lower[hit.last : hit.last + 2]
    if after == ["such", "as"]:
        word += 2
    elif passage.words.lower[hit.last - 1] not in {"like", "such", "including", "competitor", "rival", "peer", "as"}:
        return
    own = set(plain(case.prospect.company.name)) | {w for n in case.playbook.seller.names for w in n.lower().split()}
    while word < sentence.last:
        low = passage.words.lower[word]
        if passage.words.is_capitalised(word) and low not in own | {
            "i",
            "series",
            "seed",
            "ai",
            "ml",
            "saas",
            "b2b",
            "uk",
            "us",
            "eu",
        }:
            last = word + 1
            while (
                last < sentence.last
                and passage.words.is_capitalised(last)
                and passage.words.text[passage.words.ends[last - 1] : passage.words.starts[last]] == " "
            ):
                last += 1
            yield Named(passage.words.quote(word, last), word, last, None)
            word = last
        elif low in {"and", "or", "as"}:
            word += 1
        else:
            return


def _trades(industry: str | None, case: Case) -> frozenset[str]:
    if not industry:
        return frozenset()
    low = f" {re.sub(r'[^a-z0-9]+', ' ', industry.lower())} "
    return frozenset(t for t, words in case.playbook.trade_words.items() if any(w in low for w in words))


@rule(
    "peers.customers",
    failure="format_violation",
    dimension="signal_grounding",
    severity=1,
    decision="BLOCK",
    fix="name no customers; offer references through a person",
    passes=[
        Example("We place engineering teams with software companies."),
        Example("Kinetic Grid has posted two MLOps roles.", sourced_peers("high")),
    ],
    fails=[
        Example("Companies like Stripe trust Tenacious."),
        Example("We've placed engineers at Shopify and Spotify."),
    ],
)
def customers(case: Case) -> Iterable[Found]:
    """A named customer or reference; the playbook holds none that may be named. A generated peer is PENALISE."""
    for passage in case.passages:
        for sentence in passage.words.sentences:
            for hit in passage.inside("customers", sentence):
                names = [n for n in named(case, passage, sentence) if n.first >= hit.first - 6]
                if not _claims_custom(case, passage, sentence, hit) or not names:
                    continue
                given = all(n.peer is not None for n in names)
                yield at(
                    passage, (names[0].first, names[0].last),
                    f'"{passage.quote(hit)}" presents {names[0].name} as a customer, which nothing supports',
                    decision="PENALISE" if given else None, failure="generic_peers" if given else None,
                )  # fmt: skip
                return


def _claims_custom(case: Case, passage: Passage, sentence: Sentence, hit: Hit) -> bool:
    words = set(passage.words.lower[sentence.first : sentence.last])
    seller = {w.lower() for w in case.playbook.seller.short_names} | _WE | {"us"}
    return bool(words & seller) and not sentence.question
