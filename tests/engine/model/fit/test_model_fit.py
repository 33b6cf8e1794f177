"""Memory estimates against published and measured sizes."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.client import GenerateRequest, LoadOptions, ModelClient
from engine.model.fit import machine as fit_machine
from engine.model.fit.memory import (
    GPU_RESERVE,
    available_memory,
    context_table,
    default_threads,
    layers_on_gpu,
    least_held,
    memory_needed,
)
from engine.model.gguf.header import ArrayInfo, GgufHeader, TensorInfo, read_header
from engine.model.gguf.types import STRING, TENSOR_TYPES
from engine.model.tuning.settings import Tuning

MIB = 1 << 20


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


def model(kind: str, layers: int, **more: object) -> GgufHeader:
    """A header with 8 heads of 64 numbers for keys and values, unless told otherwise."""
    numbers: dict[str, object] = {
        "block_count": layers,
        "embedding_length": 512,
        "attention.head_count": 8,
        "attention.head_count_kv": 8,
        "attention.key_length": 64,
        "attention.value_length": 64,
        **{key.replace("__", "."): value for key, value in more.items()},
    }
    metadata = {f"{kind}.{key}": value for key, value in numbers.items()}
    return GgufHeader(3, {"general.architecture": kind, **metadata}, (), 0)


TOKEN = 8 * 128 * 2  # bytes a layer of model() keeps of a token


def test_kv_of_real_shapes() -> None:
    # Qwen3-4B: 1.125 GiB at 8,192 tokens; Qwen3-0.6B: 112 KiB per token.
    assert memory_needed(qwen3(36, 2560, 32), 8192).kv == 1.125 * 2**30
    assert memory_needed(qwen3(28, 1024, 16), 2048).kv == 2048 * 112 * 1024
    # Contexts are rounded up to 256 tokens.
    assert memory_needed(qwen3(28, 1024, 16), 2000).kv == 2048 * 112 * 1024
    # Layers without attention, as hybrid models list them, need none.
    some = {"qwen3.attention.head_count_kv": (8, 0, 0, 8)}
    assert memory_needed(qwen3(4, 1024, 16, **some), 256).kv == 2 * 256 * 8 * 256 * 2


def test_kv_types() -> None:
    full = memory_needed(model("llama", 4), 1024).kv
    assert full == 4 * 1024 * TOKEN
    assert memory_needed(model("llama", 4), 1024, kv_type="q8_0").kv == full * 34 // 64
    assert memory_needed(model("llama", 4), 1024, kv_type="q4_0").kv == full * 18 // 64


def test_sliding_windows() -> None:
    """Gemma 3: five of six layers see a window; the window's tokens and a step are kept."""
    gemma = model("gemma3", 12, attention__sliding_window=512)
    assert memory_needed(gemma, 8192, 256).kv == (2 * 8192 + 10 * 768) * TOKEN
    assert memory_needed(gemma, 8192, 256, sequences=3).kv == (2 * 8192 + 10 * 1792) * TOKEN
    assert memory_needed(gemma, 512, 256).kv == 12 * 512 * TOKEN  # shorter than the window
    # The file's own pattern, as a list or as a period.
    listed = {"attention.sliding_window_pattern": (True, False)}
    some = model("gemma4", 4, attention__sliding_window=256, **listed)
    assert memory_needed(some, 4096, 256).kv == (2 * 4096 + 2 * 512) * TOKEN
    period = model("gemma3", 4, attention__sliding_window=256, attention__sliding_window_pattern=2)
    assert memory_needed(period, 4096, 256).kv == (2 * 4096 + 2 * 512) * TOKEN
    # A window that llama.cpp does not apply to this family.
    assert memory_needed(model("qwen2", 4, attention__sliding_window=256), 4096).kv == (
        4 * 4096 * TOKEN
    )


def test_windowed_heads_and_shared_layers() -> None:
    gemma = model(
        "gemma4",
        4,
        attention__sliding_window=256,
        attention__sliding_window_pattern=(True, True, True, False),
        attention__key_length_swa=32,
        attention__value_length_swa=32,
        attention__shared_kv_layers=1,
    )
    assert memory_needed(gemma, 4096, 256).kv == 3 * 512 * TOKEN // 2


def test_states_of_hybrid_models() -> None:
    """Qwen3.5: three of four layers keep a state of fixed size, of each sequence one."""
    hybrid = model(
        "qwen35",
        8,
        ssm__conv_kernel=4,
        ssm__inner_size=1024,
        ssm__state_size=128,
        ssm__group_count=2,
    )
    state = (3 * (1024 + 2 * 2 * 128) + 1024 * 128) * 4
    assert memory_needed(hybrid, 4096).kv == 2 * 4096 * TOKEN + 6 * state
    assert memory_needed(hybrid, 4096, sequences=4).kv == 2 * 4096 * TOKEN + 24 * state
    mamba = model("mamba", 8, ssm__conv_kernel=4, ssm__inner_size=1024, ssm__state_size=16)
    assert memory_needed(mamba, 4096).kv == 8 * (3 * 1024 + 1024 * 16) * 4
    assert memory_needed(mamba, 65_536).kv == memory_needed(mamba, 256).kv
    # Layers without key-value heads are recurrent, as in LFM2.
    short = model("lfm2", 4, attention__head_count_kv=(8, 0, 0, 8), shortconv__l_cache=3)
    assert memory_needed(short, 1024).kv == 2 * 1024 * TOKEN + 2 * 2 * 512 * 4


