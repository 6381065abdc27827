"""The exporter: what is written can be read, what does not fit is refused, and half a file never appears."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

np = pytest.importorskip("numpy")
gguf = pytest.importorskip("gguf")
pytest.importorskip("safetensors")

from rubric.errors import MissingExtra, ModelError, StoreError
from tests.command import ROOT
from tests.hf_folders import SHAPE, THINK, write_hf, write_peft
from training import random_model
from training.export.__main__ import export as write
from training.export.__main__ import main as export
from training.export.gguf_from_hf import Safetensors, lora_from_peft, model_from_hf
from training.export.gguf_model import Lora, Quant, lora_name, tensor_places, tensor_type, write_lora, write_model
from training.random_model import (
    HEADER,
    IM_END,
    QWEN3_0_6B,
    TINY,
    RandomTensors,
    byte_alphabet,
    byte_vocabulary,
)


class Read:
    """A written file as the gguf package sees it."""

    def __init__(self, path: Path) -> None:
        reader = gguf.GGUFReader(path)
        self.fields = {name: field.contents() for name, field in reader.fields.items()}
        self.kinds = {tensor.name: tensor.tensor_type.name for tensor in reader.tensors}
        self.tensors = {tensor.name: gguf.quants.dequantize(tensor.data, tensor.tensor_type) for tensor in reader.tensors}


@pytest.mark.parametrize(("quant", "off"), [("F32", 0.0), ("F16", 1e-3), ("Q8_0", 0.01), ("Q4_0", 0.2)])
def test_a_model_comes_back_as_it_was_written(tmp_path: Path, quant: Quant, off: float) -> None:
    read = Read(random_model.random_model(tmp_path / "tiny.gguf", TINY, 3, quant))
    for name, place in tensor_places(TINY).items():
        wanted = RandomTensors(TINY, 3)[name]
        assert read.kinds[place.name] == ("F32" if wanted.ndim == 1 else quant)
        assert np.abs(read.tensors[place.name] - wanted).max() <= off
    assert read.fields["general.architecture"] == "qwen3" and read.fields["qwen3.context_length"] == 8192
    assert read.fields["qwen3.attention.key_length"] == 16 and read.fields["tokenizer.ggml.pre"] == "qwen2"
    assert read.fields["tokenizer.ggml.eos_token_id"] == IM_END and "<|im_start|>" in read.fields["tokenizer.chat_template"]


def test_rows_that_do_not_divide_into_blocks_fall_back() -> None:
    assert [tensor_type((4, 48), "Q4_0"), tensor_type((4, 64), "Q4_0"), tensor_type((4, 48), "F32"), tensor_type((64,), "Q8_0")] == ["F16", "Q4_0", "F32", "F32"]


def test_the_vocabulary_spells_every_byte_and_is_filled_up() -> None:
    alphabet = byte_alphabet()
    assert len(set(alphabet)) == 256 and alphabet[ord("a")] == "a" and alphabet[ord(" ")] == "\u0120" and alphabet[10] == "\u010a"
    big = byte_vocabulary(QWEN3_0_6B.vocab)
    assert len(set(big.tokens)) == len(big.types) == QWEN3_0_6B.vocab
    assert [big.tokens[n] for n in (HEADER[0], IM_END)] == ["<|im_start|>", "<|im_end|>"]


def test_missing_rows_of_the_vocabulary_are_padded_and_too_many_refused(tmp_path: Path) -> None:
    shape = TINY._replace(vocab=270)
    read = Read(write_model(tmp_path / "a.gguf", shape, RandomTensors(shape), byte_vocabulary(), "F32"))
    assert len(read.fields["tokenizer.ggml.tokens"]) == 270 and read.fields["tokenizer.ggml.token_type"][-1] == 5
    with pytest.raises(ModelError, match="300 tokens and the model 259 rows"):
        write_model(tmp_path / "b.gguf", TINY, RandomTensors(TINY), byte_vocabulary(300))


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in RandomTensors(TINY).items() if key != name}


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        (_without("model.norm.weight"), "lack model.norm.weight"),
        ({**RandomTensors(TINY), "model.layers.0.mlp.bias": np.zeros(3)}, "hold model.layers.0.mlp.bias"),
        ({**RandomTensors(TINY), "model.norm.weight": np.zeros(3)}, r"shape \(3,\), the config says \(64,\)"),
    ],
)
def test_weights_that_do_not_fit_are_refused_and_leave_no_file(tmp_path: Path, tensors: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        write_model(tmp_path / "a.gguf", TINY, tensors, byte_vocabulary())
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_type_and_an_unwritable_place_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="one of F32, F16, Q8_0, Q4_0"):
        write_model(tmp_path / "a.gguf", TINY, RandomTensors(TINY), byte_vocabulary(), "Q2_K")  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="cannot be written"):
        random_model.random_model(tmp_path / "nowhere" / "a.gguf")


def test_a_file_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"before")
    with pytest.raises(ModelError):
        write_model(path, TINY, {**RandomTensors(TINY), "model.norm.weight": np.zeros(3)}, byte_vocabulary())
    assert path.read_bytes() == b"before"
    random_model.random_model(path)
    assert path.read_bytes()[:4] == b"GGUF" and list(tmp_path.iterdir()) == [path]


def test_adapters_of_both_kinds_say_when_they_wake(tmp_path: Path) -> None:
    activated = Read(random_model.random_lora(tmp_path / "a.gguf"))
    ordinary = Read(random_model.random_lora(tmp_path / "o.gguf", kind="ordinary"))
    assert tuple(activated.fields["adapter.alora.invocation_tokens"]) == HEADER
    assert "adapter.alora.invocation_tokens" not in ordinary.fields and ordinary.fields["adapter.type"] == "lora"
    assert activated.tensors["blk.1.ffn_down.weight.lora_a"].shape == (8, 128)
    assert activated.tensors["blk.1.ffn_down.weight.lora_b"].shape == (64, 8)


def test_adapters_that_cannot_be_exported_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="lm_head"):
        lora_name("lm_head")
    pair = (np.zeros((4, 64), np.float32), np.zeros((64, 5), np.float32))
    with pytest.raises(ModelError, match="do not multiply"):
        write_lora(tmp_path / "a.gguf", Lora({"model.layers.0.self_attn.o_proj": pair}, 8.0))
    assert list(tmp_path.iterdir()) == []


def test_a_transformers_folder_becomes_the_same_model(tmp_path: Path) -> None:
    shape, tensors, vocabulary = model_from_hf(write_hf(tmp_path / "hf", seed=5))
    assert shape == SHAPE and set(tensors) == set(tensor_places(SHAPE))
    assert all(np.array_equal(tensors[name], RandomTensors(SHAPE, 5)[name]) for name in tensors)
    assert vocabulary.eos == IM_END and vocabulary.pad == 256 and vocabulary.bos is None
    assert "t h" in vocabulary.merges and vocabulary.types[IM_END] == 3 and vocabulary.types[vocabulary.tokens.index(THINK)] == 4


def test_a_peft_folder_becomes_the_same_adapter(tmp_path: Path) -> None:
    lora = lora_from_peft(write_peft(tmp_path / "a"))
    assert lora.invocation == HEADER and lora.alpha == 8 and len(lora.pairs) == 14 and lora.base_name == "tiny"
    stable = lora_from_peft(write_peft(tmp_path / "r", kind="ordinary", use_rslora=True))
    assert stable.invocation is None and stable.alpha == 16  # 8 times the root of rank 4


def test_bfloat16_is_widened_exactly(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    values = np.array([1.0, -2.5, 3e38, 0.0], np.float32)
    data = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    header = json.dumps({"w": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    back = Safetensors([path])["w"]
    assert back.shape == (2, 2) and back.dtype == np.float32 and np.allclose(back.ravel(), values, rtol=0.01)


def _config(folder: Path, name: str, **more: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **more}), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model_type": "llama"}, "type 'llama'"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e6}}, "scaled positions"),
        ({"quantization_config": {"bits": 4}}, "quantised"),
        ({"hidden_size": None}, "lacks 'hidden_size'"),
    ],
)
def test_models_that_would_lose_something_are_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        model_from_hf(_config(write_hf(tmp_path), "config.json", **change))


@pytest.mark.parametrize(
    ("change", "said"), [({"use_dora": True}, "DoRA"), ({"peft_type": "LOHA"}, "LOHA"), ({"r": None}, "lacks 'r'")]
)
def test_adapters_that_would_lose_something_are_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        lora_from_peft(_config(write_peft(tmp_path), "adapter_config.json", **change))


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        model_from_hf(tmp_path)
    weights = write_hf(tmp_path) / "model.safetensors"
    whole = weights.read_bytes()
    for broken in (whole[:-10], whole[:100], b"", b"\xff" * 64):
        weights.write_bytes(broken)
        with pytest.raises(ModelError, match=r"model\.safetensors"):
            model_from_hf(tmp_path)


def _damaged(whole: bytes, rng: Random) -> bytes:
    """A few bytes of the header changed, or the file cut."""
    size = 8 + int.from_bytes(whole[:8], "little")
    changed = bytearray(whole)
    for _ in range(rng.choice((1, 2, 8))):
        changed[rng.randrange(size)] = rng.randrange(256)
    return bytes(changed[: rng.randrange(len(changed))] if rng.random() < 0.2 else changed)


def test_damaged_weights_are_exported_or_refused_and_never_end_otherwise(tmp_path: Path) -> None:
    rng, refused = Random(5), 0
    weights = write_hf(tmp_path / "hf") / "model.safetensors"
    whole = weights.read_bytes()
    for _ in range(200):
        weights.write_bytes(_damaged(whole, rng))
        try:
            write(tmp_path / "hf", tmp_path / "a.gguf", "Q8_0")
        except ModelError as error:
            refused += 1
            assert str(tmp_path) in str(error) or "weights" in str(error)
    assert refused > 150


@pytest.mark.parametrize(("value", "quant"), [(float("nan"), "F32"), (float("inf"), "F16"), (1e6, "F16"), (1e30, "Q8_0")])
def test_weights_that_are_no_numbers_or_too_great_are_refused(tmp_path: Path, value: float, quant: Quant) -> None:
    tensors = {**RandomTensors(TINY)}
    tensors["model.layers.1.mlp.up_proj.weight"] = np.full((128, 64), value, np.float32)
    with pytest.raises(ModelError, match=rf"model\.layers\.1\.mlp\.up_proj\.weight has values up to .* which {quant} cannot hold"):
        write_model(tmp_path / "a.gguf", TINY, tensors, byte_vocabulary(), quant)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tokenizer.json", None, r"there is no .*tokenizer\.json; give a folder"), ("tokenizer.json", b"{", r"tokenizer\.json cannot be read"),
        ("tokenizer.json", b"[]", "not an object"), ("config.json", b"\xff", r"config\.json cannot be read"),
        ("model.safetensors", None, r"there is no .*model\.safetensors"),
    ],
)  # fmt: skip
def test_what_is_missing_or_broken_beside_the_weights_is_named(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    path = write_hf(tmp_path / "hf") / name
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ModelError, match=said):
        write(tmp_path / "hf", tmp_path / "a.gguf")
    assert not (tmp_path / "a.gguf").exists()


_FULL = """
import resource, sys
from training.export.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
sys.exit(main(sys.argv[1:]))
"""


def test_a_full_disk_and_a_place_that_is_a_folder_leave_no_half_file(tmp_path: Path) -> None:
    folder, out = write_hf(tmp_path / "hf"), tmp_path / "out"
    out.mkdir()
    (out / "a.gguf").write_bytes(b"before")
    for target, command in ((out / "a.gguf", ["-c", _FULL]), (out, ["-m", "training.export"])):
        done = subprocess.run([sys.executable, *command, str(folder), str(target)], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1 and done.stderr.startswith(f"error: {target} cannot be written: ")
        assert done.stderr.endswith("make room or give another place\n")
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("hf", "out")] == []
    assert [path.read_bytes() for path in out.iterdir()] == [b"before"]


def test_the_command_lines_write_files_and_say_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny, lora = str(tmp_path / "t.gguf"), str(tmp_path / "l.gguf")
    assert random_model.main([tiny, "--quant", "Q4_0", "--lora", lora, "--kind", "ordinary"]) == 0
    assert export([str(write_hf(tmp_path / "hf")), tiny, "--quant", "F32"]) == 0
    assert export([str(write_peft(tmp_path / "peft")), lora]) == 0
    assert "adapter.alora.invocation_tokens" in Read(Path(lora)).fields and Read(Path(tiny)).fields["general.name"] == "hf"
    assert export([str(tmp_path / "none"), tiny]) == 2
    assert "error: there is no" in capsys.readouterr().err


def test_equal_seeds_give_equal_files(tmp_path: Path) -> None:
    files = [random_model.random_model(tmp_path / f"{n}.gguf", TINY, seed).read_bytes() for n, seed in enumerate((1, 1, 2))]
    assert files[0] == files[1] != files[2]
    tensors = RandomTensors(TINY, one_block=True)
    assert np.array_equal(tensors["model.layers.0.mlp.up_proj.weight"], tensors["model.layers.1.mlp.up_proj.weight"])


def test_without_the_gguf_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gguf", None)
    with pytest.raises(MissingExtra, match=r"winnow\[llama\]"):
        random_model.random_model(tmp_path / "a.gguf")
