"""Quantization through llama.cpp, and what it costs in answers."""

import re
import shutil
from pathlib import Path

import pytest
from tiny_models import TEXT

from engine.core.errors import Cancelled, KnownError
from engine.model.gguf.header import read_header
from quantize.compare import compare
from quantize.jobs.quantize import quantize as quantize_job
from quantize.output import NoSpace
from quantize.quantize import Mix, planned_kinds, quantize
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


def test_refusals(gguf: Path, tmp_path: Path, task: Task, text_file: Path) -> None:
    small = tmp_path / "small.gguf"
    quantize(gguf, small, "Q8_0", task)
    before = sorted(tmp_path.iterdir())
    copy = Path(shutil.copy(gguf, tmp_path.parent / "copy.gguf"))
    cases = [
        (small, tmp_path / "out", "quantized already"),
        (copy, copy, "would replace one it is made from"),
        (text_file, tmp_path / "out", "not a GGUF model"),
        (tmp_path / "nowhere", tmp_path / "out", "does not exist"),
        (gguf, tmp_path / "no" / "out", "there is no folder .*no"),
        (gguf, tmp_path / ("o" * 250), "its name is too long. Give it a shorter name"),
        (gguf, tmp_path, "is a folder"),
    ]
    for source, target, sentence in cases:
        with pytest.raises(KnownError, match=sentence):
            quantize(source, target, "Q8_0", task)
    copy.write_bytes(gguf.read_bytes()[:-100])
    with pytest.raises(KnownError, match="cut off"):
        quantize(copy, tmp_path / "out", "Q8_0", task)
    assert sorted(tmp_path.iterdir()) == before


def test_a_full_disk_is_told_before_anything_is_written(
    gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("quantize.output.shutil.disk_usage", lambda _path: usage)
    names = {"source": str(gguf), "target": str(tmp_path / "part"), "final": str(tmp_path / "out")}
    rest = {"importance": "", "type": "Q8_0", "overrides": "[]"}
    with pytest.raises(NoSpace, match=r"needs .* beside 67\.1 MB .*, and only 1\.0 kB are free"):
        quantize_job(names | rest, lambda _fraction, _text: None)  # in a child no fault is injected
    assert not list(tmp_path.iterdir())


def test_names_with_blanks_are_read_from_the_log(gguf: Path, tmp_path: Path, task: Task) -> None:
    odd = tmp_path / "odd.gguf"
    odd.write_bytes(gguf.read_bytes().replace(b"output_norm.weight", b"output norm.weight"))
    kinds = planned_kinds(odd, read_header(odd), Mix("Q8_0"), task)
    assert kinds["output norm.weight"] == "F32"


def test_stopping_leaves_nothing(gguf: Path, tmp_path: Path) -> None:
    task = Task(lambda _fraction, _text: task.stop())
    with pytest.raises(Cancelled):
        quantize(gguf, tmp_path / "out.gguf", "Q2_K", task)
    assert not list(tmp_path.iterdir())
