"""The pattern language of the world's wording: `[a|b|]` is a choice, `{slot}` a value of the prospect.

Decides which readings of a pattern are possible for the values at hand: a text with a slot that has no
value is not drawn, and neither is an alternative that holds one. Refuses open or stray brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from random import Random
from typing import NamedTuple, TypeAlias

from rubric.errors import ConfigError

_TOKEN = re.compile(r"\{(\w+)\}|([\[\]|{}])|([^\[\]|{}]+)")
# A vowel by its sound, as far as the world's words go: "an 8-week", "an ML role", "a Unix team", "a one-off".
_AN = re.compile(r"(\ba|(?:^|(?<=[.?!] )|(?<=\n))A) (?=(?![Oo]ne\b|[Oo]nce\b|[Ee]uro|EU\b|ewe|usu|uni|use|uti)(?:[aeio]|u[^nst]|un[^i]|\$?8|\$?11\b|\$?18\b|[AEIO]|ML|LLM|SRE|NLP|MLOps|SDK|FP|HR|R&D))")
_LOOSE = re.compile(r" +([,;:?!]|\.(?!\w))")  # but ".NET" keeps its space


class Slot(NamedTuple):
    name: str


class Choice(NamedTuple):
    """Alternatives, equally likely among those that are possible."""

    alternatives: tuple[Pattern, ...]


Part: TypeAlias = "str | Slot | Choice"
Pattern: TypeAlias = "tuple[Part, ...]"
Slots: TypeAlias = Mapping[str, str]


@cache
def parsed(text: str) -> Pattern:
    """
    >>> parsed("a [b|{c}]")
    ('a ', Choice(alternatives=(('b',), (Slot(name='c'),))))
    """
    parts, closing = _parts(_tokens(text), text)
    if closing:
        raise ConfigError(f"the pattern {text!r} has a {closing!r} that opens nowhere; write alternatives as [a|b]")
    return parts


def _tokens(text: str) -> Iterator[re.Match[str]]:
    return _TOKEN.finditer(text)


def _parts(tokens: Iterator[re.Match[str]], text: str) -> tuple[Pattern, str | None]:
    """The parts up to the sign that ends them, and that sign."""
    parts: list[Part] = []
    for token in tokens:
        slot, sign, plain = token.groups()
        if slot:
            parts.append(Slot(slot))
        elif sign == "[":
            parts.append(_choice(tokens, text))
        elif sign in {"]", "|"}:
            return tuple(parts), sign
        elif sign:
            raise ConfigError(f"the pattern {text!r} has a stray {sign!r}; write a value as {{name}}")
        else:
            parts.append(plain)
    return tuple(parts), None


def _choice(tokens: Iterator[re.Match[str]], text: str) -> Choice:
    alternatives: list[Pattern] = []
    sign: str | None = "|"
    while sign == "|":
        parts, sign = _parts(tokens, text)
        alternatives.append(parts)
    if sign is None:
        raise ConfigError(f"the pattern {text!r} has a '[' that is never closed; write alternatives as [a|b]")
    return Choice(tuple(alternatives))


def slots_of(pattern: Pattern) -> Iterator[str]:
    """Every slot that the pattern names."""
    for part in pattern:
        if isinstance(part, Slot):
            yield part.name
        elif isinstance(part, Choice):
            for alternative in part.alternatives:
                yield from slots_of(alternative)


def possible(pattern: Pattern, slots: Slots) -> bool:
    return all(_part_possible(part, slots) for part in pattern)


def _part_possible(part: Part, slots: Slots) -> bool:
    if isinstance(part, Slot):
        return bool(slots.get(part.name))
    return isinstance(part, str) or any(possible(a, slots) for a in part.alternatives)


def said(pattern: Pattern, slots: Slots, dice: Random) -> str:
    """One reading of a pattern that is possible, with its spaces, its first letter and its articles put right."""
    text = re.sub(r" {2,}", " ", _said(pattern, slots, dice)).strip(" ")
    text = _LOOSE.sub(r"\1", text)
    text = _AN.sub(r"\1n ", text)
    return text[:1].upper() + text[1:]


def _said(pattern: Pattern, slots: Slots, dice: Random) -> str:
    return "".join(_part_said(part, slots, dice) for part in pattern)


def _part_said(part: Part, slots: Slots, dice: Random) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Slot):
        return slots[part.name]
    return _said(dice.choice([a for a in part.alternatives if possible(a, slots)]), slots, dice)


__all__ = ["Choice", "Pattern", "Slot", "Slots", "parsed", "possible", "said", "slots_of"]
