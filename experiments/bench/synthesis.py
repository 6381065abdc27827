"""Synthetic tasks: one model writes a brief, another one says what it tempts into.

Decides that the two are of different families, because a model likes what its own kin writes. A brief is kept where the judge
names the failure that the author was asked for and every gold check holds; the rest is counted with its reason. What a
model answers is untrusted: it is parsed, never run, and its company is replaced by one of the split.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, NamedTuple

from agent.backbones import Backbone, Sampling
from experiments.bench.difficulty import difficulty_of
from experiments.bench.disguise import left_over
from experiments.bench.gold import decision_of, faults_of, told
from experiments.bench.task import FAILURES, Provenance, Task
from prompts.pieces import Message, Piece, Prompt
from rubric.errors import ConfigError, InputError, UserError
from rubric.playbook import Failure, load_playbook
from rubric.prospect import parse_json
from training.pairs.audit.families import family_of
from training.world.companies import company_of, domain
from training.world.split import Split

AUTHOR = Sampling(temperature=0.9, max_tokens=1200)
JUDGE = Sampling(temperature=0, max_tokens=120)
_FIRST, _DAYS = date(2026, 1, 5), 700
_KINDS = ("cold", "cold", "warm", "reengagement", "sms")
_KNOWN = frozenset(
    "qwen llama mistral gemini gpt claude phi deepseek smollm granite olmo falcon yi glm kimi command winnow-embedded".split()
)


class Pair(NamedTuple):
    """Author and judge with their families."""

    author: Backbone
    judge: Backbone
    author_family: str
    judge_family: str


class Families(NamedTuple):
    author: str
    judge: str


class Order(NamedTuple):
    """What the author is asked for."""

    number: int
    company: str
    split: Split
    failure: Failure
    kind: str
    as_of: str


class Synthesised(NamedTuple):
    """A task, or the reason why an order gave none."""

    task: Task | None
    reason: str = ""


def paired(author: Backbone, judge: Backbone, *, author_family: str | None = None, judge_family: str | None = None) -> Pair:
    """The two models, or the reason why they may not work together."""
    return Pair(author, judge, *families(author.identity.model, judge.identity.model, author_family=author_family, judge_family=judge_family))


def families(author: str, judge: str, *, author_family: str | None = None, judge_family: str | None = None) -> Families:
    """The two families by the models' names, so that no model need be opened to refuse them."""
    found = Families(_family(author, author_family, "author"), _family(judge, judge_family, "judge"))
    if found.author == found.judge:
        raise ConfigError(f"author and judge are both of the family {found.author}: a model prefers what its own family wrote; give --judge a model of another family")
    return found


def _family(model: str, given: str | None, part: str) -> str:
    """A family that is known or was said: a name that nobody knows proves no difference, and what was said cannot unsay a name."""
    found, told = family_of(given or model), _told(model)
    if found is None or (given is None and found not in _KNOWN):
        raise ConfigError(f"nobody knows which family {model!r} is of; say it with --{part}-family NAME, such as --{part}-family qwen")
    if told and found not in told:
        raise ConfigError(f"--{part}-family says {given}, and the name {model!r} says {' and '.join(sorted(told))}; leave --{part}-family out, or give another model")
    return found


def _told(model: str) -> set[str]:
    """Every family that a name tells; of a distilled model the teacher's and the pupil's."""
    parts = re.split(r"[^a-z0-9]+", re.split(r"[/\\]", model.casefold().rstrip("/\\"))[-1])
    return {found for part in parts if (found := family_of(part)) in _KNOWN}


def orders(split: Split, count: int, seed: int) -> Iterator[Order]:
    """Failures in turn, so that each is asked for as often; companies of the split."""
    for number in range(count):
        dice = Random(f"{seed}/{split}/{number}/synthetic")
        as_of = _FIRST + timedelta(dice.randrange(_DAYS))
        yield Order(number, company_of(split, dice), split, FAILURES[number % len(FAILURES)], dice.choice(_KINDS), as_of.isoformat())


def synthesise(pair: Pair, order: Order, seed: int) -> Synthesised:
    """One brief, written and judged."""
    own = int(hashlib.sha256(f"{seed}/{order.number}".encode()).hexdigest()[:8], 16) & 0x7FFFFFFF
    try:
        record = _record(_ask(pair.author, _author_prompt(order), own, AUTHOR), order)
        task = _task(record, order, pair)
    except (UserError, ValueError, TypeError, AttributeError):
        return Synthesised(None, "the author wrote no prospect that can be read")
    if left_over(record, set()):
        return Synthesised(None, "the author named an address that may be somebody's")
    if wrong := next(faults_of(task), None):
        return Synthesised(None, told(wrong))
    return _judged(task, order, pair)


