"""Damaged and unsuitable model folders: one sentence each, and nothing is left behind."""

import contextlib
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from tiny_models import edit_json
from transformers import (
    Glm4MoeConfig,
    LlamaConfig,
    MistralConfig,
    PreTrainedConfig,
    Qwen2Config,
    Qwen2MoeConfig,
    Qwen3Config,
    Qwen3MoeConfig,
)

from engine.core.errors import Cancelled, KnownError
from quantize.convert import FAMILIES, convert
from quantize.convert.config import Config
from quantize.task import Task
from quantize.weights import open_weights

MODEL = "model.safetensors"
YARN = {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0}


def assert_refused(folder: Path, sentence: str, kind: str | None = None) -> None:
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises(KnownError, match=sentence) as caught:
        convert(folder, folder.parent / "out.gguf", kind, Task(lambda _fraction, _text: None))
    assert "\n" not in caught.value.sentence
    assert caught.value.hint
    assert sorted(folder.parent.rglob("*")) == before


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", MODEL])
def test_missing_files(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert_refused(folder, f"has no {name}")


def test_no_folder(tmp_path: Path) -> None:
    assert_refused(tmp_path / "nowhere", "There is no folder")
    place = tmp_path / "place"
    place.mkdir()
    (place / "full.gguf").touch()
    assert_refused(place / "full.gguf", "is a file, not a folder")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000])
@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "assay.json"])
def test_broken_json(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    assert_refused(folder, f"{name} is damaged")


def _config(**values: object) -> Callable[[Path], None]:
    return lambda folder: edit_json(folder / "config.json", lambda it: it.update(values))


def _windowed_yarn(folder: Path) -> None:
    rope = YARN | {"original_max_position_embeddings": 128}
    kinds = ["sliding_attention", "full_attention", "full_attention"]
    _config(rope_parameters=rope, sliding_window=16, layer_types=kinds)(folder)


def _rope(**values: object) -> Callable[[Path], None]:
    return _config(rope_parameters=YARN | values)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_config(architectures=["GemmaForCausalLM"]), "GemmaForCausalLM"),
        (_config(architectures=None), "of the kind"),
        (_config(quantization_config={"bits": 4}), "quantized already"),
        (_config(hidden_size=-1), "hidden_size"),
        (_config(hidden_size=1e30), "hidden_size"),
        (_config(num_hidden_layers=10**9), "num_hidden_layers"),
        (_config(num_key_value_heads=3), "do not fit together"),
        (_config(rms_norm_eps="x"), "rms_norm_eps"),
        (_config(use_sliding_window=True, layer_types=None), "layer_types"),
        (_config(layer_types=["sliding_attention"] * 2), "layer_types"),
        (_config(layer_types=["chunked_attention"] * 3), "layer_types"),
        (_config(layer_types=["sliding_attention"] * 3), "sliding_window"),
        (_windowed_yarn, "sliding windows and YaRN"),
        (_config(attention_bias=True), "variant"),
        (_config(hidden_act="gelu"), "variant"),
        (_config(hidden_size=128), "do not fit its config"),
        (_config(num_hidden_layers=4), "lack model.layers.3"),
        (_config(num_hidden_layers=2), "not part of its kind"),
        (_config(tie_word_embeddings=False), "lack lm_head.weight"),
        (_rope(rope_type="longrope"), "longrope"),
        (_rope(beta_fast=16), "variant of YaRN"),
        (_rope(truncate=False), "variant of YaRN"),
        (_rope(factor=0), "factor"),
    ],
)
def test_configs(folder: Path, change: Callable[[Path], None], sentence: str) -> None:
    change(folder)
    assert_refused(folder, sentence)


def _header(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    """Rewrite the JSON header of a safetensors file."""

    def edit(data: bytes) -> bytes:
        end = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:end])
        change(header)
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + data[end:]

    return edit


NORM = "model.norm.weight"


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda data: b"", "cut off"),
        (lambda data: data[:5], "cut off"),
        (lambda data: data[:-1], "cut off"),
        (lambda data: data[: len(data) // 2], "cut off"),
        (lambda data: data + b"x", "longer than its description"),
        (lambda data: struct.pack("<Q", 1 << 63) + data[8:], "cut off or not a safetensors"),
        (lambda data: struct.pack("<Q", 3) + data[8:], "is damaged"),
        (lambda data: b"PK\x03\x04" + data[4:], "is damaged"),
        (_header(lambda it: it[NORM].update(dtype="F8_E4M3")), "F8_E4M3"),
        (_header(lambda it: it[NORM].update(shape=[-1])), "not readable"),
        (_header(lambda it: it[NORM].update(shape=[1 << 62, 1 << 62])), "not readable"),
        (_header(lambda it: it[NORM].update(shape=[255])), "does not match its shape"),
        (_header(lambda it: it[NORM].update(data_offsets=[0, 1024])), "overlap or leave gaps"),
        (_header(lambda it: it.update({NORM: 7})), "not readable"),
        (_header(lambda it: it.update({NORM: None})), "not readable"),
    ],
)
def test_damaged_weights(folder: Path, edit: Callable[[bytes], bytes], sentence: str) -> None:
    (folder / MODEL).write_bytes(edit((folder / MODEL).read_bytes()))
    assert_refused(folder, sentence)


