"""A health card, a threshold and a monitor as a person reads them. Decides layout only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from critic.health import Health
from critic.monitor import Limits, Rates, Trip

if TYPE_CHECKING:
    from agent.assessing import Fitted
    from critic.thresholds import Threshold


def card_lines(health: Health, adapter: str) -> list[str]:
    """The card, a line for each figure."""
    return list(_card(health, adapter))


def _card(health: Health, adapter: str) -> Iterator[str]:
    yield f"adapter {adapter}"
    parts = (
        ("accuracy on pairs", health.accuracy), ("accuracy on all pairs, by what chooses", health.by_method),
        (f"selection efficiency at k={health.k}, by what chooses", health.efficiency), ("accuracy by failure", health.failures),
    )  # fmt: skip
    for title, rows in parts:
        if rows:
            yield title
            yield from (f"  {name:<26} {found}" for name, found in rows.items())
    yield f"correlation with length      {_figure(health.length_correlation)}"
    yield f"implicit reward at 0         {_figure(health.at_zero)}"
    yield f"same winner in another order {health.reordering or 'not measured'}"
    yield f"noise of a reward            {_figure(health.noise, '.2e')}"
    yield f"largest change of a token    {_figure(health.change, '.4f')} nats"
    if health.skipped:
        yield f"{health.skipped} passed over: too long, or a pool of fewer than {health.k} candidates with tokens"
    yield f"unfit: {health.refusal}" if health.refusal else "fit: it changes scores, and nothing measured says that chance does as well"


def threshold_lines(found: Threshold) -> list[str]:
    counted = f"{found.good} good and {found.bad} bad letters"
    if found.value is None:
        return [f"no threshold: none rejects more of the bad than of the good within the limit ({counted})"]
    return [f"threshold {found.value:.4f}: rejects {found.bad_rejected:.1%} of the bad and {found.good_rejected:.1%} of the good ({counted})"]


def fitted_lines(found: Fitted) -> list[str]:
    bias = ", ".join(f"{label} {value:+.3f}" for label, value in found.calibration.bias.items())
    return [
        f"temperature {found.calibration.temperature:.3f}; bias {bias}; {found.calibration.cases} cases",
        f"loss {found.loss_before:.4f} before, {found.loss_after:.4f} after; balanced accuracy on these cases {_figure(found.balanced_accuracy)}",
    ]


def monitor_lines(name: str, trip: Trip | None, rates: Rates, limits: Limits) -> list[str]:
    """The switch of one critic, and what it goes by."""
    off = "on" if trip is None else f"OFF since {trip.at}: {trip.reason}"
    probes = [f"  probe {failure:<26} {share:.0%} (at least {limits.probe:.0%})" for failure, share in rates.probes.items()]
    return [
        f"critic {name}: {off}",
        f"  false positives   {_share(rates.false_positives)} (at most {limits.false_positives:.0%}), {rates.reviewed} reviews of the last {rates.prospects} prospects",
        f"  calls that failed {_share(rates.failed_calls)} (at most {limits.failed_calls:.0%}), of {rates.calls}",
        f"  spot-check        {rates.spot_check or 'none yet'}",
        *probes,
    ]


def _share(value: float | None) -> str:
    return "not known" if value is None else f"{value:.1%}"


def _figure(value: float | None, form: str = ".3f") -> str:
    return "not measured" if value is None else format(value, form)


__all__ = ["card_lines", "fitted_lines", "monitor_lines", "threshold_lines"]
