"""What is given as a model file: whole ones are read, anything else is refused before llama.cpp sees it."""

from __future__ import annotations

import builtins
import random
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("llama_cpp")
gguf = pytest.importorskip("gguf")

from agent.backbones.llama import LlamaBackbone
from agent.backbones.llama_file import check_adapter, check_model, content_hash, read_gguf
from agent.backbones.spec import LlamaSpec
from rubric.errors import ModelError
from tests.command import ROOT
from tests.tiny_llama import files
from training.random_model import TINY


def refusal(path: Path | str | None, **spec: Any) -> str:
    with pytest.raises(ModelError) as caught:
        LlamaBackbone(LlamaSpec(model=None if path is None else str(path), **spec))
    return str(caught.value)


def whole() -> bytes:
    return Path(files().model).read_bytes()


def written(path: Path, change: Callable[[Any], None], arch: str = "qwen3", **numbers: int) -> Path:
    """A GGUF of a few values and two tensors; `change` adds to it."""
    import numpy as np

    writer = gguf.GGUFWriter(str(path), arch)
    for name, value in {"context_length": 64, "embedding_length": 32, "block_count": 1, "attention.head_count": 1, **numbers}.items():
        writer.add_uint32(f"{arch}.{name}", value)
    for name in ("token_embd.weight", "output_norm.weight"):
        writer.add_tensor(name, np.zeros((3, 32), np.float32))
    change(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def words(writer: Any, tokens: tuple[str, ...] = ("a", "b", "c")) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(list(tokens))


def test_a_whole_model_is_read() -> None:
    header = check_model(read_gguf(Path(files().model)))
    assert header.architecture == "qwen3" and header.whole("qwen3.block_count") == TINY.layers
    assert header.tensors["token_embd.weight"].shape == (TINY.hidden, TINY.vocab)
    assert header.values["tokenizer.ggml.tokens"].length == TINY.vocab
    for name in (files().activated, files().ordinary):
        assert check_adapter(Path(name), header).text("adapter.type") == "lora"


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda data: b"", "it is empty"),
    "four bytes": (lambda data: data[:4], "ends within its header"),
    "text": (lambda data: b"version https://git-lfs.github.com/spec/v1\n", "not a GGUF file"),
    "zeros": (lambda data: bytes(5000), "not a GGUF file"),
    "version": (lambda data: data[:4] + struct.pack("<I", 9) + data[8:], "version is 9"),
    "big endian": (lambda data: data[:4] + struct.pack(">I", 3) + data[8:], "version is 50331648"),
    "cut in the header": (lambda data: data[:900], "ends within its header"),
    "cut in the tensors": (lambda data: data[:-5000], "was cut short"),
    "a great count": (lambda data: data[:8] + b"\xff" * 8 + data[16:], "ends within its header"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_with_the_fix(tmp_path: Path, name: str) -> None:
    change, said = BROKEN[name]
    path = tmp_path / "model.gguf"
    path.write_bytes(change(whole()))
    message = refusal(path)
    assert str(path) in message and said in message and "download or copy it again" in message


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "there is no such file" in refusal(tmp_path / "none.gguf")
    assert "not a file" in refusal(tmp_path)


def test_another_kind_of_file_is_refused_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    assert "give the model under 'model'" in refusal(files().activated)
    assert "architecture 'bert'" in refusal(written(path, words, "bert"))
    assert "holds no tokenizer" in refusal(written(path, lambda writer: None))
    assert "no chat template" in refusal(written(path, words))
    assert "no usable qwen3.block_count" in refusal(written(path, words, block_count=0))
    assert "stand twice" in refusal(written(path, lambda writer: words(writer, ("a", "b", "a"))))


def test_an_architecture_that_llama_cpp_does_not_know_is_refused_in_its_words(tmp_path: Path) -> None:
    def change(writer: Any) -> None:
        words(writer)
        writer.add_chat_template("{{ messages }}")

    message = refusal(written(tmp_path / "model.gguf", change, "quine"))
    assert "llama.cpp cannot load" in message and "unknown model architecture: 'quine'" in message


def test_missing_tensors_are_refused_in_its_words(tmp_path: Path) -> None:
    def change(writer: Any) -> None:
        words(writer)
        writer.add_chat_template("{{ messages }}")

    assert "llama.cpp" in refusal(written(tmp_path / "model.gguf", change))


def test_half_a_hub_name_says_what_to_give() -> None:
    assert "'file' is missing" in refusal(None, repo="a/b")
    assert "'repo' is missing" in refusal(None, file="b.gguf")


def test_a_hub_that_cannot_be_reached_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")

    def fail(repo: str, file: str) -> str:
        raise OSError(f"no route to {repo}\nmore")

    monkeypatch.setattr(hub, "hf_hub_download", fail)
    message = refusal(None, repo="a/b", file="c.gguf")
    assert "c.gguf of a/b cannot be fetched: no route to a/b;" in message and "under 'model'" in message


def test_a_hub_library_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "huggingface_hub":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert "pip install huggingface_hub" in refusal(None, repo="a/b", file="c.gguf")


def test_missing_llama_cpp_is_a_missing_extra() -> None:
    code = (
        "import sys; sys.modules['llama_cpp'] = None\n"
        "from agent.backbones import open_backbone\nfrom agent.backbones.spec import LlamaSpec\n"
        "from rubric.errors import MissingExtra\n"
        "try:\n    open_backbone(LlamaSpec())\nexcept MissingExtra as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "the llama backbone needs the extra 'llama': pip install 'winnow[llama]'" in done.stdout


def test_the_hash_is_of_the_content(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(whole())
    assert content_hash(path) == content_hash(Path(files().model))
    path.write_bytes(whole() + b"x")
    assert content_hash(path) != content_hash(Path(files().model))


def damaged(data: bytes, rng: random.Random, head: int) -> bytes:
    """The file with a few bytes of its header changed, or cut."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(4, head)
        changed[at : at + 1] = bytes([rng.randrange(256)]) if rng.random() < 0.5 else bytes([changed[at] ^ 1 << rng.randrange(8)])
    return bytes(changed[: rng.randrange(len(changed))] if rng.random() < 0.1 else changed)


_TRY = """
import sys
from pathlib import Path
from agent.backbones.llama import LlamaBackbone
from agent.backbones.spec import LlamaSpec
from agent.backbones import Sampling
from rubric.errors import WinnowError
from tests.tiny_llama import prompt
model = sys.argv[1]
for path in sorted(Path(sys.argv[2]).glob("*.gguf")):
    adapter = path.name.startswith("adapter")
    try:
        with LlamaBackbone(LlamaSpec(model=model if adapter else str(path), threads=1)) as backbone:
            if adapter:
                backbone.score(prompt(static="x"), [[1, 2, 3]], str(path))
            else:
                backbone.sample(prompt(static="x"), [1], Sampling(max_tokens=3))
        print("fine")
    except WinnowError as error:
        print("refused")
"""


def test_no_damage_to_a_header_ends_the_process(tmp_path: Path) -> None:
    rng = random.Random(7)
    for number in range(60):
        (tmp_path / f"model{number}.gguf").write_bytes(damaged(whole(), rng, 12_000))
        (tmp_path / f"adapter{number}.gguf").write_bytes(damaged(Path(files().activated).read_bytes(), rng, 4_600))
    done = subprocess.run([sys.executable, "-c", _TRY, files().model, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split().count("refused") > 40 and len(done.stdout.split()) == 120
