"""A model's tokenizer and chat template, read from a local folder.

Decides which ids a prompt has when the model itself is on a server. Text of a prospect never becomes a
control token: it goes through a second tokenizer that reads them as text. Refuses a folder without tokenizer.json.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.backbones.chat import ChatTemplate, Encoded, Span
from prompts.pieces import Prompt
from rubric.errors import MissingExtra, ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MARKUP = re.compile(r"\s*[<\[].*[>\]]\s*")


class LocalTokenizer:
    """Turns prompts into ids; may be used from several threads. `hash` names its two files' content."""

    def __init__(self, folder: str, *, thinking: bool = False) -> None:
        path = Path(folder)
        source = _read(path / "tokenizer.json")
        settings = _settings(path / "tokenizer_config.json")
        template = _template(path, settings)
        self.hash = hashlib.sha256(f"{source}\0{template}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._full = _build(source, path)
        self._plain = _build(_marked(source), path)
        self._plain.encode_special_tokens = True  # reads them as the text that they are
        self._control = _control_ids(source)
        self._eos = _token(settings, "eos_token")
        self._chat = ChatTemplate(template, bos=_token(settings, "bos_token"), eos=self._eos, thinking=thinking)

    def encode(self, prompt: Prompt) -> Encoded:
        return self._chat.encode(prompt, self.tokenize)

    def spans(self, prompt: Prompt) -> list[Span]:
        """The prompt as text, cut where a message begins or ends."""
        return self._chat.spans(prompt)

    @property
    def end(self) -> str:
        """The end token that the tokenizer's settings name, as text; empty where they name none."""
        return self._eos

    @property
    def eos(self) -> int | None:
        """The id of the end token that the tokenizer's settings name."""
        return self.id_of(self._eos)

    def id_of(self, token: str) -> int | None:
        """The id of a control token, None where the model has none of this name."""
        found = self._full.token_to_id(token)
        return found if found in self._control else None

    @property
    def controls(self) -> frozenset[int]:
        """The ids of all control tokens."""
        return self._control

    def text(self, ids: Sequence[int]) -> str:
        """What a person reads of sampled ids, without control tokens."""
        return str(self._full.decode(list(ids), skip_special_tokens=True))

    def tokenize(self, text: str, special: bool) -> Sequence[int]:
        """Ids of a text; with `special` off none of them is a control token, whatever the text holds."""
        text = text.encode("utf-8", "replace").decode()
        if special:
            return list(self._full.encode(text, add_special_tokens=False).ids)
        ids = list(self._plain.encode(text, add_special_tokens=False).ids)
        if self._control.isdisjoint(ids):
            return ids
        # A vocabulary that lists its control tokens as words can still meet them: letter by letter it cannot.
        letters = [n for letter in text for n in self._plain.encode(letter, add_special_tokens=False).ids]
        return [n for n in letters if n not in self._control]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise ModelError(f"there is no {path}; give the folder that holds the model's tokenizer.json") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read: {error}; copy the tokenizer's folder again") from None


def _settings(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        found = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not JSON: {error}; copy the tokenizer's folder again") from None
    return found if isinstance(found, dict) else {}


def _template(folder: Path, settings: dict[str, Any]) -> str | None:
    """The chat template: a file of its own, or a value of the config, which may hold several by name."""
    if (folder / "chat_template.jinja").exists():
        return _read(folder / "chat_template.jinja")
    given = settings.get("chat_template")
    if isinstance(given, list):
        named = {entry.get("name"): entry.get("template") for entry in given if isinstance(entry, dict)}
        given = named.get("default")
    return given if isinstance(given, str) else None


def _token(settings: dict[str, Any], name: str) -> str:
    value = settings.get(name)
    value = value.get("content") if isinstance(value, dict) else value
    return value if isinstance(value, str) else ""


def _build(source: str, folder: Path) -> Tokenizer:
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise MissingExtra("openai", "a local tokenizer") from None
    try:
        made = Tokenizer.from_str(source)
    except Exception as error:  # noqa: BLE001  the library raises bare Exception
        raise ModelError(f"{folder / 'tokenizer.json'} is not a tokenizer: {error}; copy the tokenizer's folder again") from None
    made.no_truncation()
    made.no_padding()
    return made


def _added(source: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(source).get("added_tokens") or []
    except (ValueError, AttributeError, RecursionError):
        return []
    return [entry for entry in found if isinstance(entry, dict)]


def _is_control(entry: dict[str, Any]) -> bool:
    """Special tokens, and added ones that look like markup, such as <think>; runs of blanks are words."""
    return bool(entry.get("special")) or _MARKUP.fullmatch(str(entry.get("content"))) is not None


def _marked(source: str) -> str:
    """The tokenizer with everything that looks like control declared special, under its own id."""
    data = json.loads(source)
    data["added_tokens"] = [{**entry, "special": _is_control(entry)} for entry in _added(source)]
    return json.dumps(data)


def _control_ids(source: str) -> frozenset[int]:
    return frozenset(int(entry["id"]) for entry in _added(source) if _is_control(entry))


__all__ = ["LocalTokenizer"]
