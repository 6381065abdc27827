"""Settings of the property tests, and the fakes that more than one module needs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from rubric import rules as rules_module

settings.register_profile("suite", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

PlugIn = Callable[..., None]


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the store of whoever runs it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in [n for n in os.environ if n.startswith("WINNOW_") and n != "WINNOW_GOLDEN"]:
        monkeypatch.delenv(name)


class FakeEntryPoint:
    """An entry point that hands out an object, or fails the way a broken package does."""

    def __init__(self, name: str, target: Any) -> None:
        self.name = name
        self.value = f"fake:{name}"
        self._target = target

    def load(self) -> Any:
        if isinstance(self._target, Exception):
            raise self._target
        return self._target


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[PlugIn]:
    """Installs objects under `winnow.rules` for the length of one test."""

    def install(**targets: Any) -> None:
        points = [FakeEntryPoint(name, target) for name, target in targets.items()]
        monkeypatch.setattr("importlib.metadata.entry_points", lambda *, group: points if group == "winnow.rules" else [])
        _forget()

    yield install
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    rules_module.all_rules.cache_clear()
    rules_module.chosen.cache_clear()
