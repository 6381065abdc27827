"""Which store a command opens: the one of `--store`, or that of the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from agent.settings import load_config

if TYPE_CHECKING:
    from agent.store import Store

StorePlace = Annotated[str | None, Option("--store", metavar="FILE|URL", help="SQLite file or postgresql:// URL of the store.")]
ConfigFile = Annotated[str | None, Option("--config", metavar="FILE", help="YAML file of settings; WINNOW_CONFIG names one too.")]


def open_store(place: str | None, config: str | None) -> Store:
    """The store in force; opening it makes it where there is none."""
    from agent.store import Store

    return Store(load_config({"store": place} if place else {}, config).store)


__all__ = ["ConfigFile", "StorePlace", "open_store"]
