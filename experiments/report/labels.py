"""Where the names of dots go, so that none lies on another.

Decides by cost: a name on a name, on a dot or over the edge is refused, one on an interval's line or beside another dot is
avoided, and of what is left the nearest place is taken. A name that finds no place is left out, and the legend has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

_HEIGHT, _LETTER = 14.0, 6.7  # of a name at 12 px; a little more than what system fonts need
_LINE_COST, _OTHER_COST = 30.0, 60.0
_NEAR = 14.0  # a name this close to another dot would be taken for its name
_STEPS = (12.0, 22.0, 34.0, 48.0, 64.0, 84.0)


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom

    def within(self, other: Box) -> bool:
        return self.left >= other.left and self.right <= other.right and self.top >= other.top and self.bottom <= other.bottom


class Spot(NamedTuple):
    """A dot in the picture with the name it wants."""

    name: str
    x: float
    y: float


class Label(NamedTuple):
    name: str
    box: Box
    led: bool  # so far away that a line leads to it


def placed(spots: Sequence[Spot], lines: Sequence[Box], frame: Box) -> list[Label]:
    """A place for each name that finds one; the most crowded dots choose first."""
    dots, found = [Box(spot.x - 7, spot.y - 7, spot.x + 7, spot.y + 7) for spot in spots], list[Label]()
    for spot in sorted(spots, key=lambda one: (-_crowd(one, spots), one.x)):
        taken = [*dots, *(label.box for label in found)]
        free = [(cost + _crossed(box, lines) + _mistaken(box, [dot for dot, one in zip(dots, spots, strict=True) if one is not spot]), n, box, led) for n, (cost, box, led) in enumerate(_places(spot)) if box.within(frame) and not any(box.meets(one) for one in taken)]
        if free:
            _, _, box, led = min(free)
            found.append(Label(spot.name, box, led))
    return found


def _crowd(spot: Spot, spots: Sequence[Spot]) -> int:
    return sum(abs(spot.x - other.x) < 90 and abs(spot.y - other.y) < 30 for other in spots)


def _places(spot: Spot) -> Iterator[tuple[float, Box, bool]]:
    """Places around a dot, the nearest first, with what each costs."""
    width = len(spot.name) * _LETTER
    for far in _STEPS:
        for across, down in ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1)):
            x, y = spot.x + across * far, spot.y + down * far
            left = x if across > 0 else x - width if across < 0 else x - width / 2
            yield far + 4 * abs(down), Box(left, y - _HEIGHT / 2, left + width, y + _HEIGHT / 2), far > _STEPS[1]


def _crossed(box: Box, lines: Sequence[Box]) -> float:
    return _LINE_COST * sum(box.meets(line) for line in lines)


def _mistaken(box: Box, dots: Sequence[Box]) -> float:
    wide = Box(box.left - _NEAR, box.top - _NEAR / 2, box.right + _NEAR, box.bottom + _NEAR / 2)
    return _OTHER_COST * sum(wide.meets(dot) for dot in dots)


__all__ = ["Box", "Label", "Spot", "placed"]
