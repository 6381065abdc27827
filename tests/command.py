"""The command line as the tests call it: in this process, with its streams held."""

from __future__ import annotations

import json
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from agent.cli import main

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
PROSPECT = str(EXAMPLES / "prospect.json")
GOOD = str(EXAMPLES / "good.txt")
BAD = str(EXAMPLES / "bad.txt")


class Result(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


def winnow(*arguments: str, stdin: bytes = b"") -> Result:
    """Runs one command; its streams are real text streams over bytes."""
    streams = [TextIOWrapper(BytesIO(given), encoding="utf-8", newline="\n") for given in (stdin, b"", b"")]
    with patch.multiple(sys, stdin=streams[0], stdout=streams[1], stderr=streams[2]):
        status = main(list(arguments))
    texts = []
    for stream in streams[1:]:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return Result(status, *texts)
