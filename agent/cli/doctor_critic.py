"""What `winnow doctor` says of the critic that the settings name: its files, its health, its switch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from agent.cli.checks import Check
from agent.config import Config
from critic.adapter_card import CriticFile
from critic.monitor import DAYS_BETWEEN_SPOT_CHECKS, Rates
from rubric.errors import WinnowError


def examine_critic(config: Config) -> Iterator[Check]:
    from agent.critics import open_critics, worn

    try:
        critics = open_critics(config)
    except WinnowError as error:
        yield Check("critic", "broken", str(error), "mend 'ranker', 'adapter' or 'judge'")
        return
    if critics.name is None:
        yield Check("critic", "ok", f"none; pools are ordered by {config.ranker}")
        return
    for one in filter(None, critics):
        read = worn(config, one)
        yield Check("critic", "ok", f"{one.document.name}, hash {one.document.hash}, task {one.file.task}, reward {read.reward}, threshold {_shown(read.threshold)}")
        if (found := one.file.measured) is None:
            files = "--pairs FILE" if one.file.task == "verdict" else "--pairs FILE --pools FILE"
            yield Check("critic's health", "note", "not measured", f"winnow critic card {one.document.name} {files} --write")
        else:
            yield Check("critic's health", "broken" if found.refusal and not config.critic_unchecked else "ok", found.refusal or _worth(one.file), found.refusal and "train another adapter")
    yield from _switch(config, critics.name)


def _switch(config: Config, name: str) -> Iterator[Check]:
    """The monitor's word; a store that is not there yet has seen nothing."""
    if "://" not in config.store and not Path(config.store).exists():
        yield Check("critic's switch", "ok", "on; nothing was seen of it yet")
        return
    from agent.store import Store
    from agent.store_monitor import MonitorTable
    from critic.monitor import Monitor

    try:
        with Store(config.store) as store:
            monitor = Monitor(MonitorTable(store), name)
            trip, rates, now = monitor.tripped(), monitor.rates(), store.now()
    except WinnowError:
        return  # the store has a check of its own
    if trip:
        yield Check("critic's switch", "note", f"OFF since {trip.at}, the rules alone decide: {trip.reason}", "find the cause, then winnow critic monitor reset --reason TEXT")
    else:
        yield Check("critic's switch", "ok", f"on; {rates.prospects} prospects, {rates.reviewed} reviews and {rates.calls} calls seen")
    if rates.calls and _is_due(rates, now):
        yield Check("spot-check", "note", f"the last one was {rates.spot_check or 'never'}", "winnow critic monitor spot-check PAIRS")


def _is_due(rates: Rates, now: str) -> bool:
    if rates.spot_check is None:
        return True
    return (datetime.fromisoformat(now) - datetime.fromisoformat(rates.spot_check)).days >= DAYS_BETWEEN_SPOT_CHECKS


def _worth(file: CriticFile) -> str:
    """What a card that does not speak against an adapter says for it."""
    if file.judgement is None or file.task == "rank":
        return "it changes scores and beats chance"
    return "it beats always stopping" if file.judgement.shown else "measured on too few cases to say"


def _shown(threshold: float | None) -> str:
    return "none" if threshold is None else f"{threshold:.4f}"


__all__ = ["examine_critic"]
