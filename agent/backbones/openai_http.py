"""Requests to one server: sent, waited for, tried again, and every failure turned into a typed error.

Decides what is worth another try: 408, 429, 5xx, time-outs, broken connections and (twice) an answer
that is not JSON. Waits with full jitter, and at least as long as the server asks for. Refuses redirects,
because they could carry the key to another host, and answers larger than 32 MB. The key comes from the
environment alone; it is cut out of every message.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agent.backbones.openai_pace import Pause, asked_wait
from agent.backbones.spec import OpenaiSpec
from rubric.errors import BackboneError, ConfigError, ContextError, MissingExtra, ServerError, WinnowError

if TYPE_CHECKING:
    import httpx

LARGEST = 32 * 1024 * 1024
LONGEST_WAIT = 300.0
_GET_TIMEOUT = 10.0
_FIRST_WAIT, _MOST_WAIT, _BROKEN_TRIES = 0.5, 30.0, 2
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
_CONTEXT = re.compile(
    r"context[ _](length|size|window)|maximum context|max_model_len|too many tokens|prompt is too long|maximum model length", re.I
)


class Refused(ServerError):
    """The server understood the request and will not do it: 400 or 422. `said` is its own message."""

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message)
        self.said = said


class _Passing(Exception):
    """A fault that another try may not meet; `wait` is what the server asks for."""

    def __init__(self, said: str, *, wait: float = 0.0, broken: bool = False) -> None:
        super().__init__(said)
        self.wait = wait
        self.broken = broken


class Server:
    """One address, one key, one pool of connections; may be used from several threads."""

    def __init__(self, spec: OpenaiSpec, pause: Pause | None = None) -> None:
        self.address = _address(spec.base_url)
        self._variable = spec.api_key_env
        self._key = _key(spec.api_key_env)
        self._timeout = spec.timeout_s
        self._retries = spec.retries
        self._pause = pause or Pause()
        self._client = _client(self.address, self._key, spec.timeout_s)
        self._closed = False

    def close(self) -> None:
        self._closed = True
        self._client.close()

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._ask(path, json.dumps(body).encode(), self._retries)

    def get(self, path: str) -> dict[str, Any]:
        """Asked once: what it tells is useful and not needed."""
        return self._ask(path, None, 0)

    def _ask(self, path: str, body: bytes | None, retries: int) -> dict[str, Any]:
        broken = 0
        for attempt in range(retries + 1):
            try:
                return self._once(path, body)
            except _Passing as fault:
                broken += fault.broken
                if attempt == retries or broken > _BROKEN_TRIES or fault.wait > LONGEST_WAIT:
                    raise self._given_up(path, fault, attempt + 1) from None
                jitter = self._pause.uniform(0.0, min(_MOST_WAIT, _FIRST_WAIT * 2**attempt))
                self._pause.sleep(fault.wait + jitter)
        raise AssertionError("the last try returns or raises")

    def _given_up(self, path: str, fault: _Passing, tries: int) -> ServerError:
        times = "once" if tries == 1 else f"{tries} times"
        hint = "check that the server runs and that base_url is its address, or raise retries or timeout_s"
        if fault.wait > LONGEST_WAIT:
            hint = f"it asks to wait {fault.wait:.0f} s, longer than the {LONGEST_WAIT:.0f} s that Winnow waits; run again later"
        return ServerError(f"{self.address}{path} was tried {times}: {self.scrub(str(fault))}; {hint}")

    def _once(self, path: str, body: bytes | None) -> dict[str, Any]:
        import httpx

        if self._closed:
            raise BackboneError("the openai backbone is closed; open it again")
        try:
            with self._open(path, body) as response:
                data = self._read(response)
        except httpx.TimeoutException:
            raise _Passing(f"no answer within {self._timeout:g} s") from None
        except httpx.HTTPError as error:
            raise _Passing(f"the connection failed ({str(error) or type(error).__name__})") from None
        if response.status_code != 200:
            raise self._failure(path, response, data)
        reply = _object(data)
        if "choices" not in reply and reply.get("error"):
            raise ServerError(f"{self.address}{path} answered with an error: {self.scrub(_message(data))}; see the server's log")
        return reply

    def _open(self, path: str, body: bytes | None) -> AbstractContextManager[httpx.Response]:
        if body is None:
            return self._client.stream("GET", self.address + path, timeout=min(self._timeout, _GET_TIMEOUT))
        return self._client.stream("POST", self.address + path, content=body)

    def _read(self, response: httpx.Response) -> bytes:
        """The body; a server that drips past the time-out is as silent as one that says nothing."""
        deadline = self._pause.clock() + self._timeout
        data = bytearray()
        for chunk in response.iter_bytes():
            data += chunk
            if len(data) > LARGEST:
                raise ServerError(f"{self.address} sent more than {LARGEST // 2**20} MB in one answer, which no letter is; check base_url")
            if self._pause.clock() > deadline:
                raise _Passing(f"no whole answer within {self._timeout:g} s")
        return bytes(data)

    def _failure(self, path: str, response: httpx.Response, data: bytes) -> Exception:
        status = response.status_code
        said = self.scrub(_message(data))
        if status in _AGAIN:
            return _Passing(f"status {status}, {said}", wait=asked_wait(response.headers, self._pause.now()))
        return self._final(path, status, said, response.headers.get("location", ""))

    def _final(self, path: str, status: int, said: str, location: str) -> WinnowError:
        where = f"{self.address}{path} answered {status}"
        if status in (401, 403):
            known = "is not accepted" if self._key else "is not set"
            return ConfigError(f"{where}: {said}; the key in the environment variable {self._variable} {known}: put the right key there")
        if status in (404, 405):
            return ConfigError(
                f"{where}: {said}; check that base_url ends with the version path (such as /v1), that the server has the model, "
                f"and that it offers {path} (without a tokenizer Winnow uses /chat/completions)"
            )
        if 300 <= status < 400:
            target = self.scrub(urlsplit(location)._replace(query="", fragment="").geturl())[:200]
            return ConfigError(f"{where}, a redirect to {target or 'nowhere'}; redirects are not followed, put the final address in base_url")
        if status in (400, 413, 422) and _CONTEXT.search(said):
            return ContextError(f"{where}: {said}; use fewer facts, a smaller max_tokens, or a server with a longer context")
        if status in (400, 422):
            return Refused(f"{where}: {said}; change the setting that it names", said)
        return ServerError(f"{where}: {said}; see the server's log")

    def scrub(self, text: str) -> str:
        """Text from outside as it may be shown: one line, at most 300 characters, no key."""
        if self._key:
            text = text.replace(self._key, "***")
        text = "".join(letter if letter.isprintable() else " " for letter in text)
        return " ".join(text.split())[:300] or "no message"


def _address(base_url: str) -> str:
    try:
        parts = urlsplit(base_url.strip())
        _ = parts.port
    except ValueError:
        raise ConfigError("base_url is not an address; write it as http://127.0.0.1:8000/v1") from None
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigError("base_url holds a user name, a query or a fragment; give the bare address and put the key in the environment")
    if parts.scheme not in ("http", "https") or not parts.hostname or not base_url.isprintable() or " " in base_url.strip():
        raise ConfigError(f"base_url is {base_url[:80]!r}; write it with its scheme, as http://127.0.0.1:8000/v1")
    return base_url.strip().rstrip("/")


def _key(variable: str) -> str:
    key = os.environ.get(variable, "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(f"the environment variable {variable} holds characters that no key has; copy the key again")
    return key


def _client(address: str, key: str, timeout: float) -> httpx.Client:
    try:
        import httpx
    except ImportError:
        raise MissingExtra("openai", "a backbone of kind openai") from None
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    near = urlsplit(address).hostname in ("localhost", "127.0.0.1", "::1")
    try:
        httpx.URL(address)
        return httpx.Client(headers=headers, timeout=timeout, follow_redirects=False, trust_env=not near)
    except (httpx.InvalidURL, ValueError, ImportError) as error:
        raise ConfigError(f"base_url or the proxy of the environment cannot be used: {error}; correct the address") from None


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        start = " ".join(data[:80].decode("utf-8", "replace").split())
        raise _Passing(f"the answer is not JSON, it begins with {start!r}", broken=True) from None
    if not isinstance(value, dict):
        raise _Passing(f"the answer is {type(value).__name__} and not an object", broken=True)
    return value


def _message(data: bytes) -> str:
    """The server's own words, in whichever of the usual places they are."""
    text = data[:20000].decode("utf-8", "replace")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return text
    for name in ("error", "message", "detail"):
        while isinstance(value, dict) and value.get(name):
            value = value[name]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


__all__ = ["LARGEST", "LONGEST_WAIT", "Refused", "Server"]
