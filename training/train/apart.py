"""A seed in a process of its own: what a backend changes in the libraries stays there.

    python -m training.train.apart < job.json

The parent reads a JSON object a line: a row of measures, or, last, how it ended. Whatever the libraries print
goes to stderr, of which the parent keeps the end for an error's sake.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from threading import Thread
from typing import IO, Any

from rubric.errors import BackboneError, ConfigError, WinnowError
from training.backbone.stopping import interrupted
from training.train.job import Job, Outcome, Stopped
from training.train.metrics import Report

_KEPT = 12
COMMAND = (sys.executable, "-m", "training.train.apart")


def train_apart(job: Job, report: Report, command: Sequence[str] = COMMAND) -> Outcome:
    """Like `train_seed`, in a child; Ctrl-C reaches both, and the parent waits for the child's checkpoint."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with interrupted(), subprocess.Popen(command, env=environment, **pipes) as child:  # noqa: S603  our own command
        said: deque[str] = deque(maxlen=_KEPT)
        listener = Thread(target=said.extend, args=(child.stderr,), daemon=True)
        listener.start()
        assert child.stdin and child.stdout  # noqa: S101  both are pipes
        _hand(job, child.stdin)
        ended = _listen(child.stdout, report)
        status = child.wait()
        listener.join(timeout=5)
    return _outcome(job, ended, status, said)


def _hand(job: Job, into: IO[str]) -> None:
    with suppress(BrokenPipeError), into:  # a child that ended at once says why on stderr
        into.write(job.model_dump_json())


def _listen(lines: IO[str], report: Report) -> dict[str, Any]:
    ended: dict[str, Any] = {}
    for line in lines:
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and "row" in found:
            report(found["row"])
        elif isinstance(found, dict) and "ended" in found:
            ended = found
    return ended


def _outcome(job: Job, ended: dict[str, Any], status: int, said: Sequence[str]) -> Outcome:
    if ended.get("ended") == "done":
        return Outcome(job.seed, job.folder, ended["last"])
    if ended.get("ended") == "stopped":
        raise Stopped(ended["message"])
    if ended.get("ended") == "refused":
        raise (ConfigError if ended["status"] == 2 else BackboneError)(ended["message"])
    last = " ".join("".join(said).split())[-400:]
    raise BackboneError(f"the process of backend {job.config.backend} ended with status {status}: {last or 'it said nothing'}; the same command goes on from the last checkpoint")


def main() -> int:
    """The child: everything that is printed goes to stderr, but the parent's own lines."""
    told = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    job = Job.model_validate_json(sys.stdin.read())

    def tell(**what: Any) -> None:
        told.write(json.dumps(what) + "\n")

    from training.train.one_seed import train_seed

    try:
        outcome = train_seed(job, lambda row: tell(row=row))
        tell(ended="done", last=outcome.last)
    except Stopped as stopped:
        tell(ended="stopped", message=str(stopped))
    except WinnowError as error:
        tell(ended="refused", message=str(error), status=error.status)
    return 0


__all__ = ["train_apart"]

if __name__ == "__main__":
    sys.exit(main())
