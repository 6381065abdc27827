"""Files that are whole or absent: written beside their place, synced, then renamed into it.

Decides that what stood there before stays untouched until the new file is complete. A full disk or a
folder that may not be written to is a `StoreError` with the way out. Devices and pipes are written
through, as there is nothing to rename.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from rubric.errors import StoreError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write; it takes the place of `path` when the block ends well."""
    with writing_to(path):
        target = path.expanduser().resolve()
        if target.exists() and not target.is_file():
            with target.open("wb") as file:
                yield file
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = unfinished(target)
        try:
            with temporary.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _keep_mode(target, temporary)
            temporary.replace(target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise


def unfinished(path: Path) -> Path:
    """Where a file lies until it is whole; always the same name, so that a killed run leaves one at most."""
    return path.with_name(f".{path.name[-200:]}.part")


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """Types what the disk says while `path` is written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _FULL:
            raise StoreError(f"writing {path} failed: {reason}; make room and run again: nothing that was finished is lost") from None
        raise StoreError(f"{path} cannot be written: {reason}; give an --out that you may write to; nothing that was finished is lost") from None


def _keep_mode(old: Path, new: Path) -> None:
    with suppress(FileNotFoundError):
        new.chmod(old.stat().st_mode & 0o777)


__all__ = ["unfinished", "whole_file", "writing_to"]
