"""A converted tokenizer gives the tokens of the original."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_models import TEMPLATE, WORDS, edit_json
from tokenizers import Tokenizer

from engine.core.errors import KnownError
from engine.model.child.api import AbortFlag
from engine.model.child.model import Model
from engine.model.gguf.header import read_header
from quantize.child import run_job
from quantize.convert import convert
from quantize.convert.tokenizer import CONTROL, NORMAL, UNUSED, USER_DEFINED, read_vocabulary
from quantize.task import Task


@pytest.mark.parametrize(
    "text",
    [
        'Call {"name": "price", "arguments": {}} for the "price", not the price.',
        "<|im_start|>user\nWhat's it worth?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>",
        "  12345 €  naïve 漢字 🚀\r\n\r\n\tend ",
        "",
    ],
)
def test_tokens_equal(gguf: Path, shared_folder: Path, text: str) -> None:
    original = Tokenizer.from_file(str(shared_folder / "tokenizer.json"))
    converted = Model(str(gguf), lambda _: None, AbortFlag(), vocab_only=True)
    tokens = converted.tokenize(text, start=True)
    assert tokens == original.encode(text).ids
    assert b"".join(map(converted.piece, tokens)) == text.encode()


def test_types_and_padding(shared_folder: Path) -> None:
    content = json.loads((shared_folder / "tokenizer.json").read_text())
    vocabulary = read_vocabulary(content, WORDS)
    kinds = dict(zip(vocabulary.tokens, vocabulary.types, strict=True))
    assert kinds["the"] == NORMAL
    assert kinds["<|im_end|>"] == CONTROL
    assert kinds["<think>"] == kinds['"price"'] == USER_DEFINED
    assert kinds[f"[PAD{WORDS - 1}]"] == UNUSED
    assert len(vocabulary.tokens) == WORDS
    assert all(merge.count(" ") == 1 for merge in vocabulary.merges)


def test_special_tokens_and_template(gguf: Path, shared_folder: Path) -> None:
    original = Tokenizer.from_file(str(shared_folder / "tokenizer.json"))
    metadata = read_header(gguf).metadata
    end, text_end = original.token_to_id("<|im_end|>"), original.token_to_id("<|endoftext|>")
    assert metadata["tokenizer.ggml.model"] == "gpt2"
    assert metadata["tokenizer.ggml.pre"] == "qwen2"
    assert metadata["tokenizer.ggml.eos_token_id"] == end
    assert metadata["tokenizer.ggml.eot_token_id"] == end
    assert metadata["tokenizer.ggml.padding_token_id"] == text_end
    assert metadata["tokenizer.ggml.bos_token_id"] == text_end
    assert metadata["tokenizer.ggml.add_bos_token"] is False
    assert metadata["tokenizer.chat_template"] == TEMPLATE
    model = Model(str(gguf), lambda _: None, AbortFlag(), vocab_only=True)
    assert model.ends_answer(end)


def test_a_template_in_the_settings_counts_too(folder: Path, task: Task) -> None:
    (folder / "chat_template.jinja").unlink()
    named = [{"name": "tools", "template": "no"}, {"name": "default", "template": "yes"}]
    edit_json(folder / "tokenizer_config.json", lambda it: it.update(chat_template=named))
    convert(folder, folder / "out.gguf", None, task)
    assert read_header(folder / "out.gguf").metadata["tokenizer.chat_template"] == "yes"


def test_ids_from_config_when_there_are_no_settings(folder: Path, task: Task) -> None:
    (folder / "tokenizer_config.json").unlink()
    edit_json(folder / "config.json", lambda it: it.update(eos_token_id=[602, 600]))
    convert(folder, folder / "out.gguf", None, task)
    metadata = read_header(folder / "out.gguf").metadata
    assert metadata["tokenizer.ggml.eos_token_id"] == 602
    assert "tokenizer.ggml.padding_token_id" not in metadata


def test_verification_notices_a_difference(gguf: Path, folder: Path, task: Task) -> None:
    edit_json(folder / "tokenizer.json", lambda it: it["model"]["merges"].pop(3))
    arguments = {"gguf": str(gguf), "tokenizer": str(folder / "tokenizer.json")}
    with pytest.raises(KnownError, match="does not give the same tokens"):
        run_job("verify", arguments, task, (0.0, 1.0))


def test_words_that_llama_cpp_takes_for_control_tokens_are_counted(
    folder: Path, task: Task
) -> None:
    def rename_the_last_word(content: dict[str, Any]) -> None:
        model = content["model"]
        number = len(model["vocab"]) - 1
        assert model["vocab"].pop("".join(model["merges"].pop())) == number
        model["vocab"]["</s>"] = number

    edit_json(folder / "tokenizer.json", rename_the_last_word)
    assert convert(folder, folder / "out.gguf", None, task).misread_tokens == 1


def _added(index: int, **values: object) -> Callable[[dict[str, Any]], object]:
    return lambda it: it["added_tokens"][index].update(values)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda it: it.update(normalizer={"type": "Lowercase"}), "changes the text"),
        (lambda it: it["model"].update(type="Unigram"), "not byte-level BPE"),
        (lambda it: it["model"].update(ignore_merges=True), "ignore_merges"),
        (lambda it: it["model"].update(dropout=0.1), "dropout"),
        (lambda it: it.update(pre_tokenizer={"type": "Whitespace"}), "way of its own"),
        (
            lambda it: it["pre_tokenizer"]["pretokenizers"][0].update(pattern={"Regex": r"\w+"}),
            "expression of its own",
        ),
        (lambda it: it["model"]["vocab"].update(extra=WORDS), "more tokens than the model"),
        (lambda it: it["model"]["vocab"].update(twice=5), "damaged"),
        (lambda it: it["model"]["vocab"].pop("Ġ"), "cannot spell"),
        (lambda it: it["model"].update(vocab=[]), "damaged"),
        (lambda it: it["model"]["merges"].append(["a", "b c"]), "damaged"),
        (lambda it: it["model"]["merges"].append(["zq", "qz"]), "damaged"),
        (_added(4, lstrip=True), "swallows spaces"),
        (_added(4, content=""), "damaged"),
        (_added(4, content="<|im_end|>"), "damaged"),
        (_added(4, id="x"), "damaged"),
    ],
)
def test_tokenizers_that_cannot_be_converted(
    folder: Path, task: Task, change: Callable[[dict[str, Any]], object], sentence: str
) -> None:
    edit_json(folder / "tokenizer.json", change)
    with pytest.raises(KnownError, match=sentence):
        convert(folder, folder / "out.gguf", None, task)
    assert not list(folder.glob("*out.gguf*"))


def test_an_end_token_is_needed(folder: Path, task: Task) -> None:
    (folder / "tokenizer_config.json").unlink()
    edit_json(folder / "config.json", lambda it: it.update(eos_token_id=None))
    with pytest.raises(KnownError, match="which token ends"):
        convert(folder, folder / "out.gguf", None, task)
    (folder / "tokenizer_config.json").write_text('{"eos_token": "<|nowhere|>"}')
    with pytest.raises(KnownError, match="does not have"):
        convert(folder, folder / "out.gguf", None, task)
