"""What the demonstration backbone can do: figures on prospects of the invented world that are to get a draft.

    python -m experiments.backbone --count 200 --split dev
    python -m experiments.backbone --count 30 --letters 3

Decides nothing about a letter: passing is the rubric's word, copying is judged from the two texts alone.
Prospects of the split `held_out` are for a last measurement; nothing is tuned on them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from agent.config import Config
from agent.settings import load_config
from prompts.loader import Prompts
from rubric.errors import WinnowError
from rubric.playbook import load_playbook
from rubric.prospect import read_prospect
from training.arguments import a_count
from training.world.copying import wrong_copies
from training.world.drawing import Drawn, draw
from training.world.split import Split, split_of

if TYPE_CHECKING:
    from agent.backbones import Backbone
    from agent.drafting import Agent
    from agent.receipt import Receipt, Round

FIRST_SEED = 50_000_000  # far from the seeds of training, whose companies are of another split anyway
MOST_TOKENS = 220


class Run(NamedTuple):
    """One way to draft, by name."""

    name: str
    settings: dict[str, Any]


GREEDY = Run("greedy", {"k": 1, "temperature": 0, "max_rounds": 1})
GUIDED = Run("greedy, style guide", {**GREEDY.settings, "prompt": "augmented"})
POOL = Run("pool of 4", {"k": 4, "temperature": 0.7, "max_rounds": 1, "max_similarity": 1})
PIPELINE = Run("pipeline", {"k": 4, "temperature": 0.7, "max_rounds": 2})


class Drafted(NamedTuple):
    drawn: Drawn
    outcome: str
    receipt: Receipt

    @property
    def first(self) -> Round:
        return self.receipt.rounds[0]


def prospects(split: Split, count: int, seed: int = FIRST_SEED) -> list[Drawn]:
    """The first prospects of a split, from a seed on, that are to get a draft."""
    found: list[Drawn] = []
    while len(found) < count:
        drawn = draw(seed)
        seed += 1
        if drawn.truth.decision == "DRAFT" and split_of(drawn.record["company"]["name"]) == split:
            found.append(drawn)
    return found


def drafted(backbone: Backbone, run: Run, drawn: Sequence[Drawn], model: str) -> list[Drafted]:
    from agent.drafting import Agent

    with tempfile.TemporaryDirectory() as folder:
        config: Config = load_config({"backbone": model, "store": str(Path(folder, "winnow.db")), "max_tokens": 320, **run.settings})
        with Agent(config, backbone=backbone) as agent:
            return list(_each(agent, drawn, run.name))


def _each(agent: Agent, drawn: Sequence[Drawn], name: str) -> Iterator[Drafted]:
    for number, one in enumerate(drawn, 1):
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{name}: {number} of {len(drawn)} ")
        result = agent.draft(one.record)
        if result.receipt is None or not result.receipt.rounds:
            raise WinnowError(f"prospect {one.record.get('id')} got no draft: {result.outcome} {result.reasons or result.error}")
        yield Drafted(one, result.outcome, result.receipt)


def figures(backbone: Backbone, drawn: Sequence[Drawn], model: str) -> tuple[dict[str, Any], list[Drafted]]:
    greedy, guided = (drafted(backbone, run, drawn, model) for run in (GREEDY, GUIDED))
    pool, pipeline = (drafted(backbone, run, drawn, model) for run in (POOL, PIPELINE))
    ended = [c.finish == "stop" and len(c.token_ids) <= MOST_TOKENS for d in (*greedy, *pool) for c in d.first.candidates]
    wrong = [copied_wrong(d, c.text) for d in greedy for c in d.first.candidates]
    warm = [copied_wrong(d, c.text) for d in pool for c in d.first.candidates]
    out = {
        "prospects": len(drawn),
        "greedy_pass": _share([passed(d) for d in greedy]),
        "greedy_pass_style_guide": _share([passed(d) for d in guided]),
        "pool_has_pass": _share([any(j.decision == "PASS" for j in d.first.judged) for d in pool]),
        "pool_all_tied": _share([len({j.score for j in d.first.judged}) == 1 for d in pool]),
        "pool_candidate_pass": _share([j.decision == "PASS" for d in pool for j in d.first.judged]),
        "ends_within_220": _share(ended),
        "copied_right_greedy": _share([not found for found in wrong]),
        "copied_right_sampled": _share([not found for found in warm]),
        "wrong_copies": dict(Counter(copy.kind for found in wrong for copy in found)),
        "pipeline_draft": _share([d.outcome == "DRAFT" for d in pipeline]),
        "pipeline_rounds": dict(Counter(len(d.receipt.rounds) for d in pipeline)),
        "tempted": _share([d.drawn.truth.temptation is not None for d in greedy]),
        "greedy_pass_tempted": _share([passed(d) for d in greedy if d.drawn.truth.temptation]),
        "greedy_pass_untempted": _share([passed(d) for d in greedy if not d.drawn.truth.temptation]),
        "greedy_failures": dict(Counter(f for d in greedy for f in sorted(failures(d))).most_common()),
        "prompt_tokens": _spread([d.first.prompt_tokens or 0 for d in greedy]),
        "letter_tokens": _spread([len(c.token_ids) for d in greedy for c in d.first.candidates]),
        "seconds_pool": _spread([sum(d.first.cost.seconds.values()) for d in pool]),
    }
    return out, pipeline


def passed(drafted: Drafted) -> bool:
    return drafted.first.judged[0].decision == "PASS"


def failures(drafted: Drafted) -> set[str]:
    return {f["failure"] for f in drafted.first.judged[0].findings if f["decision"] != "PASS"}


def copied_wrong(drafted: Drafted, letter: str) -> list[Any]:
    prompt = Prompts().generator(read_prospect(drafted.drawn.record), load_playbook("tenacious"))
    return wrong_copies(prompt.messages[-1].text, letter)


def _share(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": round(statistics.median(values), 3), "most": round(max(values), 3)}


def letters(drafts: Sequence[Drafted], count: int, seed: int) -> Iterator[str]:
    """Drafts taken at random, each behind the facts of its prospect."""
    for one in Random(seed).sample(list(drafts), min(count, len(drafts))):
        brief = Prompts().generator(read_prospect(one.drawn.record), load_playbook("tenacious")).messages[-1].text
        place = one.receipt.chosen
        shown = one.receipt.rounds[place.round].candidates[place.index].text if place else "(no draft)"
        yield f"### {one.outcome}, {one.drawn.truth.temptation or 'no temptation'}\n\n{brief}\n\n{shown}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    from agent.backbones import open_backbone

    options = _options().parse_args(arguments)
    try:
        config = load_config({"backbone": options.backbone})
        backbone = open_backbone(config.backbone)
        found, drafts = figures(backbone, prospects(options.split, options.count, options.seed), options.backbone)
    except WinnowError as error:
        sys.stderr.write(f"winnow: {error}\n")
        return 2
    sys.stdout.write(json.dumps({"split": options.split, **found}, indent=1) + "\n")
    for text in letters(drafts, options.letters, options.seed):
        sys.stdout.write(f"\n{text}")
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments.backbone", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--backbone", default="llama:embedded", help="KIND:MODEL; llama:embedded by default")
    parser.add_argument("--count", type=a_count, default=200, help="prospects")
    parser.add_argument("--split", choices=get_args(Split), default="dev", help="whose companies")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="seed of the first prospect")
    parser.add_argument("--letters", type=int, default=0, metavar="N", help="print N drafts of the pipeline at random, with their briefs")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
