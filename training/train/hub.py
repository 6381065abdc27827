"""A finished adapter's folder to a hub, where that is asked for.

Decides which files leave: those of the adapter, never pairs, checkpoints or metrics of other seeds. Refuses a
folder that is not done. The token is the hub client's own affair and is never in a config.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rubric.errors import ConfigError, MissingExtra, ServerError
from training.train.config import Push
from training.train.job import CARD, CRITIC, GGUF, METRICS, WEIGHTS

FILES = ("adapter_config.json", WEIGHTS, GGUF, CRITIC, CARD, METRICS)


def push(folder: Path, into: Push, api: Any = None) -> str:
    """Uploads one folder; returns where it is."""
    if not (folder / CRITIC).exists():
        raise ConfigError(f"{folder} holds no finished adapter; let the training end first")
    api = api or _api()
    try:
        made = api.create_repo(into.repo, private=into.private, exist_ok=True)
        api.upload_folder(repo_id=into.repo, folder_path=str(folder), allow_patterns=list(FILES), commit_message="Add the adapter")
    except Exception as error:  # noqa: BLE001  the hub's client raises errors of several libraries
        reason = " ".join(str(error).split())[:200]
        raise ServerError(f"{folder} cannot be pushed to {into.repo}: {type(error).__name__}: {reason}; log in with `hf auth login`, and give the same command again") from None
    return str(made)


def _api() -> Any:
    try:
        from huggingface_hub import HfApi
    except ImportError:
        raise MissingExtra("train", "a push to a hub") from None
    return HfApi()


__all__ = ["FILES", "push"]