def test_latent_attention_keeps_no_values() -> None:
    latent = model(
        "deepseek2",
        27,
        attention__head_count_kv=1,
        attention__key_length=576,
        attention__value_length=512,
        attention__key_length_mla=192,
        attention__value_length_mla=128,
    )
    assert memory_needed(latent, 1024).kv == 27 * 1024 * 576 * 2


@pytest.mark.parametrize(
    ("shape", "n_ctx", "batch", "flash", "measured"),
    [  # (layers, width, heads, feed-forward); what llama.cpp reports as its compute buffer, MiB
        ((28, 1024, 16, 3072), 1024, 256, False, 26.0),
        ((28, 1024, 16, 3072), 4096, 64, False, 19.25),
        ((28, 1024, 16, 3072), 4096, 256, False, 77.0),
        ((28, 1024, 16, 3072), 40_960, 256, False, 689.0),
        ((28, 1024, 16, 3072), 4096, 256, True, 15.01),
        ((28, 1024, 16, 3072), 40_960, 512, True, 66.09),
        ((36, 2560, 32, 9728), 1024, 256, False, 50.5),
        ((36, 2560, 32, 9728), 16_384, 256, False, 545.5),
        ((36, 2560, 32, 9728), 4096, 256, True, 42.01),
        ((36, 2560, 32, 9728), 40_960, 512, True, 120.09),
        ((36, 4096, 32, 12_288), 4096, 512, False, 308.0),
        ((36, 4096, 32, 12_288), 40_960, 256, True, 72.01),
    ],
)
def test_scratch_space_is_what_llama_cpp_reports(
    shape: tuple[int, int, int, int], n_ctx: int, batch: int, flash: bool, measured: float
) -> None:
    layers, width, heads, ffn = shape
    header = qwen3(layers, width, heads, **{"qwen3.feed_forward_length": ffn})
    estimate = memory_needed(header, n_ctx, batch, flash=flash).compute
    assert measured * MIB <= estimate + 0.1 * MIB
    assert estimate <= 1.25 * measured * MIB


def tensor(name: str, kind: int, shape: tuple[int, ...], size: int) -> TensorInfo:
    return TensorInfo(name, shape, TENSOR_TYPES[kind], 0, size)


def test_weights_and_their_copies() -> None:
    tensors = (
        tensor("token_embd.weight", 2, (64, 100), 1000),
        tensor("blk.0.ffn_up.weight", 2, (64, 64), 200),
        tensor("blk.0.ffn_down.weight", 8, (64, 64), 400),
        tensor("blk.0.ffn_norm.weight", 0, (64,), 30),
    )
    header = GgufHeader(3, qwen3(1, 64, 1).metadata, tensors, 0)
    estimate = memory_needed(header, 256)
    assert (estimate.weights, estimate.copies) == (1630, 200)
    assert estimate.total == 1630 + estimate.kv + estimate.compute + estimate.process
    # What is read instead of mapped, or kept as it is, is there once.
    assert memory_needed(header, 256, mmap=False).copies == 0
    assert memory_needed(header, 256, repack=False).copies == 0


def test_a_vocabulary_needs_tables() -> None:
    header = qwen3(1, 64, 1)
    small = memory_needed(header, 256)
    lists = {f"tokenizer.ggml.{name}": ArrayInfo(STRING, 150_000) for name in ("tokens", "merges")}
    large = memory_needed(GgufHeader(3, header.metadata | lists, (), 0), 256)
    assert 40 * MIB < large.process - small.process < 60 * MIB
    assert large.compute > 32 * 150_000 * 4


def layered(output: bool) -> GgufHeader:
    tensors = [tensor("token_embd.weight", 8, (64, 100), 50 * MIB)]
    tensors += [tensor(f"blk.{index}.ffn_up.weight", 8, (64, 64), MIB << 8) for index in range(10)]
    if output:
        tensors.append(tensor("output.weight", 8, (64, 100), 70 * MIB))
    return GgufHeader(3, qwen3(10, 64, 8).metadata, tuple(tensors), 0)


def test_layers_on_the_graphics_card() -> None:
    header = layered(output=True)
    here = memory_needed(header, 4096)
    assert here.gpu == 0
    # The output goes first, the last layers follow with what they remember.
    two = memory_needed(header, 4096, gpu_layers=2)
    assert two.weights == here.weights - 70 * MIB - (MIB << 8)
    assert two.kv == here.kv * 9 // 10
    assert two.gpu == 70 * MIB + (MIB << 8) + here.kv // 10 + two.compute
    everything = memory_needed(header, 4096, gpu_layers=99)
    assert (everything.weights, everything.kv) == (50 * MIB, 0)
    # Where the embeddings are the output as well, they are in both places.
    tied = memory_needed(layered(output=False), 4096, gpu_layers=1)
    assert tied.weights == memory_needed(layered(output=False), 4096).weights
    assert tied.gpu == 50 * MIB + tied.compute


