"""Personal data taken out of a prospect before it becomes a task: the same value always gets the same invented one.

Decides what counts as personal: names of people and companies, e-mail and web addresses, phone numbers, handles, and every
capital word of free text that is not known to be harmless. It rather replaces too much. A text with more names than it knows may
still hold one, so a task is written only after `left_over` has found nothing; what is left is a disguise and not
anonymity: sizes, dates and events of a company stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random
from typing import Any

from experiments.bench.hostility import texts_of
from experiments.bench.texts import texts
from rubric.playbook import load_playbook
from training.world.companies import company_of, domain
from training.world.names import person, plain_letters, surname
from training.world.sketch import MONTHS
from training.world.split import Split
from training.world.stock import stock

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]+|\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|ai|co|dev|de|uk|eu|fr|ie|se|us|app|info)\b(?:/[^\s<>\"')\]]*)?", re.I)
_PHONE = re.compile(r"(?<![\w-])\+?\d[\d ()/.-]{6,}\d(?![\w-])")
_HANDLE = re.compile(r"(?<!\w)@\w{2,}|\bin/[\w-]{3,}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CAPITAL = re.compile(r"(?<![\w’'-])[A-ZÀ-Þ][\w’'-]*[a-zß-ÿ][\w’'-]*")
_PATTERNS: dict[str, re.Pattern[str]] = {"email": _EMAIL, "link": _LINK, "phone": _PHONE, "handle": _HANDLE}
_FREE = frozenset({"notes", "text", "facts", "evidence", "practice", "title", "with", "rejected_suggestions", "regulatory_context"})
_INTENTS = frozenset({"engaged", "curious", "soft_deferral", "deferral", "reply", "unclear"})
Record = dict[str, Any]


class Disguise:
    """Invented values for real ones, the same for the same within one run; `salt` keeps anybody from computing them again."""

    def __init__(self, split: Split, salt: str) -> None:
        self._split, self._salt = split, salt
        self._known: dict[str, str] = {}
        self._taken: set[str] = set()

    def prospect(self, record: Mapping[str, Any]) -> Record:
        """The record with every personal value replaced."""
        own = self._named(record)
        found = {key: self._walked(value, own, free=key in _FREE) for key, value in record.items() if key != "extra"}
        self._structured(found, record, own)
        intent = (record.get("extra") or {}).get("reply_intent")
        return found | ({"extra": {"reply_intent": intent}} if intent in _INTENTS else {})

    def secrets(self, record: Mapping[str, Any]) -> set[str]:
        """Every original value that must not be left, in small letters."""
        text = " ".join(texts_of(dict(record)))
        matched = {match for pattern in _PATTERNS.values() for match in pattern.findall(text) if not _DAY.fullmatch(match)}
        return {secret.casefold() for secret in {*self._named(record), *matched} if len(secret) > 2}

    # -- what is replaced ---------------------------------------------------------------------------------

    def _named(self, record: Mapping[str, Any]) -> dict[str, str]:
        """Names that the record gives in fields of their own, with what stands for each."""
        own: dict[str, str] = {}
        for name in _companies(record):
            new = self._for("company", name, lambda dice: company_of(self._split, dice))
            own[name] = new
            if len(first := name.split()[0]) > 3:
                own.setdefault(first, new.split()[0])
        for name in _people(record):
            new = self._for("person", name, lambda dice: person(dice).name)
            own[name] = new
            olds, news = name.split(), new.split()
            own |= {old: news[0 if n == 0 else -1] for n, old in enumerate(olds) if len(old) > 1 and old not in own}
        if site := (record.get("company") or {}).get("domain"):
            own[site] = domain(own[record["company"]["name"]])
            own.setdefault(site.split(".")[0], plain_letters(own[record["company"]["name"]]))
        return own

    def _for(self, kind: str, value: str, make: Callable[[Random], str]) -> str:
        """What stands for a value; two values never share one."""
        key = f"{kind}/{value.casefold()}"
        dice = Random(f"{self._salt}/{key}")
        while key not in self._known:
            new = make(dice)
            if new not in self._taken and new.casefold() != value.casefold():
                self._known[key] = new
                self._taken.add(new)
        return self._known[key]

    def _walked(self, value: Any, own: Mapping[str, str], *, free: bool) -> Any:
        """The value without names; in free text every capital word may be one."""
        if isinstance(value, str):
            text = self._text(value, own)
            return _CAPITAL.sub(lambda match: self._capital(match, text, own), text) if free else text
        if isinstance(value, Mapping):
            return {key: self._walked(inner, own, free=free or key in _FREE) for key, inner in value.items()}
        return [self._walked(inner, own, free=free) for inner in value] if isinstance(value, list) else value

    def _text(self, text: str, own: Mapping[str, str]) -> str:
        if _DAY.fullmatch(text):
            return text
        for kind, pattern in _PATTERNS.items():
            text = pattern.sub(lambda match, kind=kind: self._address(kind, match[0]), text)  # type: ignore[misc]
        known = {old.casefold(): new for old, new in own.items()}
        names = "|".join(re.escape(old) for old in sorted(own, key=len, reverse=True))
        return re.sub(rf"(?<!\w)(?:{names})(?!\w)", lambda match: known[match[0].casefold()], text, flags=re.I)

    def _address(self, kind: str, value: str) -> str:
        if kind == "phone":
            return value if _DAY.fullmatch(value.strip()) or not _looks_dialled(value) else "+00 000 000"
        name = self._for(kind, value, lambda dice: plain_letters(person(dice).last) + str(dice.randint(10, 99)))
        return {"email": f"{name}@mail.example", "link": f"https://{name}.example", "handle": f"@{name}"}[kind]

    def _capital(self, match: re.Match[str], text: str, own: Mapping[str, str]) -> str:
        """A capital word within a sentence, or one that begins it and is no common word, may be a name."""
        word = re.sub(r"[’']s$", "", match[0])
        begins = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1:] in ".!?:;\"“(\n-"
        invented = {part for name in own.values() for part in name.split()}
        if word in invented or word.casefold() in _harmless() or (begins and word.casefold() in _common()):
            return match[0]
        return self._for("word", word, surname) + match[0][len(word) :]

    def _structured(self, found: Record, record: Mapping[str, Any], own: Mapping[str, str]) -> None:
        """Fields whose form is known: addresses that follow from the new names, and numbers of threads."""
        site = domain(own[record["company"]["name"]])
        if "domain" in found["company"]:
            found["company"]["domain"] = site
        if (who := found.get("recipient")) is not None:
            who.pop("email", None)
            if who.get("name"):
                who["email"] = f"{plain_letters(who['name'].split()[0])}@{site}"
            if title := _title(record["recipient"].get("title")):
                who["title"] = title
        for peer in found.get("peers") or []:
            if peer.get("source_url"):
                peer["source_url"] = f"https://{domain(peer.get('name') or 'peer')}/news"
        for number, thread in enumerate([found.get("thread") or {}, *(found.get("other_threads") or [])], 1):
            if "id" in thread:
                thread["id"] = f"t-{number}"


def _title(title: str | None) -> str | None:
    """A title of which every word is one of the world's; None for another."""
    known = {word.casefold() for titles in stock("people")["titles"].values() for one in titles for word in one.split()}
    return title if title and {word.casefold() for word in title.split()} <= known else None


