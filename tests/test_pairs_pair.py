"""The form of a pair on disk, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from rubric.errors import InputError, StoreError
from tests.pairs import END, by_hand
from training.pairs.pair import Pair, pair_id, read_pairs, write_pairs


def test_pairs_come_back_as_they_were(tmp_path: Path) -> None:
    pairs = [by_hand(number=n, chosen=f"Zeile\u2028 {n} 🙂", failures=("tone_violation",), chosen_score=0.9) for n in range(3)]
    write_pairs(tmp_path / "p.jsonl", pairs)
    assert read_pairs(tmp_path / "p.jsonl") == pairs
    assert (tmp_path / "p.jsonl").read_text("utf-8").count("\n") == 3


def test_the_id_is_the_hash_of_the_text_and_of_nothing_else() -> None:
    one, other = by_hand(seed=1, author="world"), by_hand(seed=2, author="mutator:padded")
    assert one.id == other.id == pair_id(one.prompt, one.chosen, one.rejected) and len(one.id) == 16
    assert by_hand(chosen="Another.").id != one.id
    assert pair_id("ab", "c", "d") != pair_id("a", "bc", "d")


def test_a_pair_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        by_hand().chosen = "x"  # type: ignore[misc]


def test_what_is_longer_is_said_of_the_chosen_side() -> None:
    assert by_hand("four", "two").longer == 1 and by_hand("a", "abc").longer == -2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"chosen": ""}, "/chosen"),
        ({"rejected": ""}, "/rejected"),
        ({"prompt": ""}, "/prompt"),
        ({"role": "writer"}, "/role"),
        ({"failures": ["no_such"]}, "/failures/0"),
        ({"more": 1}, "/more"),
        ({"chosen": "changed by hand"}, "the id is not the hash of the text"),
    ],
)
def test_a_line_that_is_no_pair_is_told_with_its_place(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = tmp_path / "p.jsonl"
    rows = [by_hand().model_dump(mode="json"), by_hand(number=1).model_dump(mode="json") | change]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_pairs(path)
    assert "p.jsonl, line 2" in str(caught.value) and said in str(caught.value) and "winnow train pairs" in str(caught.value)


def test_equal_sides_are_no_pair(tmp_path: Path) -> None:
    row = by_hand().model_dump(mode="json")
    row["rejected"] = row["chosen"]
    row["id"] = pair_id(row["prompt"], row["chosen"], row["chosen"])
    (tmp_path / "p.jsonl").write_text(json.dumps(row), "utf-8")
    with pytest.raises(InputError, match="both sides are the same text"):
        read_pairs(tmp_path / "p.jsonl")


@pytest.mark.parametrize("content", [b"", b"\n \n", None, b"\xff\xfe{}", b"not json\n"])
def test_a_file_without_pairs_is_an_error_with_the_way_out(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "p.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="winnow train pairs"):
        read_pairs(path)


def test_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    write_pairs(tmp_path / "p.jsonl", [by_hand()])

    def broken() -> object:
        yield by_hand(number=1)
        raise OSError("no more")

    with pytest.raises(StoreError):
        write_pairs(tmp_path / "p.jsonl", broken())  # type: ignore[arg-type]
    assert read_pairs(tmp_path / "p.jsonl") == [by_hand()]


def test_every_field_of_the_form_is_there() -> None:
    assert set(Pair.model_fields) == {
        "id", "prompt", "chosen", "rejected", "role", "source", "failures", "chosen_score", "rejected_score", "company", "split", "seed", "author", "unseen",
    }  # fmt: skip
    assert by_hand().chosen.endswith(END)
