"""The parts that a run works with, opened once from the config and shared by all prospects.

Everything that can be wrong with the configuration is found here, before the first prospect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from agent.backbones import Backbone, open_backbone
from agent.config import Config
from agent.critics import NOBODY, Critics, open_critics, ranker_of, refuse_unfit
from agent.receipt import Document
from critic.monitor import Monitor
from critic.ranking import Ranker
from prompts import Prompts
from rubric import Playbook, load_playbook
from rubric.rules import chosen


class Listed(NamedTuple):
    """Why somebody may not be written to; of a `forgotten` person nothing else may be kept."""

    reason: str
    forgotten: bool = False


Suppressed = Callable[[str | None, str | None], Listed | None]


def nobody(_address: str | None, _domain: str | None) -> Listed | None:
    """The suppression list of a run without a store."""
    return None


@dataclass(frozen=True)
class Parts:
    """`suppressed` says why the addresses in a text, or a domain, may not be written to, or None."""

    config: Config
    playbook: Playbook
    prompts: Prompts
    backbone: Backbone
    ranker: Ranker
    suppressed: Suppressed = nobody
    critics: Critics = NOBODY
    monitor: Monitor | None = None

    @property
    def adapter(self) -> Document | None:
        """The adapter that ranks, as a receipt names it."""
        return self.critics.rank.document if self.critics.rank else None


def open_parts(
    config: Config, *, backbone: Backbone | None = None, suppressed: Suppressed = nobody, monitors: Callable[[str], Monitor] | None = None
) -> Parts:
    """`monitors` gives the switch of the adapters that go by a name."""
    chosen(frozenset(config.without))
    playbook = load_playbook(config.playbook, config.capacity)
    prompts = Prompts(config.templates)
    critics = open_critics(config)
    monitor = monitors(critics.name) if monitors and critics.name else None
    opened = backbone or open_backbone(config.backbone)
    try:
        if critics.name and not (monitor and monitor.tripped()):
            refuse_unfit(config, critics, opened)
    except BaseException:
        if backbone is None:
            opened.close()
        raise
    return Parts(config, playbook, prompts, opened, ranker_of(config, critics), suppressed, critics, monitor)


__all__ = ["Parts", "Suppressed", "nobody", "open_parts"]
