"""Content words of a sentence, cut to stems, so that a paraphrase still shares them.

Decides which words carry meaning (not the grammar, not the trade's everyday words) and when two
forms are the same word. It is crude on purpose: it serves overlap counts, not linguistics.
"""

from __future__ import annotations

import re
from functools import lru_cache

GRAMMAR = frozenset(
    """a an the and or but nor so yet if then than that this these those there here it its it's i i'm
    i've i'll i'd we we're we've we'll we'd us our ours you you're you've you'll your yours he she his her
    they them their who whom which what when where why how not no don't doesn't didn't isn't aren't won't
    can't cannot couldn't wouldn't be is are was were been being am do does did done have has had having will would can could
    should shall may might must of in on at by for from to into onto with without about over under after
    before between during through up down out off as again more most some any all both each few other
    such only own same too very just also now still even ever never one two per via let let's get got
    make made go going want wants need needs use uses like help hi hello dear thanks thank please best
    regards team teams company companies people person engineer engineers engineering developer
    developers call calls chat minutes minute week weeks month months quarter year day days time next
    last this today new good great work works working happy share send profile profiles open role roles
    question questions available availability support project business look looking know see think
    right current currently regarding note noted discuss discussing discussed discussion mention mentioned mentions
    said says ask asked thread conversation client clients prospect hiring hire plan planning planned
    consider considering considered way thing things lot bit able sure really much many well back keep""".split()
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """One form for the inflections of a word.

    >>> stem("replacing") == stem("replaced") == stem("replace")
    True
    """
    word = word.removesuffix("'s")
    for suffix in ("ations", "ation", "ings", "ing", "ies", "edly", "ed", "es", "s", "ly", "e", "y"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


def content(text: str) -> list[str]:
    """The words of a text that carry meaning, lower case, in order."""
    return [
        w
        for w in _WORD.findall(text.lower())
        if w not in GRAMMAR and (len(w) > 2 or w.isdigit() or w in {"ml", "ai", "k8", "ci", "qa", "go"})
    ]


def stems(text: str) -> frozenset[str]:
    return frozenset(stem(w) for w in content(text))
