"""Memory estimates against published and measured sizes."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from engine.model import fit
from engine.model.client import GenerateRequest, LoadOptions, ModelClient
from engine.model.fit import available_memory, default_threads, memory_needed
from engine.model.gguf import GgufHeader, TensorInfo, read_header
from engine.model.gguf_types import TENSOR_TYPES


def qwen3(layers: int, width: int, heads: int, **more: object) -> GgufHeader:
    metadata = {
        "general.architecture": "qwen3",
        "qwen3.block_count": layers,
        "qwen3.embedding_length": width,
        "qwen3.attention.head_count": heads,
        "qwen3.attention.head_count_kv": 8,
        "qwen3.attention.key_length": 128,
        "qwen3.attention.value_length": 128,
        **more,
    }
    return GgufHeader(3, metadata, (), 0)


def test_kv_of_real_shapes() -> None:
    # Qwen3-4B: 1.125 GiB at 8,192 tokens; Qwen3-0.6B: 112 KiB per token.
    assert memory_needed(qwen3(36, 2560, 32), 8192).kv == 1.125 * 2**30
    assert memory_needed(qwen3(28, 1024, 16), 2048).kv == 2048 * 112 * 1024
    # Contexts are rounded up to 256 tokens.
    assert memory_needed(qwen3(28, 1024, 16), 2000).kv == 2048 * 112 * 1024
    # Layers without attention, as hybrid models list them, need none.
    some = {"qwen3.attention.head_count_kv": (8, 0, 0, 8)}
    assert memory_needed(qwen3(4, 1024, 16, **some), 256).kv == 2 * 256 * 8 * 256 * 2


def test_weights_and_their_copies() -> None:
    def tensor(name: str, kind: int, shape: tuple[int, ...], size: int) -> TensorInfo:
        return TensorInfo(name, shape, TENSOR_TYPES[kind], 0, size)

    tensors = (
        tensor("token_embd.weight", 2, (64, 100), 1000),
        tensor("blk.0.ffn_up.weight", 2, (64, 64), 200),
        tensor("blk.0.ffn_down.weight", 8, (64, 64), 400),
        tensor("blk.0.ffn_norm.weight", 0, (64,), 30),
    )
    header = qwen3(1, 64, 1)
    estimate = memory_needed(GgufHeader(3, header.metadata, tensors, 0), 256)
    assert (estimate.weights, estimate.copies) == (1630, 200)
    assert estimate.total == 1630 + estimate.kv + estimate.compute + estimate.process


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_estimate_holds_for_a_real_child(
    new_client: Callable[[], ModelClient],
    make_gguf: ModuleType,
    tmp_path: Path,
) -> None:
    """A child whose context is full occupies about what was estimated."""
    path = tmp_path / "wide.gguf"
    shape = make_gguf.Shape(400, 2, 256, 16, 8, 64, 512, 2048, "F32")
    make_gguf.write_model(path, shape, "Wide")
    client = new_client()
    client.load(path, LoadOptions(n_ctx=2048))
    list(client.generate(GenerateRequest("A-" * 1020, max_tokens=1)))
    assert client._link is not None
    status = Path(f"/proc/{client._link.pid}/status").read_text()
    measured = int(status.split("VmHWM:")[1].split()[0]) * 1024
    estimate = memory_needed(read_header(path), 2048).total
    print(estimate >> 20, measured >> 20)
    assert 0.6 * estimate < measured < 1.15 * estimate


def test_available_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < available_memory() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    monkeypatch.setattr(fit, "_cgroup_available", lambda: 12345)
    assert available_memory() == 12345


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (4, 3), (16, 15)])
def test_threads(monkeypatch: pytest.MonkeyPatch, cores: int, threads: int) -> None:
    monkeypatch.setattr(fit, "_physical_cores", lambda: cores)
    assert default_threads() == threads
