"""One writer at a time on one output.

Decides by a lock of the operating system on a small file beside the output. The kernel frees it with
the process that holds it, however that ends, so that a dead owner never blocks. A second writer is
refused at once and told who the first one is. A run on a folder holds the files that it will write
there too, and a run on a file respects who holds the folder, so that an output is one by either name.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from rubric.errors import StoreError

SUFFIX = ".winnow-lock"


@contextmanager
def claim(output: str | Path) -> Iterator[Path]:
    """Holds the output until the block ends; yields the lock's path. Devices and pipes are nobody's."""
    with claim_all([output]):
        yield lock_of(output)


@contextmanager
def claim_all(outputs: Iterable[str | Path]) -> Iterator[None]:
    """Holds several outputs, or none where one of them is held by another run."""
    wanted = {lock_of(output): output for output in outputs if not _is_device(output)}
    with ExitStack() as stack:
        for lock, output in wanted.items():
            if not lock.parent.exists():
                stack.callback(_remove_empty, lock.parent)
            stack.callback(_release, _held(lock, output), lock)
        for lock, output in wanted.items():
            above = lock.parent
            if lock_of(above) not in wanted and (owner := holder(above)) is not None:
                raise StoreError(_refusal(output, owner))
        yield


def _is_device(output: str | Path) -> bool:
    return Path(output).exists() and not (Path(output).is_file() or Path(output).is_dir())


def _remove_empty(folder: Path) -> None:
    """A folder that was made for a lock goes with it, unless something was written there."""
    with suppress(OSError):
        folder.rmdir()


def lock_of(output: str | Path) -> Path:
    """The lock file of an output, the same one by whatever path the output is reached."""
    path = Path(output).expanduser().resolve()
    return path.parent / f".{path.name}{SUFFIX}"


def holder(output: str | Path) -> str | None:
    """Who writes an output just now, in words; None where nobody does."""
    try:
        opened = os.open(lock_of(output), os.O_RDWR)
    except OSError:
        return None
    try:
        return None if _locked(opened) else _owner(opened)
    finally:
        os.close(opened)


def _held(lock: Path, output: str | Path) -> int:
    while True:
        opened = _opened(lock, output)
        if not _locked(opened):
            owner = _owner(opened)
            os.close(opened)
            raise StoreError(_refusal(output, owner))
        if _same(opened, lock):  # the owner before us removes the file as it leaves
            _sign(opened)
            return opened
        os.close(opened)


def _refusal(output: str | Path, owner: str) -> str:
    return f"{output} is being written by another run{owner}; wait until it ends, or give another output"


def _opened(lock: Path, output: str | Path) -> int:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        return os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(
            f"{output} cannot be written: {lock.parent}: {error.strerror}; give an output in a folder that you may write to"
        ) from None


def _sign(opened: int) -> None:
    with suppress(OSError):  # the lock holds without a name in it, on a full disk too
        os.ftruncate(opened, 0)
        os.write(opened, f" (process {os.getpid()} on {socket.gethostname()})".encode())


def _owner(opened: int) -> str:
    try:
        return os.read(opened, 200).decode("utf-8", "replace")
    except OSError:
        return ""


def _release(opened: int, lock: Path) -> None:
    with suppress(OSError):
        lock.unlink()
    os.close(opened)


def _same(opened: int, lock: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(opened), lock.stat())
    except OSError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _locked(opened: int) -> bool:
        os.lseek(opened, 1 << 20, os.SEEK_SET)  # far behind the text, which stays readable so
        try:
            msvcrt.locking(opened, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(opened, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    def _locked(opened: int) -> bool:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


__all__ = ["claim", "claim_all", "holder", "lock_of"]
