"""What llama.cpp and its backends say, and what is made of it."""

import pytest

from engine.model.diagnose import (
    CAUSES,
    Cause,
    death_cause,
    death_sentence,
    load_cause,
    load_error,
)

LOAD = "llama_model_load: error loading model: "
CUDA = "ggml_backend_cuda_buffer_type_alloc_buffer: "
METAL = "ggml_metal_buffer_type_alloc_buffer: "
# Lines as the library of the pinned version writes them.
LINES: list[tuple[Cause, str]] = [
    ("memory", "ggml_aligned_malloc: insufficient memory (attempted to allocate 4096.00 MB)"),
    ("memory", "ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 7340"),
    ("memory", "alloc_tensor_range: failed to allocate CPU buffer of size 4294967296"),
    ("memory", LOAD + "unable to allocate CPU_REPACK buffer"),
    ("memory", LOAD + "mmap failed: Cannot allocate memory"),
    ("memory", "llama_init_from_model: failed to initialize the context: std::bad_alloc"),
    ("memory", "ggml_gallocr_reserve_n_impl: failed to allocate CPU buffer of size 1159725056"),
    ("memory", "libgomp: Thread creation failed: Resource temporarily unavailable"),
    ("memory", "MemoryError"),
    (
        "graphics memory",
        CUDA + "allocating 3584.00 MiB on device 0: cudaMalloc failed: out of memory",
    ),
    ("graphics memory", "alloc_tensor_range: failed to allocate CUDA0 buffer of size 3758096384"),
    ("graphics memory", LOAD + "unable to allocate CUDA0 buffer"),
    ("graphics memory", LOAD + "unable to allocate Vulkan1 buffer"),
    ("graphics memory", "ggml_gallocr_reserve_n_impl: failed to allocate ROCm0 buffer of size 12"),
    ("graphics memory", "ggml_vulkan: Device memory allocation of size 1073741824 failed."),
    ("graphics memory", "ggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory"),
    ("graphics memory", METAL + "failed to allocate Metal buffer of 96 bytes (out of memory)"),
    (
        "graphics memory",
        "error: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)",
    ),
    ("graphics", "CUDA error: no kernel image is available for execution on the device"),
    ("graphics", "ggml_cuda_compute_forward: MUL_MAT failed\nCUDA error: invalid argument"),
    ("graphics", "terminate called after throwing an instance of 'vk::DeviceLostError'"),
    ("graphics", "llama_init_from_model: failed to initialize CUDA0 backend"),
    ("architecture", LOAD + "unknown model architecture: 'qwen9'"),
    ("architecture", LOAD + "unsupported model architecture: 'clip'"),
    ("tokenizer", LOAD + "error loading model vocabulary: unknown pre-tokenizer type: 'new'"),
    ("tokenizer", LOAD + "error loading model vocabulary: unknown tokenizer: 'words'"),
    ("tensors", LOAD + "missing tensor 'blk.1.ffn_up.weight'"),
    (
        "tensors",
        LOAD + "check_tensor_dims: tensor 'blk.0.attn_q.weight' has wrong shape; expected "
        "  1024,  2048, got   1024,  1024,     1,     1",
    ),
    ("tensors", LOAD + "check_tensor_dims: tensor 'output_norm.weight' not found"),
    ("tensors", LOAD + "done_getting_tensors: wrong number of tensors; expected 311, got 310"),
    ("unreadable", LOAD + "read error: Input/output error"),
    ("unreadable", "llama_model_load: failed to open /m/a.gguf: Permission denied"),
    (
        "damaged",
        LOAD + "tensor 'blk.9.ffn_up.weight' data is not within the file bounds, model is "
        "corrupted or incomplete",
    ),
    ("damaged", "gguf_init_from_file_impl: duplicate key 'general.name' for KV pair 3"),
    ("damaged", "GGML_ASSERT(ids.size() == tokens.size()) failed"),
    ("damaged", LOAD + "key not found in model: qwen3.context_length"),
    ("damaged", ""),
]


@pytest.mark.parametrize(("cause", "line"), LINES)
def test_a_line_of_the_log_tells_the_cause(cause: Cause, line: str) -> None:
    noise = "llama_model_loader: loaded meta data with 26 key-value pairs\n"
    assert load_cause(
        noise + line + "\nllama_model_load_from_file_impl: failed to load model\n"
    ) == (cause)
    assert death_cause(-6, line) == cause


def test_signals() -> None:
    assert death_cause(-4, "") == "processor"
    assert death_cause(-9, "") == "memory"
    assert death_cause(-11, "") == "damaged"


def test_every_cause_is_one_sentence_and_something_to_do() -> None:
    seen = set()
    for cause in CAUSES:
        error = load_error(cause, "Tiny")  # type: ignore[arg-type]
        assert error.sentence.endswith(".")
        assert "{" not in error.sentence
        assert error.sentence.count(". ") == 0
        assert error.hint.endswith(".")
        seen.add(error.sentence)
    assert len(seen) == len(CAUSES)


@pytest.mark.parametrize(
    ("code", "log", "begins"),
    [
        (-6, "std::bad_alloc", "The model ran out of memory"),
        (-6, "cudaMalloc failed: out of memory", "The graphics card ran out of memory"),
        (-6, "CUDA error: an illegal memory access was encountered", "The graphics card failed"),
        (-4, "", "The model engine was built for another processor"),
        (-9, "", "The system ended the model"),
        (-11, "", "The model stopped unexpectedly."),
        (0, "", "The model stopped unexpectedly."),
    ],
)
def test_a_death_later_on(code: int, log: str, begins: str) -> None:
    assert death_sentence(code, log)[0].startswith(begins)
