"""What `winnow doctor` says of the model that the settings name, and of the memory a run will need.

Decides what is broken (a run with these settings would stop) and what a person should know. A GGUF is
opened, which maps its file; of other backbones only what can be seen without loading weights is looked at. The embedded model's files are checked by their sums.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.backbones.spec import BackboneSpec, HfSpec, LlamaSpec, OpenaiSpec
from agent.cli.checks import Check
from agent.config import Config
from agent.models import EMBEDDED, embedded_folder, embedded_gguf
from rubric import load_playbook, read_prospect
from rubric.errors import MissingExtra, WinnowError

if TYPE_CHECKING:
    from agent.backbones.llama_file import Gguf

_SAMPLE = {"company": {"name": "Example", "headcount": 60, "hq": "Germany"}, "recipient": {"name": "Maya Example"}}
_KV_BYTES, _ROWS = 2, 64
_TRADE = "tenacious"  # the playbook whose letters the embedded model was trained on


def examine_model(config: Config) -> Iterator[Check]:
    spec = config.backbone
    yield Check("backbone", "ok", ", ".join(f"{k} {v}" for k, v in spec.model_dump().items() if v not in (None, "", {})))
    told = list(_embedded(config)) if _is_embedded(spec) else []
    yield from told
    if any(check.status == "broken" for check in told):
        pass
    elif isinstance(spec, LlamaSpec):
        yield from _llama(spec, config)
    elif isinstance(spec, OpenaiSpec):
        yield _key(spec)
    elif isinstance(spec, HfSpec):
        yield _weights(spec)
    yield _store(config)


def _is_embedded(spec: BackboneSpec) -> bool:
    """Whether the config names Winnow's own model, and nothing beside it that would be taken first."""
    if isinstance(spec, LlamaSpec):
        return spec.model in (None, EMBEDDED) and spec.repo is None and spec.file is None
    return isinstance(spec, HfSpec) and spec.model == EMBEDDED


def _embedded(config: Config) -> Iterator[Check]:
    """What the embedded model is, and whether it is whole."""
    try:
        known = _folder_size(embedded_folder()) if isinstance(config.backbone, HfSpec) else _file_size(embedded_gguf())
    except WinnowError as error:
        yield Check("embedded model", "broken", str(error), "install winnow again, or name another model under 'backbone'")
        return
    yield Check("embedded model", "ok", f"{known}, SHA-256 as shipped; for demonstration: it writes only about the trade of the playbook {_TRADE!r}")
    if (playbook := load_playbook(config.playbook, config.capacity).name) != _TRADE:
        yield Check("trade", "note", f"the embedded model knows that of {_TRADE!r} and the playbook is {playbook!r}", "name a larger model under 'backbone'")


def _file_size(path: Path) -> str:
    from agent.backbones.llama_file import read_gguf

    weights = sum(prod(tensor.shape) for tensor in read_gguf(path).tensors.values())
    return f"{path.name}, {weights / 1e6:.1f} million weights in {path.stat().st_size / 1e6:.1f} MB"


def _folder_size(folder: Path) -> str:
    return f"{folder}, {sum(file.stat().st_size for file in folder.iterdir()) / 1e6:.1f} MB"


def _llama(spec: LlamaSpec, config: Config) -> Iterator[Check]:
    try:
        from agent.backbones.llama import LlamaBackbone
    except ImportError:
        yield Check("model", "note", "llama-cpp-python is not installed", "python -m pip install 'winnow[llama]'")
        return
    try:
        with LlamaBackbone(spec) as backbone:
            yield from _opened(backbone, config)
            yield _memory(_need(backbone.file, backbone.count(_prompt(config)).total + config.k * config.max_tokens))
    except MissingExtra as error:
        yield Check("model", "note", "llama-cpp-python is not installed", str(error).rpartition(": ")[2])
    except WinnowError as error:
        yield Check("model", "broken", str(error), "set 'backbone', or give --backbone llama:FILE.gguf to draft")


def _opened(backbone: Any, config: Config) -> Iterator[Check]:
    identity = backbone.identity
    yield Check("model", "ok", f"{identity.model}, hash {identity.hash}, trained for {identity.context} tokens")
    yield Check("threads", "ok", f"{identity.details['threads']} of {os.cpu_count()} processors")
    tokens = backbone.count(_prompt(config))
    need = tokens.total + config.max_tokens
    said = f"a short brief makes a prompt of {tokens.total} tokens ({tokens.static} the same for all), max_tokens adds {config.max_tokens}"
    if identity.context is not None and need > identity.context:
        yield Check("context", "broken", f"{said}; the model has {identity.context}", "use a model with a larger context, or lower max_tokens")
    else:
        yield Check("context", "ok", f"{said}; the model has {identity.context}")


def _need(file: Gguf, tokens: int) -> int:
    """Bytes of weights, of keys and values for the tokens, and of the rows of logits that scoring looks at."""
    kind = file.architecture
    layers, heads = file.whole(f"{kind}.block_count") or 0, file.whole(f"{kind}.attention.head_count_kv") or 0
    width = (file.whole(f"{kind}.attention.key_length") or 0) + (file.whole(f"{kind}.attention.value_length") or 0)
    words = file.values.get("tokenizer.ggml.tokens")
    return file.path.stat().st_size + layers * heads * width * _KV_BYTES * tokens + _ROWS * 4 * getattr(words, "length", 0)


def _memory(need: int) -> Check:
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None
    found = f"a run needs about {need / 2**30:.1f} GB" + ("" if have is None else f", the machine has {have / 2**30:.1f} GB")
    if have is not None and need > have:
        return Check("memory", "broken", found, "use a smaller model or quantisation, or lower k and max_tokens")
    return Check("memory", "ok", found)


def _prompt(config: Config) -> Any:
    from prompts import Prompts

    playbook = load_playbook(config.playbook, config.capacity)
    return Prompts(config.templates).generator(read_prospect(_SAMPLE), playbook, style=config.prompt, sender=config.sender)


def _key(spec: OpenaiSpec) -> Check:
    if os.environ.get(spec.api_key_env):
        return Check("server key", "ok", f"{spec.api_key_env} is set")
    return Check("server key", "note", f"{spec.api_key_env} is not set; {spec.base_url} gets no key", f"export {spec.api_key_env}=… if it wants one")


def _weights(spec: HfSpec) -> Check:
    try:
        folder = embedded_folder() if spec.model == EMBEDDED else Path(spec.model).expanduser()
    except WinnowError as error:
        return Check("model", "broken", str(error), "set 'backbone', or give --backbone hf:FOLDER to draft")
    if folder.is_dir():
        size = sum(p.stat().st_size for p in folder.glob("*.safetensors"))
        return Check("model", "ok" if size else "broken", f"{folder}, {size / 2**30:.2f} GB of weights", None if size else "give a folder with .safetensors files")
    return Check("model", "note", f"{spec.model} is no folder here and is looked up on the hub when it is first used")


def _store(config: Config) -> Check:
    if "://" not in config.store and not Path(config.store).exists():
        return Check("store", "ok", f"{config.store}, which the first run will make")
    from agent.store import Store

    try:
        with Store(config.store) as store:
            counts, shown = store.counts(), store.shown
    except WinnowError as error:
        return Check("store", "broken", str(error), "give another with --store, or mend it")
    return Check("store", "ok", f"{shown}: {', '.join(f'{n} {o}' for o, n in counts.items()) or 'no drafts yet'}")


__all__ = ["examine_model"]
