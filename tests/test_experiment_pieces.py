"""The pieces of a run: journal, meter, steady memory, pickers, costs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.backbones import Sampled, Sampling
from agent.receipt import content_hash
from critic.candidate import Candidate, Cost
from critic.ranking import Ranking
from critic.reward_ranking import Worn
from critic.scorer import Scored
from experiments.conditions.plan import Prices
from experiments.run.costs import Tariff, expected_longest, parameters_of, part, whole
from experiments.run.energy import metered
from experiments.run.journal import Journal, Unit
from experiments.run.picking import ByDice, by_rubric, order_of, ranker_of
from experiments.run.recorded import Recorded
from experiments.run.steady import Steady, blank
from experiments.run.verdicts import Verdict
from prompts.pieces import Message, Piece, Prompt
from rubric.errors import ConfigError, ContextError, InputError
from tests.experiments import Remembering, Scripted

SAMPLING = Sampling(temperature=0.7)


def prompt(case: str, system: str = "Write letters.") -> Prompt:
    return Prompt((Message("system", (Piece(system, True),), static=True), Message("user", (Piece(case, False),))))


def unit(name: str) -> Unit:
    return Unit(content_hash(name), "sample", {"name": name}, {"sample": 0.5}, 1.5)


# -- the journal --------------------------------------------------------------------------------------------


def test_units_are_read_back_as_they_were_added(tmp_path: Path) -> None:
    with Journal(tmp_path / "deep" / "units.jsonl") as journal:
        journal.add(unit("a"))
        journal.add(unit("b"))
        assert content_hash("a") in journal and journal.read(content_hash("b")) == unit("b") and journal.read(content_hash("c")) is None
    again = Journal(tmp_path / "deep" / "units.jsonl")
    assert list(again.units()) == [unit("a"), unit("b")] and len(again) == 2


@pytest.mark.parametrize("cut", [1, 30, 90])
def test_half_a_line_at_the_end_is_dropped(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "units.jsonl"
    with Journal(path) as journal:
        journal.add(unit("a"))
        whole_ = path.read_bytes()
        journal.add(unit("b"))
    path.write_bytes(path.read_bytes()[: len(whole_) + cut])
    with Journal(path) as journal:
        assert [one.value["name"] for one in journal.units()] == ["a"] and path.read_bytes() == whole_
        journal.add(unit("c"))
    assert [one.value["name"] for one in Journal(path).units()] == ["a", "c"]


def test_a_line_that_is_no_unit_is_told_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "units.jsonl"
    with Journal(path) as journal:
        journal.add(unit("a"))
    for odd in (b"{}\n", b'{"unit": "short"}\n', b'{"unit": "' + b"a" * 64 + b'", "val\n'):
        path.write_bytes(path.read_bytes().splitlines(keepends=True)[0] + odd)
        with pytest.raises(InputError, match="line 2 is no unit of a run; take the line away"):
            Journal(path)


# -- the meter ----------------------------------------------------------------------------------------------


def rapl(root: Path, name: str, energy: int, most: int = 1_000_000) -> Path:
    place = root / name
    place.mkdir(exist_ok=True)
    (place / "energy_uj").write_text(f"{energy}\n", "ascii")
    (place / "max_energy_range_uj").write_text(f"{most}\n", "ascii")
    return place


def test_joules_are_those_of_all_packages_and_survive_a_wrap(tmp_path: Path) -> None:
    rapl(tmp_path, "intel-rapl:0", 900_000)
    rapl(tmp_path, "intel-rapl:1", 100_000)
    rapl(tmp_path, "intel-rapl:0:0", 5)  # a part of the first package, which is in it already
    since = metered(tmp_path)
    rapl(tmp_path, "intel-rapl:0", 200_000)
    rapl(tmp_path, "intel-rapl:1", 350_000)
    rapl(tmp_path, "intel-rapl:0:0", 900_000)
    assert since() == pytest.approx(0.3 + 0.25)


def test_a_machine_that_tells_nothing_gives_null(tmp_path: Path) -> None:
    assert metered(tmp_path)() is None and metered(tmp_path / "none")() is None
    place = rapl(tmp_path, "intel-rapl:0", 10)
    since = metered(tmp_path)
    (place / "energy_uj").unlink()
    assert since() is None


# -- steady memory ------------------------------------------------------------------------------------------


def test_drawing_finds_the_static_part_and_scoring_the_prompt_whatever_came_before() -> None:
    one, other, strange = prompt("Acme"), prompt("Birch"), prompt("Acme", "Judge letters.")
    fresh = Steady(Remembering())
    drawn, letters = fresh.sample(one, [1, 2], SAMPLING), [(1, 2, 3)]
    scored = fresh.score(one, letters, "a.gguf")
    for before in ((), (one,), (other,), (strange,), (one, strange), (other, one)):
        steady = Steady(Remembering())
        for earlier in before:
            steady.sample(earlier, [1], SAMPLING)
        assert steady.sample(one, [1, 2], SAMPLING) == drawn and drawn.cost.prompt_reused == steady.count(one).static  # type: ignore[union-attr]
        assert steady.score(one, letters, "a.gguf").cost == scored.cost
        assert Steady(Remembering()).score(one, letters, "a.gguf").cost == scored.cost


class Growing(Remembering):
    """Its memory has room for as many tokens as were asked for, and is made anew, empty, where more are."""

    def __init__(self) -> None:
        super().__init__()
        self._room = 0

    def sample(self, prompt: Prompt, seeds: Sequence[int], sampling: Sampling) -> Sampled:
        self._grow(sampling.max_tokens)
        return super().sample(prompt, seeds, sampling)

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        self._grow(max(map(len, completions)))
        return super().score(prompt, completions, adapter)

    def _grow(self, tokens: int) -> None:
        if tokens > self._room:
            self._room, self._held = tokens, None


def test_scoring_finds_the_prompt_where_a_run_goes_on_between_drawing_and_scoring() -> None:
    straight, resumed = Steady(Growing()), Steady(Growing())
    straight.sample(prompt("Acme"), [1, 2], SAMPLING)
    letters = [tuple(range(1, 40))]
    cost = straight.score(prompt("Acme"), letters, "a.gguf").cost
    assert cost.prompt_reused > 0 and resumed.score(prompt("Acme"), letters, "a.gguf").cost == cost


def test_a_backbone_without_a_memory_is_asked_nothing_more() -> None:
    backbone = Scripted()
    steady = Steady(backbone)
    steady.sample(prompt("Acme"), [1], SAMPLING)
    steady.sample(prompt("Acme"), [2], SAMPLING)
    steady.score(prompt("Birch"), [(1,)])
    assert [verb for verb, _ in backbone.calls] == ["sample", "sample", "score"]
    assert blank(prompt("Acme")).messages[0] == prompt("Acme").messages[0]


# -- a backbone that remembers ------------------------------------------------------------------------------


def test_a_call_is_made_once_and_told_to_each_who_listens(tmp_path: Path) -> None:
    backbone = Scripted()
    with Journal(tmp_path / "units.jsonl") as journal:
        recorded = Recorded(backbone, journal, {"seed-0/adapter.gguf": "h0", "copy/adapter.gguf": "h0"})
        with recorded.listening() as calls:
            first = recorded.sample(prompt("Acme"), [1, 2], SAMPLING)
            assert recorded.sample(prompt("Acme"), [1, 2], SAMPLING) == first
            ids = [one.token_ids for one in first.completions]
            rows = recorded.score(prompt("Acme"), ids, "seed-0/adapter.gguf")
        assert recorded.score(prompt("Acme"), ids, "copy/adapter.gguf") == rows, "an adapter is its content"
        recorded.score(prompt("Acme"), ids)
        recorded.sample(prompt("Acme"), [1, 3], SAMPLING)
        recorded.sample(prompt("Acme"), [1, 2], SAMPLING.model_copy(update={"temperature": 0.8}))
    assert [call.kind for call in calls] == ["sample", "score"] and len(backbone.calls) == 5
    assert calls[0].cost == first.cost and first.cost.seconds == {} and calls[0].cost.decoded > 0


def test_a_prompt_that_does_not_fit_is_not_tried_again(tmp_path: Path) -> None:
    backbone = Scripted(fault=ContextError("too long"), at=0)
    with Journal(tmp_path / "units.jsonl") as journal:
        for _ in range(2):
            with pytest.raises(ContextError, match="too long"):
                Recorded(backbone, journal).sample(prompt("Acme"), [1], SAMPLING)
    assert len(backbone.calls) == 1


def test_a_score_that_failed_is_tried_again(tmp_path: Path) -> None:
    backbone = Scripted(fault=ContextError("too long"), at=0)
    with Journal(tmp_path / "units.jsonl") as journal:
        recorded = Recorded(backbone, journal)
        with pytest.raises(ContextError, match="too long"):
            recorded.score(prompt("Acme"), [(1, 2)])
        assert len(recorded.score(prompt("Acme"), [(1, 2)]).logprobs[0]) == 2


# -- pickers ------------------------------------------------------------------------------------------------


def pool(count: int, seed: int = 0) -> list[Candidate]:
    return [Candidate(text=f"letter {n}", token_ids=(n + 1,), logprobs=(-1.0 - n,), index=n, seed=seed + n) for n in range(count)]


def test_dice_are_thrown_by_the_pool_and_fall_everywhere() -> None:
    first = [ByDice().rank(prompt("Acme"), pool(4, seed), Scripted()).order[0] for seed in range(60)]
    assert {first.count(n) > 5 for n in range(4)} == {True}
    assert first == [ByDice().rank(prompt("Acme"), pool(4, seed), Scripted()).order[0] for seed in range(60)]


def test_groups_are_the_ties_of_a_ranking() -> None:
    ranking = Ranking(ranker="critic", order=(2, 0, 3, 1), scores=(0.5, 0.1, 0.9, 0.5), ties=((0, 3),))
    found = order_of("critic", ranking)
    assert found.groups == ((2,), (0, 3), (1,)) and found.of_first(4) == 2 and found.of_first(2) == 0
    assert order_of("random", ranking).groups == ((0, 1, 2, 3),)


def test_the_rubric_takes_the_best_score_and_never_an_unjudged_letter() -> None:
    given = [Verdict(decision="BLOCK", score=None), Verdict(decision="BLOCK", score=0.9), Verdict(decision="PASS", score=0.9), Verdict(decision="PASS", score=0.9)]
    assert by_rubric(given).groups == ((2, 3), (1,), (0,))


def test_a_critic_without_an_adapter_is_refused() -> None:
    with pytest.raises(ConfigError, match="needs an adapter"):
        ranker_of("critic", None)
    assert [ranker_of(name, Worn("a")).name for name in ("critic", "first", "logprob", "random")] == ["critic", "as_sampled", "mean_logprob", "random"]  # type: ignore[arg-type]


# -- costs --------------------------------------------------------------------------------------------------


def test_a_smaller_pool_pays_the_prompt_and_its_own_letters() -> None:
    sample, score = Cost(prompt_computed=100, prompt_reused=50, decoded=60, passes=32), Cost(prompt_computed=4, prompt_reused=146, scored=60, passes=2)
    assert part(sample, score, [10, 20, 30], 3) == whole([sample, score])
    one = part(sample, score, [10, 20, 30], 1)
    assert (one["decoded"], one["scored"], one["prompt_computed"]) == (20, 20, 104) and one["passes"] == pytest.approx(32 - 30 + 20 + 2 / 3)
    assert expected_longest([10, 20, 30], 2) == pytest.approx((20 + 30 + 30) / 3) and expected_longest([7], 1) == 7


def test_operations_and_money_are_null_where_nothing_is_known() -> None:
    counts = {"prompt_computed": 100.0, "prompt_reused": 1000.0, "decoded": 50.0, "scored": 50.0, "passes": 9.0}
    bare = Tariff().spent(counts)
    assert (bare.tokens, bare.flops, bare.money) == (200, None, None)
    paid = Tariff(1e6, Prices(computed=2, reused=0.5, decoded=10)).spent(counts)
    assert paid.flops == 2e6 * 200 and paid.money == pytest.approx((150 * 2 + 1000 * 0.5 + 50 * 10) / 1000)


def test_parameters_are_counted_from_the_file() -> None:
    class Tensor:
        def __init__(self, *shape: int) -> None:
            self.shape = shape

    class File:
        tensors = {"token_embd.weight": Tensor(10, 4), "blk.0.weight": Tensor(4, 4)}

    class Opened:
        file = File()

    assert parameters_of(Opened()) == 56 and parameters_of(Scripted()) is None
    File.tensors["output.weight"] = Tensor(10, 4)
    assert parameters_of(Opened()) == 56, "a table that is only looked up multiplies nothing"


def test_a_journal_line_is_json(tmp_path: Path) -> None:
    with Journal(tmp_path / "u.jsonl") as journal:
        journal.add(unit("a"))
    assert json.loads((tmp_path / "u.jsonl").read_text("utf-8")) == {
        "unit": content_hash("a"), "kind": "sample", "value": {"name": "a"}, "seconds": {"sample": 0.5}, "joules": 1.5,
    }  # fmt: skip
