"""A trained model becomes the one that Winnow ships: half precision, a GGUF of it, and their sums.

    python -m training.export.shipment FOLDER
    python -m training.export.shipment --adapter FOLDER

Decides what the package holds: a transformers folder with float16 weights, the GGUF made from that very
folder in Q8_0, its critic and judge, and SHA256SUMS over all of it. Everything is made beside its place and moved there when it is
whole, the sums last. Refuses weights that float16 cannot hold, a model without a card,
and an adapter that is of other weights, not measured, or worth nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from agent.models import ADAPTER_NEEDED, ADAPTERS, EMBEDDED, FOLDER, GGUF, NEEDED, SUMS, shipped
from critic.adapter_card import CriticFile, read_critic
from rubric.errors import MissingExtra, ModelError, StoreError, WinnowError
from training.export.gguf_from_hf import HfModel, model_from_hf
from training.export.gguf_model import Quant, tensor_places, write_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CARD, WEIGHTS = "README.md", "model.safetensors"
QUANT: Quant = "Q8_0"
_COPIED = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
_RECORDS = ("recipe.json", "training.jsonl", "generation_config.json")  # how it was made, where that is kept


def ship(folder: Path, into: Path = FOLDER, card: Path | None = None) -> tuple[Path, ...]:
    """Makes the shipped files of a trained model; `card` is its model card, absent the folder's own."""
    with _made(into) as made:
        half = _half(folder, made / EMBEDDED, card or folder / CARD)
        model = model_from_hf(half)
        write_model(made / GGUF, model.shape, model.tensors, model.vocabulary, QUANT, name=EMBEDDED)
        files = [made / GGUF, *sorted(half.iterdir())]
        names = [file.relative_to(made) for file in files]
        (made / SUMS).write_text("".join(map(_line, names, files)), "utf-8")
        kept = _of_these_weights(half, into)
        with (made / SUMS).open("a", encoding="utf-8") as sums:
            sums.writelines(_line(path.relative_to(into), path) for place in kept for path in sorted((into / place).iterdir()))
        for old in (EMBEDDED, *(place for place in ADAPTERS.values() if place not in kept)):
            shutil.rmtree(into / old, ignore_errors=True)
        for name in (EMBEDDED, GGUF, SUMS):
            (made / name).replace(into / name)
    return tuple(into / name for name in [*names, Path(SUMS)])


def _of_these_weights(half: Path, into: Path) -> list[str]:
    """The shipped adapters that the weights in `half` are the base of; those of other weights are of no use."""
    from agent.backbones.hf_model import weights_hash

    files = {place: read_critic(into / place) for place in ADAPTERS.values() if (into / place).is_dir()}
    return [place for place, file in files.items() if file and file.base and file.base.hash == weights_hash(half)]


def ship_adapter(folder: Path, into: Path = FOLDER) -> tuple[Path, ...]:
    """Puts a trained and measured adapter beside the embedded model that it belongs to."""
    file = _fit(folder, into)
    place = ADAPTERS["embedded-judge" if file.task == "verdict" else EMBEDDED]
    with _made(into) as made:
        (made / place).mkdir()
        for name in (CARD, *ADAPTER_NEEDED):
            shutil.copyfile(folder / name, made / place / name)
        others = [f"{found}  {name}\n" for name, found in shipped(into).items() if not name.startswith(f"{place}/")]
        names = [path.relative_to(made) for path in sorted((made / place).iterdir())]
        (made / SUMS).write_text("".join([*others, *(_line(name, made / name) for name in names)]), "utf-8")
        shutil.rmtree(into / place, ignore_errors=True)
        for name in (place, SUMS):
            (made / name).replace(into / name)
    return tuple(into / name for name in [*names, Path(SUMS)])


