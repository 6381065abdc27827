"""A file of pairs from all sources, and the two commands as a person calls them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rubric.errors import ConfigError
from tests.command import winnow
from tests.pairs import by_hand, renderer
from training.pairs.audit import embedding
from training.pairs.balance import length_of
from training.pairs.making import Made, Plan, make
from training.pairs.pair import Pair, read_pairs, write_pairs
from training.pairs.rendering import Renderer, Unfit
from training.pairs.report import place_of, read_report, report, write_report
from training.world.split import split_of

COUNT = 24


@pytest.fixture(scope="module")
def whole() -> Made:
    return make(Plan(COUNT, seed=4), renderer())


def test_a_plan_gives_its_count_of_every_role_and_source(whole: Made) -> None:
    assert len(whole.pairs) == COUNT == whole.report.pairs == len({pair.id for pair in whole.pairs})
    assert set(whole.report.source) == {"best_worst", "mutator", "excellence"} and sum(whole.report.role.values()) == COUNT
    assert whole.report.role["judge"] == round(COUNT * 0.2) and {pair.split for pair in whole.pairs} == {"train"}


def test_length_predicts_nothing_of_letters_and_of_verdicts(whole: Made) -> None:
    for judge, name in ((False, "letters"), (True, "verdicts")):
        found = length_of([pair for pair in whole.pairs if (pair.role == "judge") == judge])
        assert abs(found.correlation) <= 0.05 and whole.report.length[name].correlation == round(found.correlation, 4)


def test_the_same_plan_gives_the_same_file_and_another_seed_another() -> None:
    small = Plan(4, seed=4, roles=("baseline",))
    assert make(small, renderer()).pairs == make(small, renderer()).pairs != make(replace(small, seed=5), renderer()).pairs


def test_what_cannot_be_a_pair_is_counted_under_its_reason() -> None:
    def told() -> Iterator[Pair]:
        raise Unfit("equal sides")
        yield

    found = make(Plan(2, roles=("baseline",)), renderer(), stored=[told, told, lambda: iter([by_hand(role="judge")])])
    assert found.report.skipped["equal sides"] == 2 and "skipped 2: equal sides" in found.report.lines()
    assert found.report.role == {"baseline": 2}


def test_a_limit_that_nothing_keeps_ends_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.pairs.making._FRUITLESS", 3)
    with pytest.raises(ConfigError, match=r"longer than 64 tokens.*--max-tokens"):
        make(Plan(2), Renderer(most_tokens=64))


# -- commands ---------------------------------------------------------------------------------------------


def test_the_command_writes_pairs_and_their_report(tmp_path: Path) -> None:
    out = tmp_path / "new" / "pairs.jsonl"
    done = winnow("train", "pairs", "--out", str(out), "--count", "3", "--roles", "baseline", "--seed", "4", "--json")
    assert done.status == 0 and done.data["pairs"] == 3 == len(read_pairs(out)) and place_of(out).name == "pairs.report.json"
    report = read_report(out)
    assert report is not None and report.model_dump(mode="json") == done.data


def test_pools_of_the_configured_backbone_come_in(tmp_path: Path) -> None:
    out, replies = tmp_path / "pairs.jsonl", tmp_path / "replies.txt"
    good = "Subject: Question about {Company}\n\nHi {First name},\n\n{Company} sits in {Location, 1}. Would a 15-minute call help?\n\nBest regards,\nAlex"
    replies.write_text(f"{good}\n---\nSubject: Quick chat\n\nHi,\n\nOur world-class rockstars, guaranteed. Total: $120,000.\n\nBest,\nAlex\n", "utf-8")
    arguments = ["train", "pairs", "--out", str(out), "--count", "2", "--roles", "baseline,augmented,revision", "--on-policy", "5", "-k", "4"]
    done = winnow(*arguments, "--backbone", f"scripted:{replies}", "--json")
    assert done.status == 0, done.err
    pools = (tmp_path / "pairs.pools.jsonl").read_bytes()
    assert pools.count(b"\n") == 5 and list(done.data["models"].values()) == [str(replies)]
    again = winnow(*arguments, "--backbone", f"scripted:{replies}", "--json")
    assert again.data == done.data and (tmp_path / "pairs.pools.jsonl").read_bytes() == pools
    other = winnow(*arguments, "--backbone", f"scripted:{replies}", "--seed", "3")
    assert other.status == 2 and "pools of another seed" in other.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--split", "test"], "--split is 'test'"),
        (["--roles", "writer"], "--roles is 'writer'"),
        (["--roles", ","], "--roles"),
        (["--count", "0"], "--count"),
        (["--model", "nowhere"], "tokenizer.json"),
        (["--pools", "nothing.jsonl"], "holds no pool"),
    ],
)
def test_a_wrong_flag_is_one_line(tmp_path: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = winnow("train", "pairs", "--out", str(tmp_path / "p.jsonl"), *arguments)
    assert done.status == 2 and said in done.err and done.err.count("\n") == 1 and not (tmp_path / "p.jsonl").exists()


def audited(tmp_path: Path, pairs: list[Any], tasks: list[Any], *more: str) -> Any:
    for name, rows in (("pairs", pairs), ("bench", tasks)):
        write_pairs(tmp_path / f"{name}.jsonl", rows)
    return winnow("train", "audit", str(tmp_path / "pairs.jsonl"), "--bench", str(tmp_path / "bench.jsonl"), *more)


def test_the_audit_ends_with_what_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "find_spec", lambda _: None)
    mine = [by_hand(company=next(n for i in range(99) if split_of(n := f"Firm {i}") == "train"))]
    bench = [by_hand(company=next(n for i in range(99) if split_of(n := f"Firm {i}") == "held_out"), number=7)]
    incomplete = audited(tmp_path, mine, bench)
    assert incomplete.status == 4 and "not run" in incomplete.out and "not everything was looked at" in incomplete.out
    assert audited(tmp_path, mine, bench, "--without", "embedding").status == 0
    leaked = audited(tmp_path, mine, mine, "--json")
    assert leaked.status == 3 and json.loads(leaked.out)["checks"][2]["offences"][0]["pair"] == mine[0].id
    shown = audited(tmp_path, mine, mine, "--show", "0")
    assert mine[0].id not in shown.out and "--show 1 lists all" in shown.out and "do not train" in shown.out


def test_the_audit_keeps_what_nothing_was_found_against(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "find_spec", lambda _: None)
    firms = [n for i in range(99) if split_of(n := f"Firm {i}") == "train"]
    mine, kept = [by_hand(company=firms[n], number=n) for n in range(3)], tmp_path / "kept.jsonl"
    write_report(tmp_path / "pairs.jsonl", report(mine, 5, {}, dropped=2, models={}))
    done = audited(tmp_path, mine, mine[:1], "--without", "embedding", "--keep", str(kept))
    assert done.status == 0 and "2 of 3 pairs" in done.err and "do not train" not in done.out
    assert [pair.id for pair in read_pairs(kept)] == [pair.id for pair in mine[1:]]
    beside = read_report(kept)
    assert beside is not None and (beside.pairs, beside.seed, beside.dropped) == (2, 5, 3)
    assert audited(tmp_path, read_pairs(kept), mine[:1], "--without", "embedding").status == 0
    none = audited(tmp_path, mine, mine, "--keep", str(tmp_path / "none.jsonl"))
    assert none.status == 2 and "there is none to keep" in none.err and not (tmp_path / "none.jsonl").exists()


@pytest.mark.parametrize(("arguments", "said"), [(["--without", "x"], "no check 'x'"), (["--generator", "abc"], "HASH=MODEL")])
def test_a_wrong_flag_of_the_audit_is_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = audited(tmp_path, [by_hand()], [by_hand()], *arguments)
    assert done.status == 2 and said in done.err


def test_the_group_of_commands_lists_them() -> None:
    done = winnow("train")
    assert done.status == 2 and "pairs" in done.err and "audit" in done.err
    assert winnow("train", "nothing").status == 2


def test_unseen_pairs_are_marked_and_the_world_alone_writes_them() -> None:
    found = make(Plan(8, "dev", seed=4, unseen=True), renderer())
    assert len(found.pairs) == 8 and all(pair.unseen and pair.author == "world" and pair.split == "dev" for pair in found.pairs)
    letters = [pair for pair in found.pairs if pair.role != "judge"]
    assert letters and all(pair.source == "excellence" and len(pair.failures) == 1 for pair in letters)
    assert not any(pair.unseen for pair in make(Plan(2, "dev", seed=4, roles=("baseline",)), renderer()).pairs)
