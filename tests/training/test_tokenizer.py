from pathlib import Path

import pytest

pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from training.tokenizer import bytes_per_token, load_tokenizer, save_tokenizer, train_tokenizer
from training.vocabulary import CONTROL_TOKENS, RESERVED_TOKENS, TOOL_NAMES

TEXT = '<|im_start|>user\nI pay 30 % , "price" it .<|im_end|>\n'


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_unchanged(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text).ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == text


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_token_sizes_add_up_to_the_bytes_of_the_text(tokenizer: Tokenizer, text: str) -> None:
    sizes = bytes_per_token(tokenizer)
    if not any(control in text for control in CONTROL_TOKENS):
        assert sizes[tokenizer.encode(text).ids].sum() == len(text.encode())


@pytest.mark.parametrize("token", RESERVED_TOKENS)
def test_reserved_tokens_are_one_token_within_text(tokenizer: Tokenizer, token: str) -> None:
    ids = tokenizer.encode(f"so {token}, then").ids
    assert ids.count(tokenizer.token_to_id(token)) == 1
    assert tokenizer.decode(ids, skip_special_tokens=False) == f"so {token}, then"


def test_reserved_tokens_close_the_vocabulary_in_their_order(tokenizer: Tokenizer) -> None:
    first = tokenizer.get_vocab_size() - len(RESERVED_TOKENS)
    ids = [tokenizer.token_to_id(token) for token in RESERVED_TOKENS]
    assert ids == list(range(first, tokenizer.get_vocab_size()))


@pytest.mark.parametrize("name", TOOL_NAMES)
def test_tool_names_without_quotes_are_ordinary_text(tokenizer: Tokenizer, name: str) -> None:
    assert tokenizer.token_to_id(f'"{name}"') not in tokenizer.encode(f"the {name} of BTC").ids


def test_digits_are_single_tokens(tokenizer: Tokenizer) -> None:
    tokens = tokenizer.encode("in 2024 it cost 1,234.50").tokens
    assert "".join(t for t in tokens if t.isdigit()) == "2024123450"
    assert all(len(t) == 1 for t in tokens if any(c.isdigit() for c in t))


def test_splits_like_qwen2(tokenizer: Tokenizer) -> None:
    # Worked out by hand from Qwen2's published expression.
    parts = tokenizer.pre_tokenizer.pre_tokenize_str("I'll pay $30  now!\n\nOK")
    assert [text.replace("Ġ", " ").replace("Ċ", "\n") for text, _ in parts] == [
        "I", "'ll", " pay", " $", "3", "0", " ", " now", "!\n\n", "OK",
    ]  # fmt: skip


def test_saved_files_load_again(tokenizer: Tokenizer, tmp_path) -> None:
    save_tokenizer(tokenizer, tmp_path, "{{ messages[0].content }}!", context=128)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert load_tokenizer(tmp_path).encode(TEXT).ids == tokenizer.encode(TEXT).ids
    assert again(TEXT)["input_ids"] == tokenizer.encode(TEXT).ids
    assert again.decode(again(TEXT)["input_ids"]) == TEXT
    assert (again.eos_token, again.model_max_length) == ("<|im_end|>", 128)
    rendered = again.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False)
    assert rendered == "hi!"


def test_a_sample_that_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        train_tokenizer(["a b"], 400)


def test_a_file_that_cuts_and_pads_gives_whole_texts(tokenizer: Tokenizer, tmp_path: Path) -> None:
    cutting = Tokenizer.from_str(tokenizer.to_str())
    cutting.enable_truncation(4)
    cutting.enable_padding(length=64)
    cutting.save(str(tmp_path / "tokenizer.json"))
    assert load_tokenizer(tmp_path).encode(TEXT).ids == tokenizer.encode(TEXT).ids
