"""The nodes of the graph: each takes the state and gives what changes in it.

Decides nothing about order; that is the graph's. A step reads the prospect anew from the state, so that
a resumed run needs nothing but the checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from math import isfinite
from time import perf_counter
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agent import asking, objecting
from agent.backbones import Sampling
from agent.config import Config
from agent.gate import judge, letter_of, nearest, reasons, steps, walk
from agent.inbox import Answer, read_answer, request
from agent.parts import Listed, Parts
from agent.receipt import Choice, Round, candidate_seed, content_hash
from agent.recipients import address_warnings, addresses_of
from agent.state import Choices, State
from critic.candidate import Candidate, Cost
from critic.diversity import similarity
from critic.ranking import AsSampled
from critic.verdicts import Opinion, opinion
from prompts.pieces import packed, unpacked
from rubric import Email, Finding, Reading, check, read_prospect, to_json
from rubric.errors import BackboneError, ContextError
from rubric.verdict import prospect_verdict, segment_of, strongest

HOTTEST = 2.0
Update = dict[str, Any]
FRESH: Update = {
    "round": 0, "heat": 0, "stopped": False, "forgotten": False, "rounds": [], "refused": [], "previous": None, "fallback": None,
    "chosen": None, "letter": None, "verdict": None, "outcome": "", "reasons": [], "path": [],
}  # fmt: skip


class Steps:
    """`parts` is called at the first step that needs them, so that making a graph opens no model."""

    def __init__(self, parts: Callable[[], Parts]) -> None:
        self._parts = parts

    def qualify(self, state: State, runtime: Runtime[Choices]) -> Update:
        """What the prospect alone decides, and the suppression list: no token is spent before this."""
        parts, config = self._parts(), self.config(runtime)
        as_of = state.get("as_of")
        reading = read_prospect(state["prospect"], date.fromisoformat(as_of) if as_of else config.as_of)
        found = prospect_verdict(reading, parts.playbook, without=frozenset(config.without))
        decision = strongest(f.decision for f in found)
        update: Update = FRESH | {
            "as_of": str(reading.prospect.as_of), "segment": segment_of(reading, parts.playbook).model_dump(mode="json"),
            "critic": asking.standing(parts, state.get("again")),
        }  # fmt: skip
        update["warnings"] = [*reading.warnings, *address_warnings(reading), *asking.warning(update["critic"])]
        listed = self._suppressed(reading)
        if listed is not None:
            update |= {"outcome": "SUPPRESS", "reasons": [listed.reason], "forgotten": listed.forgotten}
        elif decision in ("SUPPRESS", "ESCALATE"):
            update |= {"outcome": decision, "reasons": _said(found)}
        elif decision == "BLOCK" or (decision == "PENALISE" and config.accept == "PASS"):
            update |= {"outcome": "ABSTAIN", "reasons": _said(found)}  # no letter could pass
        _tell(runtime, "qualify", state, outcome=update["outcome"])
        return update

    def compose(self, state: State, runtime: Runtime[Choices]) -> Update:
        """The prompt of this round; what the last one was refused for goes into it."""
        parts, config = self._parts(), self.config(runtime)
        prompt = parts.prompts.generator(
            _reading(state), parts.playbook, style=config.prompt,
            findings=[Finding.model_validate(f) for f in state["refused"]], previous=state["previous"], sender=config.sender,
        )  # fmt: skip
        _tell(runtime, "compose", state, prompt=prompt.hash)
        return {"prompt": packed(prompt)}

    def sample(self, state: State, runtime: Runtime[Choices]) -> Update:
        """k candidates behind one prompt, and how much they differ."""
        config, prompt, number = self.config(runtime), unpacked(state["prompt"]), state["round"]
        sampling = ladder(config, state["heat"])
        origin = content_hash(state["prospect"])
        seeds = [candidate_seed(config.seed, origin, number, index) for index in range(config.k)]
        try:
            sampled = self._parts().backbone.sample(prompt, seeds, sampling)
        except ContextError as error:
            if number == 0:
                raise
            return {"stopped": True, "path": [*state["path"], f"round {number}: not drawn, {error}"]}  # the findings took the room
        pool = [_finite(Candidate(**c.model_dump(), index=n, round=number)) for n, c in enumerate(sampled.completions)]
        alike = similarity([c.text for c in pool])
        collapsed = alike is not None and config.max_similarity < 1 and alike >= config.max_similarity
        cost = sampled.cost
        drawn = Round(
            prompt=prompt.hash, prompt_tokens=cost.prompt_computed + cost.prompt_reused or None, sampling=sampling,
            candidates=pool, similarity=alike, collapsed=collapsed, cost=cost,
        )  # fmt: skip
        _tell(runtime, "sample", state, candidates=len(pool), tokens=cost.decoded, similarity=alike)
        return {"rounds": [*state["rounds"], drawn.model_dump(mode="json")]}

    def rank(self, state: State, runtime: Runtime[Choices]) -> Update:
        """The order in which the gate looks at the pool."""
        parts, drawn = self._parts(), Round.model_validate(state["rounds"][-1])
        began = perf_counter()
        prompt, critic = unpacked(state["prompt"]), state.get("critic")
        update: Update = {}
        ranking = None
        if not parts.ranker.uses_adapter:
            ranking = parts.ranker.rank(prompt, drawn.candidates, parts.backbone)
        elif critic and asking.is_on(critic):
            asked = asking.ask(critic, lambda: parts.ranker.rank(prompt, drawn.candidates, parts.backbone))
            ranking, update = asked.answer, _standing(state, asked.standing)
        ranking = ranking or AsSampled().rank(prompt, drawn.candidates, parts.backbone)
        own = perf_counter() - began - sum(ranking.cost.seconds.values())  # the backbone tells its own part
        cost = drawn.cost + ranking.cost + Cost(seconds={"rank": max(own, 0.0)})
        _tell(runtime, "rank", state, order=list(ranking.order))
        return update | _last(state, drawn.model_copy(update={"ranking": ranking, "cost": cost}))

    def gate(self, state: State, runtime: Runtime[Choices]) -> Update:
        """The first candidate that passes; else the next round, with findings and more heat."""
        parts, config, reading = self._parts(), self.config(runtime), _reading(state)
        drawn, number, began = Round.model_validate(state["rounds"][-1]), state["round"], perf_counter()
        without = frozenset(config.without)
        pairs = [judge(c, reading, parts.playbook, without) for c in drawn.candidates]
        judged = objecting.below(drawn.ranking, [short for short, _ in pairs])
        drawn = drawn.model_copy(update={"judged": judged})
        picked, drawn, standing = self._walked(state, drawn, config)
        judged = drawn.judged
        drawn = drawn.model_copy(update={"cost": drawn.cost + Cost(seconds={"gate": perf_counter() - began})})
        update = _last(state, drawn) | standing | {"path": [*state["path"], *steps(drawn, number, picked)]}
        _tell(runtime, "gate", state, picked=picked, decisions=[j.decision for j in judged])
        if picked is not None and not (drawn.collapsed and number + 1 < config.max_rounds and state["fallback"] is None):
            return update | _taken(drawn, Choice(round=number, index=picked), objecting.whole(judged[picked], pairs[picked][1]))
        if picked is not None:
            update["path"].append(f"round {number}: the pool is one letter {len(judged)} times over; a hotter one is drawn first")
            update["fallback"] = {"round": number, "index": picked}
        return update | _next(state, drawn, picked is None)

    def _walked(self, state: State, drawn: Round, config: Config) -> tuple[int | None, Round, Update]:
        """The first candidate that passes the rules and then, where one judges, the critic's verdict."""
        order = drawn.ranking.order if drawn.ranking else tuple(range(len(drawn.judged)))
        critic, update = state.get("critic"), Update()
        while (picked := walk(drawn.judged, order, config.accept)) is not None and drawn.judged[picked].verdict is None:
            if self._parts().critics.judge is None or critic is None or not asking.is_on(critic):
                break
            asked = asking.ask(critic, partial(self._verdict, state, drawn.candidates[picked], config))
            critic, update = asked.standing, _standing(state, asked.standing)
            if asked.answer is not None:
                judged = list(drawn.judged)
                judged[picked] = objecting.disagreed(judged[picked], asked.answer)
                drawn = drawn.model_copy(update={"judged": judged, "cost": drawn.cost + asked.answer.cost})
        return picked, drawn, update

    def _verdict(self, state: State, candidate: Candidate, config: Config) -> Opinion | None:
        parts = self._parts()
        judge = parts.critics.judge
        if judge is None:
            return None
        prompt = parts.prompts.judge(_reading(state), parts.playbook, letter_of(candidate), style=config.prompt)
        return opinion(parts.backbone, parts.backbone, prompt, judge.path, judge.file.calibration)

    def settle(self, state: State, runtime: Runtime[Choices]) -> Update:
        """No round is left: a letter kept from a collapsed pool, one that the critic stopped and a person may
        look at, or the reasons of the nearest one."""
        rounds = [Round.model_validate(r) for r in state["rounds"]]
        parts, config, kept = self._parts(), self.config(runtime), state["fallback"]
        stopped = None if kept else objecting.held_back(rounds, config.accept)
        place = Choice(**kept) if kept else stopped or nearest(rounds)
        if place is None:
            return {"outcome": "ABSTAIN", "reasons": ["no candidate was sampled"]}
        one = rounds[place.round].judged[place.index]
        _, row = judge(rounds[place.round].candidates[place.index], _reading(state), parts.playbook, frozenset(parts.config.without))
        row = objecting.whole(one, row)
        held: Update = {"critic": (state.get("critic") or {}) | {"stopped": True}} if stopped else {}
        if stopped and config.review:
            said = f"round {place.round}, candidate {place.index}: stopped by the critic (a person decides)"
            return held | {"path": [*state["path"], said]} | _taken(rounds[place.round], place, row)
        if kept:
            return {"path": [*state["path"], f"round {place.round}, candidate {place.index}: kept from before (taken)"]} | _taken(
                rounds[place.round], place, row
            )
        return held | {"outcome": "ABSTAIN", "reasons": reasons(one), "verdict": row}

    def review(self, state: State, runtime: Runtime[Choices]) -> Update:
        """Waits for a person. An edited letter goes through the gate too, and is asked for again if it fails."""
        config, letter, row, complaint = self.config(runtime), state["letter"] or {}, state["verdict"] or {}, ""
        while True:
            answer = read_answer(interrupt(request(_reading(state), letter, row, complaint)))
            if answer.kind == "ignore":
                return _reviewed(state, "ignored", outcome="IGNORED", reasons=["a person turned the letter down"])
            if listed := self._suppressed(_reading(state)):
                return _reviewed(state, "suppressed meanwhile", outcome="SUPPRESS", reasons=[listed.reason], letter=None)
            if answer.kind == "accept" and not complaint:
                return _reviewed(state, "accepted")
            if answer.kind == "edit":
                letter, row = answer.letter or letter, self._edited(state, answer, config)
            if row["decision"] == "PASS" or (row["decision"] == "PENALISE" and config.accept == "PENALISE"):
                return _reviewed(state, "edited", letter=letter, verdict=row)
            complaint = "; ".join(f"{f['rule']}: {f['reason']}" for f in row["findings"] if f["decision"] != "PASS")

    def _suppressed(self, reading: Reading) -> Listed | None:
        """Why the list forbids a letter to the person or the company; None where it does not."""
        return self._parts().suppressed(" ".join(addresses_of(reading)), reading.prospect.company.domain)

    def _edited(self, state: State, answer: Answer, config: Config) -> dict[str, Any]:
        letter = answer.letter or {}
        email = Email(str(letter.get("body") or ""), letter.get("subject"))
        return to_json(check(_reading(state), email, self._parts().playbook, without=frozenset(config.without)))

    def config(self, runtime: Runtime[Choices]) -> Config:
        """The settings of this run: the caller's choices over the config."""
        choices: Choices | None = runtime.context
        return self._parts().config if choices is None else choices.over(self._parts().config)


