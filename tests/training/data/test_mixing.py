import numpy as np
import pytest

pytest.importorskip("torch")

from training.data.mixing import Mixture, Shares
from training.data.sft import Dialogues, DialogueStream


def groups() -> list[np.ndarray]:
    return [
        np.arange(g * 1000, g * 1000 + size, dtype=np.uint16) for g, size in enumerate((401, 81))
    ]


def test_shares_are_exact_to_one_window() -> None:
    stream = Mixture(groups(), [3.0, 1.0], seed=1)
    for n in range(1, 200):
        stream.next_batch(1, 8)
        first, second = np.array(stream.state()) // 8
        assert abs(first - 0.75 * n) <= 1
        assert first + second == n


def test_an_epoch_holds_every_token_once_in_shuffled_order() -> None:
    stream = Mixture(groups()[:1], [1.0], seed=1)
    batch = stream.next_batch(50, 8)
    assert sorted(batch.inputs.flatten().tolist()) == list(range(400))
    assert sorted(batch.targets.flatten().tolist()) == list(range(1, 401))
    assert batch.inputs[:, 0].tolist() != sorted(batch.inputs[:, 0].tolist())
    assert stream.next_batch(50, 8).inputs.tolist() != batch.inputs.tolist()


def test_a_restored_stream_goes_on_with_the_same_windows() -> None:
    whole = Mixture(groups(), [3.0, 1.0], seed=1)
    whole.next_batch(70, 8)
    resumed = Mixture(groups(), [3.0, 1.0], seed=1)
    resumed.restore(whole.state())
    for _ in range(20):
        assert whole.next_batch(3, 8).inputs.tolist() == resumed.next_batch(3, 8).inputs.tolist()


def test_bad_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="positive weight"):
        Mixture(groups(), [1.0, 0.0], seed=1)
    with pytest.raises(ValueError, match="shorter than one window"):
        Mixture([np.zeros(5, dtype=np.uint16)], [1.0], seed=1).next_batch(1, 8)
    with pytest.raises(ValueError, match="number of groups"):
        Mixture(groups(), [1.0, 1.0], seed=1).restore([8])


SHARES = Shares((300, 112, 200), (27.8, 11.2, 8.6))  # 112 of weight 11.2: an epoch is 10 weights


def sources() -> Dialogues:
    """612 dialogues of 3 to 9 tokens; dialogue number n is made of the token n."""
    lengths = np.random.default_rng(0).integers(3, 10, 612)
    ids = np.repeat(np.arange(612), lengths).astype(np.uint16)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    return Dialogues(ids, np.ones(len(ids), dtype=np.float32), starts, SHARES)


@pytest.mark.parametrize("packed", [0, 32])
def test_an_epoch_of_dialogues_has_the_shares_of_its_sources(packed: int) -> None:
    stream = DialogueStream(sources(), seed=1, packed=packed)
    epochs = []
    for epoch in range(3):
        batches = [stream.next_rows(8) for _ in stream.plan(epoch, 8)]
        epochs.append(np.concatenate([row for batch in batches for row in batch]))
        first, second, third = np.histogram(epochs[-1], [0, 300, 412, 612])[0]
        assert (first, second, third) == (278, 112, 86)
        # The sources are mixed: each has its share of the first half to five standard deviations.
        early = np.histogram(epochs[-1][:238], [0, 300, 412, 612])[0]
        assert np.abs(early - np.array([139, 56, 43])).max() < 5 * 5.5
    assert len(set(epochs[0])) == len(epochs[0])  # nothing comes twice
    assert epochs[0].tolist() != epochs[1].tolist()
    # No dialogue comes again before all of its source have come: 278 of 300, 86 + 86 of 200.
    drawn = np.bincount(np.concatenate(epochs), minlength=612)
    assert set(drawn[:300]) == {2, 3}
    assert set(drawn[300:412]) == {3}
    assert set(drawn[412:]) == {1, 2}
    assert set(range(300)) - set(epochs[0]) < set(epochs[1])


def test_a_mixture_goes_on_in_the_middle_with_the_same_dialogues() -> None:
    whole, resumed = (DialogueStream(sources(), seed=3) for _ in range(2))
    epoch = len(whole.plan(0, 8))
    for _ in range(epoch + 7):
        whole.next_batch(8)
    resumed.restore(whole.state())
    for _ in range(2 * epoch):
        assert whole.next_batch(8).inputs.tolist() == resumed.next_batch(8).inputs.tolist()


def test_each_source_has_one_dialogue_at_least() -> None:
    assert Shares((5, 1000), (1.0, 1000.0)).counts() == [1, 1000]
    assert Shares((5, 9), (1000.0, 1.0)).counts() == [5, 1]