def test_how_many_layers_the_graphics_card_holds() -> None:
    header = layered(output=True)
    assert layers_on_gpu(header, 4096, 0) == 0
    assert layers_on_gpu(header, 4096, 100 << 30) == 11
    for wanted in (1, 4, 10):
        room = memory_needed(header, 4096, gpu_layers=wanted).gpu + GPU_RESERVE
        assert layers_on_gpu(header, 4096, room) == wanted
        assert layers_on_gpu(header, 4096, room - 1) == wanted - 1
    # A larger context leaves room for fewer.
    room = memory_needed(header, 4096, gpu_layers=5).gpu + GPU_RESERVE
    assert layers_on_gpu(header, 65_536, room) < 5
    # A model known by its size alone counts as even layers.
    one = GgufHeader(3, header.metadata, (tensor("weights", 0, (1,), 11 << 30),), 0)
    assert layers_on_gpu(one, 256, GPU_RESERVE + (3 << 30) + (64 << 20)) == 3


def test_context_against_memory() -> None:
    header = qwen3(36, 2560, 32, **{"qwen3.context_length": 40_960})
    table = context_table(header)
    assert [n_ctx for n_ctx, _ in table] == [1024, 2048, 4096, 8192, 16_384, 32_768, 40_960]
    totals = [estimate.total for _, estimate in table]
    assert totals == sorted(totals)
    assert dict(table)[8192] == memory_needed(header, 8192)
    small = context_table(header, (2048,), kv_type="q8_0", flash=True)
    assert small == [(2048, memory_needed(header, 2048, kv_type="q8_0", flash=True))]
    short = qwen3(1, 64, 1, **{"qwen3.context_length": 512})
    assert [n_ctx for n_ctx, _ in context_table(short)] == [512]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "block_count",
                "embedding_length",
                "context_length",
                "feed_forward_length",
                "full_attention_interval",
                "expert_used_count",
                "attention.head_count",
                "attention.head_count_kv",
                "attention.key_length",
                "attention.sliding_window",
                "attention.sliding_window_pattern",
                "attention.shared_kv_layers",
                "attention.recurrent_layers",
                "ssm.inner_size",
                "ssm.conv_kernel",
                "wkv.head_size",
                "shortconv.l_cache",
            ]
        ),
        st.integers(-(1 << 63), (1 << 64) - 1)
        | st.integers(0, 9)
        | st.booleans()
        | st.floats()
        | st.sampled_from(["", "7"])
        | st.lists(st.integers(-5, 1 << 40) | st.booleans() | st.floats(), max_size=4).map(tuple),
    ),
    st.sampled_from(["qwen3", "gemma3", "qwen35", "mamba", "falcon-h1", "gpt-oss", "x"]),
    st.integers(0, 12),
)
def test_any_header_gets_an_estimate(
    numbers: dict[str, object], kind: str, gpu_layers: int
) -> None:
    metadata = {f"{kind}.{key}": value for key, value in numbers.items()}
    header = GgufHeader(3, {"general.architecture": kind, **metadata}, (), 0)
    estimate = memory_needed(header, 4096, gpu_layers=gpu_layers)
    assert min(estimate.total, estimate.kv, estimate.compute, estimate.gpu) >= 0
    assert 0 <= layers_on_gpu(header, 4096, 8 << 30) <= 4097
    assert all(n_ctx >= 1 for n_ctx, _ in context_table(header))


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


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("kind", "mmap"), [("Q4_0", True), ("Q4_0", False), ("F32", True)])
def test_what_a_fresh_model_holds(
    kind: str,
    mmap: bool,
    new_client: Callable[[], ModelClient],
    make_gguf: ModuleType,
    tmp_path: Path,
) -> None:
    """Mapped, read, or kept twice: by what it holds it uses about what was estimated."""
    path = tmp_path / "wide.gguf"
    shape = make_gguf.Shape(400, 4, 1024, 16, 8, 64, 4096, 4096, kind)
    make_gguf.write_model(path, shape, "Wide")
    client = new_client()
    client.load(path, LoadOptions(n_ctx=4096, tuning=Tuning(1, 1, False, 64, mmap=mmap)))
    assert client._link is not None
    header = read_header(path)
    estimate = memory_needed(header, 4096, 64, sequences=4, mmap=mmap)
    held = fit_machine.held_memory(client._link.pid, 0)
    assert abs(held - least_held(estimate, mmap)) < 0.1 * estimate.total
    used = client.used_factor()
    assert used is not None
    assert used[0] == header
    assert 0.9 < used[1] < 1.1


def test_available_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < available_memory() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    monkeypatch.setattr(fit_machine, "_cgroup_available", lambda: 12345)
    assert available_memory() == 12345


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (4, 3), (16, 15)])
def test_threads(monkeypatch: pytest.MonkeyPatch, cores: int, threads: int) -> None:
    monkeypatch.setattr(fit_machine, "_physical_cores", lambda: cores)
    assert default_threads() == threads
