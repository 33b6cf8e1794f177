"""Coins with numbers, as people type and say them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.assistant.analyses.weights_text import pairs_said, read_pairs
from engine.assistant.recognise import recognise
from engine.core.errors import KnownError


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("BTC 60, ETH 30, USDC 10", {"BTC": "60", "ETH": "30", "USDC": "10"}),
        ("60 % btc and 40% eth", {"BTC": "60", "ETH": "40"}),
        ("BTC: -50; others=-70", {"BTC": "-50", "OTHERS": "-70"}),
        ("sol 12.5", {"SOL": "12.5"}),
        ("1INCH 60, BTC 40", {"1INCH": "60", "BTC": "40"}),
        ("60 % 1inch and 40BTC", {"1INCH": "60", "BTC": "40"}),
        ("BTC-50, 1INCH=-60", {"BTC": "-50", "1INCH": "-60"}),
        ("60 BTC, 30 of ETH", {"BTC": "60", "ETH": "30"}),
    ],
)
def test_lists_that_can_be_read(text: str, pairs: dict[str, str]) -> None:
    assert read_pairs(text) == pairs


@pytest.mark.parametrize(
    "text", ["", "BTC", "60", "BTC lots", "BTC 60, BTC 40", "BTC 60 ETH 40 x", "BTC60"]
)
def test_lists_that_cannot(text: str) -> None:
    with pytest.raises(KnownError):
        read_pairs(text)


@given(st.text(max_size=60))
def test_any_text_is_a_list_or_refused(text: str) -> None:
    try:
        found = read_pairs(text)
    except KnownError:
        return
    assert found


@pytest.mark.parametrize(
    ("question", "pairs"),
    [
        ("rebalance to 60 % bitcoin and 40 % ether", "BTC 60, ETH 40"),
        ("rebalance to BTC 60, ETH 30, USDC 10 with $5,000", "BTC 60, ETH 30, USDC 10"),
        ("rebalance my portfolio", ""),
        ("rebalance BTC", ""),
    ],
)
def test_pairs_of_a_question(question: str, pairs: str) -> None:
    found = recognise(question, date(2026, 11, 22), ("BTC", "ETH", "USDC"), ())
    assert pairs_said(found) == pairs
