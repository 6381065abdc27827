"""Text as a reader sees it, with the way back to the text as it was written.

Decides which characters count as the same: compatibility forms, look-alike letters, zero-width
characters, soft hyphens, HTML entities, curly quotes and s p a c e d - o u t letters. Refuses
nothing: any string has a normal form, and every span of it leads back to the original.
"""

from __future__ import annotations

import html
import re
import unicodedata
from array import array
from typing import NamedTuple

_SIMPLE = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201b": "'", "\u02bc": "'", "\u00b4": "'", "\u2032": "'",
        "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"',
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2212": "-", "\u2015": "\u2014",
        "\u00a0": " ", "\u2007": " ", "\u202f": " ", "\u2009": " ", "\u200a": " ", "\u3000": " ",
    }
)  # fmt: skip

# Letters of other scripts that a reader takes for Latin ones.
_LOOKALIKES = dict(
    zip(
        "АВЕКМНОРСТХУаеорсухіјѕԁһԛԝґвкмнтӏ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορυχε" + "ıɑɡⅼ",
        "ABEKMHOPCTXYaeopcyxijsdhqwrbkmhtl" + "ABEZHIKMNOPTYXaiknopuxe" + "iagl",
        strict=True,
    )
)

_ODD = re.compile(
    r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31});"
    r"|(?<![^\W_])(?:[^\W\d_][ ._*\-]){3,}[^\W\d_](?![^\W_])"
    r"|[^\t\n\r\x20-\x7e\u00a1-\u00ac\u00ae-\u00b3\u00b6-\u024f\u2013\u2014\u2022\u2026\u20ac]"
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31});")
_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?P<gap>[ ._*\-])[^\W\d_](?:(?P=gap)[^\W\d_]){2,}(?![^\W_])")


class Text(NamedTuple):
    """`norm` is what rules read; `starts` and `ends` map it back, None where nothing moved."""

    raw: str
    norm: str
    starts: array[int] | None = None
    ends: array[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of `raw` that `norm[start:end]` came from."""
        if self.starts is None or self.ends is None:
            return start, end
        if start >= end:
            at = self.starts[start] if start < len(self.starts) else len(self.raw)
            return at, at
        return self.starts[start], self.ends[end - 1]


def normalise(raw: str) -> Text:
    """The normal form of `raw`.

    >>> normalise("s&#121;n\\u200bergy").norm
    'synergy'
    """
    simple = raw.translate(_SIMPLE)
    if _ODD.search(simple) is None:
        return Text(raw, simple)
    return _fold(raw, simple)


def _fold(raw: str, simple: str) -> Text:
    chars: list[str] = []
    starts, ends = array("l"), array("l")
    latin = _mostly_latin(unicodedata.normalize("NFKC", simple))
    at = 0
    while at < len(simple):
        entity = _ENTITY.match(simple, at) if simple[at] == "&" else None
        width = len(entity.group()) if entity else 1
        piece = html.unescape(entity.group()) if entity else simple[at]
        for char in _readable(piece, fold_lookalikes=latin):
            chars.append(char)
            starts.append(at)
            ends.append(at + width)
        at += width
    return _close_up(raw, "".join(chars), starts, ends)


def _readable(piece: str, *, fold_lookalikes: bool) -> str:
    """Compatibility forms folded, invisible characters dropped."""
    out = []
    for char in unicodedata.normalize("NFKC", piece).translate(_SIMPLE):
        kind = unicodedata.category(char)
        if kind in {"Cf", "Mn", "Me", "Cs"} or (kind == "Cc" and char not in "\t\n\r"):
            continue
        plain = " " if kind == "Zs" else char
        out.append(_LOOKALIKES.get(plain, plain) if fold_lookalikes else plain)
    return "".join(out)


def _mostly_latin(text: str) -> bool:
    # A letter written in Russian is not a disguise; a Cyrillic letter in English text is one.
    letters = [c for c in text if c.isalpha()]
    return 2 * sum(c < "\u0250" or c in _LOOKALIKES for c in letters) > len(letters) and any(
        c < "\u0250" for c in letters
    )


def _close_up(raw: str, norm: str, starts: array[int], ends: array[int]) -> Text:
    """Joins letters that were set apart: s-y-n-e-r-g-y reads as synergy."""
    drop: set[int] = set()
    for match in _SPACED.finditer(norm):
        drop.update(range(match.start() + 1, match.end(), 2))
    if drop:
        keep = [i for i in range(len(norm)) if i not in drop]
        norm = "".join(norm[i] for i in keep)
        starts = array("l", (starts[i] for i in keep))
        ends = array("l", (ends[i] for i in keep))
    return Text(raw, norm, starts, ends)


def bare(text: str) -> str:
    """The text without accents, for comparing names: "Chlo\u00e9" and "Chloe" are one.

    >>> bare("Chlo\u00e9")
    'Chloe'
    """
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
