"""The agent's room: the graph that drafts, its backbones, store and exports.

    from agent import Agent, draft

    draft({"company": {"name": "Northwind Robotics"}}, backbone="llama:model.gguf").outcome

Importing it loads nothing heavy; the names above are looked up when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent.config import Config
    from agent.drafting import Agent, draft
    from agent.result import Draft

__version__ = "0.2.0"
_PLACES = {"Agent": "agent.drafting", "draft": "agent.drafting", "Draft": "agent.result", "Config": "agent.config"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'agent' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)


__all__ = ["Agent", "Config", "Draft", "draft"]
