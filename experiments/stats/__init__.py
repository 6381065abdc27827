"""What a comparison of two conditions says, and how sure it is.

Decides one way for everything: an item's seeds are averaged before anything else, companies are drawn again and
not items, and whatever the data do not give is null with a reason in words. Nothing here returns NaN or infinity.

    compare      a paired difference with its intervals, its p, wins, losses and ties
    mcnemar      pass and fail of one seed, item by item
    holm         p of several comparisons, corrected for their number
    detectable   the smallest effect that these data would find, and the items that another effect needs
    ratio        parts over wholes with intervals, such as the selection efficiency
    expected_pick, expected_max, pass_at_k, selection
                 every smaller pool from one large one
    front        which conditions cost no more than another and are better
"""

from __future__ import annotations

from rubric.errors import MissingExtra

try:
    from experiments.stats.comparing import compare, mcnemar, seed_of
    from experiments.stats.planning import detectable
    from experiments.stats.spread import ratio
except ModuleNotFoundError as _error:
    if (_error.name or "").partition(".")[0] not in ("numpy", "scipy"):
        raise
    raise MissingExtra("experiments", "the statistics of an experiment") from None
from experiments.stats.correction import holm
from experiments.stats.paired import Paired
from experiments.stats.pareto import Contrast, Point, front
from experiments.stats.pools import expected_max, expected_pick, pass_at_k, selection
from experiments.stats.results import Corrected, Detectable, Difference, Interval, Mcnemar, Spread, Standing

__all__ = [
    "Contrast", "Corrected", "Detectable", "Difference", "Interval", "Mcnemar", "Paired", "Point", "Spread", "Standing", "compare",
    "detectable", "expected_max", "expected_pick", "front", "holm", "mcnemar", "pass_at_k", "ratio", "seed_of", "selection",
]  # fmt: skip
