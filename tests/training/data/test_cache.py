from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tokenizers")

from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from training.data.cache import has_group, iterate, open_group, window, windows, write_group
from training.data.formats import Document
from training.vocabulary import END_OF_TEXT


def test_every_token_of_every_document_is_cached(tokenizer: Tokenizer, tmp_path: Path) -> None:
    documents = [Document(f"the price of coin number {n}", "s", "k") for n in range(600)]
    assert not has_group(tmp_path, "g")
    write_group(tmp_path, "g", iter(documents), tokenizer, {})
    assert has_group(tmp_path, "g")
    group = open_group(tmp_path, "g", {})
    for tokens, held_out in ((group.train, False), (group.held_out, True)):
        expected = [
            number
            for document in documents
            if document.held_out is held_out
            for number in tokenizer.encode(document.text + END_OF_TEXT).ids
        ]
        assert tokens.tolist() == expected
        assert tokens.dtype == np.uint16
        assert expected


def test_large_vocabularies_need_four_bytes(tmp_path: Path) -> None:
    vocabulary = {f"w{number}": number for number in range(70_000)} | {END_OF_TEXT: 70_000}
    large = Tokenizer(models.WordLevel(vocabulary, unk_token="w0"))
    large.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    write_group(tmp_path, "g", [Document("w3 w69999", "s", "k")], large, {})
    group = open_group(tmp_path, "g", {})
    assert group.train.dtype == np.uint32
    assert group.train.tolist() == [3, 69_999, 70_000]
    assert group.held_out.dtype == np.uint32


def test_an_empty_part_is_an_empty_array(tokenizer: Tokenizer, tmp_path: Path) -> None:
    write_group(tmp_path, "g", [], tokenizer, {})
    assert len(open_group(tmp_path, "g", {}).train) == 0


@given(size=st.integers(0, 300), length=st.integers(1, 40))
def test_windows_predict_every_token_but_the_first_and_a_short_rest(size: int, length: int) -> None:
    tokens = np.arange(size, dtype=np.uint16)
    count = windows(tokens, length)
    predicted = [int(t) for n in range(count) for t in window(tokens, n, length)[1:]]
    assert predicted == list(range(1, count * length + 1))
    assert size - 1 - count * length < length


def test_iterate_spreads_over_the_tokens() -> None:
    tokens = np.arange(101, dtype=np.uint16)
    assert [int(w[0]) for w in iterate(tokens, 10, limit=5)] == [0, 20, 40, 60, 80]
    assert len(list(iterate(tokens, 10, limit=50))) == 10
