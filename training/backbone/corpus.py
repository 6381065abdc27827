"""The corpus as token ids: trees of the world and drills, in shards that are the same whenever they are made.

Decides that the first shards are drills alone, and leaves out what is longer than the
model is meant to read. A shard is shuffled and cut into batches of prompts of like length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from training.backbone import tokenizer as bpe
from training.backbone.drills import PHASES, drill, run
from training.backbone.pieces import NAME
from training.world.corpus import Tree, rows
from training.world.split import Split

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MOST_PROMPT, MOST_LETTER = 512, 220
_VALUE = re.compile(rf"{NAME.pattern}|\d+")  # words with a capital, and numbers


class Ids(NamedTuple):
    """One tree as token ids; the first `head` of the prompt are static text. Letters end with their stop token."""

    prompt: tuple[int, ...]
    head: int
    letters: tuple[tuple[int, ...], ...]
    copied: tuple[tuple[bool, ...], ...]
    """Of each letter's tokens, whether they belong to a name or number that its prompt has."""


class Shard(NamedTuple):
    batches: tuple[tuple[Ids, ...], ...]
    left_out: int


def shard(folder: Path, split: Split, number: int, size: int, seed: int, drills: float, tokens: int) -> Shard:
    """Shard `number`: `size` trees, a share of them drills, in batches of at most `tokens` tokens with their padding."""
    reader = bpe.load(folder)
    dice = Random(f"{seed}/{split}/{number}/shard")
    if split == "train" and number < len(PHASES):
        trees = [run(dice, PHASES[number].words) for _ in range(PHASES[number].drills)]
    else:
        count = round(size * drills)
        trees = [*(drill(dice) for _ in range(count)), *rows(split, number * size, number * size + size - count, seed)]
    made = [ids for tree in trees if (ids := encoded(tree, reader))]
    return Shard(tuple(_batches(made, tokens, dice)), len(trees) - len(made))


def encoded(tree: Tree, reader: Tokenizer) -> Ids | None:
    """None where the prompt is longer than the model is meant to read."""
    head = bpe.special_ids(reader, tree.prefix)
    body = [n for text, special in tree.body for n in (bpe.special_ids if special else bpe.plain_ids)(reader, text)]
    stop = bpe.stop_id(reader)
    known = frozenset(_VALUE.findall("".join(text for text, _ in tree.body)))
    letters = [_letter(text, known, reader, stop) for text in tree.leaves]
    kept = [letter for letter in letters if len(letter.ids) <= MOST_LETTER]
    if not kept or len(head) + len(body) > MOST_PROMPT:
        return None
    return Ids((*head, *body), len(head), tuple(letter.ids for letter in kept), tuple(letter.copied for letter in kept))


class _Letter(NamedTuple):
    ids: tuple[int, ...]
    copied: tuple[bool, ...]


def _letter(text: str, known: frozenset[str], reader: Tokenizer, stop: int) -> _Letter:
    found = bpe.plain(reader, text)
    inside = {place for match in _VALUE.finditer(text) if match[0] in known for place in range(*match.span())}
    return _Letter((*found.ids, stop), (*(end - 1 in inside for _, end in found.offsets), False))


def _batches(made: Sequence[Ids], tokens: int, dice: Random) -> Iterator[tuple[Ids, ...]]:
    """Neighbours in length share a batch, so that little of it is padding; the batches come in any order."""
    ordered = sorted(made, key=lambda ids: (len(ids.letters), _longest(ids) // 12, len(ids.prompt) + dice.randint(0, 12)))
    batches: list[tuple[Ids, ...]] = []
    held: list[Ids] = []
    for ids in ordered:
        if held and (len(ids.letters) != len(held[0].letters) or _size([*held, ids]) > tokens):
            batches.append(tuple(held))
            held = []
        held.append(ids)
    batches += [tuple(held)] if held else []
    dice.shuffle(batches)
    yield from batches


def _size(batch: Sequence[Ids]) -> int:
    """Tokens of a batch with its padding."""
    return len(batch) * (max(len(ids.prompt) for ids in batch) + len(batch[0].letters) * max(map(_longest, batch)))


def _longest(ids: Ids) -> int:
    return max(map(len, ids.letters))


__all__ = ["Ids", "Shard", "encoded", "shard"]
