"""What is compared: a pair or a task of a bench, cut into brief and letters.

Decides how both are read: a pair from its own strings, a task from its prospect through the same prompts, so that the
same fact reads the same. A bench is a file of pairs, or of rows with a prospect and maybe a letter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from rubric.errors import InputError, UserError
from rubric.playbook import load_playbook
from rubric.prospect import read_prospect
from training.pairs.pair import Pair, read_pairs
from training.world.sketch import MONTHS
from training.world.split import normalised

_BRIEF = re.compile(r"^Brief\n(?:- [^\n]*\n?)+", re.M)
_DRAFT = re.compile(r"^Draft\n((?:>[^\n]*\n?)+)", re.M)
_TODAY = re.compile(r"^- Today: (.+)$", re.M)
_MARKUP = re.compile(r"<[|/]?[\w|]+[|]?>")
_TEXTS = ("body", "text", "letter", "email", "draft", "reference", "chosen", "rejected", "candidate", "output")


class Item(NamedTuple):
    """`company` is the name as it is compared, `shown` as it is written; `authors` and `judges` are names of models or people."""

    id: str
    company: str
    shown: str
    brief: str
    letters: tuple[str, ...]
    day: str | None = None
    authors: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    pair: Pair | None = None


def of_pair(pair: Pair) -> Item:
    brief, draft = _BRIEF.search(pair.prompt), _DRAFT.search(pair.prompt)
    judged = (re.sub(r"^> ?", "", draft[1], flags=re.M),) if draft else ()
    sides = judged if pair.role == "judge" else (_bare(pair.chosen), _bare(pair.rejected))
    today = _TODAY.search(pair.prompt)
    return Item(
        pair.id, normalised(pair.company), pair.company, brief[0] if brief else pair.prompt, sides, _day(today[1]) if today else None, (pair.author,), pair=pair
    )


def read_bench(path: str | Path) -> list[Item]:
    """The tasks of a file; one that cannot be read ends the audit, because what is not read is not compared."""
    try:
        lines = [line for line in Path(path).read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the bench {path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}; give a JSONL file of tasks or pairs") from None
    if not lines:
        raise InputError(f"the bench {path} holds no task; give a JSONL file of tasks or pairs")
    if '"rejected"' in lines[0] and '"prompt"' in lines[0]:
        return [of_pair(pair) for pair in read_pairs(path)]
    return [item_of(line, f"{path}, line {number}") for number, line in enumerate(lines, 1)]


def item_of(line: str, where: str) -> Item:
    """The task of a line; `where` names it in messages."""
    try:
        row = json.loads(line)
        prospect = row.get("prospect") or row.get("context") or row.get("input")
        reading = read_prospect(prospect)
    except (ValueError, AttributeError, UserError) as error:
        raise InputError(f"{where} is no task: {error}; a task is a JSON object with a 'prospect'") from None
    company = reading.prospect.company.name or ""
    return Item(
        str(row.get("id", where)), normalised(company), company, _brief(prospect), tuple(_letters(row)), str(reading.prospect.as_of or "") or None,
        tuple(_names(row, ("author", "generator", "source"))), tuple(_names(row, ("judge", "labelled_by"))),
    )  # fmt: skip


def _brief(prospect: Mapping[str, Any]) -> str:
    from training.pairs.scenes import prompts

    text = prompts().generator(read_prospect(prospect), load_playbook("tenacious")).text
    found = _BRIEF.search(text)
    return found[0] if found else text


def _letters(row: Mapping[str, Any]) -> Iterator[str]:
    for name in _TEXTS:
        value = row.get(name)
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield "\n\n".join(str(value[key]) for key in ("subject", "body") if value.get(key))


def _names(row: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[str]:
    for key in keys:
        value = row.get(key)
        yield from ([value] if isinstance(value, str) else [v for v in value if isinstance(v, str)] if isinstance(value, list) else [])


def _bare(side: str) -> str:
    return _MARKUP.sub(" ", side)


def _day(text: str) -> str | None:
    """
    >>> _day("17 October 2026")
    '2026-10-17'
    """
    try:
        number, month, year = text.split()
        return str(date(int(year), MONTHS.index(month) + 1, int(number)))
    except ValueError:
        return None


__all__ = ["Item", "item_of", "of_pair", "read_bench"]
