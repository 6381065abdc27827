"""Whether one adapter picks the same letter wherever it runs: llama.cpp and transformers, whole and shipped weights.

    python -m experiments.critic_agreement --adapter agent/models/critic --pools build/critic/dev.pools.jsonl

Counts the pools whose winner is the same as with llama.cpp and F32 weights, ties within the noise floor counted as the
same, and says the largest difference of a reward. `recomputed` is the same model opened anew for each pool, so that
the prompt that scoring reuses elsewhere is computed again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from agent.backbones import Backbone, open_backbone
from agent.config import Config
from agent.critics import wear, worn
from agent.models import embedded_folder
from agent.settings import load_config
from critic.pools import Pool, read_pools
from critic.reward_ranking import Worn, grouped, rewards_of
from rubric.errors import InputError, WinnowError
from training.arguments import a_count
from training.export.__main__ import export

FRESH = 100  # pools for which the model is opened anew


class Opened(NamedTuple):
    model: Backbone
    worn: Worn


class Agreement(NamedTuple):
    pools: int
    same: float
    largest: float


Rewards = list[list[float]]


def compare(adapter: str, pools: Sequence[Pool], threads: int | None = None) -> dict[str, dict[str, Any]]:
    """The agreement of each way with llama.cpp on F32 weights."""
    with tempfile.TemporaryDirectory() as folder:
        whole = export(embedded_folder(), Path(folder) / "f32.gguf", "F32")
        f32 = {"kind": "llama", "model": str(whole), "threads": threads}
        with _opened(adapter, f32) as one:
            wanted = [_behind_sampling(one, pool) for pool in pools]
            noise = one.worn.noise
        found = {name: agreement(wanted, list(_all(adapter, block | {"threads": threads}, pools)), noise) for name, block in WAYS.items()}
        anew = [_anew(adapter, f32, pool) for pool in pools[:FRESH]]
    found["recomputed"] = agreement(wanted[: len(anew)], anew, noise)
    return {name: one._asdict() for name, one in found.items()} | {"noise": {"floor": noise}}


WAYS: dict[str, dict[str, Any]] = {
    "transformers, float32": {"kind": "hf", "model": "embedded", "dtype": "float32"},
    "llama.cpp, Q8_0 as shipped": {"kind": "llama", "model": "embedded"},
}


def agreement(wanted: Rewards, found: Rewards, noise: float) -> Agreement:
    """
    >>> agreement([[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.0], [0.5, 0.0]], 0.0)
    Agreement(pools=2, same=0.5, largest=1.0)
    """
    same = [bool(set(grouped(a, noise)[0]) & set(grouped(b, noise)[0])) for a, b in zip(wanted, found, strict=True)]
    gaps = (abs(x - y) for a, b in zip(wanted, found, strict=True) for x, y in zip(a, b, strict=True))
    return Agreement(len(same), round(sum(same) / len(same), 4), round(max(gaps), 6))


def _all(adapter: str, block: dict[str, Any], pools: Sequence[Pool]) -> Iterator[list[float]]:
    with _opened(adapter, block) as one:
        for pool in pools:
            yield _behind_sampling(one, pool)


def _anew(adapter: str, block: dict[str, Any], pool: Pool) -> list[float]:
    with _opened(adapter, block) as one:
        return _rewards(one, pool)


@contextmanager
def _opened(adapter: str, block: dict[str, Any]) -> Iterator[Opened]:
    config: Config = load_config({"backbone": block, "adapter": adapter, "ranker": "critic"})
    model = open_backbone(config.backbone)
    try:
        yield Opened(model, worn(config, wear(adapter, config)))
    finally:
        model.close()


def _behind_sampling(one: Opened, pool: Pool) -> list[float]:
    """As a run scores: behind a prompt whose state is in memory, computed without the adapter."""
    one.model.score(pool.prompt_value, [pool.candidates[0].candidate.token_ids])
    return _rewards(one, pool)


def _rewards(one: Opened, pool: Pool) -> list[float]:
    return rewards_of(one.worn, pool.prompt_value, [member.candidate for member in pool.candidates], one.model)[0]


def main(arguments: Sequence[str] | None = None, show: Callable[[str], object] = print) -> int:
    given = _parser().parse_args(arguments)
    try:
        pools = [pool for pool in islice(read_pools(given.pools), given.count) if all(m.candidate.token_ids for m in pool.candidates)]
        if not pools:
            raise InputError(f"{given.pools} holds no pool with token ids; sample some with `winnow train pairs --on-policy N`")
        show(json.dumps(compare(str(given.adapter), pools, given.threads), indent=1))
    except WinnowError as error:
        sys.stderr.write(f"winnow: {error}\n")
        return error.status
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments.critic_agreement", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--adapter", type=Path, required=True, metavar="FOLDER", help="folder of a trained adapter of the embedded model")
    parser.add_argument("--pools", type=Path, required=True, metavar="FILE", help="pools, as `winnow train pairs --on-policy` keeps them")
    parser.add_argument("--count", type=a_count, default=500, help="first pools of the file that are looked at (500)")
    parser.add_argument("--threads", type=a_count, help="threads of each model (all cores)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
