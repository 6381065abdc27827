"""Drawing and scoring with keys and values in memory: what goes into each pass of a transformers model.

Decides the order of rows and the bounds of memory: a group is 16 candidates, and a scoring pass asks for at
most 64 rows of logits. Drawing goes as llama.cpp's samplers do: repetition penalty over the letter's own
tokens, top-k, top-p, min-p on the untempered distribution, and temperature last. Knows neither files
nor templates.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from agent.backbones import Sampling
from critic.candidate import Finish
from rubric.errors import BackboneError, MissingExtra

try:
    import torch
    from torch import Tensor
    from transformers.cache_utils import DynamicCache, DynamicLayer
except ImportError:
    raise MissingExtra("hf", "a backbone of kind hf") from None

GROUP = 16
ROWS = 64
CHUNK = 512
_NUCLEUS = 2048

# Ids (rows by columns), the memory that grows by them, and how many of the last columns' logits are wanted.
Pass = Callable[[Tensor, DynamicCache, int], Tensor]


class State(NamedTuple):
    """A sequence in memory: keys and values of one row, and the logits behind its last token."""

    cache: DynamicCache
    logits: Tensor


class RoomyLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """A cache layer that grows in steps, so that a decode step does not copy all that came before."""

    def __init__(self, layer: Any, rows: int, room: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.lazy_initialization(layer.keys, layer.values)
        self._stores = [_roomy(part, rows, room) for part in (layer.keys, layer.values)]
        self._show(layer.keys.shape[-2])

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        begin, end = self._used, self._used + key_states.shape[-2]
        for n, part in enumerate((key_states, value_states)):
            if end > self._stores[n].shape[-2]:
                self._stores[n] = _roomy(self._stores[n], part.shape[0], end)
            self._stores[n][:, :, begin:end] = part
        return self._show(end)

    def batch_select_indices(self, indices: Tensor) -> None:
        self._stores = [store[indices] for store in self._stores]
        self._show(self._used)

    def _show(self, end: int) -> tuple[Tensor, Tensor]:
        self._used = end
        keys, values = (store[:, :, :end] for store in self._stores)
        self.keys, self.values = keys, values
        return keys, values


def _roomy(part: Tensor, rows: int, room: int) -> Tensor:
    """Storage for `room` columns and a fifth of them more, with the part at its beginning."""
    store = part.new_empty((rows, part.shape[1], room + room // 5 + 16, part.shape[3]))
    store[:, :, : part.shape[2]] = part
    return store


def fork(cache: DynamicCache) -> DynamicCache:
    """A memory that begins as this one and grows by itself; nothing is copied until it grows."""
    twin = copy.copy(cache)
    twin.layers = [copy.copy(layer) for layer in cache.layers]
    return twin


def spread(cache: DynamicCache, rows: int, more: int) -> DynamicCache:
    """The same memory for each of `rows` candidates, with room for `more` tokens."""
    twin = fork(cache)
    if all(type(layer) is DynamicLayer for layer in cache.layers):
        room = cache.get_seq_length() + more
        twin.layers = [RoomyLayer(layer, rows, room) for layer in cache.layers]
    else:
        twin.batch_repeat_interleave(rows)
    return twin


def prefill(run: Pass, cache: DynamicCache, ids: Sequence[int], device: torch.device) -> State:
    """Computes ids behind what the cache holds, in passes of the same size whatever ran before."""
    logits = None
    for start in range(0, len(ids), CHUNK):
        logits = run(torch.tensor([ids[start : start + CHUNK]], device=device), cache, 1)[0, -1]
    if logits is None:
        raise BackboneError("the prompt has no tokens; use a template that writes some")
    return State(cache, logits.float())


class Letter:
    """A completion while it is drawn; its generator is its own, so that no other candidate shifts its draws."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.tokens: list[int] = []
        self.logprobs: list[float] = []
        self.finish: Finish | None = None
        self._generator = torch.Generator().manual_seed(seed % 2**63)

    def take(self, logits: Tensor, total: float, sampling: Sampling, stops: frozenset[int]) -> None:
        """Draws the next token; `total` is the logarithm of the sum of all exponentials."""
        token = self._choose(logits, sampling)
        self.tokens.append(token)
        self.logprobs.append(float(logits[token]) - total)
        if token in stops:
            self.finish = "stop"
        elif len(self.tokens) == sampling.max_tokens:
            self.finish = "length"

    def _choose(self, logits: Tensor, sampling: Sampling) -> int:
        if sampling.temperature == 0:
            return int(logits.argmax())
        if sampling.repeat_penalty != 1 and self.tokens:
            logits = _penalised(logits, self.tokens, sampling.repeat_penalty)
        values, tokens = nucleus(logits, sampling)
        weights = torch.softmax((values.double() - values[0].double()) / sampling.temperature, -1).cpu()
        point = torch.rand((), generator=self._generator, dtype=torch.float64)
        found = int(torch.searchsorted(weights.cumsum(-1), point, right=True))
        return int(tokens[min(found, len(tokens) - 1)])


