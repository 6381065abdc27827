"""A letter in parts: subject, greeting, paragraphs of sentences, closing lines.

Decides where a sentence ends and which one asks. Put together again, a letter that nobody changed is the
same text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_SUBJECT = re.compile(r"\ASubject: ([^\n]*)\n\n")
_GREETING = re.compile(r"\A[^\n]{1,60},\Z")
_CLOSING = re.compile(r"\A(?:[^\n]{1,40},|[^\n]{1,40})\n")
_SENTENCES = re.compile(r"(?<=[.?!])\s+(?=[\"'(]?[A-Z0-9])(?<!a\.m\. )(?<!p\.m\. )")
Change = Callable[[str], str | None]


class Anatomy(NamedTuple):
    """`closing` is the sign-off with the signature; a text message is one paragraph and nothing else."""

    subject: str | None
    greeting: str
    paragraphs: tuple[tuple[str, ...], ...]
    closing: str

    @property
    def text(self) -> str:
        body = "\n\n".join(filter(None, (self.greeting, *(" ".join(p) for p in self.paragraphs), self.closing)))
        return f"Subject: {self.subject}\n\n{body}" if self.subject is not None else body

    @property
    def ask(self) -> tuple[int, int] | None:
        """The place of the last question: paragraph and sentence."""
        return next(((p, s) for p, s in reversed(list(self._places())) if self.paragraphs[p][s].endswith("?")), None)

    def _places(self) -> Iterator[tuple[int, int]]:
        return ((p, s) for p, sentences in enumerate(self.paragraphs) for s in range(len(sentences)))

    def statements(self) -> list[tuple[int, int]]:
        """The places of sentences that ask nothing."""
        return [(p, s) for p, s in self._places() if not self.paragraphs[p][s].endswith("?")]

    def put(self, place: tuple[int, int], sentences: tuple[str, ...]) -> Anatomy:
        """Other sentences in the place of one."""
        p, s = place
        paragraph = (*self.paragraphs[p][:s], *sentences, *self.paragraphs[p][s + 1 :])
        kept = (*self.paragraphs[:p], *((paragraph,) if paragraph else ()), *self.paragraphs[p + 1 :])
        return self._replace(paragraphs=kept)

    def changed(self, change: Change) -> Anatomy | None:
        """The first sentence that a change applies to, changed; None where it applies to none."""
        for p, s in self._places():
            found = change(self.paragraphs[p][s])
            if found is not None and found != self.paragraphs[p][s]:
                return self.put((p, s), (found,))
        return None


def anatomy(text: str) -> Anatomy:
    """
    >>> anatomy("Subject: Request: a call\\n\\nHi Maya,\\n\\nOne. Two?\\n\\nBest,\\nSelam").paragraphs
    (('One.', 'Two?'),)
    """
    subject = _SUBJECT.match(text)
    blocks = text[subject.end() if subject else 0 :].split("\n\n")
    greeting = blocks.pop(0) if len(blocks) > 1 and _GREETING.match(blocks[0]) else ""
    closing = blocks.pop() if len(blocks) > 1 and _CLOSING.match(blocks[-1]) else ""
    return Anatomy(subject[1] if subject else None, greeting, tuple(tuple(_SENTENCES.split(block)) for block in blocks), closing)


__all__ = ["Anatomy", "anatomy"]
