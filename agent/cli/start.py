"""A quick start: the collector rests while much is loaded that stays.

Loading makes a hundred thousand objects and frees none of them; looking at them again and again
would be a quarter of the time that `winnow check` takes for one letter.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """No collection inside; what was loaded is then set aside for good."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


__all__ = ["loading"]
