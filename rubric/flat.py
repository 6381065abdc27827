"""The flat prospect of judge model cards, turned into the nested form.

Decides what a key of the free-form `available_signals` means, whatever it is called: by the words
in its name and the shape of its value. What means nothing here stays in `extra`, where grounding
still sees it; no verdict that a context carries ("escalation_rule", "leak_severity") is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from rubric import coerce
from rubric.flat_keys import (
    BOUND,
    ENGINEER,
    ENGINEER_NAME,
    ENGINEER_ROLE,
    FREE,
    FROM,
    IDEA,
    META,
    NO,
    PERSON,
    ROLE_IN_NAME,
    SCALE,
    SPOKEN,
    UNTIL,
    Path,
    last_day,
    names_thread,
    party_in,
    pointer_of,
    strings,
)

_FLAT_KEYS = frozenset({"available_signals", "prospect_id", "funding_stage", "funding_confidence", "recipient_role"})


def is_flat(data: Mapping[str, Any]) -> bool:
    return (
        isinstance(data.get("company"), str)
        or ("company" not in data and bool(_FLAT_KEYS & data.keys()))
        or (not isinstance(data.get("company"), Mapping) and bool(_FLAT_KEYS & data.keys()))
    )


def to_nested(data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The nested document, and for its pointers the pointers of `data` they came from."""
    return _Mapping(data).run()


