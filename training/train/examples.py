"""Pairs as a trainer reads them: three strings each, checked against the ids that the backbone would use.

Decides which pairs a run learns from. Left out and counted: pairs of the other task, empty and equal sides,
sides that do not end with one end of turn, text that a tokenizer would read as control tokens, prompts without
the assistant's header, sides whose ids differ between trainer and backbone, and pairs that are too long.
Pairs in wording that is set aside end the run.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rubric.errors import InputError
from training.train.config import TrainConfig
from training.train.turn import Turn

if TYPE_CHECKING:
    from agent.backbones.tokenizer import LocalTokenizer
    from training.pairs.pair import Pair

_SUBJECT = re.compile(r"\A\s*Subject:[^\n]*\n\s*", re.I)


class Example(NamedTuple):
    """Strings for the trainer, and how many tokens each has."""

    prompt: str
    chosen: str
    rejected: str
    prompt_tokens: int
    chosen_tokens: int
    rejected_tokens: int

    @property
    def longest(self) -> int:
        return self.prompt_tokens + max(self.chosen_tokens, self.rejected_tokens)


class Prepared(NamedTuple):
    """`skipped` counts what was left out, by the reason."""

    examples: tuple[Example, ...]
    skipped: dict[str, int]

    @property
    def tokens(self) -> int:
        """Tokens of both sides of all pairs, each behind its own prompt."""
        return sum(2 * e.prompt_tokens + e.chosen_tokens + e.rejected_tokens for e in self.examples)


class _Unfit(Exception):
    pass


def prepared(pairs: Iterable[Pair], config: TrainConfig, tokenizer: LocalTokenizer, turn: Turn) -> Prepared:
    """The pairs of the config's task that are fit to be learnt from."""
    skipped: Counter[str] = Counter()
    kept = []
    for pair in pairs:
        try:
            kept.append(_example(pair, config, tokenizer, turn))
        except _Unfit as reason:
            skipped[str(reason)] += 1
    return Prepared(tuple(kept), dict(skipped.most_common()))


def refuse_empty(found: Prepared, path: str, task: str) -> Prepared:
    if not found.examples:
        why = ", ".join(f"{n} {reason}" for reason, n in found.skipped.items())
        raise InputError(f"{path} holds no pair to train on for the task {task} ({why}); make pairs for this model with `winnow train pairs`")
    return found


def _example(pair: Pair, config: TrainConfig, tokenizer: LocalTokenizer, turn: Turn) -> Example:
    if pair.unseen or pair.split == "held_out":
        raise InputError(f"the pair {pair.id} is set aside for measuring ({pair.company}) and must not be trained on; make the pairs again with --split train")
    if (pair.role == "judge") != (config.task == "verdict"):
        raise _Unfit("of another task")
    prompt = _prompt(pair.prompt, tokenizer, turn)
    chosen, rejected = (_side(text, config, turn) for text in (pair.chosen, pair.rejected))
    if chosen == rejected:
        raise _Unfit("with equal sides")
    sizes = [len(_ids(prompt, side, tokenizer, turn)) for side in (chosen, rejected)]
    example = Example(prompt, chosen, rejected, len(tokenizer.tokenize(prompt, True)), sizes[0], sizes[1])
    if example.longest > config.max_length:
        raise _Unfit(f"longer than {config.max_length} tokens")
    return example


def _prompt(text: str, tokenizer: LocalTokenizer, turn: Turn) -> str:
    ids = tokenizer.tokenize(text, True)
    if tuple(ids[-len(turn.header_ids) :]) != turn.header_ids:
        raise _Unfit("whose prompt does not end with the assistant's header")
    messages = turn.messages(text)
    if messages is None:
        raise _Unfit("whose prompt this model's chat template has not made")
    if any(not tokenizer.controls.isdisjoint(tokenizer.tokenize(message, True)) for message in messages):
        raise _Unfit("with control tokens in the prompt's text")
    return text


def _side(text: str, config: TrainConfig, turn: Turn) -> str:
    letter = text.removesuffix(turn.end)
    if letter == text:
        raise _Unfit("whose side lacks the end of turn")
    if config.completion == "body":
        letter = _SUBJECT.sub("", letter, count=1)
    if not letter.strip():
        raise _Unfit("with an empty side")
    return letter + turn.end


def _ids(prompt: str, side: str, tokenizer: LocalTokenizer, turn: Turn) -> Sequence[int]:
    """The side's ids as the backbone has them, which are those that the trainer cuts off behind the prompt."""
    letter = side.removesuffix(turn.end)
    if not tokenizer.controls.isdisjoint(tokenizer.tokenize(letter, True)):
        raise _Unfit("with control tokens in a side")
    sampled = [*tokenizer.tokenize(letter, False), turn.end_id]
    if tokenizer.tokenize(prompt + side, True) != [*tokenizer.tokenize(prompt, True), *sampled]:
        raise _Unfit("whose ids differ between trainer and backbone")
    return sampled


def file_hash(path: str | Path) -> str:
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise InputError(f"the pairs {path} cannot be read: {error.strerror}; make them with `winnow train pairs --out {path}`") from None


__all__ = ["Example", "Prepared", "file_hash", "prepared", "refuse_empty"]
