"""Cases made from a seed: prospects and letters that differ in names, numbers, dates and wording.

Only the speed bench reads them. They carry no labels, and no claim about quality rests on them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

AS_OF = date(2026, 6, 2)
_FIRST = "Amber Birch Cobalt Delta Ember Fern Granite Harbour Indigo Juniper Kestrel Lumen Moss North Onyx Pine".split()
_SECOND = "Robotics Freight Analytics Ledger Health Logistics Commerce Learning Payments Energy Mobility Studio".split()
_PEOPLE = "Maya Oskar Ines Dana Jonas Priya Aoife Tomas Leila Henrik Clara Noor Emil Sofia Bruno Yara".split()
_FAMILY = "Lindqvist Ek Moreau Price Weil Nair Byrne Novak Haddad Berg Rossi Aziz Larsen Costa Silva Demir".split()
_PLACES = ("Germany", "Sweden", "United Kingdom", "Ireland", "Canada", "France", "Boston", "Singapore")
_TITLES = ("VP Engineering", "CTO", "Founder", "Head of Data", "Director of Platform", "Co-Founder & CTO")
_STACKS = ("python", "go", "data", "ml", "infra", "frontend", "rust")
_STAGES = ("seed", "series_a", "series_b", "series_c", "public")
_LEVELS = ("high", "medium", "low")
_WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}


def case(rng: Random, number: int) -> dict[str, Any]:
    """One case; about one letter in three has a fault or two."""
    prospect = _prospect(rng, number)
    return {"id": f"made-{number}", "prospect": prospect, "email": _email(rng, prospect)}


def write_cases(path: Path, count: int, seed: int = 1) -> None:
    """Writes `count` cases one by one."""
    with path.open("w", encoding="utf-8") as out:
        for made in cases(count, seed):
            out.write(json.dumps(made, ensure_ascii=False) + "\n")


def cases(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    rng = Random(seed)
    return (case(rng, number) for number in range(count))


def _prospect(rng: Random, number: int) -> dict[str, Any]:
    stack = rng.choice(_STACKS)
    closed = AS_OF - timedelta(days=rng.randrange(20, 300))
    return {
        "id": f"p-{number}",
        "as_of": AS_OF.isoformat(),
        "message_type": rng.choice(("cold", "cold", "warm")),
        "company": {
            "name": f"{rng.choice(_FIRST)} {rng.choice(_SECOND)} {number % 997}",
            "industry": f"{rng.choice(_SECOND).lower()} software",
            "headcount": rng.randrange(15, 900),
            "hq": rng.choice(_PLACES),
        },
        "recipient": {"name": f"{rng.choice(_PEOPLE)} {rng.choice(_FAMILY)}", "title": rng.choice(_TITLES)},
        "signals": {
            "funding": {
                "stage": rng.choice(_STAGES),
                "amount_usd": rng.randrange(2, 40) * 1_000_000,
                "closed_on": closed.isoformat(),
                "confidence": rng.choice(_LEVELS),
            },
            "hiring": {
                "open_engineering_roles": rng.randrange(1, 11),
                "velocity": rng.choice(("increasing", "stable", "decreasing")),
                "confidence": rng.choice(_LEVELS),
                "roles": [{"title": f"Senior {stack.title()} Engineer", "stack": stack, "days_open": rng.randrange(5, 120)}],
            },
            "tech_stack": {"items": rng.sample(_STACKS, 2), "confirmed": rng.random() < 0.5},
            "facts": [f"Opened an office with {rng.randrange(5, 60)} desks in {rng.choice(_PLACES)}."],
        },
        "need": {"stack": stack, "engineers": rng.randrange(1, 9)},
        "peers": [{"name": f"{rng.choice(_FIRST)} {rng.choice(_SECOND)}", "practice": "posted two platform roles in May"}],
    }


def _email(rng: Random, prospect: dict[str, Any]) -> dict[str, str]:
    signals, company = prospect["signals"], prospect["company"]["name"]
    funding, hiring, stack = signals["funding"], signals["hiring"], prospect["need"]["stack"]
    month = date.fromisoformat(funding["closed_on"]).strftime("%B")
    million = funding["amount_usd"] // 1_000_000
    roles = _WORDS[hiring["open_engineering_roles"]]
    opening = rng.choice((
        f"{company} closed a ${million}M round in {month}, and {roles} engineering roles appear to be open.",
        f"It looks as if {company} has {roles} engineering roles open since the round of {million} million dollars in {month}.",
        f"I read that {company} raised ${million} million in {month}; is it right that {roles} roles are still open?",
    ))  # fmt: skip
    middle = rng.choice((
        (f"Teams of your size often find that the first {rng.randrange(2, 9)} hires take longer than planned. We place {stack} engineers"
        f" who work inside the team, in your tools and on your board, from the first week on."),
        (f"We could bring in {_WORDS[rng.randrange(1, 10)]} {stack} engineers within {rng.randrange(5, 30)} days, while you go on"
        " looking for people of your own. They overlap with your day for three to five hours."),
        (f"Keeping {stack} delivery going while the team changes is hard work. Our engineers have joined teams in {rng.choice(_PLACES)}"
        f" before, and they stay for {rng.randrange(6, 24)} months on average."),
    ))  # fmt: skip
    fault = rng.choice((
        "", "", "", "", "I hope this finds you well.", "Our world-class team would supercharge your year.",
        "Companies like yours are falling behind.", f"The total would be ${rng.randrange(20, 200)},000 a year.",
    ))  # fmt: skip
    filler = rng.sample((
        f"One of them wrote the scheduling part of a {rng.choice(_SECOND).lower()} product before.",
        f"The {hiring['roles'][0]['title']} post has been up for {hiring['roles'][0]['days_open']} days.",
        f"If {stack} is not the most pressing of them, tell me which one is.",
        "You decide after each month whether to go on, and nothing is owed if you stop.",
        "They write tests first and keep their changes small.",
        f"Your office in {signals['facts'][0].rpartition(' in ')[2]} would be within their working day.",
    ), 5)  # fmt: skip
    ask = rng.choice((
        f"Would a {rng.choice((15, 20, 30))}-minute call next week be useful?",
        "Is this something for the coming quarter?",
        f"Could we speak for {rng.choice((15, 20, 45, 60))} minutes on {rng.choice(('Tuesday', 'Thursday'))}?",
    ))  # fmt: skip
    first = prospect["recipient"]["name"].split()[0]
    paragraphs = [f"Hi {first},", opening, " ".join([middle, *filler]), f"{fault} {ask}".strip()]
    signature = "Selam\nDelivery Partner\nTenacious Intelligence Corporation\ngettenacious.com"
    return {"subject": f"Context: {roles} open roles at {company}"[:58], "body": "\n\n".join([*paragraphs, signature])}


__all__ = ["case", "cases", "write_cases"]
