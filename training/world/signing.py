"""Who signs the letters of the world.

Decides the names and titles: any first name where the prompt says who signs, one of a few where it does not,
because a model cannot copy what its prompt does not hold.
"""

from __future__ import annotations

from random import Random

from training.world.facts import Sender
from training.world.names import first_name

_TITLES = (
    "Delivery Partner", "Delivery Lead", "Engagement Manager", "Head of Delivery", "Partner", "Research Partner",
    "Client Partner", "Engineering Partner", "Director of Delivery", "Account Lead",
)  # fmt: skip

_OWN = ("Selam", "Dawit", "Hanna", "Yonas", "Liya", "Samuel", "Ruth", "Amina", "Tomas", "Nora")


def senders(dice: Random) -> Sender:
    return Sender(first_name(dice), dice.choice(_TITLES))


def own_sender(dice: Random) -> Sender:
    """Who signs where a prompt names nobody."""
    return Sender(dice.choice(_OWN), dice.choice(_TITLES))


__all__ = ["own_sender", "senders"]
