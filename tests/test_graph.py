"""The graph: what ends a run, what comes back as another round, and what a person may do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.graph import build_graph
from agent.receipt import candidate_seed, content_hash
from agent.state import Choices
from agent.suppression import Suppression
from rubric.errors import BackboneError, ConfigError, ContextError, ModelError, ServerError
from tests.agents import BLOCKED, LONG, OTHER, PASSING, PROSPECT, Parrot, agent_with
from tests.cases import merge
from tests.command import ROOT


def _draft(parrot: Parrot, folder: Path, prospect: dict[str, Any] = PROSPECT, **settings: Any) -> Any:
    with agent_with(parrot, folder, **settings) as agent:
        return agent.draft(prospect)


def test_the_first_of_the_ranking_that_passes_is_the_draft(tmp_path: Path) -> None:
    parrot = Parrot(lambda _, index, __: [BLOCKED, PASSING, OTHER, LONG][index])
    found = _draft(parrot, tmp_path)
    assert found.outcome == "DRAFT" and found.decision == "PASS" and found.email.body.startswith("Hi Maya,")
    [drawn] = found.receipt.rounds
    assert drawn.ranking.order == (0, 1, 2, 3)  # the parrot's log-probabilities fall with length
    assert (found.receipt.chosen.round, found.receipt.chosen.index) == (0, 1)
    assert [step.split(": ", 1)[1] for step in found.receipt.path] == ["BLOCK: tone.brand, tone.words", "PASS (taken)"]
    assert [j.decision for j in drawn.judged] == ["BLOCK", "PASS", "PASS", "PENALISE"]
    assert found.receipt.cost.decoded == 4


def test_findings_go_into_the_next_prompt_and_the_heat_goes_up(tmp_path: Path) -> None:
    parrot = Parrot(lambda call, index, _: PASSING if call == 2 else BLOCKED + " " + "x " * (index + 9 * call))
    found = _draft(parrot, tmp_path, max_similarity=1)
    assert found.outcome == "DRAFT" and len(found.receipt.rounds) == 3
    assert [s.temperature for s in parrot.samplings] == [0.8, 0.95, 1.1]
    assert [s.min_p for s in parrot.samplings] == [0.0, 0.05, 0.05]
    assert "refused" not in parrot.prompts[0].text and 'class" is hype' in parrot.prompts[1].text
    assert len({tuple(seeds) for seeds in parrot.seeds}) == 3
    static = [[m for m in p.messages if m.static] for p in parrot.prompts]
    assert static[0] == static[1] == static[2] != []


def test_it_abstains_with_the_reasons_of_the_nearest_candidate(tmp_path: Path) -> None:
    parrot = Parrot(lambda _, index, __: [BLOCKED, LONG, BLOCKED + " x", BLOCKED + " y"][index])
    found = _draft(parrot, tmp_path, max_rounds=2)
    assert found.outcome == "ABSTAIN" and found.email is None and len(parrot.prompts) == 2
    assert found.decision == "PENALISE" and any("form.subject_length" in reason for reason in found.reasons)


def test_a_penalised_letter_is_a_draft_only_where_the_config_says_so(tmp_path: Path) -> None:
    said = Parrot(lambda _, index, __: LONG + " " * index)
    assert _draft(said, tmp_path, max_rounds=1).outcome == "ABSTAIN"
    assert _draft(said, tmp_path, max_rounds=1, accept="PENALISE").decision == "PENALISE"
    mixed = Parrot(lambda _, index, __: LONG if index else PASSING)
    assert _draft(mixed, tmp_path, accept="PENALISE", ranker="as_sampled", k=2).decision == "PASS"


def test_a_letter_that_was_cut_off_never_leaves(tmp_path: Path) -> None:
    parrot = Parrot(PASSING + "<cut>")
    found = _draft(parrot, tmp_path, k=1, max_rounds=2)
    assert (found.outcome, found.decision) == ("ABSTAIN", "BLOCK") and "cut off" in found.reasons[0]
    assert "cut off at the token limit" in parrot.prompts[1].text


@pytest.mark.parametrize("said", ["j1\ufffd\ufffdGb\ufffd\x08pt\ufffd", "Subject: Question\n\nj1 Gb pt qzx", PASSING.split("\n\n", 1)[1]])
def test_noise_and_a_first_letter_without_a_subject_never_leave(said: str, tmp_path: Path) -> None:
    bare = {"as_of": "2026-04-21", "company": {"name": "Northwind Robotics"}}
    assert _draft(Parrot(said), tmp_path, bare, k=1, max_rounds=1).outcome == "ABSTAIN"
    assert _draft(Parrot(said), tmp_path, k=1, max_rounds=1, accept="PENALISE").outcome == "ABSTAIN"


def test_a_reply_needs_no_subject(tmp_path: Path) -> None:
    thread = {"messages": [{"from": "prospect", "on": "2026-04-20", "text": "Thanks, tell me more about how you work."}]}
    reply = "Hi Maya,\n\nThank you for your note. We place small teams that work within your own process.\n\nWould a 15-minute call next week be useful?\n\nBest regards,\nAlex"
    found = _draft(Parrot(reply), tmp_path, merge(PROSPECT, {"message_type": "warm", "thread": thread}), k=1, max_rounds=1)
    assert all("no_subject" not in reason for reason in found.reasons)


def test_findings_that_make_a_prompt_too_long_do_not_lose_what_was_drawn(tmp_path: Path) -> None:
    class Full(Parrot):
        def sample(self, prompt: Any, seeds: Any, sampling: Any) -> Any:
            if self.prompts:
                raise ContextError("the prompt has 9000 tokens")
            return super().sample(prompt, seeds, sampling)

    abstained = _draft(Full(BLOCKED), tmp_path)
    assert abstained.outcome == "ABSTAIN" and "rockstars" in " ".join(abstained.reasons)
    assert "not drawn, the prompt has 9000 tokens" in abstained.receipt.path[-1]
    kept = _draft(Full(PASSING), tmp_path)  # a pool of one letter, which a hotter one was to replace
    assert kept.outcome == "DRAFT" and kept.receipt.path[-1].endswith("kept from before (taken)")


def test_a_log_probability_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    class Broken(Parrot):
        def sample(self, prompt: Any, seeds: Any, sampling: Any) -> Any:
            found = super().sample(prompt, seeds, sampling)
            return found._replace(completions=tuple(c.model_copy(update={"logprobs": (float("nan"),)}) for c in found.completions))

    assert "is no number" in _draft(Broken(PASSING), tmp_path).error


def test_the_day_is_fixed_when_the_run_begins(tmp_path: Path) -> None:
    undated = {k: v for k, v in PROSPECT.items() if k != "as_of"}
    parrot = Parrot(PASSING)
    with agent_with(parrot, tmp_path, as_of="2026-04-21", max_similarity=1) as agent:
        state = build_graph(lambda: agent.parts).invoke({"prospect": undated})
    assert state["as_of"] == "2026-04-21" and "21 April 2026" in parrot.prompts[0].text


def test_a_pool_of_one_letter_is_drawn_again_hotter(tmp_path: Path) -> None:
    parrot = Parrot(lambda call, index, _: PASSING if call == 0 else [OTHER, BLOCKED][index % 2])
    found = _draft(parrot, tmp_path)
    first, second = found.receipt.rounds
    assert first.similarity == 1.0 and first.collapsed and not second.collapsed
    assert second.sampling.temperature == pytest.approx(0.8 + 2 * 0.15)
    assert found.outcome == "DRAFT" and found.receipt.chosen.round == 1
    assert "hardest one" in found.email.body


def test_a_letter_of_a_collapsed_pool_is_kept_where_the_hotter_ones_fail(tmp_path: Path) -> None:
    parrot = Parrot(lambda call, index, _: PASSING if call == 0 else BLOCKED + f" {index}{call} " * 5 * (index + 1))
    found = _draft(parrot, tmp_path)
    assert found.outcome == "DRAFT" and found.receipt.chosen.round == 0 and len(parrot.prompts) == 3
    assert found.receipt.path[-1].endswith("kept from before (taken)")


def test_with_max_similarity_1_a_collapsed_pool_is_taken_as_it_is(tmp_path: Path) -> None:
    parrot = Parrot(PASSING)
    assert _draft(parrot, tmp_path, max_similarity=1).outcome == "DRAFT" and len(parrot.prompts) == 1


@pytest.mark.parametrize(
    ("patch", "outcome", "said"),
    [
        ({"disqualifiers": ["anti_offshore"]}, "SUPPRESS", "gate.disqualifier"),
        ({"opt_out_channels": ["email"]}, "SUPPRESS", "gate.opt_out"),
        ({"recipient": {"role": "ceo"}, "company": {"headcount": 2001}}, "ESCALATE", "gate.chief"),
        ({"touch": 4, "thread": {"messages": [{"from": "us", "on": "2026-04-18", "text": "Hi"}]}}, "ABSTAIN", "cadence.touches"),
    ],
)
def test_what_the_prospect_alone_decides_costs_no_token(patch: dict[str, Any], outcome: str, said: str, tmp_path: Path) -> None:
    parrot = Parrot(PASSING)
    found = _draft(parrot, tmp_path, merge(PROSPECT, patch))
    assert (found.outcome, parrot.prompts) == (outcome, []) and said in found.reasons[0]
    assert found.receipt.cost.decoded == 0 and found.receipt.rounds == []


def test_the_suppression_list_comes_before_any_token(tmp_path: Path) -> None:
    parrot = Parrot(PASSING)
    with agent_with(parrot, tmp_path) as agent:
        Suppression(agent.store).add("northwind.example", "asked us to stop")
        found = agent.draft(PROSPECT)
    assert found.outcome == "SUPPRESS" and parrot.prompts == [] and "asked us to stop" in found.reasons[0]


def test_a_failure_is_tried_again_and_then_a_row(tmp_path: Path) -> None:
    assert _draft(Parrot(PASSING, fail=[ServerError("down")]), tmp_path, k=1).outcome == "DRAFT"
    found = _draft(Parrot(PASSING, fail=[BackboneError("broke")] * 2), tmp_path)
    assert (found.outcome, found.error) == ("ERROR", "broke") and found.receipt is None
    overflow = _draft(Parrot(PASSING, fail=[ContextError("too long")]), tmp_path)
    assert overflow.outcome == "ERROR" and overflow.error == "too long"


def test_a_wrong_configuration_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="gone"):
        _draft(Parrot(PASSING, fail=[ModelError("gone")]), tmp_path)
    with pytest.raises(ConfigError):
        agent_with(Parrot(PASSING), tmp_path, without=("no.such.rule",))


def test_a_prospect_that_cannot_be_read_is_a_row(tmp_path: Path) -> None:
    found = _draft(Parrot(PASSING), tmp_path, {"id": "x", "company": {"name": "Acme", "headcount": -3}})
    assert (found.outcome, found.id, found.company) == ("ERROR", "x", "Acme") and "/company/headcount" in found.error


def test_missing_log_probabilities_are_no_ranking(tmp_path: Path) -> None:
    class Mute(Parrot):
        def score(self, prompt: Any, completions: Any, adapter: str | None = None) -> Any:
            found = super().score(prompt, completions, adapter)
            return found._replace(logprobs=tuple(() for _ in completions))

    found = _draft(Mute(PASSING, logprobs=False), tmp_path)
    assert found.outcome == "ERROR" and "as_sampled" in found.error
    assert _draft(Parrot(PASSING, logprobs=False), tmp_path, k=1).receipt.rounds[0].ranking.scores == (-1.0,)


def test_seeds_depend_on_run_prospect_round_and_index_alone(tmp_path: Path) -> None:
    first, second = Parrot(PASSING), Parrot(PASSING)
    _draft(first, tmp_path, k=2)
    with agent_with(second, tmp_path / "other", k=2) as agent:
        agent.draft(merge(PROSPECT, {"id": "before"}))
        second.seeds.clear()
        agent.draft(PROSPECT)
    assert first.seeds == second.seeds and first.seeds[0][0] == candidate_seed(0, content_hash(PROSPECT), 0, 0)
    seeds = {candidate_seed(*key) for key in [(0, "a", 0, 0), (1, "a", 0, 0), (0, "b", 0, 0), (0, "a", 1, 0), (0, "a", 0, 1)]}
    assert len(seeds) == 5 and all(0 <= seed < 2**31 for seed in seeds)


def test_events_tell_how_far_a_run_is(tmp_path: Path) -> None:
    events: list[Any] = []
    with agent_with(Parrot(PASSING), tmp_path, max_similarity=1) as agent:
        agent.draft(PROSPECT, on_event=events.append)
    assert [e["stage"] for e in events] == ["qualify", "compose", "sample", "rank", "gate"]
    assert events[-1]["picked"] == 0 and json.dumps(events)


def test_a_caller_may_choose_for_one_run(tmp_path: Path) -> None:
    parrot = Parrot(BLOCKED)
    with agent_with(parrot, tmp_path) as agent:
        graph = build_graph(lambda: agent.parts)
        state = graph.invoke({"prospect": PROSPECT}, context=Choices(k=2, max_rounds=1, temperature=0.1))
        assert graph.invoke({"prospect": PROSPECT}, context=Choices(max_rounds=1))["outcome"] == "ABSTAIN"
        with pytest.raises(ConfigError, match="choice of k is 0"):
            graph.invoke({"prospect": PROSPECT}, context=Choices(k=0))
    assert state["outcome"] == "ABSTAIN" and len(state["rounds"][0]["candidates"]) == 2
    assert parrot.samplings[0].temperature == 0.1
    json.dumps(state)  # the state is plain JSON


async def _astream(graph: Any) -> list[Any]:
    return [event async for event in graph.astream({"prospect": PROSPECT}, stream_mode="updates")]


def test_the_graph_runs_in_an_event_loop(tmp_path: Path) -> None:
    import asyncio

    with agent_with(Parrot(PASSING), tmp_path, max_similarity=1) as agent:
        events = asyncio.run(_astream(build_graph(lambda: agent.parts)))
    assert [next(iter(e)) for e in events] == ["qualify", "compose", "sample", "rank", "gate"]


def test_langgraph_finds_the_graph() -> None:
    from langgraph.pregel import Pregel

    import agent.graph as module

    named = json.loads((ROOT / "langgraph.json").read_text("utf-8"))["graphs"]["winnow"]
    assert named == "agent.graph:graph" and isinstance(vars(module)["graph"], Pregel)
    nodes = set(module.graph.get_graph().nodes)
    assert {"qualify", "compose", "sample", "rank", "gate", "settle", "review"} <= nodes