def _companies(record: Mapping[str, Any]) -> Iterator[str]:
    yield record["company"]["name"]
    yield from (peer["name"] for peer in record.get("peers") or [] if peer.get("name"))
    yield from ((record.get("signals") or {}).get("funding") or {}).get("investors") or []


def _people(record: Mapping[str, Any]) -> Iterator[str]:
    signals = record.get("signals") or {}
    found = [
        (record.get("recipient") or {}).get("name"), (signals.get("leadership") or {}).get("name"), (record.get("need") or {}).get("named_engineer"),
        *(entry.get("who") for entry in record.get("prior_commitments") or []),
        *(m.get("from") for m in (record.get("thread") or {}).get("messages", []) if m.get("from") not in {"prospect", "us", "agent", "seller"}),
    ]  # fmt: skip
    yield from (name for name in found if name and name.strip())


def _looks_dialled(value: str) -> bool:
    digits = re.sub(r"\D", "", value)
    return 8 <= len(digits) <= 15 and not re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", value.strip())


@cache
def _common() -> frozenset[str]:
    """Words that may begin a sentence: those that the world and the bench write themselves."""
    said = [*texts_of({"a": stock("threads"), "b": stock("remarks"), "c": {k: v for kind in texts().values() for k, v in kind.items()}})]
    words = {word for text in said for word in re.findall(r"[A-Za-z']+", text)}
    return frozenset(word.casefold() for word in words if word.islower()) | _STARTS


_STARTS = frozenset(
    "the a an i we our you your he she they it this that these those please thanks thank yes no not now and but or so if when what who where why how hi hello dear "
    "can could would will may might should do does did is are was were has have had let there here ok okay sure good great best regards kind just also then next last".split()
)  # fmt: skip


@cache
def _harmless() -> frozenset[str]:
    """Capital words that name nobody: months, days, technologies, roles, places of the world, and the seller's own."""
    playbook, skills = load_playbook("tenacious"), stock("skills")["stacks"]
    tech = {word for found in skills.values() for word in [found["word"], *found["tech"], *(part for role in found["roles"] for part in role.split())]}
    places = {part for place in stock("places") for part in [place["hq"], *place["cities"]]}
    titles = {word for titles in stock("people")["titles"].values() for title in titles for word in title.split()}
    days = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", *MONTHS}
    series = {"Series", "Seed", "I", "I'm", "I've", "I'll", "East", "Africa", "English", "Christmas", "Easter", "Kafka", "Kubernetes", "GraphQL"}
    names = {part for name in [playbook.seller.company, *playbook.seller.names] for part in name.split()}
    return frozenset(part.casefold() for word in tech | places | titles | days | series | names for part in word.split())


def left_over(record: Mapping[str, Any], secrets: set[str]) -> list[str]:
    """Where an original value, or an address that is not an invented one, is still there; the kinds and not the values."""
    everything = " \n ".join(texts_of(dict(record))).casefold()
    found = ["a name or an address of the original" for secret in secrets if re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", everything)]
    for text in texts_of(dict(record)):
        found += ["an e-mail address" for mail in _EMAIL.findall(text) if not mail.endswith(".example")]
        found += ["a web address" for link in _LINK.findall(text) if not re.search(r"\.example(?:/[\w-]*)?$", link)]
        found += ["a phone number" for number in _PHONE.findall(text) if _looks_dialled(number) and not _DAY.fullmatch(number) and set(re.sub(r"\D", "", number)) != {"0"}]
    return sorted(set(found))


__all__ = ["Disguise", "left_over"]
