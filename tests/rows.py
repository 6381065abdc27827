"""Result rows as the store and the exports meet them."""

from __future__ import annotations

import hashlib
from typing import Any

MAYA = "maya@northwind.example"


def key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def row(name: str = "one", **more: Any) -> dict[str, Any]:
    """A draft to Maya; `more` replaces fields."""
    return {
        "id": name, "key": key(name), "line": 1, "outcome": "DRAFT", "company": "Northwind Robotics",
        "recipient": {"name": "Maya Lindqvist", "email": MAYA, "role": "vp_eng"},
        "email": {"subject": "Three Python engineers", "body": "Hi Maya,\n\nWould a call suit you?\n"},
        "decision": "PASS", "score": 0.93, "dimensions": None, "segment": {"name": "recently_funded", "confidence": 0.8},
        "findings": [], "reasons": [], "warnings": [], "receipt": None, "error": None, **more,
    }  # fmt: skip


def to(email: str | None, name: str = "Sam Okafor") -> dict[str, Any]:
    return {"recipient": {"name": name, "email": email, "role": None}}
