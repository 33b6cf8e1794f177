import numpy as np
import pytest

pytest.importorskip("torch")

from training.data.mixing import Mixture


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
