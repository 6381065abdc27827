"""The tokenizer of the demonstration backbone: byte-level BPE over the world's prompts and letters.

Decides the size and the control tokens: ChatML's, and no other added token, so that the exported model
reads untrusted text exactly as this one does. Digits stand alone, so that every number can be copied.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from agent.backbones.chat import CHATML
from rubric.errors import ModelError
from training.export.gguf_from_hf import QWEN_SPLIT

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

    from training.world.corpus import Tree

END, START, STOP = "<|endoftext|>", "<|im_start|>", "<|im_end|>"


def trained(texts: Iterable[str], size: int) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated", invert=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=[END, START, STOP], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def texts_of(trees: Iterable[Tree]) -> Iterator[str]:
    """What a tokenizer is trained on: bodies and letters, without the control tokens."""
    for tree in trees:
        yield tree.prefix.replace(START, "").replace(STOP, "")
        yield from (text for text, special in tree.body if not special)
        yield from tree.leaves


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """The tokenizer's files, as transformers reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    words = {
        "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": STOP, "pad_token": END, "bos_token": None,
        "clean_up_tokenization_spaces": False, "model_max_length": 4096,
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(words, indent=1) + "\n", "utf-8")
    (folder / "chat_template.jinja").write_text(CHATML, "utf-8")


def load(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def stop_id(tokenizer: Tokenizer) -> int:
    """The token that ends a letter."""
    found = tokenizer.token_to_id(STOP)
    if found is None:
        raise ModelError(f"the tokenizer has no {STOP}; delete its folder, and it is trained again")
    return int(found)


def plain_ids(tokenizer: Tokenizer, text: str) -> list[int]:
    """The ids of a text whose control tokens are read as text."""
    ids: list[int] = plain(tokenizer, text).ids
    return ids


def plain(tokenizer: Tokenizer, text: str) -> Encoding:
    """The same with the place of each token in the text."""
    tokenizer.encode_special_tokens = True
    return tokenizer.encode(text, add_special_tokens=False)


def special_ids(tokenizer: Tokenizer, text: str) -> list[int]:
    tokenizer.encode_special_tokens = False
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


__all__ = ["END", "START", "STOP", "load", "plain", "plain_ids", "save", "special_ids", "stop_id", "texts_of", "trained"]
