"""Where pairs come from: drafts of the world, damaged letters, verdicts; each with its provenance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest

from critic.verdicts import stops
from rubric.playbook import DECISIONS, Failure
from tests.pairs import END, again, renderer, some_scenes
from training.pairs.drafts import EXCELLENT, MARGIN, best_worst, excellence
from training.pairs.mutated import damaged, mutated
from training.pairs.mutators import mutators
from training.pairs.pair import Pair, Role
from training.pairs.rendering import Renderer, Unfit
from training.pairs.scenes import Scene, failures_of, scene, verdict
from training.pairs.verdicts import SHARES, verdict_pair
from training.world.corpus import MILD
from training.world.split import split_of

Make = Callable[[Scene, Renderer], Pair]
SEED = 11


@cache
def made(make: Make, role: Role = "baseline", count: int = 14) -> tuple[tuple[Pair, Scene], ...]:
    out = []
    for one in some_scenes(count, role):
        try:
            out.append((make(one, renderer()), one))
        except Unfit:
            continue
    return tuple(out)


def judged(pair: Pair, one: Scene, side: str) -> tuple[str, tuple[Failure, ...]]:
    found = verdict(one.reading, side.removesuffix(END))
    return found.decision, failures_of(found)


@pytest.mark.parametrize("make", [best_worst, excellence, mutated])
def test_most_prospects_give_a_pair_whose_chosen_side_passes(make: Make) -> None:
    pairs = made(make)
    assert len(pairs) >= 9
    for pair, one in pairs:
        assert judged(pair, one, pair.chosen)[0] == "PASS" and pair.chosen.count(END) == pair.rejected.count(END) == 1
        assert pair.company == one.company and pair.seed == one.seed and pair.split == split_of(pair.company) == "train"
        assert pair.failures and not pair.unseen and pair.chosen_score is not None and pair.chosen_score >= EXCELLENT


def test_worst_is_worse_by_the_margin() -> None:
    for pair, one in made(best_worst):
        assert (pair.chosen_score or 0) - (pair.rejected_score or 0) >= MARGIN and judged(pair, one, pair.rejected)[0] != "PASS"
        assert pair.source == "best_worst" and pair.author == "world"
    with pytest.raises(Unfit, match="margin"):
        best_worst(some_scenes(1)[0], renderer(), margin=1.0)


def test_the_excellent_tier_comes_nearer_than_the_margin() -> None:
    pairs = [pair for pair, _ in made(excellence)]
    assert all(pair.source == "excellence" and len(pair.failures) == 1 for pair in pairs)
    distances = [(pair.chosen_score or 0) - (pair.rejected_score or 0) for pair in pairs]
    assert min(distances) < MARGIN and sum(distances) / len(distances) < MARGIN


def test_a_damaged_letter_names_its_mutator_and_its_failure() -> None:
    names = {f"mutator:{mutator.name}": mutator.failure for mutator in mutators()}
    pairs = made(mutated)
    for pair, one in pairs:
        assert pair.failures == (names[pair.author],) and judged(pair, one, pair.rejected)[0] != "PASS"
    assert len({pair.failures for pair, _ in pairs}) >= 5


def test_a_damaged_letter_is_still_mostly_the_same_letter() -> None:
    kept = [set(pair.chosen.split()) & set(pair.rejected.split()) for pair, _ in made(mutated)]
    shares = [len(words) / len(set(pair.chosen.split())) for words, (pair, _) in zip(kept, made(mutated), strict=True)]
    assert sorted(shares)[len(shares) // 2] > 0.6


@pytest.mark.parametrize("make", [best_worst, mutated, verdict_pair])
def test_a_pair_is_the_same_whenever_it_is_made(make: Make) -> None:
    role: Role = "judge" if make is verdict_pair else "revision"
    for number in (0, 1):
        first, second = scene("train", number, SEED, {role: 1.0}), scene("train", number, SEED, {role: 1.0})
        try:
            assert make(first, renderer()) == make(second, renderer())
        except Unfit as reason:
            with pytest.raises(Unfit, match=str(reason)):
                make(again(first, SEED, number), renderer())


def test_roles_have_prompts_of_their_own() -> None:
    plain = made(excellence)[0][0].prompt
    assert "An earlier draft was refused" not in plain
    assert any("An earlier draft was refused" in pair.prompt for pair, _ in made(excellence, "revision", 6))
    assert made(excellence, "augmented", 4)[0][0].prompt.split("Brief")[0] != plain.split("Brief")[0]


# -- verdicts -----------------------------------------------------------------------------------------


def verdicts() -> list[tuple[Pair, Scene]]:
    return list(made(verdict_pair, "judge", 60))


def test_a_verdict_pair_is_right_against_wrong_behind_the_judges_prompt() -> None:
    for pair, one in verdicts():
        right, wrong = pair.chosen.removesuffix(END), pair.rejected.removesuffix(END)
        assert pair.role == "judge" and "\nDraft\n> " in pair.prompt and right != wrong
        assert (pair.chosen_score, pair.rejected_score) == (None, None)
        decision = one.drawn.truth.decision
        if decision != "DRAFT":
            assert right == decision
        elif pair.failures:
            assert right == ("PENALISE" if pair.failures[0] in MILD else "BLOCK")
        else:
            assert right == "PASS"


def test_half_of_the_drafts_must_be_stopped_and_no_decision_is_right_more_often_than_wrong() -> None:
    right, wrong = (Counter(getattr(pair, side).removesuffix(END) for pair, _ in made(verdict_pair, "judge", 400)) for side in ("chosen", "rejected"))
    stopped = sum(count for name, count in right.items() if stops(name))
    assert 0.4 < stopped / right.total() < 0.6 and set(right) == set(DECISIONS)
    for name, share in SHARES.items():
        assert abs(right[name] - wrong[name]) < 0.35 * 400 * share + 12, name


def test_bad_drafts_come_from_the_world_and_from_mutators() -> None:
    assert {pair.source for pair, _ in verdicts()} == {"best_worst", "mutator"}


def test_a_damage_that_the_rubric_does_not_see_is_no_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    from training.pairs import mutated as module

    monkeypatch.setattr(module, "verdict", lambda *_: verdict(some_scenes(1)[0].reading, "x").model_copy(update={"decision": "PASS"}))
    with pytest.raises(Unfit, match="sees no damage"):
        damaged(some_scenes(1)[0])
