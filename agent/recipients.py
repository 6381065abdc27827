"""The addresses of a prospect: where a letter would go, wherever the record keeps it.

Decides that an address under a key of mail or contact counts as the recipient's, so that an opt-out holds
whatever an importer called the column; addresses in free text are other people's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agent.address import addresses_in, known_mailbox
from rubric import Reading

_KEY = re.compile(r"e-?mail|contact|address|^to$", re.I)


def addresses_of(reading: Reading) -> list[str]:
    """Every address that the record gives for the recipient."""
    prospect = reading.prospect
    return list(dict.fromkeys([*addresses_in(prospect.recipient.email), *_under(prospect.extra, False)]))


def address_warnings(reading: Reading) -> Iterator[str]:
    """What a person should know about where the letter would go."""
    given = reading.prospect.recipient.email
    if given and known_mailbox(given) is None:
        yield f"/recipient/email: {given!r:.80} is not one address; the draft gets none"


def _under(value: Any, named: bool) -> Iterator[str]:
    """The addresses in a JSON value that stand under a key of that kind."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _under(item, named or bool(_KEY.search(str(key))))
    elif isinstance(value, list):
        for item in value:
            yield from _under(item, named)
    elif named:
        yield from addresses_in(value)


__all__ = ["address_warnings", "addresses_of"]
