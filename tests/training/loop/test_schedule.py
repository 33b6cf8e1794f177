from dataclasses import replace

import pytest

pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st

from training.loop.config import LoopConfig
from training.loop.schedule import rate_factor, share_done, share_of_step


def test_factors_of_ten_steps_by_hand() -> None:
    """Warm-up over 2 of 10 steps, decay over the last 5."""
    factors = [rate_factor(step / 10, 0.1, 0.2, 0.5) for step in range(10)]
    assert factors == pytest.approx([0.5, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2])


def test_without_warm_up_and_decay_the_rate_is_constant() -> None:
    assert [rate_factor(step / 3, 1 / 3, 0.0, 0.0) for step in range(3)] == [1, 1, 1]


@given(
    st.floats(0, 0.99), st.floats(1e-6, 0.01), st.floats(0, 0.5), st.floats(0, 0.5)
)  # fmt: skip
def test_factors_are_above_zero_and_at_most_one(
    done: float, share: float, warmup: float, decay: float
) -> None:
    assert 0 < rate_factor(done, share, warmup, decay) <= 1


def test_the_nearer_of_steps_and_minutes_ends_the_run() -> None:
    assert share_done(30, 100, 50.0, 0.0) == 0.3
    assert share_done(30, 100, 45.0, 1.0) == 0.75
    assert share_done(90, 100, 45.0, 1.0) == 0.9
    assert share_done(200, 100, 0.0, 0.0) == 1


def test_the_share_of_a_step_follows_the_pace() -> None:
    assert share_of_step(0, 100, 0.0, 1.0) == 0.01
    assert share_of_step(5, 100, 10.0, 1.0) == pytest.approx(2 / 60)
    assert share_of_step(5, 100, 10.0, 0.0) == 0.01


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": 0}, {"steps": -1}, {"epochs": 0.0}, {"learning_rate": 0.0}, {"clip": 0.0},
        {"warmup": 2.0}, {"decay": -0.1}, {"optimizer": "sgd"}, {"patience": 2},
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(LoopConfig(), **wrong)  # type: ignore[arg-type]
