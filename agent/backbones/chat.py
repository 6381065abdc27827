"""A prompt as token ids, through the model's own chat template.

Decides which text may become control tokens: what the template itself writes, and nothing else. The
template is rendered with a mark in place of each message, the marks are then replaced by the messages'
tokens, and those are made with special tokens switched off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from prompts.pieces import Prompt
from rubric.errors import ModelError

Tokenize = Callable[[str, bool], Sequence[int]]
_MARK = re.compile("\ue000(\\d+)\ue001")
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class Span(NamedTuple):
    """A stretch of a prompt: `special` where control tokens are read as such, `static` where it is
    the same for every prospect."""

    text: str
    special: bool
    static: bool


class Encoded(NamedTuple):
    """Token ids of a prompt; the first `static` are the same for every prospect, those from `header`
    on open the assistant's turn."""

    ids: tuple[int, ...]
    static: int
    header: int


class ChatTemplate:
    """A model's Jinja chat template; `bos` and `eos` are the texts of its begin and end tokens."""

    def __init__(self, source: str | None, *, bos: str = "", eos: str = "", thinking: bool = False) -> None:
        self._source = source or CHATML
        self._given = {"bos_token": bos, "eos_token": eos, "enable_thinking": thinking}

    def spans(self, prompt: Prompt) -> list[Span]:
        """The rendered prompt, cut where a message begins or ends."""
        if prompt.messages and prompt.messages[0].role == "rendered":
            return self._rendered(prompt.messages[0].text)
        messages: list[tuple[str, str, bool]] = [(m.role, m.text, m.static) for m in prompt.messages]
        try:
            rendered = self._render([role for role, _, _ in messages])
        except ModelError:  # some models know no system turn: its text then opens the user's
            if not any(role == "system" for role, _, _ in messages):
                raise
            messages = _without_system(messages)
            rendered = self._render([role for role, _, _ in messages])
        found = [int(n) for n in _MARK.findall(rendered)]
        if found != list(range(len(messages))):
            raise ModelError("the model's chat template drops or reorders messages; use another model, or one whose template keeps them")
        return _cut(rendered, messages)

    def encode(self, prompt: Prompt, tokenize: Tokenize) -> Encoded:
        """The prompt's ids; `tokenize(text, special)` turns one span into ids."""
        spans = self.spans(prompt)
        ids: list[int] = []
        static = header = 0
        still = True
        for span in spans:
            header = len(ids)
            ids.extend(tokenize(span.text, span.special))
            still = still and span.static
            static = len(ids) if still else static
        return Encoded(tuple(ids), static, header)

    def _rendered(self, text: str) -> list[Span]:
        """A text that the template has made elsewhere: it ends as this one opens the assistant's turn."""
        opening = _MARK.split(self._render(["user"]))[-1]
        if not opening or not text.endswith(opening):
            raise ModelError(f"a rendered prompt ends in {text[-40:]!r} and the model's chat template in {opening!r}; render it with the template of this model")
        return [Span(text.removesuffix(opening), True, False), Span(opening, True, False)]

    def _render(self, roles: Sequence[str]) -> str:
        from jinja2 import TemplateError

        messages = [{"role": role, "content": f"\ue000{n}\ue001"} for n, role in enumerate(roles)]
        try:
            return str(self._template.render(messages=messages, add_generation_prompt=True, **self._given))
        except (TemplateError, TypeError, ValueError, KeyError) as error:
            raise ModelError(f"the model's chat template cannot be rendered: {error}; use a model with a working one") from None

    @cached_property
    def _template(self) -> Any:
        from jinja2 import TemplateError
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"], keep_trailing_newline=True
        )
        environment.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
        environment.globals["raise_exception"] = _raise
        try:
            return environment.from_string(self._source)
        except TemplateError as error:
            raise ModelError(f"the model's chat template is not Jinja: {error}; use a model with a working one") from None


def _raise(message: str) -> None:
    from jinja2 import TemplateError

    raise TemplateError(message)


def _without_system(messages: Sequence[tuple[str, str, bool]]) -> list[tuple[str, str, bool]]:
    opening = "\n\n".join(text for role, text, _ in messages if role == "system")
    rest = [m for m in messages if m[0] != "system"]
    role, text, static = rest[0]
    return [(role, f"{opening}\n\n{text}", static), *rest[1:]]


def _cut(rendered: str, messages: Sequence[tuple[str, str, bool]]) -> list[Span]:
    """Template text and messages in turn; template text is static up to the first message that is not."""
    parts = _MARK.split(rendered)
    spans = []
    static = True
    for position, part in enumerate(parts):
        if position % 2 == 0:
            spans.append(Span(part, True, static))
        else:
            _, text, own = messages[int(part)]
            static = static and own
            spans.append(Span(text, False, static))
    return spans


__all__ = ["CHATML", "ChatTemplate", "Encoded", "Span", "Tokenize"]
