"""Rows on one calendar, and since which day a panel has changed."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alerts.panel import build_panel, price_of, price_rows
from engine.core.records import PricePoint
from tests.engine.alerts.alert_data import NAN, START, day, panel, rows


def test_prices_become_rows_whose_extremes_include_the_close() -> None:
    points = [
        PricePoint("BTC", "USD", day(0), Decimal("10.5")),
        PricePoint("BTC", "USD", day(2), Decimal(12), high=Decimal(11), low=Decimal(9)),
    ]
    data = build_panel([price_rows(points)], day(3))
    assert data.series == (price_of("BTC", "USD"),)
    assert data.start == START
    np.testing.assert_array_equal(data.close[:, 0], [10.5, NAN, 12, NAN])
    np.testing.assert_array_equal(data.high[:, 0], [10.5, NAN, 12, NAN])
    np.testing.assert_array_equal(data.low[:, 0], [10.5, NAN, 9, NAN])
    assert data.last[:, 0].tolist() == [0, 0, 2, 2]
    assert data.date_of(3) == date(2024, 1, 4)


def test_what_is_no_number_is_no_row() -> None:
    data = panel(rows("BTC", [1, float("inf"), NAN], highs=[NAN, 2, 2]))
    assert data.present[:, 0].tolist() == [True, False, False]
    np.testing.assert_array_equal(data.high[:, 0], [1, NAN, NAN])


def test_rows_without_a_place_change_nothing() -> None:
    data = panel(rows("BTC", [1, 2]))
    for wrong in (rows("ETH", [1]), rows("BTC", [1], first=-1)):
        with pytest.raises(ValueError, match="no place"):
            data.put([rows("BTC", [9]), wrong], day(1))
    assert data.close[:, 0].tolist() == [1, 2]
    assert data.version == 1


def test_a_version_knows_its_first_change() -> None:
    data = panel(rows("BTC", [1, 2, 3]))
    assert (data.version, data.changed_since(0), data.changed_since(1)) == (1, 0, 3)
    data.put([rows("BTC", [1, 2, 3])], day(2))
    assert data.version == 1
    data.put([rows("BTC", [4], first=3)], day(3))
    data.put([rows("BTC", [5], first=1)], day(3))
    data.put([rows("BTC", [5], first=2)], day(3))
    assert [data.changed_since(version) for version in range(5)] == [0, 1, 1, 2, 4]


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 5)), max_size=12))
def test_changes_are_since_the_right_day(edits: list[tuple[int, int]]) -> None:
    data = panel(rows("BTC", [1, NAN, 2]))
    seen = [(data.version, data.close.copy())]
    for number, value in edits:
        data.put([rows("BTC", [value], first=number)], day(0))
        seen.append((data.version, data.close.copy()))
    for version, before in seen:
        first = data.changed_since(version)
        np.testing.assert_array_equal(before[:first], data.close[:first])
    expected = [-1]
    for index, there in enumerate(data.present[:, 0].tolist()):
        expected.append(index if there else expected[-1])
    assert data.last[:, 0].tolist() == expected[1:]
