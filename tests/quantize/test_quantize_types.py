"""Quantization through llama.cpp, and what it costs in answers."""

import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_models import TEXT, make_model, make_tokenizer, torch_logits
from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

from engine.core.errors import Cancelled, KnownError
from engine.model.gguf.header import read_header
from quantize.compare import compare
from quantize.convert import convert
from quantize.divergence import Tally, log_softmax
from quantize.quantize import quantize
from quantize.task import Task
from quantize.types import TYPES


@pytest.fixture(scope="session")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text(TEXT)
    return path


def test_q8_0_is_small_and_close(gguf: Path, tmp_path: Path, task: Task, text_file: Path) -> None:
    target = tmp_path / "q8.gguf"
    done = quantize(gguf, target, "Q8_0", task)
    kinds = {tensor.name: tensor.type.name for tensor in read_header(target).tensors}
    assert kinds["token_embd.weight"] == kinds["blk.0.ffn_up.weight"] == "Q8_0"
    assert kinds["output_norm.weight"] == "F32"
    assert done.size == target.stat().st_size
    assert 8.5 < done.bits_per_weight < 8.6  # 34 bytes per 32 weights, and a few norms
    found = compare(gguf, target, text_file, task)
    assert 0 < found.mean_divergence < 0.005
    assert found.agreement > 0.9


def test_every_type_is_one_that_llama_cpp_makes(gguf: Path, tmp_path: Path, task: Task) -> None:
    target = tmp_path / "small.gguf"
    for name in TYPES:
        quantize(gguf, target, name, task)
        header = read_header(target)
        kinds = {tensor.name: tensor.type.name for tensor in header.tensors}
        assert kinds["blk.1.ffn_up.weight"] == re.sub("_[SML]$", "", name)
        assert header.metadata["general.name"] == "tiny-qwen"
        assert target.stat().st_size < gguf.stat().st_size / 3


def test_fewer_bits_cost_more(gguf: Path, tmp_path: Path, task: Task, text_file: Path) -> None:
    costs = []
    for name in ("Q8_0", "Q4_K_M", "Q2_K"):
        quantize(gguf, tmp_path / name, name, task)
        costs.append(compare(gguf, tmp_path / name, text_file, task).mean_divergence)
    assert costs == sorted(costs)


def test_a_file_equals_itself(gguf: Path, task: Task, text_file: Path) -> None:
    found = compare(gguf, gguf, text_file, task)
    assert found.mean_divergence == pytest.approx(0.0, abs=1e-9)
    assert found.agreement == 1.0
    assert found.reference_perplexity == found.candidate_perplexity


def test_figures_equal_torch(
    gguf: Path, original: Qwen3ForCausalLM, tmp_path: Path, task: Task, text_file: Path
) -> None:
    """Against a model with other weights, computed by torch over the same windows."""
    other = make_model(tmp_path / "other", initializer_range=0.06)
    make_tokenizer(tmp_path / "other")
    convert(tmp_path / "other", tmp_path / "other.gguf", None, task)
    found = compare(gguf, tmp_path / "other.gguf", text_file, task)
    tokens = Tokenizer.from_file(str(tmp_path / "other" / "tokenizer.json")).encode(TEXT).ids
    divergences, agreements, losses = [], [], []
    for start in range(0, len(tokens) - 511, 512):
        window = tokens[start : start + 512]
        p, q = (
            torch.from_numpy(torch_logits(model, window)[256:]).log_softmax(dim=1)
            for model in (original, other)
        )
        divergences.append((p.exp() * (p - q)).sum(dim=1))
        agreements.append(p.argmax(dim=1) == q.argmax(dim=1))
        targets = torch.tensor(window[257:])
        losses.append(torch.nn.functional.nll_loss(p[:-1], targets, reduction="none"))
    assert found.positions == torch.cat(divergences).numel()
    assert found.mean_divergence == pytest.approx(torch.cat(divergences).mean().item(), rel=0.01)
    assert found.agreement == pytest.approx(
        torch.cat(agreements).float().mean().item(), abs=2 / found.positions
    )
    assert found.reference_perplexity == pytest.approx(
        math.exp(torch.cat(losses).mean().item()), rel=0.01
    )


def test_divergence_by_hand() -> None:
    """p = (1/2, 1/4, 1/4), q = (1/4, 1/2, 1/4): D = 1/2 ln 2 − 1/4 ln 2 = ln 2 / 4."""
    p, q = (np.log(np.array(row, np.float32)) for row in ([2, 1, 1], [1, 2, 1]))
    tally = Tally()
    tally.add(p, q, 0)
    tally.add(p, p, 0)
    found = tally.result()
    assert found["mean_divergence"] == pytest.approx(math.log(2) / 8)
    assert found["agreement"] == 0.5
    assert found["reference_perplexity"] == pytest.approx(2)
    assert found["candidate_perplexity"] == pytest.approx(math.sqrt(8))
    assert np.exp(log_softmax(np.array([1e4, -1e4], np.float32))).tolist() == [1.0, 0.0]


def test_refusals(gguf: Path, tmp_path: Path, task: Task, text_file: Path) -> None:
    small = tmp_path / "small.gguf"
    quantize(gguf, small, "Q8_0", task)
    before = sorted(tmp_path.iterdir())
    copy = Path(shutil.copy(gguf, tmp_path.parent / "copy.gguf"))
    cases = [
        (small, tmp_path / "out", "quantized already"),
        (copy, copy, "would replace the one it is made from"),
        (text_file, tmp_path / "out", "not a GGUF model"),
        (tmp_path / "nowhere", tmp_path / "out", "does not exist"),
        (gguf, tmp_path / "no" / "out", "could not be written|does not exist"),
        (gguf, tmp_path, "is a folder"),
    ]
    for source, target, sentence in cases:
        with pytest.raises(KnownError, match=sentence):
            quantize(source, target, "Q8_0", task)
    copy.write_bytes(gguf.read_bytes()[:-100])
    with pytest.raises(KnownError, match="cut off"):
        quantize(copy, tmp_path / "out", "Q8_0", task)
    assert sorted(tmp_path.iterdir()) == before


def test_comparison_refusals(gguf: Path, tmp_path: Path, task: Task) -> None:
    short, binary = tmp_path / "short.txt", tmp_path / "binary"
    short.write_text("three words only")
    binary.write_bytes(b"\xff\xfe\x00" * 50)
    for path, sentence in ((short, "too short"), (binary, "not UTF-8"), (tmp_path / "x", "exist")):
        with pytest.raises(KnownError, match=sentence):
            compare(gguf, gguf, path, task)


def test_stopping_leaves_nothing(gguf: Path, tmp_path: Path) -> None:
    task = Task(lambda _fraction, _text: task.stop())
    with pytest.raises(Cancelled):
        quantize(gguf, tmp_path / "out.gguf", "Q2_K", task)
    assert not list(tmp_path.iterdir())
