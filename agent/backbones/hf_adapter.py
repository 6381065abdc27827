"""LoRA adapters on one set of transformers weights: put on, taken off, never merged.

Decides whether an adapter belongs to the model before PEFT sees it: a missing module or another width is
refused with both sides named. An activated adapter is run with its extent said outright, because PEFT
would look for the invocation in the ids of each call and, finding none, silently run the bare model.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from agent.backbones.hf_model import tensors_of
from rubric.errors import MissingExtra, ModelError

if TYPE_CHECKING:
    import torch

_SIDES = {".lora_A.weight": "in_features", ".lora_B.weight": "out_features"}


class Adapter(NamedTuple):
    """A loaded adapter; `invocation` holds the tokens that wake an activated one."""

    name: str
    path: Path
    invocation: tuple[int, ...]

    def wakes_at(self, ids: Sequence[int]) -> int:
        """The first position that an activated adapter acts on: the last invocation in the prompt."""
        wanted = self.invocation
        for start in range(len(ids) - len(wanted), -1, -1):
            if tuple(ids[start : start + len(wanted)]) == wanted:
                return start
        raise ModelError(
            f"{self.path}: the adapter wakes at the tokens {list(wanted)[:8]} and the prompt has none of them, so it was "
            f"made for another chat template; use an adapter of this model"
        )


class Wardrobe:
    """The adapters of one model, each loaded once and again only when its file has changed."""

    def __init__(self, model: Any, hub_name: str | None) -> None:
        self._model = model
        self._hub_name = hub_name
        self._peft: Any = None
        self._loaded: dict[tuple[Path, int, int], Adapter] = {}
        self._names = count()

    def adapter(self, given: str) -> Adapter:
        folder = Path(given).expanduser()
        config = self._checked_config(folder)
        file = folder / "adapter_model.safetensors"
        if not file.exists():
            raise ModelError(f"there is no {file}; give a folder that PEFT saved as safetensors")
        stat = file.stat()
        key = (folder.resolve(), stat.st_mtime_ns, stat.st_size)
        if key not in self._loaded:
            self._refuse_misfit(folder, tensors_of(file))
            invocation = tuple(config.get("alora_invocation_tokens") or ())
            self._loaded[key] = self._load(Adapter(f"adapter{next(self._names)}", folder, invocation))
        return self._loaded[key]

    @contextmanager
    def worn(self, adapter: Adapter | None) -> Iterator[None]:
        """Within the block the model has this adapter on, or none."""
        if self._peft is None:
            yield
        elif adapter is None:
            with self._peft.disable_adapter():
                yield
        else:
            self._peft.set_adapter(adapter.name)
            yield

    def forward(self, adapter: Adapter | None, ids: torch.Tensor, **more: Any) -> torch.Tensor:
        """Logits of one pass; every token of it is behind the invocation of an activated adapter."""
        if adapter is not None and adapter.invocation:
            rows, columns = ids.shape
            return self._peft(input_ids=ids, alora_offsets=[columns] * rows, **more).logits  # type: ignore[no-any-return]
        return self._model(input_ids=ids, **more).logits  # type: ignore[no-any-return]

    def _load(self, adapter: Adapter) -> Adapter:
        try:
            from peft import PeftModel
        except ImportError:
            raise MissingExtra("hf", "an adapter") from None
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("error", message=".*missing adapter keys.*")
                if self._peft is None:
                    self._peft = PeftModel.from_pretrained(self._model, str(adapter.path), adapter.name)
                else:
                    _refuse_missing(self._peft.load_adapter(str(adapter.path), adapter.name).missing_keys)
        except Exception as error:  # the one boundary to what PEFT may raise
            self._take_back(adapter.name)
            reason = " ".join(str(error).split())[:300]
            raise ModelError(f"{adapter.path} cannot be put on the model: {type(error).__name__}: {reason}; use an adapter of this model") from error
        self._peft.eval()
        return adapter

    def _take_back(self, name: str) -> None:
        """Undoes what a failed load has put into the model."""
        if self._peft is None:
            for path, module in list(self._model.named_modules()):
                if hasattr(module, "base_layer"):
                    parent, _, child = path.rpartition(".")
                    setattr(self._model.get_submodule(parent), child, module.base_layer)
            if hasattr(self._model, "peft_config"):
                del self._model.peft_config
        elif name in self._peft.peft_config:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._peft.delete_adapter(name)

    def _checked_config(self, folder: Path) -> dict[str, Any]:
        if not folder.is_dir():
            raise ModelError(f"{folder}: the hf backbone takes an adapter as a folder that PEFT saved, and there is none of this name")
        try:
            config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"{folder / 'adapter_config.json'} cannot be read: {error}; give a folder that PEFT saved") from None
        if not isinstance(config, dict) or config.get("peft_type") != "LORA":
            raise ModelError(f"{folder}: this is no LoRA adapter; train one with peft_type LORA")
        self._refuse_other_name(folder, config.get("base_model_name_or_path"))
        return config

    def _refuse_other_name(self, folder: Path, base: Any) -> None:
        """Hub names can be compared; a folder may have been moved."""
        if not self._hub_name or not isinstance(base, str) or base.count("/") != 1 or base.startswith((".", "/", "~")):
            return
        if _stem(base) != _stem(self._hub_name) and not Path(base).exists():
            raise ModelError(f"{folder}: the adapter was made for {base} and the model is {self._hub_name}; use an adapter of this model")

    def _refuse_misfit(self, folder: Path, tensors: dict[str, tuple[int, ...]]) -> None:
        found = False
        for name, shape in tensors.items():
            for side, attribute in _SIDES.items():
                if name.endswith(side):
                    found = True
                    module = name.removeprefix("base_model.model.").removesuffix(side)
                    self._refuse_width(folder, module, shape[1] if side.startswith(".lora_A") else shape[0], attribute)
        if not found:
            raise ModelError(f"{folder}: its weights hold no LoRA, or are cut short; copy the adapter again")

    def _refuse_width(self, folder: Path, module: str, width: int, attribute: str) -> None:
        part: Any = self._model
        for name in module.split("."):
            part = getattr(part, name, None)
        wanted = getattr(part, attribute, None)
        if part is None:
            raise ModelError(f"{folder}: the adapter was made for another base: the model has no {module:.100}; use an adapter of this model")
        if wanted is not None and wanted != width:
            raise ModelError(f"{folder}: the adapter was made for another base: {module:.100} has {attribute} {wanted} and the adapter {width}; use an adapter of this model")


def _refuse_missing(keys: Sequence[str]) -> None:
    if keys:
        raise ValueError(f"found missing adapter keys: {keys[0]} ({len(keys)} in all)")


def _stem(name: str) -> str:
    """A hub name without its owner and without what says how it is quantised."""
    stem = name.rsplit("/", 1)[-1].lower()
    for tail in ("-bnb-4bit", "-bnb-8bit", "-unsloth", "-4bit", "-gguf", "-fp8"):
        stem = stem.removesuffix(tail)
    return stem


__all__ = ["Adapter", "Wardrobe"]
