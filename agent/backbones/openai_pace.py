"""The pace of requests: how many at once, and how long between two tries.

Decides nothing about what failed. Refuses to wait by the clock in a test: time and chance come in one value.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import NamedTuple, TypeVar

from rubric.errors import WinnowError

T = TypeVar("T")
AT_ONCE = 8
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Pause(NamedTuple):
    """Everything that depends on time or chance, so that a test can hold it."""

    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = random.uniform
    now: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic


def together(jobs: Sequence[Callable[[], T]]) -> list[T | WinnowError]:
    """What each job gave, or the error that ended it, in the order of the jobs.

    The threads are daemons: Ctrl-C does not wait for a server that is silent.
    """
    outcomes: dict[int, T | WinnowError | Exception] = {}
    waiting = iter(enumerate(jobs))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                number, job = next(waiting, (-1, None))
            if job is None:
                return
            try:
                outcomes[number] = job()
            except Exception as error:  # noqa: BLE001  raised again where it is awaited
                outcomes[number] = error

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(AT_ONCE, len(jobs)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [_known(outcomes[number]) for number in range(len(jobs))]


def _known(outcome: T | WinnowError | Exception) -> T | WinnowError:
    if isinstance(outcome, Exception) and not isinstance(outcome, WinnowError):
        raise outcome
    return outcome


def asked_wait(headers: Mapping[str, str], now: float) -> float:
    """Seconds that the server asks for: Retry-After, else the reset of a limit that is used up."""
    if (given := headers.get("retry-after")) is not None:
        return _seconds(given, now)
    waits = [0.0]
    for what in ("requests", "tokens"):
        if headers.get(f"x-ratelimit-remaining-{what}", "0").strip() == "0":
            waits.append(_seconds(headers.get(f"x-ratelimit-reset-{what}", ""), now))
    return max(waits)


def _seconds(text: str, now: float) -> float:
    """Reads `7`, `1m30s`, `20ms`, a moment in seconds since 1970, or an HTTP date; 0 for anything else."""
    text = text.strip().lower()
    if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
        value = float(text)
        return max(0.0, value - now) if value > 1e9 else value
    if parts := _PART.findall(text):
        return float(sum(float(n) * _UNITS[unit] for n, unit in parts))
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return 0.0


__all__ = ["AT_ONCE", "Pause", "asked_wait", "together"]