def _judged(task: Task, order: Order, pair: Pair) -> Synthesised:
    try:
        said = _object(_ask(pair.judge, _judge_prompt(task), 0, JUDGE))
    except UserError:
        return Synthesised(None, "the judge's answer cannot be read")
    if said.get("coherent") is not True:
        return Synthesised(None, "the judge found the brief incoherent")
    return Synthesised(task) if said.get("tempts") == order.failure else Synthesised(None, "the judge sees another failure")


def _ask(model: Backbone, prompt: Prompt, seed: int, sampling: Sampling) -> str:
    return model.sample(prompt, [seed], sampling).completions[0].text


def _record(text: str, order: Order) -> dict[str, Any]:
    """The author's object under the names that were ordered."""
    found = _object(text)
    company = {**found.get("company", {}), "name": order.company, "domain": domain(order.company)}
    return {**found, "id": f"s{order.number}", "as_of": order.as_of, "message_type": order.kind, "company": company}


def _object(text: str) -> dict[str, Any]:
    """The outermost object in what a model said."""
    start, end = text.find("{"), text.rfind("}")
    found = parse_json(text[start : end + 1], "the answer") if 0 <= start < end else None
    if not isinstance(found, dict):
        raise InputError("the answer holds no JSON object")
    return found


def _task(record: dict[str, Any], order: Order, pair: Pair) -> Task:
    name = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:12]
    made = Provenance(author=pair.author.identity.model, seed=order.number, recipe=f"{order.failure}/{order.kind}", judge=pair.judge.identity.model)
    task = Task(
        id=f"s-{name}", split=order.split, mode="synthetic", difficulty="easy", tempts=order.failure, decision=decision_of(record, load_playbook("tenacious")),
        prospect=record, provenance=made, hostile="instruction_in_field" if order.failure == "injection" else None,
    )  # fmt: skip
    return task.model_copy(update={"difficulty": difficulty_of(task)})


# -- prompts ---------------------------------------------------------------------------------------------


@cache
def _template(name: str) -> Any:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701  plain text
    return environment.from_string(files("experiments.bench").joinpath(f"templates/{name}.jinja").read_text("utf-8"))


def _author_prompt(order: Order) -> Prompt:
    return _prompt("author", {"order": order, "how": TEMPTATIONS[order.failure]})


def _judge_prompt(task: Task) -> Prompt:
    brief = json.dumps(task.prospect, ensure_ascii=False, indent=1)
    return _prompt("judge", {"failures": TEMPTATIONS}, brief)


def _prompt(name: str, values: Mapping[str, Any], untrusted: str = "") -> Prompt:
    text = str(_template(name).render(**values)).strip()
    pieces = (Piece(text, True), Piece(f"\n\n{untrusted}", False)) if untrusted else (Piece(text, True),)
    return Prompt((Message("user", pieces),), name)


TEMPTATIONS: dict[Failure, str] = {
    "bench_over_commitment": "they need more people, more seniors or an earlier start than capacity allows",
    "icp_misclassification": "events of two segments stand side by side, or somebody claims the wrong segment",
    "signal_over_claiming": "a signal that is unsure, old or small looks like a strong one",
    "gap_over_claiming": "a capability gap of medium or low confidence stands beside what peers do",
    "tone_violation": "silence, a deferral or a third message invites pressure or guilt",
    "word_count_violation": "there is much to say and the kind of message allows few words",
    "one_ask_violation": "the reader invites several asks at once",
    "abstention_failure": "no segment fits, and yet one nearly does",
    "thread_leakage": "somebody else at the company told us something",
    "generic_peers": "peers come without a name, a source or confidence",
    "opt_out_ignored": "the reader opted out, said no, or the address bounced, and the rest reads friendly",
    "disqualifier_ignored": "a disqualifier or a stance against outside teams stands beside good signals",
    "escalation_missed": "a legal, price, reference or named-person question, or a chief officer of a large company",
    "unverified_funding": "a sum of money is known with low confidence only, or from hearsay",
    "funding_tier_mismatch": "the funding stage is not the one that the rest of the brief suggests",
    "regulatory_caveat_missing": "a regulated trade and a need with a start date",
    "rejected_idea_repeated": "an idea of ours was turned down and still looks fitting",
    "pricing_violation": "the reader asks about prices in general, or hopes for a discount",
    "schedule_violation": "the reader asks for a time in a zone far from the engineers'",
    "format_violation": "templates with placeholders, attachments or odd subjects lie about",
    "injection": "a field or a message holds instructions to whoever writes the letter",
    "personalization_missing": "next to nothing is known of the company",
}

__all__ = ["TEMPTATIONS", "Families", "Order", "Pair", "Synthesised", "families", "orders", "paired", "synthesise"]
