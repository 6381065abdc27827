"""What is known of a prospect, signal by signal, with what its confidence allows.

Decides by the rubric's effective confidence, which falls when an observation is old: a signal of
insufficient confidence is left out whole, and a sum of low confidence is left out or marked as the
playbook's funding policy says. A medium or low signal is only asked about or hedged.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from prompts import wording
from prompts.neutral import neutral_list, neutralise
from rubric.case import Case
from rubric.coerce import Confidence
from rubric.prospect import Funding, Hiring, OpenRole, Peer, Signal
from rubric.rules.peers import sourced_by

FACTS, ROOM = 12, 500  # items of a list; characters of a fact, so that what it allows is never cut
_AI = ("no AI work to be seen", "first steps with AI", "AI work under way", "advanced AI work")
Pair = tuple[str, str | None]


def known(case: Case) -> Iterator[Pair]:
    signals = case.prospect.signals
    yield "Funding", _tailed(case, signals.funding, _funding(case, signals.funding))
    yield "Open roles", _tailed(case, signals.hiring, _hiring(case, signals.hiring))
    yield from _events(case)
    yield from _skills(case)
    for fact in neutral_list(signals.facts, 300, FACTS):
        yield "Fact", fact
    yield from _peers(case)


def _tailed(case: Case, signal: Signal | None, said: str | None) -> str | None:
    """The signal with what its confidence allows; None where nothing of it may be used."""
    sure = case.level(signal)
    if sure is None or sure == "insufficient_signal" or not said:
        return None
    return f"{neutralise(said, ROOM)} ({wording.sure(sure)})"


def _funding(case: Case, funding: Funding | None) -> str | None:
    if funding is None:
        return None
    return wording.series([
        wording.stage(funding.stage) if funding.stage else None,
        _sum(funding.amount_usd, case.level(funding), strict=case.playbook.policy.strict_funding),
        "by a strategic investor" if funding.strategic_only else None,
        f"closed {wording.day(funding.closed_on)}" if funding.closed_on else None,
        f"from {' and '.join(funding.investors[:3])}" if funding.investors else None,
    ])  # fmt: skip


def _sum(amount: float | None, sure: Confidence | None, *, strict: bool) -> str | None:
    if amount is None or (sure == "low" and strict):
        return None
    return f"about {wording.money(amount)} (not verified)" if sure == "low" else wording.money(amount)


def _hiring(case: Case, hiring: Hiring | None) -> str | None:
    if hiring is None:
        return None
    count = hiring.open_engineering_roles
    few = count is not None and count < case.playbook.policy.min_roles_for_growth
    moving = hiring.velocity if hiring.velocity not in {None, "insufficient_signal"} else None
    return wording.series([
        f"{count:,}" if count is not None else None,
        f"number {moving}" if moving else None,
        *(_role(role) for role in hiring.roles[:FACTS]),
        "too few for talk of growth" if few else None,
    ])  # fmt: skip


def _role(role: OpenRole) -> str | None:
    name = role.title or role.stack
    return f"{name} open {wording.number(role.days_open, 'day')}" if name and role.days_open is not None else name


def _events(case: Case) -> Iterator[Pair]:
    """Layoffs, restructuring, new leaders."""
    signals = case.prospect.signals
    if layoff := signals.layoff:
        size = f"{layoff.pct:g} percent of staff" if layoff.pct is not None else None
        yield "Layoff", _tailed(case, layoff, wording.series([size, _on(layoff.on)]) or "there was one")
    if change := signals.restructuring:
        yield "Restructuring", _tailed(case, change, _on(change.on) or "there was one")
    if leader := signals.leadership:
        since = f"since {wording.day(leader.started_on)}" if leader.started_on else None
        interim = "interim" if leader.interim else None
        yield "New leader", _tailed(case, leader, wording.series([leader.name, wording.role(leader.role), interim, since]))


def _on(day: date | None) -> str | None:
    return wording.day(day) if day else None


def _skills(case: Case) -> Iterator[Pair]:
    """The gap, the maturity and the technologies."""
    signals = case.prospect.signals
    gap, ai, tech = signals.capability_gap, signals.ai_maturity, signals.tech_stack
    if gap:
        unfilled = f"open {wording.number(gap.days_open, 'day')}" if gap.days_open is not None else None
        parts = [gap.capability, case.playbook.stack_title(gap.stack) if gap.stack else None, unfilled, gap.evidence]
        yield "Capability gap", _tailed(case, gap, wording.series(parts))
    if ai and ai.score is not None:
        yield "AI maturity (never name a level)", _tailed(case, ai, _AI[ai.score])
    if tech and tech.items and case.level(tech) != "insufficient_signal":
        tail = wording.sure("high" if tech.confirmed else "medium")
        yield "Technologies", f"{neutralise(wording.series(neutral_list(tech.items, 60)), ROOM)} ({tail})"


def _peers(case: Case) -> Iterator[Pair]:
    """Peers with a source; a low one stays out of a letter, and few of them prove nothing in general."""
    usable = [p for p in sourced_by(case) if p.name and p.confidence not in {"low", "insufficient_signal"}]
    few = len(usable) < case.playbook.policy.min_peers_for_finding
    for peer in usable[:FACTS]:
        yield "Peer", _peer(peer, few=few)


def _peer(peer: Peer, *, few: bool) -> str:
    said = neutralise(f"{peer.name}: {peer.practice}" if peer.practice else f"{peer.name}", 300)
    allowed = wording.sure(peer.confidence or "high", statable=not few)
    return f"{said} ({allowed})"


__all__ = ["known"]
