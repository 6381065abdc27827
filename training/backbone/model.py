"""The model as it is trained: Qwen3's arithmetic, laid out for trees of one prompt and several letters.

Decides how attention runs over a tree: a prompt is read once, and each letter sees the prompt and itself.
The parameters bear the names of transformers, and a test holds their outputs equal.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from training.export.gguf_model import Shape


class Batch(NamedTuple):
    """Prompts (rows by tokens) and their letters (rows by letters by tokens), padded on the right."""

    trunk: Tensor
    trunk_lengths: Tensor
    leaves: Tensor
    leaf_lengths: Tensor
    heads: Tensor
    """Where the untrained part of each prompt ends: its static text."""
    copied: Tensor
    """Which tokens of the letters belong to a name or number of their prompt."""


class Hidden(NamedTuple):
    trunk: Tensor
    leaves: Tensor


class Norm(nn.Module):
    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self._eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return fn.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), self._eps)


class Turn(NamedTuple):
    """Cosine and sine of each position's rotation."""

    cos: Tensor
    sin: Tensor

    def of(self, x: Tensor) -> Tensor:
        left, right = x.chunk(2, -1)
        return x * self.cos + torch.cat((-right, left), -1) * self.sin


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._shape = shape
        query, key = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
        self.q_proj = nn.Linear(shape.hidden, query, bias=False)
        self.k_proj = nn.Linear(shape.hidden, key, bias=False)
        self.v_proj = nn.Linear(shape.hidden, key, bias=False)
        self.o_proj = nn.Linear(query, shape.hidden, bias=False)
        self.q_norm = Norm(shape.head_dim, shape.norm_eps)
        self.k_norm = Norm(shape.head_dim, shape.norm_eps)

    def forward(self, trunk: Tensor, leaves: Tensor, turns: tuple[Turn, Turn], seen: Tensor) -> tuple[Tensor, Tensor]:
        tq, tk, tv = self._parts(trunk, turns[0])
        lq, lk, lv = self._parts(leaves, turns[1])
        each = leaves.shape[0] // trunk.shape[0]
        keys = torch.cat((tk.repeat_interleave(each, 0), lk), 2)
        values = torch.cat((tv.repeat_interleave(each, 0), lv), 2)
        above = fn.scaled_dot_product_attention(tq, tk, tv, is_causal=True)
        below = fn.scaled_dot_product_attention(lq, keys, values, attn_mask=seen)
        return self._out(above), self._out(below)

    def _parts(self, x: Tensor, turn: Turn) -> tuple[Tensor, Tensor, Tensor]:
        shape = self._shape
        rows, length, _ = x.shape
        query = self.q_norm(self.q_proj(x).view(rows, length, shape.heads, shape.head_dim)).transpose(1, 2)
        key = self.k_norm(self.k_proj(x).view(rows, length, shape.kv_heads, shape.head_dim)).transpose(1, 2)
        value = self.v_proj(x).view(rows, length, shape.kv_heads, shape.head_dim).transpose(1, 2)
        times = shape.heads // shape.kv_heads
        return turn.of(query), turn.of(key).repeat_interleave(times, 1), value.repeat_interleave(times, 1)

    def _out(self, x: Tensor) -> Tensor:
        rows, _, length, _ = x.shape
        out: Tensor = self.o_proj(x.transpose(1, 2).reshape(rows, length, -1))
        return out


class FeedForward(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.ffn, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.ffn, bias=False)
        self.down_proj = nn.Linear(shape.ffn, shape.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(fn.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn = Attention(shape)
        self.mlp = FeedForward(shape)
        self.input_layernorm = Norm(shape.hidden, shape.norm_eps)
        self.post_attention_layernorm = Norm(shape.hidden, shape.norm_eps)

    def forward(self, trunk: Tensor, leaves: Tensor, turns: tuple[Turn, Turn], seen: Tensor) -> tuple[Tensor, Tensor]:
        above, below = self.self_attn(self.input_layernorm(trunk), self.input_layernorm(leaves), turns, seen)
        trunk, leaves = trunk + above, leaves + below
        return (
            trunk + self.mlp(self.post_attention_layernorm(trunk)),
            leaves + self.mlp(self.post_attention_layernorm(leaves)),
        )


class _Body(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocab, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.hidden, shape.norm_eps)


class TreeModel(nn.Module):
    """Hidden states of prompts and letters; `logits` turns those that are wanted into scores of words."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.model = _Body(shape)
        for name, weight in self.named_parameters():
            if weight.dim() > 1:  # larger embeddings than usual: copying is learned several times sooner
                nn.init.normal_(weight, std=0.06 if "embed" in name else 0.02)

    def forward(self, batch: Batch) -> Hidden:
        rows, letters, length = batch.leaves.shape
        prompt = batch.trunk.shape[1]
        trunk = self.model.embed_tokens(batch.trunk)
        leaves = self.model.embed_tokens(batch.leaves.reshape(rows * letters, length))
        starts = batch.trunk_lengths.repeat_interleave(letters)
        dtype = torch.bfloat16 if torch.is_autocast_enabled(trunk.device.type) else trunk.dtype
        along = torch.arange(length, device=trunk.device)
        turns = (
            self._turn(torch.arange(prompt, device=trunk.device)[None], dtype),
            self._turn(starts[:, None] + along[None], dtype),
        )
        for layer in self.model.layers:
            trunk, leaves = layer(trunk, leaves, turns, _seen(starts, prompt, length, dtype))
        return Hidden(self.model.norm(trunk), self.model.norm(leaves).view(rows, letters, length, -1))

    def logits(self, hidden: Tensor) -> Tensor:
        return fn.linear(hidden, self.model.embed_tokens.weight)

    def _turn(self, positions: Tensor, dtype: torch.dtype) -> Turn:
        half = torch.arange(0, self.shape.head_dim, 2, device=positions.device).float() / self.shape.head_dim
        angles = positions[..., None].float() * self.shape.rope_base**-half
        both = torch.cat((angles, angles), -1)[:, None]
        return Turn(both.cos().to(dtype), both.sin().to(dtype))


def _seen(starts: Tensor, prompt: int, length: int, dtype: torch.dtype) -> Tensor:
    """What each token of a letter may look at: the prompt without its padding, and the letter up to itself."""
    inside = torch.arange(prompt, device=starts.device)[None] < starts[:, None]
    own = torch.ones(length, length, dtype=torch.bool, device=starts.device).tril()
    both = torch.cat((inside[:, None].expand(-1, length, -1), own[None].expand(len(starts), -1, -1)), -1)
    return torch.zeros(both.shape, dtype=dtype, device=starts.device).masked_fill(~both, float("-inf"))[:, None]


__all__ = ["Batch", "Hidden", "TreeModel"]
