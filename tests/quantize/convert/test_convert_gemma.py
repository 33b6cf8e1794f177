"""Converted Gemmas compute what torch computes, and split text as their tokenizer.json says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import TOKENS, edit_json, llama_logits, make_other, make_pieces, torch_logits
from tokenizers import Tokenizer
from transformers import Gemma2Config, Gemma2ForCausalLM, Gemma3ForCausalLM, Gemma3TextConfig

from engine.core.errors import KnownError
from engine.model.child.api import AbortFlag
from engine.model.child.model import Model
from engine.model.fit.layers import layers_of
from engine.model.gguf.header import GgufHeader, read_header
from quantize.convert import convert
from quantize.task import Task

GEMMA2 = (Gemma2Config, Gemma2ForCausalLM)
GEMMA3 = (Gemma3TextConfig, Gemma3ForCausalLM)
SIZES = {"head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 16}
CAPS = {"attn_logit_softcapping": 4.0, "final_logit_softcapping": 6.0}
POSITIONS = {
    "full_attention": {"rope_type": "linear", "rope_theta": 90_000.0, "factor": 2.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 7_000.0},
}
MIXED = ["sliding_attention", "full_attention", "full_attention"]
OF_GEMMA2 = {**SIZES, **CAPS}
OF_GEMMA3 = {**SIZES, "rope_parameters": POSITIONS}


def make_gemma(folder: Path, kind: tuple[Any, Any], **settings: object) -> Any:
    """A random Gemma with a tokenizer like Gemma's; its GELU rounds as llama.cpp's does."""
    make_pieces(folder, gemma=True)
    roles = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    model = make_other(folder, *kind, **{**roles, **settings})
    model.set_attn_implementation("eager")  # others leave the bound of attention out
    for layer in model.model.layers:
        layer.mlp.act_fn = _Gelu()
    return model


class _Gelu(torch.nn.Module):
    """llama.cpp looks it up in a table of 16-bit numbers."""

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        found = torch.nn.functional.gelu(numbers.half().float(), approximate="tanh")
        return found.half().float()


def _assert_close(path: Path, model: Any) -> None:
    """Not within 2e-4 as others are: now and then the GELU's table rounds a number elsewhere."""
    expected, found = torch_logits(model, TOKENS), llama_logits(path, TOKENS)
    assert expected.std() > 2
    assert np.abs(expected - found).max() < 0.01
    assert np.abs(expected - found).mean() < 1e-3


def _converted(folder: Path, task: Task) -> GgufHeader:
    convert(folder / "hf", folder / "out.gguf", "F32", task)
    return read_header(folder / "out.gguf")


@pytest.mark.parametrize(
    ("kind", "settings", "windows"),
    [
        pytest.param(GEMMA2, OF_GEMMA2, [16, 0, 16], id="gemma 2"),
        pytest.param(GEMMA2, {**OF_GEMMA2, "layer_types": MIXED}, [16, 0, 0], id="2, own windows"),
        pytest.param(
            GEMMA3, {**OF_GEMMA3, "num_hidden_layers": 6}, [16, 16, 16, 16, 16, 0], id="gemma 3"
        ),
        pytest.param(
            GEMMA3,
            {**OF_GEMMA3, "layer_types": MIXED, "final_logit_softcapping": 6.0},
            [16, 0, 0],
            id="3, own windows",
        ),
        pytest.param(
            GEMMA3,
            {**OF_GEMMA3, "layer_types": ["full_attention"] * 3, "tie_word_embeddings": False},
            [0, 0, 0],
            id="3, no windows, own output head",
        ),
    ],
)
def test_logits_equal_torch(
    tmp_path: Path,
    task: Task,
    kind: tuple[Any, Any],
    settings: dict[str, object],
    windows: list[int],
) -> None:
    model = make_gemma(tmp_path / "hf", kind, **settings)
    header = _converted(tmp_path, task)
    assert header.architecture == ("gemma2" if kind == GEMMA2 else "gemma3")
    assert [layer.window for layer in layers_of(header)] == windows
    _assert_close(tmp_path / "out.gguf", model)


