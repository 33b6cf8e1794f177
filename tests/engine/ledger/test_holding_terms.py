"""Holding periods and gains by term."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.ledger.lotbook import Disposal, LotBook
from engine.ledger.terms import Term, days_held, realised_by_term, tax_year, term


def sold(when: str, acquired: str | None, gain: int, asset: str = "BTC") -> Disposal:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    bought = moment(acquired) if acquired else None
    cost = Decimal(100)
    return Disposal(asset, "", moment(when), Decimal(1), cost + gain, cost, Decimal(gain), bought)


@pytest.mark.parametrize(
    ("acquired", "days", "held"),
    [
        ("2022-01-02", 364, "short"),
        ("2022-01-01T00:00:01", 364, "short"),
        ("2022-01-01", 365, "long"),
        ("2021-12-31", 366, "long"),
        ("2023-01-15", -14, "short"),
        (None, None, "none"),
    ],
)
def test_terms(acquired: str | None, days: int | None, held: Term) -> None:
    one = sold("2023-01-01", acquired, 0)
    assert days_held(one) == days
    assert term(one, 365) == held


def test_gains_and_losses_by_asset_and_term_in_a_period() -> None:
    book = LotBook(
        (),
        (
            sold("2022-12-31", "2020-01-01", 1000),
            sold("2023-01-01", "2020-01-01", 50),
            sold("2023-02-01", "2020-01-01", -20),
            sold("2023-03-01", "2023-02-01", 7),
            sold("2023-12-31", "2023-12-01", 5, "ETH"),
        ),
        (),
        (),
    )
    rows = realised_by_term(book, 365, date(2023, 1, 1), date(2023, 12, 31))
    assert [(r.asset, r.term, r.amount, r.gains, r.losses, r.gain) for r in rows] == [
        ("BTC", "long", 2, 50, -20, 30),
        ("BTC", "short", 1, 7, 0, 7),
        ("ETH", "short", 1, 5, 0, 5),
    ]
    assert rows[0].proceeds - rows[0].cost == 30


def test_tax_years() -> None:
    before, after = datetime(2024, 4, 5, 23, tzinfo=UTC), datetime(2024, 4, 6, tzinfo=UTC)
    assert (tax_year(before), tax_year(before, (4, 6)), tax_year(after, (4, 6))) == (
        2024,
        2023,
        2024,
    )
