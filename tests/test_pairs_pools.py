"""Pools that a model samples: drawn once, kept in a file, gone on with, and made into pairs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.backbones import Sampling
from critic.candidate import Candidate
from critic.pools import Member, read_pools
from prompts.pieces import packed
from rubric.errors import ConfigError, InputError, ServerError
from tests.agents import Parrot
from tests.pairs import END, renderer
from training.pairs.drafts import clean
from training.pairs.on_policy import on_policy
from training.pairs.pools import FIRST, WorldPool, kept, origin, sampled, scene_of
from training.pairs.rendering import Unfit
from training.pairs.scenes import SHARES, scene

ROLES = {role: share for role, share in SHARES.items() if role != "judge"}
HOT = Sampling(temperature=0.9)
BAD = "Subject: Quick chat\n\nHi,\n\nOur world-class rockstars will skyrocket your growth.\n\nBest,\nAlex"


def good(number: int) -> str:
    return clean(scene("train", number, 0, ROLES)).text


def parrot(**more: Any) -> Parrot:
    """For each prospect a good letter, two bad ones and one that is cut off."""
    return Parrot(lambda call, index, _: [good(FIRST + call), BAD, f"{BAD} It is guaranteed.", f"{BAD}<cut>"][index], **more)


def draw(path: Path, count: int, backbone: Any = None, **changed: Any) -> list[WorldPool]:
    model = backbone or parrot()
    given = {"sampling": HOT, "k": 4, "seed": 0, "split": "train"} | changed
    return sampled(path, model, origin(model.identity, **given), count)  # type: ignore[arg-type]


def test_a_pool_is_kept_as_it_was_drawn(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "pools.jsonl"
    pools = draw(path, 2)
    assert list(kept(path)) == pools and [pool.number for pool in pools] == [FIRST, FIRST + 1]
    assert next(m.decision for m in pools[0].candidates) == "PASS" and pools[0].candidates[3].candidate.finish == "length"
    assert pools[0].candidates[1].failures and pools[0].company == scene_of(pools[0]).company


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path, whole = tmp_path / "a.jsonl", draw(tmp_path / "b.jsonl", 3)
    broken = Parrot(lambda call, index, _: [good(FIRST + call), BAD, f"{BAD} It is guaranteed.", f"{BAD}<cut>"][index])
    broken.say, say = (lambda call, index, hot: _fail(call, index, hot, say)), broken.say
    with pytest.raises(ServerError):
        draw(path, 3, broken)
    assert len(list(kept(path))) == 1
    path.write_bytes(path.read_bytes() + b'{"number": 10000')  # killed while it wrote
    late = Parrot(lambda call, index, _: [good(FIRST + 1 + call), BAD, f"{BAD} It is guaranteed.", f"{BAD}<cut>"][index])
    assert draw(path, 3, late) == whole and len(late.prompts) == 2
    assert draw(path, 3, Parrot(_never)) == whole and draw(path, 2, Parrot(_never)) == whole[:2]


def _fail(call: int, index: int, hot: Sampling, say: Any) -> str:
    if call == 1:
        raise ServerError("down")
    return str(say(call, index, hot))


def _never(*_: Any) -> str:
    raise AssertionError("nothing is left to sample")


@pytest.mark.parametrize(("change", "named"), [({"seed": 1}, "seed"), ({"sampling": Sampling()}, "sampling"), ({"split": "dev"}, "split")])
def test_one_file_holds_the_pools_of_one_run(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    draw(tmp_path / "p.jsonl", 1)
    with pytest.raises(ConfigError, match=f"another {named}.*--pools"):
        draw(tmp_path / "p.jsonl", 2, **change)


def test_a_line_that_is_no_pool_is_told(tmp_path: Path) -> None:
    draw(tmp_path / "p.jsonl", 1)
    with (tmp_path / "p.jsonl").open("ab") as file:
        file.write(b'{"number": 1}\n')
    with pytest.raises(InputError, match="line 2 is no pool"):
        list(kept(tmp_path / "p.jsonl"))


def test_the_best_stands_against_the_worst_and_against_the_nearest(tmp_path: Path) -> None:
    [pool] = draw(tmp_path / "p.jsonl", 1)
    pairs = list(on_policy(pool, renderer()))
    assert 1 <= len(pairs) <= 2 and all(pair.chosen == pool.candidates[0].candidate.text + END for pair in pairs)
    assert all(pair.source == "on_policy" and pair.author == "model:0" and pair.failures and pair.seed == scene_of(pool).seed for pair in pairs)
    assert not any("<cut>" in pair.rejected or pair.rejected == pool.candidates[3].candidate.text + END and pool.candidates[1].candidate.text != pool.candidates[3].candidate.text for pair in pairs)


def pool_of(members: Sequence[tuple[str, str, float, str]]) -> WorldPool:
    one = scene("train", FIRST, 0, ROLES)
    from training.pairs.scenes import prompt_of

    made = tuple(
        Member(candidate=Candidate(text=text, finish=finish, index=n), decision=decision, score=score)  # type: ignore[arg-type]
        for n, (text, decision, score, finish) in enumerate(members)
    )
    whole = origin(parrot().identity, HOT, 4, 0, "train")
    prompt = prompt_of(one)
    return WorldPool(
        number=FIRST, origin=whole, company=one.company, role=one.role, prompt_hash=prompt.hash, prompt=packed(prompt), candidates=made
    )


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([("a", "PASS", 1.0, "stop")], "less than two"),
        ([("a", "PASS", 1.0, "stop"), ("b", "BLOCK", 0.2, "length"), (" ", "BLOCK", 0.2, "stop")], "less than two"),
        ([("a", "PENALISE", 0.9, "stop"), ("b", "BLOCK", 0.2, "stop")], "no candidate of the pool passes"),
        ([("a", "PASS", 1.0, "stop"), ("b", "PASS", 0.95, "stop")], "worse by the margin"),
        ([("a", "PASS", 0.8, "stop"), ("b", "PENALISE", 0.78, "stop")], "worse by the margin"),
    ],
)
def test_a_pool_without_a_pair_says_why(members: list[tuple[str, str, float, str]], reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        list(on_policy(pool_of(members), renderer()))


def test_a_letter_that_passes_beats_one_that_only_scores() -> None:
    pool = pool_of([("stopped", "PENALISE", 0.7, "stop"), ("passes", "PASS", 0.85, "stop"), ("worst", "BLOCK", 0.1, "stop")])
    assert [(p.chosen, p.rejected) for p in on_policy(pool, renderer())] == [("passes" + END, "worst" + END), ("passes" + END, "stopped" + END)]


def test_a_prompt_that_changed_since_is_told() -> None:
    pool = pool_of([("a", "PASS", 1.0, "stop"), ("b", "BLOCK", 0.2, "stop")]).model_copy(update={"prompt_hash": "other"})
    with pytest.raises(Unfit, match="no longer the same"):
        list(on_policy(pool, renderer()))


def test_the_file_is_one_pool_a_line(tmp_path: Path) -> None:
    draw(tmp_path / "p.jsonl", 2)
    rows = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text("utf-8").splitlines()]
    assert [row["number"] for row in rows] == [FIRST, FIRST + 1] and rows[0]["origin"]["k"] == 4


def test_a_health_card_reads_the_same_file(tmp_path: Path) -> None:
    drawn = draw(tmp_path / "p.jsonl", 1)
    [found] = read_pools(tmp_path / "p.jsonl")
    assert (found.company, found.candidates, found.prompt_value.hash) == (drawn[0].company, drawn[0].candidates, drawn[0].prompt_hash)
    assert found.candidates[0].candidate.token_ids
