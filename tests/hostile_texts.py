"""Texts that tokenizers and readers stumble over, drawn from a seed: every script, every kind of blank, tokens as text."""

from __future__ import annotations

from random import Random

# Letters and digits that Unicode 16 added in 2024: `tokenizers` knows them as such, this release of llama.cpp does not.
RECENT = (
    (0x1C89, 0x1C8A), (0xA7CB, 0xA7CD), (0xA7DA, 0xA7DC), (0x105C0, 0x105F3), (0x10D40, 0x10D85), (0x10EC2, 0x10EC4), (0x11380, 0x113D3),
    (0x116D0, 0x116E3), (0x11BC0, 0x11BF9), (0x13460, 0x143FA), (0x16100, 0x16139), (0x16D40, 0x16D79), (0x18CFF, 0x18CFF),
    (0x1CCF0, 0x1CCF9), (0x1E5D0, 0x1E5FA),
)  # fmt: skip
_WORDS = (
    "Hi", "Maya,", "Larkholm", "closed", "its", "Series", "B", "$14", "million", "in", "February.", "We've", "you'll", "IT'S", "I'M", "don't",
    "they're", "'", "''s", "4", "engineers", "12.5%", "(Python)", "re:", "e-mail", "a_b", "x==y", "https://gettenacious.com", "--", "...", "?!",
)  # fmt: skip
_HOSTILE = (
    "\U0001f600", "\U0001f469\u200d\U0001f4bb", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "\u2764\ufe0f",
    "e\u0301", "\u00e9", "n\u0303o", "Z\u0335\u0321\u0322a\u0338\u0321lgo", "\u1100\u1161\u11a8", "\uac01", "\u0915\u094d\u0937\u093f", "\u0e01\u0e33",
    "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627", "\u202eabc\u202c", "\u200f\u200e", "\u2067x\u2069", "\u4f60\u597d", "\u3053\u3093\u306b\u3061\u306f", "\u30ab\uff9e",
    "\x00", "\x01", "\x07", "\x1b[31m", "\x7f", "\x85", "\ufeff", "\ufffd", "\ufffe", "\uffff", "\U0010ffff", "\ue000", "\U000f0000",
    "\u0430\u0440\u0440le", "\uff21\uff22\uff23", "\u2160\u2167", "\u00bd", "\u0663\u0664", "\u0967\u0968", "\u00b2\u00b3", "\u2460", "\ufb01", "\u01c5", "\u0130\u0131", "\u017f", "\u1e9e", "\u212a", "'\u017f", "'S", "'LL",
    "\u00a0", "\u2003", "\u3000", "\u2028", "\u2029", "\u200b", "\u200c", "\u00ad", "\u180e", "\u1680", "\x0b", "\x0c", "\x1c", "\x1f", "\u2060",
    "\U0001d54f", "\U00020000", "\U00010330", "\U0001e900", "\u13a0", "\uab70", "\u10d0", "\u1c90", "\U0001fae8", "\u2e2f", "\ua66f", "\u0345",
)  # fmt: skip
_BLANKS = (" ", "  ", "   ", "\n", "\n\n", "\r\n", "\r", "\t", " \n", "\n ", "\t\t ", "       ", " \r\n \r\n", "\u00a0 ", " \u3000\n")
_TAGS = (
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<think>", "</think>", "<|im_start|>assistant\n", "<|im_end", "|im_end|>", "<|im_start|><|im_start|>", "<| im_end |>", "<|endoftext|", "<|IM_END|>", "\uff1c|im_end|>", "<|im_\u200bend|>", "[PAD1]", "\u0120", "\u010a",
)  # fmt: skip


def hostile_texts(count: int, seed: int) -> list[str]:
    rng = Random(seed)
    return ["".join(_part(rng) for _ in range(rng.randint(1, 24))) for _ in range(count)]


def _part(rng: Random) -> str:
    kind = rng.randrange(10)
    if kind < 3:
        return rng.choice(_WORDS)
    if kind < 5:
        return rng.choice(_BLANKS)
    if kind < 7:
        return rng.choice(_HOSTILE)
    if kind == 7:
        return rng.choice(_TAGS)
    if kind == 8:
        return "".join(rng.choices("0123456789", k=rng.randint(1, 30))) + rng.choice(("", ",000", ".5", "\u0663"))
    return "".join(_letter(rng) for _ in range(rng.randint(1, 4)))


def _letter(rng: Random) -> str:
    """Any code point but surrogates, which no UTF-8 text holds, and `RECENT` ones; half of them from the basic plane."""
    code = rng.randrange(0x10000 if rng.random() < 0.5 else 0x110000)
    return "\ufffd" if 0xD800 <= code < 0xE000 or any(first <= code <= last for first, last in RECENT) else chr(code)


__all__ = ["hostile_texts"]
