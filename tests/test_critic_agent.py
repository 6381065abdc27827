"""An agent with a critic: ranking, threshold, verdict, switch, receipt and replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent import critics as critics_module
from agent.config import Config
from agent.receipt import Receipt, first_difference
from agent.replay import _comparable
from agent.result import Draft
from agent.reviewing import settle
from agent.store import Store
from agent.store_monitor import MonitorTable
from critic.adapter_card import Base
from critic.estimates import Estimate
from critic.health import Health
from critic.monitor import Monitor, Observation
from rubric.errors import ConfigError, ModelError, ScoreError
from tests.agents import BLOCKED, OTHER, PASSING, PROSPECT, agent_with
from tests.critics import Opinionated, by_index, worth, write_critic

LIKES_OTHER = worth({"hardest one to fill": -0.2, "keeping pace": -0.6, "rockstars": -0.1})
POOL = by_index(PASSING, BLOCKED, OTHER)


def draft(backbone: Any, folder: Path, block: Any = None, *, again: Receipt | None = None, **settings: Any) -> Draft:
    with agent_with(backbone, folder, block, **{"k": 3, "max_similarity": 1, **settings}) as agent:
        return agent.draft(PROSPECT, again=again)


def ranked(folder: Path, **fields: Any) -> dict[str, Any]:
    return {"ranker": "critic", "adapter": write_critic(folder, **fields)}


def judging(folder: Path) -> dict[str, Any]:
    return {"ranker": "as_sampled", "judge": write_critic(folder, "judge", task="verdict")}


def receipt(found: Draft) -> Receipt:
    assert found.receipt is not None
    return found.receipt


def monitor(folder: Path, name: str | None) -> Monitor:
    return Monitor(MonitorTable(Store(folder / "winnow.db")), name or "")


def test_the_reward_orders_the_pool_and_the_rules_decide(tmp_path: Path) -> None:
    found = draft(Opinionated(POOL, LIKES_OTHER), tmp_path, **ranked(tmp_path, beta=2.0))
    kept = receipt(found)
    ranking, used = kept.rounds[0].ranking, kept.critic
    assert found.outcome == "DRAFT" and ranking is not None and used is not None and kept.adapter is not None
    assert ranking.order == (1, 2, 0) and ranking.scores == (-1.2, -0.2, -0.4)
    assert kept.chosen is not None and kept.chosen.index == 2  # the likeliest of all is what the rules forbid
    assert (used.reward, used.beta, used.threshold, used.state, used.calls, used.failed) == ("simpo", 2.0, None, "on", 1, 0)
    assert len(kept.adapter.hash) == 16 and kept.critic_name == kept.adapter.hash and found.warnings == []


def test_a_draft_without_an_adapter_says_nothing_of_a_critic(tmp_path: Path) -> None:
    backbone = Opinionated(PASSING, LIKES_OTHER)
    found = draft(backbone, tmp_path)
    assert receipt(found).critic is None and backbone.asked == []
    assert MonitorTable(Store(tmp_path / "winnow.db")).adapters() == []


def test_below_the_threshold_a_candidate_is_rejected_and_sampled_again(tmp_path: Path) -> None:
    backbone = Opinionated(lambda call, _i, _s: PASSING if call == 0 else OTHER, LIKES_OTHER)
    found = draft(backbone, tmp_path, **ranked(tmp_path, threshold=-0.5))
    kept = receipt(found)
    assert found.outcome == "DRAFT" and len(kept.rounds) == 2 and kept.chosen is not None and kept.chosen.round == 1
    first = kept.rounds[0].judged[0]
    assert (first.decision, first.rules, first.findings[0]["rule"]) == ("BLOCK", "PASS", "critic.below_threshold")
    assert kept.critic is not None and kept.critic.threshold == -0.5 and not kept.critic.stopped
    assert "keeping pace" not in backbone.prompts[1].text  # an objection of the critic's is nothing to write by


def test_the_configs_threshold_goes_before_the_files(tmp_path: Path) -> None:
    settings = ranked(tmp_path, threshold=-0.5)
    assert receipt(draft(Opinionated(PASSING, LIKES_OTHER), tmp_path, **settings, critic_threshold=-9)).critic.threshold == -9  # type: ignore[union-attr]
    assert draft(Opinionated(PASSING, LIKES_OTHER), tmp_path, **settings, max_rounds=1).outcome == "ABSTAIN"


def test_a_letter_that_the_critic_stops_is_no_draft(tmp_path: Path) -> None:
    found = draft(Opinionated(PASSING, LIKES_OTHER), tmp_path, **ranked(tmp_path, threshold=-0.5), max_rounds=2)
    kept = receipt(found)
    assert found.outcome == "ABSTAIN" and "below the threshold" in found.reasons[0] and found.decision == "BLOCK"
    assert kept.critic is not None and kept.critic.stopped and kept.critic.calls == 2
    rates = monitor(tmp_path, kept.critic_name).rates()
    assert (rates.prospects, rates.calls, rates.false_positives) == (1, 2, None)


@pytest.mark.parametrize(("kind", "share"), [("accept", 1.0), ("ignore", None)])
def test_with_review_a_person_sees_what_the_critic_stopped(tmp_path: Path, kind: str, share: float | None) -> None:
    settings = ranked(tmp_path, threshold=-0.5) | {"max_rounds": 1, "review": True}
    with agent_with(Opinionated(PASSING, LIKES_OTHER), tmp_path, k=2, max_similarity=1, **settings) as agent:
        found = agent.draft(PROSPECT)
        assert found.outcome == "REVIEW" and found.findings[0]["rule"] == "critic.below_threshold" and found.review is not None
        agent.store.put(found.row, review=found.review)
    config = Config(store=str(tmp_path / "winnow.db"), ranker="as_sampled")
    row = settle(found.row, config, {"type": kind})
    assert row["outcome"] == ("DRAFT" if kind == "accept" else "IGNORED")
    watch = monitor(tmp_path, receipt(found).critic_name)
    assert watch.rates().false_positives == share and (watch.tripped() is not None) == (kind == "accept")


def test_the_judge_can_stop_a_letter_and_the_next_one_is_asked_about(tmp_path: Path) -> None:
    class Picky(Opinionated):
        def score(self, prompt: Any, completions: Any, adapter: str | None = None) -> Any:
            self.verdict = "ESCALATE" if "keeping pace" in prompt.text else "PASS"
            return super().score(prompt, completions, adapter)

    kept = receipt(draft(Picky(by_index(PASSING, OTHER), LIKES_OTHER), tmp_path, **judging(tmp_path)))
    first, second = kept.rounds[0].judged[:2]
    assert (first.decision, first.rules, first.findings[0]["rule"]) == ("ESCALATE", "PASS", "critic.verdict")
    assert (second.decision, second.rules) == ("PASS", None) and kept.chosen is not None and kept.chosen.index == 1
    assert first.verdict is not None and first.verdict["ESCALATE"] > 0.5 and kept.critic is not None and kept.critic.calls == 2
    assert kept.critic.judge is not None and kept.critic_name == kept.critic.judge.hash and kept.adapter is None


def test_the_judge_never_frees_what_the_rules_forbid(tmp_path: Path) -> None:
    backbone = Opinionated(BLOCKED, LIKES_OTHER, verdict="PASS")
    found = draft(backbone, tmp_path, **judging(tmp_path), max_rounds=1)
    assert found.outcome == "ABSTAIN" and receipt(found).critic is not None
    assert receipt(found).critic.calls == 0  # type: ignore[union-attr]


def test_penalise_by_the_judge_leaves_where_the_config_takes_it(tmp_path: Path) -> None:
    backbone = Opinionated(PASSING, LIKES_OTHER, verdict="PENALISE")
    assert draft(backbone, tmp_path, **judging(tmp_path), max_rounds=1).outcome == "ABSTAIN"
    found = draft(backbone, tmp_path, **judging(tmp_path), max_rounds=1, accept="PENALISE")
    assert (found.outcome, found.decision, found.findings[0]["rule"]) == ("DRAFT", "PENALISE", "critic.verdict")


@pytest.mark.parametrize("fault", [ModelError("no such adapter"), ScoreError("not one for each token")])
def test_a_call_that_fails_leaves_the_rules_alone_and_is_counted(tmp_path: Path, fault: Exception) -> None:
    found = draft(Opinionated(POOL, LIKES_OTHER, fault=fault), tmp_path, **ranked(tmp_path))
    kept = receipt(found)
    assert found.outcome == "DRAFT" and kept.rounds[0].ranking is not None and kept.rounds[0].ranking.ranker == "as_sampled"
    assert kept.critic is not None and (kept.critic.state, kept.critic.failed) == ("off", 1) and str(fault) in (kept.critic.reason or "")
    assert found.warnings == [f"the critic is off, the rules alone decide; {kept.critic.reason}"]
    assert monitor(tmp_path, kept.critic_name).tripped() is not None


def test_switched_off_the_agent_goes_on_and_says_so_until_it_is_reset(tmp_path: Path) -> None:
    settings, backbone = ranked(tmp_path), Opinionated(POOL, LIKES_OTHER)
    name = receipt(draft(backbone, tmp_path, **settings)).critic_name
    watch = monitor(tmp_path, name)
    watch.record(Observation(kind="probe", failure="injection", right=1, total=20))
    backbone.asked.clear()
    off = draft(backbone, tmp_path, **settings)
    assert off.outcome == "DRAFT" and backbone.asked == [] and receipt(off).rounds[0].ranking.ranker == "as_sampled"  # type: ignore[union-attr]
    assert receipt(off).critic.state == "off" and "spot-check of injection" in off.warnings[0]  # type: ignore[union-attr]
    watch.reset("Maya", "mended")
    assert receipt(draft(backbone, tmp_path, **settings)).critic.state == "on"  # type: ignore[union-attr]


def test_a_trip_reaches_an_agent_that_is_at_work(tmp_path: Path) -> None:
    with agent_with(Opinionated(POOL, LIKES_OTHER), tmp_path, k=3, max_similarity=1, **ranked(tmp_path)) as agent:
        assert receipt(agent.draft(PROSPECT)).critic.state == "on"  # type: ignore[union-attr]
        monitor(tmp_path, agent.parts.critics.name).record(Observation(kind="tier1", key="k", let_through=True))
        assert receipt(agent.draft(PROSPECT)).critic.state == "off"  # type: ignore[union-attr]


@pytest.mark.parametrize("then", ["on", "off", "failed"])
def test_a_replay_is_identical_whatever_the_switch_says_now(tmp_path: Path, then: str) -> None:
    settings = ranked(tmp_path, threshold=-0.9)
    fault = ScoreError("malformed") if then == "failed" else None
    with agent_with(Opinionated(POOL, LIKES_OTHER, fault=fault), tmp_path, k=3, max_similarity=1, **settings) as agent:
        if then == "off":
            monitor(tmp_path, agent.parts.critics.name).record(Observation(kind="tier1", let_through=True))
        was = receipt(agent.draft(PROSPECT))
    watch = monitor(tmp_path, was.critic_name)
    if then == "on":
        watch.record(Observation(kind="tier1", let_through=True))
    else:
        watch.reset("Maya", "again")
    seen = watch.rates().prospects
    now = receipt(draft(Opinionated(POOL, LIKES_OTHER), tmp_path, **settings, again=was))
    assert first_difference(_comparable(was), _comparable(now)) is None
    assert was.critic == now.critic and monitor(tmp_path, was.critic_name).rates().prospects == seen


def test_without_an_adapter_the_key_is_what_it_was_and_with_one_the_threshold_counts(tmp_path: Path) -> None:
    def key(**settings: Any) -> str:
        with agent_with(Opinionated(PASSING, LIKES_OTHER), tmp_path, **settings) as agent:
            return agent.task(PROSPECT).key

    settings = ranked(tmp_path)
    assert key() == key(critic_unchecked=True) == key(critic_threshold=-1.0)
    assert len({key(), key(**settings), key(**settings, critic_threshold=-1.0), key(**settings, critic_reward="orpo")}) == 4


def test_an_adapter_that_changes_no_score_is_refused(tmp_path: Path) -> None:
    settings = ranked(tmp_path)
    with pytest.raises(ModelError, match="changes no score; train another, or set 'critic_unchecked: true'"):
        draft(Opinionated(PASSING, lambda _: -1.0), tmp_path, **settings)
    assert draft(Opinionated(PASSING, lambda _: -1.0), tmp_path, **settings, critic_unchecked=True).outcome == "DRAFT"


def test_an_adapter_that_does_not_beat_random_is_refused(tmp_path: Path) -> None:
    poor = Health(efficiency={"critic": Estimate(value=0.1, low=-0.1, high=0.3, count=9, clusters=9)})
    settings = ranked(tmp_path, health=poor)
    with pytest.raises(ModelError, match=r"does not beat random: its selection efficiency is 0\.100 \(-0\.100 to 0\.300\)"):
        draft(Opinionated(PASSING, LIKES_OTHER), tmp_path, **settings)
    assert draft(Opinionated(PASSING, LIKES_OTHER), tmp_path, **settings, critic_unchecked=True).outcome == "DRAFT"


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"ranker": "critic"}, ConfigError, "needs an adapter"),
        ({"adapter": "rank"}, ConfigError, "'mean_logprob' uses none"),
        ({"ranker": "critic", "adapter": "judge"}, ConfigError, "was trained to judge; give it under 'judge'"),
        ({"judge": "rank"}, ConfigError, "was trained to rank"),
        ({"ranker": "critic", "adapter": "none"}, ModelError, "cannot be read"),
        ({"ranker": "critic", "adapter": "embedded"}, ModelError, "no critic comes with this Winnow"),
        ({"ranker": "critic", "adapter": "embedded", "backbone": "llama:other.gguf"}, ConfigError, "the backbone is other.gguf"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], error: type[Exception], said: str) -> None:
    monkeypatch.setattr("agent.models.FOLDER", tmp_path)
    paths = {"rank": write_critic(tmp_path), "judge": write_critic(tmp_path, "judge", task="verdict"), "none": str(tmp_path / "none.gguf")}
    with pytest.raises(error, match=said):
        critics_module.open_critics(Config(**{key: paths.get(value, value) for key, value in settings.items()}))


def test_an_adapter_of_other_weights_is_refused_where_the_model_says_which_it_has(tmp_path: Path) -> None:
    model = Opinionated(PASSING, LIKES_OTHER)
    for known, fits in ((model.identity.hash, True), (None, True), ("0" * 16, False)):
        adapter = write_critic(tmp_path, base=Base(name="base", hash=known))
        config = Config(backbone={"kind": "hf", "model": "base"}, ranker="critic", adapter=adapter)  # type: ignore[arg-type]
        critics = critics_module.open_critics(config)
        if fits:
            critics_module.refuse_unfit(config, critics, model)
        else:
            with pytest.raises(ModelError, match="made for another base, base with hash 0000000000000000"):
                critics_module.refuse_unfit(config, critics, model)


def test_the_name_of_an_adapter_does_not_change_with_its_card(tmp_path: Path) -> None:
    folder = Path(write_critic(tmp_path)).parent
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    config = Config(backbone={"kind": "hf"})  # type: ignore[arg-type]
    first = critics_module.wear(str(folder), config).document.hash
    write_critic(tmp_path, threshold=-1.0)
    (folder / "README.md").write_text("# Card", "utf-8")
    assert critics_module.wear(str(folder), config).document.hash == first
    (folder / "adapter_model.safetensors").write_bytes(b"others")
    assert critics_module.wear(str(folder), config).document.hash != first
    assert critics_module.wear(str(folder), Config()).path == str(folder / "adapter.gguf")


def test_a_shipped_critic_is_the_embedded_models_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent import models

    monkeypatch.setattr(models, "FOLDER", tmp_path)
    assert (Config().ranker, Config().adapter) == ("mean_logprob", None)
    (tmp_path / "critic").mkdir()
    for name in models.ADAPTER_NEEDED:
        (tmp_path / "critic" / name).write_bytes(b"x")
    assert (Config().ranker, Config().adapter) == ("critic", "embedded")
    assert Config(ranker="critic").adapter == "embedded"
    assert Config(backbone="hf").adapter == "embedded"  # type: ignore[arg-type]
    for other in ({"ranker": "as_sampled"}, {"backbone": "scripted"}, {"backbone": "llama:other.gguf"}, {"backbone": {"kind": "llama", "repo": "a/b", "file": "c"}}):
        assert Config(**other).adapter is None, other  # type: ignore[arg-type]
    assert Config(adapter="mine.gguf", ranker="critic").adapter == "mine.gguf"
    with pytest.raises(ModelError, match=r"does not list|there is no"):
        models.embedded_adapter("embedded")
