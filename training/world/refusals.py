"""Prospects that get no letter from a machine: who must not be written to, and whom a person answers.

Decides what is added to an ordinary prospect, and nothing else of it: one reason each.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

from training.world import threads
from training.world.names import person
from training.world.sketch import Sketch
from training.world.stock import stock

Decision = Literal["DRAFT", "SUPPRESS", "ESCALATE"]


class Refusal(NamedTuple):
    """`headcount`: the size that the company must have for it. `told`: whether the brief of a letter tells it; what is
    not told is for the rules alone, because nobody gets a draft for such a prospect."""

    name: str
    decision: Decision
    apply: Callable[[Sketch], None]
    weight: float = 1.0
    headcount: int | None = None
    told: bool = True


def _disqualified(sketch: Sketch, *, flag: str) -> None:
    sketch.record["disqualifiers"] = [flag]


def _opted_out(sketch: Sketch, *, channel: str) -> None:
    sketch.record["opt_out_channels"] = [channel]


def _flagged(sketch: Sketch, *, flag: str) -> None:
    sketch.record["flags"] = [*sketch.record.get("flags", []), flag]


def _wrote(sketch: Sketch, *, kind: str) -> None:
    sketch.record["message_type"] = "warm"
    for key in ("thread", "touch", "channel"):
        sketch.record.pop(key, None)
    threads.reply(sketch, kind)
    sketch.record.pop("extra", None)


def _stance(sketch: Sketch) -> None:
    sketch.signals["facts"] = [sketch.say(sketch.dice.choice(stock("remarks")["stances"]), {"company": sketch.company})]


def _named(sketch: Sketch) -> None:
    sketch.record["need"] = {"stack": sketch.stack, "engineers": 1, "named_engineer": person(sketch.dice).name}


def _chief(sketch: Sketch, *, role: str) -> None:
    titles = stock("people")["titles"][role]
    sketch.record["recipient"] |= {"role": role, "title": sketch.dice.choice(titles)}


REFUSALS: tuple[Refusal, ...] = (
    *(
        Refusal(f"disqualified.{flag}", "SUPPRESS", partial(_disqualified, flag=flag), 0.5, told=False)
        for flag in ("anti_offshore", "local_only", "in_house_only", "do_not_contact", "competitor", "client_of_competitor", "union_agreement")
    ),
    *(Refusal(f"opted_out.{c}", "SUPPRESS", partial(_opted_out, channel=c), 0.5, told=False) for c in ("email", "sms", "linkedin", "phone")),
    Refusal("bounced", "SUPPRESS", partial(_flagged, flag="hard_bounce"), 0.7, told=False),
    Refusal("wrote.hard_no", "SUPPRESS", partial(_wrote, kind="hard_no"), 2.0),
    Refusal("stance", "SUPPRESS", _stance),
    Refusal("wrote.stance", "SUPPRESS", partial(_wrote, kind="stance"), 0.7),
    Refusal("chief.2001", "ESCALATE", partial(_chief, role="cto"), 0.5, 2001),
    Refusal("chief.large", "ESCALATE", partial(_chief, role="c_level"), 0.7, 5200),
    Refusal("wrote.legal", "ESCALATE", partial(_wrote, kind="legal"), 1.2),
    Refusal("wrote.price", "ESCALATE", partial(_wrote, kind="price"), 1.5),
    Refusal("wrote.references", "ESCALATE", partial(_wrote, kind="references"), 1.2),
    Refusal("wrote.named", "ESCALATE", partial(_wrote, kind="named"), 0.8),
    Refusal("wrote.unclear", "ESCALATE", partial(_wrote, kind="unclear"), 0.8),
    Refusal("need.named_engineer", "ESCALATE", _named, 0.7, told=False),
)
UNTOLD = frozenset(refusal.name for refusal in REFUSALS if not refusal.told)

__all__ = ["REFUSALS", "UNTOLD", "Decision", "Refusal"]
