import pytest

pytest.importorskip("tokenizers")

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from training.evaluate.compression import Compression, compression, longest_tokens


def test_figures_by_hand() -> None:
    vocabulary = {"a": 0, "b": 1, "é": 2, " ": 3, "<unk>": 4}
    letters = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    letters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    # "ab é": 4 tokens, 5 bytes, 2 words; "b": 1 token, 1 byte, 1 word. Unused: <unk>.
    assert compression(letters, ["ab é", "b"]) == Compression(6 / 5, 5 / 3, 4 / 5)
    with pytest.raises(ValueError, match="no text"):
        compression(letters, [" "])


def test_longest_tokens_are_shown_as_text(tokenizer: Tokenizer) -> None:
    shown = longest_tokens(tokenizer)
    assert len(shown) == 12
    sizes = [len(text) for text in shown]
    assert sizes == sorted(sizes, reverse=True)
    assert " disagree" in shown
    assert not any(text.startswith("<|") for text in shown)
    bare = Tokenizer(models.WordLevel({"ab": 0, "abc": 1}, unk_token="ab"))
    bare.decoder = decoders.Fuse()
    assert longest_tokens(bare) == ["abc", "ab"]
