"""How a run is stopped: behind a whole step, for half of one cannot be continued; a second Ctrl-C ends it at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupted() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.getsignal(signal.SIGINT)

    def note(*_: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def alone() -> None:
    """For a process beside the run: only the run itself hears Ctrl-C, and it has the cores."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(5)


__all__ = ["alone", "interrupted"]