def _fit(folder: Path, into: Path) -> CriticFile:
    """What the adapter says of itself; refuses one of another base, and one that is not measured or worth nothing."""
    from agent.backbones.hf_model import weights_hash

    file = read_critic(folder)
    absent = [name for name in (CARD, *ADAPTER_NEEDED) if not (folder / name).is_file()]
    if file is None or absent:
        raise ModelError(f"there is no {folder / absent[0]}; give the folder of a seed that `winnow train run` has finished")
    if file.base is None or file.base.hash != weights_hash(into / EMBEDDED):
        raise ModelError(f"the adapter in {folder} was trained on other weights than those in {into / EMBEDDED}; train it again with `winnow train run`")
    if file.measured is None:
        raise ModelError(f"the adapter in {folder} has not been measured; run `winnow critic card {folder} --pairs FILE --write`")
    if file.measured.refusal:
        raise ModelError(f"the adapter in {folder} is not fit to be shipped: {file.measured.refusal}; train another")
    if not file.measured.shown:
        raise ModelError(f"the card of the adapter in {folder} has no interval that lies above chance; run `winnow critic card {folder} --write` with more pairs or pools")
    return file


@contextmanager
def _made(into: Path) -> Iterator[Path]:
    """A folder on the same disk as `into`, gone when the block ends."""
    try:
        with TemporaryDirectory(prefix=".shipment-", dir=into) as made:
            yield Path(made)
    except OSError as error:
        raise StoreError(f"{into} cannot be written: {error.strerror or error}; make room or give another place") from error


def _half(folder: Path, half: Path, card: Path) -> Path:
    """The folder with weights of float16 and nothing that is not needed."""
    if not card.exists():
        raise ModelError(f"there is no {card}; write the model card first, or give it with --card")
    model = model_from_hf(folder)
    config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    config.pop("torch_dtype", None)
    half.mkdir()
    (half / "config.json").write_text(json.dumps({**config, "dtype": "float16"}, indent=2) + "\n", "utf-8")
    for name in _COPIED:
        if not (folder / name).exists():
            raise ModelError(f"there is no {folder / name}; a shipped model has {', '.join(NEEDED)}")
        shutil.copyfile(folder / name, half / name)
    for name in filter(lambda record: (folder / record).exists(), _RECORDS):
        shutil.copyfile(folder / name, half / name)
    shutil.copyfile(card, half / CARD)
    _write_weights(model, half / WEIGHTS)
    return half


def _write_weights(model: HfModel, path: Path) -> None:
    try:
        from safetensors.numpy import save_file
    except ImportError:
        raise MissingExtra("hf", "writing weights") from None
    halves = {name: _rounded(name, model.tensors[name]) for name in tensor_places(model.shape)}
    try:
        save_file(halves, path, {"format": "pt"})
        path.chmod(0o644)  # the library makes it readable for its owner alone
    except Exception as error:  # noqa: BLE001  the library has an error of its own for a full disk
        raise StoreError(f"{path} cannot be written: {error}; make room or give another place") from None


def _rounded(name: str, given: NDArray[Any]) -> NDArray[np.float16]:
    import numpy as np

    with np.errstate(over="ignore"):
        half = np.ascontiguousarray(given, np.float16)
    if not np.isfinite(half).all():
        raise ModelError(f"the tensor {name} has values that float16 cannot hold; train it again, with weight decay")
    return half


def _line(name: Path, file: Path) -> str:
    with file.open("rb") as stream:
        return f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {name.as_posix()}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.export.shipment", description="Makes the files of the embedded model.")
    parser.add_argument("folder", type=Path, help="folder of a trained model as transformers saves it, or of an adapter")
    parser.add_argument("--adapter", action="store_true", help="the folder holds an adapter of the embedded model")
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder to write to; absent, the package's own")
    parser.add_argument("--card", type=Path, help="model card; absent, README.md of the folder")
    given = parser.parse_args(arguments)
    if given.adapter and given.card:
        parser.error("--card goes with a model; an adapter's card is the README.md of its folder")
    try:
        written = ship_adapter(given.folder, given.into) if given.adapter else ship(given.folder, given.into, given.card)
    except WinnowError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.status
    sys.stderr.write("".join(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)\n" for path in written))
    return 0


__all__ = ["ship", "ship_adapter"]

if __name__ == "__main__":
    sys.exit(main())
