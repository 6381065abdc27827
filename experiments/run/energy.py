"""Energy that the machine's own counters tell, and null where it has none that may be read.

Decides for the counters of whole processor packages, which count every program that runs meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path("/sys/class/powercap")


class Counter(NamedTuple):
    path: Path
    wraps_at: int


def counters(root: Path = ROOT) -> tuple[Counter, ...]:
    """The packages whose counter can be read."""
    found = []
    for place in sorted(root.glob("intel-rapl:*")):
        value, most = _number(place / "energy_uj"), _number(place / "max_energy_range_uj")
        if place.name.count(":") == 1 and value is not None and most:
            found.append(Counter(place / "energy_uj", most))
    return tuple(found)


def metered(root: Path = ROOT) -> Callable[[], float | None]:
    """A meter: each call gives the joules since this one."""
    known = counters(root)
    before = [_number(one.path) for one in known]

    def since() -> float | None:
        after = [_number(one.path) for one in known]
        spent = [(b - a) % one.wraps_at for one, a, b in zip(known, before, after, strict=True) if a is not None and b is not None]
        return round(sum(spent) / 1e6, 6) if spent else None

    return since


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return None


__all__ = ["Counter", "counters", "metered"]