def ladder(config: Config, heat: int) -> Sampling:
    """How a pool is drawn: hotter with each round, and then with a floor under the odd tokens."""
    return Sampling(
        temperature=round(max(config.temperature, min(config.temperature + heat * config.temperature_step, HOTTEST)), 4),
        top_p=config.top_p, top_k=config.top_k, repeat_penalty=config.repeat_penalty, max_tokens=config.max_tokens,
        min_p=max(config.min_p, config.hot_min_p) if heat else config.min_p,
    )  # fmt: skip


def after_qualify(state: State) -> str:
    return "end" if state["outcome"] else "compose"


def after_sample(state: State) -> str:
    return "settle" if state["stopped"] else "rank"


def after_gate(state: State, config: Config) -> str:
    if state["outcome"]:
        return after_choice(state, config)
    return "again" if state["round"] < config.max_rounds else "settle"


def after_choice(state: State, config: Config) -> str:
    """A letter waits for a person where that is wanted."""
    return "review" if config.review and state["outcome"] == "DRAFT" else "end"


def _next(state: State, drawn: Round, refused: bool) -> Update:
    """The next round, hotter, and by one step more after a collapsed pool; it hears why the last was refused."""
    update: Update = {"round": state["round"] + 1, "heat": state["heat"] + 1 + drawn.collapsed}
    place = nearest([drawn])
    if refused and place is not None:
        one = drawn.judged[place.index]
        found = [f for f in one.findings if f["decision"] != "PASS" and not objecting.is_objection(f)]
        update |= {"refused": found, "previous": drawn.candidates[place.index].text if found else None}
    return update


