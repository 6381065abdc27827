"""The two verbs of a generator, `sample` and `score`, and the one place that opens one from config.

Both verbs are stateless to the caller: what a backbone keeps in memory between calls changes what a
call costs and never what it returns. Importing this loads no backbone.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple, Protocol, cast

from pydantic import BaseModel, ConfigDict, Field

from agent.backbones.spec import BackboneSpec
from critic.candidate import Completion, Cost
from critic.scorer import Scored
from prompts.pieces import Prompt


class Sampling(BaseModel):
    """How tokens are drawn. Temperature 0 takes the likeliest token and ignores the rest."""

    model_config = ConfigDict(frozen=True)

    temperature: float = Field(0.8, ge=0, le=5)
    top_p: float = Field(0.95, gt=0, le=1)
    top_k: int = Field(0, ge=0, description="0 keeps all")
    min_p: float = Field(0.0, ge=0, lt=1)
    repeat_penalty: float = Field(1.0, gt=0, description="1 does nothing")
    max_tokens: int = Field(320, ge=1)


class Identity(BaseModel):
    """What a receipt says about the model: enough to tell whether a replay runs the same one."""

    model_config = ConfigDict(frozen=True)

    kind: str
    model: str
    hash: str | None = Field(None, description="of the weights; null where a server holds them")
    context: int | None = Field(None, description="most tokens of prompt and completion together")
    details: dict[str, str] = Field({}, description="versions, threads, processor features: what a bit-identical replay needs")


class Tokens(NamedTuple):
    """How long a prompt is; the first `static` tokens are the same for every prospect."""

    total: int
    static: int


class Sampled(NamedTuple):
    """One completion for each seed, in their order."""

    completions: tuple[Completion, ...]
    cost: Cost


class Backbone(Protocol):
    @property
    def identity(self) -> Identity: ...

    def count(self, prompt: Prompt) -> Tokens | None:
        """The prompt's length in tokens, without running the model; None where only a server knows."""
        ...

    def sample(self, prompt: Prompt, seeds: Sequence[int], sampling: Sampling) -> Sampled:
        """One completion for each seed. Refuses, before any work, what does not fit the context."""
        ...

    def score(self, prompt: Prompt, completions: Sequence[Sequence[int]], adapter: str | None = None) -> Scored:
        """Log-probabilities of token ids behind the prompt; `adapter` is a path, or a server's name for one."""
        ...

    def tokenize(self, text: str, *, control: bool = False) -> tuple[int, ...]:
        """Token ids of a text; what looks like a control token is one only where `control`."""
        ...

    def close(self) -> None:
        """Frees the memory; calling it twice is fine."""
        ...


_PLACES = {
    "llama": ("agent.backbones.llama", "LlamaBackbone"),
    "hf": ("agent.backbones.hf", "HfBackbone"),
    "openai": ("agent.backbones.openai", "OpenaiBackbone"),
    "scripted": ("agent.backbones.scripted", "ScriptedBackbone"),
}


def open_backbone(spec: BackboneSpec) -> Backbone:
    """The backbone that a config block names; raises a `ModelError` or `MissingExtra` that says the fix."""
    module, name = _PLACES[spec.kind]
    return cast(Backbone, getattr(import_module(module), name)(spec))


__all__ = ["Backbone", "Identity", "Sampled", "Sampling", "Tokens", "open_backbone"]
