"""What sharing one prompt among candidates saves, on this machine.

    python -m experiments.bench_speed [--json] [--repeats 5] [--model FILE] [--kind activated|ordinary|both]
        [--shape qwen3-0.6b|qwen3-1.7b] [--quant Q4_0] [--k 4] [--prompt 900] [--new 128]

Decides whether each figure keeps its target; the exit status is 1 where one does not. The targets are those of the
default sizes. The model has random weights in the shape of Qwen3-0.6B in Q4_0, or in another, made once under `.bench/`. Every arm begins with an
empty memory, the arms of one repeat follow one another, and a figure is the median over repeats of the
ratio within a repeat. All arms draw with the defaults of llama-cpp-python. The first line on stdout is
the JSON, the table follows.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

from agent.backbones import Sampling
from agent.backbones.llama import CHUNK, LlamaBackbone
from agent.backbones.llama_native import Adapter, Context, Model, Work, features
from agent.backbones.llama_run import FIRST, PROMPT, ROWS, SEQUENCES, TRUNK, LogSoftmax, prefill, score
from agent.backbones.spec import LlamaSpec
from prompts.pieces import Message, Piece, Prompt
from training.export.gguf_model import Quant
from training.random_model import SHAPES, random_lora, random_model

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".bench"
KINDS = ("activated", "ordinary")
SAMPLING = Sampling(temperature=0.8, top_p=0.95, top_k=40, min_p=0.05)
_ROOM = 380  # tokens beyond prompt and letters, for rows that are scored at once
_RANK = 16  # of a rank below 16, the kernels take longer
_TEXT = "We help finance teams close their books sooner, with fewer late nights and no new headcount. "


class Sizes(NamedTuple):
    """What is measured: the model's shape, the letters of a pool, and tokens of the prompt and of each letter."""

    shape: str = "qwen3-0.6b"
    quant: Quant = "Q4_0"
    k: int = 4
    prompt: int = 900
    new: int = 128

    @property
    def static(self) -> int:
        """Tokens of the prompt that are the same for every prospect."""
        return self.prompt * 2 // 3

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(range(1, self.k + 1))

    @property
    def sampling(self) -> Sampling:
        return SAMPLING.model_copy(update={"max_tokens": self.new})


class Figure(NamedTuple):
    """One measured value beside the target that it must keep."""

    name: str
    value: float
    target: float

    @property
    def kept(self) -> bool:
        return self.value <= self.target


class Files(NamedTuple):
    model: Path
    adapters: dict[str, Path]


def made(model: Path | None, sizes: Sizes) -> Files:
    """The model and its adapters, made where they are missing."""
    FOLDER.mkdir(exist_ok=True)
    shape, own = SHAPES[sizes.shape], "" if sizes.shape == Sizes().shape else f"{sizes.shape}-"
    path = model or FOLDER / f"{sizes.shape}-{sizes.quant.lower()}.gguf"
    if not path.exists():
        random_model(path, shape, quant=sizes.quant, one_block=True)
    adapters = {kind: FOLDER / f"{own}{kind}-{_RANK}.gguf" for kind in KINDS}
    for kind in KINDS:
        if not adapters[kind].exists():
            random_lora(adapters[kind], shape, kind="activated" if kind == "activated" else "ordinary", rank=_RANK)
    return Files(path, adapters)


