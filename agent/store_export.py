"""What the store remembers of a file that rows were written to."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Export(NamedTuple):
    """A file, or a folder of files, in one of the export formats."""

    path: Path
    format: str
    kind: str = "file"


__all__ = ["Export"]