class _Mapping:
    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.out: dict[str, Any] = {"extra": {}}
        self.origins: dict[str, str] = {}
        self.leftovers: list[tuple[Path, str]] = []

    def run(self) -> tuple[dict[str, Any], dict[str, str]]:
        self._top()
        signals = self.data.get("available_signals")
        if isinstance(signals, Mapping):
            self._signals(signals, ("available_signals",))
            self.out["extra"]["available_signals"] = signals
        elif signals is not None:
            self.out["extra"]["available_signals"] = signals
        self._leftovers()
        return self.out, self.origins

    # -- the fixed keys ---------------------------------------------------------------------

    def _top(self) -> None:
        fixed = {
            "prospect_id": "/id", "id": "/id", "as_of": "/as_of", "company": "/company/name",
            "headcount": "/company/headcount", "industry": "/company/industry",
            "funding_stage": "/signals/funding/stage", "funding_amount_usd": "/signals/funding/amount_usd",
            "funding_confidence": "/signals/funding/confidence", "disqualifiers": "/disqualifiers",
            "opt_out_channels": "/opt_out_channels", "thread_id": "/thread/id",
            "recipient_name": "/recipient/name", "message_type": "/message_type", "channel": "/channel",
            "notes": "/notes", "touch": "/touch",
        }  # fmt: skip
        for key, value in self.data.items():
            if key in fixed:
                if not (key == "funding_amount_usd" and value == 0):  # 0 stands for "not known"
                    self._put(fixed[key], value, f"/{key}")
            elif key == "recipient_role":
                self._put("/recipient/role", value, "/recipient_role")
                if isinstance(value, str) and "_" not in value:
                    self._put("/recipient/title", value, "/recipient_role")
            elif key != "available_signals":
                self.out["extra"][key] = value

    def _put(self, pointer: str, value: Any, origin: str) -> None:
        node = self.out
        *parents, leaf = pointer.strip("/").split("/")
        for parent in parents:
            node = node.setdefault(parent, {})
        node.setdefault(leaf, value)
        self.origins.setdefault(pointer, origin)

    def _add(self, pointer: str, value: Any, path: Path) -> None:
        node = self.out
        *parents, leaf = pointer.strip("/").split("/")
        for parent in parents:
            node = node.setdefault(parent, {})
        items = node.setdefault(leaf, [])
        if isinstance(items, str):
            items = node[leaf] = [items]
        if isinstance(items, list) and value not in items:
            self.origins[f"{pointer}/{len(items)}"] = pointer_of(path)
            items.append(value)

    # -- the free keys ----------------------------------------------------------------------

    def _signals(self, signals: Mapping[str, Any], path: Path) -> None:
        for key, items in signals.items():
            if isinstance(items, list) and ENGINEER.search(key.lower()):
                for item in items:
                    if isinstance(item, Mapping):
                        self._commitment(item, (*path, key))
        if self._commitment(signals, path):
            signals = {k: v for k, v in signals.items() if not ENGINEER.search(k.lower())}
        self._rejection(signals, path)
        for key, value in signals.items():
            self._signal(key, value, (*path, key))

    def _signal(self, key: str, value: Any, path: Path) -> None:
        name = re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_")
        for pattern, handle in _HANDLERS:
            if pattern.search(name) and handle(self, name, value, path):
                return
        if isinstance(value, Mapping):
            self._signals(value, path)
        elif isinstance(value, str) and not META.search(name) and value.lower() not in SCALE:
            self.leftovers.append((path, value))

    def _leftovers(self) -> None:
        """Loose remarks belong to the other thread, if there is one that nothing else fills."""
        if self.out.get("other_thread_named"):
            party = self.out.pop("other_thread_named")
            for path, text in self.leftovers:
                self._thread_fact(party, text, path)
            if not self.out.get("other_threads"):
                self.out["other_threads"] = [{"with": party, "facts": []}]
            return
        for path, text in self.leftovers:
            if len(text.split()) > 2:  # a word or two is a label and states nothing
                self._add("/signals/facts", text, path)

    def _commitment(self, node: Mapping[str, Any], path: Path) -> bool:
        """An engineer's name with the day they are bound until, anywhere in one mapping."""
        who = next((v for k, v in node.items() if ENGINEER_NAME.search(k.lower()) and isinstance(v, str)), None)
        who = who or next(
            (v for k, v in node.items() if ENGINEER.search(k.lower()) and isinstance(v, str) and PERSON.fullmatch(v)),
            None,
        )
        if who is None and len(path) > 1 and ENGINEER.search(path[-1].lower()):
            who = next((v for k, v in node.items() if k.lower() == "name" and isinstance(v, str)), None)
        if who is None:
            return False
        until, key = self._until(node)
        if until is None:
            return False
        texts = " ".join(f"{k} {v}" for k, v in node.items() if isinstance(v, (str, int, float))).lower()
        role = next((v for k, v in node.items() if ENGINEER_ROLE.search(k.lower()) and isinstance(v, str)), None)
        kind = "renewal" if re.search(r"renew|extension|may extend|likely to extend", texts) else "engagement"
        entry = {"who": who, "stack": role, "ends": until.isoformat(), "type": kind}
        self._add("/prior_commitments", entry, (*path, key))
        return True

    def _until(self, node: Mapping[str, Any]) -> tuple[date | None, str]:
        """The last day of an engagement in one mapping, by its key or by its words, and the key."""
        for key, value in node.items():
            low, text = key.lower(), str(value)
            free_from = bool(FROM.search(low) or FREE.search(text))
            if not (UNTIL.search(low) or free_from or (isinstance(value, str) and BOUND.search(text))):
                continue
            day = last_day(value, self.data.get("as_of"))
            if day:
                return (day - timedelta(days=1) if free_from else day), key
        return None, ""

    def _rejection(self, node: Mapping[str, Any], path: Path) -> None:
        """A suggestion that was made, beside the words that turned it down."""
        ideas = [(k, v) for k, v in node.items() if IDEA.search(k.lower()) and isinstance(v, str)]
        answers = [
            v for k, v in node.items() if NO.search(k.lower()) and not META.search(k.lower()) and isinstance(v, str)
        ]
        if not answers:
            return
        for key, idea in ideas:
            if not NO.search(key.lower()):
                self._add("/rejected_suggestions", idea, (*path, key))
        if ideas:
            for text in answers:
                self._add("/thread/messages", {"from": "prospect", "text": text}, path)

    def _thread_fact(self, party: str, text: str, path: Path) -> None:
        threads = self.out.setdefault("other_threads", [])
        for n, thread in enumerate(threads):
            if thread["with"] == party:
                if text not in thread["facts"]:
                    self.origins[f"/other_threads/{n}/facts/{len(thread['facts'])}"] = pointer_of(path)
                    thread["facts"].append(text)
                return
        self.origins[f"/other_threads/{len(threads)}"] = pointer_of(path)
        threads.append({"with": party, "facts": [text]})

    # -- what one kind of key means; True where the key was used up ----------------------------

    def _industry(self, name: str, value: Any, path: Path) -> bool:
        if isinstance(value, str):
            self._put("/company/industry", value, pointer_of(path))
        return isinstance(value, str)

    def _regulation(self, name: str, value: Any, path: Path) -> bool:
        text = value if isinstance(value, str) else ", ".join(map(str, value)) if isinstance(value, list) else None
        company = self.out.setdefault("company", {})
        if text:
            company["regulatory_context"] = (
                f"{company['regulatory_context']}; {text}" if "regulatory_context" in company else text
            )
            self.origins.setdefault("/company/regulatory_context", pointer_of(path))
        elif value is True:
            self._put("/company/regulated", True, pointer_of(path))
        return True

    def _place(self, name: str, value: Any, path: Path) -> bool:
        if isinstance(value, str):
            self._put("/company/hq", value, pointer_of(path))
        return isinstance(value, str)

    def _timezone(self, name: str, value: Any, path: Path) -> bool:
        if isinstance(value, str):
            self._put("/recipient/timezone", value, pointer_of(path))
        return True

    def _peers(self, name: str, value: Any, path: Path) -> bool:
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list):
            return False
        for item in items:
            if isinstance(item, str):
                self._add("/peers", {"name": item}, path)
            elif isinstance(item, Mapping) and isinstance(item.get("name") or item.get("company"), str):
                keep = {k: item[k] for k in ("practice", "source_url", "confidence") if k in item}
                self._add("/peers", {"name": item.get("name") or item["company"], **keep}, path)
        return True

    def _hiring(self, name: str, value: Any, path: Path) -> bool:
        hiring = "/signals/hiring"
        if isinstance(value, bool):
            return False
        if isinstance(value, int):
            self._put(f"{hiring}/open_engineering_roles", value, pointer_of(path))
        elif isinstance(value, list) and value:
            self._put(f"{hiring}/open_engineering_roles", len(value), pointer_of(path))
            for item in value:
                title = item if isinstance(item, str) else item.get("title") if isinstance(item, Mapping) else None
                if isinstance(title, str):
                    self._add(f"{hiring}/roles", {"title": title}, path)
        else:
            return False
        return True

    def _channel(self, name: str, value: Any, path: Path) -> bool:
        if isinstance(value, str) and coerce.plain(value) in {"email", "sms", "linkedin", "phone"}:
            self.out["channel"] = value
            self.origins["/channel"] = pointer_of(path)
        return True

    def _opt_out(self, name: str, value: Any, path: Path) -> bool:
        if isinstance(value, list):
            for item in value:
                self._add("/opt_out_channels", item, path)
        elif isinstance(value, Mapping):
            self._signals(value, path)
        elif value is not None and value is not False and str(value).lower() not in {"false", "no", "none", ""}:
            channel = next((c for c in ("sms", "linkedin", "phone") if c in name), "email")
            if isinstance(value, str) and value.lower() in {"sms", "linkedin", "phone", "email"}:
                channel = value.lower()
            self._add("/opt_out_channels", channel, path)
        return True

    def _disqualifier(self, name: str, value: Any, path: Path) -> bool:
        if value is True or (isinstance(value, str) and value.lower() in {"true", "yes"}):
            self._add("/disqualifiers", name, path)
        elif isinstance(value, Mapping):
            for key, on in value.items():
                if on:
                    self._add("/disqualifiers", key, (*path, key))
        elif isinstance(value, list):
            for item in value:
                self._add("/disqualifiers", item, path)
        elif isinstance(value, str) and not name.endswith("source"):
            self._add("/signals/facts", value, path)
        return True

    def _quote(self, name: str, value: Any, path: Path) -> bool:
        if isinstance(value, str):
            self._add("/signals/facts", value, path)
        return isinstance(value, str)

    def _recipient(self, name: str, value: Any, path: Path) -> bool:
        if isinstance(value, Mapping):
            for key in ("name", "title", "timezone"):
                if isinstance(value.get(key), str):
                    self._put(f"/recipient/{key}", value[key], pointer_of((*path, key)))
        elif isinstance(value, str):
            field = "name" if name.endswith("name") else "title"
            self.out.setdefault("recipient", {})[field] = value
            self.origins[f"/recipient/{field}"] = pointer_of(path)
        elif value is True:
            self.out.setdefault("recipient", {})["role"] = "c_level"
        return True

    def _rejected(self, name: str, value: Any, path: Path) -> bool:
        if isinstance(value, list):
            for item in value:
                if isinstance(item, str):
                    self._add("/rejected_suggestions", item, path)
                elif isinstance(item, Mapping):
                    self._rejection(item, path)
            return True
        if isinstance(value, Mapping):
            self._rejection(value, path)
            return True
        if isinstance(value, str) and not re.search(r"reason|response|why|note|date", name):
            self._add("/rejected_suggestions", value, path)
        return isinstance(value, str)

    def _own_message(self, name: str, value: Any, path: Path) -> bool:
        if isinstance(value, str):
            self._add("/thread/messages", {"from": "prospect", "text": value}, path)
            return True
        if isinstance(value, list):
            self._messages(value, path, own=True)
            return True
        return False

    def _other_named(self, name: str, value: Any, path: Path) -> bool:
        """The names of other threads, or their content."""
        values = value if isinstance(value, list) else [value]
        used = False
        for item in values:
            if isinstance(item, str) and names_thread(item):
                role = ROLE_IN_NAME.search(item.lower())
                self.out.setdefault("other_thread_named", role[0] if role else item)
                used = True
            elif isinstance(item, str):
                self._thread_fact(party_in(name), item, path)
                used = True
            elif isinstance(item, Mapping):
                self._thread(item, path, name)
                used = True
        return used

    def _thread_content(self, name: str, value: Any, path: Path) -> bool:
        if isinstance(value, str):
            if META.search(name) or value.lower() in SCALE:
                return True
            if names_thread(value):
                return self._other_named(name, value, path)
            self._thread_fact(party_in(name), value, path)
        elif isinstance(value, list) and value and all(isinstance(v, Mapping) for v in value):
            for item in value:
                if SPOKEN & item.keys() and not {"with", "thread", "thread_id"} & item.keys():
                    self._messages([item], path, own=False, party=party_in(name))
                else:
                    self._thread(item, path, name)
        elif isinstance(value, Mapping):
            own = str(self.data.get("thread_id"))
            if name == re.sub(r"[^a-z0-9]+", "_", own.lower()).strip("_"):
                for item in value.values():
                    if isinstance(item, list):
                        self._messages(item, path, own=True)
            elif all(isinstance(v, Mapping) for v in value.values()) and value:
                for key, item in value.items():
                    self._thread(item, (*path, key), key)
            else:
                self._thread(value, path, name)
        else:
            return False
        return True

    def _thread(self, node: Mapping[str, Any], path: Path, name: str) -> None:
        """One thread of a list of threads: ours by its id, otherwise somebody else's."""
        party = next(
            (
                str(node[k])
                for k in ("with", "recipient_role", "role", "recipient", "contact", "party")
                if isinstance(node.get(k), str)
            ),
            party_in(name),
        )
        known = self.data.get("thread_id")
        own = known is not None and known in (node.get("thread_id"), node.get("id"), node.get("thread"))
        own = own or (
            bool(self.data.get("recipient_role")) and not self._foreign(party) and coerce.role(party) != "other"
        )
        for key, value in node.items():
            if key in {
                "thread_id",
                "id",
                "thread",
                "with",
                "recipient_role",
                "role",
                "recipient",
                "contact",
                "party",
                "date",
                "on",
            }:
                continue
            if isinstance(value, list):
                if own or not any(isinstance(v, Mapping) for v in value):
                    for text in strings(value):
                        self._own_or_other(own, party, text, path)
                else:
                    self._messages(value, path, own=False, party=party)
            elif not (own and "name" in key):
                for text in strings(value):
                    self._own_or_other(own, party, text, path)

    def _own_or_other(self, own: bool, party: str, text: str, path: Path) -> None:
        if own:
            self._add("/thread/messages", {"from": "prospect", "text": text}, path)
        else:
            self._thread_fact(party, text, path)

    def _messages(self, items: list[Any], path: Path, *, own: bool, party: str = "another thread") -> None:
        """Messages; one whose sender is somebody else at the company comes from another thread."""
        for item in items:
            if isinstance(item, str):
                self._own_or_other(own, party, item, path)
            elif isinstance(item, Mapping):
                sender = next(
                    (str(item[k]) for k in ("sender", "from", "role", "author", "speaker") if item.get(k)), "prospect"
                )
                sender = {"assistant": "us", "user": "prospect"}.get(sender.lower(), sender)
                text = next((str(item[k]) for k in ("message", "text", "content", "body") if item.get(k)), "")
                if own and not self._foreign(sender):
                    self._add("/thread/messages", {"from": sender, "text": text}, path)
                elif text:
                    self._thread_fact(sender if self._foreign(sender) else party, text, path)

    def _foreign(self, sender: str) -> bool:
        given = self.data.get("recipient_role")
        theirs = coerce.role(sender)
        return theirs != "other" and isinstance(given, str) and theirs != coerce.role(given)


