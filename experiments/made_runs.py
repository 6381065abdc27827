"""Run folders that no model made: invented letters and findings, in the form of a real run.

Decides nothing about letters; the figures of the summary come from the same code as a real run's, so that a report has
every shape to show. The same sizes and seed give the same folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from experiments.conditions.plan import Plan, plan_of
from experiments.run import folder as place
from experiments.run.items import Item

# Six that are drawn anew with every seed, and two that are drawn once.
CONDITIONS: tuple[Any, ...] = (
    "baseline", "promptaug", "critic_rs", "random_rs", "logprob_rs", "oracle_rs", "critic_promptaug", {"name": "warm_draft", "temperature": 0.7},
)  # fmt: skip
_FAULTS = (("tone.banned_phrase", "PENALISE", "tone_violation", "hit the ground running"), ("facts.unproven", "BLOCK", "signal_over_claiming", "scaling aggressively"))
_WORDS = (
    "team engineer platform backlog quarter sprint release pipeline signal record posting funding capacity python data contract month call review offer "
    "notice market product service customer growth budget plan question answer"
).split()


class Sizes(NamedTuple):
    items: int = 300
    seeds: int = 3
    conditions: tuple[Any, ...] = CONDITIONS
    words: int = 110
    draws: int = 100


def write_run(path: Path, sizes: Sizes = Sizes(), *, seed: int = 0) -> Path:  # noqa: B008  a tuple, which nothing changes
    """A finished run in a folder."""
    plan = _plan(sizes)
    items, dice = tuple(_item(n) for n in range(sizes.items)), Random(seed)
    traces: dict[str, list[dict[str, Any]]] = {}
    rows = [row for one in plan.all for number in plan.seeds_of(one) for item in items for row in [_row(plan, one.name, None if one.once else number, item, traces, dice, sizes.words)]]
    path.mkdir(parents=True, exist_ok=True)
    place.write_json(path / place.MANIFEST, _manifest(plan))
    place.write_lines(path / place.TASKS, (item.model_dump(mode="json") for item in items))
    place.write_lines(path / place.TRACES, (line for lines in traces.values() for line in lines))
    place.write_lines(path / place.RESULTS, rows)
    place.write_json(path / place.TIMINGS, _timings(plan))
    place.write_json(path / place.SUMMARY, _summary(plan, items, rows))
    return path


def _plan(sizes: Sizes) -> Plan:
    pairs = [["critic_rs", other] for other in ("promptaug", "random_rs") if {"critic_rs", other} <= set(filter(_is_name, sizes.conditions))]
    given = {"name": "invented", "seeds": list(range(sizes.seeds)), "conditions": list(sizes.conditions), "pairs": pairs, "draws": sizes.draws, "adapter": "invented.gguf"}
    return plan_of(given, "a made run")


def _is_name(given: Any) -> bool:
    return isinstance(given, str)


def _item(number: int) -> Item:
    company = f"Company-{number // 2}"
    return Item(
        id=f"made-{number:04}", task=f"made-{number:04}", turn=0, company=company, mode="programmatic", difficulty=("easy", "hard")[number % 2],
        tempts=("tone_violation", None, "signal_over_claiming")[number % 3], message_type="cold", prospect={"company": {"name": company}},
        brief=f"Write to {company}.\n" + " ".join(_WORDS[(number + n) % len(_WORDS)] for n in range(150)),
    )  # fmt: skip


def _row(plan: Plan, name: str, seed: int | None, item: Item, traces: dict[str, list[dict[str, Any]]], dice: Random, words: int) -> dict[str, Any]:
    condition = next(one for one in plan.all if one.name == name)
    pool = f"{item.id}/{name}/{seed}"
    traces[pool] = [_letter(pool, index, item, dice, words) for index in range(condition.k)]
    index = dice.randrange(condition.k)
    line, known = traces[pool][index], [one["score"] for one in traces[pool]]
    tokens = 700.0 + 160.0 * condition.k + dice.randrange(80)
    return {
        "condition": name, "seed": seed, "item": item.id, "company": item.company, "outcome": "PICKED", "error": None, "rounds": 1,
        "chosen": {"pool": pool, "index": index}, "score": line["score"], "dimensions": {"tone_compliance": line["score"]}, "decision": line["decision"],
        "passed": float(line["decision"] == "PASS"), "failures": line["failures"], "failure_cost": 100.0 * len(line["failures"]), "flaw": None,
        "expected": {"score": sum(known) / len(known)} if condition.picker == "random" else None,
        "pool": {"k": condition.k, "passed": sum(one["decision"] == "PASS" for one in traces[pool]), "pass_at_k": 0.5, "similarity": 0.4, "tied": float(len(set(known)) == 1) if len(known) > 1 else None, "best": max(known)},
        "gain": {"won": line["score"] - sum(known) / len(known), "best": max(known) - sum(known) / len(known)} if condition.k > 1 else None,
        "cost": {"prompt_computed": 600.0, "prompt_reused": 0.0, "decoded": tokens - 700.0, "scored": 100.0, "passes": tokens / 4, "reckoned": False, "tokens": tokens, "flops": 6e7 * tokens, "money": None},
    }  # fmt: skip


def _letter(pool: str, index: int, item: Item, dice: Random, words: int) -> dict[str, Any]:
    faults = [fault for fault in _FAULTS if dice.random() < 0.25]
    text = " ".join(dice.choice(_WORDS) for _ in range(words)) + "".join(f" We {fault[3]}." for fault in faults)
    body = f"Hi there,\n\n{text}\n\nBest,\nAlex"
    findings = [_finding(fault, body) for fault in faults]
    decision = "BLOCK" if any(one["decision"] == "BLOCK" for one in findings) else "PENALISE" if findings else "PASS"
    return {
        "pool": pool, "index": index, "item": item.id, "prompt": "baseline", "prompt_hash": "0", "round": 0, "seed": dice.randrange(2**31), "text": f"Subject: A question for {item.company}\n\n{body}",
        "finish": "stop", "tokens": 2 * words, "logprob": -1.0, "rewards": {}, "decision": decision, "score": round(1 - 0.3 * len(findings) - 0.1 * dice.random(), 3),
        "dimensions": {}, "failures": [one["failure"] for one in findings], "findings": findings, "error": None,
    }  # fmt: skip


def _finding(fault: Sequence[str], body: str) -> dict[str, Any]:
    rule, decision, failure, phrase = fault
    start = body.index(phrase)
    return {
        "rule": rule, "version": 1, "decision": decision, "severity": 3, "dimension": "tone_compliance", "failure": failure, "reason": f"{phrase!r} is not said here",
        "span": [start, start + len(phrase)], "evidence": None, "fix": "say what the record holds",
    }  # fmt: skip


def _manifest(plan: Plan) -> dict[str, Any]:
    return {
        **place.stamp(), "name": plan.name, "playbook": {"name": "invented 1", "hash": "0"}, "prompts": "0", "tasks": {"split": plan.split, "sha": "0"},
        "backbones": [{"model": "invented", "hash": "0", "parameters": 3e7, "conditions": [one.name for one in plan.all]}],
        "adapters": {"invented.gguf": {"hash": "0"}}, "flops": "nothing real",
    }  # fmt: skip


def _timings(plan: Plan) -> dict[str, Any]:
    seconds = {one.name: {"sample": 0.2 * one.k, "score": 0.05 * (one.picker == "critic"), "judge": 0.0, "gate": 0.0} for one in plan.all}
    return {
        "conditions": {name: {"seconds": stages, "total": sum(stages.values()), "joules": None, "rows": 1} for name, stages in seconds.items()}, "fronts": [],
        "spent": {}, "sessions": [], "ledger": None,
    }  # fmt: skip


def _summary(plan: Plan, items: tuple[Item, ...], rows: list[dict[str, Any]]) -> dict[str, Any]:
    from experiments.run.summary import summary
    from experiments.run.table import table_of

    return {**place.stamp(), **summary(plan, table_of(items, rows)), "threshold_study": None, "spent": {}}


def altered(path: Path, name: str, change: Any) -> None:
    """Puts what `change` makes of a file's rows in their place."""
    place.write_lines(path / name, _changed(path / name, change))


def _changed(path: Path, change: Any) -> Iterator[dict[str, Any]]:
    import json

    yield from [change(json.loads(line)) for line in path.read_bytes().splitlines()]


__all__ = ["CONDITIONS", "Sizes", "altered", "write_run"]
