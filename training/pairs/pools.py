"""Pools that a model samples for prospects of the world, kept in a file so that a stopped run goes on.

Decides that a pool is drawn as the agent draws its first round, and that one file holds the pools of one model,
one sampling and one seed. A line that a killed run left half-written is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.backbones import Identity, Sampling
from agent.lines import as_json
from agent.receipt import candidate_seed
from agent.whole_file import writing_to
from critic.candidate import Candidate
from critic.pools import Member, Pool
from prompts.pieces import packed
from rubric.errors import ConfigError, InputError
from training.pairs.pair import Role
from training.pairs.scenes import SHARES, Scene, failures_of, prompt_of, scene, verdict
from training.world.split import Split

if TYPE_CHECKING:
    from agent.backbones import Backbone

FIRST = 1_000_000  # pools have prospects of their own
_SHARES: dict[Role, float] = {role: share for role, share in SHARES.items() if role != "judge"}


class Origin(BaseModel):
    """What all pools of a file share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    hash: str
    sampling: Sampling
    k: int
    seed: int
    split: Split


class WorldPool(Pool):
    """A pool with what it was drawn from: the number of its scene, and the run."""

    model_config = ConfigDict(extra="forbid")

    number: int
    origin: Origin
    role: Role


def origin(identity: Identity, sampling: Sampling, k: int, seed: int, split: Split) -> Origin:
    return Origin(model=identity.model, hash=identity.hash or identity.model, sampling=sampling, k=k, seed=seed, split=split)


def scene_of(pool: WorldPool) -> Scene:
    return scene(pool.origin.split, pool.number, pool.origin.seed, _SHARES)


def sampled(path: Path, backbone: Backbone, wanted: Origin, count: int, tick: Callable[[], None] = lambda: None) -> list[WorldPool]:
    """The pools of the file and those that were missing; each is in the file as soon as it is drawn."""
    pools = list(kept(path, wanted))[:count]
    done = {pool.number for pool in pools}
    for _ in pools:
        tick()
    with writing_to(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            for number in range(FIRST, FIRST + count):
                if number not in done:
                    pools.append(_draw(backbone, wanted, number))
                    file.write(as_json(pools[-1].model_dump(mode="json")) + b"\n")
                    file.flush()
                    tick()
    return sorted(pools, key=lambda pool: pool.number)


def _draw(backbone: Backbone, wanted: Origin, number: int) -> WorldPool:
    one = scene(wanted.split, number, wanted.seed, _SHARES)
    prompt = prompt_of(one)
    seeds = [candidate_seed(wanted.seed, str(number), 0, index) for index in range(wanted.k)]
    members = []
    for index, completion in enumerate(backbone.sample(prompt, seeds, wanted.sampling).completions):
        found, candidate = verdict(one.reading, completion.text), Candidate(**completion.model_dump(), index=index)
        members.append(Member(candidate=candidate, decision=found.decision, score=found.score, failures=failures_of(found)))
    return WorldPool(
        number=number, origin=wanted, company=one.company, role=one.role, prompt_hash=prompt.hash, prompt=packed(prompt), candidates=tuple(members)
    )


def kept(path: Path, wanted: Origin | None = None) -> Iterator[WorldPool]:
    """The pools in a file; with `wanted`, those of anything else are refused."""
    for pool in _read(path):
        if wanted is not None and pool.origin != wanted:
            name = next(name for name in Origin.model_fields if getattr(pool.origin, name) != getattr(wanted, name))
            raise ConfigError(f"{path} holds pools of another {name} ({getattr(pool.origin, name)!s:.60}); give another --pools file, or take this one away")
        yield pool


def _read(path: Path) -> Iterator[WorldPool]:
    if not path.exists():
        return
    with writing_to(path):
        lines = path.read_bytes().splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n"):
            path.write_bytes(b"".join(lines[:-1]))
            lines.pop()
    for number, line in enumerate(lines, 1):
        try:
            yield WorldPool.model_validate_json(line)
        except ValidationError as error:
            raise InputError(f"{path}, line {number} is no pool: {error.errors()[0]['msg']}; take the line away, it is drawn again") from None


__all__ = ["FIRST", "Origin", "WorldPool", "kept", "origin", "sampled", "scene_of"]
