"""E-mail addresses and domains in one spelling, so that two spellings of one person meet.

Decides what counts as the same: letters in either case, Unicode look-alikes of width, invisible
characters, plus-tags (`maya+news@x` is `maya@x`), international domains in their ASCII form.
Refuses what cannot be an address or a domain; it never looks anything up.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from rubric.errors import InputError

MAX_ADDRESS = 320
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_LOCAL = re.compile(r"[^\s\x00-\x1f\x7f<>()\[\],;:@\"\\]+")
_ANY = re.compile(r"[^\s<>,;:|\"'()\[\]]+@[^\s<>,;:|\"'()\[\]@]+")
_ANGLED = re.compile(r"<([^<>]*)>\s*\Z")
_WEB = re.compile(r"\A(?:[a-z][a-z0-9+.-]*:)?//(?:[^/@]*@)?")


class Mailbox(NamedTuple):
    """One person's mailbox, without tags."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def mailbox(text: str) -> Mailbox:
    """The mailbox that an address names.

    >>> str(mailbox("Maya <Maya.L+news@Northwind.Example>"))
    'maya.l@northwind.example'
    """
    folded = _folded(bare(text))
    local, at, domain = folded.rpartition("@")
    local = local.split("+", 1)[0] or local
    if not at or not _LOCAL.fullmatch(local) or len(folded) > MAX_ADDRESS:
        raise InputError(f"{text!r:.80} is not an e-mail address; give one such as maya@northwind.example")
    return Mailbox(local, domain_name(domain))


def known_mailbox(text: object) -> Mailbox | None:
    """The mailbox, or None where there is no address that could be written to."""
    if not isinstance(text, str):
        return None
    try:
        return mailbox(text)
    except InputError:
        return None


def bare(text: str) -> str:
    """An address without the name, the brackets and the `mailto:` around it."""
    angled = _ANGLED.search(text)
    return (angled[1] if angled else text).strip().removeprefix("mailto:").strip()


def addresses_in(text: object) -> list[str]:
    """Every address that a text holds, as it is written there.

    >>> addresses_in("Maya <maya@n.example>; jo@n.example")
    ['maya@n.example', 'jo@n.example']
    """
    return [found.strip(".") for found in _ANY.findall(text)] if isinstance(text, str) else []


def domain_name(text: str) -> str:
    """The domain that a name, a web address or `@domain` stands for, in ASCII.

    >>> domain_name("https://www.Bücher.example/shop")
    'xn--bcher-kva.example'
    """
    host = _WEB.sub("", _folded(text)).removeprefix("@").removeprefix("*.")
    host = re.split(r"[/?#:]", host, maxsplit=1)[0].strip().rstrip(".")
    try:
        name = host.encode("idna").decode("ascii").lower().removeprefix("www.") if host else ""
    except UnicodeError:
        name = ""
    if not _DOMAIN.fullmatch(name) or len(name) > 253:
        raise InputError(f"{text!r:.80} is not a domain; give one such as northwind.example")
    return name


def known_domain(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    try:
        return domain_name(text)
    except InputError:
        return None


def with_parents(domain: str) -> list[str]:
    """A domain and the ones above it, the top level left out.

    >>> with_parents("mail.eu.northwind.example")
    ['mail.eu.northwind.example', 'eu.northwind.example', 'northwind.example']
    """
    labels = domain.split(".")
    return [".".join(labels[n:]) for n in range(max(len(labels) - 1, 1))]


def mentions(text: str, person: Mailbox) -> bool:
    """Whether a text holds the person's address in any spelling of case and tag."""
    folded = _folded(text)
    return person.local in folded and bool(_pattern(person).search(folded))


def lies_in(data: bytes, person: Mailbox) -> bool:
    """Whether bytes of any form hold the address, or a longer one that ends like it."""
    return bool(re.search(_spelt(person), _folded(data.decode("utf-8", "replace"))))


def _pattern(person: Mailbox) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.+-]){_spelt(person)}(?![\w-]|\.\w)")


def _spelt(person: Mailbox) -> str:
    domains = {person.domain, _shown(person.domain)}
    either = "|".join(re.escape(name) for name in sorted(domains))
    return rf"{re.escape(person.local)}(?:\+[^@\s]*)?@(?:{either})"


def _shown(domain: str) -> str:
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def _folded(text: str) -> str:
    """Small letters of plain width without invisible characters; folding twice changes nothing."""
    for _ in range(4):
        plain = unicodedata.normalize("NFKC", text).lower()
        plain = "".join(c for c in plain if unicodedata.category(c) not in {"Cf", "Cs"})
        if plain == text:
            break
        text = plain
    return text.strip()


__all__ = ["Mailbox", "addresses_in", "bare", "domain_name", "known_domain", "known_mailbox", "lies_in", "mailbox", "mentions", "with_parents"]
