"""Pairs and scenes for tests of training: pairs made by hand, and scenes of the world that are drawn once."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import Any

from training.pairs.pair import Pair, Role, pair_id
from training.pairs.rendering import Renderer
from training.pairs.scenes import Scene, scene, scenes
from training.world.split import Split, split_of

END = "<|im_end|>"
HEADER = "<|im_start|>assistant\n"
BRIEF = """<|im_start|>system
You write one outreach e-mail.<|im_end|>
<|im_start|>user
Brief
- Company: {company}
- Headcount: {headcount}
- Today: {today}
- Fact: {fact}<|im_end|>
"""


def by_hand(chosen: str = "A good letter.", rejected: str = "A bad letter.", *, company: str = "Tessaly", number: int = 0, **more: Any) -> Pair:
    """A pair about an invented company; `number` makes its prompt another one."""
    said = {"company": company, "headcount": 40 + number, "today": "17 October 2026", "fact": f"{company} opened office {number}."}
    prompt = BRIEF.format(**{name: more.pop(name, value) for name, value in said.items()}) + HEADER
    sides = (chosen + END, rejected + END)
    fields: dict[str, Any] = {"role": "baseline", "source": "best_worst", "split": split_of(company), "seed": number, "author": "world"} | more
    return Pair(id=pair_id(prompt, *sides), prompt=prompt, chosen=sides[0], rejected=sides[1], company=company, **fields)


@cache
def renderer() -> Renderer:
    """Strings for the embedded model."""
    return Renderer()


def some_scenes(count: int, role: Role = "baseline", split: Split = "train", seed: int = 11) -> list[Scene]:
    """Scenes with fresh dice."""
    return list(islice(scenes(split, 0, seed, {role: 1.0}), count))


def again(one: Scene, seed: int, number: int) -> Scene:
    """The same scene with its dice as they were."""
    return scene(one.split, number, seed, {one.role: 1.0})