def test_as_gemma_3_was_published(tmp_path: Path, task: Task) -> None:
    """Without layer_types and rope_parameters, and without what has a usual value."""
    model = make_gemma(tmp_path / "hf", GEMMA3, **{**OF_GEMMA3, "num_hidden_layers": 4})

    def to_old(config: dict[str, Any]) -> None:
        del config["rope_parameters"], config["layer_types"], config["tie_word_embeddings"]
        config |= {"rope_theta": 90_000.0, "rope_scaling": {"rope_type": "linear", "factor": 2.0}}
        config |= {"rope_local_base_freq": 7_000.0, "sliding_window_pattern": 6}

    edit_json(tmp_path / "hf" / "config.json", to_old)
    header = _converted(tmp_path, task)
    assert [layer.window for layer in layers_of(header)] == [16] * 4
    _assert_close(tmp_path / "out.gguf", model)


def test_tokens_equal(tmp_path: Path, task: Task) -> None:
    make_gemma(tmp_path / "hf", GEMMA2, **OF_GEMMA2, num_hidden_layers=1)
    header = _converted(tmp_path, task)
    assert header.metadata["tokenizer.ggml.add_space_prefix"] is False
    original = Tokenizer.from_file(str(tmp_path / "hf" / "tokenizer.json"))
    converted = Model(str(tmp_path / "out.gguf"), lambda _: None, AbortFlag(), vocab_only=True)
    for text in ("the price  of\n\n\n\n bitcoin", "", "   x", "<table> the<unused7>€\n"):
        found = converted.tokenize(text, start=True)
        assert found == original.encode(text).ids
        assert b"".join(converted.piece(token) for token in found[1:]) == text.encode()
    blanks = original.token_to_id("▁▁▁")
    assert converted.tokenize("   x", start=True)[1] == blanks


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        (GEMMA2, {"query_pre_attn_scalar": 64}, "another scale"),
        (GEMMA2, {"num_hidden_layers": 46, "layer_types": None}, "another scale"),
        (GEMMA2, {"attn_logit_softcapping": None}, "no usable attn_logit_softcapping"),
        (GEMMA2, {"sliding_window": None}, "no usable sliding_window"),
        (GEMMA2, {"hidden_activation": "gelu"}, "activation"),
        (GEMMA2, {"tie_word_embeddings": False}, "output matrix"),
        (GEMMA2, {"layer_types": ["full_attention", "chunked_attention"]}, "other kinds"),
        (GEMMA3, {"attn_logit_softcapping": 50.0}, "bounds of its attention"),
        (GEMMA3, {"use_bidirectional_attention": True}, "that follow"),
        (GEMMA3, {"attention_bias": True}, "biases"),
        (GEMMA3, {"rope_parameters": None}, "no usable rope_theta"),
    ],
)
def test_refusals(
    tmp_path: Path, task: Task, kind: tuple[Any, Any], change: dict[str, object], sentence: str
) -> None:
    settings = OF_GEMMA2 if kind == GEMMA2 else OF_GEMMA3
    make_gemma(tmp_path / "hf", kind, **{**settings, "num_hidden_layers": 1})
    edit_json(tmp_path / "hf" / "config.json", lambda it: it.update(change))
    with pytest.raises(KnownError, match=sentence):
        _converted(tmp_path, task)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda it: it["normalizer"].update(content="_"), "variant of SentencePiece"),
        (lambda it: it["pre_tokenizer"].update(behavior="Isolated"), "variant of SentencePiece"),
        (lambda it: it["model"]["merges"].remove(["▁", "▁"]), "does not give the same tokens"),
    ],
)
def test_other_tokenizers_are_refused(
    tmp_path: Path, task: Task, change: Callable[[dict[str, Any]], Any], sentence: str
) -> None:
    make_gemma(tmp_path / "hf", GEMMA2, **OF_GEMMA2, num_hidden_layers=1)
    edit_json(tmp_path / "hf" / "tokenizer.json", change)
    with pytest.raises(KnownError, match=sentence):
        _converted(tmp_path, task)
