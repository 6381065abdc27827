"""What the config says about a backbone: one block, checked, for each kind.

    backbone: {kind: llama, model: embedded}                                   # default, no network
    backbone: {kind: llama, repo: Qwen/Qwen3-1.7B-GGUF, file: Qwen3-1.7B-Q4_K_M.gguf}
    backbone: {kind: hf, model: embedded}                                      # the same weights under transformers
    backbone: {kind: hf, model: unsloth/Qwen3-1.7B, device: auto, dtype: auto}
    backbone: {kind: openai, base_url: http://127.0.0.1:8000/v1, model: Qwen/Qwen3-1.7B}
    backbone: {kind: scripted, replies: replies.txt}
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_SECRET = re.compile(r"(api|access|secret)[-_ ]?key|secret|password|authori[sz]ation|bearer|token$", re.I)


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LlamaSpec(Spec):
    """A GGUF file through llama.cpp, on this machine."""

    kind: Literal["llama"] = "llama"
    model: str | None = Field("embedded", description="Path of a GGUF file, or 'embedded' for the small model that comes with Winnow.")
    repo: str | None = Field(None, description="Hub repository that holds the GGUF, such as Qwen/Qwen3-1.7B-GGUF; needs 'file'.")
    file: str | None = Field(None, description="File name in 'repo'.")
    context: int | None = Field(None, ge=64, description="Tokens of memory; absent, what k candidates behind the longest prompt need.")
    threads: int | None = Field(None, ge=1, description="Threads; absent, all cores. Fewer where other programs keep cores busy: threads wait for one another at each token.")
    gpu_layers: int = Field(0, ge=-1, description="Layers on the GPU, -1 for all; needs a GPU build of llama-cpp-python.")
    thinking: bool = Field(False, description="Let a thinking model think; its template must know 'enable_thinking'.")


class HfSpec(Spec):
    """A transformers model, from a local folder or a hub."""

    kind: Literal["hf"] = "hf"
    model: str = Field("embedded", description="Local folder or hub name, such as unsloth/Qwen3-1.7B, or 'embedded' for the small model that comes with Winnow.")
    revision: str | None = Field(None, description="Branch, tag or commit on the hub.")
    device: str = Field("auto", description="auto, cpu, cuda or cuda:N.")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field("auto", description="Weights' type; auto takes the model's own on a GPU and float32 on a CPU.")
    quantization: Literal["none", "int8", "nf4"] = Field("none", description="Weights in 8 or 4 bits through bitsandbytes; needs CUDA.")
    threads: int | None = Field(None, ge=1, description="Threads on a CPU; absent, all cores.")
    thinking: bool = Field(False, description="Let a thinking model think; its template must know 'enable_thinking'.")


class OpenaiSpec(Spec):
    """Any OpenAI-compatible server: vLLM, SGLang, llama-server, or the vendor's own."""

    kind: Literal["openai"] = "openai"
    base_url: str = Field("https://api.openai.com/v1", description="Address of the API, with its version path.")
    model: str = Field(description="Name of the model on the server.")
    api_key_env: str = Field("OPENAI_API_KEY", description="Environment variable that holds the key; the key itself is never in a file.")
    tokenizer: str | None = Field(None, description="Local folder of the model's tokenizer; needed to score, so that the ids are ours.")
    timeout_s: float = Field(120.0, gt=0, description="Longest wait for one answer, in seconds.")
    retries: int = Field(4, ge=0, le=20, description="Further tries after 429, 5xx, time-outs and broken connections.")
    extra_body: dict[str, object] = Field({}, description="Further keys for each request, such as {chat_template_kwargs: {enable_thinking: false}}.")


    @field_validator("base_url")
    @classmethod
    def _no_password(cls, value: str) -> str:
        if "@" in value.partition("://")[2].partition("/")[0]:
            raise ValueError("a user name or password in it would reach receipts; put the key into the environment")
        return value

    @field_validator("extra_body")
    @classmethod
    def _no_secret(cls, value: dict[str, object]) -> dict[str, object]:
        for key in value:
            if _SECRET.search(key):
                raise ValueError(f"{key!r} looks like a secret and would reach receipts; put the key into the environment")
        return value


class ScriptedSpec(Spec):
    """Letters from a list, for tests and tutorials; no model."""

    kind: Literal["scripted"] = "scripted"
    replies: str | None = Field(None, description="Text file of letters parted by lines of '---'; absent, built-in ones.")


BackboneSpec = Annotated[LlamaSpec | HfSpec | OpenaiSpec | ScriptedSpec, Field(discriminator="kind")]

__all__ = ["BackboneSpec", "HfSpec", "LlamaSpec", "OpenaiSpec", "ScriptedSpec"]
