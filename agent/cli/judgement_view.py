"""The card of a judge as a person reads it. Decides layout only."""

from __future__ import annotations

from collections.abc import Iterator
from math import log

from critic.estimates import Estimate
from critic.judgement import FEW, Judgement, Wording
from rubric.playbook import DECISIONS

_BLIND = log(len(DECISIONS))


def judgement_lines(found: Judgement, adapter: str) -> list[str]:
    """The card, a line for each figure."""
    return list(_card(found, adapter))


def _card(found: Judgement, adapter: str) -> Iterator[str]:
    yield f"judge {adapter}"
    for name, part in (("seen", found.seen), ("unseen", found.unseen)):
        if part is None:
            yield f"{name} wording: not measured"
        else:
            yield f"{name} wording: {part.cases} cases"
            yield from _wording(part)
    yield f"calibrated on {found.calibrated_on} cases" if found.calibrated_on else "not calibrated"
    if found.skipped:
        yield f"{found.skipped} passed over: longer than the model's context"
    yield _verdict(found)


def _wording(part: Wording) -> Iterator[str]:
    yield "  balanced accuracy over letters to be stopped and to pass, by what judges"
    yield from (f"    {name:<26} {found}" for name, found in part.balanced.items())
    rows = (
        ("stopped, of what must be", part.stopped), ("passed, of what may", part.passed), ("rightly, of what it stopped", part.rightly_stopped),
        ("rightly, of what it passed", part.rightly_passed), ("right one of five labels", part.exact),
    )  # fmt: skip
    yield from (f"  {name:<28} {found}" for name, found in rows)
    yield f"  {'log-loss':<28} {part.log_loss:.4f} (five equal shares: {_BLIND:.4f})"
    for title, found in (("share stopped of what must be", part.failures), ("share stopped of what may pass, penalised", part.penalised)):
        if found:
            yield f"  {title}, by failure"
            yield from (f"    {name:<26} {_counted(one)}" for name, one in found.items())


def _counted(found: Estimate) -> str:
    return str(found) if found.value is not None else f"{found.count} cases, fewer than {FEW}"


def _verdict(found: Judgement) -> str:
    if found.refusal:
        return f"unfit: {found.refusal}"
    if found.shown:
        return "fit: it changes scores, and is better than always stopping or always passing"
    return f"not known: with fewer than {FEW} letters to be stopped or to pass, or of one company, there is no interval"


__all__ = ["judgement_lines"]
