"""Tokenizers of SentencePiece's kind (Llama 2, Mistral)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_models import TOKENS, edit_json, llama_logits, make_other, make_pieces, torch_logits
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

from engine.core.errors import KnownError
from engine.model.child.api import AbortFlag
from engine.model.child.model import Model
from quantize.convert import convert
from quantize.task import Task


@pytest.fixture
def llama2(tmp_path: Path) -> Path:
    make_other(tmp_path / "hf", LlamaConfig, LlamaForCausalLM, num_hidden_layers=1)
    make_pieces(tmp_path / "hf")
    return tmp_path / "hf"


def test_tokens_equal(llama2: Path, tmp_path: Path, task: Task) -> None:
    done = convert(llama2, tmp_path / "out.gguf", None, task)
    assert done.checked_tokens > 1000
    original = Tokenizer.from_file(str(llama2 / "tokenizer.json"))
    converted = Model(str(tmp_path / "out.gguf"), lambda _: None, AbortFlag(), vocab_only=True)
    for text in ("the price  of bitcoin\n fell</s> by €3.5", "", " x", "<s>the"):
        assert converted.tokenize(text, start=True) == original.encode(text).ids
    assert converted.ends_answer(2)
    tokens = TOKENS[:8]
    model = LlamaForCausalLM.from_pretrained(llama2).eval()
    difference = torch_logits(model, tokens) - llama_logits(tmp_path / "out.gguf", tokens)
    assert abs(difference).max() < 2e-4


def _leave_one_way(content: dict[str, Any]) -> None:
    """Which llama.cpp, merging whatever gives a token, cannot do."""
    merges = content["model"]["merges"]
    content["model"]["merges"] = [merge for merge in merges if len(merge[1]) == 1]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda it: it.update(normalizer=None), "variant of SentencePiece"),
        (lambda it: it.update(pre_tokenizer={"type": "Metaspace"}), "variant of SentencePiece"),
        (lambda it: it["model"]["vocab"].pop("<0x41>"), "cannot spell"),
        (_leave_one_way, "does not give the same tokens"),
    ],
)
def test_refusals(
    llama2: Path, tmp_path: Path, task: Task, change: Callable[[dict[str, Any]], Any], sentence: str
) -> None:
    edit_json(llama2 / "tokenizer.json", change)
    with pytest.raises(KnownError, match=sentence):
        convert(llama2, tmp_path / "out.gguf", None, task)
