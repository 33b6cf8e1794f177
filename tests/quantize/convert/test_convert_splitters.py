"""Tokenizers of several kinds: split expression, whole words, a token before every text."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_models import LLAMA3_SPLIT, QWEN2_SPLIT, edit_json, make_tokenizer
from tokenizers import Tokenizer

from engine.core.errors import KnownError
from engine.model.child.api import AbortFlag
from engine.model.child.model import Model
from engine.model.gguf.header import read_header
from quantize.convert import convert
from quantize.task import Task

BEFORE = {"SpecialToken": {"id": "<|im_start|>", "type_id": 0}}
ITSELF = {"Sequence": {"id": "A", "type_id": 0}}


def _template(*pieces: object, token: int) -> dict[str, object]:
    special = {"id": "<|im_start|>", "ids": [token], "tokens": ["<|im_start|>"]}
    return {
        "type": "TemplateProcessing",
        "single": list(pieces),
        "pair": [ITSELF, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<|im_start|>": special},
    }


def _like_llama3(content: dict[str, Any]) -> None:
    """ignore_merges, with a word no merges lead to, and a token before every text."""
    content["model"]["ignore_merges"] = True
    last = max(content["model"]["vocab"], key=content["model"]["vocab"].get)
    number = content["model"]["vocab"].pop(last)
    content["model"]["merges"] = [one for one in content["model"]["merges"] if "".join(one) != last]
    content["model"]["vocab"]["zebra"] = number
    token = next(one["id"] for one in content["added_tokens"] if one["content"] == "<|im_start|>")
    bytes_only = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False}
    processors = [bytes_only, _template(BEFORE, ITSELF, token=token)]
    content["post_processor"] = {"type": "Sequence", "processors": processors}


@pytest.mark.parametrize(
    ("split", "change", "name"),
    [
        (LLAMA3_SPLIT, _like_llama3, "llama-bpe"),
        (LLAMA3_SPLIT, lambda _: None, "glm4"),
        (QWEN2_SPLIT, lambda it: it.update(normalizer={"type": "NFC"}), "qwen2"),
        ("", lambda _: None, "gpt-2"),
    ],
)
def test_tokens_equal(
    folder: Path, task: Task, split: str, change: Callable[[dict[str, Any]], None], name: str
) -> None:
    make_tokenizer(folder, split)
    edit_json(folder / "tokenizer.json", change)
    convert(folder, folder / "out.gguf", None, task)
    metadata = read_header(folder / "out.gguf").metadata
    assert metadata["tokenizer.ggml.pre"] == name
    assert metadata["tokenizer.ggml.add_bos_token"] is (name == "llama-bpe")
    original = Tokenizer.from_file(str(folder / "tokenizer.json"))
    converted = Model(str(folder / "out.gguf"), lambda _: None, AbortFlag(), vocab_only=True)
    for text in ("zebra zebras 1234567 what's IT'S\r\n\r\n  x", ""):
        assert converted.tokenize(text, start=True) == original.encode(text).ids
    if name == "llama-bpe":
        start = original.token_to_id("<|im_start|>")
        assert metadata["tokenizer.ggml.bos_token_id"] == start
        zebra = original.token_to_id("zebra")
        assert converted.tokenize("zebra", start=True) == [start, zebra]


@pytest.mark.parametrize(
    "processor",
    [
        {"type": "BertProcessing", "sep": ["<|im_end|>", 602], "cls": ["<|im_start|>", 601]},
        _template(BEFORE, BEFORE, ITSELF, token=601),
        _template(ITSELF, BEFORE, token=601),
        {"type": "TemplateProcessing", "single": "A"},
        {"type": "Sequence", "processors": [_template(BEFORE, ITSELF, token=601)] * 2},
        {"type": "Sequence", "processors": 7},
        "x",
    ],
)
def test_other_additions_are_refused(folder: Path, task: Task, processor: object) -> None:
    edit_json(folder / "tokenizer.json", lambda it: it.update(post_processor=processor))
    with pytest.raises(KnownError, match="adds tokens to a text"):
        convert(folder, folder / "out.gguf", None, task)


def test_sentencepiece_is_refused_by_name(folder: Path, task: Task) -> None:
    edit_json(folder / "tokenizer.json", lambda it: it["model"].update(byte_fallback=True))
    with pytest.raises(KnownError, match="SentencePiece"):
        convert(folder, folder / "out.gguf", None, task)


def test_every_token_that_ends_an_answer_is_known(folder: Path, task: Task) -> None:
    """As in GLM-4's generation_config.json, whose list llama.cpp would not know otherwise."""
    original = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ends = [original.token_to_id(word) for word in ("<|im_end|>", "<think>", "<tool_call>")]
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": ends}))
    edit_json(
        folder / "tokenizer.json",
        lambda it: it["added_tokens"][2].update(content="<|turn|>"),  # which llama.cpp cannot guess
    )
    edit_json(folder / "tokenizer_config.json", lambda it: it.update(eos_token="<|turn|>"))
    convert(folder, folder / "out.gguf", None, task)
    converted = Model(str(folder / "out.gguf"), lambda _: None, AbortFlag(), vocab_only=True)
    assert [converted.ends_answer(token) for token in (*ends, 5)] == [True, True, True, False]


def test_sampling_defaults_are_kept(folder: Path, task: Task) -> None:
    said = {"do_sample": True, "temperature": 0.6, "top_k": 20, "top_p": 0.95}
    (folder / "generation_config.json").write_text(json.dumps(said))
    convert(folder, folder / "out.gguf", None, task)
    metadata = read_header(folder / "out.gguf").metadata
    assert metadata["general.sampling.temp"] == pytest.approx(0.6)
    assert metadata["general.sampling.top_k"] == 20
    assert metadata["general.sampling.top_p"] == pytest.approx(0.95)
    model = Model(str(folder / "out.gguf"), lambda _: None, AbortFlag(), vocab_only=True)
    assert float(model.stated("general.sampling.temp")) == pytest.approx(0.6)
    (folder / "generation_config.json").write_text(json.dumps(said | {"top_k": "x"}))
    with pytest.raises(KnownError, match=r"generation_config\.json has no usable top_k"):
        convert(folder, folder / "out.gguf", None, task)