def test_pickles_are_refused(folder: Path) -> None:
    (folder / MODEL).rename(folder / "pytorch_model.bin")
    assert_refused(folder, "can run code")


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        ({"a": "../model.safetensors"}, "outside the model's folder"),
        ({"a": "/etc/x.safetensors"}, "outside the model's folder"),
        ({"a": "model-2.safetensors"}, "has no model-2"),
        ({"a": MODEL}, "does not match"),
        ([1], "damaged"),
    ],
)
def test_bad_indexes(folder: Path, places: object, sentence: str) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    assert_refused(folder, sentence)


@pytest.mark.parametrize(
    ("value", "kind", "sentence"),
    [
        (np.nan, "F32", "not numbers, for example in model.layers.2.mlp.down_proj.weight"),
        (-np.inf, "F32", "not numbers, for example in model.layers.2"),
        (np.inf, "BF16", "not numbers, for example in model.layers.2"),
        (np.nan, "Q8_0", "not numbers, for example in model.layers.2"),
        (1e6, "F16", "too large for F16, for example in model.layers.2"),
    ],
)
def test_weights_that_do_not_fit(folder: Path, value: float, kind: str, sentence: str) -> None:
    weights = load_file(folder / MODEL)
    weights["model.layers.2.mlp.down_proj.weight"][3, 4] = value
    save_file(weights, folder / MODEL)
    assert_refused(folder, sentence, kind)


def test_unknown_detail(folder: Path) -> None:
    (folder / "assay.json").write_text('{"licence": "MIT"}')
    assert_refused(folder, "licence")
    (folder / "assay.json").write_text('{"name": 5}')
    assert_refused(folder, r"assay\.json has no usable name")


def test_no_space(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("quantize.output.shutil.disk_usage", lambda _path: usage)
    assert_refused(folder, "only 1.0 kB are free")


def test_stopping_leaves_the_old_file(folder: Path) -> None:
    target = folder.parent / "out.gguf"
    target.write_bytes(b"old")
    task = Task(lambda _fraction, text: task.stop() if "blk.1" in text else None)
    with pytest.raises(Cancelled):
        convert(folder, target, None, task)
    assert target.read_bytes() == b"old"
    assert sorted(folder.parent.iterdir()) == [folder, target]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["rope_type", "factor", "rope_theta"]), st.integers()),
)


CONFIGS = (
    LlamaConfig(head_dim=128),
    MistralConfig(head_dim=128),
    Qwen2Config(),
    Qwen2MoeConfig(num_hidden_layers=2),
    Qwen3Config(),
    Qwen3MoeConfig(num_hidden_layers=2, norm_topk_prob=True),
    Glm4MoeConfig(num_hidden_layers=2, head_dim=128),
)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.model_type)
def test_the_usual_config_is_accepted(config: PreTrainedConfig) -> None:
    family = FAMILIES[f"{type(config).__name__.removesuffix('Config')}ForCausalLM"]
    values = Config(json.loads(config.to_json_string(use_diff=False)))
    assert family.describe(values)
    assert family.tensors(values)


@given(data=st.data(), which=st.sampled_from(CONFIGS))
@settings(deadline=None)
def test_any_config_gives_an_answer(data: st.DataObject, which: PreTrainedConfig) -> None:
    family = FAMILIES[f"{type(which).__name__.removesuffix('Config')}ForCausalLM"]
    values = json.loads(which.to_json_string(use_diff=False))
    for _ in range(2):
        values[data.draw(st.sampled_from(sorted(values)))] = data.draw(VALUES)
    with contextlib.suppress(KnownError):
        family.describe(Config(values))
        family.tensors(Config(values))
        family.superfluous(Config(values), "x")


@given(where=st.integers(0, 2_000), value=st.integers(0, 255))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_weights_header_gives_an_answer(tmp_path: Path, where: int, value: int) -> None:
    path = tmp_path / MODEL
    tensors = {f"t{n}": np.full((n + 1, 2), n, np.float32) for n in range(12)}
    save_file(tensors, path)
    data = bytearray(path.read_bytes())
    data[where % len(data)] = value
    path.write_bytes(data)
    with contextlib.suppress(KnownError):
        for weight in open_weights(tmp_path).values():
            list(weight.blocks())
