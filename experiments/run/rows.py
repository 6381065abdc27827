"""The rows of results and traces, made from what the journal holds.

Decides what a condition's letter is worth: the score, dimensions and decision that all rules give the letter that was
picked or delivered, and nothing where none was. A picker of dice, and a pool smaller than the one drawn, have in
`expected` the mean over everything that could have been drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from critic.candidate import Candidate, Cost
from critic.diversity import similarity
from critic.rewards import mean
from experiments.conditions.condition import Condition
from experiments.run.costs import Tariff, part, whole
from experiments.run.gates import kept, pool_candidates, pool_verdicts
from experiments.run.items import Item
from experiments.run.picking import Order, by_rubric, order_of
from experiments.run.rig import Family, Pool, Ranked, Rig
from experiments.run.verdicts import Judged, Verdict
from experiments.run.work import Member, Work
from experiments.stats.pools import expected_max, expected_pick, pass_at_k, selection
from rubric.playbook import Failure

SAME = 1e-9  # scores that differ by rounding alone are the same
_NOTHING = Ranked(ranking=None, cost=Cost(), seconds=0.0, joules=())  # type: ignore[arg-type]
Row = dict[str, Any]


class Timed(NamedTuple):
    """Seconds by stage and joules that one row needed."""

    seconds: dict[str, float]
    joules: float | None


class Made(NamedTuple):
    """Result rows by condition, seed and item; what each took; trace lines by pool."""

    rows: dict[tuple[str, int, str], Row]
    timed: dict[tuple[str, int, str], Timed]
    traces: dict[str, list[Row]]


def made(work: Work, tariff: Tariff) -> Made:
    """Every row of one backbone's work."""
    found = Made({}, {}, {})
    for family, members in work.families.items():
        for item in work.items:
            _from_pool(found, work.rig, tariff, family, members, item)
    for member in work.gates:
        for item in work.items:
            _from_gate(found, work.rig, tariff, member, item)
    return found


def _from_pool(found: Made, rig: Rig, tariff: Tariff, family: Family, members: Sequence[Member], item: Item) -> None:
    pool = rig.pool(family, item)
    judged = rig.judged(pool, item) if pool.error is None else Judged(verdicts=())
    rewards: dict[str, tuple[float | None, ...]] = {}
    for condition, seed in members:
        place = (condition.name, seed, item.id)
        ranked = rig.ranked(condition, seed, pool) if pool.candidates and condition.picker != "oracle" else _NOTHING
        if condition.picker == "critic" and pool.candidates:
            rewards[rig.adapters[condition.adapter_for(seed) or ""].document.hash] = ranked.ranking.scores
        found.rows[place] = _picked(condition, seed, item, pool, judged.verdicts, ranked, tariff)
        found.timed[place] = _pool_time(condition, pool, ranked, judged.seconds)
    if pool.key not in found.traces:
        found.traces[pool.key] = list(_traces(pool.key, item, pool.candidates, judged.verdicts, family.prompt, pool.prompt.hash))
    for line, index in zip(found.traces[pool.key], range(len(pool.candidates)), strict=False):
        line["rewards"] |= {name: scores[index] for name, scores in rewards.items()}


def _picked(condition: Condition, seed: int, item: Item, pool: Pool, verdicts: Sequence[Verdict], ranked: Ranked, tariff: Tariff) -> Row:
    row = _row(condition, seed, item)
    if pool.error is not None:
        return row | {"outcome": "ERROR", "error": pool.error, "cost": tariff.spent(whole([])).model_dump()}
    order = by_rubric(verdicts) if condition.picker == "oracle" else order_of(condition.picker, ranked.ranking)
    index, lengths = order.of_first(condition.k), [len(one.token_ids) for one in pool.candidates]
    cost = tariff.spent(part(pool.sample.cost, ranked.cost, lengths, condition.k), reckoned=condition.k < len(lengths))
    return row | {
        "outcome": "PICKED", "rounds": 1, "chosen": {"pool": pool.key, "index": index}, **_worth(verdicts[index]), "cost": cost.model_dump(),
        "expected": _expected(condition, order, verdicts), "pool": _of_pool(pool, verdicts, condition.k), "gain": _gain(condition, order, verdicts),
    }  # fmt: skip


def _row(condition: Condition, seed: int, item: Item) -> Row:
    return {
        "condition": condition.name, "seed": None if condition.once else seed, "item": item.id, "company": item.company, "outcome": "", "error": None,
        "rounds": 0, "chosen": None, "score": None, "dimensions": {}, "decision": None, "passed": None, "failures": [], "failure_cost": None,
        "flaw": None, "expected": None, "pool": None, "gain": None, "cost": {},
    }  # fmt: skip


def _worth(verdict: Verdict) -> Row:
    return {
        "score": verdict.score, "dimensions": dict(verdict.dimensions), "decision": verdict.decision, "passed": verdict.passed,
        "failures": list(verdict.failures), "error": verdict.error,
    }  # fmt: skip


def _expected(condition: Condition, order: Order, verdicts: Sequence[Verdict]) -> Row | None:
    """The mean over the parts of a pool, where one part alone would be a draw of chance."""
    if condition.k == len(verdicts) and condition.picker != "random":
        return None
    values: dict[str, list[float | None]] = {"score": [one.score for one in verdicts], "passed": [one.passed for one in verdicts]}
    return {name: None if None in known else expected_pick([v for v in known if v is not None], order.groups, condition.k) for name, known in values.items()}


