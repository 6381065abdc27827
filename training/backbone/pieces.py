"""Names in pieces that the model has met often: a copy of a rare token is learned badly, however well copying is.

Decides which tokens are given up: those that stand mostly in names and are rare in the texts that the tokenizer
is trained on. Their merges go; the ids of all others stay as they are, and a name is read in smaller pieces.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NAME = re.compile(r"\b[A-ZÀ-ÖØ-ÞŁŚŻŹĆ][^\W_]+")  # a word with a capital
MOSTLY = 0.5


def common_pieces(tokenizer: Tokenizer, texts: Iterable[str], least: int) -> Tokenizer:
    """The tokenizer without the tokens that stand in names and fewer than `least` times in the texts."""
    from tokenizers import Tokenizer

    data = json.loads(tokenizer.to_str())
    rare = _rare(tokenizer, texts, least)
    made = {a + b: (a, b) for a, b in map(_parts, data["model"]["merges"])}
    wanted = _with_parts((token for token in data["model"]["vocab"] if token not in rare), made)
    data["model"]["merges"] = [merge for merge in data["model"]["merges"] if "".join(_parts(merge)) in wanted]
    return Tokenizer.from_str(json.dumps(data))


def _rare(tokenizer: Tokenizer, texts: Iterable[str], least: int) -> set[str]:
    everywhere, within = Counter[str](), Counter[str]()
    for text in texts:
        found = tokenizer.encode(text, add_special_tokens=False)
        names = {place for match in NAME.finditer(text) for place in range(*match.span())}
        everywhere.update(found.tokens)
        within.update(token for token, (_, end) in zip(found.tokens, found.offsets, strict=True) if end - 1 in names)
    return {token for token in tokenizer.get_vocab() if everywhere[token] < least and within[token] >= MOSTLY * everywhere[token]}


def _with_parts(tokens: Iterable[str], made: dict[str, tuple[str, str]]) -> set[str]:
    """The tokens and all that they are merged from."""
    wanted, left = set[str](), list(tokens)
    while left:
        token = left.pop()
        if token not in wanted:
            wanted.add(token)
            left += made.get(token, ())
    return wanted


def _parts(merge: str | Sequence[str]) -> tuple[str, str]:
    """A merge is a pair, or in older files two words."""
    a, b = merge.split(" ") if isinstance(merge, str) else merge
    return a, b


__all__ = ["MOSTLY", "NAME", "common_pieces"]
