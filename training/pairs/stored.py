"""Pairs from the store: letters that a person mended, and pools that the agent drew for real prospects.

Decides by what a person accepted first: an edited letter beats the one that was shown. From other receipts the letter
that left beats the worst of its own round. Refuses, as a counted skip, a prompt that can no longer be made as it
was, because a letter without its own prompt teaches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from agent.gate import nearest, walk
from agent.receipt import Receipt, Round
from agent.replay import config_of, read_receipt
from prompts.loader import Prompts
from prompts.pieces import Prompt
from rubric.errors import UserError
from rubric.playbook import load_playbook
from rubric.prospect import read_prospect
from rubric.verdict import Finding
from training.pairs.on_policy import MARGIN
from training.pairs.pair import Pair, Role
from training.pairs.rendering import Renderer, Unfit
from training.pairs.scenes import failures_of
from training.world.split import Split, split_of

if TYPE_CHECKING:
    from agent.store import Row, Store

EDITED = "review: edited"


class _Asked(NamedTuple):
    """What the letters of a round answer."""

    prompt: Prompt
    role: Role


def stored_rows(store: Store) -> Iterator[Row]:
    """The rows whose letter left, the oldest first."""
    from agent.store_schema import drafts

    query = drafts.select().with_only_columns(drafts.c.key).where(drafts.c.outcome == "DRAFT")
    with store.database.reading() as connection:
        keys = connection.execute(query.order_by(drafts.c.created_at, drafts.c.key)).scalars().all()
    return store.iterate(keys)


def stored_pair(row: Mapping[str, Any], split: Split, renderer: Renderer, margin: float = MARGIN) -> Pair:
    """The pair of a row."""
    if split_of(row["company"]) != split:
        raise Unfit("a company of another split")
    receipt = _receipt(row)
    if receipt.chosen is None:
        raise Unfit("a receipt without a letter")
    drawn, index = receipt.rounds[receipt.chosen.round], receipt.chosen.index
    asked = _asked(receipt, receipt.chosen.round)
    common = {"role": asked.role, "company": row["company"], "split": split, "seed": receipt.seed}
    if any(step == EDITED for step in receipt.path):
        return renderer.pair(
            asked.prompt, _text(row["email"]), drawn.candidates[index].text.strip(), **common, source="review", author="review",
            failures=failures_of(drawn.judged[index]), chosen_score=row["score"], rejected_score=drawn.judged[index].score,
        )  # fmt: skip
    worst = _worst(drawn, index, margin)
    author = f"model:{(receipt.model.hash or receipt.model.model)[:8]}"
    return renderer.pair(
        asked.prompt, drawn.candidates[index].text, drawn.candidates[worst].text, **common, source="receipt", author=author,
        failures=failures_of(drawn.judged[worst]), chosen_score=drawn.judged[index].score, rejected_score=drawn.judged[worst].score,
    )  # fmt: skip


def _receipt(row: Mapping[str, Any]) -> Receipt:
    try:
        return read_receipt(row, str(row.get("key", ""))[:12])
    except UserError:
        raise Unfit("a receipt that cannot be read") from None


def _text(email: Mapping[str, Any]) -> str:
    return f"Subject: {email['subject']}\n\n{email['body']}" if email.get("subject") else str(email["body"])


def _worst(drawn: Round, chosen: int, margin: float) -> int:
    """The candidate of the round that the gate stopped with the lowest score."""
    best = drawn.judged[chosen].score or 0.0
    stopped = [
        (judged.score or 0.0, n) for n, judged in enumerate(drawn.judged)
        if judged.decision != "PASS" and drawn.candidates[n].finish == "stop" and best - (judged.score or 0.0) >= margin
    ]  # fmt: skip
    if not stopped:
        raise Unfit("no candidate of the round is worse by the margin")
    return min(stopped)[1]


def _asked(receipt: Receipt, number: int) -> _Asked:
    """The prompt of a round, made again from the receipt and held against its hash."""
    try:
        config = config_of(receipt, {})
        prompts, playbook = _prompts(config.templates), load_playbook(config.playbook, config.capacity)
        refused = _refused(receipt.rounds[:number], config.accept)
        reading = read_prospect(receipt.prospect, date.fromisoformat(receipt.as_of))
        findings = [Finding.model_validate(finding) for finding in refused.findings]
        prompt = prompts.generator(reading, playbook, style=config.prompt, findings=findings, previous=refused.text, sender=config.sender)
    except UserError:
        raise Unfit("the prompt of a receipt cannot be made again") from None
    if prompt.hash != receipt.rounds[number].prompt:
        raise Unfit("the prompt of a receipt is no longer the same")
    return _Asked(prompt, "revision" if findings else "baseline" if config.prompt == "baseline" else "augmented")


class _Refused(NamedTuple):
    findings: list[dict[str, Any]]
    text: str | None


def _refused(rounds: list[Round], accept: Any) -> _Refused:
    """What the last round that had no letter was refused for."""
    found = _Refused([], None)
    for drawn in rounds:
        order = drawn.ranking.order if drawn.ranking else tuple(range(len(drawn.judged)))
        place = nearest([drawn])
        if place is not None and walk(drawn.judged, order, accept) is None:
            findings = [f for f in drawn.judged[place.index].findings if f["decision"] != "PASS"]
            found = _Refused(findings, drawn.candidates[place.index].text)
    return found


@lru_cache(maxsize=4)
def _prompts(folder: str | None) -> Prompts:
    return Prompts(folder)


__all__ = ["EDITED", "stored_pair", "stored_rows"]
