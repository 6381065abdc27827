"""Trace-derived tasks: prospects for whom the agent found no letter, or one that a person turned down.

Decides which rows count as failed, and what failure they tempt into: the one that the gate named most often and the brief gives room for. A row is
disguised before anything else is done with it. Refuses, as a counted reason, what cannot be read, was judged by another playbook,
fails the gold checks, or still holds an original value.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from agent.replay import read_receipt
from agent.result import Outcome
from experiments.bench.difficulty import difficulty_of
from experiments.bench.disguise import Disguise, left_over
from experiments.bench.gold import decision_of, faults_of, told
from experiments.bench.room import gives_room
from experiments.bench.task import FAILURES, Provenance, Task
from rubric.errors import InputError, UserError
from rubric.flat import is_flat, to_nested
from rubric.playbook import Failure, load_playbook
from training.world.split import Split

if TYPE_CHECKING:
    from agent.receipt import Receipt
    from agent.store import Store

FAILED = ("ABSTAIN", "IGNORED")
OUTCOMES: tuple[str, ...] = get_args(Outcome)
PLAYBOOK = "tenacious"
Row = Mapping[str, Any]


class Traced(NamedTuple):
    """A task, or the reason why a row gives none."""

    task: Task | None
    reason: str = ""


def stored_rows(store: Store) -> Iterator[Row]:
    """The failed rows of a store, the oldest first."""
    from agent.store_schema import drafts

    query = drafts.select().with_only_columns(drafts.c.key).where(drafts.c.outcome.in_(FAILED))
    with store.database.reading() as connection:
        keys = connection.execute(query.order_by(drafts.c.created_at, drafts.c.key)).scalars().all()
    return store.iterate(keys)


def filed_rows(path: str | Path) -> Iterator[Row]:
    """The failed rows of a file as `winnow draft` writes it."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip() and (row := _row(line, f"{path}, line {number}"))["outcome"] in FAILED:
                    yield row
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the file of drafts {str(path)!r} cannot be read: {error}; give a drafts.jsonl of `winnow draft`") from None


def _row(line: str, where: str) -> Row:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InputError(f"{where} is no JSON object; give a drafts.jsonl of `winnow draft`")
    if found.get("outcome") not in OUTCOMES:
        raise InputError(f"{where} is no draft: it has no outcome such as DRAFT or ABSTAIN; give a drafts.jsonl of `winnow draft`")
    return found


def traced(rows: Iterable[Row], split: Split, salt: str) -> Iterator[Traced]:
    """A task or a reason for each row; the same prospect gives one task however often it failed."""
    disguise, seen = Disguise(split, salt), set[str]()
    for row in rows:
        found = _traced(row, split, salt, disguise)
        if found.task is not None and found.task.id in seen:
            found = Traced(None, "the same prospect again")
        seen |= {found.task.id} if found.task else set()
        yield found


def _traced(row: Row, split: Split, salt: str, disguise: Disguise) -> Traced:
    try:
        receipt = read_receipt(row, str(row.get("key", ""))[:12])
        if receipt.playbook.name.partition(" ")[0] != PLAYBOOK:
            return Traced(None, f"judged by another playbook than {PLAYBOOK}")
        record = _nested(receipt)
        secrets = disguise.secrets(record)
        task = _task(disguise.prospect(record), receipt, split, hashlib.sha256(f"{salt}/{receipt.prospect_hash}".encode()).hexdigest()[:12])
    except (UserError, ValueError, LookupError, TypeError, AttributeError) as error:
        where = getattr(error, "pointer", None)
        return Traced(None, f"a receipt or prospect that cannot be read{f', at {where}' if where else ''}")
    if left := left_over(task.prospect, secrets):
        return Traced(None, f"it would still hold {left[0]}")
    wrong = next(faults_of(task), None)
    return Traced(None, told(wrong)) if wrong else Traced(task)


def _nested(receipt: Receipt) -> dict[str, Any]:
    given = dict(receipt.prospect)
    record = to_nested(given)[0] if is_flat(given) else given
    return {**record, "as_of": receipt.as_of}


def _task(record: dict[str, Any], receipt: Receipt, split: Split, name: str) -> Task:
    record = {**record, "id": f"r{name}"}
    task = Task(
        id=f"r-{name}", split=split, mode="trace", difficulty="easy", decision=decision_of(record, load_playbook(PLAYBOOK)), prospect=record,
        provenance=Provenance(author="receipt"),
    )  # fmt: skip
    return task.model_copy(update={"difficulty": difficulty_of(task), "tempts": _failure(task, receipt)})


def _failure(task: Task, receipt: Receipt) -> Failure | None:
    """What the gate named most often among the failures that the brief gives room for; a habit of the model is no temptation."""
    found: Counter[Failure] = Counter()
    for drawn in receipt.rounds:
        for judged in drawn.judged:
            found.update({f["failure"] for f in judged.findings if f.get("decision") != "PASS" and f.get("failure") in FAILURES})
    by_count = sorted(found, key=lambda name: (-found[name], FAILURES.index(name)))
    return next((name for name in by_count if gives_room(task.model_copy(update={"tempts": name}))), None)


__all__ = ["FAILED", "Traced", "filed_rows", "stored_rows", "traced"]
