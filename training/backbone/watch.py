"""Whether the model in training copies names, numbers and dates: greedy letters for companies of the dev split.

Decides by `training.world.copying` alone, not by the rubric. Reports shares; stops nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from training.backbone import tokenizer as bpe
from training.backbone.corpus import MOST_LETTER, encoded
from training.backbone.model import TreeModel
from training.backbone.training import Watch
from training.world.copying import wrong_copies
from training.world.corpus import rows

_TREES, _FIRST = 24, 100_000


class Sample(NamedTuple):
    prompt: str
    ids: tuple[int, ...]


def copying(tokenizer: Path, seed: int) -> Watch:
    """A watch over letters for prompts that are the same each time."""
    reader = bpe.load(tokenizer)
    samples = tuple(_samples(tokenizer, seed))
    stop = bpe.stop_id(reader)

    def shares(model: TreeModel) -> dict[str, float]:
        found = _greedy(model, samples, stop)
        texts = [reader.decode(ids, skip_special_tokens=True) for ids in found]
        ended = [stop in ids for ids in found]
        return {name: round(count / len(samples), 3) for name, count in counts(samples, texts, ended).items()}

    return shares


def counts(samples: Sequence[Sample], texts: Sequence[str], ended: Sequence[bool]) -> dict[str, int]:
    """Letters that hold the first name, the company, and that end without a wrong copy. Gibberish has none of them:
    a letter without names and numbers has no wrong ones, so what is there counts, not only what is absent.
    """
    pairs = list(zip(samples, texts, ended, strict=True))
    return {
        "first name": sum(_holds(s.prompt, text, "First name") for s, text, _ in pairs),
        "company": sum(_holds(s.prompt, text, "Company") for s, text, _ in pairs),
        "all right": sum(
            over and _holds(s.prompt, text, "First name") and not wrong_copies(s.prompt, text) for s, text, over in pairs
        ),
        "ended": sum(ended),
    }


def _holds(prompt: str, text: str, label: str) -> bool:
    found = re.search(rf"^- {label}: (.+)$", prompt, re.M)
    return found is not None and found[1].strip() in text


def _samples(tokenizer: Path, seed: int) -> Iterator[Sample]:
    """Prompts of letters; a judge's answer copies nothing."""
    reader, made, number = bpe.load(tokenizer), 0, _FIRST
    while made < _TREES:
        for tree in rows("dev", number, number + 1, seed):
            ids = encoded(tree, reader)
            if ids and len(tree.leaves) > 1:
                yield Sample(tree.prefix + "".join(text for text, _ in tree.body), ids.prompt)
                made += 1
        number += 1


def _greedy(model: TreeModel, samples: tuple[Sample, ...], stop: int) -> list[list[int]]:
    device = next(model.parameters()).device
    longest = max(len(sample.ids) for sample in samples)
    rows = [[0] * (longest - len(sample.ids)) + list(sample.ids) for sample in samples]
    seen = [[0] * (longest - len(sample.ids)) + [1] * len(sample.ids) for sample in samples]
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
        made = _twin(model, device).generate(
            torch.tensor(rows, device=device), attention_mask=torch.tensor(seen, device=device), do_sample=False,
            max_new_tokens=MOST_LETTER, eos_token_id=stop, pad_token_id=0,
        )  # fmt: skip
    return [row[longest:].tolist() for row in made]


def _twin(model: TreeModel, device: torch.device) -> Any:
    """The same weights in transformers' model, which keeps what it has read."""
    shape = model.shape
    twin: Any = Qwen3ForCausalLM(Qwen3Config(
        vocab_size=shape.vocab, hidden_size=shape.hidden, num_hidden_layers=shape.layers, num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads, head_dim=shape.head_dim, intermediate_size=shape.ffn, rms_norm_eps=shape.norm_eps,
        max_position_embeddings=shape.context, tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": shape.rope_base},
    ))  # type: ignore[no-untyped-call]  # fmt: skip
    twin.load_state_dict(model.state_dict(), strict=False)
    twin.tie_weights()
    return twin.to(device).eval()


__all__ = ["Sample", "copying", "counts"]
