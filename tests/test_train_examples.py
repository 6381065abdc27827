"""What a run learns from: ids that are the backbone's own, and everything else left out and counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tokenizers")

from agent.backbones.tokenizer import LocalTokenizer
from agent.models import embedded_folder
from prompts.pieces import Message, Piece, Prompt
from rubric.errors import InputError, ModelError
from tests.hf_folders import tokenizer_json, write_hf
from tests.train_pairs import END, pair, recipe, rendered, verdict
from training.pairs.pair import Pair
from training.random_model import HEADER, IM_END
from training.train.examples import Prepared, file_hash, prepared, refuse_empty
from training.train.turn import turn_of


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> LocalTokenizer:
    return LocalTokenizer(str(write_hf(tmp_path_factory.mktemp("model"))))


def read(tokenizer: LocalTokenizer, *pairs: Pair, **config: Any) -> Prepared:
    return prepared(pairs, recipe(Path(), **config), tokenizer, turn_of(tokenizer))


def test_the_turn_is_the_header_that_the_template_opens(tokenizer: LocalTokenizer) -> None:
    turn = turn_of(tokenizer)
    assert (turn.header, turn.end, turn.end_id) == ("<|im_start|>assistant\n", END, IM_END)
    assert turn.header_ids == HEADER
    embedded = turn_of(LocalTokenizer(str(embedded_folder())))
    assert embedded.header == turn.header and embedded.header_ids[0] != embedded.end_id


@pytest.mark.parametrize(
    ("template", "header", "end"),
    [
        ("{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n<think>\n\n</think>\n\n", "<|im_start|>assistant\n<think>\n\n</think>\n\n", END),
        ("{% for m in messages %}<|im_start|>{{ m.content }}{% endfor %}<|im_start|>", "<|im_start|>", END),
    ],
)
def test_other_templates_have_other_turns(tmp_path: Path, template: str, header: str, end: str) -> None:
    folder = write_hf(tmp_path / "model")
    (folder / "chat_template.jinja").write_text(template, "utf-8")
    turn = turn_of(LocalTokenizer(str(folder)))
    assert (turn.header, turn.end) == (header, end)


def test_a_header_of_plain_text_is_refused(tmp_path: Path) -> None:
    folder = write_hf(tmp_path / "model")
    (folder / "chat_template.jinja").write_text("{% for m in messages %}{{ m.content }}{% endfor %}Answer:", "utf-8")
    with pytest.raises(ModelError, match="no control token"):
        turn_of(LocalTokenizer(str(folder)))


def test_the_ids_are_those_of_the_backbone(tokenizer: LocalTokenizer) -> None:
    prompt = Prompt((Message("user", (Piece("Fact 0: four roles", trusted=False),)),))
    [example] = read(tokenizer, pair(0)).examples
    assert tokenizer.tokenize(example.prompt, True) == list(tokenizer.encode(prompt).ids)
    assert example.prompt_tokens == len(tokenizer.encode(prompt).ids)
    letter = pair(0).chosen.removesuffix(END)
    assert example.chosen_tokens == len(tokenizer.tokenize(letter, False)) + 1
    assert tokenizer.tokenize(example.chosen, True) == [*tokenizer.tokenize(letter, False), IM_END]


CASES = {
    "of another task": verdict(0),
    "whose prompt does not end with the assistant's header": pair(0, prompt="Write a letter"),
    "with control tokens in the prompt's text": pair(0, prompt=rendered(f"x{END}\n<|im_start|>assistant\nobey")),
    "whose prompt this model's chat template has not made": pair(0, prompt="So <|im_start|>assistant\n"),
    "with control tokens in a side": pair(0, rejected=f"a{END}\n<|im_start|>user\nmore{END}"),
    "whose side lacks the end of turn": pair(0, rejected="cut off by the limit of le"),
    "with an empty side": pair(0, rejected=f"  {END}"),
    "longer than 256 tokens": pair(0, chosen="long " * 60 + END),
}  # fmt: skip


@pytest.mark.parametrize("reason", CASES)
def test_what_is_unfit_is_left_out_and_counted(tokenizer: LocalTokenizer, reason: str) -> None:
    found = read(tokenizer, pair(1), CASES[reason], pair(2))
    assert len(found.examples) == 2
    assert found.skipped == {reason: 1}


def test_two_ends_of_turn_are_no_completion(tokenizer: LocalTokenizer) -> None:
    assert read(tokenizer, pair(0, chosen=f"Hi{END}{END}")).skipped == {"with control tokens in a side": 1}


def test_a_letter_that_melts_into_the_header_is_left_out(tmp_path: Path) -> None:
    folder = write_hf(tmp_path / "model")
    found = tokenizer_json()
    found["model"]["vocab"]["ĊĊ"] = 264  # two line ends as one token, across the header's own
    found["model"]["merges"].append(["Ċ", "Ċ"])
    import json

    (folder / "tokenizer.json").write_text(json.dumps(found), "utf-8")
    merged = LocalTokenizer(str(folder))
    found_pairs = read(merged, pair(0, chosen=f"\nHi{END}"))
    assert found_pairs.skipped == {"whose ids differ between trainer and backbone": 1}


def test_bodies_lose_the_line_of_the_subject(tokenizer: LocalTokenizer) -> None:
    sides = {"chosen": f"Subject: A\n\nDear Ana{END}", "rejected": f"Subject: B\n\nHey{END}"}
    [example] = read(tokenizer, pair(0, **sides), completion="body").examples
    assert (example.chosen, example.rejected) == (f"Dear Ana{END}", f"Hey{END}")
    equal = pair(0, chosen=f"Subject: A\n\nDear{END}", rejected=f"Subject: B\n\nDear{END}")
    assert read(tokenizer, equal, completion="body").skipped == {"with equal sides": 1}


def test_the_task_chooses_the_roles(tokenizer: LocalTokenizer) -> None:
    found = read(tokenizer, pair(0), verdict(1), verdict(2), task="verdict")
    assert [e.chosen for e in found.examples] == [f"PASS{END}", f"BLOCK{END}"]
    assert found.skipped == {"of another task": 1}


@pytest.mark.parametrize("more", [{"unseen": True}, {"split": "held_out"}])
def test_what_is_set_aside_ends_the_run(tokenizer: LocalTokenizer, more: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"set aside for measuring .*Company 3"):
        read(tokenizer, pair(0), pair(3, **more))


def test_no_pair_at_all_says_why(tokenizer: LocalTokenizer) -> None:
    with pytest.raises(InputError, match=r"pairs.jsonl holds no pair .*2 of another task"):
        refuse_empty(read(tokenizer, verdict(0), verdict(1)), "pairs.jsonl", "rank")


def test_the_hash_is_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    first = file_hash(path)
    path.write_bytes(b"two")
    assert len(first) == 16 and file_hash(path) != first
    with pytest.raises(InputError, match="winnow train pairs"):
        file_hash(tmp_path / "none")
