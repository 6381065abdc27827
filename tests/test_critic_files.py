"""The files of the critic: winnow.json, pools and pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from critic.adapter_card import NOISE, CriticFile, place, read_critic, written
from critic.health import Health
from critic.pair_rows import read_pair_rows
from critic.pools import read_pools
from prompts.pieces import packed, rendered, unpacked
from rubric.errors import InputError, ModelError
from tests.critics import PROMPT, Opinionated, pool, worth, write_pools

MODEL = Opinionated("", worth({}))
PAIR = {"prompt": "p", "chosen": "a<|im_end|>", "rejected": "b<|im_end|>", "id": "0", "split": "dev", "failures": ["injection"]}
FULL: dict[str, Any] = {
    "version": 1, "reward": "simpo", "beta": 2.0, "kind": "activated", "task": "rank", "base": {"name": "embedded", "hash": "ab"},
    "loss": {"name": "simpo", "gamma": 0.3}, "seed": 3, "pairs": {"file hash": "cd", "count": 800}, "threshold": None, "health": None,
}  # fmt: skip


def test_the_file_is_found_in_the_folder_and_beside_the_gguf(tmp_path: Path) -> None:
    (tmp_path / "winnow.json").write_text(json.dumps(FULL), "utf-8")
    (tmp_path / "adapter.gguf").write_bytes(b"")
    found = read_critic(tmp_path)
    assert found is not None and found == read_critic(tmp_path / "adapter.gguf")
    assert (found.reward, found.beta, found.kind, found.pairs["count"], found.threshold) == ("simpo", 2.0, "activated", 800, None)
    assert place(tmp_path) == place(tmp_path / "adapter.gguf") == tmp_path / "winnow.json"
    (tmp_path / "winnow.json").write_bytes(written(found))
    assert read_critic(tmp_path) == found


def test_an_adapter_from_elsewhere_has_no_file(tmp_path: Path) -> None:
    assert read_critic(tmp_path) is None and read_critic(tmp_path / "none.gguf") is None and read_critic("a-servers-name") is None


@pytest.mark.parametrize(
    ("change", "said"),
    [({"reward": "ppo"}, "reward"), ({"version": 2}, "version"), ({"beta": 0}, "beta"), ({"colour": 1}, "colour"), ({"threshold": "low"}, "threshold")],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    (tmp_path / "winnow.json").write_text(json.dumps(FULL | change), "utf-8")
    with pytest.raises(ModelError, match=f"winnow.json: {said}"):
        read_critic(tmp_path)
    (tmp_path / "winnow.json").write_text("{", "utf-8")
    with pytest.raises(ModelError, match="mend it"):
        read_critic(tmp_path)


def test_the_noise_floor_is_the_measured_one_where_there_is_one() -> None:
    assert CriticFile(beta=2.0).noise == 2 * NOISE
    assert CriticFile(beta=2.0, health=Health(noise=0.0)).noise == 0.0


def test_pools_come_back_as_they_were(tmp_path: Path) -> None:
    given = [pool("Acme", ["one", "two"], [1.0, None], MODEL, cut=(1,)), pool("Örsi \u2028 AB", ["three"], [0.2], MODEL)]
    write_pools(tmp_path / "pools.jsonl", given)
    found = list(read_pools(tmp_path / "pools.jsonl"))
    assert found == given and found[0].prompt_value == PROMPT
    assert found[0].candidates[1].score is None and found[0].candidates[0].candidate.token_ids == MODEL.tokenize("one")


def test_a_pool_of_another_prompt_is_refused(tmp_path: Path) -> None:
    row = pool("Acme", ["one"], [1.0], MODEL).model_dump(mode="json")
    for change, said in (({"prompt_hash": "0"}, "prompt_hash is 0"), ({"prompt": [1]}, "cannot be read"), ({"candidates": []}, "candidates")):
        (tmp_path / "p.jsonl").write_text("\n" + json.dumps(row | change) + "\n", "utf-8")
        with pytest.raises(InputError, match=r"p\.jsonl, line 2: ") as raised:
            list(read_pools(tmp_path / "p.jsonl"))
        assert said in str(raised.value)
    with pytest.raises(InputError, match="cannot be read"):
        list(read_pools(tmp_path / "none.jsonl"))


def test_pairs_are_read_and_what_is_not_needed_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "pairs.jsonl").write_text(f"{json.dumps(PAIR)}\n\n{json.dumps(PAIR | {'unseen': True})}\n", "utf-8")
    found = list(read_pair_rows(tmp_path / "pairs.jsonl"))
    assert [pair.unseen for pair in found] == [False, True] and found[0].failures == ("injection",)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"rejected": PAIR["chosen"]}, "the same text"), ({"prompt": ""}, "/prompt"), ({"failures": ["sin"]}, "/failures/0"), ({"chosen": None}, "/chosen")],
)
def test_a_pair_that_measures_nothing_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    (tmp_path / "pairs.jsonl").write_text(f"{json.dumps(PAIR)}\n{json.dumps(PAIR | change)}\n", "utf-8")
    with pytest.raises(InputError, match=r"pairs\.jsonl, line 2: ") as raised:
        list(read_pair_rows(tmp_path / "pairs.jsonl"))
    assert said in str(raised.value)


def test_a_prompt_can_be_packed_as_json() -> None:
    assert unpacked(json.loads(json.dumps(packed(PROMPT)))) == PROMPT
    assert unpacked(packed(rendered("x"))).hash == rendered("x").hash
