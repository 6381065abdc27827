"""The parts that a run works with, opened once from the config and shared by all prospects.

Everything that can be wrong with the configuration is found here, before the first prospect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from agent.backbones import Backbone, open_backbone
from agent.config import Config
from agent.receipt import Document
from critic.ranking import RANKERS, Ranker
from prompts import Prompts
from rubric import Playbook, load_playbook
from rubric.errors import ConfigError, ModelError
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
    adapter: Document | None = None


def open_parts(config: Config, *, backbone: Backbone | None = None, suppressed: Suppressed = nobody) -> Parts:
    chosen(frozenset(config.without))
    playbook = load_playbook(config.playbook, config.capacity)
    prompts = Prompts(config.templates)
    ranker = RANKERS[config.ranker]()
    if config.adapter is not None and not ranker.uses_adapter:
        raise ConfigError(f"'adapter' is set and the ranker {ranker.name!r} uses none; leave it out, or set another 'ranker'")
    adapter = _adapter(config)
    return Parts(config, playbook, prompts, backbone or open_backbone(config.backbone), ranker, suppressed, adapter)


def _adapter(config: Config) -> Document | None:
    """The adapter in use; on a server it is the name that the server knows it by."""
    if config.adapter is None:
        return None
    return Document(name=config.adapter, hash=config.adapter) if config.backbone.kind == "openai" else _document(config.adapter)


def _document(path: str) -> Document:
    """The name and hash of an adapter: of a file, or of all files of a folder."""
    import hashlib

    root = Path(path)
    files = sorted(p for p in root.rglob("*") if p.is_file()) if root.is_dir() else [root]
    digest = hashlib.sha256()
    try:
        for file in files:
            digest.update(file.read_bytes())
    except OSError as error:
        raise ModelError(f"the adapter {path!r} cannot be read: {error.strerror}; give the path of a LoRA adapter") from None
    return Document(name=path, hash=digest.hexdigest()[:16])


__all__ = ["Parts", "Suppressed", "nobody", "open_parts"]