def prompt_of(backbone: LlamaBackbone, facts: str, sizes: Sizes) -> Prompt:
    """A prompt of exactly the wanted tokens, the first two thirds of them static."""
    text = _TEXT * (1 + sizes.prompt // len(_TEXT))

    def written(system: int, user: int) -> Prompt:
        texts = text[:system], (facts + text)[:user]
        return Prompt((Message("system", (Piece(texts[0], True),), static=True), Message("user", (Piece(texts[1], False),))))

    least = backbone.count(written(1, 1))
    system = sizes.static - least.static + 1
    return written(system, sizes.prompt - least.total - system + 2)


class Arms:
    """What is compared: each arm is one way to do the job from an empty memory."""

    def __init__(self, files: Files, threads: int, sizes: Sizes) -> None:
        self.sizes = sizes
        self.backbone = LlamaBackbone(LlamaSpec(model=str(files.model), threads=threads))
        self.files, self.threads = files, threads
        self.prompt = prompt_of(self.backbone, "Acme. ", sizes)
        self.ids = self.backbone.encode(self.prompt).ids
        self.letters: list[tuple[int, ...]] = []
        self.outside: list[float] = []
        self._model = Model(files.model)
        self._softmax = LogSoftmax(self._model.n_vocab)
        self._context = Context(self._model, Work(), tokens=sizes.prompt + sizes.k * sizes.new + _ROOM, sequences=SEQUENCES, threads=threads, chunk=CHUNK, outputs=ROWS)
        self._high: Any = None

    def shared(self) -> None:
        self.backbone.forget()
        drawn = self.backbone.sample(self.prompt, self.sizes.seeds, self.sizes.sampling).completions
        if any(len(one.token_ids) != self.sizes.new for one in drawn):
            raise SystemExit(f"bench: a letter ended before its {self.sizes.new} tokens; use a model of random weights")
        self.letters = [one.token_ids for one in drawn]

    def one_draft(self) -> None:
        self.backbone.forget()
        self.backbone.sample(self.prompt, self.sizes.seeds[:1], self.sizes.sampling)

    def critic(self, kind: str) -> None:
        began, native = time.perf_counter(), self.backbone.work.native_seconds
        self.shared()
        self.backbone.score(self.prompt, self.letters, str(self.files.adapters[kind]))
        self.outside.append(1 - (self.backbone.work.native_seconds - native) / (time.perf_counter() - began))

    def sequential(self) -> None:
        """As many calls of the high-level interface, which keeps the prompt between them by itself."""
        if self._high is None:
            self._high = _high_level(self.files.model, self.threads, self.sizes)
        self._high.reset()
        self._high._ctx.kv_cache_clear()
        for seed in self.sizes.seeds:
            self._high.create_completion(
                list(self.ids), max_tokens=self.sizes.new, seed=seed, temperature=SAMPLING.temperature, top_p=SAMPLING.top_p,
                top_k=SAMPLING.top_k, min_p=SAMPLING.min_p, repeat_penalty=1.0,
            )  # fmt: skip

    def floor(self) -> None:
        """The prompt and a bare loop of passes over the rows: what no way of drawing can do without."""
        context, start = self._cold(None), len(self.ids)
        self._prefill(PROMPT)
        rows, k = range(FIRST, FIRST + self.sizes.k), self.sizes.k
        for row in rows:
            context.copy(PROMPT, row)
        for step in range(self.sizes.new - 1):
            context.decode([65] * k, [start + step] * k, rows, range(k))

    def naive_drafts(self) -> None:
        for seed in self.sizes.seeds:
            self.backbone.forget()
            self.backbone.sample(self.prompt, [seed], self.sizes.sampling)

    def naive_scores(self, kind: str) -> None:
        """A whole pass over prompt and letter for each letter."""
        adapter = self._model.adapter(self.files.adapters[kind])
        for letter in self.letters:
            context = self._cold(adapter)
            logits = self._prefill(TRUNK)
            score(context, self._softmax, logits, [letter], trunk=TRUNK, length=len(self.ids))

    def _cold(self, adapter: Adapter | None) -> Context:
        self._context.clear()
        self._context.use(adapter)
        return self._context

    def _prefill(self, sequence: int) -> Any:
        return prefill(self._context, self.ids, start=0, stop=len(self.ids), sequence=sequence, wanted=True)

    def switch_ms(self) -> float:
        """What a switch adds to the switch and the pass behind it."""
        context = self._cold(None)
        adapters = [self._model.adapter(self.files.adapters[kind]) for kind in KINDS]
        steady: list[float] = []
        switched: list[float] = []
        for turn in range(21):
            for times, adapter in ((switched, adapters[turn % 2]), (steady, adapters[turn % 2])):
                began = time.perf_counter()
                context.use(adapter)
                context.decode([65], [0], [PROMPT], [0])
                times.append(time.perf_counter() - began)
                context.clear()
        return 1000 * (statistics.median(switched[1:]) - statistics.median(steady[1:]))

    def second_prospect(self) -> Figure:
        """Prompt tokens that another prospect computes, beside its own part."""
        other = prompt_of(self.backbone, "Birch Freight. ", self.sizes)
        self.backbone.forget()
        self.backbone.sample(self.prompt, self.sizes.seeds[:1], SAMPLING.model_copy(update={"max_tokens": 1}))
        cost = self.backbone.sample(other, self.sizes.seeds[:1], SAMPLING.model_copy(update={"max_tokens": 1})).cost
        tokens = self.backbone.count(other)
        return Figure("second_prospect_computed", cost.prompt_computed, tokens.total - tokens.static)


def _high_level(model: Path, threads: int, sizes: Sizes) -> Any:
    from llama_cpp import Llama

    return Llama(
        model_path=str(model), n_ctx=sizes.prompt + sizes.new + 64, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False
    )


def bench(files: Files, repeats: int, kinds: Sequence[str], threads: int, sizes: Sizes) -> tuple[list[Figure], dict[str, float]]:
    """Every figure, and the median seconds of every arm."""
    arms = Arms(files, threads, sizes)
    arms.shared()  # the first call pays for pages and graphs
    runs = [_repeat(arms, kinds) for _ in range(repeats)]
    seconds = {name: round(statistics.median(run[name] for run in runs), 3) for name in runs[0]}
    figures = [
        _ratio("shared_vs_sequential", runs, ("shared",), ("sequential",), 0.60),
        _ratio("shared_vs_floor", runs, ("shared",), ("floor",), 1.15),
    ]
    for kind in kinds:
        tail, limits = ("", (2.0, 0.35)) if kind == "activated" else ("_ordinary", (2.5, 0.42))
        figures.append(_ratio(f"critic_rs_vs_baseline{tail}", runs, (f"critic_{kind}",), ("one_draft",), limits[0]))
        figures.append(_ratio(f"critic_rs_vs_naive{tail}", runs, (f"critic_{kind}",), ("naive_drafts", f"naive_scores_{kind}"), limits[1]))
        figures.append(Figure(f"score_extra_mb{tail}", _extra_memory(files, kind, threads, sizes), 64))
    figures.append(Figure("adapter_switch_ms", round(arms.switch_ms(), 2), 50))
    figures.append(Figure("outside_native_share", round(statistics.median(arms.outside), 4), 0.08))
    figures.append(arms.second_prospect())
    return figures, seconds


def _repeat(arms: Arms, kinds: Sequence[str]) -> dict[str, float]:
    """Seconds of every arm, one after another."""
    calls: dict[str, Callable[[], None]] = {
        "shared": arms.shared,
        "floor": arms.floor,
        "sequential": arms.sequential,
        "one_draft": arms.one_draft,
        **{f"critic_{kind}": lambda kind=kind: arms.critic(kind) for kind in kinds},  # type: ignore[misc]
        "naive_drafts": arms.naive_drafts,
        **{f"naive_scores_{kind}": lambda kind=kind: arms.naive_scores(kind) for kind in kinds},  # type: ignore[misc]
    }
    return {name: _seconds(call) for name, call in calls.items()}


def _seconds(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _ratio(name: str, runs: Sequence[dict[str, float]], above: Sequence[str], below: Sequence[str], target: float) -> Figure:
    ratios = [sum(run[arm] for arm in above) / sum(run[arm] for arm in below) for run in runs]
    return Figure(name, round(statistics.median(ratios), 4), target)


def _extra_memory(files: Files, kind: str, threads: int, sizes: Sizes) -> float:
    """Megabytes that scoring adds to the peak of a process which has sampled, in a process of its own."""
    command = [sys.executable, "-m", "experiments.bench_speed", "--memory", kind, "--model", str(files.model), "--threads", str(threads), *_flags(sizes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603  our own command
    return float(done.stdout)


def _flags(sizes: Sizes) -> list[str]:
    return [word for name, value in sizes._asdict().items() for word in (f"--{name}", str(value))]


def _measure_memory(files: Files, kind: str, threads: int, sizes: Sizes) -> float:
    with LlamaBackbone(LlamaSpec(model=str(files.model), threads=threads)) as backbone:
        prompt = prompt_of(backbone, "Acme. ", sizes)
        backbone.sample(prompt, sizes.seeds, SAMPLING.model_copy(update={"max_tokens": 1}))
        _forget_peak()
        drawn = backbone.sample(prompt_of(backbone, "Birch. ", sizes), sizes.seeds, sizes.sampling).completions
        before = _peak()
        backbone.score(prompt, [one.token_ids for one in drawn], str(files.adapters[kind]))
        after = _peak()
    adapter = files.adapters[kind].stat().st_size  # its weights stay with the model, however much is scored
    return round((after - before - adapter) / 2**20, 1)


def _forget_peak() -> None:
    """Lets the kernel forget the peak of loading, which lies above all that follows."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")


def _peak() -> int:
    """Bytes at this process's peak."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def report(figures: Sequence[Figure], seconds: dict[str, float], repeats: int, threads: int, sizes: Sizes, *, json_only: bool) -> str:
    line = json.dumps({
        **{figure.name: figure.value for figure in figures},
        "targets": {figure.name: figure.target for figure in figures},
        "kept": {figure.name: figure.kept for figure in figures},
        "seconds": seconds, "sizes": sizes._asdict(),
        "machine": {"cores": os.cpu_count(), "threads": threads, "repeats": repeats, "features": features()},
    })  # fmt: skip
    if json_only:
        return line
    table = [f"{f.name:<34}{f.value:>10g}  at most {f.target:g}  {'kept' if f.kept else 'MISSED'}" for f in figures]
    return "\n".join([line, "", *table])


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    sizes = Sizes(given.shape, given.quant, given.k, given.prompt, given.new)
    files = made(given.model, sizes)
    if given.memory:
        sys.stdout.write(f"{_measure_memory(files, given.memory, given.threads, sizes)}\n")
        return 0
    kinds = KINDS if given.kind == "both" else (given.kind,)
    figures, seconds = bench(files, given.repeats, kinds, given.threads, sizes)
    sys.stdout.write(report(figures, seconds, given.repeats, given.threads, sizes, json_only=given.json) + "\n")
    return 0 if all(figure.kept for figure in figures) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments.bench_speed", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the JSON line alone")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each arm")
    parser.add_argument("--model", type=Path, help="another GGUF of the same shape, made where it is missing")
    parser.add_argument("--kind", choices=(*KINDS, "both"), default="both", help="kind of adapter")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1), help="threads of every arm")
    parser.add_argument("--shape", choices=[name for name in SHAPES if name != "tiny"], default=Sizes().shape, help="shape of the model")
    parser.add_argument("--quant", choices=get_args(Quant), default=Sizes().quant, help="how its weights are packed")
    parser.add_argument("--k", type=int, default=Sizes().k, help="letters of a pool")
    parser.add_argument("--prompt", type=int, default=Sizes().prompt, help="tokens of the prompt")
    parser.add_argument("--new", type=int, default=Sizes().new, help="tokens of each letter")
    parser.add_argument("--memory", choices=KINDS, help="measure only the memory that scoring adds, in this process")
    return parser


if __name__ == "__main__":
    sys.exit(main())
