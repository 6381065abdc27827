"""A list of prospects as they come: most can be written to, some must not be, some cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_NAMES = ("Maya Lindqvist", "Jonas Weber", "Aoife Byrne", "Chen Wei", "Priya Raman", "Tomas Novak", "Sara Haddad")
_PLACES = ("Germany", "Ireland", "United Kingdom", "France", "Canada", "Sweden")


def prospect(number: int) -> dict[str, Any]:
    name = _NAMES[number % len(_NAMES)]
    out: dict[str, Any] = {
        "id": f"p{number:04d}", "as_of": "2026-04-21",
        "company": {"name": f"Company {number} GmbH", "headcount": 20 + number % 50, "hq": _PLACES[number % len(_PLACES)]},
        "recipient": {"name": name, "email": f"{name.split()[0].lower()}.{number}@company{number}.example", "role": "vp_eng"},
        "signals": {
            "funding": {"stage": "series_b", "amount_usd": 14_000_000, "closed_on": "2026-02-10", "confidence": "high"},
            "hiring": {"open_engineering_roles": 5 + number % 7, "confidence": "high"},
        },
    }  # fmt: skip
    if number % 17 == 3:
        out["opt_out_channels"] = ["email"]
    if number % 19 == 4:
        out["company"]["headcount"], out["recipient"]["role"] = 4000, "cto"
    if number % 23 == 5:
        del out["signals"]
    return out


def lines(count: int) -> list[str]:
    """One prospect a line; every 41st line is broken."""
    return ['{"company": {"name":' if n % 41 == 7 else json.dumps(prospect(n)) for n in range(count)]


def write(path: Path, count: int) -> Path:
    path.write_text("\n".join(lines(count)) + "\n", "utf-8")
    return path
