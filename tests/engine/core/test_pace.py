"""How often a host may be asked, and what Retry-After means."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.pace import Bucket, Rate, retry_after

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_bucket_lets_a_burst_pass_and_then_one_at_a_time() -> None:
    rate = Rate(3, 6.0)
    bucket = Bucket(rate, 0.0)
    assert [bucket.take(rate, 0.0) for _ in range(5)] == [0, 0, 0, 2, 4]
    # Ten seconds later the two taken on credit are paid back, and three are there again.
    assert [bucket.take(rate, 10.0) for _ in range(4)] == [0, 0, 0, 2]


@given(st.lists(st.floats(0, 5), max_size=60))
def test_no_window_holds_more_than_its_share(gaps: list[float]) -> None:
    rate = Rate(4, 2.0)
    bucket, now, sent = Bucket(rate, 0.0), 0.0, []
    for gap in gaps:
        now += gap
        now += bucket.take(rate, now)
        sent.append(now)
    for first in sent:
        within = [one for one in sent if first <= one < first + rate.seconds - 1e-6]
        # A full bucket, and what came back while it was emptied.
        assert len(within) <= 2 * rate.requests


@given(st.text() | st.text("0123456789 :+-SunovGMT,", max_size=40))
def test_any_text_is_some_time_or_none(text: str) -> None:
    assert retry_after(text, NOW) >= 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("Sun, 22 Nov 2026 12:01:30 GMT", 90.0),
        ("Sun, 22 Nov 2026 12:01:30 -0000", 90.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("9" * 400, 0.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str, seconds: float) -> None:
    assert retry_after(text, NOW) == seconds