def nucleus(logits: Tensor, sampling: Sampling) -> tuple[Tensor, Tensor]:
    """Logits and ids that top-k, top-p and min-p leave, likeliest first; always at least one."""
    size = len(logits)
    most = min(sampling.top_k or size, size)
    if most > _NUCLEUS and (sampling.top_p < 1 or sampling.min_p > 0):  # a part that mostly holds what is kept
        values, tokens = torch.topk(logits, _NUCLEUS)
        kept = _kept(values, logits if most == size else torch.topk(logits, most).values, sampling)
        if kept < _NUCLEUS:
            return values[:kept], tokens[:kept]
    values, tokens = torch.topk(logits, most) if most < size else torch.sort(logits, descending=True)
    kept = _kept(values, values, sampling)
    return values[:kept], tokens[:kept]


def _kept(values: Tensor, among: Tensor, sampling: Sampling) -> int:
    """How many of the sorted values stay, when their probabilities are those among all of `among`."""
    kept = len(values)
    if sampling.top_p < 1:
        mass = torch.exp(values.double() - torch.logsumexp(among.double(), -1)).cumsum(-1)
        kept = min(kept, int((mass < sampling.top_p).sum()) + 1)
    if sampling.min_p > 0:
        kept = min(kept, int((values >= values[0] + math.log(sampling.min_p)).sum()))
    return max(kept, 1)


def _penalised(logits: Tensor, tokens: Sequence[int], penalty: float) -> Tensor:
    logits = logits.clone()
    seen = torch.tensor(sorted(set(tokens)), device=logits.device)
    values = logits[seen]
    logits[seen] = torch.where(values > 0, values / penalty, values * penalty)
    return logits


def draw(run: Pass, state: State, seeds: Sequence[int], sampling: Sampling, stops: frozenset[int]) -> list[Letter]:
    """One letter for each seed behind a prompt in memory."""
    letters = [Letter(seed) for seed in seeds]
    for start in range(0, len(letters), GROUP):
        _draw_group(run, state, letters[start : start + GROUP], sampling, stops)
    return letters


def _draw_group(run: Pass, state: State, group: list[Letter], sampling: Sampling, stops: frozenset[int]) -> None:
    total = _total(state.logits[None])[0]
    for letter in group:
        letter.take(state.logits, total, sampling, stops)
    cache: DynamicCache | None = None
    live = group
    while going := [n for n, letter in enumerate(live) if letter.finish is None]:
        if cache is None:
            cache = spread(state.cache, len(going), sampling.max_tokens)
        elif len(going) < len(live):
            cache.batch_select_indices(torch.tensor(going, device=state.logits.device))
        live = [live[n] for n in going]
        ids = torch.tensor([[letter.tokens[-1]] for letter in live], device=state.logits.device)
        logits = run(ids, cache, 1)[:, -1].float()
        for row, letter, total in zip(logits, live, _total(logits), strict=True):
            letter.take(row, total, sampling, stops)


def score(run: Pass, state: State, completions: Sequence[Sequence[int]]) -> list[list[float]]:
    """Log-probabilities of completions behind a prompt in memory."""
    total = _total(state.logits[None])[0]
    found = [[float(state.logits[tokens[0]]) - total] if tokens else [] for tokens in completions]
    longest_first = sorted(range(len(completions)), key=lambda n: -len(completions[n]))
    for start in range(0, len(longest_first), GROUP):
        group = [n for n in longest_first[start : start + GROUP] if len(completions[n]) > 1]
        if group:
            rows = _score_group(run, state, [completions[n] for n in group])
            for n, row in zip(group, rows, strict=True):
                found[n].extend(row)
    return found


def _score_group(run: Pass, state: State, group: Sequence[Sequence[int]]) -> list[list[float]]:
    """Rows of falling length behind one prompt; a row leaves when its tokens are through."""
    device, steps = state.logits.device, len(group[0]) - 1
    found: list[list[float]] = [[] for _ in group]
    cache = spread(state.cache, len(group), steps)
    start, rows = 0, len(group)
    while start < steps:
        live = sum(len(tokens) - 1 > start for tokens in group)
        if live < rows:
            cache.batch_select_indices(torch.arange(live, device=device))
            rows = live
        stop = min(start + max(1, ROWS // rows), steps)
        padded = torch.tensor([[*t[start : stop + 1], *[0] * (stop + 1 - start - len(t[start : stop + 1]))] for t in group[:rows]], device=device)
        values = _judged(run(padded[:, :-1], cache, stop - start), padded[:, 1:])
        for n, row in enumerate(values):
            found[n].extend(row[: len(group[n]) - 1 - start])
        start = stop
    return found


def _judged(logits: Tensor, targets: Tensor) -> list[list[float]]:
    """The log-probability of each target, row by row of logits."""
    found = []
    for given, wanted in zip(logits, targets, strict=True):
        rows = given.float()
        totals = torch.tensor(_total(rows))
        found.append((rows.gather(-1, wanted[:, None])[:, 0].cpu() - totals).tolist())
    return found


def _total(logits: Tensor) -> list[float]:
    totals: list[float] = torch.logsumexp(logits, -1).tolist()
    if not all(map(math.isfinite, totals)):
        raise BackboneError("the model's logits are not finite; set 'dtype' to bfloat16 or float32, or use other weights")
    return totals


__all__ = ["CHUNK", "GROUP", "ROWS", "Letter", "Pass", "State", "draw", "fork", "nucleus", "prefill", "score", "spread"]
