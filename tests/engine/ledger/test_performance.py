"""Value over time and the time-weighted return, by hand."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from engine.ledger.history import History, value_history
from engine.ledger.performance import daily_returns, observed_returns, wealth
from tests.engine.ledger.ledger_samples import make, price_book

D1, D2, D3, D4 = (f"2024-01-0{n}" for n in (1, 2, 3, 4))
BTC = {D1: "100", D2: "110", D3: "99", D4: "198"}


def days(first: str, last: str) -> tuple[date, date]:
    return date.fromisoformat(first), date.fromisoformat(last)


def test_money_coming_in_and_going_out_is_no_return() -> None:
    ledger = [
        make(D1, "buy", ("BTC", "1"), ("USD", "100")),
        make(D3, "buy", ("BTC", "9"), ("USD", "891")),
        make(D4, "sell", ("USD", "990"), ("BTC", "5")),
    ]
    history = value_history(ledger, price_book(BTC=BTC), "USD", *days(D1, D4))
    assert history.values.tolist() == [100, 110, 990, 990]
    assert history.flows.tolist() == [100, 0, 891, -990]
    # 0 %, +10 %, 990 / (110 + 891) - 1, (990 + 990) / 990 - 1 = +100 %
    expected = 1.1 * (990 / 1001) * 2.0 - 1
    assert wealth(history)[[0, -1]].tolist() == pytest.approx([1.0, 1 + expected], abs=1e-12)


def test_what_was_held_without_a_price_is_named() -> None:
    ledger = [
        make(D1, "buy", ("BTC", "1"), ("USD", "100")),
        make(D2, "buy", ("SHIB", "5"), ("USD", "1")),
        make(D2, "buy", ("DOGE", "5"), ("USD", "1")),
        make(D3, "sell", ("USD", "1"), ("DOGE", "5")),
    ]
    prices = price_book(BTC=BTC, SHIB={D3: "1"})
    # SHIB has a price from the third day on; DOGE never had one and was gone then.
    assert value_history(ledger, prices, "USD", *days(D1, D4)).unpriced == ("DOGE", "SHIB")
    assert value_history(ledger, prices, "USD", *days(D4, D4)).unpriced == ()


def test_holding_returns_what_the_price_does() -> None:
    ledger = [make("2023-12-01", "buy", ("BTC", "3"), ("USD", "1"))]
    history = value_history(ledger, price_book(BTC=BTC), "USD", *days(D2, D4))
    assert history.opening == 300
    assert wealth(history)[-1] == pytest.approx(198 / 100)


def test_fees_and_income_are_part_of_the_return() -> None:
    ledger = [
        make(D1, "buy", ("BTC", "1"), ("USD", "100"), ("USD", "25")),
        make(D2, "income", ("BTC", "0.1")),
        make(D3, "withdrawal", None, ("BTC", "0.5"), ("BTC", "0.1")),
    ]
    history = value_history(ledger, price_book(BTC=BTC), "USD", *days(D1, D3))
    assert history.values.tolist() == pytest.approx([100, 121, 49.5])
    assert history.flows.tolist() == pytest.approx([125, 0, -49.5])
    # 100 / 125; 1.1 BTC at 110 after 1 at 100; 0.5 kept and 0.5 sent at 99 of 121.
    assert daily_returns(history).tolist() == pytest.approx([-0.2, 0.21, 99 / 121 - 1])


def test_trades_and_transfers_are_no_flows() -> None:
    prices = price_book(BTC=BTC, ETH={D1: "10", D2: "11", D3: "10", D4: "20"})
    ledger = [
        make(D1, "buy", ("BTC", "1"), ("USD", "100")),
        make(D2, "trade", ("ETH", "10"), ("BTC", "1")),
        make(D3, "transfer", ("ETH", "4"), ("ETH", "4"), to="Ledger"),
    ]
    history = value_history(ledger, prices, "USD", *days(D1, D4))
    assert history.flows.tolist() == [100, 0, 0, 0]
    assert history.values.tolist() == [100, 110, 100, 200]
    # Seen from one account the transfer is money coming in.
    ledger_only = value_history(ledger, prices, "USD", *days(D1, D4), account="Ledger")
    assert ledger_only.values.tolist() == [0, 0, 40, 80]
    assert ledger_only.flows.tolist() == [0, 0, 40, 0]
    assert wealth(ledger_only)[-1] == pytest.approx(2.0)
    kraken = value_history(ledger, prices, "USD", *days(D1, D4), account="Kraken")
    assert kraken.flows.tolist() == [100, 0, -40, 0]


def test_cash_on_record_is_part_of_the_portfolio() -> None:
    ledger = [
        make(D1, "deposit", ("USD", "200")),
        make(D1, "buy", ("BTC", "1"), ("USD", "100")),
        make(D4, "withdrawal", None, ("USD", "50")),
    ]
    history = value_history(ledger, price_book(BTC=BTC), "USD", *days(D1, D4))
    assert history.values.tolist() == [200, 210, 199, 248]
    assert history.flows.tolist() == [200, 0, 0, -50]
    assert wealth(history)[-1] == pytest.approx(298 / 200)


def test_prices_that_begin_or_end_are_no_return() -> None:
    late = {D3: "7", D4: "14"}
    ledger = [
        make(D1, "buy", ("BTC", "1"), ("USD", "100")),
        make(D1, "buy", ("NEW", "10"), ("USD", "5")),
    ]
    history = value_history(ledger, price_book(BTC=BTC, NEW=late), "USD", *days(D1, D4))
    assert history.values.tolist() == [100, 110, 99 + 70, 198 + 140]
    assert history.flows.tolist() == [100, 0, 70, 0]
    # A close stands in for a week, then the coin is no longer measured.
    old = value_history(ledger, price_book(NEW={D1: "1"}), "USD", *days(D1, "2024-01-10"))
    assert old.values.tolist() == [10] * 8 + [0, 0]
    assert old.flows.tolist() == [5] + [0] * 7 + [-10, 0]
    assert daily_returns(old)[1:].tolist() == [0] * 9


def test_coins_without_a_recorded_purchase_are_no_return() -> None:
    ledger = [
        make(D1, "buy", ("BTC", "1"), ("USD", "100")),
        make(D2, "sell", ("USD", "330"), ("BTC", "3")),
    ]
    history = value_history(ledger, price_book(BTC=BTC), "USD", *days(D1, D3))
    assert history.values.tolist() == [100, 0, 0]
    # Two coins must have come in, worth 220, before 330 went out: 330 / (100 + ...) nets to 110.
    assert history.flows.tolist() == [100, -110, 0]
    assert wealth(history)[-1] == pytest.approx(1.1)


def test_days_without_anything_invested_earn_nothing() -> None:
    empty = History([date(2024, 1, 1)] * 3, np.array([0.0, 0.0, 5.0]), np.array([0.0, 0, 5]), 0.0)
    assert daily_returns(empty).tolist() == [0, 0, 0]


def test_the_value_of_the_last_day_is_that_of_the_valuation() -> None:
    ledger = [
        make(D1, "buy", ("BTC", "1.23456789"), ("USD", "100")),
        make(D2, "sell", ("USD", "50"), ("BTC", "0.3")),
    ]
    history = value_history(ledger, price_book(BTC=BTC), "USD", *days(D1, D4))
    assert history.values[-1] == pytest.approx(float(Decimal("0.93456789") * 198))
    with pytest.raises(ValueError, match="ends before"):
        value_history(ledger, price_book(BTC=BTC), "USD", *days(D4, D1))


def test_days_without_a_price_are_no_observations() -> None:
    gap = {D1: "100", D2: "110", D4: "198", "2024-01-05": "99"}
    ledger = [
        make(D1, "deposit", ("EUR", "50"), None),
        make(D1, "buy", ("BTC", "1"), ("USD", "100")),
        make("2024-01-06", "sell", ("USD", "99"), ("BTC", "1")),
    ]
    prices = price_book(BTC=gap, EUR={D1: "1"})
    history = value_history(ledger, prices, "USD", *days("2023-12-31", "2024-01-08"))
    assert history.stale == {date(2024, 1, 3)}
    # The close of the 2nd stands in on the 3rd: 0 % and then +38 / 160. Neither was seen, nor was
    # anything before the first purchase. A rate of euros is let pass: it rests at weekends.
    kept, returns = observed_returns(history)
    assert [day.day for day in kept] == [1, 2, 5, 6, 7, 8]
    assert returns.tolist() == pytest.approx([0, 10 / 150, -99 / 248, 0, 0, 0])
    assert wealth(history)[-1] == pytest.approx(160 / 150 * 248 / 160 * 149 / 248)


def test_a_price_that_is_not_there_yet_today_is_no_observation() -> None:
    ledger = [make(D1, "buy", ("BTC", "1"), ("USD", "100"))]
    history = value_history(ledger, price_book(BTC=BTC), "USD", *days(D3, "2024-01-05"))
    kept, _ = observed_returns(history)
    assert [day.day for day in kept] == [3, 4]
    opened_stale = value_history(ledger, price_book(BTC={D1: "1", D3: "2", D4: "4"}), "USD",
                                 *days(D3, D4))  # fmt: skip
    assert observed_returns(opened_stale)[0] == [date(2024, 1, 4)]
