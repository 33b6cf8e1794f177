import time

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import Qwen3ForCausalLM

from training.data.packing import Sample, fill, pack
from training.data.sft import Dialogues, DialogueStream
from training.models.parts import hidden_states
from training.objectives.cross_entropy import next_token_loss


def one_by_one(lengths: list[int], capacity: int) -> list[int]:
    """Room left in each row by best fit decreasing as the textbook has it."""
    rooms: list[int] = []
    for length in sorted(lengths, reverse=True):
        fitting = [room for room in rooms if room >= length]
        if fitting:
            rooms.remove(min(fitting))
        rooms.append((min(fitting) if fitting else capacity) - length)
    return sorted(rooms)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 40).flatmap(
    lambda c: st.tuples(st.just(c), st.lists(st.integers(1, c), max_size=70))
))  # fmt: skip
def test_rows_are_those_of_the_textbook(case: tuple[int, list[int]]) -> None:
    capacity, lengths = case
    array = np.array(lengths, dtype=np.int64)
    rows = pack(array, capacity)
    assert sorted(int(i) for row in rows for i in row) == list(range(len(lengths)))
    assert sorted(capacity - int(array[row].sum()) for row in rows) == one_by_one(lengths, capacity)


def test_a_hundred_thousand_documents_a_second() -> None:
    lengths = np.random.default_rng(0).integers(5, 2000, 100_000)
    started = time.process_time()
    rows = pack(lengths, 2048)
    assert time.process_time() - started < 1.0
    assert lengths.sum() > 0.97 * 2048 * len(rows)


@pytest.mark.parametrize("lengths", [[3, 9], [0, 3]])
def test_what_fits_no_row_is_refused(lengths: list[int]) -> None:
    with pytest.raises(ValueError, match="row of 8"):
        pack(np.array(lengths), 8)


def sample(*ids: int) -> Sample:
    weights = np.ones(len(ids), dtype=np.float32)
    weights[1] = 0.5
    return np.array(ids, dtype=np.uint16), weights


def test_no_document_predicts_the_next() -> None:
    batch = fill([[sample(1, 2, 3), sample(4, 5)], [sample(6, 7)]])
    assert batch.inputs.tolist() == [[1, 2, 4], [6, 0, 0]]
    assert batch.targets.tolist() == [[2, 3, 5], [7, 0, 0]]
    assert batch.weights.tolist() == [[0.5, 1, 0.5], [0.5, 0, 0]]
    assert batch.positions.tolist() == [[0, 1, 0], [0, 0, 1]]
    assert batch.tokens == 4


@pytest.fixture
def mixing(model: Qwen3ForCausalLM) -> Qwen3ForCausalLM:
    """The small model with random weights also where a new one has zeros."""
    torch.manual_seed(3)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


DOCUMENTS = [sample(*np.random.default_rng(n).integers(1, 300, n)) for n in (9, 5, 17, 3)]


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_a_packed_document_has_the_logits_it_has_alone(
    mixing: Qwen3ForCausalLM, attention: str
) -> None:
    mixing.set_attn_implementation(attention)
    batch = fill([DOCUMENTS, DOCUMENTS[:2]])
    with torch.no_grad():
        packed = mixing(batch.inputs, position_ids=batch.positions, use_cache=False).logits
        place = 0
        for one in DOCUMENTS:
            alone = mixing(fill([[one]]).inputs, use_cache=False).logits
            size = alone.shape[1]
            torch.testing.assert_close(packed[:1, place : place + size], alone, rtol=0, atol=1e-4)
            if place < 8 + 4:
                again = packed[1:, place : place + size]
                torch.testing.assert_close(again, alone, rtol=0, atol=1e-4)
            place += size
        total = next_token_loss(mixing, batch)
        parts = [next_token_loss(mixing, fill([[d]])) for d in [*DOCUMENTS, *DOCUMENTS[:2]]]
    torch.testing.assert_close(total, sum(parts), rtol=1e-5, atol=0)


def test_no_attention_crosses(mixing: Qwen3ForCausalLM) -> None:
    batch = fill([DOCUMENTS])
    embedded = mixing.get_input_embeddings()(batch.inputs).detach().requires_grad_()
    states = mixing.model(inputs_embeds=embedded, position_ids=batch.positions, use_cache=False)
    place = 8 + 4  # of the third document
    (slope,) = torch.autograd.grad(states.last_hidden_state[0, place:].square().sum(), embedded)
    assert not slope[0, :place].any()
    assert slope[0, place:].any(-1).all()
    # And without positions it would cross: the test can fail.
    crossing = hidden_states(mixing, batch.inputs, None)[0, place:]
    kept = hidden_states(mixing, batch.inputs, batch.positions)[0, place:]
    assert (crossing - kept).abs().max() > 1e-2


def test_a_packed_epoch_holds_every_dialogue_once_and_the_largest_batch_first() -> None:
    lengths = np.random.default_rng(0).integers(2, 90, 300)
    ids = np.repeat(np.arange(300), lengths).astype(np.uint16)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    data = Dialogues(ids, np.ones(len(ids), dtype=np.float32), starts)
    for packed in (0, 100):
        stream = DialogueStream(data, seed=1, packed=packed)
        count = len(stream.plan(0, 4))
        batches = [stream.next_batch(4) for _ in range(count)]
        assert all(len(batch.inputs) <= 4 for batch in batches)
        seen = torch.cat([batch.targets[batch.weights > 0] for batch in batches])
        assert sorted(seen.tolist()) == np.repeat(np.arange(300), lengths - 1).tolist()
        assert batches[0].inputs.numel() == max(batch.inputs.numel() for batch in batches)
        if packed:
            assert max(batch.inputs.shape[1] for batch in batches) <= packed
            assert sum(batch.inputs.numel() for batch in batches) < 1.05 * len(seen)
