"""Numbers with their nouns, so that one is not called by the word for many."""

from __future__ import annotations


def number_of(count: int, one: str, many: str = "") -> str:
    """
    >>> number_of(1, "letter"), number_of(0, "letter"), number_of(2, "check of their form", "checks of their form")
    ('1 letter', '0 letters', '2 checks of their form')
    """
    return f"{count} {one if count == 1 else many or f'{one}s'}"


__all__ = ["number_of"]
