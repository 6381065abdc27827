"""What local backbones measure: the cost of one call while it runs, and the cores it may use."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from critic.candidate import Cost


class Meter:
    """Counts what a call does; `passes` gives a running number of forward passes where one is kept."""

    def __init__(self, passes: Callable[[], int] = lambda: 0) -> None:
        self._running, self._before = passes, passes()
        self.computed = self.reused = self.decoded = self.scored = self.passes = 0
        self._seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - began

    def cost(self) -> Cost:
        return Cost(
            prompt_computed=self.computed, prompt_reused=self.reused, decoded=self.decoded, scored=self.scored,
            passes=self.passes + self._running() - self._before, seconds=self._seconds,
        )  # fmt: skip


def cores() -> int:
    """The processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


__all__ = ["Meter", "cores"]
