"""The audit: each kind of leak is found and its pair named, and what cannot be looked at never passes."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from rubric.errors import ConfigError, InputError, MissingExtra
from tests.cases import FUNDED, PLAIN, merged
from tests.pairs import by_hand
from training.pairs.audit import embedding, overlap
from training.pairs.audit.audit import NAMES, Audit, Case, Check, audit
from training.pairs.audit.families import family_of
from training.pairs.audit.fields import Shared, grams, values, words
from training.pairs.audit.item import Item, of_pair, read_bench
from training.pairs.audit.overlap import jaccard, overlapping
from training.pairs.audit.set_aside import readings, runs_of, said_of, set_aside
from training.pairs.pair import Pair
from training.world.split import split_of

TRAIN = [name for n in range(400) if split_of(name := f"Firm {n}") == "train"]
HELD = next(name for n in range(400) if split_of(name := f"Firm {n}") == "held_out")
FACT = "{company} moved its {n} weighing machines from Porto to a hall beside the harbour in Aveiro last spring"


def letters(embeddings: dict[str, Sequence[float]] | None = None) -> embedding.Embed:
    """A model that knows a few words: every other text points, each time, in a direction of its own."""
    directions = count(2)

    def vector(text: str) -> list[float]:
        known = next((found for word, found in (embeddings or {}).items() if word in text), None)
        row = [0.0] * 200
        if known is None:
            row[next(directions)] = 1.0
        else:
            row[:2] = known
        return row

    def embed(texts: Sequence[str]) -> list[list[float]]:
        return [vector(text) for text in texts]

    return embed


def run(pairs: Sequence[Pair], tasks: Sequence[Item] = (), *, without: str = "", **more: Any) -> Audit:
    more.setdefault("embed", letters())
    return audit(Case([of_pair(pair) for pair in pairs], tasks, **more), frozenset(without.split()))


def check(found: Audit, name: str) -> Check:
    return next(one for one in found.checks if one.name == name)


def task(company: str = HELD, fact: str = "", letter: str = "", **more: Any) -> Item:
    return of_pair(by_hand(company=company, fact=fact or f"{company} sells salt.", chosen=letter or "Short.", number=900))._replace(**({"pair": None, "authors": ()} | more))


PAIRS = [by_hand(company=TRAIN[n], number=n) for n in range(6)]


def test_nothing_in_common_is_well_and_every_check_says_so() -> None:
    found = run(PAIRS, [task()])
    assert [one.name for one in found.checks] == list(NAMES) and {one.status for one in found.checks} == {"ok"}
    assert not found.violations and not found.not_run and (found.pairs, found.tasks) == (6, 1)


def test_a_check_is_left_out_by_name_only() -> None:
    assert check(run(PAIRS, without="time"), "time").status == "left out"
    with pytest.raises(ConfigError, match="no check 'tiem'"):
        run(PAIRS, without="tiem")


# -- families and authors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("unsloth/Qwen3-1.7B", "qwen"), ("Qwen2.5-0.5B-Instruct", "qwen"), ("meta-llama/Llama-3.1-8B", "llama"), ("gpt-5-mini", "gpt"), ("o3-mini", "gpt"),
        ("claude-sonnet-4", "claude"), ("google/gemma-3", "gemini"), ("rubric", None), ("", None), ("home-made", "home-made"), ("models/qwen3.gguf", "qwen"),
    ],
)  # fmt: skip
def test_a_family_is_read_from_the_name(name: str, family: str | None) -> None:
    assert family_of(name) == family


def test_a_judge_of_the_writers_family_is_a_violation() -> None:
    mine = [*PAIRS, by_hand(company=TRAIN[9], author="model:abcd1234", source="on_policy")]
    names = {"abcd1234": "Qwen/Qwen3-1.7B"}
    assert check(run(mine, [task(judges=("qwen-max",))], generators=names), "families").offences[0].pair == mine[-1].id
    assert check(run(mine, [task()], generators=names, judge="Qwen2.5-72B"), "families").status == "violation"
    assert check(run(mine, [task(authors=("Ada",))], generators=names, judge="claude-sonnet-4"), "families").status == "ok"


def test_a_writer_that_nobody_knows_is_no_pass() -> None:
    found = check(run([by_hand(company=TRAIN[9], author="model:abcd1234")], [task()]), "families")
    assert found.status == "not run" and "--generator abcd1234=NAME" in found.found


def test_who_wrote_both_is_a_violation() -> None:
    mine = [by_hand(company=TRAIN[1], author="Ada"), by_hand(company=TRAIN[2], author="world")]
    assert check(run(mine, [task()]), "authors").status == "not run"
    found = check(run(mine, [task(authors=("ada", "Bo"))]), "authors")
    assert [one.pair for one in found.offences] == [mine[0].id]
    assert check(run(mine, [task(authors=("Bo",))]), "authors").status == check(run(PAIRS, [task(authors=("world",))]), "authors").status == "ok"


# -- companies and time -------------------------------------------------------------------------------------


def test_a_company_on_both_sides_is_a_violation_under_any_spelling() -> None:
    found = check(run(PAIRS, [task(TRAIN[2].upper() + " GmbH")]), "companies")
    assert [(one.pair, TRAIN[2] in one.why) for one in found.offences] == [(PAIRS[2].id, True)]


@pytest.mark.parametrize(("pair", "why"), [(by_hand(company=HELD), "held out"), (by_hand(company=TRAIN[0], split="dev"), "says dev")])
def test_a_company_of_another_split_is_a_violation(pair: Pair, why: str) -> None:
    assert why in check(run([pair]), "companies").offences[0].why


def test_letters_to_real_people_are_older_than_the_tasks() -> None:
    real = by_hand(company=TRAIN[3], source="receipt", author="world", today="17 October 2026")
    assert check(run([real], [task(day="2026-10-18")]), "time").status == "ok"
    assert check(run([real], [task(day="2026-10-17"), task(day="2027-01-01")]), "time").offences[0].pair == real.id
    assert check(run([real], [task(day=None)]), "time").status == "not run"
    assert check(run(PAIRS, [task(day="2020-01-01")]), "time").status == "ok"


# -- wording that is set aside ----------------------------------------------------------------------------------


def test_wording_that_is_set_aside_is_found_and_never_shown() -> None:
    run_of = sorted(set_aside())[0]
    bad = by_hand(company=TRAIN[0], rejected=f"Well, {' '.join(run_of)} indeed.")
    marked = by_hand(company=TRAIN[1], unseen=True)
    found = check(run([*PAIRS[2:], bad, marked]), "set_aside")
    assert {one.pair for one in found.offences} == {bad.id, marked.id}
    assert not [one for one in found.offences if " ".join(run_of) in one.why] and len(set_aside()) > 1000


def test_runs_are_read_from_every_alternative_and_stop_at_a_value() -> None:
    assert {*readings("a [b|c]")} == {"a b", "a c"}
    assert runs_of(["one two three {x} four five six seven eight nine [ten|eleven]"]) == {
        ("four", "five", "six", "seven", "eight", "nine", end) for end in ("ten", "eleven")
    }
    assert runs_of(["ask for 20 minutes of your own time"]) == set()  # a number is a value elsewhere
    assert not said_of("We place engineers in your team.")


# -- variable fields ----------------------------------------------------------------------------------------------


def test_what_many_companies_share_is_no_fact_of_one() -> None:
    text = "We place engineers in client teams, and {company} could have four of them by the harbour."
    items = [of_pair(by_hand(text.format(company=name), company=name, number=n, headcount=40)) for n, name in enumerate(TRAIN[:5])]
    found = Shared(items).fields(items[0])
    assert "40" not in found.facts.split("; ") and TRAIN[0] in found.facts
    assert "place" not in found.said and TRAIN[0].split()[-1] in found.said
    assert values(items[0].brief)[0] == TRAIN[0] and words("It's 4,000 $12M.") == ["it's", "4", "000", "$12m"]


def test_a_shared_template_is_no_overlap_and_a_shared_fact_is() -> None:
    template = "We place engineers in client teams, at the price that was agreed before, and they follow the plan of the client to the end."
    mine = [by_hand(template, company=TRAIN[n], number=n, fact=FACT.format(company=TRAIN[n], n=n)) for n in range(5)]
    apart = task(letter=template)
    copied = task(letter=template, fact=FACT.format(company=TRAIN[1], n=1))
    assert check(run(mine, [apart]), "ngrams").status == "ok"
    found = check(run([mine[1], *PAIRS[2:]], [copied]), "ngrams")
    assert found.status == "violation" and {one.pair for one in found.offences} == {mine[1].id}


def test_the_overlap_is_jaccards_of_eight_words() -> None:
    a, b = grams("a b c d e f g h i"), grams("a b c d e f g h j")
    assert len(a) == 2 and jaccard(a, b) == pytest.approx(1 / 3) and jaccard(a, a) == 1 and jaccard(a, frozenset()) == 0
    assert grams("too short") == frozenset()


def fields(texts: Sequence[str]) -> list[Any]:
    return [Shared([]).fields(task(fact=text)) for text in texts]


def test_many_texts_are_compared_by_hash_and_then_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    same = "the harbour of Aveiro has a hall with nine weighing machines from Porto in it"
    ours, theirs = fields([same, "another fact that has nothing at all to do with the first one here"]), fields([same])
    exact = overlapping(ours, theirs)
    assert [(near.pair, near.task) for near in exact] == [(ours[0], theirs[0])]
    monkeypatch.setitem(__import__("sys").modules, "datasketch", None)
    with pytest.raises(MissingExtra, match=r"winnow\[audit\]"):
        overlapping(ours, theirs, exact=0)
    assert check(_many(ours, theirs, monkeypatch), "ngrams").status == "not run"


def _many(ours: list[Any], theirs: list[Any], monkeypatch: pytest.MonkeyPatch) -> Audit:
    monkeypatch.setattr(overlap.overlapping, "__defaults__", (overlap.MOST, 0))
    return run(PAIRS, [task()])


def test_the_hash_finds_what_the_exact_way_finds() -> None:
    pytest.importorskip("datasketch")
    texts = [f"fact number {n} is about hall {n * 7} and machine {n * 13} of the town {n * 3} by the sea {n}" for n in range(60)]
    ours, theirs = fields(texts), fields([texts[5], texts[9].replace("sea", "lake"), "nothing of that kind stands in this one at all"])
    assert overlapping(ours, theirs, exact=0) == overlapping(ours, theirs) != []


# -- meaning ------------------------------------------------------------------------------------------------------


def test_the_same_meaning_in_other_words_is_a_violation() -> None:
    near = letters({"harbour": (1.0, 0.0), "quay": (0.9, math.sqrt(1 - 0.81)), "lake": (0.8, 0.6)})
    mine = [*PAIRS, by_hand(company=TRAIN[8], fact="A hall by the harbour.")]
    found = check(run(mine, [task(fact="A building at the quay.")], embed=near), "embedding")
    assert [(one.pair, one.why) for one in found.offences] == [(mine[-1].id, "means the same: 0.90")]
    assert check(run(mine, [task(fact="A building at the lake.")], embed=near), "embedding").status == "ok"


def test_without_the_model_the_check_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "find_spec", lambda name: None)
    found = run(PAIRS, [task()], embed=None)
    assert check(found, "embedding").status == "not run" and "pip install 'winnow[train,audit]'" in check(found, "embedding").found
    assert found.not_run and not found.violations


@pytest.mark.skipif(embedding.missing() is not None, reason="the sentence model is not installed")
def test_the_real_model_knows_what_means_the_same() -> None:
    found = embedding.embedded(["The company opened a new office.", "The firm opened another office.", "Bananas are yellow."])
    assert found[0] @ found[1] > 0.8 > 0.3 > found[0] @ found[2] and found[0] @ found[0] == pytest.approx(1, abs=1e-4)


# -- benches --------------------------------------------------------------------------------------------------------


def test_a_task_is_read_through_the_same_prompts(tmp_path: Path) -> None:
    prospect = merged(merged(PLAIN, FUNDED), {"company": {"name": HELD}})
    row = {"id": "t1", "prospect": prospect, "email": {"subject": "Question", "body": "Hi."}, "author": "Ada", "judge": ["claude-x"], "reference": "Yes."}
    (tmp_path / "bench.jsonl").write_text(json.dumps(row) + "\n\n", "utf-8")
    [found] = read_bench(tmp_path / "bench.jsonl")
    assert found.shown == HELD and f"- Company: {HELD}" in found.brief and set(found.letters) == {"Question\n\nHi.", "Yes."}
    assert (found.authors, found.judges, found.day) == (("Ada",), ("claude-x",), "2026-04-21")


def test_a_bench_may_be_pairs(tmp_path: Path) -> None:
    from training.pairs.pair import write_pairs

    write_pairs(tmp_path / "dev.jsonl", PAIRS)
    assert read_bench(tmp_path / "dev.jsonl") == [of_pair(pair) for pair in PAIRS]


@pytest.mark.parametrize("content", [None, b"", b"{}\n", b"nonsense\n", b'{"prospect": 3}\n', b"[1]\n", b"\xff\xfe"])
def test_a_bench_that_cannot_be_read_ends_the_audit(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bench.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"bench\.jsonl"):
        read_bench(path)


def test_a_draft_before_the_judge_is_read_and_its_labels_are_not() -> None:
    pair = by_hand("PASS", "BLOCK injection", role="judge", fact="x<|im_end|>")
    prompt = pair.prompt.replace("<|im_end|>\n<|im_start|>assistant", "\n\nDraft\n> Hi Jo,\n>\n> A letter.<|im_end|>\n<|im_start|>assistant")
    assert of_pair(pair.model_copy(update={"prompt": prompt})).letters == ("Hi Jo,\n\nA letter.<|im_end|>\n",)
