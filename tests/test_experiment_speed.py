"""What `winnow experiment speed` is asked for reaches the bench; no model is opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command import winnow

bench_speed = pytest.importorskip("experiments.bench_speed", exc_type=Exception)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the bench is called with; each figure keeps its target but the one of eight letters."""
    seen: dict[str, Any] = {}

    def made(model: Path | None, sizes: Any) -> Any:
        return bench_speed.Files(Path("model.gguf"), {})

    def bench(files: Any, repeats: int, kinds: Any, threads: int, sizes: Any) -> Any:
        seen.update(repeats=repeats, kinds=kinds, threads=threads, sizes=sizes)
        return [bench_speed.Figure("shared", 0.7 if sizes.k == 8 else 0.5, 0.6)], {"shared": 1.0}

    monkeypatch.setattr(bench_speed, "made", made)
    monkeypatch.setattr(bench_speed, "bench", bench)
    return seen


def test_sizes_reach_the_bench(asked: dict[str, Any]) -> None:
    done = winnow("experiment", "speed", "--shape", "qwen3-1.7b", "--quant", "Q8_0", "--k", "6", "--prompt", "300", "--new", "16", "--threads", "1", "--repeats", "2", "--json")
    assert done.status == 0, done.err
    sizes = asked["sizes"]
    assert sizes._asdict() == {"shape": "qwen3-1.7b", "quant": "Q8_0", "k": 6, "prompt": 300, "new": 16} == json.loads(done.out)["sizes"]
    assert (sizes.static, sizes.seeds, sizes.sampling.max_tokens) == (200, (1, 2, 3, 4, 5, 6), 16)
    assert (asked["repeats"], asked["threads"], asked["kinds"]) == (2, 1, ("activated", "ordinary"))


def test_defaults_are_those_of_the_targets(asked: dict[str, Any]) -> None:
    assert winnow("experiment", "speed", "--json").status == 0
    sizes = asked["sizes"]
    assert (sizes.prompt, sizes.static, sizes.new, sizes.seeds) == (900, 600, 128, (1, 2, 3, 4)) and sizes.shape == "qwen3-0.6b"


def test_a_missed_target_is_the_status(asked: dict[str, Any]) -> None:
    assert winnow("experiment", "speed", "--k", "8").status == 1


def test_the_sizes_go_on_to_the_process_that_measures_memory() -> None:
    given = bench_speed._parser().parse_args(bench_speed._flags(bench_speed.Sizes("qwen3-1.7b", "F16", 2, 120, 8)))
    assert (given.shape, given.quant, given.k, given.prompt, given.new) == ("qwen3-1.7b", "F16", 2, 120, 8)
