"""Arguments that the commands of training and experiments share."""

from __future__ import annotations

import argparse


def a_count(text: str) -> int:
    """How many of something: a whole number from 1 on."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no count; give a whole number from 1 on")
    return int(text)


__all__ = ["a_count"]
