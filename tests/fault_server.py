"""A small real HTTP server that speaks the OpenAI dialect, with a toy language model and injected faults.

The model is a function of ids, so that what is scored through the server can be compared exactly with what
the function says. `Manners` is how the server behaves throughout; `faults` are spent one for each POST.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple, Self

from agent.backbones.openai import OpenaiBackbone
from agent.backbones.openai_pace import Pause
from agent.backbones.spec import OpenaiSpec

VOCABULARY = 258
END = 257
LETTER = 6


def logprobs(before: Sequence[int], temperature: float = 1.0, shift: int = 0) -> list[float]:
    """The toy model: log-probabilities of every next token, from the last two ids."""
    a, b = (*(-1, -1), *before)[-2:]
    logits = [((a * 31 + b * 17 + v * 7919 + shift) * 2654435761 % 2**32) / 2**30 / temperature for v in range(VOCABULARY)]
    total = math.log(sum(map(math.exp, logits)))
    return [logit - total for logit in logits]


def row(ids: Sequence[int], shift: int = 0) -> list[float | None]:
    """What a truthful server says of a prompt: nothing of the first token, then one number each."""
    return [None, *(logprobs(ids[:n], shift=shift)[ids[n]] for n in range(1, len(ids)))]


def letter(seed: int) -> list[int]:
    """The ids of the letter that a seed draws."""
    return [(seed * 7 + n * n) % 250 for n in range(LETTER - 1)] + [END]


@dataclass
class Manners:
    n: str = "honours"
    order: str = "kept"
    told: str = "raw"
    ids: str = "given"
    echo: str = "right"
    ways: tuple[str, ...] = ("echo", "echo with one token", "prompt_logprobs")
    refuses: tuple[str, ...] = ()
    adapters: dict[str, int] = field(default_factory=dict)
    context: int | None = None
    null_text: bool = False
    usage: bool = True


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5
    server: Listener

    def do_GET(self) -> None:
        manners = self.server.manners
        self.answer({"data": [{"id": "toy", "max_model_len": manners.context}, {"id": "other", "max_model_len": 3}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(Request(self.path.removeprefix("/v1"), headers, body))
        if self.server.faults:
            self.server.faults.popleft()(self)
        else:
            self.answer(*reply(self.server.manners, self.path, body))

    def answer(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


Fault = Callable[[Handler], None]


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, manners: Manners) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.manners = manners
        self.faults: deque[Fault] = deque()
        self.requests: list[Request] = []
        self.released = Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class FaultServer:
    """Listens while the block runs: `with FaultServer(Manners(n="drops")) as server`."""

    def __init__(self, manners: Manners | None = None, *faults: Fault) -> None:
        self._listener = Listener(manners or Manners())
        self._listener.faults.extend(faults)
        self.url = f"http://127.0.0.1:{self._listener.server_port}/v1"
        self._thread = Thread(target=self._listener.serve_forever, args=(0.01,), daemon=True)

    @property
    def requests(self) -> list[Request]:
        return self._listener.requests

    @property
    def faults(self) -> deque[Fault]:
        return self._listener.faults

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.released.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()


class Opened(NamedTuple):
    """A backbone on a fault server, and the seconds it would have slept."""

    backbone: OpenaiBackbone
    server: FaultServer
    slept: list[float]


@contextmanager
def opened(manners: Manners | None = None, *faults: Fault, **spec: Any) -> Iterator[Opened]:
    """Server and backbone together; jitter is half of what it may be, and the time is 1,000."""
    slept: list[float] = []
    pause = Pause(sleep=slept.append, uniform=lambda low, high: (low + high) / 2, now=lambda: 1000.0)
    with FaultServer(manners, *faults) as server:
        backbone = OpenaiBackbone(OpenaiSpec(**{"base_url": server.url, "model": "toy", "api_key_env": "TOY_KEY", **spec}), pause)
        try:
            yield Opened(backbone, server, slept)
        finally:
            backbone.close()


def toy_tokenizer(folder: Path) -> str:
    """A tokenizer of bytes, with the two control tokens of ChatML behind them."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={letter: n for n, letter in enumerate(letters)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken("<|im_start|>", special=True), AddedToken("<|im_end|>", special=True)])
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": {"content": "<|im_end|>"}}), "utf-8")
    return str(folder)


