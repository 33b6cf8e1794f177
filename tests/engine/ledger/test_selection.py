"""Which transactions a list shows."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from engine.ledger.selection import Selection
from tests.engine.ledger.ledger_samples import make

ROWS = [
    replace(make("2024-01-01", "buy", ("BTC", "1"), ("USD", "5"), ("BNB", "1")), tag="long"),
    make("2024-02-01", "transfer", ("BTC", "1"), ("BTC", "1"), to="Ledger"),
    replace(make("2024-03-01T23:59:59", "income", ("ETH", "1"), account="Lido"), note="Staking"),
]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [0, 1, 2]),
        ({"kind": "income"}, [2]),
        ({"asset": "BTC"}, [0, 1]),
        ({"asset": "BNB"}, [0]),
        ({"account": "Ledger"}, [1]),
        ({"account": "Kraken"}, [0, 1]),
        ({"tag": "long"}, [0]),
        ({"text": "stak"}, [2]),
        ({"text": "LED"}, [1]),
        ({"text": "usd"}, [0]),
        ({"start": date(2024, 2, 1), "end": date(2024, 3, 1)}, [1, 2]),
        ({"end": date(2024, 1, 31)}, [0]),
        ({"asset": "BTC", "account": "Ledger", "start": date(2024, 1, 2)}, [1]),
        ({"asset": "SOL"}, []),
    ],
)
def test_everything_that_is_asked_for_must_fit(asked: dict[str, Any], found: list[int]) -> None:
    assert Selection(**asked).of(ROWS) == [ROWS[index] for index in found]
