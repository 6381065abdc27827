"""Free words of a brief turned into the closed vocabularies of the rubric.

Decides what "VP Engineering", "Series B", 0.85 or "Segment 2" mean. A word that means nothing here
is refused with the words that would do.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, Literal, get_args

Confidence = Literal["high", "medium", "low", "insufficient_signal"]
Stage = Literal[
    "bootstrapped", "pre_seed", "seed", "series_a", "series_b", "series_c", "series_d",
    "series_e", "series_f", "public", "private_equity",
]  # fmt: skip
Role = Literal[
    "founder", "cofounder", "ceo", "cto", "cfo", "coo", "c_level", "vp_eng", "head", "director",
    "manager", "other",
]  # fmt: skip
Velocity = Literal["increasing", "stable", "decreasing", "insufficient_signal"]
MessageType = Literal["cold", "warm", "reengagement", "sms"]
Channel = Literal["email", "sms", "linkedin", "phone"]
BuyingStage = Literal["researching", "evaluating", "implementing"]

CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)
STAGES: tuple[Stage, ...] = get_args(Stage)
CHIEFS = frozenset({"ceo", "cto", "cfo", "coo", "c_level"})

_WORD = re.compile(r"[a-z0-9]+")
_CHIEF = re.compile(r"\b(?:chief\b.*\bofficer|c[a-z]{1,3}o|(?:group|global|interim|acting|deputy)? ?c[a-z]o)\b")
_BESIDE_A_CHIEF = re.compile(
    r"\b(?:office of|assistant to|chief of staff(?: to)?|reporting to|reports to|advisor to|adviser to|deputy to)\b.*"
)
_STAGE_WORDS: dict[str, Stage] = {
    "ipo": "public", "listed": "public", "publicly": "public", "plc": "public",
    "pe": "private_equity", "buyout": "private_equity", "angel": "pre_seed",
    "preseed": "pre_seed", "bootstrap": "bootstrapped", "unfunded": "bootstrapped",
}  # fmt: skip
_CONFIDENCE_WORDS: dict[str, Confidence] = {
    "none": "insufficient_signal", "insufficient": "insufficient_signal",
    "unknown": "insufficient_signal", "no signal": "insufficient_signal", "very low": "low",
    "weak": "low", "med": "medium", "moderate": "medium", "mid": "medium", "strong": "high",
    "verified": "high", "confirmed": "high", "very high": "high",
}  # fmt: skip
_VELOCITY: tuple[tuple[Velocity, str], ...] = (
    ("insufficient_signal", r"insufficient|unknown|unclear|no signal|n/a"),
    ("decreasing", r"decreas|declin|down|slow|fall|shrink|freez|frozen|contract|cool|drop|negative"),
    (
        "increasing",
        r"increas|up\b|grow|accelerat|fast|rapid|rising|ris|surg|expand|tripl|doubl|positive|aggressive|high",
    ),
    ("stable", r"stable|steady|flat|same|unchanged|constant|moderate|normal|low"),
)


def confidence(value: Any) -> Any:
    """A level, from its name, a name near it, or a number from 0 to 1."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        if not 0 <= value <= 1:
            return value
        return (
            "high" if value >= 0.8 else "medium" if value >= 0.5 else "low" if value >= 0.2 else "insufficient_signal"
        )
    if isinstance(value, str):
        word = " ".join(_WORD.findall(value.lower()))
        return _CONFIDENCE_WORDS.get(word, word.replace(" ", "_"))
    return value


def stage(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    words = _WORD.findall(value.lower())
    joined = "_".join(words)
    for name in STAGES:
        if name in joined:
            return _exact_stage(name, joined)
    for word in words:
        if word in _STAGE_WORDS:
            return _STAGE_WORDS[word]
    if len(joined) == 1 and joined in "abcdef":
        return f"series_{joined}"
    late = re.fullmatch(r"series_[g-z]\d?", joined)
    return "series_f" if late else joined


def _exact_stage(name: Stage, joined: str) -> Stage:
    return "pre_seed" if name == "seed" and "pre_seed" in joined else name


def role(value: Any) -> Any:
    """A role from free text; a chief officer outweighs a founder, "Co-Founder & CTO" is a CTO."""
    if not isinstance(value, str):
        return value
    low = _BESIDE_A_CHIEF.sub("", value.lower())  # "Director, Office of the CTO" is a director
    words = _WORD.findall(low.replace("c-level", "clevel").replace("c_level", "clevel"))
    text = " ".join(words)
    for short, long in (("ceo", "executive"), ("cto", "technology"), ("cfo", "financial"), ("coo", "operating")):
        if short in words or f"chief {long}" in text or (short == "cto" and "chief technical" in text):
            return short
    if "clevel" in words or {"c", "suite"} <= set(words) or {"c", "level"} <= set(words) or _CHIEF.search(text):
        return "c_level"
    if "cofounder" in words or "co founder" in text:
        return "cofounder"
    if "founder" in words or "founding" in words:
        return "founder" if "founder" in words else "other"
    if {"vp", "svp", "evp", "vice"} & set(words):
        return (
            "vp_eng"
            if re.search(r"\beng|\btechnolog|\bplatform|\binfra|\bsoftware|\bdata\b", text) or text == "vp"
            else "other"
        )
    for name in ("head", "director", "manager"):
        if name in words:
            return name
    return "other"


def is_chief(value: str | None) -> bool:
    """Whether a role or a free title is that of a chief officer."""
    return value is not None and role(value) in CHIEFS


def velocity(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    low = value.lower()
    return next((name for name, pattern in _VELOCITY if re.search(pattern, low)), "insufficient_signal")


def plain(value: Any) -> Any:
    """Lower case with underscores: "Re-Engagement" reads as "reengagement"."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower().replace("-", "").replace(" ", "_")
    return {"follow_up": "cold", "followup": "cold", "reply": "warm", "text": "sms", "call": "phone"}.get(word, word)


def day(value: Any) -> Any:
    """A calendar day; a time of day behind it is dropped, as every window counts days."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}[T ].*", text):
            text = text[:10]
        if re.fullmatch(r"\d{4}-\d{2}", text):
            text += "-01"
        if text.startswith("0000"):
            raise ValueError("the year 0 does not exist")
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError("expected a day such as 2026-04-21") from None
    if isinstance(value, date):
        return value
    raise ValueError("expected a day such as 2026-04-21")


def headcount(value: Any) -> Any:
    """A whole number; "1,200" and "about 200 people" are read too, a range by its lower end."""
    if isinstance(value, str):
        found = re.search(r"\d[\d,]*", value)
        if found and value.strip()[:1] != "-":
            return int(found.group().replace(",", ""))
    return value
