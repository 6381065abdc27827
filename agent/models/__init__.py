"""The embedded model: where its files lie, and whether they are the ones that were shipped.

`embedded.gguf` is for llama.cpp, the folder `embedded` for transformers; both hold the same weights. Where
a critic or a judge is shipped, the folder `critic` or `judge` holds its adapter in both forms.
`SHA256SUMS` lists every file in the form of coreutils, so that `sha256sum -c SHA256SUMS` checks them too.
Decides nothing about a model; refuses a file that is missing or that differs from its sum. Each is
checked once in a process.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from rubric.errors import ModelError

EMBEDDED = "embedded"
FOLDER = Path(__file__).parent
SUMS = "SHA256SUMS"
GGUF = f"{EMBEDDED}.gguf"
NEEDED = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
ADAPTERS = {EMBEDDED: "critic", "embedded-judge": "judge"}  # how settings name an adapter, and the folder that holds it
ADAPTER_NEEDED = ("adapter.gguf", "adapter_config.json", "adapter_model.safetensors", "winnow.json")
_LINE = re.compile(r"(?P<sum>[0-9a-f]{64}) [ *](?P<name>\S.*)")
_AGAIN = "install winnow again"


def embedded_gguf(folder: Path | None = None) -> Path:
    """The model as one GGUF file, checked."""
    return _whole(folder or FOLDER, GGUF)[0]


def embedded_folder(folder: Path | None = None) -> Path:
    """The model as a transformers folder, with every file of it checked."""
    root = folder or FOLDER
    sums = shipped(root)
    names = {f"{EMBEDDED}/{name}" for name in NEEDED} | {name for name in sums if name.startswith(f"{EMBEDDED}/")}
    _whole(root, *sorted(names))
    return root / EMBEDDED


def has_adapter(name: str = EMBEDDED, folder: Path | None = None) -> bool:
    """Whether an adapter of this name is shipped; its files are not looked into."""
    return name in ADAPTERS and all(((folder or FOLDER) / ADAPTERS[name] / file).is_file() for file in ADAPTER_NEEDED)


def embedded_adapter(name: str, folder: Path | None = None) -> Path:
    """The folder of a shipped adapter, with every file of it checked."""
    root, place = folder or FOLDER, ADAPTERS[name]
    if not has_adapter(name, root):
        raise ModelError(f"no {place} comes with this Winnow, and {name!r} names it; give the path of an adapter, or leave it out")
    _whole(root, *sorted({f"{place}/{file}" for file in ADAPTER_NEEDED} | {file for file in shipped(root) if file.startswith(f"{place}/")}))
    return root / place


def shipped(folder: Path | None = None) -> Mapping[str, str]:
    """The SHA-256 of every shipped file by its name, as the list says."""
    path = (folder or FOLDER) / SUMS
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise ModelError(f"there is no {path}, so the embedded model cannot be checked; {_AGAIN}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read: {error}; {_AGAIN}") from None
    matches = [_LINE.fullmatch(line) for line in lines]
    if not all(matches):
        raise ModelError(f"{path} is damaged in line {matches.index(None) + 1}; {_AGAIN}")
    return {match["name"]: match["sum"] for match in matches if match}


@lru_cache(maxsize=8)
def _whole(folder: Path, *names: str) -> tuple[Path, ...]:
    """The paths of files whose content is the one that was shipped."""
    sums = shipped(folder)
    for name in names:
        if name not in sums:
            raise ModelError(f"{folder / SUMS} does not list {name}; {_AGAIN}")
        found = _sum(folder / name)
        if found != sums[name]:
            raise ModelError(f"{folder / name} is damaged: its SHA-256 is {found}, expected {sums[name]}; {_AGAIN}")
    return tuple(folder / name for name in names)


def _sum(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise ModelError(f"there is no {path}, which belongs to the embedded model; {_AGAIN}") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}; check its rights, or {_AGAIN}") from None


__all__ = [
    "ADAPTERS", "ADAPTER_NEEDED", "EMBEDDED", "FOLDER", "GGUF", "NEEDED", "SUMS", "embedded_adapter", "embedded_folder", "embedded_gguf",
    "has_adapter", "shipped",
]  # fmt: skip