def _taken(drawn: Round, place: Choice, row: dict[str, Any]) -> Update:
    email = letter_of(drawn.candidates[place.index])
    letter = {"subject": email.subject, "body": email.body.strip()}
    return {"chosen": place.model_dump(), "letter": letter, "verdict": row, "outcome": "DRAFT"}


def _reviewed(state: State, word: str, **more: Any) -> Update:
    return {"path": [*state["path"], f"review: {word}"], **more}


def _finite(candidate: Candidate) -> Candidate:
    if not all(map(isfinite, candidate.logprobs or ())):
        raise BackboneError("the model gave a log-probability that is no number; its weights are damaged or overflow: try another file or dtype")
    return candidate


def _reading(state: State) -> Reading:
    """The prospect on the day that was fixed when the run began."""
    return read_prospect(state["prospect"], date.fromisoformat(state["as_of"] or ""))


def _said(found: list[Finding]) -> list[str]:
    return [f"{f.rule}: {f.reason}; {f.fix}" for f in found if f.decision != "PASS"]


def _standing(state: State, found: asking.Standing | None) -> Update:
    """The critic after a call, with a warning where that has switched it off."""
    return {"critic": found, "warnings": [*state["warnings"], *asking.warning(found)]}


def _last(state: State, drawn: Round) -> Update:
    return {"rounds": [*state["rounds"][:-1], drawn.model_dump(mode="json")]}


def _tell(runtime: Runtime[Choices], stage: str, state: State, **facts: Any) -> None:
    """A progress event for whoever streams `custom`."""
    runtime.stream_writer({"stage": stage, "round": state.get("round", 0), **facts})


__all__ = ["Steps", "after_choice", "after_gate", "after_qualify", "after_sample", "ladder"]
