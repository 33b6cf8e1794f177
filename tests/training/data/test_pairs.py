import json
import lzma
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from training.data.chat import render_text
from training.data.pairs import Pairs, read_pairs

QUESTION = {"role": "user", "content": "what is it worth"}
GOOD = {"role": "assistant", "content": "the price moves"}
BAD = {"role": "assistant", "content": "buyers disagree about the price of a coin"}


def read(rows: list[Any], tokenizer: Tokenizer, folder: Path, longest: int = 200) -> Pairs:
    path = folder / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_pairs(path, tokenizer, longest)


def answers(pairs: Pairs, number: int, tokenizer: Tokenizer) -> list[str]:
    """What counts of the two sides of a pair."""
    batch = pairs.batch([number])
    return [
        tokenizer.decode(t[w > 0].tolist(), skip_special_tokens=False)
        for t, w in zip(batch.targets, batch.weights, strict=True)
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"chosen": [QUESTION, GOOD], "rejected": [QUESTION, BAD]},
        {"prompt": [QUESTION], "chosen": [GOOD], "rejected": [BAD]},
        {"prompt": "what is it worth", "chosen": GOOD["content"], "rejected": BAD["content"]},
        {"prompt": "what is it worth", "chosen": [QUESTION, GOOD], "rejected": [QUESTION, BAD]},
    ],
)
def test_every_form_is_the_same_pair(row: Any, tokenizer: Tokenizer, tmp_path: Path) -> None:
    pairs = read([row], tokenizer, tmp_path)
    assert answers(pairs, 0, tokenizer) == [
        "the price moves<|im_end|>",
        "buyers disagree about the price of a coin<|im_end|>",
    ]
    ids = tokenizer.encode(render_text([QUESTION, BAD])).ids
    assert pairs.batch([0]).inputs[1].tolist() == ids[:-1]
    assert pairs.lengths.tolist() == [2 * len(ids)]


def test_only_answers_after_the_shared_turns_count(tokenizer: Tokenizer, tmp_path: Path) -> None:
    before = [QUESTION, {"role": "assistant", "content": "a lot"}, QUESTION]
    row = {"chosen": [*before, GOOD, QUESTION, GOOD], "rejected": [*before, BAD, QUESTION, GOOD]}
    good, bad = answers(read([row], tokenizer, tmp_path), 0, tokenizer)
    assert good == "the price moves<|im_end|>the price moves<|im_end|>"
    assert bad == f"{BAD['content']}<|im_end|>the price moves<|im_end|>"


def test_long_and_equal_pairs_are_left_out(
    tokenizer: Tokenizer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"prompt": "a", "chosen": "b", "rejected": "c"},
        {"prompt": "a", "chosen": "b", "rejected": "b"},
        {"prompt": "a", "chosen": "b", "rejected": "coin " * 300},
    ]
    assert len(read(rows, tokenizer, tmp_path)) == 1
    assert "1 pair, 1 too long, 1 equal" in capsys.readouterr().out


@pytest.mark.parametrize(
    "row",
    [
        "{",
        {"chosen": "a"},
        {"prompt": "a", "chosen": [], "rejected": "b"},
        {"prompt": "a", "chosen": [QUESTION], "rejected": "b"},
        {"chosen": 3, "rejected": 4},
    ],
)
def test_a_bad_line_is_named(row: Any, tokenizer: Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"pairs\.jsonl, line 1: not a pair"):
        read([row], tokenizer, tmp_path)


def test_pairs_come_from_every_kind_of_file(tokenizer: Tokenizer, tmp_path: Path) -> None:
    rows = [{"prompt": "a", "chosen": f"coin {n}", "rejected": "b"} for n in range(3)]
    (tmp_path / "list.json").write_text(json.dumps(rows[:2]))
    (tmp_path / "more.jsonl.xz").write_bytes(lzma.compress(json.dumps(rows[2]).encode()))
    assert len(read_pairs(tmp_path, tokenizer, 200)) == 3
    assert len(read_pairs(tmp_path / "*.json", tokenizer, 200)) == 2
    (tmp_path / "list.json").write_text('[{"chosen": "a"}]')
    with pytest.raises(ValueError, match=r"list\.json, row 1: not a pair \(rejected is missing\)"):
        read_pairs(tmp_path, tokenizer, 200)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], r"pairs\.jsonl is empty\."),
        ([5], r"the row is not an object"),
        ([{"prompt": "a", "rejected": "b"}], r"chosen is missing"),
        ([{"prompt": "a", "chosen": 5, "rejected": "b"}], r"chosen is neither a text nor a list"),
        ([{"prompt": "a", "chosen": "b", "rejected": "b"}], r"0 too long, 1 equal"),
        (
            [{"prompt": "a", "chosen": "coin " * 300, "rejected": "b"}] * 2,
            r"All 2 pairs of .*pairs\.jsonl are longer than 200 tokens; raise context\.",
        ),
    ],
)
def test_what_is_wrong_is_told_in_words(
    rows: list[Any], told: str, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=told):
        read(rows, tokenizer, tmp_path)


@settings(max_examples=30, deadline=None)
@given(words=st.lists(st.tuples(st.integers(1, 8), st.integers(9, 20)), min_size=1, max_size=6))
def test_a_batch_has_chosen_rows_first(
    words: list[tuple[int, int]], tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [
        {"prompt": "coin", "chosen": "a " * good, "rejected": "b " * bad} for good, bad in words
    ]
    pairs = read(rows, tokenizer, tmp_path_factory.mktemp("pairs"))
    pairs.reference = torch.arange(2.0 * len(words)).view(-1, 2)
    numbers = list(range(len(words)))[::-1]
    batch = pairs.batch(numbers)
    assert batch.whole == len(words)
    assert batch.extra["reference"].tolist() == [2.0 * n for n in numbers] + [
        2.0 * n + 1 for n in numbers
    ]
    shorter, longer = batch.weights.sum(1).chunk(2)
    assert (shorter < longer).all()