def status(code: int, body: Any = b"", **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(body, code, named)


def stall(handler: Handler) -> None:
    """Says nothing until the test is over."""
    handler.server.released.wait(30)
    handler.close_connection = True


def cut(handler: Handler) -> None:
    """Promises more than it sends, and hangs up."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


def drip(handler: Handler) -> None:
    """Sends a blank now and then, so that no single read times out."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    while not handler.server.released.wait(0.02):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def reply(manners: Manners, path: str, body: dict[str, Any]) -> tuple[Any, int]:
    for name in manners.refuses:
        if name in body:
            hint = "; use max_completion_tokens" if name == "max_tokens" else ""
            return {"error": {"message": f"Unsupported parameter: '{name}'{hint}"}}, 400
    if body["model"] != "toy" and body["model"] not in manners.adapters:
        return {"error": {"message": f"The model `{body['model']}` does not exist."}}, 404
    if body.get("echo") or "prompt_logprobs" in body:
        return _scored(manners, body)
    if body.get("n", 1) > 1 and manners.n == "refuses":
        return {"error": {"message": "Only one completion choice is allowed"}}, 400
    return _sampled(manners, path.endswith("/chat/completions"), body), 200


def _sampled(manners: Manners, chat: bool, body: dict[str, Any]) -> dict[str, Any]:
    asked = body.get("n", 1)
    n = {"drops": 1, "two": min(2, asked), "more": asked + 1}.get(manners.n, asked)
    text = "".join(message["content"] for message in body.get("messages", []))
    prompt = body.get("prompt", list(text.encode()))
    choices = [_choice(manners, chat, body, prompt, index) for index in range(n)]
    if manners.order == "reversed":
        choices.reverse()
    if manners.order == "duplicate":
        choices[-1]["index"] = 0
    answer: dict[str, Any] = {"choices": choices}
    if manners.usage:
        usage = {"prompt_tokens": len(prompt), "completion_tokens": n * LETTER, "prompt_tokens_details": {"cached_tokens": 4}}
        answer["usage"] = usage
    return answer


def _choice(manners: Manners, chat: bool, body: dict[str, Any], prompt: list[int], index: int) -> dict[str, Any]:
    seed = body["seed"] + index
    ids = letter(seed)
    heat = body["temperature"] if manners.told == "scaled" and body["temperature"] else 1.0
    rows = [logprobs([*prompt, *ids[:n]], heat) for n in range(LETTER)]
    values: list[Any] = [line[n] for line, n in zip(rows, ids, strict=True)]
    if manners.told == "null":
        values[2] = None
    if manners.told == "short":
        values.pop()
    choice: dict[str, Any] = {"index": index, "finish_reason": "stop" if seed % 2 else "length"}
    said = None if manners.null_text else f"Letter {seed}"
    if chat:
        choice["message"] = {"role": "assistant", "content": said, "reasoning_content": "hm" if manners.null_text else None}
        told: Any = {"content": [{"logprob": v, "top_logprobs": [{"logprob": max(line)}]} for v, line in zip(values, rows, strict=False)]}
    else:
        choice["text"] = said
        names = [f"token_id:{n}" if manners.ids == "named" else "x" for n in ids]
        told = {"token_logprobs": values, "tokens": names, "top_logprobs": [{"x": max(line)} for line in rows]}
        if manners.ids == "given":
            choice["token_ids"] = ids
    choice["logprobs"] = None if manners.told == "none" else told
    return choice


def _scored(manners: Manners, body: dict[str, Any]) -> tuple[Any, int]:
    ids = body["prompt"]
    way = "prompt_logprobs" if "prompt_logprobs" in body else "echo with one token" if body["max_tokens"] else "echo"
    if way not in manners.ways:
        return {"error": {"message": "echo is not supported"}}, 400
    values = LIES[manners.echo](row(ids, manners.adapters.get(body["model"], 0)))
    named = [n + 1 for n in ids] if manners.echo == "other tokens" else ids
    choice: dict[str, Any] = {"index": 0, "text": ""}
    if way == "prompt_logprobs":
        choice["prompt_logprobs"] = [None if v is None else {str(n): {"logprob": v}, "999": {"logprob": -0.1}} for n, v in zip(named, values, strict=False)]
    else:
        more = [-1.5] * body["max_tokens"]
        names = [f"token_id:{n}" if body.get("return_tokens_as_token_ids") else "x" for n in [*named, *[1] * len(more)]]
        choice["logprobs"] = {"token_logprobs": [*values, *more], "tokens": names}
    return {"choices": [choice], "usage": {"prompt_tokens": len(ids), "completion_tokens": body["max_tokens"]}}, 200


LIES: dict[str, Callable[[list[Any]], list[Any]]] = {
    "right": lambda values: values,
    "other tokens": lambda values: values,
    "absent": lambda values: [],
    "one short": lambda values: values[:-1],
    "first told": lambda values: [-1.0, *values[1:]],
    "shifted right": lambda values: [None, -0.5, *values[1:-1]],
    "shifted left": lambda values: [None, *values[2:], -0.5],
    "moved with its null": lambda values: [None, *values[:-1]],
    "null in the middle": lambda values: [*values[:-2], None, values[-1]],
    "not a number": lambda values: [*values[:-2], float("nan"), values[-1]],
    "positive": lambda values: [*values[:-2], 0.7, values[-1]],
    "constant": lambda values: [None, *[-1.0] * (len(values) - 1)],
    "of another string": lambda values: [None, *[value * values[-1] for value in values[1:]]],
}
