import pytest

from training.schedule import decaying, progress, rate_factor


@pytest.mark.parametrize(
    ("tokens", "seconds", "minutes", "expected"),
    [(0, 0, 0, 0.0), (25, 0, 0, 0.25), (25, 90, 0, 0.25), (25, 60, 2, 0.5), (80, 60, 2, 0.8),
     (150, 0, 0, 1.0)],
)  # fmt: skip
def test_progress_is_the_further_of_tokens_and_time(tokens, seconds, minutes, expected) -> None:
    assert progress(tokens, 100, seconds, minutes) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("done", "tokens", "expected"),
    [(0.0, 0, 0.0), (0.05, 5, 0.5), (0.1, 10, 1.0), (0.79, 79, 1.0), (0.9, 90, 0.5), (1.0, 100, 0)],
)
def test_rate_rises_stays_and_falls(done, tokens, expected) -> None:
    assert rate_factor(done, tokens, warmup_tokens=10, decay_share=0.2) == pytest.approx(expected)


def test_without_warmup_and_decay_the_rate_is_constant() -> None:
    assert rate_factor(0.0, 0, 0, 0.0) == rate_factor(0.99, 99, 0, 0.0) == 1.0


def test_decay_begins_in_the_last_share() -> None:
    assert not decaying(0.79, 0.2)
    assert decaying(0.81, 0.2)
    assert not decaying(0.99, 0.0)
