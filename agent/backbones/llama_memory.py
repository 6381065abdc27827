"""What a llama.cpp context remembers between calls, and what each call cost.

Sequence 0 holds nothing, the static prefix, or a whole prompt together with the logits behind it.
Decides what may be used again: a prefix only with the very tokens and passes that made it, so that
using it changes no bit of a result. An ordinary adapter makes room for its own prompt: of the bare
prompt only the static prefix stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from agent.backbones.chat import Encoded
from agent.backbones.llama_native import Adapter, Context, Floats
from agent.backbones.llama_run import PROMPT, TRUNK, LogSoftmax, prefill, score
from agent.backbones.meter import Meter
from rubric.errors import BackboneError


class Memory:
    """A context, and the record of what its sequence 0 holds."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.meter = self._new_meter()
        self._ids: tuple[int, ...] = ()
        self._static = 0
        self._logits: Floats | None = None

    @contextmanager
    def metered(self) -> Iterator[Meter]:
        self.meter = self._new_meter()
        yield self.meter

    def _new_meter(self) -> Meter:
        work = self.context.work
        return Meter(lambda: work.passes)

    def forget(self) -> None:
        self.context.clear()
        self._ids, self._static, self._logits = (), 0, None

    def hold(self, encoded: Encoded, *, useful: int | None = None) -> Floats:
        """Sees to it that sequence 0 holds the prompt; gives the logits behind it. Where all of it is
        there already, `useful` says how much of that counts as reused."""
        ids = encoded.ids
        if self._ids == ids and self._static == encoded.static and self._logits is not None:
            self.meter.reused += len(ids) if useful is None else useful
            return self._logits
        self.meter.reused += self._hold_static(encoded)
        logits = prefill(self.context, ids, start=len(self._ids), stop=len(ids), sequence=PROMPT, wanted=True)
        if logits is None:
            raise BackboneError("the prompt has no tokens behind its static part; use a template that opens the assistant's turn")
        self.meter.computed += len(ids) - len(self._ids)
        self._ids, self._logits = ids, logits.copy()
        return self._logits

    def _hold_static(self, encoded: Encoded) -> int:
        """Leaves the static prefix alone in sequence 0; gives how many of its tokens were there already."""
        static = encoded.static if encoded.static < len(encoded.ids) else 0
        there = static and self._static == static and self._ids[:static] == encoded.ids[:static]
        if there:
            self.context.cut(PROMPT, static)
        else:
            self.forget()
            prefill(self.context, encoded.ids, start=0, stop=static, sequence=PROMPT, wanted=False)
            self.meter.computed += static
        self._ids, self._static, self._logits = encoded.ids[:static], static, None
        return static if there else 0

    def score(self, encoded: Encoded, completions: Sequence[Sequence[int]], adapter: Adapter | None, start: int, softmax: LogSoftmax) -> list[list[float]]:
        """Log-probabilities behind the prompt; an adapter acts from position `start` on."""
        length = len(encoded.ids)
        if adapter is None:
            with self.meter.stage("prefill"):
                logits = self.hold(encoded)
            with self.meter.stage("score"):
                return score(self.context, softmax, logits, completions, trunk=PROMPT, length=length)
        with self.meter.stage("prefill"):
            self._share(encoded, adapter, start)
        with self._switched(adapter):
            with self.meter.stage("score" if adapter.invocation else "prefill"):
                logits = self._see(encoded, start)
            with self.meter.stage("score"):
                rows = score(self.context, softmax, logits, completions, trunk=TRUNK, length=length)
            self.context.cut(TRUNK)
        return rows

    def _share(self, encoded: Encoded, adapter: Adapter, start: int) -> None:
        """Gives the trunk what the adapter leaves as it is: the prompt up to `start`, or nothing."""
        if adapter.invocation:
            self.hold(encoded, useful=start)
            self.context.copy(PROMPT, TRUNK, until=start)
        else:
            self._hold_static(encoded)

    def _see(self, encoded: Encoded, start: int) -> Floats:
        """Computes the prompt from `start` on under the adapter."""
        logits = prefill(self.context, encoded.ids, start=start, stop=len(encoded.ids), sequence=TRUNK, wanted=True)
        if logits is None:
            raise BackboneError("the adapter's part of the prompt has no tokens; use a template that opens the assistant's turn")
        self.meter.computed += len(encoded.ids) - start
        return logits

    @contextmanager
    def _switched(self, adapter: Adapter) -> Iterator[None]:
        with self.meter.stage("switch"):
            self.context.use(adapter)
        yield
        with self.meter.stage("switch"):
            self.context.use(None)


__all__ = ["Memory", "Meter"]
