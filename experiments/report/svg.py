"""Pictures as SVG: a plot of quality against cost, a bar for a difference, a mark for a legend.

Decides that colour and shape of a condition are the same everywhere, that shapes differ where colours are told apart
badly, and that every picture says in words what it shows. Colours come from the page, so that both themes have theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from experiments.report.axis import Axis, axis, short
from experiments.report.labels import Box, Label, Spot, placed
from experiments.report.pareto import COSTS, QUALITIES, Dot, Plot
from experiments.report.tables import Estimate

WIDTH, HEIGHT = 760.0, 460.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 18.0, 16.0, 48.0
_HEADROOM = 36.0  # for names above dots at the top
COLOURS = 7
# Around 0,0; a shape and a colour come round after 8 and 7 conditions, so that 56 differ.
SHAPES = (
    "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0 -11 0z", "M-5 -5h10v10h-10z", "M0 -6.5L6 5H-6z", "M0 -7L6.5 0L0 7L-6.5 0z", "M0 6.5L6 -5H-6z",
    "M-2 -6.5h4v4.5h4.5v4h-4.5v4.5h-4v-4.5h-4.5v-4h4.5z", "M0 -7L1.8 -2.2L6.7 -2.2L2.8 1L4.1 5.9L0 3L-4.1 5.9L-2.8 1L-6.7 -2.2L-1.8 -2.2z", "M-6 0L-3 -5.5H3L6 0L3 5.5H-3z",
)  # fmt: skip


class Frame(NamedTuple):
    x: Axis
    y: Axis


def mark(index: int, x: float = 0.0, y: float = 0.0, *, hollow: bool = False) -> str:
    """The sign of a condition."""
    kind = f"mark c{index % COLOURS}{' hollow' if hollow else ''}"
    return f'<path class="{kind}" d="{SHAPES[index % len(SHAPES)]}" transform="translate({x:.1f} {y:.1f})"/>'


def legend_mark(index: int, *, hollow: bool = False) -> str:
    return f'<svg class="key" viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">{mark(index, hollow=hollow)}</svg>'


def plot_svg(plot: Plot, name: str) -> str:
    """One plot, whole: `name` is what its title and description are called on the page."""
    frame = _frame(plot)
    title = f"{QUALITIES[plot.quality]} against {COSTS[plot.cost]}"
    parts = [
        f'<svg class="plot" role="img" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" aria-labelledby="{name}-t {name}-d">',
        f'<title id="{name}-t">{escape(title.capitalize())}</title><desc id="{name}-d">{escape(_described(plot))}</desc>',
        *_grid(plot, frame), _line(plot, frame), *(_bars(dot, frame) for dot in plot.dots), *(_dot(dot, frame) for dot in plot.dots), *_names(plot, frame), "</svg>",
    ]  # fmt: skip
    return "".join(parts)


def _frame(plot: Plot) -> Frame:
    costs = [edge for dot in plot.dots for edge in _edges(dot.cost)]
    qualities = [edge for dot in plot.dots for edge in _edges(dot.quality)]
    x = axis(costs, _LEFT + 8, WIDTH - _RIGHT - 8, may_be_logarithmic=True)
    return Frame(x, axis(qualities, HEIGHT - _BOTTOM, _TOP + _HEADROOM, most=1.0))


def _edges(found: Estimate) -> list[float]:
    return [one for one in (found.value, found.low, found.high) if one is not None]


def _described(plot: Plot) -> str:
    return "; ".join(f"{dot.name}: {dot.quality} at {short(dot.cost.value or 0.0)}, {dot.standing}" for dot in plot.dots)


def _grid(plot: Plot, frame: Frame) -> Iterator[str]:
    foot = HEIGHT - _BOTTOM
    for value in frame.y.ticks:
        y = frame.y.at(value)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}"/><text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>'
    for value in frame.x.ticks:
        x = frame.x.at(value)
        yield f'<path class="grid" d="M{x:.1f} {_TOP}V{foot}"/><text class="tick" x="{x:.1f}" y="{foot + 18}" text-anchor="middle">{short(value)}</text>'
    scale = ", logarithmic" if frame.x.logarithmic else ""
    yield f'<text class="name" x="{(_LEFT + WIDTH - _RIGHT) / 2:.0f}" y="{HEIGHT - 8:.0f}" text-anchor="middle">{COSTS[plot.cost]}{scale}</text>'
    yield f'<text class="name" transform="translate(16 {(_TOP + foot) / 2:.0f}) rotate(-90)" text-anchor="middle">{QUALITIES[plot.quality]}</text>'


def _line(plot: Plot, frame: Frame) -> str:
    points = " ".join(f"{frame.x.at(dot.cost.value or 0.0):.1f},{frame.y.at(dot.quality.value or 0.0):.1f}" for dot in plot.front)
    return f'<polyline class="front" points="{points}"/>' if len(plot.front) > 1 else ""


def _bars(dot: Dot, frame: Frame) -> str:
    """The intervals of a dot, each with its edges."""
    return "".join(f'<path class="bar c{dot.place % COLOURS}" d="M{box.left:.1f} {box.top:.1f}L{box.right:.1f} {box.bottom:.1f}"/>' for box in _lines(dot, frame))


def _lines(dot: Dot, frame: Frame) -> list[Box]:
    x, y = _place(dot, frame)
    found = []
    if dot.quality.low is not None and dot.quality.high is not None:
        found.append(Box(x, frame.y.at(dot.quality.high), x, frame.y.at(dot.quality.low)))
    if dot.cost.low is not None and dot.cost.high is not None:
        found.append(Box(frame.x.at(dot.cost.low), y, frame.x.at(dot.cost.high), y))
    return found


def _place(dot: Dot, frame: Frame) -> tuple[float, float]:
    return frame.x.at(dot.cost.value or 0.0), frame.y.at(dot.quality.value or 0.0)


def _dot(dot: Dot, frame: Frame) -> str:
    x, y = _place(dot, frame)
    said = f"{dot.name}: {dot.quality} at {short(dot.cost.value or 0.0)}; {dot.standing}" + (f" by {', '.join(dot.by)}" if dot.by else "")
    crossed = f'<path class="struck" d="M{x - 8:.1f} {y + 8:.1f}L{x + 8:.1f} {y - 8:.1f}"/>' if dot.standing == "dominated" else ""
    sign = mark(dot.place, x, y, hollow=dot.standing.startswith("ceiling"))
    return f'<g class="dot" data-name="{escape(dot.name)}" data-standing="{escape(dot.standing)}"><title>{escape(said)}</title>{sign}{crossed}</g>'


def _names(plot: Plot, frame: Frame) -> Iterator[str]:
    spots = [Spot(dot.name, *_place(dot, frame)) for dot in plot.dots]
    lines = [box for dot in plot.dots for box in _lines(dot, frame)]
    by_name, colours = {spot.name: spot for spot in spots}, {dot.name: dot.place % COLOURS for dot in plot.dots}
    for label in placed(spots, lines, Box(_LEFT + 2, 2, WIDTH - 4, HEIGHT - _BOTTOM - 2)):
        if label.led:
            yield _leader(by_name[label.name], label)
        yield f'<text class="label c{colours[label.name]}" x="{label.box.left:.1f}" y="{label.box.bottom - 3:.1f}">{escape(label.name)}</text>'


def _leader(spot: Spot, label: Label) -> str:
    x = min(max(spot.x, label.box.left), label.box.right)
    y = min(max(spot.y, label.box.top), label.box.bottom)
    return f'<path class="leader" d="M{spot.x:.1f} {spot.y:.1f}L{x:.1f} {y:.1f}"/>'


def forest(found: Sequence[Estimate | None], width: float = 120.0) -> list[str]:
    """A bar for each difference, all on one scale around 0; nothing where there is no figure."""
    edges = [abs(edge) for one in found if one is not None for edge in _edges(one)]
    reach = 1.05 * max(edges, default=0.0) or 1.0
    return [_bar(one, Axis(-reach, reach, 2.0, width - 2.0), width) if one is not None and one.value is not None else "" for one in found]


def _bar(one: Estimate, scale: Axis, width: float) -> str:
    bar = f'<path class="reach" d="M{scale.at(one.low):.1f} 9H{scale.at(one.high):.1f}"/>' if one.low is not None and one.high is not None else ""
    return (
        f'<svg class="forest {one.shown}" viewBox="0 0 {width:.0f} 18" width="{width:.0f}" height="18" aria-hidden="true"><path class="zero" d="M{scale.at(0.0):.1f} 0V18"/>'
        f'{bar}<path class="mean" d="M{scale.at(one.value or 0.0):.1f} 4l4 5l-4 5l-4 -5z"/></svg>'
    )


__all__ = ["COLOURS", "HEIGHT", "SHAPES", "WIDTH", "forest", "legend_mark", "mark", "plot_svg"]
