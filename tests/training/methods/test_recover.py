"""Recovery of a quantized file, against the converter, llama.cpp and the file itself."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from engine.model.gguf.header import TensorInfo, read_header
from quantize.compare import compare
from quantize.convert import convert
from quantize.quantize import Mix, quantize
from quantize.task import Task
from tests.training.conftest import SMALL, SMALL_VOCABULARY, sentences
from training.cli import main
from training.methods import recover as module
from training.methods.tokenizer import TEMPLATE
from training.models.blocks import LAYOUTS
from training.tokenizer import save_tokenizer

KINDS = {"llama": (LlamaConfig, LlamaForCausalLM), "qwen3": (Qwen3Config, Qwen3ForCausalLM)}
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 10_000.0, "factor": 8.0, "low_freq_factor": 1.0,
    "high_freq_factor": 4.0, "original_max_position_embeddings": 64,
}  # fmt: skip
TASK = Task(lambda _fraction, _text: None)
SHORT = ["--loop.rows", "8", "--loop.threads", "1", "--loop.mixed", "false"]


def make(folder: Path, kind: str, tokenizer: Tokenizer, seed: int = 1) -> Path:
    """A model with random weights: qwen3 has one matrix for embedding and output, llama biases."""
    config, model = KINDS[kind]
    own = {"rope_parameters": LLAMA3, "attention_bias": True} if kind == "llama" else {}
    torch.manual_seed(seed)
    save_tokenizer(tokenizer, folder, TEMPLATE.read_text(encoding="utf-8"), SMALL.context)
    sizes = {"hidden_size": 256, "intermediate_size": 256, "num_hidden_layers": 2, "head_dim": 64}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    model(
        config(
            vocab_size=SMALL_VOCABULARY, max_position_embeddings=SMALL.context,
            initializer_range=0.1, tie_word_embeddings=kind == "qwen3", **sizes, **heads, **own,
        )
    ).save_pretrained(folder)  # fmt: skip
    return folder


def recover(*words: object) -> int:
    return main(["recover", *map(str, words), *SHORT])


def numbers(file: Path, info: TensorInfo) -> np.ndarray:
    """A tensor's numbers; test_blocks.py compares the layouts with ggml's own."""
    data = np.fromfile(file, np.uint8, info.size, offset=info.offset)
    if info.type.name == "F32":
        return data.view("<f4")
    layout = LAYOUTS[info.type.name]
    return layout.values(layout.blocks(data)).reshape(-1)


@pytest.mark.parametrize(("kind", "mix"), [("llama", "Q4_K_M"), ("qwen3", "Q4_0")])
def test_the_file_is_better_and_is_what_was_trained(
    kind: str, mix: str, tokenizer: Tokenizer, dialogues: Path, tmp_path: Path
) -> None:
    """Same size, types and scales; its numbers are those of the folder, by the converter's word."""
    folder = make(tmp_path / kind, kind, tokenizer)
    full, small, out = (tmp_path / name for name in ("full.gguf", "small.gguf", "run"))
    convert(folder, full, "F32", TASK)
    quantize(full, small, Mix(mix), TASK)
    flags = [
        "--model", folder, "--quantized", small, "--data", dialogues, "--out", out,
        "--held_out", dialogues, "--loop.steps", 20, "--loop.learning_rate", 1e-4,
    ]  # fmt: skip
    assert recover(*flags) == 0
    before, after = read_header(small), read_header(out / "model.gguf")
    assert after.tensors == before.tensors
    assert after.metadata == before.metadata
    assert after.size == before.size

    again = tmp_path / "again.gguf"
    convert(out / "model", again, None, TASK)
    plains = {plain.name: plain for plain in read_header(again).tensors}
    assert plains.keys() == {info.name for info in after.tensors}
    changed = 0
    for info in after.tensors:
        written = numbers(out / "model.gguf", info)
        assert np.array_equal(written, numbers(again, plains[info.name])), info.name
        changed += int((written != numbers(small, info)).sum())
        if layout := LAYOUTS.get(info.type.name):
            old, new = (
                layout.grid(
                    layout.blocks(np.fromfile(file, np.uint8, info.size, offset=info.offset))
                )
                for file in (small, out / "model.gguf")
            )
            assert np.array_equal(old, new)
    assert changed > 1000

    text = tmp_path / "text.txt"
    text.write_text(" ".join(sentences(60, 9)))
    costs = [compare(full, one, text, TASK).mean_divergence for one in (small, out / "model.gguf")]
    assert costs[1] < 0.8 * costs[0]

    written = (out / "model.gguf").read_bytes()
    assert recover(*flags) == 0  # goes on from its end: nothing is left to train
    assert (out / "model.gguf").read_bytes() == written


def test_what_is_refused(
    tokenizer: Tokenizer, dialogues: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make(tmp_path / "model", "qwen3", tokenizer)
    other = make(tmp_path / "other", "qwen3", tokenizer, seed=2)
    full, small, strange = (tmp_path / f"{name}.gguf" for name in ("full", "small", "strange"))
    convert(folder, full, "F32", TASK)
    quantize(full, small, Mix("Q4_0"), TASK)
    quantize(full, strange, Mix("Q4_0", (("ffn_up", "IQ3_S"),)), TASK)
    given = ["--data", dialogues, "--out", tmp_path / "run", "--loop.steps", 1]
    for words, sentence in (
        (["--model", other, "--quantized", small], "was not made from this model"),
        (["--model", folder, "--quantized", strange], "stored as IQ3_S"),
        (["--model", folder, "--quantized", full], "full.gguf is not quantized"),
        (["--model", folder], "quantized, the GGUF file to improve, is missing"),
        (["--model", folder, "--quantized", small, "--adapter.kind", "lora"], "no adapter"),
    ):
        assert recover(*words, *given) == 1
        assert sentence in capsys.readouterr().err
    assert not (tmp_path / "run" / "model.gguf").exists()


def test_a_file_that_was_replaced_meanwhile_is_not_written_to(
    tokenizer: Tokenizer,
    dialogues: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = make(tmp_path / "qwen3", "qwen3", tokenizer)
    full, small, out = (tmp_path / name for name in ("full.gguf", "small.gguf", "run"))
    convert(folder, full, "F32", TASK)
    quantize(full, small, Mix("Q4_0"), TASK)

    def replaced(*_: object, write: Callable[[Path], None]) -> bool:
        data = bytearray(small.read_bytes())
        data[-2:] = b"\0\0"
        small.write_bytes(data)
        write(out / "model")
        return True

    out.mkdir()
    monkeypatch.setattr(module, "carry_out", replaced)
    flags = ["--model", folder, "--quantized", small, "--data", dialogues, "--out", out]
    assert recover(*flags, "--loop.steps", 1) == 1
    assert "was replaced while the weights" in capsys.readouterr().err
    assert list(out.iterdir()) == []
