"""Names of people: first names and surnames of many languages in Latin letters, gathered once per process.

Decides which names the world uses. Left out are names of two words, and those that are words of the trade, of
the calendar or of salesmanship, because a rule would hear them where a person is meant.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from random import Random
from typing import NamedTuple

_LOCALES = (
    "en_US", "en_GB", "en_IE", "en_KE", "de_DE", "fr_FR", "sv_SE", "no_NO", "da_DK", "fi_FI", "nl_NL", "pl_PL", "es_ES", "it_IT", "pt_PT",
)  # fmt: skip
_CALLS = 1500
_NAME = re.compile(r"[A-ZÀ-ÖØ-ÞŁŚŻŹĆ][a-zà-öø-ÿąćęłńóśźż]{2,10}")
_WORDS = frozenset(
    """april august may june july march mars mai jun jan juli augusto season summer winter autumn monday friday sunday
    art bill bond brand brook case cash chance chase christian close cloud day dean death drew early ernest faith fast field
    general gene good grace grant gross guy hall hand hill hope hunter in jack joy justice kind king lane law leader lean
    little long love lucky major man mark max means more new north page pain per pat patience peace peer penny person please
    post power price prince quick ray read rich risk rob rock rose royal sale sales senior short small smart south star
    stock street strong sue sunny swift teller track trust van victor violet wall ward way weeks west will wise wolf won
    wood young best banks bench bird block board bolt book both bridge church cook cross dear down ends even far fee fees
    first flowers fox free frost gay gold gray green head hire house judge keen key last life line lord low mann marsh mile miles
    mills moon moore night noble nurse outlaw parent park parks parson pay pool poor pope porter potter raines rush sand savage
    self sharp shepherd sharpe sims single skinner snow speed stark steel stone summers sweet thorn top tower town vance wells
    white wilder winters work works worth
    alan lydia mollie ola ben cassandra che dora ema job kick lando staffan clear company fresh halvorsen jenkins landa landers landin landström
    startek mas para rails rust turnbull turner flood warmer sitters""".split()
)  # fmt: skip
_SPELT = str.maketrans("łøđð", "lodd")


class Person(NamedTuple):
    first: str
    last: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


class _Pools(NamedTuple):
    first: tuple[str, ...]
    last: tuple[str, ...]


@lru_cache(maxsize=1)
def _pools() -> _Pools:
    from faker import Faker

    first: set[str] = set()
    last: set[str] = set()
    for n, locale in enumerate(_LOCALES):
        fake = Faker(locale)
        fake.seed_instance(n + 1)
        first.update(fake.first_name() for _ in range(_CALLS))
        last.update(fake.last_name() for _ in range(_CALLS))
    return _Pools(_usable(first), _usable(last))


def _usable(names: set[str]) -> tuple[str, ...]:
    composed = {unicodedata.normalize("NFC", name) for name in names}
    return tuple(sorted(name for name in composed if _NAME.fullmatch(name) and name.lower() not in _WORDS))


def first_name(dice: Random) -> str:
    return dice.choice(_pools().first)


def surname(dice: Random) -> str:
    return dice.choice(_pools().last)


def person(dice: Random) -> Person:
    return Person(first_name(dice), surname(dice))


def plain_letters(text: str) -> str:
    """Small letters from a to z and digits: what an address is made of.

    >>> plain_letters("Łucja Ørsted & Weiß")
    'lucjaorstedweiss'
    """
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", text.casefold().translate(_SPELT)))


__all__ = ["Person", "first_name", "person", "plain_letters", "surname"]