def _of_pool(pool: Pool, verdicts: Sequence[Verdict], k: int) -> Row:
    """What is said of the pool itself: how alike its letters are, whether all scores are one, and whether one passes."""
    known = [one.score for one in verdicts if one.score is not None]
    passed = sum(one.passed == 1.0 for one in verdicts)
    return {
        "k": len(verdicts), "passed": passed, "pass_at_k": pass_at_k(len(verdicts), passed, k), "similarity": similarity([one.text for one in pool.candidates]),
        "tied": None if len(known) < len(verdicts) or len(verdicts) < 2 else float(max(known) - min(known) <= SAME),
        "best": expected_max(known, k) if len(known) == len(verdicts) else None,
    }  # fmt: skip


def _gain(condition: Condition, order: Order, verdicts: Sequence[Verdict]) -> Row | None:
    """What picking won over chance, and what it could have won: the parts of the selection efficiency."""
    known = [one.score for one in verdicts if one.score is not None]
    if condition.k < 2 or len(known) < len(verdicts):
        return None
    _, won, best = selection("", known, order.groups, condition.k)
    return {"won": won, "best": best}


def _pool_time(condition: Condition, pool: Pool, ranked: Ranked, judging: float) -> Timed:
    """Of a smaller pool nothing was measured, and nothing is said. Where the rubric does not pick, its look at the letters
    is the experiment's and not the condition's."""
    if condition.k < len(pool.candidates):
        return Timed({}, None)
    judge = judging if condition.picker == "oracle" else 0.0
    return Timed({"sample": pool.sample.seconds, "score": ranked.seconds, "judge": judge}, _joules([pool.sample.joules, *ranked.joules]))


def _from_gate(found: Made, rig: Rig, tariff: Tariff, member: Member, item: Item) -> None:
    condition, seed = member
    unit = kept(rig, condition, seed, item)
    calls = [(one["kind"], rig.journal.read(one["key"])) for one in unit.value["calls"]]
    pools = [one["key"] for one in unit.value["calls"] if one["kind"] == "sample"]
    cost = tariff.spent(whole(Cost.model_validate(call.value.get("cost", {})) for _, call in calls if call))
    row = _row(condition, seed, item) | {"outcome": unit.value["outcome"], "error": unit.value["error"], "rounds": unit.value["rounds"], "cost": cost.model_dump()}
    chosen = unit.value["chosen"]
    if chosen is not None:
        verdict = pool_verdicts(rig, item, pools[chosen["round"]])[chosen["index"]]
        row |= {"chosen": {"pool": pools[chosen["round"]], "index": chosen["index"]}, **_worth(verdict)}
        row["flaw"] = None if condition.blind is None else float(condition.blind in verdict.failures)
    elif unit.value["error"] is None:
        row["passed"] = 0.0  # nothing that could be sent
    place = (condition.name, seed, item.id)
    found.rows[place] = row
    found.timed[place] = _gate_time(unit.seconds, [(kind, call.seconds.get(kind, 0.0), call.joules) for kind, call in calls if call])
    for number, key in enumerate(pools):
        if key not in found.traces:
            rounds = (unit.value["receipt"] or {}).get("rounds", [])
            prompt = rounds[number]["prompt"] if number < len(rounds) else ""
            found.traces[key] = list(_traces(key, item, pool_candidates(rig, key), pool_verdicts(rig, item, key), condition.prompt, prompt, number))


def _gate_time(own: Mapping[str, float], calls: Sequence[tuple[str, float, float | None]]) -> Timed:
    seconds = {"sample": 0.0, "score": 0.0, **own}
    for kind, took, _ in calls:
        seconds[kind] += took
    return Timed(seconds, _joules([joules for _, _, joules in calls]))


def _joules(values: Sequence[float | None]) -> float | None:
    """The sum, where every call was metered."""
    known = [one for one in values if one is not None]
    return sum(known) if known and len(known) == len(values) else None


def _traces(key: str, item: Item, candidates: Sequence[Candidate], verdicts: Sequence[Verdict], style: str, prompt: str, number: int = 0) -> Iterator[Row]:
    for one, verdict in zip(candidates, verdicts, strict=True):
        yield {
            "pool": key, "index": one.index, "item": item.id, "prompt": style, "prompt_hash": prompt, "round": number, "seed": one.seed, "text": one.text,
            "finish": one.finish, "tokens": len(one.token_ids), "logprob": mean(one.logprobs) if one.logprobs else None, "rewards": {},
            **verdict.model_dump(mode="json"),
        }  # fmt: skip


def failure_cost(failures: Sequence[Failure], costs: Mapping[Failure, float]) -> float:
    """What the failures of a letter cost by the playbook; those without a price cost nothing."""
    return float(sum(costs.get(name, 0.0) for name in failures))


def priced(rows: Iterator[Row], costs: Mapping[Failure, float]) -> None:
    """Puts the price of its failures into each row that has a letter."""
    for row in rows:
        if row["chosen"] is not None and row["error"] is None:
            row["failure_cost"] = failure_cost(row["failures"], costs)


__all__ = ["SAME", "Made", "Row", "Timed", "failure_cost", "made", "priced"]