_HANDLERS: list[tuple[re.Pattern[str], Callable[[_Mapping, str, Any, Path], bool]]] = [
    (re.compile(r"^(?:this|current|own|same)_thread|^thread_messages|^(?:latest|last|their|prospect)_?(?:reply|message|words|answer|email)s?$|^replies$|^reply$"), _Mapping._own_message),
    (re.compile(r"opt(?:ed)?_?out|unsubscri|do_not_contact|dnc|erasure|suppressed|remove_me"), _Mapping._opt_out),
    (re.compile(r"^disqualif|^anti_|^local_only|^in_?house_only|no_(?:offshore|outsourc|contractors)|^do_not|competitor_client"), _Mapping._disqualifier),
    (re.compile(r"quote|stance|policy_statement|hiring_policy|outsourcing|offshore"), _Mapping._quote),
    (re.compile(r"(?:intended|planned|target|send|contact)_?channel|^channel$"), _Mapping._channel),
    (re.compile(r"regulat|compliance|clearance|licen[cs]|supervis|end_client|serves|certif|data_sensitivity"), _Mapping._regulation),
    (re.compile(r"industry|sector|vertical|^domain_area$"), _Mapping._industry),
    (re.compile(r"city|country|location|headquarter|^hq|region$"), _Mapping._place),
    (re.compile(r"time_?zone"), _Mapping._timezone),
    (re.compile(r"peer|comparable|competitors?_named|similar_compan|reference_compan|named_competitors"), _Mapping._peers),
    (re.compile(r"rejected|declined_(?:topic|idea|suggest)|turned_down|no_longer_wanted|off_the_table"), _Mapping._rejected),
    (re.compile(r"(?:other|active|parallel|cross|leaked?|second|co_?founder|c[efto]o|founder|vp|board|procurement|legal|hr|product)_?\w*_?(?:thread|conversation|discussion|chat|call|email|channel|message)|^threads$|^thread_(?!id|history|messages)|linked_thread|_thread(?:s|_content|_note)?$|parallel|confidential|cross_thread|other_contact|private|internal_(?:note|remark)|sensitive"), _Mapping._thread_content),
    (re.compile(r"^other_|another"), _Mapping._other_named),
    (re.compile(r"thread_history|conversation|messages?$|^history$|inbound|previous_message|last_reply|prospect_(?:reply|message|question)|question"), _Mapping._own_message),
    (re.compile(r"open_(?:roles|positions|engineering|jobs|reqs)|job_post|job_opening|open_headcount|vacanc|hiring_count"), _Mapping._hiring),
    (re.compile(r"recipient|job_title|^title$|is_c_level|c_level|contact_(?:name|title)"), _Mapping._recipient),
]  # fmt: skip
