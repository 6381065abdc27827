"""Opening a transformers model: folder or hub, device, type of the weights, and their hash.

Decides what is refused with a fix instead of failing inside torch: a missing folder, a hub that cannot be
reached, weights that are broken or incomplete, a device that is not there. Weights come from
safetensors only, and no code of a model's folder is run.
"""

from __future__ import annotations

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from agent.backbones.llama_file import content_hash
from agent.backbones.meter import cores
from agent.backbones.spec import HfSpec
from agent.backbones.tokenizer import LocalTokenizer
from agent.models import EMBEDDED, embedded_folder
from rubric.errors import ConfigError, MissingExtra, ModelError

try:
    import torch
    import transformers
    from transformers import AutoModelForCausalLM
except ImportError:
    raise MissingExtra("hf", "a backbone of kind hf") from None

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_WANTED = ["*.json", "*.safetensors", "*.jinja"]
_ENDS = (
    "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|return|>", "<|call|>", "<end_of_turn>",
    "<turn|>", "<|end_of_text|>", "<\uff5cend\u2581of\u2581sentence\uff5c>",
)  # fmt: skip


class Opened(NamedTuple):
    """A model ready to run; `stops` are the ids that end a turn."""

    model: Any
    tokenizer: LocalTokenizer
    folder: Path
    device: torch.device
    context: int
    vocab: int
    stops: frozenset[int]


def open_model(spec: HfSpec) -> Opened:
    device = pick_device(spec)
    quantization = _quantization(spec, device)
    folder = find_folder(spec)
    tokenizer = LocalTokenizer(str(folder), thinking=spec.thinking)
    torch.set_num_threads(spec.threads or cores())
    model = _load(spec, folder, device, quantization)
    config = model.config.get_text_config(decoder=True)
    context = getattr(config, "max_position_embeddings", None)
    if not isinstance(context, int):
        raise ModelError(f"{spec.model}: its config does not say 'max_position_embeddings'; use a causal chat model")
    return Opened(model, tokenizer, folder, device, context, int(config.vocab_size), _stops(model, tokenizer, config))


def pick_device(spec: HfSpec) -> torch.device:
    name = spec.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError(f"backbone: device is {spec.device!r}; expected auto, cpu, cuda or cuda:N") from None
    if device.type not in ("cpu", "cuda"):
        raise ConfigError(f"backbone: device is {spec.device!r}; expected auto, cpu, cuda or cuda:N")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ConfigError(f"backbone: device is {spec.device!r} and torch sees {torch.cuda.device_count()} CUDA devices; set 'device: cpu', or install a CUDA build of torch")
    return device


def find_folder(spec: HfSpec) -> Path:
    """The local folder of the model, fetched from the hub where `model` is a hub name."""
    if spec.model == EMBEDDED:
        return embedded_folder()
    path = Path(spec.model).expanduser()
    if path.is_dir():
        if not (path / "config.json").exists():
            raise ModelError(f"{path} holds no config.json; give a folder that transformers saved")
        return path
    if path.exists() or not _is_hub_name(spec.model):
        raise ModelError(f"{spec.model}: there is no such folder; give a model's folder, or a hub name such as unsloth/Qwen3-1.7B")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(spec.model, revision=spec.revision, allow_patterns=_WANTED))
    except Exception as error:  # noqa: BLE001  the hub's client raises errors of several libraries
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{spec.model} is no local folder and cannot be had from the hub: {type(error).__name__}: {reason}; check the name and the network, or give a local folder") from None


def _is_hub_name(name: str) -> bool:
    return not name.startswith((".", "/", "~")) and "\\" not in name and len(name.split("/")) <= 2


def _quantization(spec: HfSpec, device: torch.device) -> Any:
    if spec.quantization == "none":
        return None
    if device.type != "cuda":
        raise ConfigError(f"backbone: quantization {spec.quantization} needs CUDA and the device is {device}; set 'quantization: none', or use a GGUF file with kind llama")
    if find_spec("bitsandbytes") is None:
        raise MissingExtra("gpu", f"quantization {spec.quantization}")
    settings: Any = transformers.BitsAndBytesConfig
    if spec.quantization == "int8":
        return settings(load_in_8bit=True)
    compute = _DTYPES.get(spec.dtype, torch.bfloat16)
    return settings(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=compute, bnb_4bit_use_double_quant=True)


def _load(spec: HfSpec, folder: Path, device: torch.device, quantization: Any) -> Any:
    logging: Any = transformers.utils.logging
    logging.disable_progress_bar()
    auto: Any = AutoModelForCausalLM
    dtype: Any = _DTYPES.get(spec.dtype, torch.float32 if device.type == "cpu" else "auto")
    more = {"quantization_config": quantization, "device_map": {"": str(device)}} if quantization else {}
    try:
        model, loading = auto.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, local_files_only=True, output_loading_info=True, **more
        )
        _refuse_incomplete(spec, loading)
        return (model if quantization else model.to(device)).eval()
    except torch.OutOfMemoryError:
        raise ModelError(f"{spec.model} does not fit into the memory of {device}; set 'quantization: nf4', or take a smaller model") from None
    except ModelError:
        raise
    except Exception as error:  # the one boundary to what reading weights may raise
        reason = " ".join(str(error).split())[:300]
        raise ModelError(f"{spec.model} cannot be loaded: {type(error).__name__}: {reason}; check that the folder is complete, and download it again if not") from error


def _refuse_incomplete(spec: HfSpec, loading: dict[str, Any]) -> None:
    for key, what in (("missing_keys", "lack"), ("mismatched_keys", "have in another shape")):
        names = sorted(map(str, loading.get(key) or ()))
        if names:
            raise ModelError(f"{spec.model}: the weights {what} {names[0]:.120} ({len(names)} tensors in all); download the folder again")


def _stops(model: Any, tokenizer: LocalTokenizer, config: Any) -> frozenset[int]:
    found = {tokenizer.id_of(name) for name in _ENDS} | {tokenizer.eos}
    for source in (model.generation_config, config):
        given = getattr(source, "eos_token_id", None)
        found.update(given if isinstance(given, list) else [given])
    return frozenset(token for token in found if token is not None)


def weights_hash(folder: Path) -> str:
    """A hash over weights, tokenizer and chat template; files beyond 256 MB count by size, ends and places between."""
    digest = hashlib.sha256()
    beside = ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
    for file in sorted([*folder.glob("*.safetensors"), *(folder / name for name in beside if (folder / name).exists())]):
        digest.update(f"{file.name}\0{content_hash(file)}\0".encode())
    return digest.hexdigest()[:16]


def tensors_of(file: Path) -> dict[str, tuple[int, ...]]:
    """The names and shapes in a safetensors file."""
    try:
        with file.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            whole = 8 + size <= file.stat().st_size
            header = json.loads(stream.read(size)) if whole else None
        return {name: tuple(entry["shape"]) for name, entry in header.items() if name != "__metadata__"} if header else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{file} cannot be read: {error}; copy it again") from None


__all__ = ["Opened", "find_folder", "open_model", "pick_device", "tensors_of", "weights_hash"]
