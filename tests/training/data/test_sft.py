import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from engine.core.errors import KnownError
from training.data.chat import Weights, render
from training.data.selection import numbered_batches
from training.data.sft import Dialogues, DialogueStream, encode, pad, read_dialogues
from training.loop.config import LoopConfig

MESSAGES = [
    {"role": "user", "content": "price of the coin"},
    {
        "role": "assistant",
        "tool_calls": [{"name": "price", "arguments": {"asset": "BTC", "date": "2024-01-05"}}],
    },
]


def dialogues(lengths: list[int]) -> Dialogues:
    """Dialogue number n is made of the token n + 1, every token with weight 1."""
    ids = np.repeat(np.arange(1, len(lengths) + 1), lengths).astype(np.uint16)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    return Dialogues(ids, np.ones(len(ids), dtype=np.float32), starts)


def test_each_token_has_the_weight_of_its_part(tokenizer: Tokenizer) -> None:
    pieces = render(MESSAGES, (), Weights())
    ids, weights = encode(pieces, tokenizer)
    by_token = list(zip([tokenizer.id_to_token(i) for i in ids], weights.tolist(), strict=True))
    assert by_token[0] == ("<|im_start|>", 0.0)
    assert ('"price"', 2.0) in by_token
    assert [w for t, w in by_token if t.isdigit()] == [4.0] * 8
    assert by_token[-2:] == [("<|im_end|>", 1.0), ("Ċ", 0.0)]
    answer = next(i for i, (_, weight) in enumerate(by_token) if weight)
    assert by_token[answer][0] == "<tool_call>"
    assert all(weight == 0 for _, weight in by_token[:answer])


@settings(max_examples=60, deadline=None)
@given(lengths=st.lists(st.integers(2, 60), min_size=1, max_size=80), rows=st.integers(1, 9))
def test_an_epoch_holds_every_token_once(lengths: list[int], rows: int) -> None:
    data = dialogues(lengths)
    stream = DialogueStream(data, seed=1)
    for epoch in range(2):
        seen: list[int] = []
        for _ in range(len(stream.plan(epoch, rows))):
            batch = stream.next_batch(rows)
            assert len(batch.inputs) <= rows
            seen += batch.targets[batch.weights > 0].tolist()
        expected = np.repeat(np.arange(1, len(lengths) + 1), np.array(lengths) - 1)
        assert sorted(seen) == expected.tolist()


def test_long_dialogues_make_small_batches() -> None:
    stream = DialogueStream(dialogues([2000] * 40), seed=1)
    assert max(len(batch) for batch in stream.plan(0, 32)) == 8


def test_filling_is_small_for_mixed_lengths() -> None:
    lengths = np.random.default_rng(0).integers(40, 300, 3000).tolist()
    stream = DialogueStream(dialogues(lengths), seed=1)
    places = sum(stream.next_batch(16).inputs.numel() for _ in stream.plan(0, 16))
    assert places < 1.05 * (sum(lengths) - len(lengths))


def test_a_restored_stream_goes_on_with_the_same_batches() -> None:
    data = dialogues(np.random.default_rng(0).integers(5, 50, 100).tolist())
    whole, resumed = DialogueStream(data, seed=1), DialogueStream(data, seed=1)
    for _ in range(17):
        whole.next_batch(8)
    resumed.restore(whole.state())
    for _ in range(20):
        assert whole.next_batch(8).inputs.tolist() == resumed.next_batch(8).inputs.tolist()


def test_a_place_is_refused_where_the_order_is_another() -> None:
    stream = DialogueStream(dialogues([5] * 40), seed=1)
    for _ in range(8):
        stream.next_batch(2)
    state = stream.state()
    others = (
        DialogueStream(dialogues([5] * 39), seed=1),
        DialogueStream(dialogues([5] * 40), seed=2),
        DialogueStream(dialogues([5] * 40), seed=1, packed=20),
    )
    for other, rows in (*((one, 2) for one in others), (stream, 8)):
        other.restore(state)
        with pytest.raises(KnownError, match="samples would come twice"):
            numbered_batches(other, LoopConfig(rows=rows))
    stream.restore(state[:2])  # as it was noted once
    assert len(stream.next_batch(2).inputs) == 2


def test_rows_are_filled_up_at_the_end_with_no_weight() -> None:
    data = dialogues([4, 2])
    batch = pad([data[0], data[1]])
    assert batch.inputs.tolist() == [[1, 1, 1], [2, 0, 0]]
    assert batch.targets.tolist() == [[1, 1, 1], [2, 0, 0]]
    assert batch.weights.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_reading_leaves_out_long_dialogues(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    long = [{"role": "user", "content": "coin " * 200}, {"role": "assistant", "content": "ok"}]
    rows = [{"messages": MESSAGES, "tools": ["price"]}, {"messages": long}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert len(read_dialogues(path, tokenizer, Weights(), longest=150)) == 1


@pytest.mark.parametrize("line", ["{", "{}", '{"messages": [{"role": "x"}]}', '{"messages": [1]}'])
def test_a_bad_line_is_named(tokenizer: Tokenizer, tmp_path: Path, line: str) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps({"messages": MESSAGES}) + "\n" + line + "\n")
    with pytest.raises(ValueError, match=r"d\.jsonl, line 2: not "):
        read_dialogues(path, tokenizer, Weights(), longest=150)


def test_an_empty_file_and_too_short_a_context_are_told(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text("")
    with pytest.raises(ValueError, match=r"d\.jsonl is empty\."):
        read_dialogues(path, tokenizer, Weights(), 128)
    row = json.dumps({"text": "coin " * 300}) + "\n"
    for count, those, verb in ((1, "The only dialogue", "is"), (16, "All 16 dialogues", "are")):
        path.write_text(row * count)
        told = rf"{those} of .*d\.jsonl {verb} longer than 128 tokens; raise context\."
        with pytest.raises(ValueError, match=told):
            read_dialogues(path, tokenizer, Weights(), 128)
