"""The recipes: which signals make a prospect of which segment, and which failure its brief tempts.

Decides the segment by construction, from the windows, sizes and orders of the trade: each recipe sets every
figure that a filter reads, and the boundary recipes set it to the day before, the day and the day after.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from training.world import signals
from training.world.sketch import Level, Sketch
from training.world.stock import stock

CAPACITY, CLAIM, TONE = "bench_over_commitment", "signal_over_claiming", "tone_violation"
WRONG_PITCH, ABSTAIN, GAP = "icp_misclassification", "abstention_failure", "gap_over_claiming"
OPEN: frozenset[str | None] = frozenset({None, CAPACITY, TONE, GAP})
BARE: frozenset[str | None] = frozenset({None, TONE})
Build = Callable[[Sketch], None]
Rows = dict[str, tuple[Build, float]]


class Recipe(NamedTuple):
    """`tempts` are the temptations that may be laid upon it; None among them: it may stay without."""

    name: str
    segment: str
    build: Build
    tempts: frozenset[str | None]
    weight: float = 1.0


def funded(
    sketch: Sketch, *, age: int | None = None, stage: str | None = None, amount: float | None = None, headcount: int | None = None,
    roles: int | None = None, sure: tuple[Level, Level] = ("high", "high"), region: bool = True, strategic: bool = False, seen: int | None = None,
) -> None:  # fmt: skip
    dice = sketch.dice
    sketch.headcount, sketch.target_region = headcount or dice.randint(17, 78), region
    age = age if age is not None else dice.randint(31 if seen else 4, 178)
    found = stage or dice.choice(("series_a", "series_b"))
    signals.funding(sketch, age, sure[0], stage=found, amount=amount, strategic=strategic, seen=seen)
    signals.hiring(sketch, roles or dice.randint(5, max(6, min(16, sketch.headcount // 3))), sure[1], velocity=_velocity(sketch) if (roles or 9) >= 5 else None)


def _velocity(sketch: Sketch) -> str | None:
    return sketch.dice.choice(("increasing", "increasing", "stable", None))


def funded_and_cut(sketch: Sketch, *, cut: int, pct: int | None = None) -> None:
    """Fresh money and people let go, in a company too small for the restructuring segment."""
    funded(sketch)
    sketch.signals["hiring"].pop("velocity", None)
    signals.layoff(sketch, cut, pct=pct or sketch.dice.randint(5, 15))


def small_cut(sketch: Sketch) -> None:
    funded_and_cut(sketch, cut=sketch.dice.randint(8, 119))


def restructured(
    sketch: Sketch, *, cut: int | None = None, change: int | None = None, pct: int | None = None, headcount: int | None = None,
    roles: int | None = None, sure: Level = "high", fresh: bool = False,
) -> None:  # fmt: skip
    dice = sketch.dice
    sketch.headcount = headcount or dice.randint(205, 1950)
    signals.funding(sketch, dice.randint(8, 178) if fresh else dice.randint(190, 330), stage=dice.choice(signals.LATE[: -1 if fresh else None]))
    signals.hiring(sketch, roles or dice.randint(3, 14), velocity=dice.choice(("stable", "decreasing", None)))
    if change is not None:
        signals.restructuring(sketch, change, sure)
    else:
        signals.layoff(sketch, cut if cut is not None else dice.randint(6, 118), sure, pct=pct or dice.randint(4, 38))


def changed(sketch: Sketch, *, low: int = 4, high: int = 88) -> None:
    restructured(sketch, change=sketch.dice.randint(low, high))


def led(
    sketch: Sketch, *, age: int | None = None, headcount: int | None = None, sure: Level = "high", interim: bool = False,
    roles: int | None = None, velocity: str | None = None, funding: bool = False,
) -> None:  # fmt: skip
    dice = sketch.dice
    sketch.headcount = headcount or dice.randint(52, 495)
    signals.leadership(sketch, age if age is not None else dice.randint(3, 88), sure, role=dice.choice(("cto", "vp_eng")), interim=interim)
    if funding:
        signals.funding(sketch, dice.randint(10, 175), stage=dice.choice(("series_b", "series_c")))
    if roles or sketch.chance(0.6):
        count = roles or dice.randint(2, 15)
        signals.hiring(sketch, count, velocity=velocity or (_velocity(sketch) if count >= 5 else None))


def gapped(
    sketch: Sketch, *, days: int | None = None, score: int | None = None, sure: tuple[Level, Level] = ("high", "high"), roles: bool | None = None,
    headcount: int | None = None,
) -> None:  # fmt: skip
    dice = sketch.dice
    capability = _capability(sketch)
    sketch.headcount = headcount or dice.randint(25, 900)
    evidence = sketch.phrase(dice.choice(stock("skills")["evidence"]), {"month": sketch.month(dice.randint(20, 60))}) if sketch.chance(0.45) else None
    found = days if days is not None else dice.randint(61, 190)
    signals.gap(sketch, found, sure[0], capability=capability, evidence=evidence)
    signals.maturity(sketch, score if score is not None else dice.choice((2, 2, 3)), sure[1])
    if roles if roles is not None else sketch.chance(0.35):
        signals.hiring(sketch, dice.randint(5, 14), velocity=_velocity(sketch), named=False)


def _capability(sketch: Sketch) -> dict[str, str]:
    found: dict[str, str] = sketch.dice.choice(stock("skills")["capabilities"])
    sketch.stack = found["stack"]
    return found


def gap_without_days(sketch: Sketch, *, kind: str) -> None:
    """An initiative announced without the team, or a public talk that names the problem."""
    dice, capability = sketch.dice, _capability(sketch)
    sketch.headcount = dice.randint(25, 900)
    evidence = sketch.phrase(dice.choice(stock("skills")[kind]), {"month": sketch.month(dice.randint(20, 75))})
    signals.gap(sketch, None, capability=capability, evidence=evidence)
    signals.maturity(sketch, dice.choice((2, 3)))


def gap_of_role(sketch: Sketch, *, days: int | None = None) -> None:
    """No named gap, but one specialist role that stays open."""
    dice = sketch.dice
    sketch.stack, sketch.headcount = dice.choice(("ml", "data")), dice.randint(25, 900)
    signals.hiring(sketch, dice.randint(5, 14), named=False)
    titles = [t for t in stock("skills")["stacks"][sketch.stack]["roles"] if "Data" in t or "ML" in t or "Machine" in t]
    sketch.signals["hiring"]["roles"] = [
        {"title": dice.choice(titles), "stack": sketch.stack, "days_open": days or dice.randint(60, 170)}
    ]
    signals.maturity(sketch, dice.choice((2, 3)))


def gap_unavailable(sketch: Sketch) -> None:
    gapped(sketch)
    sketch.record["capacity"] = {sketch.stack: {"available": 0, "senior": 0, "deploy_days": 14}}


def plain(sketch: Sketch, *, sure: Level = "high", roles: int | None = None, velocity: str | None = None, headcount: int | None = None) -> None:
    """Open roles and nothing that any pitch is for."""
    sketch.headcount = headcount or sketch.dice.randint(12, 1800)
    count = roles or sketch.dice.randint(2, 18)
    signals.hiring(sketch, count, sure, velocity=velocity or (_velocity(sketch) if count >= 5 else None))


def only_fact(sketch: Sketch) -> None:
    sketch.headcount = sketch.dice.randint(12, 1800)
    signals.fact(sketch)
    if sketch.chance(0.5):
        signals.technologies(sketch)


def flagged(sketch: Sketch, *, build: Build, flag: str) -> None:
    build(sketch)
    sketch.record["flags"] = [flag]


def merging(sketch: Sketch, *, text: str) -> None:
    restructured(sketch)
    sketch.signals["facts"] = [sketch.say(text, {"company": sketch.company, "month": sketch.month(sketch.dice.randint(5, 60))})]


def beside_new_chief(sketch: Sketch) -> None:
    led(sketch)
    chief = sketch.dice.choice(("CEO", "CFO"))
    month = sketch.month(sketch.dice.randint(5, 60))
    sketch.signals["facts"] = [sketch.say("{company} [named|introduced|announced] a new {chief} in {month}.", {"company": sketch.company, "chief": chief, "month": month})]


def _fits(segment: str, rows: Rows) -> list[Recipe]:
    return [Recipe(name, segment, build, OPEN, weight) for name, (build, weight) in rows.items()]


def _lures(segment: str, failure: str, rows: dict[str, Build], weight: float = 1.0) -> list[Recipe]:
    return [Recipe(name, segment, build, frozenset({failure}), weight) for name, build in rows.items()]


P = partial
_FUNDED: Rows = {
    "funded.high": (funded, 30.0),
    "window.funding_179": (P(funded, age=179), 0.8), "window.funding_180": (P(funded, age=180), 0.8),
    "window.funded_headcount_15": (P(funded, headcount=15), 0.5), "window.funded_headcount_80": (P(funded, headcount=80), 0.5),
    "window.funded_roles_5": (P(funded, roles=5), 0.8), "window.amount_5m": (P(funded, stage="series_a", amount=5), 0.5),
    "window.amount_30m": (P(funded, stage="series_b", amount=30), 0.5), "window.fresh_30": (P(funded, seen=30), 0.5),
    "window.layoff_121_funded": (P(funded_and_cut, cut=121), 0.5),
}  # fmt: skip
_RESTRUCTURED: Rows = {
    "layoff.high": (restructured, 8.0), "restructuring.high": (changed, 6.0),
    "window.layoff_119": (P(restructured, cut=119), 0.4), "window.layoff_120": (P(restructured, cut=120), 0.4),
    "window.restructuring_89": (P(restructured, change=89), 0.4), "window.restructuring_90": (P(restructured, change=90), 0.4),
    "window.cut_40": (P(restructured, pct=40), 0.4), "window.restructured_headcount_200": (P(restructured, headcount=200), 0.4),
    "window.restructured_headcount_2000": (P(restructured, headcount=2000), 0.4), "window.restructured_roles_3": (P(restructured, roles=3), 0.4),
}  # fmt: skip
_LED: Rows = {
    "leader.high": (led, 17.0),
    "window.leader_89": (P(led, age=89), 0.5), "window.leader_90": (P(led, age=90), 0.5),
    "window.led_headcount_50": (P(led, headcount=50), 0.5), "window.led_headcount_500": (P(led, headcount=500), 0.5),
}  # fmt: skip
_GAPPED: Rows = {
    "gap.high": (gapped, 12.0), "gap.role": (gap_of_role, 2.0),
    "gap.initiative": (P(gap_without_days, kind="initiatives"), 1.5), "gap.talk": (P(gap_without_days, kind="talks"), 1.5),
    "window.gap_60": (P(gapped, days=60), 0.6), "window.gap_61": (P(gapped, days=61), 0.6), "window.maturity_2": (P(gapped, score=2), 0.4),
    "window.gap_role_60": (P(gap_of_role, days=60), 0.4),
}  # fmt: skip
_CLAIMS = (
    *_lures("recently_funded", CLAIM, {
        "funded.medium": P(funded, sure=("medium", "high")), "funded.medium_hiring_medium": P(funded, sure=("medium", "medium")),
        "funded.low": P(funded, sure=("low", "high")), "funded.hiring_medium": P(funded, sure=("high", "medium")),
        "funded.hiring_low": P(funded, sure=("high", "low")), "window.stale_31": P(funded, sure=("medium", "high"), seen=31),
    }, 2.0),
    *_lures("restructuring", CLAIM, {
        "layoff.medium": P(restructured, sure="medium"), "layoff.low": P(restructured, sure="low"),
        "restructuring.medium": P(restructured, change=50, sure="medium"), "restructuring.low": P(restructured, change=35, sure="low"),
    }),
    *_lures("leadership_transition", CLAIM, {
        "leader.medium": P(led, sure="medium"), "leader.low": P(led, sure="low"),
        "leader.few_roles": P(led, roles=3, velocity="increasing"), "leader.four_roles": P(led, roles=4, velocity="increasing"),
    }, 1.5),
    *_lures("abstain", CLAIM, {
        "plain.medium": P(plain, sure="medium"), "plain.low": P(plain, sure="low"),
        "plain.few_roles": P(plain, roles=3, velocity="increasing"), "plain.four_roles": P(plain, roles=4, velocity="increasing"),
    }, 1.5),
)  # fmt: skip
_GAPS = _lures("capability_gap", GAP, {
    "gap.medium": P(gapped, sure=("medium", "high")), "gap.medium_ai_medium": P(gapped, sure=("medium", "medium"), roles=True),
    "gap.low": P(gapped, sure=("low", "high"), roles=True),
}, 9.0)  # fmt: skip
_PITCHES = (
    *_lures("restructuring", WRONG_PITCH, {"layoff.and_funding": P(restructured, fresh=True)}, 9.0),
    *_lures("recently_funded", WRONG_PITCH, {
        "funded.small_cut": small_cut,
        "window.cut_15": P(funded_and_cut, cut=60, pct=15), "window.heavy_layoff_91": P(funded_and_cut, cut=91, pct=16),
        "window.layoff_120_funded": P(funded_and_cut, cut=120),
    }, 2.0),
    *_lures("leadership_transition", WRONG_PITCH, {"leader.and_funding": P(led, funding=True)}, 4.0),
)  # fmt: skip
_NEAR = _lures("abstain", ABSTAIN, {
    "window.funding_181": P(funded, age=181), "funded.out_of_region": P(funded, region=False),
    "window.funded_headcount_14": P(funded, headcount=14), "window.funded_headcount_81": P(funded, headcount=81),
    "funded.seed": P(funded, stage="seed"), "funded.series_c": P(funded, stage="series_c"),
    "window.amount_under_5m": P(funded, stage="series_a", amount=4.5), "window.amount_over_30m": P(funded, stage="series_b", amount=30.5),
    "window.funded_roles_4": P(funded, roles=4), "funded.strategic": P(funded, strategic=True),
    "funded.low_hiring_low": P(funded, sure=("low", "low")), "funded.low_hiring_medium": P(funded, sure=("low", "medium")),
    "window.heavy_layoff_90": P(funded_and_cut, cut=90, pct=16), "funded.heavy_cut": P(funded_and_cut, cut=45, pct=24),
    "window.layoff_121": P(restructured, cut=121), "window.restructuring_91": P(restructured, change=91), "window.cut_41": P(restructured, pct=41),
    "window.restructured_headcount_199": P(restructured, headcount=199), "window.restructured_headcount_2001": P(restructured, headcount=2001),
    "window.restructured_roles_2": P(restructured, roles=2),
    "restructured.federal": P(flagged, build=restructured, flag="federal_delivery"),
    "restructured.merger": P(merging, text="{company} [announced|confirmed] a merger [with a rival|with a former supplier] in {month}."),
    "restructured.private": P(merging, text="{company} said in {month} that it is going private."),
    "window.leader_91": P(led, age=91), "leader.interim": P(led, interim=True), "window.led_headcount_49": P(led, headcount=49),
    "window.led_headcount_501": P(led, headcount=501), "leader.in_house": P(flagged, build=led, flag="in_house_history"),
    "leader.vendor_ties": P(flagged, build=led, flag="prior_vendor_ties"), "leader.new_chief": beside_new_chief,
    "window.gap_59": P(gapped, days=59), "window.maturity_1": P(gapped, score=1), "gap.maturity_0": P(gapped, score=0),
    "gap.unavailable": gap_unavailable, "gap.boutique": P(flagged, build=gapped, flag="boutique_showcase"),
    "gap.medium_ai_low": P(gapped, sure=("medium", "low")), "gap.low_ai_medium": P(gapped, sure=("low", "medium")),
})  # fmt: skip
_PLAIN = [
    Recipe("plain.roles", "abstain", plain, BARE, 14.0), Recipe("plain.fact", "abstain", only_fact, BARE, 7.0),
    Recipe("window.chief_2000", "abstain", P(plain, headcount=2000), BARE, 0.7),
    Recipe("window.vp_2001", "abstain", P(plain, headcount=2001), BARE, 0.7), Recipe("plain.large", "abstain", P(plain, headcount=6400), BARE, 0.7),
]  # fmt: skip
RECIPES: tuple[Recipe, ...] = (
    *_fits("recently_funded", _FUNDED), *_fits("restructuring", _RESTRUCTURED), *_fits("leadership_transition", _LED),
    *_fits("capability_gap", _GAPPED), *_CLAIMS, *_GAPS, *_PITCHES, *_NEAR, *_PLAIN,
)  # fmt: skip

__all__ = ["ABSTAIN", "CAPACITY", "CLAIM", "GAP", "RECIPES", "TONE", "WRONG_PITCH", "Recipe", "plain"]
