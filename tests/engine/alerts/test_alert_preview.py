"""What a rule would have done in the past."""

import pytest

from engine.alerts.preview import preview
from engine.core.errors import KnownError
from tests.engine.alerts.alert_data import NAN, above, check, day, panel, rows, rule


def test_the_firings_of_a_period_are_counted() -> None:
    data = panel(rows("BTC", [101, 90, 101, 90, 101, 90, NAN, 101]))
    found = preview(rule(above("100"), made=7, expires=day(99)), data, day(1), day(6))
    assert [one.day for one in found.firings] == [day(2), day(4)]
    assert found.text == (
        "It would have fired 2 times from 2024-01-02 to 2024-01-07, with data of 5 of 6 days."
    )
    one = preview(rule(above("100"), once=True), data, day(1), day(5))
    assert one.text == "It would have fired 1 time from 2024-01-02 to 2024-01-06."
    none = preview(rule(above("200")), data, day(1), day(5))
    assert none.text == "It would not have fired from 2024-01-02 to 2024-01-06."


def test_what_is_before_the_period_is_compared_with() -> None:
    data = panel(rows("BTC", [100, 110, 110]))
    move = check("move", asset="BTC", direction="up", percent="10")
    assert len(preview(rule(move), data, day(1), day(2)).firings) == 1


def test_without_data_there_is_no_preview() -> None:
    data = panel(rows("BTC", [100]), today=9)
    with pytest.raises(KnownError, match="no data of price BTC/USD from 2024-01-03"):
        preview(rule(above("1")), data, day(2), day(9))
    with pytest.raises(KnownError, match="no data of price ETH/USD"):
        preview(rule(above("1", "ETH")), data, day(0), day(9))
