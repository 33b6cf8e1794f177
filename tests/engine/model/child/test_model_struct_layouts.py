"""The pinned llama-cpp-python: its version, and the layouts and defaults the model child counts on.

A field that moved would not fail, it would compute nonsense; so each is written down here.
"""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[4]

# Field names in order, as in llama.h of the pinned version.
FIELDS = {
    "llama_model_params": (
        "devices tensor_buft_overrides n_gpu_layers split_mode load_mode lazy_mode main_gpu "
        "tensor_split progress_callback progress_callback_user_data kv_overrides vocab_only "
        "check_tensors use_extra_bufts no_host no_alloc load_mtp"
    ),
    "llama_context_params": (
        "n_ctx n_batch n_ubatch n_seq_max n_rs_seq n_outputs_max n_outputs_max_per_seq n_threads "
        "n_threads_batch ctx_type rope_scaling_type pooling_type attention_type flash_attn_type "
        "rope_freq_base rope_freq_scale yarn_ext_factor yarn_attn_factor yarn_beta_fast "
        "yarn_beta_slow yarn_orig_ctx defrag_thold cb_eval cb_eval_user_data type_k type_v "
        "abort_callback abort_callback_data embeddings offload_kqv no_perf op_offload swa_full "
        "kv_unified samplers n_samplers ctx_other"
    ),
    "llama_batch": "n_tokens token embd pos n_seq_id seq_id logits",
    "llama_token_data": "id logit p",
    "llama_token_data_array": "data size selected sorted",
    "llama_sampler_chain_params": "no_perf",
}
SIZES = {
    "llama_model_params": 80,
    "llama_context_params": 160,
    "llama_batch": 56,
    "llama_token_data": 12,
    "llama_token_data_array": 32,
    "llama_sampler_chain_params": 1,
}

PROGRAM = """
import ctypes, json
from engine.model.child.api import api
names = %r
def plain(value):
    return value if isinstance(value, (int, float, bool)) else bool(value)
def values(struct):
    return {name: plain(getattr(struct, name)) for name, _ in struct._fields_}
kinds = {name: getattr(api, name) for name in names}
batch = api.llama_batch_init(8, 0, 2)
told = {
    "fields": {name: [field for field, _ in kind._fields_] for name, kind in kinds.items()},
    "sizes": {name: ctypes.sizeof(kind) for name, kind in kinds.items()},
    "model": values(api.llama_model_default_params()),
    "context": values(api.llama_context_default_params()),
    "chain": values(api.llama_sampler_chain_default_params()),
    "batch": values(batch),
    "candidate": [getattr(api.llama_token_data, name).offset for name in ("id", "logit", "p")],
    "kinds": [api.GGML_TYPE_F16, api.GGML_TYPE_Q8_0, api.GGML_TYPE_Q4_0],
}
api.llama_batch_free(batch)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM % (list(FIELDS),)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_the_version_is_the_pinned_one() -> None:
    assert version("llama-cpp-python") == "0.3.36"
    assert "llama-cpp-python==0.3.36" in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("name", FIELDS)
def test_fields_and_their_order(told: dict[str, Any], name: str) -> None:
    assert told["fields"][name] == FIELDS[name].split()


def test_sizes(told: dict[str, Any]) -> None:
    """As the C compiler lays them out on 64-bit systems."""
    assert told["sizes"] == SIZES
    assert told["candidate"] == [0, 4, 8]


def test_defaults_of_a_model(told: dict[str, Any]) -> None:
    """The library fills these in by itself: a shifted field would show here."""
    values = told["model"]
    assert {name for name, value in values.items() if value is True} == {"use_extra_bufts"}
    assert values["n_gpu_layers"] == -1
    assert (values["split_mode"], values["load_mode"], values["main_gpu"]) == (1, -1, 0)


def test_defaults_of_a_context(told: dict[str, Any]) -> None:
    values = told["context"]
    assert {name: value for name, value in values.items() if name.startswith("n_")} == {
        "n_ctx": 512,
        "n_batch": 2048,
        "n_ubatch": 512,
        "n_seq_max": 1,
        "n_rs_seq": 0,
        "n_outputs_max": 0,
        "n_outputs_max_per_seq": 1,
        "n_threads": 4,
        "n_threads_batch": 4,
        "n_samplers": 0,
    }
    assert (values["type_k"], values["type_v"]) == (1, 1)  # half precision
    assert told["kinds"] == [1, 8, 2]
    assert (values["pooling_type"], values["flash_attn_type"]) == (-1, -1)
    assert (values["yarn_beta_fast"], values["yarn_beta_slow"]) == (-1.0, -1.0)
    switches = {name for name, value in values.items() if value is True}
    assert switches == {"offload_kqv", "no_perf", "op_offload", "swa_full"}


def test_defaults_of_a_chain_and_a_batch(told: dict[str, Any]) -> None:
    assert told["chain"] == {"no_perf": True}
    assert told["batch"]["n_tokens"] == 0
    assert told["batch"]["embd"] is False
    pointers = ("token", "pos", "n_seq_id", "seq_id", "logits")
    assert all(told["batch"][name] for name in pointers)
